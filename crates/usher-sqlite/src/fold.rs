//! Folding a journal into the activity table.
//!
//! Two wishes pull apart. Few bytes: the longer a fold waits, the more accesses of one pair become one row and
//! the more rows share a page. Little memory and a quick start: what is not folded is held in memory and must be
//! replayed. So a fold begins when the journal holds [`FOLD_AFTER_ACCESSES`], and both costs have that number as
//! their bound.
//!
//! A fold goes through the frozen map in key order, [`SLICE_ROWS`] rows per transaction. Slices run when the writer
//! has nothing else to do; under load each recorded access adds [`ROWS_OWED_PER_ACCESS`] rows to a debt, and a slice is
//! paid as soon as the debt reaches one. So a fold always ends before the next must begin, an access waits for
//! one slice at most (about two milliseconds), and no wait grows with the size of the table.
//!
//! Slices are committed without an fsync of their own. That is safe: until the journal is cut they only repeat what the
//! journal has, and the log keeps the order of commits, so the cut is never durable before the slices are.
//! After a crash in the middle the fold starts again from the beginning; folding a row twice changes nothing.

use std::{ops::Bound, sync::Arc};

use rusqlite::Connection;

use crate::{
    journal::Journal,
    numbers::SeatTypeNumber,
    overlay::{ActivityKey, Rows},
};

/// Accesses in the recent journal at which a fold begins: about 13 MB of journal, at most as many rows in memory.
pub(crate) const FOLD_AFTER_ACCESSES: u64 = 1_000_000;
/// Rows per transaction of a fold; a larger slice rewrites fewer pages twice, a smaller one is over sooner.
pub(crate) const SLICE_ROWS: usize = 512;
/// Rows a fold owes per recorded access. One would suffice to end in time; two leave room.
const ROWS_OWED_PER_ACCESS: u64 = 2;

/// Where a fold stands.
#[derive(Debug)]
pub(crate) struct Fold {
    journal: Journal,
    rows: Arc<Rows>,
    last: Option<ActivityKey>,
    rows_owed: u64,
}

/// What a slice achieved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More rows are to come.
    Going,
    /// All rows are in the table and the journal is cut.
    Done,
}

impl Fold {
    /// Begins to fold `rows`, the content of `journal`.
    pub(crate) fn begin(journal: Journal, rows: Arc<Rows>) -> Self {
        Self {
            journal,
            rows,
            last: None,
            rows_owed: 0,
        }
    }

    /// Notes that accesses were recorded meanwhile.
    pub(crate) fn owe(&mut self, accesses: usize) {
        self.rows_owed = self
            .rows_owed
            .saturating_add(accesses as u64 * ROWS_OWED_PER_ACCESS);
    }

    /// True when a slice must be paid although somebody is waiting.
    pub(crate) fn slice_is_due(&self) -> bool {
        self.rows_owed >= SLICE_ROWS as u64
    }

    /// Writes the next rows, or cuts the journal when none are left.
    pub(crate) fn slice(&mut self, connection: &Connection, slice_rows: usize) -> rusqlite::Result<Progress> {
        self.rows_owed = self.rows_owed.saturating_sub(slice_rows as u64);
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let progress = self.slice_unsynchronised(connection, slice_rows);
        connection.pragma_update(None, "synchronous", "FULL")?;
        progress
    }

    fn slice_unsynchronised(
        &mut self,
        connection: &Connection,
        slice_rows: usize,
    ) -> rusqlite::Result<Progress> {
        let from = self
            .last
            .as_ref()
            .map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        let transaction = connection.unchecked_transaction()?;
        let mut last = None;
        for (key, time_ms) in self.rows.range((from, Bound::Unbounded)).take(slice_rows) {
            keep(&transaction, key, *time_ms)?;
            last = Some(key);
        }
        if last.is_none() {
            self.journal.cut(&transaction)?;
        }
        transaction.commit()?;
        if let Some(key) = last {
            self.last = Some(key.clone());
            return Ok(Progress::Going);
        }
        Ok(Progress::Done)
    }
}

/// Brings one row of the table up to `time_ms`; never down, which is the rule `usher_seats::newest` in SQL's words.
fn keep(connection: &Connection, key: &ActivityKey, time_ms: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO activity (tenant_id, seat_type, user_id, namespace, active_time_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET active_time_ms = excluded.active_time_ms
             WHERE excluded.active_time_ms > active_time_ms",
        )?
        .execute((
            key.tenant_id.0,
            SeatTypeNumber(key.seat_type),
            key.user_id.get(),
            key.namespace.as_str(),
            time_ms,
        ))
        .map(|_| ())
}
