//! Repeated, tried only, or cut off.

use std::{io::Write, process::Stdio};

use serde_json::json;

use super::{ENGLISH, columns, counts, export, import};
use crate::program::{Running, Site, both_ways, command};

/// Rows of the tables that are cut off.
const ROWS: usize = 6_000;

#[test]
fn the_second_time_nothing_is_changed_and_that_is_said() {
    both_ways(|site| {
        import(site, "seats", ENGLISH, &["--create-missing"]);
        let before: Vec<String> = ["seats", "users", "apps", "groups"]
            .map(|kind| export(site, kind))
            .into();
        let (code, summary, _) = import(site, "seats", ENGLISH, &["--create-missing"]);
        assert_eq!((code, &summary["changed"]), (0, &json!(false)));
        assert_eq!(counts(&summary, ["created", "updated", "unchanged"]), [0, 0, 3]);
        assert_eq!(summary["made"], json!({"users": 0, "apps": 0, "groups": 0}));
        let after: Vec<String> = ["seats", "users", "apps", "groups"]
            .map(|kind| export(site, kind))
            .into();
        assert_eq!(before, after);
        let words = site.usher_reading(&["import", "seats", "-"], ENGLISH).done();
        assert!(
            words.contains("nothing was changed: all of that was so already"),
            "{words}"
        );
    });
}

#[test]
fn a_dry_run_shows_what_would_happen_and_changes_nothing() {
    both_ways(|site| {
        import(site, "pools", "seat_type,bought\nper_user,1\n", &[]);
        import(site, "users", "user_id\n7\n8\n", &[]);
        let before: Vec<String> = ["seats", "users", "pools"].map(|kind| export(site, kind)).into();
        let (code, tried, _) = import(
            site,
            "seats",
            "user_id\n7\n8\n9\n",
            &["--dry-run", "--create-missing"],
        );
        assert_eq!(
            (code, counts(&tried, ["created", "refused"])),
            (3, [1, 2]),
            "one seat is free"
        );
        assert_eq!(
            (&tried["made"]["users"], &tried["changed"]),
            (&json!(1), &json!(false))
        );
        let after: Vec<String> = ["seats", "users", "pools"].map(|kind| export(site, kind)).into();
        assert_eq!(before, after);
    });
}

#[test]
fn a_dry_run_leaves_the_file_as_it_is_byte_for_byte() {
    let site = Site::alone();
    import(&site, "pools", "seat_type,bought\nper_user,100\n", &[]);
    let file = site.data().join("usher.db");
    let before = std::fs::read(&file).unwrap();
    let (code, tried, _) = import(&site, "seats", ENGLISH, &["--dry-run", "--create-missing"]);
    assert_eq!((code, counts(&tried, ["created"])), (0, [3]));
    assert!(std::fs::read(&file).unwrap() == before, "the file is another one");
    let nowhere = Site::alone();
    assert_eq!(
        import(&nowhere, "seats", ENGLISH, &["--dry-run", "--create-missing"]).0,
        1
    );
    assert!(!nowhere.data().exists());
}

fn long_table() -> String {
    let rows = (1..=ROWS).map(|user| format!("{},u{user}@example.com,2026-01-05\n", user + 10));
    std::iter::once("user_id,email,assigned\n".to_owned())
        .chain(rows)
        .collect()
}

/// A server that is killed in the middle of an import has kept whole parts or nothing of them; the same import then
/// makes of it what it would have made at once.
#[test]
fn a_killed_server_loses_no_line_that_it_answered() {
    let whole = Site::served();
    assert_eq!(import(&whole, "seats", &long_table(), &["--create-missing"]).0, 0);
    let expected = export(&whole, "seats");
    let mut site = Site::served();
    let data = site.data();
    let data = data.to_str().unwrap();
    let mut child = command(&["import", "seats", "-", "--create-missing", "--data", data])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let table = long_table();
    let mut pipe = child.stdin.take().unwrap();
    // Half the rows and then a silence, so that the server has some of them and waits for the others.
    let half = table.len() / 2;
    pipe.write_all(&table.as_bytes()[..half]).unwrap();
    while columns(&export(&site, "seats"), &["user_id"]).len() < 1_000 {
        std::thread::yield_now();
    }
    site.server.take().unwrap().stop("KILL");
    let kept = columns(&export(&site, "seats"), &["user_id"]).len();
    assert!(
        (1_000..ROWS).contains(&kept) && kept.is_multiple_of(1_000),
        "{kept} of parts of 1,000"
    );
    drop(pipe);
    child.wait().unwrap();
    site.server = Some(Running::serve(&site.data()));
    let (code, summary, _) = import(&site, "seats", &table, &["--create-missing"]);
    assert_eq!(code, 0, "{summary}");
    assert_eq!(export(&site, "seats"), expected);
}

#[test]
fn a_killed_command_is_begun_anew() {
    let site = Site::alone();
    let data = site.data();
    let data = data.to_str().unwrap();
    let mut child = command(&["import", "seats", "-", "--create-missing", "--data", data])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let table = long_table();
    let mut pipe = child.stdin.take().unwrap();
    // The pipe takes so much only from a command that is at work on it.
    pipe.write_all(&table.as_bytes()[..table.len() * 3 / 4]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let (code, summary, _) = import(&site, "seats", &table, &["--create-missing"]);
    assert_eq!(code, 0, "{summary}");
    assert_eq!(columns(&export(&site, "seats"), &["user_id"]).len(), ROWS);
    let (_, again, _) = import(&site, "seats", &table, &["--create-missing"]);
    assert_eq!(again["changed"], false);
}
