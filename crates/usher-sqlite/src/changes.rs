//! Everything that changes the ledger other than an access.
//!
//! All changes of one call run in one transaction, in order; the first that does not fit ends it and none is made.
//! What a change makes the cache of verdicts forget is said beside the change, so the two cannot drift apart.

use rusqlite::{Connection, OptionalExtension, Params, ToSql};
use usher_seats::{Namespace, Seat, SeatType, TenantId, TenantKey, UserId};
use usher_store::{App, AppRoute, Change, Client, ClientKind, Effect, Rejection, Token, TokenKind, User};

use crate::{
    numbers::{SeatTypeNumber, seat_namespace},
    verdicts::VerdictCache,
};

/// Expired tokens are kept this long, so that their bearer hears "expired" and not "unknown": a week.
const EXPIRED_TOKENS_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Most old tokens swept away when one is issued; more than one, so that the table cannot grow for ever.
const TOKENS_SWEPT_MAX: i64 = 32;

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

/// Makes one change within the transaction that `connection` is in, at `at_ms`.
pub(crate) fn apply(
    connection: &Connection,
    verdicts: &mut VerdictCache,
    change: &Change,
    at_ms: i64,
) -> Outcome {
    match change {
        Change::CreateTenant { tenant_key, name } => create_tenant(connection, tenant_key, name),
        Change::SetTenantEnabled { tenant_id, enabled } => {
            verdicts.forget_all();
            set_tenant_enabled(connection, *tenant_id, *enabled)
        }
        Change::PutUser(user) => {
            verdicts.forget_user(user.tenant_id, user.user_id);
            put_user(connection, user, Existing::Overwritten)
        }
        Change::EnsureUser(user) => {
            verdicts.forget_user(user.tenant_id, user.user_id);
            put_user(connection, user, Existing::Kept)
        }
        Change::PutApp(app) => {
            verdicts.forget_all();
            put_app(connection, app, Existing::Overwritten)
        }
        Change::EnsureApp(app) => {
            let effect = put_app(connection, app, Existing::Kept)?;
            if effect != Effect::Unchanged {
                verdicts.forget_all();
            }
            Ok(effect)
        }
        Change::PutAppRoute(route) => put_app_route(connection, route),
        Change::RemoveAppRoute { host, path_prefix } => execute(
            connection,
            "DELETE FROM app_routes WHERE host = ?1 AND path_prefix = ?2",
            (host, path_prefix),
        ),
        Change::PutClient(client) => put_client(connection, client),
        Change::AssignSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            expires_at_ms,
        } => {
            verdicts.forget_user(*tenant_id, *user_id);
            let seat = SeatName {
                tenant_id: *tenant_id,
                seat_type: *seat_type,
                user_id: *user_id,
                namespace,
            };
            assign_seat(connection, &seat, *expires_at_ms, at_ms)
        }
        Change::EnsureSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            verdicts.forget_user(*tenant_id, *user_id);
            let seat = SeatName {
                tenant_id: *tenant_id,
                seat_type: *seat_type,
                user_id: *user_id,
                namespace,
            };
            if seat.read(connection)?.is_some() {
                return Ok(Effect::Unchanged);
            }
            assign_seat(connection, &seat, None, at_ms)
        }
        Change::ReleaseSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            verdicts.forget_user(*tenant_id, *user_id);
            let seat = SeatName {
                tenant_id: *tenant_id,
                seat_type: *seat_type,
                user_id: *user_id,
                namespace,
            };
            release_seat(connection, &seat, at_ms)
        }
        Change::IssueToken(token) => issue_token(connection, token, at_ms),
        Change::RevokeToken {
            tenant_id,
            token_hash,
        } => execute(
            connection,
            "UPDATE tokens SET revoked = 1
             WHERE token_hash = ?1 AND revoked = 0 AND (?2 IS NULL OR tenant_id = ?2)",
            (token_hash.0, tenant_id.map(|tenant_id| tenant_id.0)),
        ),
    }
}

/// Whether a thing that exists already is brought to the given state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
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

