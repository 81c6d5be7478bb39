//! Tokens issued, listed and taken back, with a server and without one.

use serde_json::{Value, json};

use crate::{
    http,
    program::{Site, both_ways},
};

const SCOPE: &str = "app_engine:seat_activities:read";

#[test]
fn a_token_stands_alone_on_standard_output() {
    both_ways(|site| {
        let ended = site.usher(&["token", "issue", "--administrator", "--scope", SCOPE]);
        assert_eq!(ended.code, 0);
        assert!(ended.stdout.starts_with("u-"), "{ended:?}");
        assert_eq!(
            (ended.stdout.lines().count(), ended.stdout.trim_end().len()),
            (1, 45)
        );
        assert!(ended.stderr.contains("it is shown only this once"));
        let service = site.usher(&["token", "issue", "--service"]).done();
        assert!(service.starts_with("s-"));
    });
}

#[test]
fn a_token_is_good_for_two_hours_unless_told_otherwise() {
    both_ways(|site| {
        let life = |more: &[&str]| {
            let mut arguments = vec!["token", "issue", "--administrator", "--scope", SCOPE, "--json"];
            arguments.extend(more);
            let about = &site.usher(&arguments).json()["about"];
            about["expires_at_ms"].as_i64().unwrap() - about["issued_at_ms"].as_i64().unwrap()
        };
        assert_eq!(life(&[]), 2 * 60 * 60 * 1_000);
        assert_eq!(life(&["--expires-in", "90s"]), 90_000);
        for wrong in ["0s", "401d", "2", "-1h", "2w"] {
            let ended = site.usher(&["token", "issue", "--service", "--expires-in", wrong]);
            assert_eq!(ended.code, 2, "{wrong}: {ended:?}");
        }
    });
}

#[test]
fn tokens_are_listed_without_themselves_and_taken_back_by_id_or_by_themselves() {
    both_ways(|site| {
        let issue = || {
            let ended = site.usher(&["token", "issue", "--administrator", "--scope", SCOPE, "--json"]);
            let value = ended.json();
            (
                value["token"].as_str().unwrap().to_owned(),
                value["about"]["token_id"].as_str().unwrap().to_owned(),
            )
        };
        let ((token, token_id), (other, other_id)) = (issue(), issue());
        let list = site.usher(&["token", "list"]).done();
        assert_eq!(list.lines().count(), 2);
        assert!(list.contains(&token_id) && list.contains(&other_id), "{list}");
        assert!(!list.contains(&token) && !list.contains(&other), "{list}");
        assert_eq!(token_id.len(), 16);
        site.usher(&["token", "revoke", &token_id]).done();
        site.usher(&["token", "revoke", &other]).done();
        assert_eq!(site.usher(&["token", "list"]).done(), "");
        for gone in [&token_id, &other, "0123456789abcdef", "nonsense"] {
            let ended = site.usher(&["token", "revoke", gone]);
            assert_eq!(ended.code, 1, "{gone}");
            assert!(ended.stderr.contains("usher token list"), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_revoked_token_ends_at_once_on_a_running_server() {
    let site = Site::served();
    let address = site.server.as_ref().unwrap().address();
    let token = site
        .usher(&["token", "issue", "--administrator", "--scope", SCOPE])
        .done();
    let authorization = format!("Authorization: Bearer {}", token.trim_end());
    let ask = || {
        let target = "/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=1";
        let answer = http::get(address, target, &[&authorization]);
        (answer.status, answer.json()["code"].clone())
    };
    assert_eq!(ask(), (200, json!(0)));
    site.usher(&["token", "revoke", token.trim_end()]).done();
    assert_eq!(ask(), (400, json!(99_991_668)));
}

#[test]
fn whoever_is_not_there_gets_no_token() {
    both_ways(|site| {
        for (arguments, expected) in [
            (&["--user", "77"][..], "tenant \"default\" has no user 77"),
            (
                &["--administrator", "--tenant", "acme"],
                "there is no tenant \"acme\"",
            ),
            (
                &["--administrator", "--client", "cli_nobody"],
                "client does not exist",
            ),
        ] {
            let mut all = vec!["token", "issue", "--scope", SCOPE];
            all.extend(arguments);
            let ended = site.usher(&all);
            assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{arguments:?}");
            assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_wrong_wish_is_refused_before_anything_is_begun() {
    let site = Site::alone();
    for arguments in [
        &["token", "issue"][..],
        &["token", "issue", "--administrator"],
        &["token", "issue", "--administrator", "--service", "--scope", SCOPE],
        &["token", "issue", "--administrator", "--scope", "everything"],
        &[
            "token",
            "issue",
            "--administrator",
            "--scope",
            SCOPE,
            "--all-tenants",
        ],
        &["token", "issue", "--user", "zero", "--scope", SCOPE],
        &["token", "issue", "--service", "--scope", SCOPE],
        &["token", "issue", "--service", "--tenant", "a b"],
    ] {
        assert_eq!(site.usher(arguments).code, 2, "{arguments:?}");
    }
    assert!(!site.data().exists());
}

#[test]
fn another_tenant_has_its_own_administrator_and_client() {
    both_ways(|site| {
        let changes = "{\"change\":\"tenant\",\"tenant_key\":\"acme\"}\n\
             {\"change\":\"user\",\"tenant_key\":\"acme\",\"user_id\":5,\"system_administrator\":true}\n";
        site.usher_reading(&["apply", "-"], changes).done();
        let issue = [
            "token",
            "issue",
            "--administrator",
            "--scope",
            SCOPE,
            "--tenant",
            "acme",
            "--json",
        ];
        let about = |value: &Value| {
            (
                value["about"]["user_id"].clone(),
                value["about"]["tenant_key"].clone(),
            )
        };
        let (one, other) = (site.usher(&issue).json(), site.usher(&issue).json());
        assert_eq!(about(&one), (json!(5), json!("acme")));
        assert_eq!(
            one["about"]["client_id"], other["about"]["client_id"],
            "the client is made once"
        );
        site.usher(&["token", "issue", "--service", "--all-tenants"])
            .done();
        let count = |more: &[&str]| {
            let mut arguments = vec!["token", "list"];
            arguments.extend(more);
            site.usher(&arguments).done().lines().count()
        };
        assert_eq!(
            (
                count(&[]),
                count(&["--tenant", "acme"]),
                count(&["--tenant", "default"])
            ),
            (3, 2, 0)
        );
    });
}

#[test]
fn a_scope_the_client_has_not_opened_is_pointed_out() {
    both_ways(|site| {
        site.usher_reading(
            &["apply", "-"],
            "{\"change\":\"client\",\"client_id\":\"cli_bare\"}\n",
        )
        .done();
        let ended = site.usher(&[
            "token",
            "issue",
            "--administrator",
            "--scope",
            SCOPE,
            "--client",
            "cli_bare",
        ]);
        assert_eq!(ended.code, 0);
        assert!(
            ended
                .stderr
                .contains(&format!("the client has not opened {SCOPE}")),
            "{}",
            ended.stderr
        );
    });
}
