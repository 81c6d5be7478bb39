//! `--json`: every line a person would read is an object that a program reads.

use serde_json::Value;

use crate::program::{Ended, Site, both_ways, usher};

fn all_objects(text: &str) {
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value.is_object(), "{line}");
    }
}

fn check(ended: &Ended) {
    all_objects(&ended.stdout);
    all_objects(&ended.stderr);
}

#[test]
fn every_command_speaks_json() {
    both_ways(|site| {
        let scope = "app_engine:seat_activities:read";
        let file = site.file(
            "accesses.csv",
            "time_ms,user_id,namespace\n1000,7,crm\nx\n9999999999999,7,crm\n",
        );
        let changes = site.file(
            "changes.jsonl",
            "{\"change\":\"client\",\"client_id\":\"cli_bare\"}\n",
        );
        for arguments in [
            &["apply", &changes][..],
            &[
                "token",
                "issue",
                "--administrator",
                "--scope",
                scope,
                "--client",
                "cli_bare",
            ],
            &["token", "issue", "--service"],
            &["token", "list"],
            &["token", "revoke", "nonsense"],
            &["import", "accesses", &file, "--create-missing"],
            &["export", "activities", "--format", "jsonl"],
            &["config", "show"],
            &["serve", "--listen", "nowhere"],
            &["apply", "/nowhere"],
        ] {
            let mut all = arguments.to_vec();
            all.push("--json");
            check(&site.usher(&all));
        }
    });
}

#[test]
fn mistakes_speak_json_too() {
    for arguments in [
        &["--json"][..],
        &["--json", "frobnicate"],
        &["token", "issue", "--json"],
    ] {
        let ended = usher(arguments);
        check(&ended);
        assert_eq!(
            (&ended.complaint()["exit_code"], &ended.complaint()["reason"]),
            (&2.into(), &"usage".into())
        );
    }
    let held = Site::served().usher(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    assert_eq!(
        (&held.complaint()["exit_code"], &held.complaint()["reason"]),
        (&4.into(), &"held".into())
    );
}
