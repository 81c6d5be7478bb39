//! Measuring. What comes out depends on the machine; that something comes out, and what is not said, does not.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{Site, command, usher};

/// Two short slices: far too few for a conclusion.
const SHORT: [&str; 8] = [
    "--slices",
    "2",
    "--slice-ms",
    "40",
    "--connections",
    "4,1",
    "--language",
    "en",
];

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn a_server_of_its_own_is_filled_measured_and_gone() {
    let site = Site::alone();
    let place = site.beside("place");
    std::fs::create_dir(&place).unwrap();
    let own = ["bench", "--json", "--seats", "1000", "--place", &place];
    let report: Value = serde_json::from_str(&usher(&[&own[..], &SHORT].concat()).done()).unwrap();

    assert_eq!(
        count(&report["first_visits"]["good"]),
        1_000,
        "everybody came once: {report}"
    );
    let crowds = report["accesses"].as_array().unwrap();
    let connections: Vec<_> = crowds.iter().map(|crowd| count(&crowd["connections"])).collect();
    assert_eq!(connections, [1, 4]);
    for crowd in crowds {
        assert!(count(&crowd["good"]) > 0, "{crowd}");
        assert_eq!(count(&crowd["bad"]), 0, "everybody has a seat: {crowd}");
        assert!(count(&crowd["p50_us"]) <= count(&crowd["longest_us"]), "{crowd}");
    }
    let pages = &report["pages"];
    for end in ["first", "last"] {
        assert!(count(&pages[end]["good"]) > 0, "{pages}");
    }
    assert_eq!(count(&report["import"]["rows"]), 1_000);
    assert_eq!(report["comparisons"][0]["with"], "bare_hyper_server");
    assert_eq!(
        report["comparisons"][0]["steady"], false,
        "two slices are no ground for a conclusion"
    );
    assert_eq!(
        report["allocations"]["not_counted"]["because"], "give --allocations",
        "{report}"
    );
    assert_eq!(
        std::fs::read_dir(&place).unwrap().count(),
        0,
        "nothing of it is left"
    );
}

#[test]
fn somebody_elses_server_is_measured_with_its_own_people() {
    let site = Site::served();
    site.usher_reading(
        &["import", "accesses", "-", "--create-missing"],
        "time_ms,user_id,namespace\n1000,7,crm\n2000,8,crm\n",
    )
    .done();
    let people = site.usher(&["export", "activities", "--format", "csv"]).done();
    let people = site.file("people.csv", &people);
    let token = site.usher(&["token", "issue", "--service"]).done();
    let token = site.file("token.txt", &token);
    let address = site.server.as_ref().unwrap().address().to_owned();
    let address = address.trim_start_matches("http://");
    let given = [
        "bench",
        "--server",
        address,
        "--token-file",
        &token,
        "--people",
        &people,
    ];
    let text = usher(&[&given[..], &SHORT].concat()).done();
    assert!(text.contains("no conclusion"), "{text}");
    assert!(
        text.contains("not counted, only with a server of its own"),
        "{text}"
    );
    let after = site.usher(&["export", "activities", "--format", "csv"]).done();
    assert!(
        !after.contains(",1000\n") && !after.contains(",2000\n"),
        "both were there while it measured: {after}"
    );
}

#[test]
fn a_number_out_of_bounds_is_refused_before_anything_begins() {
    for arguments in [
        ["--seats", "999"],
        ["--slices", "0"],
        ["--connections", "1,many"],
        ["--slice-ms", "600001"],
        ["--redis", "nowhere"],
        ["--postgres", "bench"],
    ] {
        let ended = usher(&[&["bench"], &arguments[..]].concat());
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn a_measurement_that_is_told_to_stop_leaves_nothing() {
    let site = Site::alone();
    let place = site.beside("place");
    std::fs::create_dir(&place).unwrap();
    let entries = || std::fs::read_dir(&place).unwrap().count();
    // It would go on for minutes.
    let long = ["--slices", "1000", "--slice-ms", "100", "--connections", "1"];
    let own = ["bench", "--json", "--seats", "1000", "--place", &place];
    let mut measuring = command(&[&own[..], &long].concat())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while entries() == 0 {
        assert!(measuring.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let kill = format!("kill -TERM {}", measuring.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let ended = measuring.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("stopped before the end"), "{said}");
    assert_eq!(entries(), 0, "nothing of it is left");
}
