//! Folding a journal into its tables.
//!
//! Two wishes pull apart. Few bytes: the longer a fold waits, the more accesses of one pair become one row and
//! the more rows share a page. Little memory and a quick start: what is not folded is held in memory and must be
//! replayed. So a fold begins when the journal holds [`FOLD_AFTER_ACCESSES`], and both costs have that number as
//! their bound; it begins with [`FOLD_AFTER_ROWS`] in memory, too. It also begins when accesses touch [`FOLD_AFTER_DAY_SETS`] different sets of active days, which
//! only imports of years do, and some hours after the first access (see `tending`), so that who reads the tables alone
//! is not far behind.
//!
//! A fold goes through the frozen maps in key order, in three [`Stage`]s and slices of [`SLICE_ROWS`] rows per
//! transaction: the newest times, the active days, and of each seat when it was last used. Every stage writes its table
//! in the order of its key, so that neighbours share pages. Slices run when the writer has nothing else to do; under
//! load each recorded access adds [`ROWS_OWED_PER_ACCESS`] rows to a debt, and slices are paid as soon as the debt
//! reaches one. So a fold always ends before the next must begin, and no wait grows with the size of the tables.
//!
//! Slices are committed without an fsync of their own. That is safe: until the journal is cut they only repeat what the
//! journal has, and the log keeps the order of commits, so the cut is never durable before the slices are.
//! After a crash in the middle the fold starts again from the beginning; folding a row twice changes nothing.

use std::{ops::Bound, sync::Arc};

use rusqlite::Connection;
use usher_seats::{Namespace, SeatType, UserId, newest};

use crate::{
    days::{self, DayKey},
    idle,
    journal::Journal,
    numbers::SeatTypeNumber,
    overlay::{Kind, Pending, RowTime},
    tallies::Moves,
};

/// Accesses in the recent journal at which a fold begins: some 25 MB of journal, read back in 0.8 seconds of CPU after a crash.
pub(crate) const FOLD_AFTER_ACCESSES: u64 = 3_000_000;
/// Rows in memory at which a fold begins: some 40 MB, and as much again while it lasts. A million people who come three times
/// each are one row each, so a fold of theirs costs an access a third of a row.
pub(crate) const FOLD_AFTER_ROWS: usize = 1_000_000;
/// Sets of active days in memory at which a fold begins: some 40 MB when each holds a few people. Days, apps and chunks
/// of a busy year are a tenth of it.
pub(crate) const FOLD_AFTER_DAY_SETS: usize = 262_144;
/// Rows per transaction of a fold; a larger slice rewrites fewer pages twice, a smaller one is over sooner.
pub(crate) const SLICE_ROWS: usize = 512;
/// Bytes of sets after which a slice ends early: as much as the rows of a slice rewrite when each is on a page of its own.
const SLICE_BYTES: usize = 2 << 20;
/// Rows that a slice may look at for each that it may write: looking costs a hundredth.
const LOOKS_PER_ROW: usize = 64;
/// Rows a fold owes per recorded access: its activity row, its seat, and a share of the sets, of which there are fewer
/// than accesses; with one more there is room.
const ROWS_OWED_PER_ACCESS: u64 = 4;

/// Where a fold stands.
#[derive(Debug)]
pub(crate) struct Fold {
    journal: Journal,
    pending: Arc<Pending>,
    stage: Stage,
    rows_owed: u64,
}

/// Where a row stands among those of a journal.
type RowPlace = (Kind, (UserId, i64));

/// What is being written, and what was written last.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// The newest times, into `activity`.
    Times { last: Option<RowPlace> },
    /// Who was active, into `active_days`.
    Days { last: Option<DayKey> },
    /// When each seat was last used, into `seats`.
    Seats { last: Option<RowPlace> },
    /// Nothing but the cut is left.
    Cut,
}

/// What a slice achieved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to come.
    Going,
    /// Everything is in its table and the journal is cut.
    Done,
}

