//! The file as the rules of `usher-ledger` ask for it and write it: one file per kind of thing, and in each nothing but
//! statements.
//!
//! The rules wait for every answer; here no answer is ever waited for. So each is worked out at once and handed over as
//! something that is ready already, and whoever carries out a request polls it once (`change_request`).

mod credentials;
mod directory;
mod groups;
mod leaves;
mod log;
mod pools;
mod seats;
mod sign_in;
mod waiting;

use std::future::{Ready, ready};

use rusqlite::{Connection, Params, ffi};
use usher_ledger::{Book, Engine, Savepoints};
use usher_store::{Change, Rejection, User};

use crate::{changes::Unchanged, overlay::Overlay, verdicts::VerdictCache};

pub(crate) use directory::{has_tenant, has_user};
pub(crate) use groups::{groups_of, standing};
pub(crate) use log::log_end;
pub(crate) use seats::{holding_row, seat};

/// The file within a transaction.
pub(crate) struct FileBook<'a> {
    pub(crate) connection: &'a Connection,
    /// What was admitted and is not in the table yet.
    pub(crate) overlay: &'a Overlay,
    /// To be told what is no longer true.
    pub(crate) verdicts: &'a mut VerdictCache,
}

/// Does something at once and gives what came of it as an answer.
fn now<T>(work: impl FnOnce() -> T) -> Ready<T> {
    ready(work())
}

/// Carries a statement out; tells whether it touched a row.
fn execute(connection: &Connection, statement: &str, parameters: impl Params) -> rusqlite::Result<bool> {
    let touched = connection.prepare_cached(statement)?.execute(parameters)?;
    Ok(touched > 0)
}

/// Carries a statement out, whatever it touches.
fn run(connection: &Connection, statement: &str, parameters: impl Params) -> rusqlite::Result<()> {
    execute(connection, statement, parameters).map(|_| ())
}

impl Engine for FileBook<'_> {
    type Failure = rusqlite::Error;
    type Unchanged = Unchanged;

    fn sorted<T>(outcome: Result<T, Unchanged>) -> rusqlite::Result<Result<T, Rejection>> {
        match outcome {
            Ok(done) => Ok(Ok(done)),
            Err(Unchanged::Rejected(rejection)) => Ok(Err(rejection)),
            Err(Unchanged::Failed(error)) => Err(error),
        }
    }

    fn unwritable(error: &serde_json::Error) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_MISMATCH), Some(error.to_string()))
    }
}

impl Savepoints for FileBook<'_> {
    fn begin_one_change(&mut self) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| run(self.connection, "SAVEPOINT one_change", []))
    }

    fn undo_one_change(&mut self) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(self.connection, "ROLLBACK TO one_change", [])?;
            run(self.connection, "RELEASE one_change", [])
        })
    }

    fn keep_one_change(&mut self) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| run(self.connection, "RELEASE one_change", []))
    }
}

impl Book for FileBook<'_> {
    /// Makes the cache of verdicts forget what a change made untrue. A change that is rolled back later has made it
    /// forget too much, which costs a look-up and nothing else.
    fn was_made(&mut self, change: &Change) {
        match change {
            // A description may bring another time zone, and with it other days.
            Change::SetTenantEnabled { .. }
            | Change::DescribeTenant { .. }
            | Change::CreateApp(_)
            | Change::PutApp(_)
            | Change::EnsureApp(_) => self.verdicts.forget_all(),
            Change::CreateUser(User {
                tenant_id, user_id, ..
            })
            | Change::PutUser(User {
                tenant_id, user_id, ..
            })
            | Change::EnsureUser(User {
                tenant_id, user_id, ..
            })
            | Change::DeleteUser { tenant_id, user_id } => self.verdicts.forget_user(*tenant_id, *user_id),
            // A tenant just made has a number that nobody could have asked for; the rest does not bear on verdicts.
            Change::CreateTenant { .. }
            | Change::PutAppRoute(_)
            | Change::RemoveAppRoute { .. }
            | Change::PutClient(_)
            | Change::IssueToken(_)
            | Change::RevokeToken { .. }
            | Change::KeepAnswer(_)
            | Change::Identity(_)
            // Whoever writes a seat says so at once (`seats`).
            | Change::AssignSeat { .. }
            | Change::EnsureSeat { .. }
            | Change::ReleaseSeat { .. }
            | Change::KeepHistory { .. }
            | Change::Leave(_)
            | Change::Ledger(_) => {}
        }
    }
}
