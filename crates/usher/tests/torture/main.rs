//! `usher torture`, as its user runs it: on a folder and on a database. `./test --long` asks for the full figures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise; clippy.toml allows it only inside test functions"
)]

use std::{
    io::Write,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use usher_testbed::postgres::Database;

const ROUNDS: u64 = 50;
const ROUNDS_LONG: u64 = 1_000;
const ROUNDS_LONG_ON_DATABASE: u64 = 200;

fn rounds(of_long: u64) -> u64 {
    let long = std::env::var("USHER_LONG").is_ok_and(|value| value == "yes");
    if long { of_long } else { ROUNDS }
}

fn torture(words: &[&str]) -> Output {
    torture_with(words, None)
}

/// The same with a library before all others.
fn torture_with(words: &[&str], library: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("USHER_")) {
        command.env_remove(name);
    }
    if let Some(library) = library {
        command.env("LD_PRELOAD", library);
    }
    command.args(["torture", "--json"]).args(words).output().unwrap()
}

fn judged_well(rounds: u64, store: &str) {
    let output = torture(&["--rounds", &rounds.to_string(), "--store", store]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figure = |name: &str| report["figures"][name].as_u64().unwrap();
    assert_eq!(
        (report["violations"].as_u64(), figure("rounds")),
        (Some(0), rounds)
    );
    for name in [
        "calls_unanswered",
        "accesses_admitted",
        "accesses_refused",
        "seat_changes",
        "lists_beside",
        "rows_compared",
    ] {
        assert!(figure(name) > 0, "{name}: {report}");
    }
    let _ = writeln!(std::io::stderr(), "{report}");
}

#[test]
fn a_server_on_a_file_that_is_killed_again_and_again_loses_nothing() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    judged_well(rounds(ROUNDS_LONG), folder.path().to_str().unwrap());
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "what was made for it is gone");
}

#[test]
fn a_server_on_a_database_that_is_killed_again_and_again_loses_nothing() {
    let database = Database::empty();
    judged_well(rounds(ROUNDS_LONG_ON_DATABASE), &database.address());
    let again = torture(&["--rounds", "1", "--store", &database.address()]);
    assert_eq!(
        again.status.code(),
        Some(2),
        "a database with anything in it is refused"
    );
}

#[test]
fn a_disk_that_loses_what_it_promised_is_found_out() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/liar.c");
    let liar = folder.path().join("liar.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&liar, &source])
        .status()
        .unwrap();
    assert!(built.success(), "cc: {built}");
    let store = folder.path().to_str().unwrap();
    let output = torture_with(&["--rounds", "20", "--seed", "1", "--store", store], Some(&liar));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("\"violation\""), "{complaint}");
    let kept = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(kept, 2, "the library, and the files for whoever looks into it");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_begins() {
    for words in [["--rounds", "many"], ["--seed", "-"], ["--rounds", "1000001"]] {
        assert_eq!(torture(&words).status.code(), Some(2), "{words:?}");
    }
}
