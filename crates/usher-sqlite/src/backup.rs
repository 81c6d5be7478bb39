//! A backup: one file that holds a whole ledger as it stood at one moment, and everything that is needed to go on with it.
//!
//! **Taking one** does not stop anybody: SQLite writes the state of one moment into a new file, compactly (`VACUUM INTO`), while the
//! writer goes on behind it. Before that the pages are compared with their checksums, so that damage is not carried into a
//! backup that replaces a good one. Then the new file is looked at as `usher doctor --deep` looks at a store, and what
//! every table comes to (a digest over its rows) is written into it, with the key of the ledger and the moment up to
//! which it is complete. Only then does the file get its name.
//!
//! **Restoring** takes nothing on trust: the digests are taken again, and only a file that is whole gets the name of a store.
//!
//! ```text
//! FILE.unfinished --looked at, digests, synchronised--> FILE         usher.db.unfinished --digests again--> usher.db
//! ```
//!
//! A backup bears another mark than a store, so that nobody serves it by mistake.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, types::ValueRef};
use serde::{Deserialize, Serialize};
use usher_store::portable::{Digest, Value};

use crate::{
    Holder,
    examine::{Check, Checked, Examiner},
    file::{self, OpenError, beside},
    lock::DataLock,
    page_sums, write_ahead_log,
};

/// Marks a backup ("USHB"), as another number marks a store.
const APPLICATION_ID: i64 = 0x5553_4842;
/// What the name of a file that is not whole yet ends with.
pub const UNFINISHED: &str = ".unfinished";
/// A backup holds who uses what, and the key: only its owner may read it.
const MODE: u32 = 0o600;
/// Bytes of the key of a ledger.
const KEY_BYTES: usize = 32;
/// What is looked at in a new backup. Its pages and its log have no past.
const LOOKED_AT: [Check; 8] = [
    Check::Structure,
    Check::References,
    Check::Journals,
    Check::Pools,
    Check::Tallies,
    Check::Keys,
    Check::Days,
    Check::AuditLogs,
];

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupNote {
    /// When it was begun, in milliseconds.
    pub made_at_ms: i64,
    /// Everything that was let in up to this moment is in it, in milliseconds; none when the holder of the folder did not say.
    pub watermark_ms: Option<i64>,
    /// What each table comes to.
    pub tables: BTreeMap<String, TableDigest>,
}

/// What a table comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// Its rows.
    pub rows: u64,
    /// The digest over them ([`Digest`]).
    pub digest: String,
}

/// Why there is no backup, or nothing was restored. The messages are for logs.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store or the backup cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new file cannot be made: it is there already, or the system says why.
    #[error("{} cannot be made: {error}", path.display())]
    NotMade {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The store is damaged; a backup would be, too.
    #[error("the store is damaged: {check:?}: {found:?}")]
    Damaged {
        /// Where it was noticed.
        check: Check,
        /// What.
        found: Checked,
    },
    /// The file is not a backup of Usher.
    #[error("the file is not a backup")]
    NotABackup,
    /// The backup is not as it was made.
    #[error("{table} in the backup is not as it was written")]
    Changed {
        /// The first table that differs.
        table: String,
    },
    /// There is a store already.
    #[error("{} is there already", .0.display())]
    Occupied(PathBuf),
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Open(error.into())
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        Self::Open(error.into())
    }
}

