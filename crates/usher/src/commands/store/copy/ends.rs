//! The two ends of a copy, as the command line and the environment name them.

use std::fmt;

use usher_postgres::{PostgresSource, PostgresTarget};
use usher_sqlite::{Holder, SqliteSource, SqliteTarget};
use usher_store::portable::{Source, Target};

use super::super::super::Context;
use crate::{
    arguments::{SettingArguments, store::CopyArguments},
    clock::SystemClock,
    control::channel::held,
    data_folder::make_store_file,
    environment,
    failure::Failure,
    ledger::{Obstacle, obstacles},
    ledger_place::LedgerPlace,
    settings::{Layers, store::StoreSettings},
};

/// How this process is called while it holds a folder.
const COMMAND: &str = "usher store copy";

/// Where a ledger is, or is to be.
pub(super) struct End {
    /// The place.
    pub(super) place: LedgerPlace,
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            LedgerPlace::File { path, .. } => write!(formatter, "sqlite:{}", path.display()),
            LedgerPlace::Database { address, .. } => write!(formatter, "{address}"),
        }
    }
}

/// A ledger that moves out.
pub(super) enum Departure {
    /// Of a file.
    File(Box<SqliteSource>),
    /// Of a database.
    Database(Box<PostgresSource>),
}

/// A ledger that moves in.
pub(super) enum Arrival {
    /// Into a file.
    File(SqliteTarget),
    /// Into a database.
    Database(Box<PostgresTarget>),
}

impl Departure {
    pub(super) fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::File(source) => source.as_mut(),
            Self::Database(source) => source.as_mut(),
        }
    }

    /// Lets the place go.
    pub(super) async fn close(self) {
        match self {
            Self::File(source) => source.close().await,
            Self::Database(source) => source.close().await,
        }
    }
}

impl Arrival {
    pub(super) fn target(&mut self) -> &mut dyn Target {
        match self {
            Self::File(target) => target,
            Self::Database(target) => target.as_mut(),
        }
    }
}

impl End {
    /// What `--from` names; it must be there.
    pub(super) fn departure(context: &Context<'_>, arguments: &CopyArguments) -> Result<Self, Failure> {
        let settings = settings(
            context,
            &arguments.from,
            (&arguments.from_password_file, &arguments.from_key_file),
            "USHER_FROM_PASSWORD",
        )?;
        Ok(Self {
            place: LedgerPlace::existing(&settings)?,
        })
    }

    /// What `--to` names; a folder is made when it is missing.
    pub(super) fn arrival(context: &Context<'_>, arguments: &CopyArguments) -> Result<Self, Failure> {
        let settings = settings(
            context,
            &arguments.to,
            (&arguments.to_password_file, &arguments.to_key_file),
            "USHER_TO_PASSWORD",
        )?;
        Ok(Self {
            place: LedgerPlace::make(&settings)?,
        })
    }

    /// Opens it for moving out.
    pub(super) async fn depart(&self) -> Result<Departure, Failure> {
        match &self.place {
            LedgerPlace::File { path, .. } => SqliteSource::open(path, &holder())
                .await
                .map(|source| Departure::File(Box::new(source)))
                .map_err(|error| self.unopened(obstacles::of_file(path, error))),
            LedgerPlace::Database { address, options, .. } => {
                PostgresSource::open(address, options, SystemClock.now_ms())
                    .await
                    .map(|source| Departure::Database(Box::new(source)))
                    .map_err(|error| obstacles::of_database(address, &error))
            }
        }
    }

    fn unopened(&self, obstacle: Obstacle) -> Failure {
        match obstacle {
            Obstacle::Held(holder) => held(&self.place, holder.as_ref(), None),
            Obstacle::Failure(failure) => failure,
        }
    }

    /// Opens it for moving in.
    pub(super) async fn arrive(&self) -> Result<Arrival, Failure> {
        match &self.place {
            LedgerPlace::File { path, .. } => {
                make_store_file(path)?;
                SqliteTarget::open(path, &holder())
                    .map(Arrival::File)
                    .map_err(|error| self.unopened(obstacles::of_file(path, error)))
            }
            LedgerPlace::Database { address, options, .. } => {
                PostgresTarget::open(address, options, SystemClock.now_ms())
                    .await
                    .map(|target| Arrival::Database(Box::new(target)))
                    .map_err(|error| obstacles::of_database(address, &error))
            }
        }
    }
}

/// The settings of one end: what is said of *the* store is not said of either, apart from a password that no end has of its own.
fn settings(
    context: &Context<'_>,
    address: &str,
    (password_file, key_file): (&Option<String>, &Option<String>),
    password_variable: &str,
) -> Result<StoreSettings, Failure> {
    let flags = SettingArguments {
        store: Some(address.to_owned()),
        store_password_file: password_file.clone(),
        key_file: key_file.clone(),
        ..SettingArguments::default()
    };
    let own = |name: &str| match name {
        "USHER_STORE_PASSWORD" => environment(password_variable).or_else(|| environment(name)),
        "USHER_STORE" | "USHER_KEY_FILE" => None,
        _ => environment(name),
    };
    StoreSettings::read(&Layers::new(flags, context.config.clone(), own)?)
}

fn holder() -> Holder {
    Holder {
        process_id: std::process::id(),
        command: COMMAND.to_owned(),
        since_ms: SystemClock.now_ms(),
        control_socket: None,
    }
}
