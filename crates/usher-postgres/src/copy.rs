//! Moving house: a ledger leaves a database whole, or arrives in one (`usher_store::portable`).
//!
//! A ledger leaves through one transaction that sees the database as it was at one moment. That moment must be a quiet one:
//! no instance of Usher may work on the database, neither at the beginning nor at the end. It arrives by `COPY`, a page per
//! transaction, which is some ten times as fast as statements.
//!
//! - [`PostgresSource`], [`PostgresTarget`]: the two ends
//! - `page`: reading a section; `arrival`: writing one; `field`: values on the wire
//! - `mark`: what makes an unfinished copy known
//! - `quiet`: whether anybody works on the database

mod arrival;
mod field;
mod mark;
mod page;
mod quiet;
mod source;
mod target;

pub(crate) use mark::read as mark;
pub use source::PostgresSource;
pub use target::PostgresTarget;

use crate::{
    address::DatabaseAddress,
    connection::{self, OpenError, PostgresOptions},
    sql::{Failure, Sql},
};

/// How long one statement may take, in milliseconds: a day, for one that counts or rebuilds a table of a hundred million rows.
const STATEMENT_TIMEOUT_MS: u32 = 24 * 60 * 60 * 1_000;

/// A connection for work that takes long.
pub(crate) async fn patient(address: &DatabaseAddress, options: &PostgresOptions) -> Result<Sql, OpenError> {
    let options = PostgresOptions {
        connections_max: 1,
        statement_timeout_ms: STATEMENT_TIMEOUT_MS,
        ..options.clone()
    };
    Ok(connection::reached(address, &options).await?.1)
}

/// The database does not do what it should.
fn broken(failure: &Failure) -> OpenError {
    OpenError::Database(failure.to_string())
}