fn create_tenant(connection: &Connection, tenant_key: &TenantKey, name: &str) -> Outcome {
    if exists(
        connection,
        "SELECT 1 FROM tenants WHERE tenant_key = ?1",
        [tenant_key.as_str()],
    )? {
        return Err(Rejection::TenantKeyTaken.into());
    }
    connection
        .prepare_cached("INSERT INTO tenants (tenant_key, name, enabled) VALUES (?1, ?2, 1)")?
        .execute((tenant_key.as_str(), name))?;
    Ok(Effect::TenantCreated(TenantId(connection.last_insert_rowid())))
}

fn set_tenant_enabled(connection: &Connection, tenant_id: TenantId, enabled: bool) -> Outcome {
    require_tenant(connection, tenant_id)?;
    execute(
        connection,
        "UPDATE tenants SET enabled = ?2 WHERE tenant_id = ?1 AND enabled <> ?2",
        (tenant_id.0, enabled),
    )
}

fn put_user(connection: &Connection, user: &User, existing: Existing) -> Outcome {
    require_tenant(connection, user.tenant_id)?;
    let found = user_exists(connection, user.tenant_id, user.user_id)?;
    if found && existing == Existing::Kept {
        return Ok(Effect::Unchanged);
    }
    put(
        connection,
        found,
        "INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        "UPDATE users SET name = ?3, enabled = ?4, system_administrator = ?5
         WHERE tenant_id = ?1 AND user_id = ?2
           AND (name <> ?3 OR enabled <> ?4 OR system_administrator <> ?5)",
        &[
            &user.tenant_id.0,
            &user.user_id.get(),
            &user.name,
            &user.enabled,
            &user.system_administrator,
        ],
    )
}

fn put_app(connection: &Connection, app: &App, existing: Existing) -> Outcome {
    require_tenant(connection, app.tenant_id)?;
    let found = match require_app(connection, app.tenant_id, &app.namespace) {
        Ok(()) => true,
        Err(Unchanged::Rejected(_)) => false,
        Err(failed @ Unchanged::Failed(_)) => return Err(failed),
    };
    if found && existing == Existing::Kept {
        return Ok(Effect::Unchanged);
    }
    put(
        connection,
        found,
        "INSERT INTO apps (tenant_id, namespace, name, enabled) VALUES (?1, ?2, ?3, ?4)",
        "UPDATE apps SET name = ?3, enabled = ?4
         WHERE tenant_id = ?1 AND namespace = ?2 AND (name <> ?3 OR enabled <> ?4)",
        &[&app.tenant_id.0, &app.namespace.as_str(), &app.name, &app.enabled],
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

fn put_client(connection: &Connection, client: &Client) -> Outcome {
    require_tenant(connection, client.tenant_id)?;
    let owner: Option<i64> = connection
        .prepare_cached("SELECT tenant_id FROM clients WHERE client_id = ?1")?
        .query_row([client.client_id.as_str()], |row| row.get(0))
        .optional()?;
    if owner.is_some_and(|tenant_id| tenant_id != client.tenant_id.0) {
        return Err(Rejection::ClientIdTaken.into());
    }
    let kind = match client.kind {
        ClientKind::SelfBuilt => "self_built",
        ClientKind::Store => "store",
    };
    put(
        connection,
        owner.is_some(),
        "INSERT INTO clients (client_id, tenant_id, name, kind, scopes, enabled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        "UPDATE clients SET name = ?3, kind = ?4, scopes = ?5, enabled = ?6
         WHERE client_id = ?1 AND tenant_id = ?2
           AND (name <> ?3 OR kind <> ?4 OR scopes <> ?5 OR enabled <> ?6)",
        &[
            &client.client_id.as_str(),
            &client.tenant_id.0,
            &client.name,
            &kind,
            &client.scopes.join(" "),
            &client.enabled,
        ],
    )
}

/// Names one seat.
struct SeatName<'a> {
    tenant_id: TenantId,
    seat_type: SeatType,
    user_id: UserId,
    namespace: &'a Option<Namespace>,
}

impl SeatName<'_> {
    fn key(&self) -> (i64, SeatTypeNumber, i64, &str) {
        (
            self.tenant_id.0,
            SeatTypeNumber(self.seat_type),
            self.user_id.get(),
            seat_namespace(self.namespace.as_ref()),
        )
    }

    fn read(&self, connection: &Connection) -> rusqlite::Result<Option<Seat>> {
        connection
            .prepare_cached(
                "SELECT held, expires_at_ms FROM seats
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
            )?
            .query_row(self.key(), |row| {
                Ok(Seat {
                    held: row.get(0)?,
                    expires_at_ms: row.get(1)?,
                })
            })
            .optional()
    }

    /// Checks that everything the seat names is there.
    fn require(&self, connection: &Connection) -> Result<(), Unchanged> {
        if (self.seat_type == SeatType::PerUserPerApp) != self.namespace.is_some() {
            return Err(Rejection::SeatTypeAndNamespaceDisagree.into());
        }
        require_tenant(connection, self.tenant_id)?;
        if !user_exists(connection, self.tenant_id, self.user_id)? {
            return Err(Rejection::UserUnknown.into());
        }
        self.namespace
            .as_ref()
            .map_or(Ok(()), |app| require_app(connection, self.tenant_id, app))
    }
}

