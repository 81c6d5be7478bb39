//! A ledger that has something of everything, with values at the edges of what may be there.

use std::collections::BTreeMap;

use usher_conformance::ledger::{Ledger, START_MS, user_id};
use usher_store::{
    LedgerChange, PoolName, SeatName,
    portable::{Column, Kind, Mark, Row, SECTIONS, Section, Source, Target, Value},
};

/// The largest number of a tenant here.
pub(crate) const TENANTS_MAX: i64 = 9;
/// The last ticket that was given here; nobody waits with it any more.
pub(crate) const LAST_TICKET: i64 = 4_711;
/// People in a crowd: some pages of them.
const CROWD: i64 = 20_000;

const LARGEST_USER_ID: i64 = 9_007_199_254_740_991;
const USERS: [i64; 3] = [1, 70_000, LARGEST_USER_ID];
const TENANTS: [i64; 3] = [1, 2, TENANTS_MAX];
const APPS: [&str; 3] = ["package_35f605__c", "Zeta", "alpha-1"];
const GROUPS: [&str; 3] = ["sales", "Support", "z"];
/// Somebody who is in the directory no more, and in history only.
const DEPARTED: i64 = 4_242;

/// Writes the sample into an empty house.
pub(crate) async fn fill(target: &mut dyn Target) {
    let mark = mark();
    target.begin(&mark).await.unwrap();
    for section in SECTIONS {
        let rows = (0..3).filter_map(|number| row(section, number)).collect();
        target.write(section, rows, &mark).await.unwrap();
    }
    target.finish().await.unwrap();
}

/// Adds a crowd, so that some sections have several pages, and its history.
pub(crate) async fn crowd(target: &mut dyn Target) {
    let mark = mark();
    let person = |number: i64| 1_000_000 + number * 7;
    let rows_of = |section: &'static str| -> Vec<Row> {
        let section = Section::named(section).unwrap();
        let one = |number: i64| {
            let mut row = row(section, 0).unwrap();
            row[section.place_of("user_id").unwrap()] = Value::Integer(person(number));
            if let Some(place) = section.place_of("external_id") {
                row[place] = Value::Text(format!("person-{number}"));
            }
            row
        };
        (0..CROWD).map(one).collect()
    };
    for section in ["users", "activity", "active_days"] {
        target
            .write(Section::named(section).unwrap(), rows_of(section), &mark)
            .await
            .unwrap();
    }
    target.finish().await.unwrap();
}

/// Every row of every section, in one order for all engines.
pub(crate) async fn content(house: &mut dyn Source) -> BTreeMap<&'static str, Vec<Row>> {
    let mut content = BTreeMap::new();
    for section in SECTIONS {
        let slice = house.read(section, None).await.unwrap();
        let mut rows = slice.rows;
        rows.sort();
        content.insert(section.name, rows);
    }
    content
}

/// Lets somebody wait for a seat, and tells their ticket.
pub(crate) async fn wait_for_a_seat(ledger: &Ledger) -> i64 {
    let pool = PoolName::parse(ledger.tenant_id, "per_user").unwrap();
    let set = LedgerChange::PutPool {
        pool: pool.clone(),
        bought: Some(0),
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: false,
    };
    ledger.change(set.into(), START_MS).await.unwrap();
    let wait = LedgerChange::RequestSeat {
        seat: SeatName {
            pool: pool.clone(),
            user_id: user_id(1),
        },
        expires_at_ms: None,
        wait: true,
    };
    ledger.change(wait.into(), START_MS).await.unwrap();
    ledger.store.waiting(pool, None, 10).await.unwrap()[0].ticket
}

fn mark() -> Mark {
    Mark {
        source: "a test".to_owned(),
        standing: String::new(),
        section: String::new(),
        place: None,
    }
}

fn of<T: Copy>(values: [T; 3], number: usize) -> T {
    values[number]
}

