//! Reading a section page by page, in the order of a key of its table, so that a page costs the same wherever it lies.

use rusqlite::{
    Connection, params_from_iter,
    types::{FromSqlError, Value as Stored, ValueRef},
};
use usher_store::portable::{Column, Kind, Place, Section, Slice, Value};

use super::active_days::{self, People};

/// The page of a section that begins after a place.
pub(super) fn read(
    connection: &Connection,
    section: &'static Section,
    from: Option<&Place>,
    people: &mut People,
) -> rusqlite::Result<Slice> {
    match section.name {
        "active_days" => active_days::page(connection, section, from, people),
        _ => rows(connection, section, from),
    }
}

/// How many rows a section has.
pub(super) fn count(connection: &Connection, section: &'static Section) -> rusqlite::Result<u64> {
    match section.name {
        "active_days" => active_days::count(connection),
        _ => connection
            .query_row(&format!("SELECT count(*) FROM {}", table(section)), [], |row| {
                row.get::<_, i64>(0)
            })
            .map(i64::unsigned_abs),
    }
}

/// The table of a section, or what stands for one.
fn table(section: &Section) -> &'static str {
    match section.name {
        "waiting_tickets" => "(SELECT seq FROM sqlite_sequence WHERE name = 'waiting_places' AND seq > 0)",
        name => name,
    }
}

/// The columns of the key by which a section is read. This engine finds some things by their hash alone, and its key says so.
pub(super) fn order(section: &'static Section) -> Vec<&'static str> {
    let own = match section.name {
        "tokens" | "refresh_tokens" => "token_hash",
        "sessions" => "session_hash",
        "links" => "link_hash",
        "authorization_codes" => "code_hash",
        "kept_answers" => "key_hash",
        _ => return section.key_columns().map(|column| column.name).collect(),
    };
    vec![own]
}

/// How a column is read.
fn expression(section: &Section, column: &'static Column) -> &'static str {
    match (section.name, column.name) {
        ("waiting_tickets", _) => "seq",
        // No tenant is NULL here.
        ("tokens", "tenant_id") => "coalesce(tenant_id, 0)",
        (_, name) => name,
    }
}

fn rows(connection: &Connection, section: &'static Section, from: Option<&Place>) -> rusqlite::Result<Slice> {
    let order = order(section);
    let columns: Vec<_> = section
        .columns
        .iter()
        .map(|column| expression(section, column))
        .collect();
    let by: Vec<_> = order
        .iter()
        .map(|name| {
            if table(section).starts_with('(') {
                "seq"
            } else {
                name
            }
        })
        .collect();
    let condition = match from {
        Some(_) => format!("WHERE ({}) > ({})", by.join(", "), vec!["?"; by.len()].join(", ")),
        None => String::new(),
    };
    let statement = format!(
        "SELECT {} FROM {} {condition} ORDER BY {} LIMIT {}",
        columns.join(", "),
        table(section),
        by.join(", "),
        section.rows_per_page
    );
    let values = from.map(|place| place.0.iter().map(stored).collect());
    let mut statement = connection.prepare_cached(&statement)?;
    let mut found = statement.query(params_from_iter::<Vec<Stored>>(values.unwrap_or_default()))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let fields = section.columns.iter().enumerate();
        let fields = fields.map(|(place, column)| Ok(value(row.get_ref(place)?, column)?));
        rows.push(fields.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(Slice {
        next: next(section, &order, &rows),
        rows,
    })
}

/// Where the page after these rows begins; none after a page that is not full.
fn next(section: &'static Section, order: &[&str], rows: &[Vec<Value>]) -> Option<Place> {
    if rows.len() < section.rows_per_page {
        return None;
    }
    let last = rows.last()?;
    let key = order
        .iter()
        .map(|name| section.place_of(name).and_then(|place| last.get(place)).cloned());
    key.collect::<Option<_>>().map(Place)
}

fn value(found: ValueRef<'_>, column: &Column) -> Result<Value, FromSqlError> {
    match (found, column.kind) {
        (ValueRef::Null, _) if column.optional => Ok(Value::Nothing),
        (ValueRef::Integer(number), Kind::Integer) => Ok(Value::Integer(number)),
        (ValueRef::Integer(number), Kind::Boolean) => Ok(Value::Boolean(number != 0)),
        (ValueRef::Text(_), Kind::Text) => Ok(Value::Text(found.as_str()?.to_owned())),
        (ValueRef::Blob(bytes), Kind::Bytes) => Ok(Value::Bytes(bytes.to_owned())),
        _ => Err(FromSqlError::InvalidType),
    }
}

/// A value as this engine writes it.
pub(super) fn stored(value: &Value) -> Stored {
    match value {
        Value::Nothing => Stored::Null,
        Value::Integer(number) => Stored::Integer(*number),
        Value::Boolean(yes) => Stored::Integer(i64::from(*yes)),
        Value::Text(text) => Stored::Text(text.clone()),
        Value::Bytes(bytes) => Stored::Blob(bytes.clone()),
    }
}