/// What a backup holds beside the tables.
#[derive(Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it says of itself.
    pub note: BackupNote,
    /// The key of the ledger.
    pub key: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Restored {
    /// Never shows the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Restored")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

/// Bytes that a backup of a store will have, about: to show how far it is.
///
/// # Errors
/// As the file.
pub fn bytes_expected(store: &Path) -> Result<u64, OpenError> {
    let connection = file::open_for_reading(store)?;
    let of =
        |name: &str| -> rusqlite::Result<i64> { connection.pragma_query_value(None, name, |row| row.get(0)) };
    let pages = of("page_count")? - of("freelist_count")?;
    Ok(pages.unsigned_abs() * of("page_size")?.unsigned_abs())
}

/// Writes a backup of a store into a new file. `note` gives the moments; its tables are filled in here.
///
/// # Errors
/// [`BackupError`]; then the file does not exist.
pub fn back_up(
    store: &Path,
    to: &Path,
    note: BackupNote,
    key: &[u8; KEY_BYTES],
) -> Result<BackupNote, BackupError> {
    if to.exists() {
        return Err(BackupError::Occupied(to.to_owned()));
    }
    let unfinished = beside(to, UNFINISHED);
    let made = write(store, &unfinished, note, key).and_then(|note| {
        std::fs::rename(&unfinished, to).map_err(|error| not_made(to, error))?;
        synchronise_folder(to)?;
        Ok(note)
    });
    if made.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    made
}

fn write(
    store: &Path,
    unfinished: &Path,
    mut note: BackupNote,
    key: &[u8; KEY_BYTES],
) -> Result<BackupNote, BackupError> {
    let examiner = Examiner::open(store)?;
    refuse_damage(&examiner, &[Check::Log, Check::Pages])?;
    drop(examiner);
    make_empty(unfinished)?;
    let source = file::open_for_reading(store)?;
    source.execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])?;
    drop(source);
    refuse_damage(&Examiner::open(unfinished)?, &LOOKED_AT)?;
    let mut backup = Connection::open_with_flags(
        unfinished,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    backup.pragma_update(None, "journal_mode", "DELETE")?;
    note.tables = digests(&backup)?;
    let text = serde_json::to_string(&note).map_err(io::Error::other)?;
    let seal = seal(&text, key);
    let transaction = backup.transaction()?;
    transaction.execute_batch(
        "CREATE TABLE backup_note (number INTEGER PRIMARY KEY CHECK (number = 1), note TEXT NOT NULL, key BLOB NOT NULL,
                                   digest TEXT NOT NULL) STRICT",
    )?;
    transaction.execute(
        "INSERT INTO backup_note (number, note, key, digest) VALUES (1, ?1, ?2, ?3)",
        (&text, key, &seal),
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    drop(backup);
    File::open(unfinished)?.sync_all()?;
    let Restored { note, .. } = verified(unfinished)?;
    Ok(note)
}

fn refuse_damage(examiner: &Examiner, checks: &[Check]) -> Result<(), BackupError> {
    for check in checks {
        let found = examiner.check(*check);
        if found.faults.iter().any(crate::examine::Fault::is_damage) {
            return Err(BackupError::Damaged { check: *check, found });
        }
    }
    Ok(())
}

/// Restores a backup as the store at `to`, whose folder is there and is held for `holder` meanwhile. `keep_key` is given the key
/// before the store gets its name.
///
/// # Errors
/// [`BackupError`], or what `keep_key` says; then there is no store.
pub fn restore<E: From<BackupError>>(
    backup: &Path,
    to: &Path,
    holder: &Holder,
    keep_key: impl FnOnce(&[u8; KEY_BYTES]) -> Result<(), E>,
) -> Result<BackupNote, E> {
    let folder = to.parent().unwrap_or(Path::new("."));
    let _lock =
        DataLock::acquire(folder, holder).map_err(|error| BackupError::from(OpenError::from(error)))?;
    // A log or sums that were left behind belong to another store, and would be taken for this one's.
    for occupied in [
        to.to_owned(),
        write_ahead_log::path_of(to),
        page_sums::path_of(to),
    ] {
        if occupied.exists() {
            return Err(BackupError::Occupied(occupied).into());
        }
    }
    let unfinished = beside(to, UNFINISHED);
    let restored = unpack(backup, &unfinished).map_err(E::from).and_then(|restored| {
        keep_key(&restored.key)?;
        std::fs::rename(&unfinished, to).map_err(|error| not_made(to, error))?;
        synchronise_folder(to)?;
        page_sums::ensure(to, file::APPLICATION_ID).map_err(BackupError::from)?;
        Ok(restored.note)
    });
    if restored.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    restored
}

