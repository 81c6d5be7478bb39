//! Everything that changes the ledger other than an access.
//!
//! All changes of one call run in one transaction, in order; the first that does not fit ends it and none is made.

use crate::sql::{Answered, Failure, Listed, Sql, Values};
use tokio_postgres::types::ToSql;
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

use usher_seats::{Namespace, SeatType, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Change, Effect, PoolName, Rejection, SeatName};

use crate::{
    changing::Changing,
    noting,
    numbers::NamesText,
    seating::{self, give::By},
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

/// Makes one change within the transaction that is under way, notes what it did, and forgets what it makes untrue.
pub(crate) async fn apply(changing: &mut Changing<'_>, change: &Change) -> Outcome {
    let watched = noting::before(changing.connection, change).await?;
    let effect = make(changing, change).await?;
    if effect != Effect::Unchanged {
        noting::after(changing, watched).await?;
    }
    Ok(effect)
}

async fn make(changing: &mut Changing<'_>, change: &Change) -> Outcome {
    let (connection, at_ms) = (changing.connection, changing.at_ms);
    match change {
        Change::CreateTenant {
            tenant_key,
            name,
            time_zone,
        } => create_tenant(connection, tenant_key, name, time_zone).await,
        Change::DescribeTenant {
            tenant_id,
            name,
            time_zone,
        } => describe_tenant(connection, *tenant_id, name.as_deref(), time_zone.as_ref()).await,
        Change::SetTenantEnabled { tenant_id, enabled } => {
            set_tenant_enabled(connection, *tenant_id, *enabled).await
        }
        Change::CreateUser(user) => users::put(connection, user, Existing::Refused).await,
        Change::PutUser(user) => users::put(connection, user, Existing::Overwritten).await,
        Change::EnsureUser(user) => users::put(connection, user, Existing::Kept).await,
        Change::CreateApp(app) => put_app(connection, app, Existing::Refused).await,
        Change::PutApp(app) => put_app(connection, app, Existing::Overwritten).await,
        Change::EnsureApp(app) => put_app(connection, app, Existing::Kept).await,
        Change::PutAppRoute(route) => put_app_route(connection, route).await,
        Change::RemoveAppRoute { host, path_prefix } => remove_app_route(connection, host, path_prefix).await,
        Change::PutClient(client) => clients::put(connection, client).await,
        Change::AssignSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            expires_at_ms,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seating::give::assign(changing, &seat, *expires_at_ms, By::Hand).await
        }
        Change::EnsureSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            assigned_at_ms,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seating::give::ensure(changing, &seat, *assigned_at_ms).await
        }
        Change::ReleaseSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            seating::take::release(changing, &seat, true, None).await
        }
        Change::KeepHistory { tenant_id, days } => keep_history(connection, *tenant_id, *days).await,
        Change::Leave(change) => leaves::make(changing, change).await,
        Change::Ledger(change) => seating::make(changing, change).await,
        Change::DeleteUser { tenant_id, user_id } => users::delete(changing, *tenant_id, *user_id).await,
        Change::IssueToken(token) => tokens::issue(connection, token, None, at_ms).await,
        Change::RevokeToken {
            tenant_id,
            token_hash,
        } => tokens::revoke(connection, *tenant_id, *token_hash).await,
        Change::KeepAnswer(kept) => kept_answers::keep(connection, kept, at_ms).await,
        Change::Identity(change) => identity::make(connection, change, at_ms).await,
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

/// What becomes of a thing that exists already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Refused,
    Kept,
    Overwritten,
}

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

pub(crate) async fn require_tenant(connection: &Sql, tenant_id: TenantId) -> Result<(), Unchanged> {
    if exists(
        connection,
        "SELECT 1 FROM tenants WHERE tenant_id = $1",
        [tenant_id.0],
    )
    .await?
    {
        return Ok(());
    }
    Err(Rejection::TenantUnknown.into())
}