fn row(section: &'static Section, number: usize) -> Option<Row> {
    if section.name == "waiting_tickets" {
        return (number == 0).then(|| vec![Value::Integer(LAST_TICKET)]);
    }
    Some(
        section
            .columns
            .iter()
            .map(|column| value(section.name, column, number))
            .collect(),
    )
}

/// A value that fits its column and what else is in the sample.
fn value(section: &str, column: &Column, number: usize) -> Value {
    let place = i64::try_from(number).unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    match (section, column.name) {
        ("tokens", "tenant_id") => Value::Integer(of([0, 1, 2], number)),
        ("audit_records" | "audit_heads" | "kept_answers", "tenant_id") => {
            Value::Integer(of([0, 1, TENANTS_MAX], number))
        }
        (_, "tenant_id") => Value::Integer(of(TENANTS, number)),
        ("active_days", "user_id") => Value::Integer(of([1, DEPARTED, LARGEST_USER_ID], number)),
        (_, "user_id") => Value::Integer(of(USERS, number)),
        ("identity_providers", "client_id") => text("of another"),
        (_, "client_id") => text(of(["cli_0", "cli_a1b2", "cli_zz"], number)),
        (_, "seat_type") => Value::Integer(of([0, 1, 1], number)),
        ("seats" | "pools" | "waiting_places" | "standing_assignments", "namespace") => {
            text(of(["", APPS[1], APPS[2]], number))
        }
        (_, "namespace") => text(of(APPS, number)),
        (_, "group_key") => text(of(GROUPS, number)),
        (_, "time_zone") => text(of(["UTC", "Asia/Shanghai", "America/Phoenix"], number)),
        (_, "tenant_key") => text(of(["acme", "Beta", "c-3"], number)),
        (_, "names") => text(of(["{}", r#"{"zh-CN":"客户"}"#, "{}"], number)),
        ("clients", "kind") => text(of(["self_built", "store", "store"], number)),
        ("tokens", "kind") => text(of(["operator", "service", "user"], number)),
        (_, "purpose") => text("choose_password"),
        ("authorization_codes", "challenge") if number < 2 => Value::Nothing,
        ("authorization_codes", "challenge_method") => match number {
            0 | 1 => Value::Nothing,
            _ => text("S256"),
        },
        (_, "results") => text("[]"),
        (_, "sequence") => Value::Integer(1),
        (_, "history_days") if number == 1 => Value::Nothing,
        (_, "history_days") => Value::Integer(400),
        (_, "external_id") if number == 1 => Value::Nothing,
        (_, "external_id") => text("a.person@example.com"),
        (_, "day") => Value::Integer(of([0, 19_907, 20_000], number)),
        (_, "active_time_ms" | "assigned_at_ms") => Value::Integer(START_MS + place),
        (_, "from_ms") => Value::Integer(START_MS),
        (_, "until_ms") => Value::Integer(START_MS + 1 + place),
        (_, "ticket") => Value::Integer(place * 100 + 1),
        (_, "hash") | (_, "secret_hash") => Value::Bytes(vec![u8::try_from(number).unwrap(); 32]),
        _ if column.optional && number == 1 => Value::Nothing,
        _ => at_the_edge(column, number),
    }
}

fn at_the_edge(column: &Column, number: usize) -> Value {
    match column.kind {
        Kind::Integer if column.name.ends_with("_ms") => {
            Value::Integer(of([0, 9_999_999_999_999, i64::MAX], number))
        }
        Kind::Integer => Value::Integer(of([0, 1, i64::MAX], number)),
        Kind::Boolean => Value::Boolean(number != 1),
        Kind::Text => {
            let texts = ["", "tab\tquote\" ' \\N \\ line\nend", "席位 🪑 \u{7f} é"];
            Value::Text(format!("{}{}", column.name, of(texts, number)))
        }
        Kind::Bytes => Value::Bytes(match number {
            0 => vec![0; 32],
            1 => (0..=31).collect(),
            _ => vec![0xff; 32],
        }),
    }
}
