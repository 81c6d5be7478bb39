//! Statements that decide by what they touch: clients, tokens, sessions, codes, links and kept answers.
//!
//! What every other change does is a rule of `usher-ledger`, which asks and writes through `book`.

pub(crate) mod clients;
pub(crate) mod identity;
mod identity_provider;
pub(crate) mod kept_answers;
mod oauth;
mod sign_in;
mod sweep;
pub(crate) mod tokens;

use rusqlite::{Connection, Params, ToSql};
use usher_seats::TenantId;
use usher_store::{Effect, Rejection};

use crate::book;

/// Why a change was not made.
pub(crate) enum Unchanged {
    /// It does not fit.
    Rejected(Rejection),
    /// The file failed.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Unchanged {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Rejection> for Unchanged {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

pub(crate) type Outcome = Result<Effect, Unchanged>;

/// Runs an update or a deletion; nothing touched means nothing changed.
fn execute(connection: &Connection, statement: &str, parameters: impl Params) -> Outcome {
    let touched = connection.prepare_cached(statement)?.execute(parameters)?;
    Ok(if touched == 0 {
        Effect::Unchanged
    } else {
        Effect::Updated
    })
}

fn exists(connection: &Connection, statement: &str, parameters: impl Params) -> rusqlite::Result<bool> {
    connection.prepare_cached(statement)?.exists(parameters)
}

/// Updates what is there, or inserts what is not. `update` must touch only a row that differs.
fn put(
    connection: &Connection,
    existing: bool,
    insert: &str,
    update: &str,
    values: &[&dyn ToSql],
) -> Outcome {
    if existing {
        return execute(connection, update, values);
    }
    connection.prepare_cached(insert)?.execute(values)?;
    Ok(Effect::Created)
}

fn require_tenant(connection: &Connection, tenant_id: TenantId) -> Result<(), Unchanged> {
    if book::has_tenant(connection, tenant_id)? {
        Ok(())
    } else {
        Err(Rejection::TenantUnknown.into())
    }
}
