//! A request for changes: one transaction, whatever becomes of it.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use rusqlite::{Connection, ffi};
use usher_ledger::{NotMade, carry_out};
use usher_store::{ChangeOutcome, ChangeRequest};

use crate::{book::FileBook, overlay::Overlay, verdicts::VerdictCache};

/// Carries out a request and commits, or rolls everything back.
pub(crate) fn make(
    connection: &Connection,
    overlay: &Overlay,
    verdicts: &mut VerdictCache,
    request: &ChangeRequest,
) -> Result<ChangeOutcome, NotMade<rusqlite::Error>> {
    let transaction = connection.unchecked_transaction()?;
    let mut book = FileBook {
        connection: &transaction,
        overlay,
        verdicts,
    };
    let outcome = at_once(carry_out(&mut book, request)).ok_or_else(waited)??;
    if request.rehearsal {
        transaction.rollback()?;
    } else {
        transaction.commit()?;
    }
    Ok(outcome)
}

/// What comes of something whose every step is ready; none when one was not.
fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// A rule waited for something other than an answer of the file. The transaction is rolled back with it.
fn waited() -> rusqlite::Error {
    let detail = "a change waited for something that is not in the file".to_owned();
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_MISUSE), Some(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_is_done_at_once_and_what_waits_is_told() {
        assert_eq!(at_once(async { std::future::ready(7).await }), Some(7));
        assert_eq!(at_once(std::future::pending::<i32>()), None);
    }
}