/// A seat in use keeps its beginning; one that was given back or has run out begins anew.
fn assign_seat(
    connection: &Connection,
    seat: &SeatName<'_>,
    expires_at_ms: Option<i64>,
    at_ms: i64,
) -> Outcome {
    seat.require(connection)?;
    let (tenant_id, seat_type, user_id, namespace) = seat.key();
    match seat.read(connection)? {
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO seats
                       (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, expires_at_ms)
                     VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
                )?
                .execute((tenant_id, seat_type, user_id, namespace, at_ms, expires_at_ms))?;
            Ok(Effect::Created)
        }
        Some(known) if known.admits(at_ms) => execute(
            connection,
            "UPDATE seats SET expires_at_ms = ?5
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4
               AND expires_at_ms IS NOT ?5",
            (tenant_id, seat_type, user_id, namespace, expires_at_ms),
        ),
        Some(_) => execute(
            connection,
            "UPDATE seats SET held = 1, assigned_at_ms = ?5, released_at_ms = NULL, expires_at_ms = ?6
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
            (tenant_id, seat_type, user_id, namespace, at_ms, expires_at_ms),
        ),
    }
}

fn release_seat(connection: &Connection, seat: &SeatName<'_>, at_ms: i64) -> Outcome {
    seat.require(connection)?;
    let (tenant_id, seat_type, user_id, namespace) = seat.key();
    execute(
        connection,
        "UPDATE seats SET held = 0, released_at_ms = ?5
         WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4 AND held = 1",
        (tenant_id, seat_type, user_id, namespace, at_ms),
    )
}

fn issue_token(connection: &Connection, token: &Token, at_ms: i64) -> Outcome {
    if let Some(tenant_id) = token.tenant_id {
        require_tenant(connection, tenant_id)?;
        if let Some(user_id) = token.user_id
            && !user_exists(connection, tenant_id, user_id)?
        {
            return Err(Rejection::UserUnknown.into());
        }
    }
    if let Some(client_id) = &token.client_id
        && !exists(
            connection,
            "SELECT 1 FROM clients WHERE client_id = ?1",
            [client_id.as_str()],
        )?
    {
        return Err(Rejection::ClientUnknown.into());
    }
    connection
        .prepare_cached(
            "DELETE FROM tokens WHERE token_hash IN
               (SELECT token_hash FROM tokens WHERE expires_at_ms < ?1 ORDER BY expires_at_ms LIMIT ?2)",
        )?
        .execute((at_ms.saturating_sub(EXPIRED_TOKENS_KEPT_MS), TOKENS_SWEPT_MAX))?;
    connection
        .prepare_cached(
            "INSERT INTO tokens (token_hash, kind, tenant_id, client_id, user_id, scopes, issued_at_ms,
                                 expires_at_ms, revoked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            token.token_hash.0,
            token_kind_name(token.kind),
            token.tenant_id.map(|tenant_id| tenant_id.0),
            token.client_id.as_ref().map(usher_seats::ClientId::as_str),
            token.user_id.map(UserId::get),
            token.scopes.join(" "),
            token.issued_at_ms,
            token.expires_at_ms,
            token.revoked,
        ))?;
    Ok(Effect::Created)
}

fn token_kind_name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::User => "user",
        TokenKind::Tenant => "tenant",
        TokenKind::Service => "service",
    }
}
