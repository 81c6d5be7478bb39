//! Tales of who was active on which day.

use usher_seats::{
    SeatType::{PerUser, PerUserPerApp},
    Window,
};
use usher_store::{Access, Change, Effect};

use crate::{
    Home,
    history::{ALL, day},
    ledger::{Ledger, START_MS, admitted, admitted_without_moving, user_id},
};

/// The day of `START_MS` in UTC: it is 09:46:40 then.
const TODAY: &str = "2024-07-03";
const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Ada and Bob hold platform seats, Cyd an app seat of the wiki, Dan nothing.
async fn four_people(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3, 4], &["crm", "wiki"]).await;
    ledger.assign(1, None, None, START_MS).await;
    ledger.assign(2, None, None, START_MS).await;
    ledger.assign(3, Some("wiki"), None, START_MS).await;
    ledger
}

async fn restarted(home: &mut dyn Home, ledger: Ledger) -> Ledger {
    home.restart().await;
    Ledger {
        store: home.store(),
        ..ledger
    }
}

/// Who was admitted counts from that moment, once per day, by app and by seat type; who was refused does not.
pub async fn an_admitted_access_counts_on_its_day_at_once(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    assert_eq!(ledger.people(ALL, Window::Day, TODAY).await, 0);
    ledger.open(1, "crm", START_MS).await;
    assert_eq!(ledger.people(ALL, Window::Day, TODAY).await, 1);
    ledger.open(1, "crm", START_MS + 1).await;
    ledger.open(1, "wiki", START_MS + 2).await;
    ledger.open(2, "wiki", START_MS + 3).await;
    ledger.open(3, "wiki", START_MS + 4).await;
    ledger.open(3, "crm", START_MS + 5).await;
    ledger.open(4, "crm", START_MS + 6).await;
    for (scope, people) in [
        (ALL, 3),
        ((Some(PerUser), None), 2),
        ((Some(PerUserPerApp), None), 1),
        ((None, Some("wiki")), 3),
        ((Some(PerUser), Some("crm")), 1),
        ((Some(PerUserPerApp), Some("crm")), 0),
        ((None, Some("erp")), 0),
    ] {
        assert_eq!(
            ledger.people(scope, Window::Day, TODAY).await,
            people,
            "{scope:?}"
        );
        assert_eq!(ledger.people(scope, Window::Day, "2024-07-04").await, 0);
    }
}

/// The order of arrival, repetitions and restarts in between leave no trace. `Recorded::moved` says what it always said.
pub async fn accesses_of_the_past_rebuild_history(home: &mut dyn Home) {
    let mut ledger = four_people(home).await;
    ledger.open(1, "crm", START_MS).await;
    // Days before, in no order: 3, 1, 6, 0, 5, 2, 4.
    for days_ago in (0..7).map(|step| step * 5 % 7) {
        let at_ms = START_MS - days_ago * DAY_MS - HOUR_MS;
        assert_eq!(
            ledger.open(1, "crm", at_ms).await,
            admitted_without_moving(PerUser, START_MS)
        );
        if days_ago % 2 == 0 {
            ledger = restarted(home, ledger).await;
        }
    }
    let week = [
        "2024-06-27",
        "2024-06-28",
        "2024-06-29",
        "2024-06-30",
        "2024-07-01",
        "2024-07-02",
        TODAY,
    ];
    assert_eq!(ledger.dates_of(1, (Some(PerUser), None), 2024).await, week);
    let committed = ledger.store.health().batches_committed;
    for days_ago in 0..7 {
        ledger
            .open(1, "crm", START_MS - days_ago * DAY_MS - HOUR_MS)
            .await;
    }
    assert_eq!(
        ledger.store.health().batches_committed,
        committed,
        "what is known is not written again"
    );
    let ledger = restarted(home, ledger).await;
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, week);
    assert_eq!(ledger.dates_of(2, ALL, 2024).await, [""; 0]);
}

/// All of a batch at once, the past among it, and the same day twice.
pub async fn a_batch_may_hold_many_days(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    let open = |days_ago: i64| ledger.access(1, "crm", START_MS - days_ago * DAY_MS);
    let batch: Vec<Access> = [5, 9, 5, 2, 9, 5].map(open).to_vec();
    let recorded = ledger.store.record(batch).await.unwrap();
    let newest_ms = START_MS - 2 * DAY_MS;
    assert_eq!(
        recorded[1],
        admitted_without_moving(PerUser, START_MS - 5 * DAY_MS)
    );
    assert_eq!(recorded[3], admitted(PerUser, newest_ms));
    assert_eq!(recorded[5], admitted_without_moving(PerUser, newest_ms));
    let days = ["2024-06-24", "2024-06-28", "2024-07-01"];
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, days);
    let ledger = restarted(home, ledger).await;
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, days);
}

