//! Pools, seats and groups from the command line, with a server and without one.

use serde_json::json;

use crate::program::{Site, both_ways};

impl Site {
    /// Makes people beside the administrator, whose number is 1.
    fn people(&self, people: u32) {
        for number in 2..=people {
            let number = number.to_string();
            self.usher(&["user", "create", &number, "--number", &number])
                .done();
        }
        self.usher(&["app", "create", "crm"]).done();
    }

    fn words(&self, line: &str) -> crate::program::Ended {
        self.usher(&line.split(' ').collect::<Vec<_>>())
    }
}

#[test]
fn a_pool_is_bought_filled_and_waited_for() {
    both_ways(|site| {
        site.people(3);
        assert_eq!(
            site.words("pool set per_user --bought 1").done(),
            "per_user  bought 1  in use 0  free 1  overdrawn 0  waiting 0\n"
        );
        assert_eq!(
            site.words("seat assign per_user:1 per_user:2 per_user:3 --wait")
                .done(),
            "per_user:1  created\nper_user:2  waiting  1\nper_user:3  waiting  2\n"
        );
        let full = site.words("--language zh seat assign per_user:2");
        assert_eq!(full.code, 1, "{full:?}");
        assert_eq!(
            full.stderr,
            "错误：席位池已无空闲席位：per_user:2：席位池已无空闲席位\n下一步：usher pool list\n"
        );
        site.words("pool stop-waiting per_user 2").done();
        site.words("seat release per_user:1").done();
        assert_eq!(site.words("pool waiting per_user").done(), "");
        let seat = site.words("seat show per_user:3 --json").json();
        assert_eq!(
            (&seat["status"], &seat["given_directly"]),
            (&json!("in_use"), &json!(true))
        );
        let small = site.words("pool set per_user --bought 0 --json");
        assert_eq!(small.complaint()["reason"], "failed", "{small:?}");
        let accepted = site
            .words("pool set per_user --bought 0 --allow-overdraft --json")
            .json();
        assert_eq!(accepted["overdrawn"], 1);
        let odd = site.words("pool set per_user --bought 1 --valid-until tomorrow");
        assert_eq!(odd.code, 2, "{odd:?}");
        site.words("pool set per_user --no-limit").done();
        assert_eq!(site.words("pool list --json").json()["bought"], json!(null));
    });
}

#[test]
fn seats_change_hands_in_one_line_or_many() {
    both_ways(|site| {
        site.people(3);
        let file = site.file(
            "seats.txt",
            "per_user:1\n\n  per_user_per_app:2:crm\nper_user:9\n",
        );
        let part = site.words(&format!(
            "seat assign --file {file} --partial --expires-at 2100-01-01"
        ));
        assert_eq!(part.code, 3, "{part:?}");
        assert_eq!(
            part.stdout,
            "per_user:1  created\nper_user_per_app:2:crm  created\nper_user:9  rejected  user does not exist\n"
        );
        let shown = site.words("seat transfer per_user:1 --to 3 --dry-run");
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(
            shown
                .stdout
                .starts_with("per_user:1  updated\nwould change: per_user:1  seat.transferred_away"),
            "{shown:?}"
        );
        assert!(shown.stderr.contains("nothing was kept"), "{shown:?}");
        site.words("seat transfer per_user:1 --to 3").done();
        site.words("seat extend per_user:3 --no-end").done();
        let bare = site.words("seat protect per_user:3");
        assert_eq!(bare.code, 2, "{bare:?}");
        site.words("seat protect per_user:3 --reason leave").done();
        let kept = site.words("seat release per_user:3 --json");
        assert_eq!(kept.code, 1, "{kept:?}");
        site.words("seat unprotect per_user:3").done();
        site.words("seat release per_user:3 --unless-admitted-since 2020-01-01")
            .done();
        assert_eq!(
            site.words("seat restore per_user:3").done(),
            "per_user:3  updated\n"
        );
        let never = site.words("seat restore per_user:2 --json");
        assert_eq!(never.code, 1, "nobody took it back: {never:?}");
        site.words("seat release per_user:3").done();
        let listed = site.words("seat list per_user");
        let lines: Vec<_> = listed.stdout.lines().collect();
        assert_eq!(lines.len(), 2, "{listed:?}");
        assert!(lines.iter().all(|line| line.contains("released")), "{listed:?}");
        let of_app = site
            .words("seat list per_user_per_app --app crm --user 2 --json")
            .json();
        assert_eq!(of_app["seat"], "per_user_per_app:2:crm");
        let odd = site.words("seat assign per_user:2:crm");
        assert_eq!(odd.code, 2, "{odd:?}");
        let line = site.words(&format!(
            "seat release --file {}",
            site.file("odd.txt", "per_user:1\nx\n")
        ));
        assert!(line.code == 2 && line.stderr.contains("line 2"), "{line:?}");
        let missing = site.words("seat show per_user:2 --json");
        assert_eq!(missing.complaint()["next"], "usher seat list per_user");
    });
}

#[test]
fn a_group_gives_its_people_seats() {
    both_ways(|site| {
        site.people(3);
        site.words("group create sales --name Sales").done();
        assert_eq!(
            site.words("group give sales per_user_per_app:crm").done(),
            "sales  Sales  0  per_user_per_app:crm\n"
        );
        assert_eq!(
            site.words("group add sales 1 2").done(),
            "1  created\n2  created\n"
        );
        assert_eq!(site.words("group members sales").done(), "1\n2\n");
        let shown = site.words("group remove sales 1 --dry-run");
        assert!(
            shown
                .stdout
                .contains("per_user_per_app:1:crm  seat.released_with_group"),
            "{shown:?}"
        );
        site.words("group remove sales 1").done();
        let held = site.words("seat list per_user_per_app --group sales");
        assert_eq!(held.stdout.lines().count(), 1, "{held:?}");
        site.words("seat protect --group sales --pool per_user_per_app:crm --reason leave")
            .done();
        site.words("group stop-giving sales per_user_per_app:crm").done();
        let kept = site.words("seat show per_user_per_app:2:crm --json").json();
        assert_eq!(
            (&kept["status"], &kept["given_directly"]),
            (&json!("in_use"), &json!(true))
        );
        site.usher(&["group", "rename", "sales", "Sales and support"])
            .done();
        assert_eq!(site.words("group list").done(), "sales  Sales and support  1\n");
        let taken = site.words("group create sales --json");
        assert_eq!(taken.code, 1, "{taken:?}");
        site.words("group delete sales").done();
        let gone = site.words("group show sales --json");
        assert_eq!(gone.complaint()["next"], "usher group list");
    });
}

#[test]
fn a_file_of_changes_keeps_to_what_was_bought() {
    both_ways(|site| {
        site.people(2);
        site.words("pool set per_user --bought 1").done();
        let lines = r#"{"change":"seat","seat_type":"per_user","user_id":1}
{"change":"seat","seat_type":"per_user","user_id":2}
"#;
        let file = site.file("changes.jsonl", lines);
        let applied = site.usher(&["apply", &file]);
        assert_ne!(applied.code, 0, "{applied:?}");
        let told = format!("{}{}", applied.stdout, applied.stderr);
        assert!(told.contains("no seat is free in the pool"), "{applied:?}");
        let pool = site.words("pool show per_user --json").json();
        assert!(pool["in_use"].as_u64().unwrap() <= 1, "{pool}");
    });
}