impl Fold {
    /// Begins to fold `pending`, the content of `journal`.
    pub(crate) fn begin(journal: Journal, pending: Arc<Pending>) -> Self {
        Self {
            journal,
            pending,
            stage: Stage::Times { last: None },
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
        let transaction = connection.unchecked_transaction()?;
        let mut room = Room {
            rows: slice_rows,
            bytes: SLICE_BYTES,
            looks: slice_rows.saturating_mul(LOOKS_PER_ROW),
        };
        let mut stage = self.stage;
        while room.is_left() {
            stage = match stage {
                Stage::Times { last } => times(&transaction, &self.pending, last, &mut room)?,
                Stage::Days { last } => active_days(&transaction, &self.pending, last, &mut room)?,
                Stage::Seats { last } => seats(&transaction, &self.pending, last, &mut room)?,
                Stage::Cut => break,
            };
        }
        let progress = if matches!(stage, Stage::Cut) && room.is_left() {
            self.journal.cut(&transaction)?;
            Progress::Done
        } else {
            Progress::Going
        };
        transaction.commit()?;
        self.stage = stage;
        self.rows_owed = self.rows_owed.saturating_sub((slice_rows - room.rows) as u64);
        Ok(progress)
    }
}

/// What may still be written in a slice.
struct Room {
    rows: usize,
    bytes: usize,
    /// Rows that may be looked at and left as they are.
    looks: usize,
}

impl Room {
    fn is_left(&self) -> bool {
        self.rows > 0 && self.bytes > 0 && self.looks > 0
    }

    fn take(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    fn look(&mut self) {
        self.looks = self.looks.saturating_sub(1);
    }
}

fn after<Key: Clone>(last: Option<&Key>) -> (Bound<Key>, Bound<Key>) {
    (
        last.cloned().map_or(Bound::Unbounded, Bound::Excluded),
        Bound::Unbounded,
    )
}

/// The rows after a place, in order of kind, user and app's number.
fn rows_after(
    pending: &Pending,
    last: Option<RowPlace>,
) -> impl Iterator<Item = (RowPlace, &Namespace, RowTime)> {
    let first_kind = last.map_or(Bound::Unbounded, |(kind, _)| Bound::Included(kind));
    let kinds = pending.rows.range((first_kind, Bound::Unbounded));
    kinds.flat_map(move |(kind, rows)| {
        let first = match last {
            Some((last_kind, key)) if last_kind == *kind => Bound::Excluded(key),
            _ => Bound::Unbounded,
        };
        let rows = rows.range((first, Bound::Unbounded));
        rows.filter_map(|(key, time)| Some(((*kind, *key), pending.name(key.1)?, *time)))
    })
}

fn times(
    connection: &Connection,
    pending: &Pending,
    last: Option<RowPlace>,
    room: &mut Room,
) -> rusqlite::Result<Stage> {
    let mut keep = connection.prepare_cached(KEEP)?;
    let mut written = last;
    for (place, namespace, time) in rows_after(pending, last) {
        if !room.is_left() {
            return Ok(Stage::Times { last: written });
        }
        let ((tenant_id, seat_type), (user_id, _)) = place;
        keep.execute((
            tenant_id.0,
            SeatTypeNumber(seat_type),
            user_id.get(),
            namespace.as_str(),
            time.time_ms(),
        ))?;
        room.take(0);
        written = Some(place);
    }
    Ok(Stage::Days { last: None })
}

fn active_days(
    connection: &Connection,
    pending: &Pending,
    last: Option<DayKey>,
    room: &mut Room,
) -> rusqlite::Result<Stage> {
    let mut written = last;
    for (key, people) in pending.days.range(after(last.as_ref())) {
        if !room.is_left() {
            return Ok(Stage::Days { last: written });
        }
        room.take(days::keep(connection, key, people)?);
        written = Some(*key);
    }
    Ok(Stage::Seats { last: None })
}

/// A platform seat has a row per app, and they stand together; the seat was last used when any of them was. What a seat's row
/// says is exact to the day, so a seat of which every row was on its day before is left as it is: most are, except in the
/// first fold after midnight.
fn seats(
    connection: &Connection,
    pending: &Pending,
    last: Option<RowPlace>,
    room: &mut Room,
) -> rusqlite::Result<Stage> {
    let mut rows = rows_after(pending, last).peekable();
    let mut written = last;
    let mut moves = Moves::default();
    while let Some((place, namespace, time)) = rows.next() {
        if !room.is_left() {
            moves.write(connection)?;
            return Ok(Stage::Seats { last: written });
        }
        let (mut end, mut newest_ms, mut new_day) = (place, time.time_ms(), time.new_day());
        while let Some((next, _, time)) = rows.next_if(|(next, ..)| same_seat(place, *next)) {
            (end, newest_ms) = (next, newest(Some(newest_ms), time.time_ms()));
            new_day |= time.new_day();
        }
        let ((tenant_id, seat_type), (user_id, _)) = place;
        if new_day {
            let namespace = match seat_type {
                SeatType::PerUser => "",
                SeatType::PerUserPerApp => namespace.as_str(),
            };
            idle::admitted(
                connection,
                (tenant_id, seat_type, user_id, namespace),
                newest_ms,
                &mut moves,
            )?;
            room.take(0);
        } else {
            room.look();
        }
        written = Some(end);
    }
    moves.write(connection)?;
    Ok(Stage::Cut)
}

fn same_seat((one_kind, one): RowPlace, (other_kind, other): RowPlace) -> bool {
    let (_, seat_type) = one_kind;
    one_kind == other_kind && one.0 == other.0 && (seat_type == SeatType::PerUser || one.1 == other.1)
}

/// Writes the newest time of a row, whether it is there already or not.
///
/// It asks nothing: no row of the table is newer than a journal's. What goes into a journal was newer than table and journals
/// when it was judged, and journals are folded in the order in which they were written. Without a question SQLite
/// finds the row's place once instead of three or four times, which is what a row's fold consists of.
const KEEP: &str = "REPLACE INTO activity (tenant_id, seat_type, user_id, namespace, active_time_ms)
                    VALUES (?1, ?2, ?3, ?4, ?5)";

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use usher_conformance::ledger::{Ledger, START_MS};
    use usher_store::Store;

