//! Everything that changes the ledger other than an access.
//!
//! All changes of one call run in one transaction, in order; the first that does not fit ends it and none is made.
//! What a change makes the cache of verdicts forget is said beside the change, so the two cannot drift apart.

mod clients;
mod identity;
mod identity_provider;
mod kept_answers;
mod leaves;
mod oauth;
mod sign_in;
mod sweep;
mod tokens;
mod users;

use rusqlite::{Connection, OptionalExtension, Params, ToSql};
use usher_seats::{Namespace, SeatType, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Change, Effect, PoolName, Rejection, SeatName, User};

use crate::{
    changing::Changing,
    noting,
    numbers::NamesText,
    seating::{self, give::By},
    verdicts::VerdictCache,
};

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

/// Makes one change within the transaction that is under way, notes what it did, and forgets what it makes untrue.
pub(crate) fn apply(changing: &mut Changing<'_>, change: &Change) -> Outcome {
    let watched = noting::before(changing.connection, change)?;
    let effect = make(changing, change)?;
    if effect != Effect::Unchanged {
        noting::after(changing, watched)?;
        forget(changing.verdicts, change);
    }
    Ok(effect)
}

fn make(changing: &mut Changing<'_>, change: &Change) -> Outcome {
    let (connection, at_ms) = (changing.connection, changing.at_ms);
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
        Change::RemoveAppRoute { host, path_prefix } => remove_app_route(connection, host, path_prefix),
        Change::PutClient(client) => clients::put(connection, client),
        Change::AssignSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            expires_at_ms,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seating::give::assign(changing, &seat, *expires_at_ms, By::Hand)
        }
        Change::EnsureSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            assigned_at_ms,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seating::give::ensure(changing, &seat, *assigned_at_ms)
        }
        Change::ReleaseSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seating::take::release(changing, &seat, true, None)
        }
        Change::KeepHistory { tenant_id, days } => keep_history(connection, *tenant_id, *days),
        Change::Leave(change) => leaves::make(changing, change),
        Change::Ledger(change) => seating::make(changing, change),
        Change::DeleteUser { tenant_id, user_id } => users::delete(changing, *tenant_id, *user_id),
        Change::IssueToken(token) => tokens::issue(connection, token, None, at_ms),
        Change::RevokeToken {
            tenant_id,
            token_hash,
        } => tokens::revoke(connection, *tenant_id, *token_hash),
        Change::KeepAnswer(kept) => kept_answers::keep(connection, kept, at_ms),
        Change::Identity(change) => identity::make(connection, change, at_ms),
    }
}

fn seat_name(
    tenant_id: TenantId,
    seat_type: SeatType,
    user_id: UserId,
    namespace: Option<&Namespace>,
) -> SeatName {
    let pool = PoolName {
        tenant_id,
        seat_type,
        namespace: namespace.cloned(),
    };
    SeatName { pool, user_id }
}

/// Makes the cache of verdicts forget what a change made untrue. A change that is rolled back later has made it
/// forget too much, which costs a look-up and nothing else.
fn forget(verdicts: &mut VerdictCache, change: &Change) {
    match change {
        // A description may bring another time zone, and with it other days.
        Change::SetTenantEnabled { .. }
        | Change::DescribeTenant { .. }
        | Change::CreateApp(_)
        | Change::PutApp(_)
        | Change::EnsureApp(_) => verdicts.forget_all(),
        Change::CreateUser(User {
            tenant_id, user_id, ..
        })
        | Change::PutUser(User {
            tenant_id, user_id, ..
        })
        | Change::EnsureUser(User {
            tenant_id, user_id, ..
        })
        | Change::DeleteUser { tenant_id, user_id } => verdicts.forget_user(*tenant_id, *user_id),
        // A tenant just made has a number that nobody could have asked for; the rest does not bear on verdicts.
        Change::CreateTenant { .. }
        | Change::PutAppRoute(_)
        | Change::RemoveAppRoute { .. }
        | Change::PutClient(_)
        | Change::IssueToken(_)
        | Change::RevokeToken { .. }
        | Change::KeepAnswer(_)
        | Change::Identity(_)
        // Whoever writes a seat says so at once (seating).
        | Change::AssignSeat { .. }
        | Change::EnsureSeat { .. }
        | Change::ReleaseSeat { .. }
        | Change::KeepHistory { .. }
        | Change::Leave(_)
        | Change::Ledger(_) => {}
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

pub(crate) fn require_tenant(connection: &Connection, tenant_id: TenantId) -> Result<(), Unchanged> {
    if exists(
        connection,
        "SELECT 1 FROM tenants WHERE tenant_id = ?1",
        [tenant_id.0],
    )? {
        return Ok(());
    }
    Err(Rejection::TenantUnknown.into())
}

pub(crate) fn require_app(
    connection: &Connection,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> Result<(), Unchanged> {
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

pub(crate) fn user_exists(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
) -> rusqlite::Result<bool> {
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

fn keep_history(connection: &Connection, tenant_id: TenantId, days: Option<u32>) -> Outcome {
    require_tenant(connection, tenant_id)?;
    execute(
        connection,
        "UPDATE tenants SET history_days = ?2 WHERE tenant_id = ?1 AND history_days IS NOT ?2",
        (tenant_id.0, days),
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

fn remove_app_route(connection: &Connection, host: &str, path_prefix: &str) -> Outcome {
    execute(
        connection,
        "DELETE FROM app_routes WHERE host = ?1 AND path_prefix = ?2",
        (host, path_prefix),
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
