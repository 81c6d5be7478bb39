//! One change as it stands in a file: what `usher apply` reads and the control channel carries.
//!
//! Each says a state and not a step: a user is so, a seat is held. The tenant may be left out where one was named
//! beside the file. Unknown fields are refused, because a misspelt `enabled` must not leave a door open.

use serde::{Deserialize, Serialize};
use usher_http::{access::RouteTextError, manage::scopes::KNOWN_SCOPES};
use usher_seats::{
    ACCESS_TIME_MS_MAX, ClientId, LocalizedNames, Namespace, SeatType, TenantId, TenantKey, TimeZoneName,
    UserId, check_external_id,
};
use usher_store::{App, AppRoute, Change, Client, ClientKind, Rejection, User};

use super::refusals;
use crate::{identifiers, language::Words, words};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub(crate) enum ChangeLine {
    /// Makes a tenant or brings it to this state; a name or a time zone that is left out stays.
    Tenant(TenantLine),
    /// Makes a user or brings it to this state.
    User(UserLine),
    /// Makes an app or brings it to this state.
    App(AppLine),
    /// Lets a gateway's host and path prefix mean an app.
    AppRoute(AppRouteLine),
    /// Takes such a meaning away.
    RemoveAppRoute(RemoveAppRouteLine),
    /// Gives a seat.
    Seat(SeatLine),
    /// Takes a seat back.
    ReleaseSeat(ReleaseSeatLine),
    /// Makes a client or brings it to this state.
    Client(ClientLine),
}

/// `{"change":"tenant"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantLine {
    pub(crate) tenant_key: TenantKey,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    pub(crate) time_zone: Option<TimeZoneName>,
}

/// `{"change":"user"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserLine {
    tenant_key: Option<TenantKey>,
    user_id: UserId,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    system_administrator: bool,
    external_id: Option<String>,
}

/// `{"change":"app"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppLine {
    tenant_key: Option<TenantKey>,
    namespace: Namespace,
    #[serde(default)]
    name: String,
    #[serde(default)]
    names: LocalizedNames,
    #[serde(default = "yes")]
    enabled: bool,
}

/// `{"change":"app_route"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppRouteLine {
    tenant_key: Option<TenantKey>,
    namespace: Namespace,
    host: String,
    #[serde(default = "root")]
    path_prefix: String,
}

/// `{"change":"remove_app_route"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveAppRouteLine {
    host: String,
    #[serde(default = "root")]
    path_prefix: String,
}

/// `{"change":"seat"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeatLine {
    tenant_key: Option<TenantKey>,
    seat_type: SeatType,
    user_id: UserId,
    namespace: Option<Namespace>,
    expires_at_ms: Option<i64>,
}

/// `{"change":"release_seat"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseSeatLine {
    tenant_key: Option<TenantKey>,
    seat_type: SeatType,
    user_id: UserId,
    namespace: Option<Namespace>,
}

/// `{"change":"client"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientLine {
    tenant_key: Option<TenantKey>,
    client_id: ClientId,
    #[serde(default)]
    name: String,
    #[serde(default = "self_built")]
    kind: ClientKind,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

fn root() -> String {
    "/".to_owned()
}

fn self_built() -> ClientKind {
    ClientKind::SelfBuilt
}

impl ChangeLine {
    /// Says what is wrong with the line as such, without looking at a store.
    ///
    /// # Errors
    /// The words for a person.
    pub(crate) fn check(&self) -> Result<(), Words> {
        match self {
            Self::Tenant(line) => check_name(&line.name),
            Self::User(line) => {
                check_name(&line.name)?;
                line.external_id.as_deref().map_or(Ok(()), |external_id| {
                    check_external_id(external_id).map_err(|error| identifiers::words_of(&error))
                })
            }
            Self::App(line) => check_name(&line.name),
            Self::AppRoute(line) => canonical_route(&line.host, &line.path_prefix).map(drop),
            Self::RemoveAppRoute(line) => canonical_route(&line.host, &line.path_prefix).map(drop),
            Self::Seat(line) => {
                check_seat(line.seat_type, line.namespace.as_ref())?;
                check_expiry(line.expires_at_ms)
            }
            Self::ReleaseSeat(line) => check_seat(line.seat_type, line.namespace.as_ref()),
            Self::Client(line) => {
                check_name(&line.name)?;
                line.scopes.iter().try_for_each(|scope| check_scope(scope))
            }
        }
    }

    /// The tenant the line names; none when it names none.
    pub(crate) fn tenant_key(&self) -> Option<&TenantKey> {
        match self {
            Self::Tenant(line) => Some(&line.tenant_key),
            Self::User(line) => line.tenant_key.as_ref(),
            Self::App(line) => line.tenant_key.as_ref(),
            Self::AppRoute(line) => line.tenant_key.as_ref(),
            Self::RemoveAppRoute(_) => None,
            Self::Seat(line) => line.tenant_key.as_ref(),
            Self::ReleaseSeat(line) => line.tenant_key.as_ref(),
            Self::Client(line) => line.tenant_key.as_ref(),
        }
    }

