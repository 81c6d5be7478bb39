//! How many people were active, from the command line, with a server and without one.

use serde_json::json;

use crate::program::both_ways;

/// Late on 2014-03-04 and early on the 5th, in UTC.
const ACCESSES: &str =
    "time_ms,user_id,namespace\n1393974978000,42,crm\n1393974999000,7,crm\n1393978000000,7,wiki\n";

#[test]
fn active_people_are_counted_for_people_programs_and_spreadsheets() {
    both_ways(|site| {
        let file = site.file("accesses.csv", ACCESSES);
        site.usher(&["import", "accesses", &file, "--create-missing"])
            .done();
        let words = |line: &str| site.usher(&line.split(' ').collect::<Vec<_>>());

        let days = words("report usage --from 2014-03-03 --until 2014-03-05");
        assert!(days.stderr.contains("days in UTC"), "{days:?}");
        assert_eq!(days.done(), "2014-03-03  0\n2014-03-04  2\n2014-03-05  1\n");
        assert_eq!(
            words("report usage --from 2014-03-04 --until 2014-03-05 --window week --csv").done(),
            "first_day,last_day,active_people,complete\n2014-03-03,2014-03-09,2,true\n"
        );
        let item =
            words("report usage --from 2014-03-05 --until 2014-03-05 --app wiki --seat-type per_user --json")
                .json();
        assert_eq!(
            (&item["first_day"], &item["active_people"]),
            (&json!("2014-03-05"), &json!(1))
        );
        let drawn = words("report usage --from 2014-03-03 --until 2014-03-05").stderr;
        assert!(drawn.starts_with("▁█▅  0 to 2 people\n"), "{drawn}");
        let page = site.beside("usage.html");
        let asked = format!("--language zh report usage --from 2014-03-03 --until 2014-03-05 --html {page}");
        assert_eq!(words(&asked).done(), format!("{page}\n"));
        let html = std::fs::read_to_string(&page).unwrap();
        assert!(
            html.contains("<svg") && html.contains("2014-03-04") && html.contains("活跃人数"),
            "{html}"
        );
        assert!(
            !html.contains("<script") && !html.contains("<link"),
            "nothing is loaded or run"
        );
        let again = words(&asked);
        assert_eq!(again.code, 1, "a file that is there stays: {again:?}");
        let today = words("--language zh report usage").done();
        assert_eq!(today.lines().count(), 30, "{today}");
        assert!(today.ends_with("  0  截至目前\n"), "{today}");
        let wrong = words("report usage --from 5.3.2014");
        assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""), "{wrong:?}");
    });
}

#[test]
fn a_tenant_is_told_how_long_to_keep_history() {
    both_ways(|site| {
        let words = |line: &str| site.usher(&line.split(' ').collect::<Vec<_>>());
        words("tenant update default --history-days 31").done();
        assert_eq!(words("tenant show default --json").json()["history_days"], 31);
        let gone = words("report usage --from 2014-03-03 --until 2014-03-05");
        assert_eq!(gone.code, 1, "{gone:?}");
        words("tenant update default --history-days all").done();
        words("report usage --from 2014-03-03 --until 2014-03-05").done();
        for wrong in ["0", "30", "36501", "many"] {
            let refused = words(&format!("tenant update default --history-days {wrong}"));
            assert_eq!(refused.code, 2, "{refused:?}");
        }
    });
}
