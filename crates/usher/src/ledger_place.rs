//! Where a ledger is, ready to be opened: a file in a folder that is there, or a database.
//!
//! The folder of a file also has what belongs to it: the lock, the key and the control socket. A database has its own locks and
//! keeps the key, so that any number of instances and commands share both; the data folder is then not touched.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use usher_http::edge::draw;
use usher_postgres::{DatabaseAddress, Jitter, PostgresOptions};

use crate::{
    chance::SystemChance,
    data_folder::DataFolder,
    failure::Failure,
    settings::{
        away::AwaySettings,
        store::{LedgerKey, StoreChoice, StoreSettings},
    },
};

/// The file's name where only a folder is named.
const FILE_NAME: &str = "usher.db";

/// Where a ledger is.
#[derive(Debug, Clone)]
pub(crate) enum LedgerPlace {
    /// In a file.
    File {
        /// The folder of the file.
        folder: DataFolder,
        /// The file.
        path: PathBuf,
    },
    /// In a database.
    Database {
        /// Which.
        address: Box<DatabaseAddress>,
        /// How it is used.
        options: Box<PostgresOptions>,
        /// The key of the ledger, where the operator keeps it in a file.
        key: Option<LedgerKey>,
        /// What a server does while it is away; none for a command, which only waits.
        away: Option<AwaySettings>,
    },
}

impl LedgerPlace {
    /// The place that the settings name; a folder that is missing is made.
    ///
    /// # Errors
    /// As [`DataFolder::make`].
    pub(crate) fn make(settings: &StoreSettings) -> Result<Self, Failure> {
        Self::with(settings, DataFolder::make)
    }

    /// The place that the settings name, for commands that only read: a folder must be there.
    ///
    /// # Errors
    /// As [`DataFolder::existing`].
    pub(crate) fn existing(settings: &StoreSettings) -> Result<Self, Failure> {
        Self::with(settings, DataFolder::existing)
    }

    /// The same for a server, which has to do something while its database is away.
    pub(crate) fn for_server(self, settings: AwaySettings) -> Self {
        match self {
            Self::Database {
                address,
                options,
                key,
                ..
            } => Self::Database {
                address,
                options,
                key,
                away: Some(settings),
            },
            file @ Self::File { .. } => file,
        }
    }

    /// The folder in which accesses may wait while the database is away; none where none ever do.
    pub(crate) fn spool_folder(&self) -> Option<&Path> {
        match self {
            Self::Database {
                away: Some(settings), ..
            } if settings.may_spool => Some(&settings.folder),
            _ => None,
        }
    }

    /// The file of a data folder.
    pub(crate) fn in_folder(folder: DataFolder) -> Self {
        let path = folder.path().join(FILE_NAME);
        Self::File { folder, path }
    }

    fn with(
        settings: &StoreSettings,
        folder: impl Fn(&Path) -> Result<DataFolder, Failure>,
    ) -> Result<Self, Failure> {
        match &settings.choice {
            StoreChoice::Folder(path) => Ok(Self::in_folder(folder(path)?)),
            StoreChoice::File(path) if path.is_dir() => Ok(Self::in_folder(folder(path)?)),
            StoreChoice::File(path) => {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let folder = folder(parent.unwrap_or(Path::new(".")))?;
                let path = folder.path().join(path.file_name().unwrap_or(FILE_NAME.as_ref()));
                Ok(Self::File { folder, path })
            }
            StoreChoice::Database(address) => Ok(Self::Database {
                address: address.clone(),
                key: settings.key,
                options: Box::new(PostgresOptions {
                    connections_max: usize::try_from(settings.limits.connections_max).unwrap_or(usize::MAX),
                    connect_timeout_ms: settings.limits.connect_timeout_ms,
                    statement_timeout_ms: settings.limits.statement_timeout_ms,
                    lock_timeout_ms: settings.limits.lock_timeout_ms,
                    jitter: Jitter::drawn_by(|| u32::from_be_bytes(draw(&SystemChance))),
                    ..PostgresOptions::default()
                }),
                away: None,
            }),
        }
    }
}

impl fmt::Display for LedgerPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { folder, .. } => write!(formatter, "{}", folder.path().display()),
            Self::Database { address, .. } => write!(formatter, "{address}"),
        }
    }
}
