//! Making users, apps, routes, seats, tenants and clients from a file, with a server and without one.

use serde_json::json;

use crate::{
    http,
    program::{Site, both_ways},
};

const CHANGES: &str = r#"{"change":"user","user_id":7,"name":"李雷 Li Lei"}
{"change":"app","namespace":"crm","name":"Customers","names":{"zh-CN":"客户管理","de":"Kunden"}}
{"change":"app_route","namespace":"crm","host":"Apps.Example.com","path_prefix":"/crm/"}
{"change":"seat","seat_type":"per_user_per_app","user_id":7,"namespace":"crm"}
{"change":"client","client_id":"cli_reports","scopes":["app_engine:seat_activities:read"]}
{"change":"tenant","tenant_key":"acme","name":"Acme","time_zone":"Asia/Shanghai"}
{"change":"user","tenant_key":"acme","user_id":7,"external_id":"li.lei@example.com"}
{"change":"tenant","tenant_key":"closed","enabled":false}
"#;

#[test]
fn a_file_may_be_applied_again_and_again() {
    both_ways(|site| {
        let file = site.file("changes.jsonl", CHANGES);
        let first = site.usher(&["apply", &file, "--json"]);
        assert_eq!(first.code, 0, "{first:?}");
        assert_eq!(
            (&first.json()["lines"], &first.json()["unchanged"]),
            (&json!(8), &json!(0))
        );
        let second = site.usher(&["apply", &file, "--json"]).json();
        assert_eq!(
            (&second["created"], &second["updated"], &second["unchanged"]),
            (&json!(0), &json!(0), &json!(8))
        );
        assert_eq!(
            site.usher(&["app", "show", "crm"]).done(),
            "crm  Customers  de=Kunden,zh-CN=客户管理  apps.example.com/crm\n"
        );
        site.usher_reading(
            &["apply", "-"],
            r#"{"change":"tenant","tenant_key":"acme","name":"Acme Ltd"}"#,
        )
        .done();
        assert_eq!(
            site.usher(&["tenant", "show", "acme"]).done(),
            "acme  Acme Ltd  Asia/Shanghai\n",
            "what a line leaves out stays"
        );
    });
}

#[test]
fn what_was_applied_is_what_the_door_knows() {
    let site = Site::served();
    let address = site.server.as_ref().unwrap().address();
    site.usher_reading(&["apply", "-"], CHANGES).done();
    let token = site.usher(&["token", "issue", "--service"]).done();
    let authorization = format!("Authorization: Bearer {}", token.trim_end());
    let report = |user_id: u32| {
        let body = json!({"user_id": user_id, "namespace": "crm"}).to_string();
        http::post(address, "/usher/v1/accesses", &[&authorization], &body).json()["data"]["verdict"].clone()
    };
    assert_eq!(report(7), "admitted");
    assert_eq!(report(8), "refused");
    let ask = |uri: &str| {
        let headers = [
            "X-Forwarded-Host: apps.example.com",
            &format!("X-Forwarded-Uri: {uri}"),
            "X-Forwarded-User: 7",
        ];
        http::get(address, "/usher/v1/forward-auth", &headers).status
    };
    assert_eq!((ask("/crm/start"), ask("/other")), (200, 403));
    site.usher_reading(
        &["apply", "-"],
        "{\"change\":\"release_seat\",\"seat_type\":\"per_user_per_app\",\"user_id\":7,\"namespace\":\"crm\"}\n\
         {\"change\":\"remove_app_route\",\"host\":\"apps.example.com\",\"path_prefix\":\"/crm\"}\n",
    )
    .done();
    assert_eq!(report(7), "refused");
    assert_eq!(ask("/crm/start"), 403);
}

#[test]
fn the_first_wrong_line_ends_the_work_and_is_named() {
    for (wrong, why) in [
        (
            "{\"change\":\"user\"}",
            "the line is not a change: missing field `user_id`",
        ),
        ("not json", "the line is not a change"),
        (
            "{\"change\":\"seat\",\"seat_type\":\"per_user\",\"user_id\":99}",
            "user does not exist",
        ),
        (
            "{\"change\":\"user\",\"tenant_key\":\"nobody\",\"user_id\":1}",
            "tenant does not exist",
        ),
    ] {
        both_ways(|site| {
            let changes = format!(
                "{{\"change\":\"app\",\"namespace\":\"before\"}}\n\n{wrong}\n{{\"change\":\"app\",\"namespace\":\"after\"}}\n"
            );
            let ended = site.usher_reading(&["apply", "-"], &changes);
            assert_eq!(ended.code, 3, "{wrong}: {ended:?}");
            let expected = format!("line 3: {why}");
            assert!(ended.stderr.contains(&expected), "{expected} in {}", ended.stderr);
            assert!(ended.stdout.starts_with("1 created"), "{}", ended.stdout);
            let rest = "{\"change\":\"app\",\"namespace\":\"before\"}\n{\"change\":\"app\",\"namespace\":\"after\"}\n";
            let again = site.usher_reading(&["apply", "-"], rest).done();
            assert_eq!(
                again, "1 created, 0 updated, 1 unchanged\n",
                "what stood before stays, what came after was not made"
            );
        });
    }
}

#[test]
fn a_dry_run_looks_at_the_form_alone() {
    let site = Site::alone();
    let file = site.file("changes.jsonl", CHANGES);
    assert_eq!(site.usher(&["apply", &file, "--dry-run"]).code, 0);
    let wrong = site.usher_reading(&["apply", "-", "--dry-run"], "{\"change\":\"nothing\"}\n");
    assert_eq!(wrong.code, 3);
    assert!(!site.data().exists());
}

#[test]
fn thousands_of_lines_are_taken_in_order() {
    both_ways(|site| {
        let users: String = (1..=2_500)
            .map(|user| format!("{{\"change\":\"user\",\"user_id\":{user}}}\n"))
            .collect();
        let seats: String = (1..=2_500)
            .map(|user| format!("{{\"change\":\"seat\",\"seat_type\":\"per_user\",\"user_id\":{user}}}\n"))
            .collect();
        let answer = site
            .usher_reading(&["apply", "-", "--json"], &(users + &seats))
            .json();
        // User 1 is the administrator of a fresh store, who is brought to the given state.
        assert_eq!(
            (&answer["created"], &answer["updated"]),
            (&json!(4_999), &json!(1))
        );
    });
}