pub(crate) async fn require_app(
    connection: &Sql,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> Result<(), Unchanged> {
    let found = exists(
        connection,
        "SELECT 1 FROM apps WHERE tenant_id = $1 AND namespace = $2",
        (tenant_id.0, namespace.as_str()),
    )
    .await?;
    if found {
        Ok(())
    } else {
        Err(Rejection::AppUnknown.into())
    }
}

pub(crate) async fn user_exists(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Answered<bool> {
    exists(
        connection,
        "SELECT 1 FROM users WHERE tenant_id = $1 AND user_id = $2",
        (tenant_id.0, user_id.get()),
    )
    .await
}

async fn create_tenant(
    connection: &Sql,
    tenant_key: &TenantKey,
    name: &str,
    time_zone: &TimeZoneName,
) -> Outcome {
    if exists(
        connection,
        "SELECT 1 FROM tenants WHERE tenant_key = $1",
        [tenant_key.as_str()],
    )
    .await?
    {
        return Err(Rejection::TenantKeyTaken.into());
    }
    // The number 0 stands for what concerns no tenant, so the sequence begins at 1.
    connection
        .one(
            "INSERT INTO tenants (tenant_key, name, enabled, time_zone) VALUES ($1, $2, TRUE, $3) RETURNING tenant_id",
            (tenant_key.as_str(), name, time_zone.as_str()),
            |row| Ok(Effect::TenantCreated(TenantId(row.get(0)?))),
        )
        .await
        .map_err(Unchanged::from)
}

async fn describe_tenant(
    connection: &Sql,
    tenant_id: TenantId,
    name: Option<&str>,
    time_zone: Option<&TimeZoneName>,
) -> Outcome {
    require_tenant(connection, tenant_id).await?;
    execute(
        connection,
        "UPDATE tenants SET name = coalesce($2, name), time_zone = coalesce($3, time_zone)
         WHERE tenant_id = $1 AND (name <> coalesce($2, name) OR time_zone <> coalesce($3, time_zone))",
        (tenant_id.0, name, time_zone.map(TimeZoneName::as_str)),
    )
    .await
}

async fn keep_history(connection: &Sql, tenant_id: TenantId, days: Option<u32>) -> Outcome {
    require_tenant(connection, tenant_id).await?;
    execute(
        connection,
        "UPDATE tenants SET history_days = $2 WHERE tenant_id = $1 AND history_days IS DISTINCT FROM $2",
        (tenant_id.0, days.map(i64::from)),
    )
    .await
}

async fn set_tenant_enabled(connection: &Sql, tenant_id: TenantId, enabled: bool) -> Outcome {
    require_tenant(connection, tenant_id).await?;
    execute(
        connection,
        "UPDATE tenants SET enabled = $2 WHERE tenant_id = $1 AND enabled <> $2",
        (tenant_id.0, enabled),
    )
    .await
}

async fn put_app(connection: &Sql, app: &App, existing: Existing) -> Outcome {
    require_tenant(connection, app.tenant_id).await?;
    let found = match require_app(connection, app.tenant_id, &app.namespace).await {
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
        "INSERT INTO apps (tenant_id, namespace, name, enabled, names) VALUES ($1, $2, $3, $4, $5)",
        "UPDATE apps SET name = $3, enabled = $4, names = $5
         WHERE tenant_id = $1 AND namespace = $2 AND (name <> $3 OR enabled <> $4 OR names <> $5)",
        &[
            &app.tenant_id.0,
            &app.namespace.as_str(),
            &app.name,
            &app.enabled,
            &NamesText(app.names.clone()),
        ],
    )
    .await
}

async fn remove_app_route(connection: &Sql, host: &str, path_prefix: &str) -> Outcome {
    execute(
        connection,
        "DELETE FROM app_routes WHERE host = $1 AND path_prefix = $2",
        (host, path_prefix),
    )
    .await
}

async fn put_app_route(connection: &Sql, route: &AppRoute) -> Outcome {
    require_app(connection, route.tenant_id, &route.namespace).await?;
    let owner: Option<(i64, String)> = connection
        .optional(
            "SELECT tenant_id, namespace FROM app_routes WHERE host = $1 AND path_prefix = $2",
            (&route.host, &route.path_prefix),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .await?;
    match owner {
        Some((tenant_id, namespace))
            if tenant_id == route.tenant_id.0 && namespace == route.namespace.as_str() =>
        {
            Ok(Effect::Unchanged)
        }
        Some(_) => Err(Rejection::RouteTaken.into()),
        None => {
            connection.execute("INSERT INTO app_routes (host, path_prefix, tenant_id, namespace) VALUES ($1, $2, $3, $4)", (&route.host, &route.path_prefix, route.tenant_id.0, route.namespace.as_str())).await?;
            Ok(Effect::Created)
        }
    }
}
