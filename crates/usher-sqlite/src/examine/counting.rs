//! What is kept beside the rows that it follows from, counted again.

use rusqlite::{Connection, Row};
use usher_seats::search;

use super::{Checked, Fault};
use crate::{days::StoredSet, file::OpenError, numbers::StoredSeatType};

/// Largest number that a set of a day may hold: it has the lower sixteen bits of people's numbers.
const PLACE_MAX: u32 = u16::MAX as u32;

/// Seats in use as their pools count them.
pub(super) fn pools(connection: &Connection) -> Result<Checked, OpenError> {
    let differing = "
        WITH counted AS (
            SELECT tenant_id, seat_type, namespace, sum(held) AS in_use FROM seats
            GROUP BY tenant_id, seat_type, namespace)
        SELECT tenant_id, seat_type, namespace, coalesce(held, 0), coalesce(in_use, 0)
        FROM pools FULL JOIN counted USING (tenant_id, seat_type, namespace)
        WHERE coalesce(held, 0) <> coalesce(in_use, 0)";
    let faults = collected(connection, differing, |row| {
        let StoredSeatType(seat_type) = row.get(1)?;
        Ok(Fault::Pool {
            tenant_id: row.get(0)?,
            seat_type,
            namespace: row.get(2)?,
            counted: row.get(3)?,
            in_use: row.get(4)?,
        })
    })?;
    Ok(Checked::of(
        number(connection, "SELECT count(*) FROM pools")?,
        faults,
    ))
}

/// Seats in use as they are counted by day.
pub(super) fn tallies(connection: &Connection) -> Result<Checked, OpenError> {
    let differing = "
        WITH counted AS (
            SELECT tenant_id, mark, day, seat_type, namespace, flags, count(*) AS in_use FROM seat_cells
            GROUP BY tenant_id, mark, day, seat_type, namespace, flags)
        SELECT tenant_id, day, coalesce(seats, 0), coalesce(in_use, 0)
        FROM seat_tallies FULL JOIN counted USING (tenant_id, mark, day, seat_type, namespace, flags)
        WHERE coalesce(seats, 0) <> coalesce(in_use, 0)";
    let faults = collected(connection, differing, |row| {
        Ok(Fault::Tally {
            tenant_id: row.get(0)?,
            day: row.get(1)?,
            counted: row.get(2)?,
            in_use: row.get(3)?,
        })
    })?;
    Ok(Checked::of(
        number(connection, "SELECT count(*) FROM seat_tallies")?,
        faults,
    ))
}

/// Under what people are found, and their numbers.
pub(super) fn keys(connection: &Connection) -> Result<Checked, OpenError> {
    let snapshot = connection.unchecked_transaction()?;
    let mut faults = missing_keys(&snapshot)?;
    faults.extend(collected(
        &snapshot,
        "SELECT tenant_id, person_number FROM (
             SELECT tenant_id, person_number FROM users UNION ALL SELECT tenant_id, person_number FROM departed_people)
         JOIN tenants USING (tenant_id)
         GROUP BY tenant_id, person_number
         HAVING count(*) > 1 OR person_number < 0 OR person_number >= max(people_numbered)",
        |row| {
            Ok(Fault::PersonNumber {
                tenant_id: row.get(0)?,
                number: row.get(1)?,
            })
        },
    )?);
    Ok(Checked::of(
        number(&snapshot, "SELECT count(*) FROM users")?,
        faults,
    ))
}

/// People who are not under one of their keys; and keys that are nobody's.
fn missing_keys(connection: &Connection) -> rusqlite::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut under = connection.prepare(
        "SELECT search_key FROM user_search_keys WHERE tenant_id = ?1 AND user_id = ?2 AND search_key = ?3",
    )?;
    let mut people = connection.prepare("SELECT tenant_id, user_id, name, external_id FROM users")?;
    let mut rows = people.query([])?;
    let mut keys_expected = 0;
    while let Some(row) = rows.next()? {
        let (tenant_id, user_id): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (name, external_id): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        let mut keys = search::keys(&name, external_id.as_deref());
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            keys_expected += 1;
            if !under.exists((tenant_id, user_id, &key))? {
                let user_id = Some(user_id);
                faults.push(Fault::Key { tenant_id, user_id });
            }
        }
    }
    if faults.is_empty() && number(connection, "SELECT count(*) FROM user_search_keys")? != keys_expected {
        faults.push(Fault::Key {
            tenant_id: 0,
            user_id: None,
        });
    }
    Ok(faults)
}

/// Whether every set of a day can be read.
pub(super) fn days(connection: &Connection) -> Result<Checked, OpenError> {
    let mut statement = connection.prepare("SELECT tenant_id, day, people FROM active_days")?;
    let mut rows = statement.query([])?;
    let (mut looked_at, mut faults) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        looked_at += 1;
        let readable = row
            .get(2)
            .is_ok_and(|StoredSet(people)| people.max().is_some_and(|last| last <= PLACE_MAX));
        if !readable {
            faults.push(Fault::DaySet {
                tenant_id: row.get(0)?,
                day: row.get(1)?,
            });
        }
    }
    Ok(Checked::of(looked_at, faults))
}

fn collected<T>(
    connection: &Connection,
    statement: &str,
    take: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(statement)?.query_map([], take)?.collect()
}

fn number(connection: &Connection, statement: &str) -> rusqlite::Result<u64> {
    connection.query_row(statement, [], |row| row.get::<_, i64>(0).map(i64::unsigned_abs))
}
