//! A request for changes: one transaction, whatever becomes of it.

use usher_ledger::{NotMade, carry_out};
use usher_store::{ChangeOutcome, ChangeRequest, StoreError};

use crate::{
    book::DatabaseBook,
    locks,
    sql::{Failure, Sql},
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
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Carries out a request and commits, or rolls everything back.
pub(crate) async fn make(sql: &Sql, request: &ChangeRequest) -> Result<ChangeOutcome, ChangeFailure> {
    sql.begin().await?;
    locks::take(sql, request).await?;
    match carry_out(&mut DatabaseBook { sql }, request).await {
        Ok(outcome) if request.rehearsal => {
            sql.roll_back().await?;
            Ok(outcome)
        }
        // What was told last travels with the commit, so only a line that broke leaves anything unknown.
        Ok(outcome) => match sql.commit().await {
            Ok(()) => Ok(outcome),
            Err(failure @ Failure::Lost(_)) => Err(ChangeFailure::Unsettled(outcome, failure)),
            Err(failure) => Err(failure.into()),
        },
        Err(NotMade::Rejected(rejected)) => {
            sql.roll_back().await?;
            Err(ChangeFailure::Rejected(rejected))
        }
        // The connection is closed, and with it the transaction.
        Err(NotMade::Failed(failure)) => Err(failure.into()),
    }
}
