//! A request for changes: one transaction, whatever becomes of it.
//!
//! In the whole manner the first change that does not fit ends the request. In the other each change runs within a
//! savepoint, so that one that does not fit leaves nothing half done, neither in the file nor in the audit log. A
//! rehearsal runs like any other request and is rolled back at the end; what it would have done is therefore exact.

use crate::sql::{Failure, Sql};
use usher_store::{
    AuditRecord, Author, Change, ChangeOutcome, ChangeRequest, Effect, KeptAnswer, Manner, Rejection,
    StoreError,
};

use crate::{
    audit_log,
    changes::{self, Unchanged},
    changing::Changing,
    locks,
};

/// Why a request was not carried out.
pub(crate) enum ChangeFailure {
    /// It does not fit.
    Rejected(StoreError),
    /// The database failed, and nothing was changed.
    Failed(Failure),
    /// The changes were sent to be kept, and whether they were is not known. What they did if they were.
    Unsettled(ChangeOutcome, Failure),
}

impl From<Failure> for ChangeFailure {
    fn from(error: Failure) -> Self {
        Self::Failed(error)
    }
}

/// Carries out a request and commits, or rolls everything back.
pub(crate) async fn make(connection: &Sql, request: &ChangeRequest) -> Result<ChangeOutcome, ChangeFailure> {
    connection.begin().await?;
    locks::take(connection, request).await?;
    let mut changing = Changing {
        connection,
        at_ms: request.at_ms,
        notes: Vec::new(),
    };
    let mut results = Vec::with_capacity(request.changes.len());
    for (index, change) in request.changes.iter().enumerate() {
        let result = one(&mut changing, change, request.manner, &results).await?;
        match result {
            Err(rejection) if request.manner == Manner::Whole || ends_all(rejection) => {
                connection.roll_back().await?;
                return Err(ChangeFailure::Rejected(StoreError::Rejected { index, rejection }));
            }
            result => results.push(result),
        }
    }
    let mut records = records(changing, &request.author);
    if request.rehearsal {
        connection.roll_back().await?;
    } else {
        audit_log::append(connection, &mut records).await?;
        if let Err(failure) = connection.commit().await {
            return Err(ChangeFailure::Unsettled(
                ChangeOutcome { results, records },
                failure,
            ));
        }
    }
    Ok(ChangeOutcome { results, records })
}

/// True for a rejection that means that another call has made the changes already.
fn ends_all(rejection: Rejection) -> bool {
    rejection == Rejection::IdempotencyKeyTaken
}

/// Makes one change; where others go on without it, whatever it did half is undone.
async fn one(
    changing: &mut Changing<'_>,
    change: &Change,
    manner: Manner,
    results: &[Result<Effect, Rejection>],
) -> Result<Result<Effect, Rejection>, ChangeFailure> {
    if let Change::KeepAnswer(kept) = change {
        return settled(keep(changing, kept, results).await);
    }
    if manner == Manner::Whole {
        return settled(changes::apply(changing, change).await);
    }
    let notes_before = changing.notes.len();
    changing.connection.batch("SAVEPOINT one_change").await?;
    let result = settled(changes::apply(changing, change).await)?;
    if result.is_err() {
        changing.connection.batch("ROLLBACK TO one_change").await?;
        changing.notes.truncate(notes_before);
    }
    changing.connection.batch("RELEASE one_change").await?;
    Ok(result)
}

/// Keeps an answer together with what the changes before it did.
async fn keep(
    changing: &mut Changing<'_>,
    kept: &KeptAnswer,
    results: &[Result<Effect, Rejection>],
) -> changes::Outcome {
    let kept = KeptAnswer {
        results: results.to_vec(),
        ..kept.clone()
    };
    changes::apply(changing, &Change::KeepAnswer(kept)).await
}

fn settled(outcome: changes::Outcome) -> Result<Result<Effect, Rejection>, ChangeFailure> {
    match outcome {
        Ok(effect) => Ok(Ok(effect)),
        Err(Unchanged::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Unchanged::Failed(error)) => Err(error.into()),
    }
}

fn records(changing: Changing<'_>, author: &Author) -> Vec<AuditRecord> {
    let at_ms = changing.at_ms;
    changing
        .notes
        .into_iter()
        .map(|note| note.into_record(author, at_ms))
        .collect()
}
