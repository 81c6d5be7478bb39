//! What pages of the console cost: as many rows are read among two hundred thousand seats as among fifty thousand.
//!
//! Rows are those that PostgreSQL itself says it has read, from indexes and from tables; each question has connections of its
//! own, because a server tells what a connection has read when that has ended. Seats are made by SQL, because this is
//! about reading, and are then counted as any others are.

use std::collections::BTreeMap;

use usher_conformance::ledger::{Ledger, START_MS};
use usher_postgres::PostgresStore;
use usher_seats::{
    Day, DaySpan, IdlePolicy, IdleVerdict, SeatType, TenantId, UserId, Window, idle::DAY_MS,
    search::SearchText,
};
use usher_store::{
    ActivePeopleQuery, HistoryScope, IdleKey, IdleOrder, IdleQuery, KeptQuery, OverviewQuery, PoolName,
    Reports, Store, UserSearch, overview::OVERVIEW_ROWS_MAX,
};
use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

/// Seats of the small organisation and of the large one.
const SEATS: [i64; 2] = [50_000, 200_000];
/// How much more rows the large one may take: a few days that no seat of the small one has, and neighbours that a filter passes.
const FACTOR_MAX: f64 = 1.5;
/// Rows that a question may take whatever the size: a page looks at 2,000 seats at most, and at as many of a group, each with
/// a few look-ups; and where a group has a third of a small organisation, the server may read the group once.
const ROWS_MAX: i64 = 45_000;
/// Rows that make no difference.
const ROWS_FEW: i64 = 500;
/// When the reports are read, the first moment of a day of UTC.
const NOW_MS: i64 = START_MS - START_MS % DAY_MS + 2_000 * DAY_MS;

/// Two thirds platform seats, one third app seats of ten apps. Every tenth was never used, the others were used last on any of a
/// thousand days. Every second person is in the large group, three hundred are in the small one; some are on leave, and
/// some seats ran out.
fn organisation(tenant_id: TenantId, seats: i64) -> String {
    let people = seats * 2 / 3;
    let TenantId(tenant) = tenant_id;
    format!(
        "CREATE TEMP TABLE people AS
           SELECT n, {NOW_MS}::int8 - 1500::int8 * {DAY_MS} AS assigned,
                  CASE WHEN n % 10 <> 5 THEN {NOW_MS}::int8 - (n * 7919 % 1000) * {DAY_MS} - n % 1000 END AS last
           FROM generate_series(1::int8, {people}) AS n;
         INSERT INTO apps (tenant_id, namespace, name, enabled)
           SELECT {tenant}, 'app-' || n, 'App', TRUE FROM generate_series(0, 9) AS n;
         INSERT INTO users SELECT {tenant}, n, 'person ' || n, NULL, TRUE, FALSE FROM people;
         INSERT INTO user_search_keys SELECT {tenant}, 'person ' || n, n FROM people;
         INSERT INTO user_search_keys SELECT {tenant}, n::text, n FROM people;
         INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms)
           SELECT {tenant}, 0, n, '', TRUE, assigned FROM people
           UNION ALL
           SELECT {tenant}, 1, n, 'app-' || (n / 2 % 10), TRUE, assigned FROM people WHERE n % 2 = 1;
         INSERT INTO activity
           SELECT {tenant}, 0, n, 'app-1', last, 0 FROM people WHERE last IS NOT NULL
           UNION ALL
           SELECT {tenant}, 1, n, 'app-' || (n / 2 % 10), last, 0 FROM people WHERE n % 2 = 1 AND last IS NOT NULL;
         INSERT INTO active_days
           SELECT tenant_id, seat_type, namespace, (active_time_ms / {DAY_MS})::int4, user_id FROM activity;
         UPDATE seats SET expires_at_ms = {NOW_MS} - 5 WHERE tenant_id = {tenant} AND user_id BETWEEN 20 AND 40;
         UPDATE seats SET held = FALSE, released_at_ms = {NOW_MS} - 5, kept_until_ms = {NOW_MS} + {DAY_MS}
           WHERE tenant_id = {tenant} AND user_id BETWEEN 50 AND 90;
         INSERT INTO leaves SELECT {tenant}, n, {NOW_MS}::int8 - 50::int8 * {DAY_MS}, {NOW_MS}::int8 - 20::int8 * {DAY_MS} FROM people
           WHERE n BETWEEN 100 AND 400;
         INSERT INTO groups VALUES ({tenant}, 'large', 'Large'), ({tenant}, 'small', 'Small');
         INSERT INTO group_members SELECT {tenant}, 'large', n FROM people WHERE n % 2 = 1;
         INSERT INTO group_members SELECT {tenant}, 'small', n FROM people WHERE n <= 300;
         INSERT INTO pools (tenant_id, seat_type, namespace, bought, held)
           SELECT {tenant}, seat_type, namespace, 2000000, count(*) FROM seats WHERE held GROUP BY 1, 2, 3;
         DROP TABLE people"
    )
}

