//! Reading a section page by page, in the order of its table's key, so that a page costs the same wherever it lies.

use tokio_postgres::types::ToSql;
use usher_store::portable::{Column, Kind, Place, Section, Slice, Value};

use super::field::{self, Field};
use crate::{
    numbers::Count,
    sql::{Answered, Listed, Sql},
};

/// The table of a section, or what stands for one.
fn table(section: &Section) -> &'static str {
    match section.name {
        "waiting_tickets" => {
            "(SELECT last_value AS last_given FROM waiting_tickets WHERE is_called) AS tickets"
        }
        name => name,
    }
}

/// How many rows a section has.
pub(super) async fn count(sql: &Sql, section: &'static Section) -> Answered<u64> {
    let statement = format!("SELECT count(*) FROM {}", table(section));
    sql.one(&statement, [0_i64; 0], |row| row.get(0).map(|Count(count)| count))
        .await
}

/// The page of a section that begins after a place.
pub(super) async fn read(sql: &Sql, section: &'static Section, from: Option<&Place>) -> Answered<Slice> {
    let values: Vec<Field<'_>> = from
        .into_iter()
        .flat_map(|place| place.0.iter().map(Field))
        .collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    let rows = sql
        .rows(&statement(section, from.is_some()), Listed(&values), |row| {
            let columns = section.columns.iter().enumerate();
            columns
                .map(|(place, column)| field::read(row, place, column.kind))
                .collect::<Answered<Vec<Value>>>()
        })
        .await?;
    let next = rows
        .last()
        .filter(|_| rows.len() >= section.rows_per_page)
        .map(|last| Place(last.iter().take(section.key).cloned().collect()));
    Ok(Slice { rows, next })
}

fn statement(section: &'static Section, goes_on: bool) -> String {
    let columns: Vec<_> = section.columns.iter().map(expression).collect();
    let key: Vec<_> = section.key_columns().map(|column| column.name).collect();
    let values: Vec<_> = (1..)
        .zip(section.key_columns())
        .map(|(place, column)| format!("${place}::{}", type_of(column.kind)))
        .collect();
    let condition = if goes_on {
        format!("WHERE ({}) > ({})", key.join(", "), values.join(", "))
    } else {
        String::new()
    };
    format!(
        "SELECT {} FROM {} {condition} ORDER BY {} LIMIT {}",
        columns.join(", "),
        table(section),
        key.join(", "),
        section.rows_per_page
    )
}

fn expression(column: &Column) -> String {
    match column.kind {
        Kind::Integer => format!("{}::int8", column.name),
        _ => column.name.to_owned(),
    }
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "int8",
        Kind::Boolean => "bool",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    }
}
