//! A ledger opened by this process: its folder held where it has one, its store and door open, its first run done.
//!
//! The server, the demo and every command without a server open it here, so there is one way in and one way out.

use std::{path::PathBuf, sync::Arc};

use usher_door::Door;
use usher_http::{Chance, Clock, Edge, EdgeSettings};
use usher_identity::KeyRing;
use usher_postgres::{PostgresOptions, PostgresStore};
use usher_sqlite::{Holder, SqliteOptions, SqliteStore};
use usher_store::Store;

use crate::{
    account,
    chance::SystemChance,
    clock::SystemClock,
    control::{Control, Place},
    data_folder::make_store_file,
    failure::Failure,
    first_run, keys,
    ledger_place::LedgerPlace,
};

mod away;
pub(crate) mod obstacles;

/// After how many accesses the journal of a file is folded. No setting: it only lets tests of durability meet folds, which
/// otherwise begin after a million.
pub(crate) const FOLD_AFTER_VARIABLE: &str = "USHER_FOLD_AFTER_ACCESSES";

/// An open ledger.
pub(crate) struct Ledger {
    /// What is kept.
    pub(crate) store: Arc<dyn Store>,
    /// The way in for accesses.
    pub(crate) door: Door,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) chance: Arc<dyn Chance>,
    /// This process, as others see it.
    pub(crate) holder: Holder,
    /// What seals and derives.
    keys: KeyRing,
}

/// Why a ledger was not opened.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// Somebody else has the folder; the holder is unknown while it is just starting.
    Held(Option<Holder>),
    /// Waiting does not help.
    Failure(Failure),
}

impl Ledger {
    /// Opens the ledger at a place for `command`; `control_socket` is where others will reach this process, if they can.
    ///
    /// # Errors
    /// [`Obstacle`] tells whether waiting helps.
    pub(crate) async fn open(
        place: &LedgerPlace,
        command: &str,
        control_socket: Option<PathBuf>,
    ) -> Result<Self, Obstacle> {
        let holder = Holder {
            process_id: std::process::id(),
            command: command.to_owned(),
            since_ms: SystemClock.now_ms(),
            control_socket,
        };
        let (store, keys) = open_store(place, &holder).await?;
        let door = match away::door(place, &store, &keys) {
            Ok(door) => door,
            Err(failure) => {
                store.close().await;
                return Err(Obstacle::Failure(failure));
            }
        };
        let ledger = Self {
            door,
            store,
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
            holder,
            keys,
        };
        let now_ms = ledger.clock.now_ms();
        match first_run::ensure(&*ledger.store, &*ledger.chance, now_ms).await {
            Ok(()) => Ok(ledger),
            Err(failure) => {
                ledger.close().await;
                Err(Obstacle::Failure(failure))
            }
        }
    }

    /// The calls of the control channel on this ledger.
    pub(crate) fn control(&self, place: Option<Place>) -> Arc<Control> {
        Arc::new(Control {
            store: Arc::clone(&self.store),
            door: self.door.clone(),
            clock: Arc::clone(&self.clock),
            chance: Arc::clone(&self.chance),
            holder: self.holder.clone(),
            account: account::own(),
            place,
        })
    }

    /// What routes are given.
    pub(crate) fn edge(&self, settings: EdgeSettings) -> Arc<Edge> {
        Arc::new(Edge::new(
            Arc::clone(&self.store),
            self.door.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.chance),
            self.keys.clone(),
            settings,
        ))
    }

    /// Answers whoever was accepted, then closes the files and lets go of the folder. Other instances hear that nothing more will
    /// come, unless something acknowledged still waits in a spool: that holds reports back until this instance is here again.
    pub(crate) async fn close(self) {
        self.door.close().await;
        if self.door.spooled().waiting == 0
            && let Err(error) = self.store.leave().await
        {
            tracing::warn!(%error, "the other instances could not be told that this one has ended");
        }
        self.store.close().await;
    }
}

/// How this process is called in the server's list of connections: `usher serve on web-1, 4711`. The server cuts what is too
/// long.
fn called(command: &str, process_id: u32) -> String {
    let system = rustix::system::uname();
    let machine = system.nodename().to_string_lossy();
    format!("{command} on {machine}, {process_id}")
}

fn file_options() -> SqliteOptions {
    let mut options = SqliteOptions::default();
    if let Some(accesses) = crate::environment(FOLD_AFTER_VARIABLE).and_then(|text| text.parse().ok()) {
        options.fold_after_accesses = accesses;
    }
    options
}

/// Opens the engine, and finds the key that belongs to what it keeps.
async fn open_store(place: &LedgerPlace, holder: &Holder) -> Result<(Arc<dyn Store>, KeyRing), Obstacle> {
    match place {
        LedgerPlace::File { folder, path } => {
            make_store_file(path).map_err(Obstacle::Failure)?;
            let opened = SqliteStore::open_with(path, holder, file_options());
            let store = opened.map_err(|error| obstacles::of_file(path, error))?;
            match folder.key(&SystemChance) {
                Ok(key) => Ok((Arc::new(store), KeyRing::from_key_file(&key))),
                Err(failure) => {
                    store.close().await;
                    Err(Obstacle::Failure(failure))
                }
            }
        }
        LedgerPlace::Database {
            address,
            options,
            key,
            ..
        } => {
            let options = PostgresOptions {
                application_name: called(&holder.command, holder.process_id),
                ..options.as_ref().clone()
            };
            let opened = PostgresStore::open_at(address, &options).await;
            let store = opened.map_err(|error| Obstacle::Failure(obstacles::of_database(address, &error)))?;
            match keys::of_database(&store, key.as_ref(), &SystemChance).await {
                Ok(keys) => Ok((Arc::new(store), keys)),
                Err(failure) => {
                    store.close().await;
                    Err(Obstacle::Failure(failure))
                }
            }
        }
    }
}
