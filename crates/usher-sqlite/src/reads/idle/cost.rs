//! What a page costs: the same in a small organisation and in one of a million seats.
//!
//! Work is counted in steps of SQLite's own machine, which are the same on every computer. Seats are made by SQL, because
//! a million of them through the ledger would take minutes and this is about reading.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::StatementStatus;
use usher_seats::{IdlePolicy, idle::DAY_MS};

use super::*;
use crate::file;

/// Seats of the small organisation and of the large one.
const SEATS: [i64; 2] = [10_000, 1_000_000];
/// How much more work the large one may cost. Pages hold the same rows and the walk is the same, so next to nothing:
/// what is left is how many neighbours a filter happens to pass over.
const FACTOR_MAX: f64 = 1.1;
/// When the reports are read: 2024-07-03 in UTC.
const NOW_MS: i64 = 1_720_000_000_000;
const TENANT: TenantId = TenantId(1);

/// Two thirds platform seats, one third app seats of ten apps. All were given on one day, as an import does it; every
/// tenth was never used, and the others were used last on any of a thousand days. Every second person is in the large group, and
/// three hundred are in the small one. Tallies are counted once at the end.
pub(in crate::reads) fn organisation(seats: i64, folder: &std::path::Path) -> Connection {
    let connection = file::open_for_writing(&folder.join("usher.db")).unwrap();
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    let people = seats * 2 / 3;
    let triggers = without_tallying(&connection);
    connection
        .execute_batch(&format!(
            "BEGIN;
             INSERT INTO tenants (tenant_id, tenant_key, name, enabled) VALUES (1, 'acme', 'Acme', 1);
             INSERT INTO groups VALUES (1, 'large', 'Large'), (1, 'small', 'Small');
             CREATE TEMP TABLE people AS
               WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {people})
               SELECT n, {NOW_MS} - 1500 * {DAY_MS} AS assigned,
                      CASE WHEN n % 10 = 5 THEN NULL
                           ELSE {NOW_MS} - (n * 7919 % 1000) * {DAY_MS} - n % 1000 END AS last
               FROM counted;
             INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator)
               SELECT 1, n, 'person ' || n, 1, 0 FROM people;
             INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, last_admitted_ms,
                                idle_since_ms)
               SELECT 1, 0, n, '', 1, assigned, last, coalesce(last, assigned) FROM people
               UNION ALL
               SELECT 1, 1, n, 'app-' || (n / 2 % 10), 1, assigned, last, coalesce(last, assigned)
               FROM people WHERE n % 2 = 1;
             INSERT INTO group_members SELECT 1, 'large', n FROM people WHERE n % 2 = 1;
             INSERT INTO group_members SELECT 1, 'small', n FROM people WHERE n <= 300;
             COMMIT;"
        ))
        .unwrap();
    connection
        .execute_batch(include_str!("../../../migrations/0014_fill_seat_tallies.sql"))
        .unwrap();
    connection.execute_batch(&triggers).unwrap();
    connection
}

/// Drops the triggers that count every seat by itself, and gives the text that makes them again.
fn without_tallying(connection: &Connection) -> String {
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'seats'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    for (name, _) in &triggers {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    triggers.into_iter().map(|(_, sql)| format!("{sql};")).collect()
}

fn question() -> IdleQuery {
    IdleQuery {
        tenant_id: TENANT,
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

fn questions(seats: i64) -> BTreeMap<&'static str, IdleQuery> {
    let by_user = IdleQuery {
        order: IdleOrder::User,
        ..question()
    };
    let app_seats = IdleQuery {
        seat_type: Some(SeatType::PerUserPerApp),
        ..question()
    };
    let of_group = |name: &str, query: IdleQuery| IdleQuery {
        group_key: Some(name.parse().unwrap()),
        ..query
    };
    let deep = |query: IdleQuery| IdleQuery {
        after: Some(middle(seats)),
        ..query
    };
    BTreeMap::from([
        ("longest idle, first page", question()),
        ("longest idle, deep page", deep(question())),
        (
            "never used, deep page",
            deep(IdleQuery {
                never_used: true,
                ..question()
            }),
        ),
        (
            "of an app, first page",
            IdleQuery {
                namespace: Some("app-3".parse().unwrap()),
                ..app_seats.clone()
            },
        ),
        ("by user, first page", by_user.clone()),
        ("by user, deep page", deep(by_user.clone())),
        (
            "of one person",
            IdleQuery {
                user_id: Some(middle(seats).user_id),
                ..by_user.clone()
            },
        ),
        ("by user, of the large group", of_group("large", by_user.clone())),
        ("longest idle, of the large group", of_group("large", question())),
        ("longest idle, of the small group", of_group("small", question())),
        (
            "redundant app seats",
            IdleQuery {
                verdicts: vec![usher_seats::IdleVerdict::Redundant],
                ..app_seats
            },
        ),
        (
            "what nobody has",
            IdleQuery {
                verdicts: vec![usher_seats::IdleVerdict::Protected],
                ..by_user
            },
        ),
    ])
}

/// Steps and rows of one page.
fn cost(connection: &Connection, query: &IdleQuery) -> (i64, usize) {
    let statements = BTreeSet::from([
        Walk::of(query).statement(),
        Walk::Members.statement(),
        super::super::leaves::LEAVES,
        IS_MEMBER,
        PLATFORM_SEAT,
        USER_NAME,
    ]);
    let steps = || {
        let of = |text| {
            let statement = connection.prepare_cached(text).unwrap();
            i64::from(statement.get_status(StatementStatus::VmStep))
        };
        statements.iter().copied().map(of).sum::<i64>()
    };
    let memory = Memory {
        overlay: &Overlay::default(),
        refusals: &Refusals::default(),
    };
    let before = steps();
    let Attempt::Page(page) = idle_seats(connection, memory, query).unwrap() else {
        panic!("nothing disturbs")
    };
    (steps() - before, page.rows.len())
}

#[test]
fn a_page_costs_the_same_among_ten_thousand_seats_and_among_a_million() {
    let costs = SEATS.map(|seats| {
        let folder = tempfile::tempdir().unwrap();
        let connection = organisation(seats, folder.path());
        let costs = questions(seats)
            .into_iter()
            .map(|(name, query)| (name, cost(&connection, &query)));
        costs.collect::<Vec<_>>()
    });
    let [small, large] = costs;
    for ((name, (small_steps, small_rows)), (_, (large_steps, large_rows))) in small.into_iter().zip(large) {
        println!("{name}: {small_steps} steps for {small_rows} rows, {large_steps} for {large_rows}");
        assert!(small_steps > 0, "{name}");
        let factor = large_steps as f64 / small_steps as f64;
        assert!(factor <= FACTOR_MAX, "{name}: {factor} times the work");
    }
}

#[test]
fn every_walk_goes_along_an_index_and_sorts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let connection = organisation(1_000, folder.path());
    for walk in [
        Walk::Idle,
        Walk::NeverUsed,
        Walk::IdleOfApp,
        Walk::ByUser,
        Walk::Members,
    ] {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {}", walk.statement()))
            .unwrap();
        let mut plan = String::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            plan.push_str(&row.get::<_, String>(3).unwrap());
            plan.push('\n');
        }
        assert!(!plan.contains("TEMP B-TREE"), "{walk:?}:\n{plan}");
        assert!(!plan.contains("SCAN"), "{walk:?}:\n{plan}");
    }
}
