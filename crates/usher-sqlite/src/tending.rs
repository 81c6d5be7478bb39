//! What time alone makes due, done a little at a time whenever [`tend`](usher_store::Store::tend) is called.
//!
//! - A fold begins [`FOLD_AFTER_MS`] after the first access that waits for one, so that the tables are never far behind,
//!   however quiet a place is. The engine has no clock: an access has waited since the first call that met it.
//! - Once an hour, history that a tenant no longer wants kept is taken away, [`ROWS_PER_STEP`] rows per transaction, so
//!   that no access waits longer than for a slice of a fold.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Day, TimeZoneName};

use crate::{numbers::Parsed, recovery::Place};

/// How long an access may wait for a fold: half a day, so that every day's report finds the day before in the tables.
const FOLD_AFTER_MS: i64 = 12 * 60 * 60 * 1_000;
/// How often old history is looked for. It grows old by the day, wherever midnight is.
const SWEEP_EVERY_MS: i64 = 60 * 60 * 1_000;
/// Rows taken away in one transaction; each may be eight kilobytes, so this is what a slice of a fold writes at most.
const ROWS_PER_STEP: usize = 256;
/// Ranges of rows looked at in one transaction.
const RANGES_PER_STEP: usize = 256;

/// Whether there is more to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tended {
    /// Call again.
    MoreIsDue,
    /// Nothing for now.
    NothingIsDue,
}

/// True when the oldest recent access has waited long enough. A clock that stepped back begins the wait anew.
pub(crate) fn fold_is_due(place: &mut Place, now_ms: i64) -> bool {
    if place.recent_accesses == 0 {
        place.recent_since_ms = None;
        return false;
    }
    let since_ms = place
        .recent_since_ms
        .map_or(now_ms, |since_ms| since_ms.min(now_ms));
    place.recent_since_ms = Some(since_ms);
    now_ms - since_ms >= FOLD_AFTER_MS
}

/// A walk through the history of every tenant that keeps it for a time only.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// When the last walk began, in milliseconds.
    began_ms: Option<i64>,
    /// Where it is; none when it is done.
    place: Option<SweepPlace>,
}

#[derive(Debug, Clone, Copy)]
struct SweepPlace {
    tenant_id: i64,
    /// The first day that is kept; none before the tenant's own settings have been read.
    first_kept: Option<Day>,
    /// The range of rows looked at last: seat type, app, chunk.
    range: (i64, i64, i64),
}

impl SweepPlace {
    /// Before every row of a tenant.
    fn before(tenant_id: i64, first_kept: Option<Day>) -> Self {
        Self {
            tenant_id,
            first_kept,
            range: (-1, -1, -1),
        }
    }
}

impl Sweep {
    /// Goes on with the walk, or begins one when it is time.
    pub(crate) fn step(&mut self, connection: &Connection, now_ms: i64) -> rusqlite::Result<Tended> {
        let due = self
            .began_ms
            .is_none_or(|began_ms| now_ms < began_ms || now_ms - began_ms >= SWEEP_EVERY_MS);
        if self.place.is_none() && due {
            self.began_ms = Some(now_ms);
            self.place = Some(SweepPlace::before(i64::MIN, None));
        }
        let Some(mut place) = self.place else {
            return Ok(Tended::NothingIsDue);
        };
        let transaction = connection.unchecked_transaction()?;
        let mut rows_left = ROWS_PER_STEP;
        for _ in 0..RANGES_PER_STEP {
            let Some(next) = next_place(&transaction, place, now_ms)? else {
                transaction.commit()?;
                self.place = None;
                return Ok(Tended::NothingIsDue);
            };
            let taken = take_away(&transaction, next, rows_left)?;
            rows_left -= taken.min(rows_left);
            if rows_left == 0 {
                // The range may have more; it is looked at again.
                break;
            }
            place = next;
        }
        transaction.commit()?;
        self.place = Some(place);
        Ok(Tended::MoreIsDue)
    }
}

/// The next range of rows of the same tenant, or the first place in the next tenant; none at the end.
fn next_place(
    connection: &Connection,
    place: SweepPlace,
    now_ms: i64,
) -> rusqlite::Result<Option<SweepPlace>> {
    if place.first_kept.is_some() {
        let (seat_type, app_id, chunk) = place.range;
        let range = connection
            .prepare_cached(
                "SELECT seat_type, app_id, chunk FROM active_days
                 WHERE tenant_id = ?1 AND (seat_type, app_id, chunk) > (?2, ?3, ?4)
                 ORDER BY seat_type, app_id, chunk LIMIT 1",
            )?
            .query_row((place.tenant_id, seat_type, app_id, chunk), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        if let Some(range) = range {
            return Ok(Some(SweepPlace { range, ..place }));
        }
    }
    next_tenant(connection, place.tenant_id, now_ms)
}

fn next_tenant(connection: &Connection, after: i64, now_ms: i64) -> rusqlite::Result<Option<SweepPlace>> {
    connection
        .prepare_cached(
            "SELECT tenant_id, time_zone, history_days FROM tenants
             WHERE tenant_id > ?1 AND history_days IS NOT NULL ORDER BY tenant_id LIMIT 1",
        )?
        .query_row([after], |row| {
            let Parsed(zone) = row.get::<_, Parsed<TimeZoneName>>(1)?;
            let first_kept = usher_seats::first_day_kept(Day::in_zone(now_ms, zone.zone()), row.get(2)?);
            Ok(SweepPlace::before(row.get(0)?, Some(first_kept)))
        })
        .optional()
}

/// Takes away the oldest rows of a range that are no longer kept; tells how many there were.
fn take_away(connection: &Connection, place: SweepPlace, rows_max: usize) -> rusqlite::Result<usize> {
    let (seat_type, app_id, chunk) = place.range;
    let Some(first_kept) = place.first_kept.filter(|_| seat_type >= 0) else {
        return Ok(0);
    };
    connection
        .prepare_cached(
            "DELETE FROM active_days
             WHERE tenant_id = ?1 AND seat_type = ?2 AND app_id = ?3 AND chunk = ?4 AND day IN
               (SELECT day FROM active_days
                WHERE tenant_id = ?1 AND seat_type = ?2 AND app_id = ?3 AND chunk = ?4 AND day < ?5
                ORDER BY day LIMIT ?6)",
        )?
        .execute((
            place.tenant_id,
            seat_type,
            app_id,
            chunk,
            first_kept.number(),
            i64::try_from(rows_max).unwrap_or(i64::MAX),
        ))
}