    /// The change of the store, in this tenant; for a tenant that is there already, whether it is on.
    ///
    /// # Errors
    /// As [`ChangeLine::check`].
    pub(crate) fn into_change(self, tenant_id: TenantId) -> Result<Change, Words> {
        Ok(match self {
            Self::Tenant(TenantLine { enabled, .. }) => Change::SetTenantEnabled { tenant_id, enabled },
            Self::User(line) => line.into_change(tenant_id),
            Self::App(line) => line.into_change(tenant_id),
            Self::AppRoute(line) => line.into_change(tenant_id)?,
            Self::RemoveAppRoute(line) => {
                let (host, path_prefix) = canonical_route(&line.host, &line.path_prefix)?;
                Change::RemoveAppRoute { host, path_prefix }
            }
            Self::Seat(line) => line.into_change(tenant_id),
            Self::ReleaseSeat(line) => line.into_change(tenant_id),
            Self::Client(line) => line.into_change(tenant_id),
        })
    }
}

impl UserLine {
    fn into_change(self, tenant_id: TenantId) -> Change {
        Change::PutUser(User {
            tenant_id,
            user_id: self.user_id,
            name: name_or(self.name, &self.user_id),
            enabled: self.enabled,
            system_administrator: self.system_administrator,
            external_id: self.external_id,
        })
    }
}

impl AppLine {
    fn into_change(self, tenant_id: TenantId) -> Change {
        Change::PutApp(App {
            tenant_id,
            name: name_or(self.name, &self.namespace),
            names: self.names,
            namespace: self.namespace,
            enabled: self.enabled,
        })
    }
}

impl AppRouteLine {
    fn into_change(self, tenant_id: TenantId) -> Result<Change, Words> {
        let (host, path_prefix) = canonical_route(&self.host, &self.path_prefix)?;
        Ok(Change::PutAppRoute(AppRoute {
            host,
            path_prefix,
            tenant_id,
            namespace: self.namespace,
        }))
    }
}

impl SeatLine {
    fn into_change(self, tenant_id: TenantId) -> Change {
        Change::AssignSeat {
            tenant_id,
            seat_type: self.seat_type,
            user_id: self.user_id,
            namespace: self.namespace,
            expires_at_ms: self.expires_at_ms,
        }
    }
}

impl ReleaseSeatLine {
    fn into_change(self, tenant_id: TenantId) -> Change {
        Change::ReleaseSeat {
            tenant_id,
            seat_type: self.seat_type,
            user_id: self.user_id,
            namespace: self.namespace,
        }
    }
}

impl ClientLine {
    fn into_change(self, tenant_id: TenantId) -> Change {
        Change::PutClient(Client {
            tenant_id,
            name: name_or(self.name, &self.client_id),
            client_id: self.client_id,
            kind: self.kind,
            scopes: self.scopes,
            enabled: self.enabled,
        })
    }
}

/// The name, or the identifier where nobody gave a name.
pub(crate) fn name_or(name: String, identifier: &impl ToString) -> String {
    if name.is_empty() {
        identifier.to_string()
    } else {
        name
    }
}

/// An empty name is as none: the identifier stands in for it.
fn check_name(name: &str) -> Result<(), Words> {
    if name.is_empty() {
        return Ok(());
    }
    usher_seats::check_name(name).map_err(|error| identifiers::words_of(&error))
}

fn check_seat(seat_type: SeatType, namespace: Option<&Namespace>) -> Result<(), Words> {
    if namespace.is_some() == (seat_type == SeatType::PerUserPerApp) {
        return Ok(());
    }
    Err(refusals::of_rejection(Rejection::SeatTypeAndNamespaceDisagree))
}

fn check_expiry(expires_at_ms: Option<i64>) -> Result<(), Words> {
    if expires_at_ms.is_none_or(|end_ms| (1..=ACCESS_TIME_MS_MAX).contains(&end_ms)) {
        return Ok(());
    }
    Err(words!(
        "expires_at_ms must be milliseconds from 1 to {ACCESS_TIME_MS_MAX}",
        "expires_at_ms 应为 1 至 {ACCESS_TIME_MS_MAX} 的毫秒数"
    ))
}

/// Complains about a scope that no call asks for.
///
/// # Errors
/// The words for a person.
pub(crate) fn check_scope(scope: &str) -> Result<(), Words> {
    if KNOWN_SCOPES.contains(&scope) {
        return Ok(());
    }
    let known = KNOWN_SCOPES.join(", ");
    Err(words!(
        "no scope is called \"{scope}\"; there are {known}",
        "没有名为“{scope}”的权限；可用的有 {known}"
    ))
}

/// Host and prefix in the one form in which the door compares them.
fn canonical_route(host: &str, path_prefix: &str) -> Result<(String, String), Words> {
    usher_http::access::canonical_route(host, path_prefix).map_err(|error| {
        let chinese = match error {
            RouteTextError::Host(_) => "host 应为主机名或地址，不含端口",
            RouteTextError::Path(_) => "path_prefix 应为以 / 开头的路径",
            RouteTextError::PrefixAmbiguous => {
                "path_prefix 必须只有一种读法：不含“//”“;”“\\”“?”、点段或编码的分隔符"
            }
            RouteTextError::PrefixTooLong => "path_prefix 过长",
        };
        Words::new(error.to_string(), chinese)
    })
}
