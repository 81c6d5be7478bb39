//! Opening the file: settings, schema versions, refusals.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use usher_store::StoreError;

use crate::{
    lock::{Holder, LockError},
    page_sums, search_keys,
};

/// Marks a SQLite file as Usher's ("USHR"), so that another program's file is never migrated by mistake.
pub(crate) const APPLICATION_ID: i64 = 0x5553_4852;

/// Each entry brings the schema one version up. Never edit one that was released; add another.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_ledger.sql"),
    include_str!("../migrations/0002_identity.sql"),
    include_str!("../migrations/0003_management.sql"),
    include_str!("../migrations/0004_identity_provider.sql"),
    include_str!("../migrations/0005_names_and_time_zones.sql"),
    include_str!("../migrations/0006_pools.sql"),
    include_str!("../migrations/0007_history.sql"),
    include_str!("../migrations/0008_audit.sql"),
    include_str!("../migrations/0009_leaves.sql"),
    include_str!("../migrations/0011_kept_answers_of_tenants.sql"),
    include_str!("../migrations/0012_copy.sql"),
    include_str!("../migrations/0013_seat_tallies.sql"),
    include_str!("../migrations/0014_fill_seat_tallies.sql"),
    USER_SEARCH_KEYS,
    include_str!("../migrations/0010_pool_prices.sql"),
    include_str!("../migrations/0016_kept_seats.sql"),
];

/// The step after which everybody's keys are written: they cannot be made by SQL.
const USER_SEARCH_KEYS: &str = include_str!("../migrations/0015_user_search_keys.sql");

/// The newest schema this program knows.
#[expect(clippy::cast_possible_wrap, reason = "a handful of migrations")]
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// The log file is cut back to this after an exceptional growth.
const WAL_BYTES_KEPT: i64 = 64 << 20;
/// Page cache of the writer in KiB; the upper levels of the trees of ten million rows fit.
const WRITER_CACHE_KIB: i64 = 16_384;
/// Page cache of each reader in KiB; a page of a list touches a few dozen pages.
const READER_CACHE_KIB: i64 = 2_048;
/// How long SQLite itself waits for another connection of this process, in milliseconds; only a checkpoint can wait.
const BUSY_MS: i64 = 5_000;
/// Prepared statements kept per connection; there are fewer than this in the crate.
const STATEMENTS_KEPT: usize = 128;

/// Why a store was not opened. The messages are fit for the person at the command line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another Usher has the folder; the holder is unknown while it is just starting.
    #[error("the data folder is held by another Usher")]
    Held(Option<Holder>),
    /// The file was written by a newer Usher.
    #[error("the store has schema version {found}, this Usher knows up to {known}; use a newer Usher")]
    NewerSchema {
        /// In the file.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// The file is a SQLite file of another program.
    #[error("the file is not an Usher store")]
    NotAStore,
    /// The ledger in the file is a copy that has not ended.
    #[error("the store holds the beginning of a copy of {source_address}; let the copy end first")]
    BeingCopied {
        /// Of what.
        source_address: String,
    },
    /// The folder or the lock cannot be used.
    #[error("the data folder cannot be used: {0}")]
    Folder(#[from] io::Error),
    /// The file cannot be read or is damaged.
    #[error("the store cannot be read: {0}")]
    File(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error.to_string())
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::File(error.to_string())
    }
}

impl From<LockError> for OpenError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held(holder) => Self::Held(holder),
            LockError::Io(error) => Self::Folder(error),
        }
    }
}

/// Opens the file for the writer, making or migrating it.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, OpenError> {
    page_sums::ensure(path, APPLICATION_ID)?;
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    refuse_foreign(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    // A connection that is dropped after a fault, or by a panic, leaves the log to the next start.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    page_sums::begin(&connection, path)?;
    page_sums::watch(&mut connection, path)?;
    settle(&connection, WRITER_CACHE_KIB)?;
    migrate(&mut connection)?;
    synchronise_names(path)?;
    Ok(connection)
}

/// Makes the names of the file and its log durable. SQLite does so when it first writes the log, but does not say when that fails, and a log
/// without a name is gone after a power cut.
fn synchronise_names(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Closes the writer's connection and leaves a file without a log where possible.
pub(crate) fn close(connection: Connection, path: &Path) -> Result<(), OpenError> {
    page_sums::seal(path, 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Copies the whole log into the file and empties it; false while somebody reads an old state.
pub(crate) fn empty_log(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    page_sums::seal(path, 0)?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(!busy)
}

/// The name of a file that SQLite or Usher keeps beside a file.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens the file for one reader.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    settle(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

/// Settings that both kinds of connection share, spelled out so that no default of a library matters.
fn settle(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "busy_timeout", BUSY_MS)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    // Plans must not depend on bound values: without this promise SQLite compiles a kept statement anew whenever a value
    // changes that a partial index could care about, which cost ten times the look-up of a verdict itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses what must not be touched, before anything is written; gives the version of the schema.
pub(crate) fn refuse_foreign(connection: &Connection) -> Result<i64, OpenError> {
    let application_id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application_id != APPLICATION_ID && (application_id != 0 || tables != 0) {
        return Err(OpenError::NotAStore);
    }
    let found = version(connection)?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::NewerSchema {
            found,
            known: SCHEMA_VERSION,
        });
    }
    Ok(found)
}

/// Brings the schema up, one version per transaction: an interrupted migration goes on where it stopped.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    for (target, migration) in (1_i64..).zip(MIGRATIONS).filter(|(target, _)| *target > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        if *migration == USER_SEARCH_KEYS {
            search_keys::fill(&transaction)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", target)?;
        transaction.commit()?;
    }
    Ok(())
}
