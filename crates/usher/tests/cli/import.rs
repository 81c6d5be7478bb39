//! Importing past accesses, with a server and without one.

use serde_json::{Value, json};

use crate::program::{Site, both_ways};

const HEADER: &str = "time_ms,user_id,namespace";

/// The summary without what depends on speed.
fn counts(summary: &Value) -> Value {
    let mut summary = summary.clone();
    let counts = summary.as_object_mut().unwrap();
    counts.remove("seconds");
    counts.remove("lines_per_second");
    summary
}

fn export(site: &Site) -> String {
    site.usher(&["export", "activities", "--format", "csv"]).done()
}

fn import(site: &Site, file: &str, more: &[&str]) -> (i32, Value) {
    let mut arguments = vec!["import", "accesses", file, "--json"];
    arguments.extend(more);
    let ended = site.usher(&arguments);
    (ended.code, counts(&ended.json()))
}

#[test]
fn what_is_missing_is_made_and_the_newest_time_stays() {
    let (summary, rows) = both_ways(|site| {
        let file = site.file(
            "accesses.csv",
            &format!(
                "{HEADER}\n1000000000000,7,crm\n3000000000,7,crm\n1000000000001,7,hr\n1000000000002,8,crm\n"
            ),
        );
        let (code, summary) = import(site, &file, &["--create-missing"]);
        assert_eq!(code, 0);
        (summary, export(site))
    });
    assert_eq!(summary["admitted"], 4);
    assert_eq!(summary["moved"], 3, "the second line is older than the first");
    assert_eq!(summary["created"], json!({"users": 2, "apps": 2, "seats": 2}));
    assert_eq!(
        rows,
        "seat_type,user_id,namespace,status,active_time_ms\n\
         per_user,7,crm,in_use,1000000000000\n\
         per_user,7,hr,in_use,1000000000001\n\
         per_user,8,crm,in_use,1000000000002\n"
    );
}

#[test]
fn importing_twice_changes_nothing() {
    both_ways(|site| {
        let file = site.file(
            "accesses.csv",
            &format!("{HEADER}\n1000,7,crm\n2000,8,crm\n1500,7,crm\n"),
        );
        let (_, first) = import(site, &file, &["--create-missing"]);
        let rows = export(site);
        let (code, second) = import(site, &file, &["--create-missing"]);
        assert_eq!(code, 0);
        assert_eq!(second["admitted"], first["admitted"]);
        assert_eq!(second["moved"], 0);
        assert_eq!(second["created"], json!({"users": 0, "apps": 0, "seats": 0}));
        assert_eq!(export(site), rows);
        rows
    });
}

#[test]
fn app_seats_are_made_when_they_are_asked_for() {
    let rows = both_ways(|site| {
        let file = site.file("accesses.csv", &format!("{HEADER}\n1000,7,crm\n2000,7,hr\n"));
        let (code, summary) = import(
            site,
            &file,
            &["--create-missing", "--seat-type", "per_user_per_app"],
        );
        assert_eq!((code, &summary["created"]["seats"]), (0, &json!(2)));
        export(site)
    });
    assert!(rows.contains("per_user_per_app,7,crm,in_use,1000\n"), "{rows}");
}

#[test]
fn nothing_is_made_unless_it_is_asked_for() {
    let (code, summary, reports) = both_ways(|site| {
        site.usher_reading(
            &["apply", "-"],
            "{\"change\":\"user\",\"user_id\":7}\n{\"change\":\"user\",\"user_id\":8,\"enabled\":false}\n\
             {\"change\":\"app\",\"namespace\":\"crm\"}\n{\"change\":\"seat\",\"seat_type\":\"per_user\",\"user_id\":7,\"expires_at_ms\":5000}\n\
             {\"change\":\"user\",\"user_id\":9}\n",
        )
        .done();
        let file = site.file(
            "accesses.csv",
            &format!("{HEADER}\n4999,7,crm\n5000,7,crm\n1,8,crm\n1,6,crm\n1,7,hr\n1,9,crm\n"),
        );
        let ended = site.usher(&["import", "accesses", &file, "--json"]);
        (ended.code, counts(&ended.json()), ended.stderr)
    });
    assert_eq!(code, 3);
    assert_eq!(
        summary["admitted"], 1,
        "expiry is judged at the time of the access"
    );
    assert_eq!(
        summary["refused_by_reason"],
        json!({"seat_expired": 1, "user_disabled": 1, "user_unknown": 1, "app_unknown": 1, "no_seat": 1})
    );
    let first: Value = serde_json::from_str(reports.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        json!({"line": 3, "problem": "refused", "reason": "seat_expired"})
    );
    assert_eq!(reports.lines().count(), 5);
}

