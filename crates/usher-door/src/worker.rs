//! The tasks that speak to the engine: one for each batch that may be under way.

use std::sync::Arc;

use tokio::sync::watch;
use usher_store::{Access, Recorded, StoreError};

use crate::{
    DoorError, Recorder,
    queue::{Party, Queue, Submission, Taken},
};

/// So many waiting accesses are recorded at once, without a look whether more are about to come: beyond them a commit costs each
/// access little, and the disk had better be busy.
const WORTH_A_COMMIT: usize = 64;

/// Serves the queue, as the worker with this number, until it is closed and empty. The last of the `at_work` is dropped at the
/// end, which is what [`Door::close`](crate::Door::close) waits for.
pub(crate) async fn run(
    recorder: Arc<impl Recorder>,
    queue: Arc<Queue>,
    worker: usize,
    _at_work: Arc<watch::Sender<()>>,
) {
    let _leaving = Leaving(&queue, worker);
    let mut engine = Engine::Recording;
    loop {
        match queue.take(worker) {
            Taken::Batch(batch) => engine = settle(&*recorder, (&queue, worker), batch, engine).await,
            Taken::Nothing => queue.rung().await,
            Taken::Closed => return,
        }
        if queue.waiting_accesses() < WORTH_A_COMMIT {
            // Whoever is ready to submit now shares the next commit. Nobody waits for those who are not, so a lone access is not
            // delayed; where many come, batches are larger by a third (docs/performance.md).
            tokio::task::yield_now().await;
        }
    }
}

/// What a batch came to, in order.
type Answers = Vec<Option<Recorded>>;

/// How the last batch went. While a fault lasts, callers who come back at once fail thousands of times a second; one
/// line in the log says as much as all of them, and does not fill the disk that is perhaps the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Recording,
    Failing,
}

/// However the worker ends (the runtime stops, the engine panics), nobody waits for it in vain.
struct Leaving<'queue>(&'queue Queue, usize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.abandon(self.1);
    }
}

/// Records one batch and answers everybody of it; tells how it went.
async fn settle(
    recorder: &impl Recorder,
    (queue, worker): (&Queue, usize),
    mut batch: Vec<Submission>,
    before: Engine,
) -> Engine {
    let counts: Vec<usize> = batch.iter().map(|submission| submission.party.len()).collect();
    let expected = counts.iter().sum();
    let outcome = recorder.record(gather(&mut batch, expected)).await;
    queue.settled(worker);
    match outcome.and_then(|recorded| complete(recorded, expected)) {
        Ok(recorded) => {
            if before == Engine::Failing {
                tracing::info!("accesses are recorded again");
            }
            share_out(batch, &counts, recorded);
            Engine::Recording
        }
        Err(error) => {
            if before == Engine::Recording {
                tracing::error!(
                    batch.accesses = expected,
                    batch.calls = batch.len(),
                    error = %error,
                    "a batch of accesses could not be recorded; nobody is admitted until one is again"
                );
            }
            for submission in batch {
                refuse(submission, &error);
            }
            Engine::Failing
        }
    }
}

/// All accesses of the batch in one list. A group that comes alone gives its own list away.
fn gather(batch: &mut [Submission], expected: usize) -> Vec<Access> {
    if let [
        Submission {
            party: Party::Group(accesses, _),
            ..
        },
    ] = batch
    {
        return std::mem::take(accesses);
    }
    let mut all = Vec::with_capacity(expected);
    for submission in batch {
        match &mut submission.party {
            Party::Lone(access, _) => all.push(access.clone()),
            Party::Group(accesses, _) => all.append(accesses),
        }
    }
    all
}

/// An engine that answers the wrong number of accesses has answered none: it is unknown whose verdict is whose.
fn complete(recorded: Answers, expected: usize) -> Result<Answers, StoreError> {
    if recorded.len() == expected {
        Ok(recorded)
    } else {
        let detail = format!("{} verdicts for {expected} accesses", recorded.len());
        Err(StoreError::Broken { detail })
    }
}

/// Gives each call its own part, in order.
fn share_out(batch: Vec<Submission>, counts: &[usize], recorded: Answers) {
    let mut rest = recorded.into_iter();
    // A caller who went away hears nothing; the access stands all the same.
    for (submission, count) in batch.into_iter().zip(counts) {
        match submission.party {
            Party::Lone(_, answer) => {
                let own = rest.next().flatten();
                answer.tell(own.ok_or(DoorError::Undecided));
            }
            Party::Group(_, answer) => {
                let _caller_may_be_gone = answer.send(wholly(rest.by_ref().take(*count)));
            }
        }
    }
}

/// A call gets verdicts for all of its accesses or for none.
fn wholly(mut recorded: impl Iterator<Item = Option<Recorded>>) -> Result<Vec<Recorded>, DoorError> {
    let verdicts: Option<Vec<Recorded>> = recorded.by_ref().collect();
    // Whatever is left of this call must not become the next one's.
    recorded.for_each(drop);
    verdicts.ok_or(DoorError::Undecided)
}

/// Tells everybody of a call that there is no verdict.
fn refuse(submission: Submission, error: &StoreError) {
    let error = DoorError::from(error.clone());
    match submission.party {
        Party::Lone(_, answer) => answer.tell(Err(error)),
        Party::Group(_, answer) => {
            let _caller_may_be_gone = answer.send(Err(error));
        }
    }
}
