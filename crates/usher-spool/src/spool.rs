//! Stands between the door and the engine.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{sync::Notify, task::JoinHandle};
use usher_door::{Recorder, Spooled};
use usher_seats::{Sighting, Verdict, newest};
use usher_store::{Access, AdmittedAccess, Recorded, Store, StoreError};

use crate::{
    file::{NotWritten, SpoolError, SpoolFile, Standing},
    listening,
    memory::Memory,
    replaying,
};

/// How a spool is used.
#[derive(Debug, Clone)]
pub struct SpoolOptions {
    /// The file; its folder must be there.
    pub path: PathBuf,
    /// Which ledger it belongs to: anything that no other ledger has.
    pub ledger: [u8; 32],
    /// Most bytes of the file, at least [`BYTES_MIN`](crate::BYTES_MIN).
    pub bytes_max: u64,
    /// For how long somebody counts as seen recently, in milliseconds.
    pub seen_within_ms: i64,
    /// False when accesses are only brought in that wait from before, and nobody is admitted from memory.
    pub may_spool: bool,
}

/// Records through an engine, and through a file while the engine is away.
pub struct Spool {
    inner: Arc<Inner>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the tasks share.
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    /// Rings when something begins to wait.
    pub(crate) bell: Notify,
    options: SpoolOptions,
    memory: Arc<Memory>,
    /// Held while the disk is waited for, and therefore only on threads that may wait.
    file: Arc<Mutex<SpoolFile>>,
    /// What the file held after the last time somebody had it; read without waiting.
    standing: Mutex<Standing>,
    spooling: AtomicBool,
    full: AtomicBool,
    accesses_spooled: AtomicU64,
    replayed: AtomicU64,
    undecided: AtomicU64,
}

impl Drop for Spool {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Spool {
    /// Opens the spool and begins to bring in what waits in it.
    ///
    /// # Errors
    /// [`SpoolError`] when another process has the file, it is of another ledger, or it cannot be used.
    pub fn open(store: Arc<dyn Store>, options: SpoolOptions) -> Result<Self, SpoolError> {
        let file = SpoolFile::open(&options.path, &options.ledger, options.bytes_max)?;
        let standing = file.standing();
        if standing.waiting > 0 {
            tracing::warn!(rows = standing.waiting, "accesses wait in the spool from before");
        }
        let memory = Arc::new(Memory::new());
        let inner = Arc::new(Inner {
            store: Arc::clone(&store),
            bell: Notify::new(),
            memory: Arc::clone(&memory),
            file: Arc::new(Mutex::new(file)),
            standing: Mutex::new(standing),
            spooling: AtomicBool::new(false),
            full: AtomicBool::new(false),
            accesses_spooled: AtomicU64::new(0),
            replayed: AtomicU64::new(0),
            undecided: AtomicU64::new(0),
            options,
        });
        let mut tasks = vec![tokio::spawn(replaying::replay(Arc::clone(&inner)))];
        if inner.options.may_spool {
            tasks.push(tokio::spawn(listening::listen(store, memory)));
        }
        Ok(Self { inner, tasks })
    }
}

impl Recorder for Spool {
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Option<Recorded>>, StoreError> {
        let inner = &self.inner;
        if !inner.options.may_spool {
            return Recorder::record(&inner.store, accesses).await;
        }
        let began = inner.memory.turn();
        match Store::record(&*inner.store, accesses.clone()).await {
            Ok(recorded) => {
                inner.memory.learn(began, &accesses, &recorded);
                inner.note_spooling(false);
                inner.full.store(false, Ordering::Relaxed);
                Ok(recorded.into_iter().map(Some).collect())
            }
            Err(error) if error.is_unavailable() => inner.spool(accesses).await,
            Err(error) => Err(error),
        }
    }

    fn batches_in_flight(&self) -> usize {
        Store::batches_in_flight(&*self.inner.store)
    }

