//! Figures stay right while somebody works who knows nothing of the tallies, and nobody waits for them.

use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS},
};
use usher_seats::{Day, DaySpan, Window, idle::DAY_MS};
use usher_store::{ActivePeopleQuery, HistoryScope, InstanceName, InstanceWord};
use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

/// A year after the beginning.
const NOW_MS: i64 = START_MS + 365 * DAY_MS;

/// Three people with platform seats, of whom the first came lately; all of them counted.
async fn three_people(home: &PostgresHome) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm"]).await;
    for user in 1..=3 {
        ledger.assign(user, None, None, START_MS).await;
    }
    ledger.open(1, "crm", NOW_MS - DAY_MS).await;
    ledger.store.tend(NOW_MS).await.unwrap();
    ledger
}

/// Held, used within a week, never used.
async fn figures(ledger: &Ledger) -> (u64, u64, u64) {
    let overview = ledger.overview(NOW_MS).await;
    let seats = overview.pools[0].seats;
    (seats.held, seats.used[1], seats.never_used)
}

async fn trusted(client: &tokio_postgres::Client) -> bool {
    let row = client.query_one("SELECT trusted FROM tally_standing", &[]).await;
    row.unwrap().get(0)
}

async fn counted_seats(client: &tokio_postgres::Client) -> i64 {
    let statement = "SELECT coalesce(sum(seats), 0)::int8 FROM seat_tallies JOIN tally_standing USING (generation) WHERE mark = 1";
    client.query_one(statement, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn what_an_older_instance_does_is_in_the_figures_at_once_and_in_the_tallies_when_it_is_gone() {
    let home = PostgresHome::new().await;
    let ledger = three_people(&home).await;
    let client = Server::shared().connect(home.database()).await;
    assert!(trusted(&client).await);
    assert_eq!(counted_seats(&client).await, 3);
    assert_eq!(figures(&ledger).await, (3, 1, 2));
    let name: InstanceName = "newer".parse().unwrap();
    let word = InstanceWord {
        watermark_ms: NOW_MS,
        may_spool: false,
    };
    ledger.store.enter(name, word, NOW_MS).await.unwrap();
    ledger.store.say(word, NOW_MS).await.unwrap();
    assert!(trusted(&client).await, "an instance of this version is believed");
    // As the version before enters, lets somebody in, and removes somebody.
    client
        .batch_execute(&format!(
            "INSERT INTO instances (tenant_id, name, term, since_ms, heard_at_ms, watermark_ms, may_spool)
             VALUES (0, 'older', 7, {NOW_MS}, {NOW_MS}, {NOW_MS}, FALSE);
             INSERT INTO activity SELECT tenant_id, 0, 2, 'crm', {NOW_MS}, 0 FROM tenants;
             DELETE FROM seats WHERE user_id = 3"
        ))
        .await
        .unwrap();
    assert!(!trusted(&client).await);
    assert_eq!(figures(&ledger).await, (2, 2, 0));
    ledger.store.tend(NOW_MS).await.unwrap();
    assert!(!trusted(&client).await, "for as long as it is there");
    assert_eq!(figures(&ledger).await, (2, 2, 0));
    client
        .batch_execute("DELETE FROM instances WHERE name = 'older'")
        .await
        .unwrap();
    ledger.store.tend(NOW_MS).await.unwrap();
    assert!(trusted(&client).await);
    assert_eq!(counted_seats(&client).await, 2);
    assert_eq!(figures(&ledger).await, (2, 2, 0));
}

#[tokio::test]
async fn nobody_waits_for_somebody_who_holds_a_seat_for_long() {
    let home = PostgresHome::new().await;
    let ledger = three_people(&home).await;
    let mut client = Server::shared().connect(home.database()).await;
    let holding = client.transaction().await.unwrap();
    holding
        .batch_execute("UPDATE seats SET protected_reason = 'kept' WHERE user_id = 1")
        .await
        .unwrap();
    // The holder of the seat is let in, and others too; counting leaves them for later.
    for user in 1..=3 {
        ledger.open(user, "crm", NOW_MS).await;
    }
    assert_eq!(figures(&ledger).await, (3, 3, 0));
    ledger.store.tend(NOW_MS).await.unwrap();
    assert_eq!(figures(&ledger).await, (3, 3, 0));
    holding.commit().await.unwrap();
    ledger.store.tend(NOW_MS).await.unwrap();
    assert_eq!(figures(&ledger).await, (3, 3, 0));
    let fresh = "SELECT count(*) FROM fresh_uses";
    let left: i64 = client.query_one(fresh, &[]).await.unwrap().get(0);
    assert_eq!(left, 0, "everybody is counted");
    assert_eq!(counted_seats(&client).await, 3);
}

/// People on each of the last ten days.
async fn people_of_days(ledger: &Ledger, app: Option<&str>) -> Vec<u64> {
    let last = Day::in_utc(NOW_MS);
    let query = ActivePeopleQuery {
        scope: HistoryScope {
            tenant_id: ledger.tenant_id,
            seat_type: None,
            namespace: app.map(|app| app.parse().unwrap()),
        },
        window: Window::Day,
        days: DaySpan {
            first: last.plus(-9),
            last,
        },
    };
    let figures = ledger.store.active_people(query).await.unwrap();
    figures.into_iter().map(|figure| figure.people).collect()
}

#[tokio::test]
async fn a_figure_of_a_day_that_is_over_is_kept_until_somebody_is_noted_on_it_after_all() {
    let home = PostgresHome::new().await;
    let ledger = three_people(&home).await;
    ledger.people_and_apps(&[], &["wiki"]).await;
    ledger.open(1, "crm", NOW_MS - 5 * DAY_MS).await;
    let client = Server::shared().connect(home.database()).await;
    let kept = async || {
        let statement = "SELECT count(people) FROM active_people_of_days WHERE namespace = ''";
        client.query_one(statement, &[]).await.unwrap().get::<_, i64>(0)
    };
    assert_eq!(
        people_of_days(&ledger, None).await,
        [0, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    );
    assert_eq!(kept().await, 8);
    assert_eq!(people_of_days(&ledger, Some("wiki")).await, [0; 10]);
    // Kept ones are believed: what nobody of Usher writes does not show.
    client
        .batch_execute("UPDATE active_people_of_days SET people = 7 WHERE namespace = '' AND people = 1")
        .await
        .unwrap();
    assert_eq!(
        people_of_days(&ledger, None).await,
        [0, 0, 0, 0, 7, 0, 0, 0, 1, 0]
    );
    ledger.open(2, "wiki", NOW_MS - 5 * DAY_MS).await;
    ledger.open(2, "wiki", NOW_MS - 7 * DAY_MS).await;
    assert_eq!(kept().await, 6);
    assert_eq!(
        people_of_days(&ledger, None).await,
        [0, 0, 1, 0, 2, 0, 0, 0, 1, 0]
    );
    assert_eq!(
        people_of_days(&ledger, Some("wiki")).await,
        [0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        people_of_days(&ledger, Some("crm")).await,
        [0, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    );
    assert_eq!(kept().await, 8);
}