    use super::*;
    use crate::{Holder, SqliteStore, overlay::Overlay, recovery};

    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

    /// A file whose journal holds some accesses, of several days, apps and kinds of seat.
    async fn file_with_a_journal(path: &Path) {
        let holder = Holder {
            process_id: 1,
            command: "usher test".to_owned(),
            since_ms: 0,
            control_socket: None,
        };
        let store = Arc::new(SqliteStore::open(path, &holder).unwrap());
        let ledger = Ledger::found(store.clone(), "acme").await;
        ledger.people_and_apps(&[1, 2, 3, 4], &["crm", "wiki"]).await;
        for user in 1..=3 {
            ledger.assign(user, None, None, START_MS).await;
        }
        ledger.assign(4, Some("crm"), None, START_MS).await;
        for step in 0..30 {
            let app = if step % 3 == 0 { "crm" } else { "wiki" };
            ledger
                .open(step % 4 + 1, app, START_MS + (step % 3) * DAY_MS + step)
                .await;
        }
        drop(ledger);
        store.close().await;
    }

    /// Everything that a fold writes.
    fn content(connection: &Connection) -> Vec<String> {
        let mut lines = Vec::new();
        for table in ["activity", "active_days", "seats", "journal_even", "journal_odd"] {
            let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
                lines.push(format!("{table}: {}", values.collect::<Vec<_>>().join(", ")));
            }
        }
        lines
    }

    /// Folds in slices of one row, but leaves everything where it is after some slices; tells whether it came to an end.
    fn fold(path: &Path, slices: usize) -> (bool, Vec<String>) {
        let overlay = Overlay::default();
        let place = recovery::find_place(path, &overlay).unwrap();
        let mut fold = Fold::begin(place.recent, overlay.freeze());
        let mut ended = false;
        for _ in 0..slices {
            ended = fold.slice(&place.connection, 1).unwrap() == Progress::Done;
            if ended {
                break;
            }
        }
        (ended, content(&place.connection))
    }

    #[tokio::test]
    async fn a_fold_broken_off_anywhere_and_begun_again_writes_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("usher.db");
        file_with_a_journal(&original).await;
        let copy = folder.path().join("copy.db");
        let copied = || {
            let _ = std::fs::remove_file(crate::write_ahead_log::path_of(&copy));
            std::fs::copy(&original, &copy).unwrap();
            &copy
        };
        let (ended, whole) = fold(copied(), usize::MAX);
        assert!(ended);
        for table in ["activity: ", "active_days: ", "seats: "] {
            assert!(whole.iter().any(|line| line.starts_with(table)), "{whole:#?}");
        }
        let mut broken_off = 0;
        loop {
            let path = copied();
            let (ended, _) = fold(path, broken_off);
            if ended {
                break;
            }
            assert_eq!(
                fold(path, usize::MAX),
                (true, whole.clone()),
                "after {broken_off} slices"
            );
            broken_off += 1;
        }
        assert!(broken_off > 15, "{broken_off} slices");
    }
}