    fn spooled(&self) -> Spooled {
        let inner = &self.inner;
        let standing = inner.standing();
        Spooled {
            may_spool: inner.options.may_spool,
            spooling: inner.spooling.load(Ordering::Relaxed),
            people_remembered: inner.memory.people(),
            waiting: standing.waiting,
            oldest_ms: standing.oldest_ms,
            full: inner.full.load(Ordering::Relaxed),
            bytes: standing.bytes,
            bytes_max: inner.options.bytes_max,
            accesses_spooled: inner.accesses_spooled.load(Ordering::Relaxed),
            replayed: inner.replayed.load(Ordering::Relaxed),
            undecided: inner.undecided.load(Ordering::Relaxed),
        }
    }
}

impl Inner {
    /// What the file holds, without waiting for it.
    pub(crate) fn standing(&self) -> Standing {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the file, on a thread that may wait for the disk; what it holds afterwards is known before this returns.
    pub(crate) async fn with_file<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut SpoolFile) -> Result<T, E> + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        E: std::fmt::Debug + Send + 'static,
    {
        let inner = Arc::clone(self);
        let worked = tokio::task::spawn_blocking(move || {
            let mut file = inner.file.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = work(&mut file);
            *inner.standing.lock().unwrap_or_else(PoisonError::into_inner) = file.standing();
            outcome
        });
        match worked.await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(unavailable(format!("the spool failed: {error:?}"))),
            Err(error) => Err(unavailable(format!("the spool failed: {error}"))),
        }
    }

    /// Admits who was seen recently, once that is durable; the others get no answer.
    async fn spool(self: &Arc<Self>, accesses: Vec<Access>) -> Result<Vec<Option<Recorded>>, StoreError> {
        let age_max_ms = self.options.seen_within_ms;
        let recalled: Vec<Option<Sighting>> = accesses
            .iter()
            .map(|access| self.memory.recall(access, age_max_ms))
            .collect();
        let times: Vec<i64> = accesses.iter().map(|access| access.accessed_at_ms).collect();
        let admitted: Vec<AdmittedAccess> = accesses
            .into_iter()
            .zip(&recalled)
            .filter_map(|(access, sighting)| {
                let seat_type = sighting.as_ref()?.seat_type;
                Some(AdmittedAccess { access, seat_type })
            })
            .collect();
        let spooled = admitted.len();
        self.note_spooling(true);
        let room = admitted.is_empty() || self.write(admitted).await?;
        let decided = if room { spooled } else { 0 };
        self.accesses_spooled.fetch_add(decided as u64, Ordering::Relaxed);
        self.undecided
            .fetch_add((times.len() - decided) as u64, Ordering::Relaxed);
        let answers = recalled.into_iter().zip(times);
        Ok(answers
            .map(|(sighting, at_ms)| {
                sighting
                    .filter(|_| room)
                    .map(|sighting| from_memory(&sighting, at_ms))
            })
            .collect())
    }

    /// Makes accesses durable; false when there is no room for them.
    async fn write(self: &Arc<Self>, admitted: Vec<AdmittedAccess>) -> Result<bool, StoreError> {
        let written = self.with_file(move |file| match file.add(&admitted) {
            Ok(()) => Ok(true),
            Err(NotWritten::Full) => Ok(false),
            Err(NotWritten::Failed(error)) => Err(error),
        });
        let room = written.await?;
        if room {
            self.bell.notify_one();
        }
        let was_full = self.full.swap(!room, Ordering::Relaxed);
        if !room && !was_full {
            let bytes_max = self.options.bytes_max;
            tracing::error!(
                bytes_max,
                "the spool is full; nobody is admitted until the database is back"
            );
        }
        Ok(room)
    }

    /// Notes that accesses go into the spool, or into the ledger again; says so once.
    fn note_spooling(&self, spooling: bool) {
        if self.spooling.swap(spooling, Ordering::Relaxed) == spooling {
            return;
        }
        if spooling {
            tracing::warn!("the database is away; accesses of people seen recently go into the spool");
        } else {
            let rows = self.standing().waiting;
            tracing::info!(
                rows,
                "accesses go into the ledger again; those in the spool follow"
            );
        }
    }

    /// Notes rows that the ledger has; says so once when nothing is left.
    pub(crate) fn note_replayed(&self, rows: usize) {
        let replayed = self.replayed.fetch_add(rows as u64, Ordering::Relaxed) + rows as u64;
        if self.standing().waiting == 0 {
            tracing::info!(replayed, "nothing waits in the spool any more");
        }
    }
}

/// The answer to an access that is admitted from memory.
fn from_memory(sighting: &Sighting, at_ms: i64) -> Recorded {
    let active_time_ms = newest(Some(sighting.active_time_ms), at_ms);
    Recorded {
        verdict: Verdict::Admitted {
            seat_type: sighting.seat_type,
            active_time_ms,
        },
        moved: active_time_ms != sighting.active_time_ms,
        admits_until_ms: sighting.admits_until_ms,
    }
}

fn unavailable(detail: String) -> StoreError {
    StoreError::Unavailable { detail }
}
