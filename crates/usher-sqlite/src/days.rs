//! Active days: who was active on which day, as sets of people.
//!
//! A set belongs to a (tenant, seat type, app, day). Besides the set of the app there is one of any app, so that the
//! calendar of a platform seat and the figures of a whole tenant are one range and not one per app. People are in a set
//! by their number in the tenant, which is dense; user ids may be any number, and a bitmap of those would be a list. A
//! set is cut into chunks of 65,536 people, so that a row of the table never holds more than some eight kilobytes and
//! adding one person rewrites no more than that.
//!
//! Sets only grow. So they may be merged in any order, any number of times, and from maps and table without a common
//! lock, as with the newest times (see `overlay`).

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use rusqlite::{
    Connection, OptionalExtension,
    types::{FromSql, FromSqlError, FromSqlResult, ValueRef},
};
use usher_seats::{Day, SeatType, TenantId, UserId};

use crate::numbers::SeatTypeNumber;

/// Stands for any app.
pub(crate) const ANY_APP: i64 = 0;
/// People of one chunk as a power of two: what one container of a Roaring bitmap holds.
const CHUNK_BITS: u32 = 16;

/// A person's number in their tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PersonNumber(pub(crate) u32);

impl PersonNumber {
    /// The number that has this place in this chunk.
    pub(crate) fn from_chunk(chunk: u32, place: u32) -> Self {
        Self((chunk << CHUNK_BITS) | place)
    }

    pub(crate) fn chunk(self) -> u32 {
        self.0 >> CHUNK_BITS
    }

    /// The number within the chunk.
    pub(crate) fn place(self) -> u32 {
        self.0 & ((1 << CHUNK_BITS) - 1)
    }
}

impl FromSql for PersonNumber {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u32::try_from(value.as_i64()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// Names one row of the table. The order of the fields is the order of the table's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DayKey {
    pub(crate) tenant_id: TenantId,
    pub(crate) seat_type: SeatType,
    pub(crate) app_id: i64,
    pub(crate) chunk: u32,
    pub(crate) day: Day,
}

/// Somebody was active in an app on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActiveDay {
    pub(crate) tenant_id: TenantId,
    pub(crate) seat_type: SeatType,
    pub(crate) app_id: i64,
    pub(crate) day: Day,
    pub(crate) person: PersonNumber,
}

impl ActiveDay {
    /// Where the person stands in the set of an app.
    fn key(&self, app_id: i64) -> DayKey {
        DayKey {
            tenant_id: self.tenant_id,
            seat_type: self.seat_type,
            app_id,
            chunk: self.person.chunk(),
            day: self.day,
        }
    }
}

/// Sets in key order; each holds places within its chunk.
#[derive(Debug, Default)]
pub(crate) struct DaySets {
    sets: BTreeMap<DayKey, RoaringBitmap>,
}

impl DaySets {
    /// Adds a person to the set of the app and to that of any app.
    pub(crate) fn add(&mut self, active: &ActiveDay) {
        let set = self.sets.entry(active.key(active.app_id)).or_default();
        if set.insert(active.person.place()) {
            let any = self.sets.entry(active.key(ANY_APP)).or_default();
            any.insert(active.person.place());
        }
    }

    /// True when the person is in the set of the app.
    pub(crate) fn has(&self, active: &ActiveDay) -> bool {
        let set = self.sets.get(&active.key(active.app_id));
        set.is_some_and(|set| set.contains(active.person.place()))
    }

    /// Number of sets.
    pub(crate) fn len(&self) -> usize {
        self.sets.len()
    }

    /// Sets in key order.
    pub(crate) fn range(
        &self,
        range: impl std::ops::RangeBounds<DayKey>,
    ) -> impl Iterator<Item = (&DayKey, &RoaringBitmap)> {
        self.sets.range(range)
    }
}

/// A set as its column has it.
pub(crate) struct StoredSet(pub(crate) RoaringBitmap);

impl FromSql for StoredSet {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        RoaringBitmap::deserialize_from(value.as_blob()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// True when the table has the person in the set of the app.
pub(crate) fn stored(connection: &Connection, active: &ActiveDay) -> rusqlite::Result<bool> {
    let set = stored_set(connection, &active.key(active.app_id))?;
    Ok(set.is_some_and(|set| set.contains(active.person.place())))
}

fn stored_set(connection: &Connection, key: &DayKey) -> rusqlite::Result<Option<RoaringBitmap>> {
    connection
        .prepare_cached(
            "SELECT people FROM active_days
             WHERE tenant_id = ?1 AND seat_type = ?2 AND app_id = ?3 AND chunk = ?4 AND day = ?5",
        )?
        .query_row(parameters(key), |row| row.get::<_, StoredSet>(0))
        .map(|StoredSet(set)| set)
        .optional()
}

/// Merges a set into the table; tells how many bytes that wrote.
pub(crate) fn keep(connection: &Connection, key: &DayKey, people: &RoaringBitmap) -> rusqlite::Result<usize> {
    let before = stored_set(connection, key)?;
    if before.as_ref().is_some_and(|before| people.is_subset(before)) {
        return Ok(0);
    }
    let mut merged = before.unwrap_or_default() | people;
    merged.optimize();
    let mut blob = Vec::with_capacity(merged.serialized_size());
    merged
        .serialize_into(&mut blob)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let (tenant_id, seat_type, app_id, chunk, day) = parameters(key);
    connection
        .prepare_cached(
            "INSERT INTO active_days (tenant_id, seat_type, app_id, chunk, day, people)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET people = excluded.people",
        )?
        .execute((tenant_id, seat_type, app_id, chunk, day, &blob))?;
    Ok(blob.len())
}

fn parameters(key: &DayKey) -> (i64, SeatTypeNumber, i64, u32, i32) {
    (
        key.tenant_id.0,
        SeatTypeNumber(key.seat_type),
        key.app_id,
        key.chunk,
        key.day.number(),
    )
}

/// The number of a person; one who has left the directory keeps theirs. None for somebody who was never numbered.
pub(crate) fn person_number(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
) -> rusqlite::Result<Option<PersonNumber>> {
    connection
        .prepare_cached(
            "SELECT person_number FROM users WHERE tenant_id = ?1 AND user_id = ?2
             UNION ALL
             SELECT person_number FROM departed_people WHERE tenant_id = ?1 AND user_id = ?2
             LIMIT 1",
        )?
        .query_row((tenant_id.0, user_id.get()), |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(app_id: i64, day: i32, person: u32) -> ActiveDay {
        ActiveDay {
            tenant_id: TenantId(1),
            seat_type: SeatType::PerUser,
            app_id,
            day: Day::new(day),
            person: PersonNumber(person),
        }
    }

    #[test]
    fn a_person_is_in_the_set_of_the_app_and_in_that_of_any() {
        let mut sets = DaySets::default();
        sets.add(&active(7, 100, 65_537));
        sets.add(&active(8, 100, 65_537));
        assert!(sets.has(&active(7, 100, 65_537)) && sets.has(&active(ANY_APP, 100, 65_537)));
        assert!(!sets.has(&active(7, 100, 1)), "the same place in another chunk");
        assert!(!sets.has(&active(7, 101, 65_537)) && !sets.has(&active(9, 100, 65_537)));
        let sizes: Vec<_> = sets
            .range(..)
            .map(|(key, set)| (key.app_id, key.chunk, set.len()))
            .collect();
        assert_eq!(sizes, [(ANY_APP, 1, 1), (7, 1, 1), (8, 1, 1)]);
    }
}
