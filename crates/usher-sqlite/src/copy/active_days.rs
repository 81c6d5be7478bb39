//! Active days: sets of people by number here, a row per person on the way.
//!
//! A set tells people by their number, so a reader needs the numbers of a tenant's people backwards, and there is no index
//! for that: nothing else asks so. They are held in memory for one tenant and [`PEOPLE_HELD`] people at a time, and read anew
//! for the next so many. Only a tenant with more people than that reads its people more than once.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Day, SeatType, TenantId, UserId};
use usher_store::portable::{Place, Row, Section, Slice, Value};

use crate::{
    days::{self, ActiveDay, DaySets, PersonNumber, StoredSet, person_number},
    numbers::StoredSeatType,
};

/// People whose numbers are held backwards at a time: 64 MiB.
const PEOPLE_HELD: i64 = 8 << 20;
/// Sets that are looked at for a page at most, so that a page of nearly empty sets is short, too.
const SETS_PER_PAGE: i64 = 1_024;

/// User ids by number, of some people of one tenant.
#[derive(Debug, Default)]
pub(super) struct People {
    tenant_id: i64,
    first: i64,
    /// Zero where there is nobody.
    user_ids: Vec<i64>,
}

impl People {
    fn user_id(&mut self, connection: &Connection, tenant_id: i64, number: i64) -> rusqlite::Result<i64> {
        let first = number - number % PEOPLE_HELD;
        if (self.tenant_id, self.first) != (tenant_id, first) || self.user_ids.is_empty() {
            self.hold(connection, tenant_id, first)?;
        }
        let place = usize::try_from(number - first).unwrap_or(usize::MAX);
        match self.user_ids.get(place) {
            Some(user_id) if *user_id != 0 => Ok(*user_id),
            _ => Err(damaged(format!(
                "person {number} of tenant {tenant_id} is nobody"
            ))),
        }
    }

    fn hold(&mut self, connection: &Connection, tenant_id: i64, first: i64) -> rusqlite::Result<()> {
        *self = Self {
            tenant_id,
            first,
            user_ids: Vec::new(),
        };
        let mut statement = connection.prepare_cached(
            "SELECT person_number, user_id FROM users
             WHERE tenant_id = ?1 AND person_number >= ?2 AND person_number < ?3
             UNION ALL
             SELECT person_number, user_id FROM departed_people
             WHERE tenant_id = ?1 AND person_number >= ?2 AND person_number < ?3",
        )?;
        let mut rows = statement.query((tenant_id, first, first + PEOPLE_HELD))?;
        while let Some(row) = rows.next()? {
            let place = usize::try_from(row.get::<_, i64>(0)? - first).unwrap_or_default();
            if self.user_ids.len() <= place {
                self.user_ids.resize(place + 1, 0);
            }
            if let Some(slot) = self.user_ids.get_mut(place) {
                *slot = row.get(1)?;
            }
        }
        Ok(())
    }
}

fn damaged(what: String) -> rusqlite::Error {
    rusqlite::types::FromSqlError::other(std::io::Error::other(what)).into()
}

/// How many rows the sets of apps come to.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare("SELECT people FROM active_days WHERE app_id <> 0")?;
    let sets = statement.query_map([], |row| row.get::<_, StoredSet>(0))?;
    sets.map(|set| set.map(|StoredSet(people)| people.len())).sum()
}

