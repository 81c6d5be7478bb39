//! One Usher per data folder.
//!
//! SQLite itself lets many processes write one file. Usher must not: the writer's overlay and cache of verdicts are
//! only right while nobody else writes. So whoever opens a store holds an advisory lock on a file beside it, which the
//! kernel lets go when the process ends, however it ends. The file says in JSON who holds it, so that a refusal
//! can name the holder and a command can find the running server.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// The lock's name in the data folder.
pub const LOCK_FILE_NAME: &str = "usher.lock";

/// How often a refused lock is tried again: a passing look by [`holder_of`] must not look like a holder.
const LOCK_TRIES: u32 = 5;
/// Pause between two tries; a look takes microseconds.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Who holds a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub process_id: u32,
    /// What it does, such as `usher serve`.
    pub command: String,
    /// Since when, in milliseconds.
    pub since_ms: i64,
    /// Where commands can reach it, if it serves them.
    pub control_socket: Option<PathBuf>,
}

/// A held lock; let go when dropped.
#[derive(Debug)]
pub(crate) struct DataLock {
    /// Kept open because the lock belongs to the open file.
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Somebody has it. The holder is unknown in the moment between its locking and its writing.
    Held(Option<Holder>),
    /// The file could not be opened or written.
    Io(io::Error),
}

impl DataLock {
    /// Takes the lock of `folder` for `holder`.
    pub(crate) fn acquire(folder: &Path, holder: &Holder) -> Result<Self, LockError> {
        let mut file = open(folder).map_err(LockError::Io)?;
        for attempt in 1..=LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < LOCK_TRIES => {
                    std::thread::park_timeout(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(LockError::Held(read(&mut file))),
                Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
            }
        }
        write(&mut file, holder).map_err(LockError::Io)?;
        Ok(Self { _file: file })
    }
}

/// Tells who holds the data folder, if anybody does.
///
/// # Errors
/// When the folder or its lock file cannot be read. A missing folder is held by nobody.
pub fn holder_of(folder: &Path) -> io::Result<Option<Holder>> {
    let mut file = match OpenOptions::new().read(true).open(folder.join(LOCK_FILE_NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read(&mut file)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open(folder: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(LOCK_FILE_NAME))
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    serde_json::from_str(&text).ok()
}

fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(holder)?)?;
    file.flush()
}