fn question(tenant_id: TenantId) -> IdleQuery {
    IdleQuery {
        tenant_id,
        now_ms: NOW_MS,
        policy: IdlePolicy::default(),
        idle_days_min: 90,
        never_used: false,
        seat_type: Some(SeatType::PerUser),
        namespace: None,
        group_key: None,
        user_id: None,
        verdicts: Vec::new(),
        order: IdleOrder::LongestIdleFirst,
        after: None,
        rows_max: 100,
    }
}

/// In the middle of the organisation, in the middle of the day on which all seats were given.
fn middle(seats: i64) -> IdleKey {
    IdleKey {
        idle_since_day: Day::in_utc(NOW_MS - 1_500 * DAY_MS),
        user_id: UserId::new(seats / 3 / 10 * 10).unwrap(),
        namespace: None,
    }
}

/// The lists of seats that the console asks for.
fn lists(tenant_id: TenantId, seats: i64) -> BTreeMap<&'static str, IdleQuery> {
    let idle = || question(tenant_id);
    let by_user = || IdleQuery {
        order: IdleOrder::User,
        ..idle()
    };
    let any_kind = |query: IdleQuery| IdleQuery {
        seat_type: None,
        ..query
    };
    let of_app = |query: IdleQuery| IdleQuery {
        namespace: Some("app-3".parse().unwrap()),
        ..any_kind(query)
    };
    let of_group = |name: &str, query: IdleQuery| IdleQuery {
        group_key: Some(name.parse().unwrap()),
        ..query
    };
    let deep = |query: IdleQuery| IdleQuery {
        after: Some(middle(seats)),
        ..query
    };
    let never_used = |query: IdleQuery| IdleQuery {
        never_used: true,
        ..query
    };
    let judged = |verdict: IdleVerdict, query: IdleQuery| IdleQuery {
        verdicts: vec![verdict],
        ..query
    };
    let person = |query: IdleQuery| IdleQuery {
        user_id: Some(middle(seats).user_id),
        ..query
    };
    BTreeMap::from([
        ("longest idle", idle()),
        ("longest idle, any kind", any_kind(idle())),
        ("longest idle, deep", deep(idle())),
        ("never used", never_used(any_kind(idle()))),
        ("never used, deep", deep(never_used(idle()))),
        ("of an app", of_app(idle())),
        ("of an app, never used", of_app(never_used(idle()))),
        ("by user", any_kind(by_user())),
        ("by user, deep", deep(any_kind(by_user()))),
        ("by user, of an app", of_app(by_user())),
        ("of one person", person(by_user())),
        ("of one person, longest idle", person(any_kind(idle()))),
        ("by user, of the large group", of_group("large", by_user())),
        (
            "by user, of the large group, deep",
            deep(of_group("large", by_user())),
        ),
        ("longest idle, of the large group", of_group("large", idle())),
        ("longest idle, of the small group", of_group("small", idle())),
        ("idle ones", judged(IdleVerdict::Idle, any_kind(idle()))),
        ("redundant ones", judged(IdleVerdict::Redundant, any_kind(idle()))),
        ("what nobody has", judged(IdleVerdict::Protected, by_user())),
    ])
}

async fn store(database: &str) -> PostgresStore {
    let options = usher_postgres::PostgresOptions {
        connections_max: 2,
        clock: usher_postgres::SharedClock::Caller,
        ..usher_postgres::PostgresOptions::default()
    };
    let address = Server::shared().address(database);
    PostgresStore::open(&address, &options).await.unwrap()
}

/// Rows that all connections that have ended have read.
async fn rows_read(database: &str) -> i64 {
    Server::shared().until_nobody_is_in(database).await;
    let client = Server::shared().connect(database).await;
    let row = client
        .query_one(
            "SELECT ((SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables)
                     + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes))::int8",
            &[],
        )
        .await
        .unwrap();
    row.get(0)
}