/// A day begins at midnight where the tenant is, in summer and in winter.
pub async fn days_are_those_of_the_tenants_time_zone(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    ledger.move_to("America/New_York", START_MS).await;
    // Clocks went forward on 2024-03-10: midnight was 05:00 in UTC before and 04:00 after.
    for time_ms in [
        1_710_046_799_999, // 2024-03-10T04:59:59.999Z, still the 9th
        1_710_046_800_000, // 2024-03-10T05:00:00Z
        1_710_129_599_999, // 2024-03-11T03:59:59.999Z, still the 10th
        1_710_129_600_000, // 2024-03-11T04:00:00Z
    ] {
        ledger.open(1, "crm", time_ms).await;
    }
    let days = ["2024-03-09", "2024-03-10", "2024-03-11"];
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, days);
    let ledger = restarted(home, ledger).await;
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, days);
}

/// Days already written stay what they were, folded or not; the next access is counted where the tenant is now.
pub async fn another_time_zone_holds_from_then_on(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    let evening_ms = START_MS + 10 * HOUR_MS; // 2024-07-03T19:46:40Z
    ledger.open(1, "crm", evening_ms).await;
    ledger.move_to("Asia/Shanghai", evening_ms).await;
    ledger.open(2, "crm", evening_ms).await;
    let ledger = restarted(home, ledger).await;
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, [TODAY]);
    assert_eq!(ledger.dates_of(2, ALL, 2024).await, ["2024-07-04"]);
    ledger.open(1, "crm", evening_ms + 1).await;
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, [TODAY, "2024-07-04"]);
    assert_eq!(ledger.people(ALL, Window::Day, "2024-07-04").await, 2);
}

/// Everybody counts once per window, however often they came.
pub async fn a_window_counts_everybody_once(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    // 2024-07-03 is a Wednesday. Ada comes daily for 40 days; Bob on the first of July; Cyd on the 23rd of June, a Sunday.
    for days_ago in (0..40).rev() {
        ledger.open(1, "crm", START_MS - days_ago * DAY_MS).await;
    }
    ledger.open(2, "crm", START_MS - 2 * DAY_MS).await;
    ledger.open(3, "wiki", START_MS - 10 * DAY_MS).await;
    for (window, date, people) in [
        (Window::Day, TODAY, 1),
        (Window::Day, "2024-07-01", 2),
        (Window::SevenDays, TODAY, 2),
        (Window::SevenDays, "2024-07-07", 2),
        (Window::SevenDays, "2024-07-08", 1),
        (Window::ThirtyDays, TODAY, 3),
        (Window::ThirtyDays, "2024-07-22", 3),
        (Window::ThirtyDays, "2024-07-23", 2),
        (Window::Week, "2024-07-07", 2),
        (Window::Week, "2024-06-30", 1),
        (Window::Week, "2024-06-17", 2),
        (Window::Month, "2024-07-31", 2),
        (Window::Month, "2024-06-01", 2),
        (Window::Month, "2024-04-30", 0),
    ] {
        assert_eq!(
            ledger.people(ALL, window, date).await,
            people,
            "{window:?} of {date}"
        );
    }
    let summer = (day("2024-06-24"), day("2024-07-08"));
    let weeks = ledger.figures(ALL, Window::Week, summer).await;
    let spans: Vec<_> = weeks
        .iter()
        .map(|(days, people)| (days.first.to_string(), *people))
        .collect();
    assert_eq!(
        spans,
        [
            ("2024-06-24".to_owned(), 1),
            ("2024-07-01".to_owned(), 2),
            ("2024-07-08".to_owned(), 0)
        ]
    );
    let days = ledger
        .figures(ALL, Window::Day, (day("2020-01-01"), day("2024-07-08")))
        .await;
    assert_eq!(days.len(), 400, "an answer is bounded");
}

/// A platform seat is used by opening any app, an app seat by opening its own.
pub async fn the_days_of_a_seat_are_its_own(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    ledger.assign(3, Some("crm"), None, START_MS).await;
    ledger.open(3, "wiki", START_MS - 3 * DAY_MS).await;
    ledger.open(3, "crm", START_MS - 2 * DAY_MS).await;
    ledger.assign(3, None, None, START_MS).await;
    ledger.open(3, "crm", START_MS - DAY_MS).await;
    ledger.open(3, "wiki", START_MS).await;
    for (scope, days) in [
        ((Some(PerUserPerApp), Some("wiki")), &["2024-06-30"][..]),
        ((Some(PerUserPerApp), Some("crm")), &["2024-07-01"]),
        ((Some(PerUser), None), &["2024-07-02", TODAY]),
        ((Some(PerUser), Some("crm")), &["2024-07-02"]),
        ((None, Some("crm")), &["2024-07-01", "2024-07-02"]),
        (ALL, &["2024-06-30", "2024-07-01", "2024-07-02", TODAY]),
    ] {
        assert_eq!(ledger.dates_of(3, scope, 2024).await, days, "{scope:?}");
    }
    assert_eq!(
        ledger
            .days_of(3, ALL, (day("2024-07-01"), day("2024-07-02")))
            .await
            .len(),
        2
    );
}

