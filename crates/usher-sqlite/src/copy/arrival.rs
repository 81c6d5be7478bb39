//! Writing a section, and making what this engine keeps beside it.

use rusqlite::{
    Connection, params_from_iter,
    types::{FromSql, ValueRef},
};
use usher_seats::TenantId;
use usher_store::{
    PoolName, SeatName,
    portable::{Row, SECTIONS, Section, Value},
};

use super::{active_days, page::stored};
use crate::{
    idle,
    numbers::{SeatNamespace, StoredSeatType, StoredUserId},
    search_keys::{self, Called},
};

/// Writes a page of a section.
pub(super) fn write(connection: &Connection, section: &Section, rows: &[Row]) -> rusqlite::Result<()> {
    match section.name {
        "active_days" => active_days::arrive(connection, rows),
        "waiting_tickets" => tickets(connection, rows),
        _ => insert(connection, section, rows),
    }
}

/// What a table has beyond its section, and what stands there in the beginning.
fn beside(section: &Section) -> (&'static str, &'static str) {
    match section.name {
        "users" => (
            ", person_number",
            ", (SELECT people_numbered FROM tenants WHERE tenant_id = ?1)",
        ),
        _ => ("", ""),
    }
}

/// What is written for a column.
fn expression(section: &Section, name: &str, place: usize) -> String {
    match (section.name, name) {
        ("tokens", "tenant_id") => format!("nullif(?{place}, 0)"),
        _ => format!("?{place}"),
    }
}

fn insert(connection: &Connection, section: &Section, rows: &[Row]) -> rusqlite::Result<()> {
    let names: Vec<_> = section.columns.iter().map(|column| column.name).collect();
    let values: Vec<_> = (1..)
        .zip(&names)
        .map(|(place, name)| expression(section, name, place))
        .collect();
    let (more_names, more_values) = beside(section);
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO {} ({}{more_names}) VALUES ({}{more_values})",
        section.name,
        names.join(", "),
        values.join(", ")
    ))?;
    for row in rows {
        statement.execute(params_from_iter(row.iter().map(stored)))?;
        match section.name {
            "users" => {
                number_is_given(connection, row)?;
                is_found(connection, section, row)?;
            }
            "seats" => idle::refresh(connection, &seat(row)?)?,
            _ => {}
        }
    }
    Ok(())
}

fn number_is_given(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE tenants SET people_numbered = people_numbered + 1 WHERE tenant_id = ?1")?
        .execute([row.first().and_then(Value::integer)])
        .map(|_| ())
}

/// Keeps a person under the keys by which somebody who types finds them.
fn is_found(connection: &Connection, section: &Section, row: &Row) -> rusqlite::Result<()> {
    let columns = section.columns.iter().map(|column| column.name);
    let fields = || columns.clone().zip(row);
    let field = |name: &str| {
        fields()
            .find(|(column, _)| *column == name)
            .map(|(_, value)| value)
    };
    let text = |name| match field(name) {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let number = |name| field(name).and_then(Value::integer).unwrap_or_default();
    let StoredUserId(user_id) = FromSql::column_result(ValueRef::Integer(number("user_id")))?;
    let called = Called {
        name: text("name").unwrap_or_default(),
        external_id: text("external_id"),
    };
    search_keys::keep(
        connection,
        (TenantId(number("tenant_id")), user_id),
        None,
        Some(called),
    )
}

/// The name of the seat of a row.
fn seat(row: &Row) -> rusqlite::Result<SeatName> {
    use rusqlite::types::{FromSqlError, Value as Stored};
    let field = |place: usize| -> Stored { row.get(place).map_or(Stored::Null, stored) };
    let StoredSeatType(seat_type) = FromSql::column_result((&field(1)).into())?;
    let StoredUserId(user_id) = FromSql::column_result((&field(2)).into())?;
    let SeatNamespace(namespace) = FromSql::column_result((&field(3)).into())?;
    let tenant_id = row.first().and_then(Value::integer);
    Ok(SeatName {
        pool: PoolName {
            tenant_id: TenantId(tenant_id.ok_or(FromSqlError::InvalidType)?),
            seat_type,
            namespace,
        },
        user_id,
    })
}

/// The next ticket is larger than every one that was ever given, also to people who wait no longer.
fn tickets(connection: &Connection, rows: &[Row]) -> rusqlite::Result<()> {
    for row in rows {
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'waiting_places'", [])?;
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('waiting_places', ?1)",
            params_from_iter(row.iter().map(stored)),
        )?;
    }
    Ok(())
}

/// Takes out everything that belongs to a ledger.
pub(super) fn empty(connection: &Connection) -> rusqlite::Result<()> {
    for section in SECTIONS.iter().rev() {
        match section.name {
            "waiting_tickets" => {
                connection.execute("DELETE FROM sqlite_sequence WHERE name = 'waiting_places'", [])?;
            }
            table => {
                connection.execute(&format!("DELETE FROM {table}"), [])?;
            }
        }
    }
    for table in [
        "departed_people",
        "journal_even",
        "journal_odd",
        "user_search_keys",
    ] {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}
