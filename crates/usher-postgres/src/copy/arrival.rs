//! Writing a section, and what this engine keeps beside it.

use std::pin::pin;

use tokio_postgres::{binary_copy::BinaryCopyInWriter, types::ToSql};
use usher_store::portable::{Row, SECTIONS, Section, Value};

use super::field::Field;
use crate::{
    search_keys,
    sql::{Answered, Sql},
    tallies::standing,
};

/// Stands for a day on which nothing was noted, so that the first access notes its own.
const NO_DAY: Value = Value::Integer(i32::MIN as i64);

/// Writes a page of a section, within a transaction.
pub(super) async fn write(sql: &Sql, section: &Section, rows: &[Row]) -> Answered<()> {
    match section.name {
        "waiting_tickets" => tickets(sql, rows).await,
        _ if rows.is_empty() => Ok(()),
        _ => copy_in(sql, section, rows).await,
    }
}

/// What a table has beyond its section, and what stands there in the beginning.
fn beside(section: &Section) -> Option<(&'static str, Value)> {
    (section.name == "activity").then_some(("noted_day", NO_DAY))
}

async fn copy_in(sql: &Sql, section: &Section, rows: &[Row]) -> Answered<()> {
    let mut names: Vec<_> = section.columns.iter().map(|column| column.name).collect();
    let beside = beside(section);
    names.extend(beside.as_ref().map(|(name, _)| *name));
    let names = names.join(", ");
    let looked_at = sql
        .prepared(&format!("SELECT {names} FROM {}", section.name))
        .await?;
    let types = looked_at.column_types();
    let statement = format!("COPY {} ({names}) FROM STDIN (FORMAT binary)", section.name);
    let client = sql.client()?;
    sql.answered(async {
        let sink = client.copy_in(&statement).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for row in rows {
            let fields: Vec<Field<'_>> = row
                .iter()
                .chain(beside.as_ref().map(|(_, value)| value))
                .map(Field)
                .collect();
            let fields: Vec<&(dyn ToSql + Sync)> =
                fields.iter().map(|field| field as &(dyn ToSql + Sync)).collect();
            writer.as_mut().write(&fields).await?;
        }
        writer.finish().await
    })
    .await
    .map(|_| ())
}

/// The next ticket is larger than every one that was ever given, also to people who wait no longer.
async fn tickets(sql: &Sql, rows: &[Row]) -> Answered<()> {
    for last_given in rows.iter().filter_map(|row| row.first()?.integer()) {
        sql.exists("SELECT setval('waiting_tickets', $1)", [last_given])
            .await?;
    }
    Ok(())
}

/// Takes out everything that belongs to a ledger, within a transaction.
pub(super) async fn empty(sql: &Sql) -> Answered<()> {
    sql.batch(&format!(
        "TRUNCATE user_search_keys, seat_tallies, fresh_uses, active_people_of_days, {}",
        tables().join(", ")
    ))
    .await?;
    standing::distrust(sql).await?;
    sql.batch("SELECT setval('waiting_tickets', 1, FALSE)").await
}

/// Lets what the engine gives out go on after what is there, within a transaction.
pub(super) async fn settle(sql: &Sql) -> Answered<()> {
    search_keys::fill(sql).await?;
    sql.batch(
        "SELECT setval('tenant_numbers', greatest(1, max(tenant_id)), max(tenant_id) IS NOT NULL) FROM tenants;
         DELETE FROM copy_marks",
    )
    .await
}

/// Lets the server look at what has arrived, so that its plans are good from the first access on.
pub(super) async fn look_at_everything(sql: &Sql) -> Answered<()> {
    sql.batch(&format!("ANALYZE {}", tables().join(", "))).await
}

fn tables() -> Vec<&'static str> {
    let names = SECTIONS.iter().map(|section| section.name);
    names.filter(|name| *name != "waiting_tickets").collect()
}
