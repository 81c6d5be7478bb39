//! The data folder and the files in it.
//!
//! | File | What it is |
//! | --- | --- |
//! | `usher.db` | the store, mode 0600 |
//! | `usher.db-sums` | a checksum of every page of the store, mode 0600 |
//! | `usher.lock` | held by the one Usher that works on the folder |
//! | `usher.key` | 32 random bytes, mode 0600; keys for sealed page tokens are derived from it |
//! | `usher.sock` | where commands reach a running server, mode 0600 |
//! | `usher.toml` | settings, if somebody wrote them |
//!
//! A folder made here is closed to everybody else (mode 0700), because the store inside knows who uses what.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use usher_http::{Chance, edge::draw};

use crate::{failure::Failure, words};

/// Only the owner may enter.
pub(crate) const FOLDER_MODE: u32 = 0o700;
/// Only the owner may read and write.
pub(crate) const SECRET_FILE_MODE: u32 = 0o600;
/// Bytes in the key file: as many as the hash that derives keys from it.
const KEY_BYTES: usize = 32;

/// A data folder that is there, by its absolute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// Makes the folder if it is missing.
    ///
    /// # Errors
    /// A failure naming the folder and the system's reason.
    pub(crate) fn make(path: &Path) -> Result<Self, Failure> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path)
            .map_err(|error| unusable(path, &error))?;
        Self::existing(path)
    }

    /// Takes a folder that must be there, for commands that only read.
    ///
    /// # Errors
    /// A failure that says how a data folder comes to be.
    pub(crate) fn existing(path: &Path) -> Result<Self, Failure> {
        let absolute = path.canonicalize().map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                missing(path)
            } else {
                unusable(path, &error)
            }
        })?;
        Ok(Self(absolute))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The control socket, where its path fits a socket address.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.0.join("usher.sock")
    }

    /// Reads the key file, or makes it. Only whoever holds the folder may call this, else two could make two keys.
    ///
    /// # Errors
    /// A failure when the file cannot be read or made, or is not a key file.
    pub(crate) fn key(&self, chance: &dyn Chance) -> Result<[u8; KEY_BYTES], Failure> {
        let path = self.0.join("usher.key");
        match read_key(&path) {
            Ok(key) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = draw(chance);
                self.write_key(&path, &key)
                    .map_err(|error| unusable(&path, &error))?;
                Ok(key)
            }
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Reads the key file; none when there is none, because the ledger was never served.
    ///
    /// # Errors
    /// As [`Self::key`].
    pub(crate) fn kept_key(&self) -> Result<Option<[u8; KEY_BYTES]>, Failure> {
        let path = self.0.join("usher.key");
        match read_key(&path) {
            Ok(key) => Ok(Some(key)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Makes the key file with a key that belongs to a ledger that arrives. Only whoever holds the folder may call this.
    ///
    /// # Errors
    /// A failure when there is another key, or the file cannot be made.
    pub(crate) fn keep_key(&self, key: &[u8; KEY_BYTES]) -> Result<(), Failure> {
        let path = self.0.join("usher.key");
        match self.kept_key()? {
            None => self
                .write_key(&path, key)
                .map_err(|error| unusable(&path, &error)),
            Some(kept) if kept == *key => Ok(()),
            Some(_) => {
                let path = path.display();
                Err(Failure::failed(words!(
                    "{path} belongs to another ledger; name an empty folder",
                    "{path} 属于另一个账本；请指定空的文件夹"
                )))
            }
        }
    }

    /// Writes the key beside its place and moves it there, so that no half key is ever found; then makes the folder's
    /// own entry durable, because page tokens sealed with a lost key would never open again.
    fn write_key(&self, path: &Path, key: &[u8]) -> io::Result<()> {
        let unfinished = self.0.join("usher.key.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(SECRET_FILE_MODE)
            .open(&unfinished)?;
        file.set_permissions(Permissions::from_mode(SECRET_FILE_MODE))?;
        file.write_all(key)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        File::open(&self.0)?.sync_all()
    }
}

/// Makes the store's file, empty and closed to others, when it is missing; the files that SQLite puts beside it take over its
/// mode. That matters where an operator made the folder, perhaps open to others.
///
/// # Errors
/// A failure naming the file and the system's reason.
pub(crate) fn make_store_file(path: &Path) -> Result<(), Failure> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(SECRET_FILE_MODE)
        .open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unusable(path, &error)),
        _ => Ok(()),
    }
}

fn read_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
    File::open(path)?
        .take(KEY_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    bytes
        .try_into()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a key file of 32 bytes"))
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::failed(words!("cannot use {path}: {error}", "无法使用 {path}：{error}"))
}

fn missing(path: &Path) -> Failure {
    let path = path.display();
    Failure::failed(words!(
        "there is no data folder at {path}",
        "{path} 处没有数据文件夹"
    ))
    .next(words!("usher serve --data {path}", "usher serve --data {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Chance for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, number) in bytes.iter_mut().zip(0..) {
                *byte = number;
            }
        }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_made_folder_and_its_key_are_closed_to_others() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::make(&home.path().join("a/b")).unwrap();
        assert_eq!(mode(folder.path()), FOLDER_MODE);
        let key = folder.key(&Counting).unwrap();
        assert_eq!(mode(&folder.path().join("usher.key")), SECRET_FILE_MODE);
        assert_eq!(folder.key(&Counting).unwrap(), key, "the key stays");
        assert!(!folder.path().join("usher.key.new").exists());
    }

    #[test]
    fn what_is_not_a_key_is_not_used_and_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::make(home.path()).unwrap();
        std::fs::write(home.path().join("usher.key"), [1; 33]).unwrap();
        assert!(folder.key(&Counting).is_err());
        assert_eq!(std::fs::read(home.path().join("usher.key")).unwrap(), [1; 33]);
    }

    #[test]
    fn a_missing_folder_is_missed_with_the_next_command() {
        let failure = DataFolder::existing(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(
            failure.next,
            Some(words!(
                "usher serve --data /nowhere/at/all",
                "usher serve --data /nowhere/at/all"
            ))
        );
    }
}
