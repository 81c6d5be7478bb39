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

use tokio_postgres::types::ToSql;
use usher_seats::TenantId;
use usher_store::{Effect, Rejection};

use crate::{
    book,
    sql::{Answered, Failure, Listed, Sql, Values},
};

/// Why a change was not made.
pub(crate) enum Unchanged {
    /// It does not fit.
    Rejected(Rejection),
    /// The file failed.
    Failed(Failure),
}

impl From<Failure> for Unchanged {
    fn from(error: Failure) -> Self {
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
async fn execute(connection: &Sql, statement: &str, parameters: impl Values) -> Outcome {
    let touched = connection.execute(statement, parameters).await?;
    Ok(if touched == 0 {
        Effect::Unchanged
    } else {
        Effect::Updated
    })
}

async fn exists(connection: &Sql, statement: &str, parameters: impl Values) -> Answered<bool> {
    connection.exists(statement, parameters).await
}

/// Updates what is there, or inserts what is not. `update` must touch only a row that differs.
async fn put(
    connection: &Sql,
    existing: bool,
    insert: &str,
    update: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Outcome {
    if existing {
        return execute(connection, update, Listed(values)).await;
    }
    connection.execute(insert, Listed(values)).await?;
    Ok(Effect::Created)
}

async fn require_tenant(connection: &Sql, tenant_id: TenantId) -> Result<(), Unchanged> {
    if book::has_tenant(connection, tenant_id).await? {
        Ok(())
    } else {
        Err(Rejection::TenantUnknown.into())
    }
}
