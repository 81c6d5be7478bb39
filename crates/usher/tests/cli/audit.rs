//! The audit log from the command line, with a server and without one.

use rusqlite::Connection;
use serde_json::Value;

use crate::program::{Site, both_ways};

/// The account of this machine under which the tests run, as the log names it.
fn account(site: &Site) -> String {
    let lines = site
        .usher(&["audit", "list", "--object", "user:7", "--json"])
        .done();
    let newest: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(newest["actor"]["kind"], "command_line");
    newest["actor"]["name"].as_str().unwrap().to_owned()
}

#[test]
fn whatever_a_command_changes_is_listed_exported_and_verified() {
    both_ways(|site| {
        site.usher(&["user", "create", "=1+1", "--number", "7"]).done();
        site.usher(&["user", "disable", "7"]).done();
        let account = account(site);
        assert!(!account.is_empty());
        let listed = site.usher(&["audit", "list", "--object", "user:7"]).done();
        let lines: Vec<&str> = listed.lines().collect();
        assert!(
            lines[0].contains(&format!("command_line:{account}  user.changed  user:7")),
            "{listed}"
        );
        assert!(
            lines[1].contains(r#"- {"enabled":true"#) && lines[2].contains(r#"+ {"enabled":false"#),
            "{listed}"
        );
        assert!(lines[3].contains("user.created"), "{listed}");
        let actor = format!("command_line:{account}");
        let by_actor = site
            .usher(&[
                "audit",
                "list",
                "--actor",
                &actor,
                "--object",
                "user:7",
                "--oldest-first",
                "--json",
            ])
            .done();
        assert!(
            by_actor.lines().next().unwrap().contains("user.created"),
            "{by_actor}"
        );
        assert_eq!(site.usher(&["audit", "list", "--until", "2020-01-01"]).done(), "");

        let table = site
            .usher(&["audit", "export", "--format", "csv", "--object", "user:7"])
            .done();
        let mut rows = table.lines();
        assert!(
            rows.next()
                .unwrap()
                .starts_with("sequence,at,actor_kind,actor_name,"),
            "{table}"
        );
        assert_eq!(rows.count(), 2, "{table}");
        let json = site.usher(&["audit", "export", "--format", "jsonl"]).done();
        assert!(
            json.lines()
                .all(|line| serde_json::from_str::<Value>(line).is_ok()),
            "{json}"
        );

        let verified = site.usher(&["audit", "verify", "--json"]).json();
        assert_eq!(
            (&verified["whole"], &verified["tenant_key"]),
            (&true.into(), &"default".into())
        );
        let head = verified["head"].as_str().unwrap();
        site.usher(&["audit", "verify", "--expect", head]).done();
        let all = site.usher(&["audit", "verify", "--all", "--json"]).done();
        assert_eq!(all.lines().count(), 2, "a tenant and what concerns none: {all}");
    });
}

#[test]
fn a_record_that_somebody_changed_is_named_and_the_command_fails() {
    let site = Site::alone();
    site.usher(&["user", "create", "A", "--number", "7"]).done();
    let head = site.usher(&["audit", "verify", "--json"]).json()["head"]
        .as_str()
        .unwrap()
        .to_owned();
    let connection = Connection::open(site.data().join("usher.db")).unwrap();
    let sequence: i64 = connection
        .query_row(
            "UPDATE audit_records SET after = replace(after, '\"A\"', '\"B\"') WHERE object_name = '7' RETURNING sequence",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let found = site.usher(&["audit", "verify", "--json"]);
    assert_eq!(found.code, 1);
    let found = found.json();
    assert_eq!(
        found["faults"],
        serde_json::json!([{"fault": "changed", "sequence": sequence}])
    );
    connection
        .execute_batch("DELETE FROM audit_records; DELETE FROM audit_heads")
        .unwrap();
    let expected = site.usher(&["audit", "verify", "--expect", &head]);
    assert_eq!(expected.code, 1);
    assert!(
        expected.stdout.contains("is not as expected"),
        "{}",
        expected.stdout
    );
    for wrong in [
        &["audit", "verify", "--expect", "1:2"][..],
        &["audit", "list", "--object", "user"],
        &["audit", "list", "--from", "yesterday"],
        &["audit", "export", "--format", "xml"],
    ] {
        assert_eq!(site.usher(wrong).code, 2, "{wrong:?}");
    }
}
