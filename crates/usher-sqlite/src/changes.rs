//! Everything that changes the ledger other than an access.
//!
//! All changes of one call run in one transaction, in order; the first that does not fit ends it and none is made.
//! What a change makes the cache of verdicts forget is said beside the change, so the two cannot drift apart.

mod clients;
mod identity;
mod identity_provider;
mod kept_answers;
mod oauth;
mod seats;
mod sign_in;
mod sweep;
mod tokens;
mod users;

use rusqlite::{Connection, OptionalExtension, Params, ToSql};
use usher_seats::{Namespace, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Change, Effect, Rejection, User};

use self::seats::SeatName;
use crate::{numbers::NamesText, verdicts::VerdictCache};

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

type Outcome = Result<Effect, Unchanged>;

/// Makes one change within the transaction that `connection` is in, at `at_ms`, and forgets what it makes untrue.
pub(crate) fn apply(
    connection: &Connection,
    verdicts: &mut VerdictCache,
    change: &Change,
    at_ms: i64,
) -> Outcome {
    let effect = make(connection, change, at_ms)?;
    if effect != Effect::Unchanged {
        forget(verdicts, change);
    }
    Ok(effect)
}

fn make(connection: &Connection, change: &Change, at_ms: i64) -> Outcome {
    match change {
        Change::CreateTenant {
            tenant_key,
            name,
            time_zone,
        } => create_tenant(connection, tenant_key, name, time_zone),
        Change::DescribeTenant {
            tenant_id,
            name,
            time_zone,
        } => describe_tenant(connection, *tenant_id, name.as_deref(), time_zone.as_ref()),
        Change::SetTenantEnabled { tenant_id, enabled } => {
            set_tenant_enabled(connection, *tenant_id, *enabled)
        }
        Change::CreateUser(user) => users::put(connection, user, Existing::Refused),
        Change::PutUser(user) => users::put(connection, user, Existing::Overwritten),
        Change::EnsureUser(user) => users::put(connection, user, Existing::Kept),
        Change::CreateApp(app) => put_app(connection, app, Existing::Refused),
        Change::PutApp(app) => put_app(connection, app, Existing::Overwritten),
        Change::EnsureApp(app) => put_app(connection, app, Existing::Kept),
        Change::PutAppRoute(route) => put_app_route(connection, route),
        Change::RemoveAppRoute { host, path_prefix } => execute(
            connection,
            "DELETE FROM app_routes WHERE host = ?1 AND path_prefix = ?2",
            (host, path_prefix),
        ),
        Change::PutClient(client) => clients::put(connection, client),
        Change::AssignSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            expires_at_ms,
        } => {
            let seat = SeatName::new(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seats::assign(connection, &seat, *expires_at_ms, at_ms)
        }
        Change::EnsureSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            let seat = SeatName::new(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seats::ensure(connection, &seat, at_ms)
        }
        Change::ReleaseSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            let seat = SeatName::new(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seats::release(connection, &seat, at_ms)
        }
        Change::DeleteUser { tenant_id, user_id } => users::delete(connection, *tenant_id, *user_id),
        Change::IssueToken(token) => tokens::issue(connection, token, None, at_ms),
        Change::RevokeToken {
            tenant_id,
            token_hash,
        } => tokens::revoke(connection, *tenant_id, *token_hash),
        Change::KeepAnswer(kept) => kept_answers::keep(connection, kept, at_ms),
        Change::Identity(change) => identity::make(connection, change, at_ms),
    }
}

/// Makes the cache of verdicts forget what a change made untrue. A change that is rolled back later has made it
/// forget too much, which costs a look-up and nothing else.
fn forget(verdicts: &mut VerdictCache, change: &Change) {
    match change {
        Change::SetTenantEnabled { .. } | Change::CreateApp(_) | Change::PutApp(_) | Change::EnsureApp(_) => {
            verdicts.forget_all();
        }
        Change::CreateUser(User {
            tenant_id, user_id, ..
        })
        | Change::PutUser(User {
            tenant_id, user_id, ..
        })
        | Change::EnsureUser(User {
            tenant_id, user_id, ..
        })
        | Change::AssignSeat {
            tenant_id, user_id, ..
        }
        | Change::EnsureSeat {
            tenant_id, user_id, ..
        }
        | Change::ReleaseSeat {
            tenant_id, user_id, ..
        }
        | Change::DeleteUser { tenant_id, user_id } => verdicts.forget_user(*tenant_id, *user_id),
        // A tenant just made has a number that nobody could have asked for; the rest does not bear on verdicts.
        Change::CreateTenant { .. }
        | Change::DescribeTenant { .. }
        | Change::PutAppRoute(_)
        | Change::RemoveAppRoute { .. }
        | Change::PutClient(_)
        | Change::IssueToken(_)
        | Change::RevokeToken { .. }
        | Change::KeepAnswer(_)
        | Change::Identity(_) => {}
    }
}

