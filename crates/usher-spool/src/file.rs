//! The file in which acknowledged accesses wait: a small SQLite database, because what has to survive a power cut should be
//! written by those who have thought about that longest.
//!
//! Every commit is flushed (`synchronous=FULL` with a write-ahead log: one flush per batch). The file never exceeds the pages
//! it is given; the log beside it is cut at every thousand pages, so it adds a few megabytes at most. Accesses of one person to
//! one app within a quarter of an hour are one row with the newest time: no time zone begins a day within a quarter of
//! an hour, so a row never spans two days, and nothing of what will be kept is lost.
//!
//! A spool belongs to one ledger and says which: brought into another it would write accesses of people who only happen to have
//! the same numbers.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OptionalExtension};
use usher_seats::{SeatType, TenantId, UserId};
use usher_store::{Access, AdmittedAccess};

/// A quarter of an hour in milliseconds.
const QUARTER_MS: i64 = 15 * 60 * 1_000;
/// Bytes per page, as SQLite has them by default.
const PAGE_BYTES: u64 = 4_096;
/// Smallest file that is of use, in bytes: some ten thousand people.
pub const BYTES_MIN: u64 = 1_048_576;
/// Only the owner may read who opens what.
const FILE_MODE: u32 = 0o600;

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another process has it.
    #[error("another process has the spool {0}")]
    Held(PathBuf),
    /// It holds accesses of another ledger.
    #[error("the spool {path} holds {waiting} accesses of another ledger")]
    OtherLedger {
        /// Which file.
        path: PathBuf,
        /// How many rows wait in it.
        waiting: u64,
    },
    /// It cannot be made or read.
    #[error("the spool {path} cannot be used: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Why accesses were not written down.
#[derive(Debug)]
pub(crate) enum NotWritten {
    /// There is no room.
    Full,
    /// The file failed.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for NotWritten {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error),
        }
    }
}

/// A row on its way into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Carries the newest time.
    pub(crate) admitted: AdmittedAccess,
    quarter: i64,
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Rows.
    pub(crate) waiting: u64,
    /// No access in the file is older, in milliseconds.
    pub(crate) oldest_ms: Option<i64>,
    /// Bytes of the file.
    pub(crate) bytes: u64,
}

/// The file, open.
pub(crate) struct SpoolFile {
    connection: Connection,
    standing: Standing,
}

