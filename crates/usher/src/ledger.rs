//! A ledger opened by this process: its folder held, its store and door open, its first run done.
//!
//! The server, the demo and every command without a server open it here, so there is one way in and one way out.

use std::{path::PathBuf, sync::Arc};

use usher_door::{Door, DoorLimits};
use usher_http::{Chance, Clock, Edge, EdgeSettings};
use usher_identity::KeyRing;
use usher_sqlite::{Holder, OpenError, SqliteStore};
use usher_store::Store;

use crate::{
    account,
    chance::SystemChance,
    clock::SystemClock,
    control::{Control, Place},
    data_folder::DataFolder,
    failure::Failure,
    first_run, words,
};

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
    /// Opens the ledger in a folder for `command`; `control_socket` is where others will reach this process, if they can.
    ///
    /// # Errors
    /// [`Obstacle`] tells whether waiting helps.
    pub(crate) async fn open(
        folder: &DataFolder,
        command: &str,
        control_socket: Option<PathBuf>,
    ) -> Result<Self, Obstacle> {
        let holder = Holder {
            process_id: std::process::id(),
            command: command.to_owned(),
            since_ms: SystemClock.now_ms(),
            control_socket,
        };
        let file = folder.store_file().map_err(Obstacle::Failure)?;
        let store = SqliteStore::open(&file, &holder).map_err(|error| obstacle(folder, error))?;
        let store: Arc<dyn Store> = Arc::new(store);
        let ledger = Self {
            door: Door::open(Arc::clone(&store), DoorLimits::default()),
            store,
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
            holder,
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

    /// What routes are given, with keys from the folder's key file.
    pub(crate) fn edge(&self, keys: KeyRing, settings: EdgeSettings) -> Arc<Edge> {
        Arc::new(Edge::new(
            Arc::clone(&self.store),
            self.door.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.chance),
            keys,
            settings,
        ))
    }

    /// Answers whoever was accepted, then closes the files and lets go of the folder.
    pub(crate) async fn close(self) {
        self.door.close().await;
        self.store.close().await;
    }
}

fn obstacle(folder: &DataFolder, error: OpenError) -> Obstacle {
    let path = folder.path().display();
    Obstacle::Failure(match error {
        OpenError::Held(holder) => return Obstacle::Held(holder),
        OpenError::NewerSchema { found, known } => Failure::failed(words!(
            "the store in {path} was written by a newer Usher (schema {found}; this one knows {known}); use a newer Usher",
            "{path} 中的存储由更新版本的 Usher 写入（结构版本 {found}，本程序支持到 {known}）；请使用更新的 Usher"
        ))
        .next(words!("usher --version", "usher --version")),
        OpenError::NotAStore => Failure::failed(words!(
            "usher.db in {path} is a file of another program; name another data folder",
            "{path} 中的 usher.db 是其他程序的文件；请指定另一个数据文件夹"
        ))
        .next(words!("usher serve --data ./usher-data", "usher serve --data ./usher-data")),
        OpenError::Folder(error) => {
            Failure::failed(words!("cannot use {path}: {error}", "无法使用 {path}：{error}"))
        }
        OpenError::File(error) => Failure::failed(words!(
            "the store in {path} cannot be read: {error}",
            "无法读取 {path} 中的存储：{error}"
        )),
    })
}
