//! The database as the rules of `usher-ledger` ask for it and write it: one file per kind of thing, and in each nothing but
//! statements.
//!
//! What is written and not looked at is kept back and travels with the next question (`pipeline`), savepoints included. So one of
//! ten thousand lines that each give a seat costs one journey, in which the line before is written and this one looked at.

mod credentials;
mod directory;
mod groups;
mod leaves;
mod log;
mod pools;
mod seats;
mod sign_in;
mod waiting;

use usher_ledger::{Book, Engine, Savepoints};
use usher_store::Rejection;

use crate::{
    changes::Unchanged,
    sql::{Answered, Failure, Sql},
};

pub(crate) use directory::{has_tenant, has_user};
pub(crate) use groups::{groups_of, standing};
pub(crate) use log::log_end;
pub(crate) use seats::{holding_row, seat};

/// The database within a transaction.
pub(crate) struct DatabaseBook<'a> {
    pub(crate) sql: &'a Sql,
}

impl Engine for DatabaseBook<'_> {
    type Failure = Failure;
    type Unchanged = Unchanged;

    fn sorted<T>(outcome: Result<T, Unchanged>) -> Answered<Result<T, Rejection>> {
        match outcome {
            Ok(done) => Ok(Ok(done)),
            Err(Unchanged::Rejected(rejection)) => Ok(Err(rejection)),
            Err(Unchanged::Failed(failure)) => Err(failure),
        }
    }

    fn unwritable(error: &serde_json::Error) -> Failure {
        Failure::Broken(error.to_string())
    }
}

impl Savepoints for DatabaseBook<'_> {
    async fn begin_one_change(&mut self) -> Answered<()> {
        self.sql.batch_later("SAVEPOINT one_change");
        Ok(())
    }

    async fn undo_one_change(&mut self) -> Answered<()> {
        self.sql.batch_later("ROLLBACK TO one_change; RELEASE one_change");
        Ok(())
    }

    async fn keep_one_change(&mut self) -> Answered<()> {
        self.sql.batch_later("RELEASE one_change");
        Ok(())
    }
}

/// What the edge and other instances remember, they forget because `locks` has said so.
impl Book for DatabaseBook<'_> {}
