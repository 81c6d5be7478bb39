//! Who is idle, and who is on leave, with a server and without one.

use serde_json::json;

use crate::program::both_ways;

/// 2014-03-04T23:16:18Z and two months later.
const ACCESSES: &str =
    "time_ms,user_id,namespace\n1399245378000,7,crm\n1393974978000,42,crm\n1393975000000,7,crm\n";

#[test]
fn idle_seats_are_shown_to_people_programs_and_spreadsheets() {
    both_ways(|site| {
        let file = site.file("accesses.csv", ACCESSES);
        site.usher(&["import", "accesses", &file, "--create-missing"])
            .done();
        site.usher(&["user", "update", "42", "--name", "=Ada"]).done();
        let words = |line: &str| site.usher(&line.split(' ').collect::<Vec<_>>());

        let shown = words("report idle");
        assert!(shown.stderr.starts_with("2 seats, as of 20"), "{shown:?}");
        assert!(shown.stderr.contains("\n▁▁▁▁▁▁▁▁█  by days idle"), "{shown:?}");
        let text = shown.done();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(
            lines[0],
            "VERDICT     DAYS  LAST ADMITTED NEXT DATE   REFUSED  SEAT  NAME"
        );
        assert!(lines[1].starts_with("idle        "), "{text}");
        assert!(
            lines[1].contains("  2014-03-04    -           0        per_user:42  =Ada"),
            "{text}"
        );
        assert!(
            lines[2].ends_with("2014-05-04    -           0        per_user:7  7"),
            "{text}"
        );
        let chinese = words("--language zh report idle").done();
        assert!(chinese.starts_with("结论        天数"), "{chinese}");

        let table = words("report idle --csv").done();
        let lines: Vec<&str> = table.lines().collect();
        assert!(
            lines[0].starts_with("seat,user_id,user_name,seat_type,"),
            "{table}"
        );
        assert!(
            lines[1].starts_with("per_user:42,42,'=Ada,per_user,,idle,"),
            "{table}"
        );
        let came = "2014-03-04T23:16:18Z";
        assert!(
            lines[1].contains(&format!(",{came},{came},{came},0,")),
            "a seat as old as its access: {table}"
        );
        assert!(
            lines[2].contains(",2014-05-04T23:16:18Z,2014-03-04T23:16:40Z,2014-05-04T23:16:18Z,"),
            "the earliest access needed the seat, wherever it stands: {table}"
        );

        let row = words("report idle --json").json();
        assert_eq!(
            (&row["seat"], &row["verdict"]),
            (&json!("per_user:7"), &json!("idle"))
        );
        assert_eq!(words("report idle --never-used --json").done(), "");
        let unknown = words("report idle --app erp");
        assert_eq!(
            (unknown.code, unknown.stdout.lines().count()),
            (1, 1),
            "{unknown:?}"
        );
    });
}

#[test]
fn idle_seats_are_written_into_a_file_that_shows_itself() {
    both_ways(|site| {
        let file = site.file("accesses.csv", ACCESSES);
        site.usher(&["import", "accesses", &file, "--create-missing"])
            .done();
        site.usher(&["user", "update", "42", "--name", "=Ada"]).done();
        let words = |line: &str| site.usher(&line.split(' ').collect::<Vec<_>>());
        let page = site.beside("idle.html");
        assert_eq!(
            words(&format!("report idle --html {page}")).done(),
            format!("{page}\n")
        );
        let html = std::fs::read_to_string(&page).unwrap();
        assert!(
            html.contains("=Ada") && html.contains("per_user:42") && html.contains("<svg"),
            "{html}"
        );
        assert!(
            !html.contains("<script") && !html.contains("<link"),
            "nothing is loaded or run"
        );
        assert!(
            html.contains("<title>365+: 2</title>")
                && !html.contains("0+")
                && !html.contains("<title>1–6: 0"),
            "a bar says which days it counts, and none stands before the first seat: {html}"
        );
    });
}

#[test]
fn a_person_on_leave_is_not_idle() {
    both_ways(|site| {
        let file = site.file("accesses.csv", ACCESSES);
        site.usher(&["import", "accesses", &file, "--create-missing"])
            .done();
        let words = |line: &str| site.usher(&line.split(' ').collect::<Vec<_>>());
        let leave = "from 2014-03-05 00:00:00 UTC until 2100-01-01 00:00:00 UTC\n";
        let rehearsed = words("user leave add 42 --from 2014-03-05 --until 2100-01-01 --dry-run").done();
        assert!(
            rehearsed.starts_with("would change: 42  user.leave_noted"),
            "{rehearsed}"
        );
        assert_eq!(words("user leave list 42").done(), "");
        assert_eq!(
            words("user leave add 42 --from 2014-03-05 --until 2100-01-01").done(),
            leave
        );
        assert_eq!(words("user leave list 42").done(), leave);
        assert_eq!(words("report idle --json").json()["user_id"], 7);
        let row = words("report idle --idle-days 0 --verdict on_leave --json").json();
        assert_eq!((&row["user_id"], &row["days_idle"]), (&json!(42), &json!(0)));
        assert_eq!(row["next_at"], 4_102_444_800_000_i64);
        let odd = words("user leave add 42 --from 2014-03-05 --until soon");
        assert_eq!(odd.code, 2, "{odd:?}");
        let turned = words("--language zh user leave add 42 --from 2014-03-05 --until 2014-03-04");
        assert_eq!(turned.code, 1, "{turned:?}");
        words("user leave remove 42 --from 2014-03-05").done();
        assert_eq!(words("user leave remove 42 --from 2014-03-05").code, 1);
        assert_eq!(words("user leave list 42").done(), "");
    });
}