fn unpack(backup: &Path, unfinished: &Path) -> Result<Restored, BackupError> {
    let restored = verified(backup)?;
    let _ = std::fs::remove_file(unfinished);
    make_empty(unfinished)?;
    let mut copy = OpenOptions::new().write(true).open(unfinished)?;
    io::copy(&mut File::open(backup)?, &mut copy)?;
    copy.sync_all()?;
    drop(copy);
    // The copy, not the backup, is what will be served.
    verified(unfinished)?;
    let mut store = Connection::open_with_flags(
        unfinished,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let transaction = store.transaction()?;
    transaction.execute_batch("DROP TABLE backup_note")?;
    transaction.pragma_update(None, "application_id", file::APPLICATION_ID)?;
    transaction.commit()?;
    store.pragma_update(None, "journal_mode", "WAL")?;
    drop(store);
    File::open(unfinished)?.sync_all()?;
    Ok(restored)
}

/// Reads a backup and proves that it is as it was made.
///
/// # Errors
/// [`BackupError`] names the first table that differs.
pub fn verified(backup: &Path) -> Result<Restored, BackupError> {
    let connection = Connection::open_with_flags(
        backup,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let damaged = |error: rusqlite::Error| match error {
        rusqlite::Error::SqliteFailure(failure, _) if failure.code == rusqlite::ErrorCode::NotADatabase => {
            BackupError::NotABackup
        }
        error => error.into(),
    };
    let mark: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(damaged)?;
    if mark != APPLICATION_ID {
        return Err(BackupError::NotABackup);
    }
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > file::SCHEMA_VERSION {
        let known = file::SCHEMA_VERSION;
        return Err(OpenError::NewerSchema { found, known }.into());
    }
    let whole: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(OpenError::File(whole).into());
    }
    let restored = note_of(&connection)?;
    let found = digests(&connection)?;
    let tables = restored.note.tables.keys().chain(found.keys());
    for table in tables {
        if found.get(table) != restored.note.tables.get(table) {
            return Err(BackupError::Changed { table: table.clone() });
        }
    }
    Ok(restored)
}

fn note_of(connection: &Connection) -> Result<Restored, BackupError> {
    let changed = || BackupError::Changed {
        table: "backup_note".to_owned(),
    };
    let (text, key, kept): (String, [u8; KEY_BYTES], String) = connection
        .query_row("SELECT note, key, digest FROM backup_note", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?
        .ok_or_else(changed)?;
    if seal(&text, &key) != kept {
        return Err(changed());
    }
    let note = serde_json::from_str(&text).map_err(|_| changed())?;
    Ok(Restored { note, key })
}

/// What note and key come to.
fn seal(note: &str, key: &[u8; KEY_BYTES]) -> String {
    let mut digest = Digest::default();
    digest.add(&[Value::Text(note.to_owned()), Value::Bytes(key.to_vec())]);
    digest.to_string()
}

/// What every table comes to, apart from the note.
fn digests(connection: &Connection) -> Result<BTreeMap<String, TableDigest>, BackupError> {
    let tables: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND name <> 'backup_note' AND name NOT LIKE 'sqlite_stat%' ORDER BY name",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut digests = BTreeMap::new();
    for table in tables {
        let digest = digest_of(connection, &table)?;
        let rows = digest.rows;
        let digest = digest.to_string();
        digests.insert(table, TableDigest { rows, digest });
    }
    Ok(digests)
}

fn digest_of(connection: &Connection, table: &str) -> rusqlite::Result<Digest> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut digest = Digest::default();
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|column| row.get_ref(column).map(value));
        digest.add(&values.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(digest)
}

fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Null => Value::Nothing,
        ValueRef::Integer(number) => Value::Integer(number),
        // No table has such numbers; one that has them now still has them in one form.
        ValueRef::Real(number) => Value::Bytes(number.to_be_bytes().to_vec()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// An empty file, closed to others.
fn make_empty(path: &Path) -> Result<(), BackupError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path);
    made.map(drop).map_err(|error| not_made(path, error))
}

fn not_made(path: &Path, error: io::Error) -> BackupError {
    let path = path.to_owned();
    BackupError::NotMade { path, error }
}

/// Makes the name of a file durable.
fn synchronise_folder(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
}
