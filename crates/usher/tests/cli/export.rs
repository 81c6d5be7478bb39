//! Exporting, with a server and without one.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Site, both_ways, command};

fn fill(site: &Site) {
    let platform = "time_ms,user_id,namespace\n1000,7,crm\n2000,8,crm\n";
    let apps = "time_ms,user_id,namespace\n3000,9,crm\n";
    site.usher_reading(&["import", "accesses", "-", "--create-missing"], platform)
        .done();
    let arguments = [
        "import",
        "accesses",
        "-",
        "--create-missing",
        "--seat-type",
        "per_user_per_app",
    ];
    site.usher_reading(&arguments, apps).done();
}

#[test]
fn both_kinds_of_seats_come_out_unless_one_is_asked_for() {
    both_ways(|site| {
        fill(site);
        let csv = site.usher(&["export", "activities", "--format", "csv"]).done();
        assert_eq!(
            csv,
            "seat_type,user_id,namespace,status,active_time_ms\n\
             per_user,7,crm,in_use,1000\nper_user,8,crm,in_use,2000\nper_user_per_app,9,crm,in_use,3000\n"
        );
        let some = [
            "export",
            "activities",
            "--format",
            "jsonl",
            "--seat-type",
            "per_user_per_app",
        ];
        let lines = site.usher(&some).done();
        let row: Value = serde_json::from_str(&lines).unwrap();
        assert_eq!(
            (&row["user_id"], &row["active_time_ms"]),
            (&9.into(), &3_000.into())
        );
    });
}

#[test]
fn the_watermark_is_told_beside_the_rows() {
    both_ways(|site| {
        fill(site);
        let ended = site.usher(&["export", "activities", "--format", "jsonl", "--json"]);
        let told: Value = serde_json::from_str(&ended.stderr).unwrap();
        assert_eq!(told["rows"], 3);
        assert!(told["as_of"].as_i64().unwrap() > 1_700_000_000_000, "{told}");
    });
}

#[test]
fn more_rows_than_a_page_come_out_once_each() {
    both_ways(|site| {
        let lines: String = (1..=1_201).map(|user| format!("1000,{user},crm\n")).collect();
        let file = format!("time_ms,user_id,namespace\n{lines}");
        site.usher_reading(&["import", "accesses", "-", "--create-missing"], &file)
            .done();
        let csv = site.usher(&["export", "activities", "--format", "csv"]).done();
        let users: Vec<u32> = csv
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
            .collect();
        assert_eq!(users, (1..=1_201).collect::<Vec<_>>());
    });
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let site = Site::alone();
    fill(&site);
    let data = site.data();
    let arguments = [
        "export",
        "activities",
        "--format",
        "csv",
        "--data",
        data.to_str().unwrap(),
    ];
    let mut child = command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