impl SpoolFile {
    /// Opens the file of a ledger, or makes it.
    pub(crate) fn open(path: &Path, ledger: &[u8; 32], bytes_max: u64) -> Result<Self, SpoolError> {
        let unusable = |reason: &dyn std::fmt::Display| SpoolError::File {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        close_to_others(path).map_err(|error| unusable(&error))?;
        let opened = Connection::open(path).and_then(|connection| {
            prepare(&connection, bytes_max)?;
            Ok(connection)
        });
        let connection = opened.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => SpoolError::Held(path.to_owned()),
            _ => unusable(&error),
        })?;
        let mut file = Self {
            connection,
            standing: Standing::default(),
        };
        file.standing = file.look().map_err(|error| unusable(&error))?;
        if file.belongs_to(ledger).map_err(|error| unusable(&error))? {
            Ok(file)
        } else {
            Err(SpoolError::OtherLedger {
                path: path.to_owned(),
                waiting: file.standing.waiting,
            })
        }
    }

    /// How much waits.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Writes accesses down, all with one flush, or none.
    pub(crate) fn add(&mut self, admitted: &[AdmittedAccess]) -> Result<(), NotWritten> {
        let transaction = self.connection.transaction()?;
        let mut standing = self.standing;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO spooled (quarter, tenant_id, user_id, namespace, seat_type, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            )?;
            let mut renew = transaction.prepare_cached(
                "UPDATE spooled SET at_ms = max(at_ms, ?6)
                 WHERE quarter = ?1 AND tenant_id = ?2 AND user_id = ?3 AND namespace = ?4 AND seat_type = ?5",
            )?;
            for AdmittedAccess { access, seat_type } in admitted {
                let at_ms = access.accessed_at_ms;
                let values = (
                    at_ms.div_euclid(QUARTER_MS),
                    access.tenant_id.0,
                    access.user_id.get(),
                    access.namespace.as_str(),
                    seat_type.wire_name(),
                    at_ms,
                );
                if insert.execute(values)? == 0 {
                    renew.execute(values)?;
                } else {
                    standing.waiting += 1;
                }
                standing.oldest_ms = Some(standing.oldest_ms.map_or(at_ms, |oldest_ms| oldest_ms.min(at_ms)));
            }
        }
        transaction.commit()?;
        standing.bytes = bytes(&self.connection)?;
        self.standing = standing;
        Ok(())
    }

    /// The rows that have waited longest, at most so many.
    pub(crate) fn oldest(&self, rows_max: usize) -> rusqlite::Result<Vec<Waiting>> {
        let mut select = self.connection.prepare_cached(
            "SELECT quarter, tenant_id, user_id, namespace, seat_type, at_ms FROM spooled
             ORDER BY quarter, tenant_id, user_id, namespace, seat_type LIMIT ?1",
        )?;
        let rows = select.query_map([i64::try_from(rows_max).unwrap_or(i64::MAX)], |row| {
            let text: String = row.get(4)?;
            let seat_type = SeatType::from_wire_name(&text).ok_or_else(|| damaged(4))?;
            let namespace: String = row.get(3)?;
            let access = Access {
                tenant_id: TenantId(row.get(1)?),
                user_id: UserId::new(row.get(2)?).map_err(|_| damaged(2))?,
                namespace: namespace.parse().map_err(|_| damaged(3))?,
                accessed_at_ms: row.get(5)?,
            };
            Ok(Waiting {
                admitted: AdmittedAccess { access, seat_type },
                quarter: row.get(0)?,
            })
        })?;
        rows.collect()
    }

    /// Takes rows away that the ledger has. A row that has become newer meanwhile stays.
    pub(crate) fn remove(&mut self, rows: &[Waiting]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut removed = 0;
        {
            let mut delete = transaction.prepare_cached(
                "DELETE FROM spooled WHERE quarter = ?1 AND tenant_id = ?2 AND user_id = ?3 AND namespace = ?4
                 AND seat_type = ?5 AND at_ms = ?6",
            )?;
            for Waiting { admitted, quarter } in rows {
                let AdmittedAccess { access, seat_type } = admitted;
                removed += delete.execute((
                    quarter,
                    access.tenant_id.0,
                    access.user_id.get(),
                    access.namespace.as_str(),
                    seat_type.wire_name(),
                    access.accessed_at_ms,
                ))?;
            }
        }
        transaction.commit()?;
        self.standing.waiting = self.standing.waiting.saturating_sub(removed as u64);
        self.standing.oldest_ms = self.oldest_ms()?;
        if self.standing.waiting == 0 {
            self.connection
                .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        }
        self.standing.bytes = bytes(&self.connection)?;
        Ok(())
    }

    /// The beginning of the oldest quarter of an hour is no later than its oldest access, and what was known before is no
    /// later than anything that is left.
    fn oldest_ms(&self) -> rusqlite::Result<Option<i64>> {
        let quarter: Option<i64> =
            self.connection
                .query_row("SELECT min(quarter) FROM spooled", [], |row| row.get(0))?;
        let began_ms = quarter.map(|quarter| quarter.saturating_mul(QUARTER_MS));
        Ok(began_ms.map(|began_ms| {
            self.standing
                .oldest_ms
                .map_or(began_ms, |before_ms| before_ms.max(began_ms))
        }))
    }

    fn look(&self) -> rusqlite::Result<Standing> {
        let waiting: i64 = self
            .connection
            .query_row("SELECT count(*) FROM spooled", [], |row| row.get(0))?;
        Ok(Standing {
            waiting: u64::try_from(waiting).unwrap_or_default(),
            oldest_ms: self.oldest_ms()?,
            bytes: bytes(&self.connection)?,
        })
    }

    /// Whether the file is this ledger's; one in which nothing waits becomes it.
    fn belongs_to(&self, ledger: &[u8; 32]) -> rusqlite::Result<bool> {
        let known: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT fingerprint FROM ledger", [], |row| row.get(0))
            .optional()?;
        if known.as_deref() == Some(ledger.as_slice()) {
            return Ok(true);
        }
        if known.is_some() && self.standing.waiting > 0 {
            return Ok(false);
        }
        self.connection.execute(
            "INSERT INTO ledger (only, fingerprint) VALUES (1, ?1)
             ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint",
            [ledger.as_slice()],
        )?;
        Ok(true)
    }
}

/// Makes the file if it is missing, before SQLite does with another mode; the log beside it takes over the mode.
fn close_to_others(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
        .map(drop)
}

fn prepare(connection: &Connection, bytes_max: u64) -> rusqlite::Result<()> {
    let pages_max = i64::try_from(bytes_max.max(BYTES_MIN) / PAGE_BYTES).unwrap_or(i64::MAX);
    connection.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_BYTES};
         PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = {BYTES_MIN};
         PRAGMA max_page_count = {pages_max};
         CREATE TABLE IF NOT EXISTS ledger (only INTEGER PRIMARY KEY CHECK (only = 1), fingerprint BLOB NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS spooled (
             quarter   INTEGER NOT NULL,
             tenant_id INTEGER NOT NULL,
             user_id   INTEGER NOT NULL,
             namespace TEXT    NOT NULL,
             seat_type TEXT    NOT NULL,
             at_ms     INTEGER NOT NULL,
             PRIMARY KEY (quarter, tenant_id, user_id, namespace, seat_type)
         ) STRICT, WITHOUT ROWID;"
    ))
}

fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    Ok(u64::try_from(pages).unwrap_or_default() * PAGE_BYTES)
}

fn damaged(column: usize) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, "spooled".to_owned(), rusqlite::types::Type::Text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const LEDGER: [u8; 32] = [7; 32];

    fn admitted(user: i64, at_ms: i64) -> AdmittedAccess {
        AdmittedAccess {
            access: Access {
                tenant_id: TenantId(1),
                user_id: UserId::new(user).unwrap(),
                namespace: "package_35f605__c".parse().unwrap(),
                accessed_at_ms: at_ms,
            },
            seat_type: SeatType::PerUser,
        }
    }

    #[test]
    fn a_person_is_one_row_in_a_quarter_of_an_hour_with_the_newest_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let mut file = SpoolFile::open(&path, &LEDGER, BYTES_MIN).unwrap();
        file.add(&[admitted(1, 10), admitted(1, 30), admitted(1, 20)])
            .unwrap();
        file.add(&[admitted(1, QUARTER_MS), admitted(2, 40)]).unwrap();
        assert_eq!(file.standing().waiting, 3);
        assert_eq!(file.standing().oldest_ms, Some(10));
        drop(file);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, FILE_MODE);
        let file = SpoolFile::open(&path, &LEDGER, BYTES_MIN).unwrap();
        let times: Vec<i64> = file
            .oldest(10)
            .unwrap()
            .iter()
            .map(|row| row.admitted.access.accessed_at_ms)
            .collect();
        assert_eq!(times, [30, 40, QUARTER_MS]);
        assert_eq!(file.standing().waiting, 3);
        assert_eq!(file.standing().oldest_ms, Some(0), "no later than the oldest");
    }

    #[test]
    fn a_row_that_became_newer_while_it_was_brought_in_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = SpoolFile::open(&folder.path().join("spool"), &LEDGER, BYTES_MIN).unwrap();
        file.add(&[admitted(1, 10), admitted(2, 11)]).unwrap();
        let rows = file.oldest(10).unwrap();
        file.add(&[admitted(1, 12)]).unwrap();
        file.remove(&rows).unwrap();
        let left = file.oldest(10).unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].admitted, admitted(1, 12));
        assert_eq!(file.standing().waiting, 1);
        assert!(file.standing().oldest_ms.unwrap() <= 12);
        file.remove(&left).unwrap();
        assert_eq!((file.standing().waiting, file.standing().oldest_ms), (0, None));
    }

    #[test]
    fn a_full_file_takes_nothing_more_and_keeps_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let mut file = SpoolFile::open(&path, &LEDGER, BYTES_MIN).unwrap();
        let mut taken = 0_u64;
        let full = loop {
            let user = i64::try_from(taken).unwrap() + 1;
            let batch: Vec<_> = (user..user + 500).map(|user| admitted(user, 10)).collect();
            match file.add(&batch) {
                Ok(()) => taken += 500,
                Err(error) => break error,
            }
        };
        assert!(matches!(full, NotWritten::Full), "{full:?}");
        assert!(taken >= 10_000, "{taken}");
        assert_eq!(
            file.standing().waiting,
            taken,
            "a batch is written wholly or not at all"
        );
        assert!(std::fs::metadata(&path).unwrap().len() <= BYTES_MIN);
        while file.standing().waiting > 0 {
            let rows = file.oldest(1_000).unwrap();
            file.remove(&rows).unwrap();
        }
        assert!(file.standing().bytes < BYTES_MIN / 10, "room is given back");
        file.add(&[admitted(1, 10)]).unwrap();
    }

    #[test]
    fn a_spool_is_of_one_ledger_and_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let mut file = SpoolFile::open(&path, &LEDGER, BYTES_MIN).unwrap();
        assert!(matches!(
            SpoolFile::open(&path, &LEDGER, BYTES_MIN),
            Err(SpoolError::Held(_))
        ));
        file.add(&[admitted(1, 10)]).unwrap();
        drop(file);
        assert!(matches!(
            SpoolFile::open(&path, &[8; 32], BYTES_MIN),
            Err(SpoolError::OtherLedger { waiting: 1, .. })
        ));
        let mut file = SpoolFile::open(&path, &LEDGER, BYTES_MIN).unwrap();
        let rows = file.oldest(10).unwrap();
        file.remove(&rows).unwrap();
        drop(file);
        SpoolFile::open(&path, &[8; 32], BYTES_MIN).unwrap();
    }
}
