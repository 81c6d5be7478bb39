//! The real activity in the shared folder, imported whole.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    http,
    program::{Running, Site},
};

/// The folder of real data, where it is there.
fn accesses() -> Option<PathBuf> {
    let folder = std::env::var_os("USHER_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = folder.join("accesses.csv");
    if !file.is_file() {
        eprintln!(
            "skipped: {} is not there; set USHER_SHARED_DATA to the folder that has it",
            file.display()
        );
        return None;
    }
    Some(file)
}

#[test]
fn the_lists_show_the_largest_time_of_every_pair() {
    let Some(file) = accesses() else {
        return;
    };
    let mut expected: BTreeMap<(i64, String), i64> = BTreeMap::new();
    let text = std::fs::read_to_string(&file).unwrap();
    for line in text.lines().skip(1) {
        let parts: Vec<&str> = line.split(',').collect();
        let newest = expected
            .entry((parts[1].parse().unwrap(), parts[2].to_owned()))
            .or_default();
        *newest = (*newest).max(parts[0].parse().unwrap());
    }
    let site = Site::alone();
    let import = [
        "import",
        "accesses",
        file.to_str().unwrap(),
        "--create-missing",
        "--json",
    ];
    let summary = site.usher(&import).json();
    assert_eq!(summary["lines"], text.lines().count() - 1);
    assert_eq!(summary["admitted"], summary["lines"]);
    let server = Running::serve(&site.data());
    let scope = "app_engine:seat_activities:read";
    let token = site
        .usher(&["token", "issue", "--administrator", "--scope", scope])
        .done();
    let rows = http::walk(server.address(), token.trim_end(), "seat_activities", "per_user");
    let listed: BTreeMap<(i64, String), i64> = rows
        .iter()
        .map(|row| {
            let key = (
                row["user_id"].as_i64().unwrap(),
                row["namespace"].as_str().unwrap().to_owned(),
            );
            (key, row["active_time"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(rows.len(), expected.len());
    assert_eq!(listed, expected);
    idle_since_the_last_access(&site, &text);
    let again = site.usher(&import).json();
    assert_eq!(
        (&again["moved"], &again["admitted"]),
        (&0.into(), &summary["admitted"])
    );
}

/// The report says of everybody since when they have not come, counted anew from the file.
fn idle_since_the_last_access(site: &Site, text: &str) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let mut last_ms: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let parts: Vec<&str> = line.split(',').collect();
        let (time_ms, user): (i64, i64) = (parts[0].parse().unwrap(), parts[1].parse().unwrap());
        let (first, last) = last_ms.entry(user).or_insert((time_ms, time_ms));
        (*first, *last) = (time_ms.min(*first), time_ms.max(*last));
    }
    let report = site.usher(&["report", "idle", "--idle-days", "1", "--json"]);
    let explained: serde_json::Value = serde_json::from_str(report.stderr.trim_end()).unwrap();
    let as_of_ms = explained["as_of"].as_i64().unwrap();
    assert_eq!(explained["seats"], last_ms.len());
    let mut days_before = i64::from(u32::MAX);
    for line in report.done().lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let (first, last) = last_ms.remove(&row["user_id"].as_i64().unwrap()).unwrap();
        let number = |field: &str| row[field].as_i64().unwrap();
        assert_eq!(
            (number("last_admitted_at"), number("idle_since")),
            (last, last),
            "{row}"
        );
        assert!(
            number("assigned_at") >= first && number("assigned_at") <= last,
            "{row}"
        );
        let days = (as_of_ms - last) / DAY_MS;
        // A page may be read a moment later than the first.
        assert!((days..=days + 1).contains(&number("days_idle")), "{row}");
        assert!(
            number("days_idle") <= days_before + 1,
            "the longest idle first: {row}"
        );
        days_before = number("days_idle");
    }
}