/// The rows of the next sets. The sets of any app are not read: they follow from the others.
pub(super) fn page(
    connection: &Connection,
    section: &Section,
    from: Option<&Place>,
    people: &mut People,
) -> rusqlite::Result<Slice> {
    let mut after: Vec<i64> = match from {
        Some(place) => place.0.iter().filter_map(Value::integer).collect(),
        None => vec![i64::MIN; 5],
    };
    after.push(SETS_PER_PAGE);
    let mut statement = connection.prepare_cached(
        "SELECT days.tenant_id, seat_type, app_id, chunk, day, people, apps.namespace
         FROM active_days AS days CROSS JOIN apps USING (app_id)
         WHERE (days.tenant_id, seat_type, app_id, chunk, day) > (?1, ?2, ?3, ?4, ?5)
         ORDER BY days.tenant_id, seat_type, app_id, chunk, day LIMIT ?6",
    )?;
    let mut found = statement.query(rusqlite::params_from_iter(after))?;
    let mut rows = Vec::new();
    let mut sets = 0;
    while let Some(row) = found.next()? {
        let key: [i64; 5] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        let [tenant_id, seat_type, _, _, day] = key;
        let chunk: u32 = row.get(3)?;
        let StoredSet(set) = row.get(5)?;
        let namespace: String = row.get(6)?;
        for place in set {
            let number = PersonNumber::from_chunk(chunk, place);
            let user_id = people.user_id(connection, tenant_id, i64::from(number.0))?;
            rows.push(vec![
                Value::Integer(tenant_id),
                Value::Integer(seat_type),
                Value::Text(namespace.clone()),
                Value::Integer(day),
                Value::Integer(user_id),
            ]);
        }
        sets += 1;
        if rows.len() >= section.rows_per_page || sets >= SETS_PER_PAGE {
            let next = Some(Place(key.into_iter().map(Value::Integer).collect()));
            return Ok(Slice { rows, next });
        }
    }
    Ok(Slice { rows, next: None })
}

/// Writes rows as sets, of the app and of any app.
pub(super) fn arrive(connection: &Connection, rows: &[Row]) -> rusqlite::Result<()> {
    let mut apps = HashMap::new();
    let mut sets = DaySets::default();
    for row in rows {
        let [
            Value::Integer(tenant_id),
            Value::Integer(seat_type),
            Value::Text(namespace),
            Value::Integer(day),
            Value::Integer(user_id),
        ] = row.as_slice()
        else {
            return Err(damaged("a row is of another form".to_owned()));
        };
        let app = (*tenant_id, namespace.as_str());
        let app_id = match apps.get(&app) {
            Some(known) => *known,
            None => {
                let found = app_id(connection, app)?;
                apps.insert(app, found);
                found
            }
        };
        sets.add(&ActiveDay {
            tenant_id: TenantId(*tenant_id),
            seat_type: seat_type_of(*seat_type)?,
            app_id,
            day: Day::new(i32::try_from(*day).map_err(|error| damaged(error.to_string()))?),
            person: number(connection, TenantId(*tenant_id), *user_id)?,
        });
    }
    for (key, people) in sets.range(..) {
        days::keep(connection, key, people)?;
    }
    Ok(())
}

fn seat_type_of(number: i64) -> rusqlite::Result<SeatType> {
    use rusqlite::types::{FromSql, ValueRef};
    let StoredSeatType(seat_type) = StoredSeatType::column_result(ValueRef::Integer(number))?;
    Ok(seat_type)
}

fn app_id(connection: &Connection, (tenant_id, namespace): (i64, &str)) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT app_id FROM apps WHERE tenant_id = ?1 AND namespace = ?2")?
        .query_row((tenant_id, namespace), |row| row.get(0))
}

/// The number of a person; somebody who left before the ledger arrived gets one that waits for them.
fn number(connection: &Connection, tenant_id: TenantId, user_id: i64) -> rusqlite::Result<PersonNumber> {
    let user = UserId::new(user_id).map_err(|error| damaged(error.to_string()))?;
    if let Some(number) = person_number(connection, tenant_id, user)? {
        return Ok(number);
    }
    let number: Option<PersonNumber> = connection
        .prepare_cached(
            "UPDATE tenants SET people_numbered = people_numbered + 1 WHERE tenant_id = ?1
             RETURNING people_numbered - 1",
        )?
        .query_row([tenant_id.0], |row| row.get(0))
        .optional()?;
    let number = number.ok_or_else(|| damaged(format!("there is no tenant {}", tenant_id.0)))?;
    connection
        .prepare_cached(
            "INSERT INTO departed_people (tenant_id, user_id, person_number) VALUES (?1, ?2, ?3)",
        )?
        .execute((tenant_id.0, user_id, number.0))?;
    Ok(number)
}