/// What becomes of a thing that exists already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Refused,
    Kept,
    Overwritten,
}

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
    if exists(
        connection,
        "SELECT 1 FROM tenants WHERE tenant_id = ?1",
        [tenant_id.0],
    )? {
        return Ok(());
    }
    Err(Rejection::TenantUnknown.into())
}

fn require_app(connection: &Connection, tenant_id: TenantId, namespace: &Namespace) -> Result<(), Unchanged> {
    let found = exists(
        connection,
        "SELECT 1 FROM apps WHERE tenant_id = ?1 AND namespace = ?2",
        (tenant_id.0, namespace.as_str()),
    )?;
    if found {
        Ok(())
    } else {
        Err(Rejection::AppUnknown.into())
    }
}

fn user_exists(connection: &Connection, tenant_id: TenantId, user_id: UserId) -> rusqlite::Result<bool> {
    exists(
        connection,
        "SELECT 1 FROM users WHERE tenant_id = ?1 AND user_id = ?2",
        (tenant_id.0, user_id.get()),
    )
}

fn create_tenant(
    connection: &Connection,
    tenant_key: &TenantKey,
    name: &str,
    time_zone: &TimeZoneName,
) -> Outcome {
    if exists(
        connection,
        "SELECT 1 FROM tenants WHERE tenant_key = ?1",
        [tenant_key.as_str()],
    )? {
        return Err(Rejection::TenantKeyTaken.into());
    }
    connection
        .prepare_cached("INSERT INTO tenants (tenant_key, name, enabled, time_zone) VALUES (?1, ?2, 1, ?3)")?
        .execute((tenant_key.as_str(), name, time_zone.as_str()))?;
    Ok(Effect::TenantCreated(TenantId(connection.last_insert_rowid())))
}

fn describe_tenant(
    connection: &Connection,
    tenant_id: TenantId,
    name: Option<&str>,
    time_zone: Option<&TimeZoneName>,
) -> Outcome {
    require_tenant(connection, tenant_id)?;
    execute(
        connection,
        "UPDATE tenants SET name = coalesce(?2, name), time_zone = coalesce(?3, time_zone)
         WHERE tenant_id = ?1 AND (name <> coalesce(?2, name) OR time_zone <> coalesce(?3, time_zone))",
        (tenant_id.0, name, time_zone.map(TimeZoneName::as_str)),
    )
}

fn set_tenant_enabled(connection: &Connection, tenant_id: TenantId, enabled: bool) -> Outcome {
    require_tenant(connection, tenant_id)?;
    execute(
        connection,
        "UPDATE tenants SET enabled = ?2 WHERE tenant_id = ?1 AND enabled <> ?2",
        (tenant_id.0, enabled),
    )
}

fn put_app(connection: &Connection, app: &App, existing: Existing) -> Outcome {
    require_tenant(connection, app.tenant_id)?;
    let found = match require_app(connection, app.tenant_id, &app.namespace) {
        Ok(()) => true,
        Err(Unchanged::Rejected(_)) => false,
        Err(failed @ Unchanged::Failed(_)) => return Err(failed),
    };
    match existing {
        Existing::Refused if found => return Err(Rejection::NamespaceTaken.into()),
        Existing::Kept if found => return Ok(Effect::Unchanged),
        _ => {}
    }
    put(
        connection,
        found,
        "INSERT INTO apps (tenant_id, namespace, name, enabled, names) VALUES (?1, ?2, ?3, ?4, ?5)",
        "UPDATE apps SET name = ?3, enabled = ?4, names = ?5
         WHERE tenant_id = ?1 AND namespace = ?2 AND (name <> ?3 OR enabled <> ?4 OR names <> ?5)",
        &[
            &app.tenant_id.0,
            &app.namespace.as_str(),
            &app.name,
            &app.enabled,
            &NamesText(app.names.clone()),
        ],
    )
}

fn put_app_route(connection: &Connection, route: &AppRoute) -> Outcome {
    require_app(connection, route.tenant_id, &route.namespace)?;
    let owner: Option<(i64, String)> = connection
        .prepare_cached("SELECT tenant_id, namespace FROM app_routes WHERE host = ?1 AND path_prefix = ?2")?
        .query_row((&route.host, &route.path_prefix), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match owner {
        Some((tenant_id, namespace))
            if tenant_id == route.tenant_id.0 && namespace == route.namespace.as_str() =>
        {
            Ok(Effect::Unchanged)
        }
        Some(_) => Err(Rejection::RouteTaken.into()),
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO app_routes (host, path_prefix, tenant_id, namespace) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((&route.host, &route.path_prefix, route.tenant_id.0, route.namespace.as_str()))?;
            Ok(Effect::Created)
        }
    }
}
