//! The one thread that changes the file.
//!
//! **Life of a batch.** The store hands over a batch of accesses as one job. For each access the facts come from the
//! cache of verdicts or the file, the rule decides, and if the access is newer than what is known, or the first of its
//! person on its day, it becomes a record (see `judge`). All records of the batch go into the recent journal as one blob, with one commit and one fsync. Only then
//! are they put into the overlay, where readers see them, and only then is anybody answered. A batch that moves
//! nothing writes nothing.
//!
//! **Why one thread.** SQLite has one writer anyway. Making it one thread of ours means that the cache of
//! verdicts and the overlay need no protocol: whoever changes a seat is the same who decides by it, so a release
//! that was answered is known to every later access (issue 1, "exact, not timed").
//!
//! **Faults.** Any error of the file is treated alike: nobody of the job is told "admitted" or "changed", the
//! connection is dropped, and until `recovery` has found the place again every job is refused at once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use usher_ledger::NotMade;
use usher_seats::Verdict;
use usher_store::{
    Access, AdmittedAccess, Change, ChangeOutcome, ChangeRequest, Recorded, Refusals, StoreError,
};

use crate::{
    change_request, file,
    fold::{FOLD_AFTER_DAY_SETS, FOLD_AFTER_ROWS, Fold, Progress, SLICE_ROWS},
    journal,
    judge::{Batch, Facts, judge, replay},
    lock::DataLock,
    options::SqliteOptions,
    overlay::Overlay,
    recovery::{self, Place},
    tending::{self, Sweep, Tended},
    verdicts::VerdictCache,
};

/// Pause between two attempts to open the file again after a fault. Short enough that service returns as soon as the
/// fault has ended, long enough not to hammer a failing disk.
const REOPEN_PAUSE: Duration = Duration::from_millis(200);

/// What the writer is asked to do.
pub(crate) enum Work {
    Record {
        accesses: Vec<Access>,
        answer: oneshot::Sender<Result<Vec<Recorded>, StoreError>>,
    },
    Replay {
        accesses: Vec<AdmittedAccess>,
        answer: oneshot::Sender<Result<(), StoreError>>,
    },
    Change {
        request: ChangeRequest,
        answer: oneshot::Sender<Result<ChangeOutcome, StoreError>>,
    },
    Tend {
        now_ms: i64,
        answer: oneshot::Sender<Result<Tended, StoreError>>,
    },
    /// A little of bringing everything recorded so far into its tables.
    Fold {
        answer: oneshot::Sender<Result<Tended, StoreError>>,
    },
    Close {
        answer: oneshot::Sender<()>,
    },
}

/// Work with its place among the jobs that may wait.
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
}

/// What others may know of the writer without waiting for it.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) ready: AtomicBool,
    pub(crate) configuration_version: AtomicU64,
    pub(crate) journal_accesses: AtomicU64,
    pub(crate) batches_committed: AtomicU64,
    pub(crate) accesses_moved: AtomicU64,
    pub(crate) folds_completed: AtomicU64,
    pub(crate) commits_failed: AtomicU64,
    pub(crate) refusals: Refusals,
    pub(crate) changes_begun: AtomicU64,
}

/// The writer's own state.
pub(crate) struct Writer {
    path: PathBuf,
    options: SqliteOptions,
    overlay: Arc<Overlay>,
    counters: Arc<Counters>,
    verdicts: VerdictCache,
    /// How far old history has been taken away.
    sweep: Sweep,
    /// None after a fault.
    place: Option<Place>,
    /// The next attempt to open the file after a fault. A moment and not a pause between jobs, because callers who come
    /// back at once would leave no pause.
    reopen_at: Instant,
    /// Reused for every batch, as is the next.
    blob: Vec<u8>,
    batch: Batch,
    /// Let go when the thread ends, after the connection.
    _lock: DataLock,
}

/// What the writer does next.
enum Next {
    Job(Job),
    /// Nobody waits: time for the fold or for another attempt to open the file.
    Idle,
    End,
}

