//! A request for changes: one transaction, whatever becomes of it.
//!
//! In the whole manner the first change that does not fit ends the request. In the other each change runs within a
//! savepoint, so that one that does not fit leaves nothing half done, neither in the tables nor in the audit log. A
//! rehearsal runs like any other request and is rolled back at the end; what it would have done is therefore exact.

use usher_store::{
    AuditRecord, Author, Change, ChangeOutcome, ChangeRequest, Effect, KeptAnswer, Manner, Rejection,
    StoreError,
};

use crate::{
    audit_log,
    book::{Answer, Book},
    changes,
    changing::Changing,
};

/// Why a request was not carried out. In either case the transaction is to be rolled back.
#[derive(Debug)]
pub enum NotMade<Failure> {
    /// It does not fit, for a reason that the caller hears.
    Rejected(StoreError),
    /// The engine failed.
    Failed(Failure),
}

impl<Failure> From<Failure> for NotMade<Failure> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Carries out a request within the transaction that the book is in. Afterwards that is to be committed, or after a
/// rehearsal rolled back.
///
/// # Errors
/// [`NotMade`], when the request does not fit or the engine failed.
pub async fn carry_out<B: Book>(
    book: &mut B,
    request: &ChangeRequest,
) -> Result<ChangeOutcome, NotMade<B::Failure>> {
    let mut changing = Changing {
        book,
        at_ms: request.at_ms,
        notes: Vec::new(),
    };
    let mut results = Vec::with_capacity(request.changes.len());
    for (index, change) in request.changes.iter().enumerate() {
        match one(&mut changing, change, request.manner, &results).await? {
            Err(rejection) if request.manner == Manner::Whole || ends_all(rejection) => {
                return Err(NotMade::Rejected(StoreError::Rejected { index, rejection }));
            }
            result => results.push(result),
        }
    }
    let Changing { book, notes, at_ms } = changing;
    let record = |author: &Author| -> Vec<AuditRecord> {
        let notes = notes.into_iter();
        notes.map(|note| note.into_record(author, at_ms)).collect()
    };
    let mut records = record(&request.author);
    if !request.rehearsal {
        audit_log::append(book, &mut records).await?;
    }
    Ok(ChangeOutcome { results, records })
}

/// True for a rejection that means that another call has made the changes already.
fn ends_all(rejection: Rejection) -> bool {
    rejection == Rejection::IdempotencyKeyTaken
}

/// Makes one change; where others go on without it, whatever it did half is undone.
async fn one<B: Book>(
    changing: &mut Changing<'_, B>,
    change: &Change,
    manner: Manner,
    results: &[Result<Effect, Rejection>],
) -> Answer<B, Result<Effect, Rejection>> {
    if let Change::KeepAnswer(kept) = change {
        // An answer is kept together with what the changes before it did.
        let kept = KeptAnswer {
            results: results.to_vec(),
            ..kept.clone()
        };
        return B::sorted(changes::apply(changing, &Change::KeepAnswer(kept)).await);
    }
    if manner == Manner::Whole {
        return B::sorted(changes::apply(changing, change).await);
    }
    let notes_before = changing.notes.len();
    changing.book.begin_one_change().await?;
    let result = B::sorted(changes::apply(changing, change).await)?;
    if result.is_err() {
        changing.book.undo_one_change().await?;
        changing.notes.truncate(notes_before);
    } else {
        changing.book.keep_one_change().await?;
    }
    Ok(result)
}
