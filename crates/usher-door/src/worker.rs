//! The one task that speaks to the engine.

use std::sync::Arc;

use tokio::sync::watch;
use usher_store::{Access, Recorded, StoreError};

use crate::{
    DoorError, Recorder,
    queue::{Queue, Submission, Taken},
};

/// Serves the queue until it is closed and empty. `_at_work` is dropped at the end, which is what
/// [`Door::close`](crate::Door::close) waits for.
pub(crate) async fn run(recorder: impl Recorder, queue: Arc<Queue>, _at_work: watch::Sender<()>) {
    let _leaving = Leaving(&queue);
    let mut engine = Engine::Recording;
    loop {
        match queue.take() {
            Taken::Batch(batch) => engine = settle(&recorder, &queue, batch, engine).await,
            Taken::Nothing => queue.rung().await,
            Taken::Closed => return,
        }
    }
}

/// How the last batch went. While a fault lasts, callers who come back at once fail thousands of times a second; one
/// line in the log says as much as all of them, and does not fill the disk that is perhaps the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Recording,
    Failing,
}

/// However the worker ends (the runtime stops, the engine panics), nobody waits for it in vain.
struct Leaving<'queue>(&'queue Queue);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Records one batch and answers everybody of it; tells how it went.
async fn settle(
    recorder: &impl Recorder,
    queue: &Queue,
    mut batch: Vec<Submission>,
    before: Engine,
) -> Engine {
    let counts: Vec<usize> = batch.iter().map(|submission| submission.accesses.len()).collect();
    let expected = counts.iter().sum();
    let outcome = recorder.record(gather(&mut batch, expected)).await;
    queue.settled();
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
                answer(submission, Err(error.clone().into()));
            }
            Engine::Failing
        }
    }
}

/// All accesses of the batch in one list. A lone call, the usual case on a quiet day, gives its own list away.
fn gather(batch: &mut [Submission], expected: usize) -> Vec<Access> {
    if let [lone] = batch {
        return std::mem::take(&mut lone.accesses);
    }
    let mut accesses = Vec::with_capacity(expected);
    for submission in batch {
        accesses.append(&mut submission.accesses);
    }
    accesses
}

/// An engine that answers the wrong number of accesses has answered none: it is unknown whose verdict is whose.
fn complete(recorded: Vec<Recorded>, expected: usize) -> Result<Vec<Recorded>, StoreError> {
    if recorded.len() == expected {
        Ok(recorded)
    } else {
        let detail = format!("{} verdicts for {expected} accesses", recorded.len());
        Err(StoreError::Broken { detail })
    }
}

/// Gives each call its own part, in order.
fn share_out(batch: Vec<Submission>, counts: &[usize], mut recorded: Vec<Recorded>) {
    if batch.len() == 1 {
        for lone in batch {
            answer(lone, Ok(std::mem::take(&mut recorded)));
        }
        return;
    }
    let mut rest = recorded.into_iter();
    for (submission, count) in batch.into_iter().zip(counts) {
        answer(submission, Ok(rest.by_ref().take(*count).collect()));
    }
}

/// A caller who went away hears nothing; the access stands all the same.
fn answer(submission: Submission, answer: Result<Vec<Recorded>, DoorError>) {
    let _caller_may_be_gone = submission.answer.send(answer);
}