impl Writer {
    pub(crate) fn new(
        path: PathBuf,
        options: SqliteOptions,
        (overlay, counters): (Arc<Overlay>, Arc<Counters>),
        place: Place,
        lock: DataLock,
    ) -> Self {
        counters
            .journal_accesses
            .store(place.recent_accesses, Ordering::Relaxed);
        counters.ready.store(true, Ordering::Relaxed);
        Self {
            path,
            options,
            overlay,
            counters,
            verdicts: VerdictCache::new(),
            sweep: Sweep::default(),
            place: Some(place),
            reopen_at: monotonic_now(),
            blob: Vec::new(),
            batch: Batch::default(),
            _lock: lock,
        }
    }

    /// Works until the store is closed or dropped.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            match self.next(jobs) {
                Next::Job(Job {
                    work: Work::Close { answer },
                    ..
                }) => {
                    self.close();
                    let _ = answer.send(());
                    return;
                }
                Next::Job(job) => self.guarded(|writer| {
                    writer.perform(job.work);
                    writer.pay_fold_debt();
                }),
                Next::Idle => self.guarded(Self::idle),
                Next::End => return self.close(),
            }
        }
    }

    /// Does some work; a panic in it is a fault like any other, so that one surprise does not end the service. Whoever
    /// waited for the work hears that the store is unavailable, because the answer is dropped unsent, and the
    /// file is opened anew, because nobody knows how far the work came.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.fault(&rusqlite::Error::UnwindingPanic);
        }
    }

    fn next(&self, jobs: &Receiver<Job>) -> Next {
        match &self.place {
            None => {
                let pause = self.reopen_at.saturating_duration_since(monotonic_now());
                if pause.is_zero() {
                    return Next::Idle;
                }
                match jobs.recv_timeout(pause) {
                    Ok(job) => Next::Job(job),
                    Err(RecvTimeoutError::Timeout) => Next::Idle,
                    Err(RecvTimeoutError::Disconnected) => Next::End,
                }
            }
            Some(Place { fold: Some(_), .. }) => match jobs.try_recv() {
                Ok(job) => Next::Job(job),
                Err(TryRecvError::Empty) => Next::Idle,
                Err(TryRecvError::Disconnected) => Next::End,
            },
            Some(_) => jobs.recv().map_or(Next::End, Next::Job),
        }
    }

    fn idle(&mut self) {
        if self.place.is_some() {
            self.fold_slice();
            return;
        }
        match recovery::find_place_again(&self.path, &self.overlay) {
            Ok(place) => {
                tracing::info!("the store is open again after a fault");
                self.counters
                    .journal_accesses
                    .store(place.recent_accesses, Ordering::Relaxed);
                self.place = Some(place);
                self.counters.ready.store(true, Ordering::Relaxed);
            }
            Err(error) => {
                tracing::warn!(%error, "the store cannot be opened yet after a fault");
                self.reopen_at = monotonic_now() + REOPEN_PAUSE;
            }
        }
    }

    fn perform(&mut self, work: Work) {
        match work {
            Work::Record { accesses, answer } => {
                let recorded = self.record(&accesses);
                let _ = answer.send(recorded.map_err(|error| self.fault(&error)));
            }
            Work::Replay { accesses, answer } => {
                let replayed = self.replay(&accesses);
                let _ = answer.send(replayed.map_err(|error| self.fault(&error)));
            }
            Work::Change { request, answer } => {
                let changed = self.change(&request);
                let _ = answer.send(changed.map_err(|failure| match failure {
                    NotMade::Rejected(error) => error,
                    NotMade::Failed(error) => self.fault(&error),
                }));
            }
            Work::Tend { now_ms, answer } => {
                let tended = self.tend(now_ms);
                let _ = answer.send(tended.map_err(|error| self.fault(&error)));
            }
            Work::Fold { answer } => {
                let _ = answer.send(self.fold_a_little());
            }
            Work::Close { .. } => {}
        }
    }

    /// Begins a fold unless one is under way, and does a slice of it.
    fn fold_a_little(&mut self) -> Result<Tended, StoreError> {
        self.begin_fold();
        self.fold_slice();
        match &self.place {
            None => Err(StoreError::Unavailable {
                detail: "the file failed while accesses were being folded".to_owned(),
            }),
            Some(Place { fold: Some(_), .. }) => Ok(Tended::MoreIsDue),
            Some(_) => Ok(Tended::NothingIsDue),
        }
    }

    /// Does a little of what time alone makes due.
    fn tend(&mut self, now_ms: i64) -> rusqlite::Result<Tended> {
        let Some(place) = &mut self.place else {
            return Err(rusqlite::Error::InvalidQuery);
        };
        let fold_is_due = tending::fold_is_due(place, now_ms);
        let tended = self.sweep.step(&place.connection, now_ms)?;
        if fold_is_due {
            self.begin_fold();
        }
        Ok(tended)
    }

    fn record(&mut self, accesses: &[Access]) -> rusqlite::Result<Vec<Recorded>> {
        let mut recorded: Vec<Recorded> = Vec::with_capacity(accesses.len());
        self.journalled(|facts, verdicts, batch| {
            for access in accesses {
                recorded.push(judge(facts, verdicts, access, batch)?);
            }
            Ok(())
        })?;
        for (access, judged) in accesses.iter().zip(&recorded) {
            if let Verdict::Refused { reason } = judged.verdict {
                self.counters.refusals.note(access, reason);
            }
        }
        Ok(recorded)
    }

    fn replay(&mut self, accesses: &[AdmittedAccess]) -> rusqlite::Result<()> {
        self.journalled(|facts, verdicts, batch| {
            accesses
                .iter()
                .try_for_each(|access| replay(facts, verdicts, access, batch))
        })
    }

    /// Decides a batch and makes durable what it leaves; then, and only then, it can be read.
    fn journalled<Answer>(
        &mut self,
        decide: impl FnOnce(Facts<'_>, &mut VerdictCache, &mut Batch) -> rusqlite::Result<Answer>,
    ) -> rusqlite::Result<Answer> {
        let Some(place) = &mut self.place else {
            return Err(rusqlite::Error::InvalidQuery);
        };
        // Whatever fails from here on is a fault, after which the connection is dropped with its transaction.
        let connection = &place.connection;
        connection.prepare_cached("BEGIN")?.execute([])?;
        let batch = &mut self.batch;
        batch.clear();
        let facts = Facts {
            connection,
            overlay: &self.overlay,
        };
        let answer = decide(facts, &mut self.verdicts, batch)?;
        if !batch.records.is_empty() {
            journal::encode(&mut batch.records, &mut self.blob);
            place.recent.append(connection, place.sequence, &self.blob)?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        if batch.records.is_empty() {
            return Ok(answer);
        }
        let (journalled, moved) = (batch.records.len(), batch.moved.len());
        place.sequence += 1;
        place.recent_accesses += journalled as u64;
        if let Some(fold) = &mut place.fold {
            fold.owe(journalled);
        }
        batch.apply(&self.overlay);
        self.counters
            .journal_accesses
            .store(place.recent_accesses, Ordering::Relaxed);
        self.counters.batches_committed.fetch_add(1, Ordering::Relaxed);
        self.counters
            .accesses_moved
            .fetch_add(moved as u64, Ordering::Relaxed);
        Ok(answer)
    }

    fn change(&mut self, request: &ChangeRequest) -> Result<ChangeOutcome, NotMade<rusqlite::Error>> {
        let Some(place) = &self.place else {
            return Err(rusqlite::Error::InvalidQuery.into());
        };
        let outcome = change_request::make(&place.connection, &self.overlay, &mut self.verdicts, request)?;
        if !request.rehearsal && request.changes.iter().any(Change::is_configuration) {
            self.counters
                .configuration_version
                .fetch_add(1, Ordering::Release);
        }
        Ok(outcome)
    }

    /// Notes a fault and says what the caller hears. A job that came after the fault is not another one.
    fn fault(&mut self, error: &rusqlite::Error) -> StoreError {
        if self.place.take().is_some() {
            tracing::error!(%error, "the store failed; nobody is admitted until it is open again");
            self.counters.commits_failed.fetch_add(1, Ordering::Relaxed);
            self.counters.ready.store(false, Ordering::Relaxed);
            self.verdicts.forget_all();
            self.reopen_at = monotonic_now() + REOPEN_PAUSE;
            return StoreError::Unavailable {
                detail: error.to_string(),
            };
        }
        StoreError::Unavailable {
            detail: "the file is not open again yet after a fault".to_owned(),
        }
    }

    fn pay_fold_debt(&mut self) {
        self.begin_fold_if_due();
        while self
            .place
            .as_ref()
            .and_then(|place| place.fold.as_ref())
            .is_some_and(Fold::slice_is_due)
        {
            self.fold_slice();
        }
    }

    fn begin_fold_if_due(&mut self) {
        let Some(place) = &self.place else { return };
        if place.recent_accesses >= self.options.fold_after_accesses
            || self.overlay.recent_rows() >= FOLD_AFTER_ROWS
            || self.overlay.recent_day_sets() >= FOLD_AFTER_DAY_SETS
        {
            self.begin_fold();
        }
    }

    /// Begins a fold, unless one is under way or there is nothing to fold.
    fn begin_fold(&mut self) {
        let Some(place) = &mut self.place else { return };
        if place.fold.is_none() && place.recent_accesses > 0 {
            place.fold = Some(Fold::begin(place.recent, self.overlay.freeze()));
            place.recent = place.recent.other();
            place.recent_accesses = 0;
            place.recent_since_ms = None;
            self.counters.journal_accesses.store(0, Ordering::Relaxed);
        }
    }

    fn fold_slice(&mut self) {
        let Some(Place {
            connection,
            fold: Some(fold),
            ..
        }) = &mut self.place
        else {
            return;
        };
        match fold.slice(connection, SLICE_ROWS) {
            Ok(Progress::Going) => {}
            Ok(Progress::Done) => {
                self.overlay.folded();
                self.counters.folds_completed.fetch_add(1, Ordering::Relaxed);
                if let Some(place) = &mut self.place {
                    place.fold = None;
                }
                self.begin_fold_if_due();
            }
            Err(error) => {
                self.fault(&error);
            }
        }
    }

    /// Leaves a file without a log where possible; if not, the next start reads the log.
    fn close(&mut self) {
        self.counters.ready.store(false, Ordering::Relaxed);
        if let Some(place) = self.place.take()
            && let Err(error) = file::close(place.connection, &self.path)
        {
            tracing::warn!(%error, "the store did not close cleanly; its log will be read at the next start");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it paces attempts to open the file; nothing that is kept or answered depends on it"
)]
fn monotonic_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Holder;

    #[test]
    fn a_panic_is_a_fault_and_not_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.db");
        let holder = Holder {
            process_id: 1,
            command: "usher test".to_owned(),
            since_ms: 0,
            control_socket: None,
        };
        let lock = DataLock::acquire(folder.path(), &holder).unwrap();
        let (overlay, counters) = (Arc::new(Overlay::default()), Arc::new(Counters::default()));
        let place = recovery::find_place(&path, &overlay).unwrap();
        let shared = (overlay, Arc::clone(&counters));
        let mut writer = Writer::new(path, SqliteOptions::default(), shared, place, lock);
        assert!(counters.ready.load(Ordering::Relaxed));

        writer.guarded(|_| panic!("a surprise"));
        assert!(
            !counters.ready.load(Ordering::Relaxed),
            "nobody is admitted while the place is unknown"
        );
        assert_eq!(counters.commits_failed.load(Ordering::Relaxed), 1);
        writer.guarded(Writer::idle);
        assert!(
            counters.ready.load(Ordering::Relaxed),
            "the next attempt finds the place again"
        );
    }
}