/// History outlives the directory's entry, and whoever comes back under the same number is the same person.
pub async fn who_left_stays_in_history_and_may_come_back(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    ledger.open(1, "crm", START_MS).await;
    ledger.open(2, "crm", START_MS).await;
    let delete = Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
    };
    ledger.change(delete, START_MS + 1).await.unwrap();
    ledger.people_and_apps(&[5], &[]).await;
    let ledger = restarted(home, ledger).await;
    ledger.assign(5, None, None, START_MS + 2).await;
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, [TODAY]);
    assert_eq!(
        ledger.dates_of(5, ALL, 2024).await,
        [""; 0],
        "a new person is nobody else"
    );
    ledger.open(5, "crm", START_MS + 3).await;
    assert_eq!(ledger.people(ALL, Window::Day, TODAY).await, 3);
    ledger.people_and_apps(&[1], &[]).await;
    ledger.assign(1, None, None, START_MS + DAY_MS).await;
    ledger.open(1, "crm", START_MS + DAY_MS).await;
    ledger.open(1, "wiki", START_MS + 1).await;
    assert_eq!(ledger.people(ALL, Window::Day, TODAY).await, 3);
    assert_eq!(ledger.dates_of(1, ALL, 2024).await, [TODAY, "2024-07-04"]);
}

async fn kept_by(ledger: &Ledger) -> Option<u32> {
    let tenant = ledger.store.tenant_by_id(ledger.tenant_id).await.unwrap();
    tenant.unwrap().history_days
}

/// What a tenant no longer wants kept is taken away, nothing else, and nothing of anybody else.
pub async fn history_is_kept_as_long_as_asked(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    let other = Ledger::found(home.store(), "other").await;
    other.people_and_apps(&[1], &["crm"]).await;
    other.assign(1, None, None, START_MS).await;
    for days_ago in 0..50 {
        ledger.open(1, "crm", START_MS - days_ago * DAY_MS).await;
        ledger.open(3, "wiki", START_MS - days_ago * DAY_MS).await;
        other.open(1, "crm", START_MS - days_ago * DAY_MS).await;
    }
    let ledger = restarted(home, ledger).await;
    let keep = |days| Change::KeepHistory {
        tenant_id: ledger.tenant_id,
        days,
    };
    assert_eq!(kept_by(&ledger).await, None);
    assert_eq!(
        ledger.change(keep(Some(31)), START_MS).await.unwrap(),
        Effect::Updated
    );
    assert_eq!(
        ledger.change(keep(Some(31)), START_MS).await.unwrap(),
        Effect::Unchanged
    );
    assert_eq!(kept_by(&ledger).await, Some(31));
    // Twelve hours later everything has reached the tables, an hour after that what is old is taken away.
    for hours in [0, 13, 14] {
        ledger.store.tend(START_MS + hours * HOUR_MS).await.unwrap();
        while ledger.store.health().overlay_day_sets > 0 && hours > 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(ledger.dates_of(1, ALL, 2024).await.len(), 31);
    assert_eq!(
        ledger.dates_of(3, (None, Some("wiki")), 2024).await[0],
        "2024-06-03"
    );
    assert_eq!(ledger.people(ALL, Window::Day, "2024-06-02").await, 0);
    let other = Ledger {
        store: ledger.store.clone(),
        ..other
    };
    assert_eq!(other.dates_of(1, ALL, 2024).await.len(), 50);
    assert_eq!(
        ledger.activities(PerUser, 10, START_MS).await.len(),
        1,
        "the newest times are no history"
    );
    assert_eq!(
        ledger.change(keep(None), START_MS).await.unwrap(),
        Effect::Updated
    );
}

/// The same people, apps and days in two tenants.
pub async fn history_of_one_tenant_is_nothing_to_another(home: &mut dyn Home) {
    let ledger = four_people(home).await;
    let other = Ledger::found(home.store(), "other").await;
    other.people_and_apps(&[1, 2], &["crm"]).await;
    other.assign(2, None, None, START_MS).await;
    ledger.open(1, "crm", START_MS).await;
    other.open(2, "crm", START_MS - DAY_MS).await;
    assert_eq!(other.people(ALL, Window::Day, TODAY).await, 0);
    assert_eq!(other.people((None, Some("wiki")), Window::Month, TODAY).await, 0);
    assert_eq!(other.dates_of(1, ALL, 2024).await, [""; 0]);
    assert_eq!(ledger.people(ALL, Window::Month, TODAY).await, 1);
    assert_eq!(ledger.dates_of(2, ALL, 2024).await, [""; 0]);
}