/// Rows that a question takes, without those of beginning and ending.
async fn cost(database: &str, question: impl AsyncFn(&PostgresStore)) -> i64 {
    let mut read = Vec::new();
    let mut before = rows_read(database).await;
    for times in [0, 1] {
        let store = store(database).await;
        for _ in 0..times {
            question(&store).await;
        }
        store.close().await;
        drop(store);
        let after = rows_read(database).await;
        read.push(after - before);
        before = after;
    }
    read[1] - read[0]
}

/// What the people of each of ninety days cost.
async fn ninety_days(database: &str, tenant_id: TenantId) -> i64 {
    let last = Day::in_utc(NOW_MS);
    let query = ActivePeopleQuery {
        scope: HistoryScope {
            tenant_id,
            seat_type: None,
            namespace: None,
        },
        window: Window::Day,
        days: DaySpan {
            first: last.plus(-89),
            last,
        },
    };
    cost(database, async |store| {
        let figures = store.active_people(query.clone()).await.unwrap();
        assert!(figures[40].people > 0);
    })
    .await
}

/// What the page of a pool costs, with whom it is kept for.
async fn page_of_a_pool(database: &str, tenant_id: TenantId) -> i64 {
    let pool = PoolName {
        tenant_id,
        seat_type: SeatType::PerUser,
        namespace: None,
    };
    cost(database, async |store| {
        store.pool(pool.clone(), NOW_MS).await.unwrap().unwrap();
        store.waiting(pool.clone(), None, 50).await.unwrap();
        let kept = KeptQuery {
            pool: pool.clone(),
            now_ms: NOW_MS,
            after: None,
            rows_max: 50,
        };
        assert_eq!(store.kept_seats(kept).await.unwrap().len(), 41);
    })
    .await
}

/// Every question, with the rows that it took.
async fn costs(seats: i64) -> Vec<(String, i64)> {
    let database = PostgresHome::database_of_its_own().await;
    let maker = std::sync::Arc::new(store(&database).await);
    let tenant_id = Ledger::found(maker.clone(), "acme").await.tenant_id;
    let client = Server::shared().connect(&database).await;
    client
        .batch_execute(&organisation(tenant_id, seats))
        .await
        .unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    maker.tend(NOW_MS).await.unwrap();
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    drop(client);
    maker.close().await;
    drop(maker);
    let mut costs = Vec::new();
    let overview = cost(&database, async |store| {
        let query = OverviewQuery {
            tenant_id,
            now_ms: NOW_MS,
            policy: IdlePolicy::default(),
            after: None,
            rows_max: OVERVIEW_ROWS_MAX,
        };
        let overview = store.overview(query).await.unwrap();
        assert_eq!(overview.pools.len(), 11);
        assert!(overview.pools[0].seats.used[3] > 0);
    });
    costs.push(("overview".to_owned(), overview.await));
    // The first question counts what the following ones find kept.
    ninety_days(&database, tenant_id).await;
    costs.push((
        "people of ninety days".to_owned(),
        ninety_days(&database, tenant_id).await,
    ));
    for (name, query) in lists(tenant_id, seats) {
        let rows = cost(&database, async |store| {
            store.idle_seats(query.clone()).await.unwrap();
        });
        costs.push((name.to_owned(), rows.await));
    }
    for text in ["person 6001", "6001", "p"] {
        let search = UserSearch {
            tenant_id,
            text: SearchText::parse(text).unwrap(),
            after: None,
            rows_max: 50,
        };
        let rows = cost(&database, async |store| {
            store.users_matching(search.clone()).await.unwrap();
        });
        costs.push((format!("people called {text}"), rows.await));
    }
    costs.push(("a pool".to_owned(), page_of_a_pool(&database, tenant_id).await));
    costs
}

#[tokio::test]
async fn a_page_costs_the_same_among_fifty_thousand_seats_and_among_two_hundred_thousand() {
    let small = costs(SEATS[0]).await;
    let large = costs(SEATS[1]).await;
    let mut wrong = Vec::new();
    for ((name, few), (_, many)) in small.into_iter().zip(large) {
        println!("{name}: {few} rows, {many} among four times the seats");
        let factor = many as f64 / few.max(1) as f64;
        if few <= 0 || few.max(many) > ROWS_MAX || (factor > FACTOR_MAX && many > ROWS_FEW) {
            wrong.push((name, few, many));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