#[test]
fn a_seat_that_was_taken_away_does_not_come_back() {
    both_ways(|site| {
        let file = site.file("accesses.csv", &format!("{HEADER}\n1000,7,crm\n"));
        import(site, &file, &["--create-missing"]);
        site.usher_reading(
            &["apply", "-"],
            "{\"change\":\"release_seat\",\"seat_type\":\"per_user\",\"user_id\":7}\n",
        )
        .done();
        let (code, summary) = import(site, &file, &["--create-missing"]);
        assert_eq!(code, 3);
        assert_eq!(summary["refused_by_reason"], json!({"seat_released": 1}));
        assert!(export(site).contains("per_user,7,crm,released,1000"));
    });
}

#[test]
fn bad_lines_are_reported_with_their_number_and_good_ones_are_kept() {
    let (code, summary, reports) = both_ways(|site| {
        let file = site.file(
            "accesses.csv",
            &format!("{HEADER}\r\n1000,7,crm\r\n\r\n1000,7\r\n1000,0,crm\r\n9999999999999,7,crm\r\nnow,7,crm\r\n\"1970-01-01T08:00:01.001+08:00\",\"7\",\"crm\"\r\n"),
        );
        let ended = site.usher(&["import", "accesses", &file, "--create-missing"]);
        let summary = site.usher(&["import", "accesses", &file, "--create-missing", "--json"]);
        (ended.code, counts(&summary.json()), ended.stderr)
    });
    assert_eq!(code, 3);
    assert_eq!(
        (
            &summary["lines"],
            &summary["admitted"],
            &summary["malformed"],
            &summary["future"]
        ),
        (&json!(6), &json!(2), &json!(3), &json!(1))
    );
    assert_eq!(
        reports.lines().collect::<Vec<_>>(),
        [
            "line 4: the line has 2 columns instead of 3",
            "line 5: user_id must be a whole number from 1 to 9007199254740991",
            "line 6: time_ms lies in the future",
            "line 7: time_ms must be a whole number of milliseconds from 1 to 9999999999999, or a moment such as 2026-11-22T08:00:00Z",
        ]
    );
}

#[test]
fn a_thousand_bad_lines_are_counted_and_not_all_printed() {
    let site = Site::alone();
    let text = format!("{HEADER}\n{}", "x\n".repeat(1_000));
    let ended = site.usher_reading(&["import", "accesses", "-", "--create-missing", "--json"], &text);
    assert_eq!((ended.code, &ended.json()["malformed"]), (3, &json!(1_000)));
    assert_eq!(ended.stderr.lines().count(), 21);
}

#[test]
fn a_file_that_is_no_such_file_changes_nothing() {
    let site = Site::alone();
    for content in ["", "user_id,time_ms,namespace\n1000,7,crm\n", "1000,7,crm\n"] {
        let file = site.file("accesses.csv", content);
        let ended = site.usher(&["import", "accesses", &file, "--create-missing"]);
        assert_eq!(ended.code, 1, "{content:?}");
        assert!(
            ended
                .stderr
                .contains("line 1 must be the header time_ms,user_id,namespace"),
            "{}",
            ended.stderr
        );
    }
    assert!(!site.data().exists());
}

#[test]
fn a_dry_run_checks_and_touches_nothing() {
    let site = Site::alone();
    let file = site.file("accesses.csv", &format!("{HEADER}\n1000,7,crm\nx\n"));
    let (code, summary) = import(&site, &file, &["--create-missing", "--dry-run"]);
    assert_eq!(code, 3);
    assert_eq!(
        (&summary["checked"], &summary["malformed"]),
        (&json!(1), &json!(1))
    );
    assert!(!site.data().exists());
}

#[test]
fn accesses_of_another_tenant_stay_there() {
    both_ways(|site| {
        let file = site.file("accesses.csv", &format!("{HEADER}\n1000,7,crm\n"));
        let missing = site.usher(&[
            "import",
            "accesses",
            &file,
            "--create-missing",
            "--tenant",
            "acme",
        ]);
        assert_eq!(missing.code, 1);
        assert!(
            missing.stderr.contains("there is no tenant \"acme\""),
            "{}",
            missing.stderr
        );
        site.usher_reading(
            &["apply", "-"],
            "{\"change\":\"tenant\",\"tenant_key\":\"acme\"}\n",
        )
        .done();
        let (code, _) = import(site, &file, &["--create-missing", "--tenant", "acme"]);
        assert_eq!(code, 0);
        assert_eq!(export(site).lines().count(), 1);
        let theirs = site.usher(&["export", "activities", "--format", "csv", "--tenant", "acme"]);
        assert_eq!(theirs.done().lines().count(), 2);
    });
}

#[test]
fn several_imports_at_once_wait_for_each_other() {
    let site = Site::alone();
    let files: Vec<String> = (1..=4)
        .map(|user| site.file(&format!("{user}.csv"), &format!("{HEADER}\n1000,{user},crm\n")))
        .collect();
    std::thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| assert_eq!(import(&site, file, &["--create-missing"]).0, 0));
        }
    });
    assert_eq!(export(&site).lines().count(), 5);
}
