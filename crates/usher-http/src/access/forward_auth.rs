//! `GET /usher/v1/forward-auth`: a gateway asks whether the person in front of it may enter.
//!
//! ```text
//! X-Forwarded-Host: crm.example.com        200  X-Usher-Tenant: default
//! X-Forwarded-Uri: /deals?id=7                  X-Usher-User: 1803710089388154
//! X-Forwarded-User: 1803710089388154            X-Usher-App: package_35f605__c
//!                                               X-Usher-Seat-Type: per_user
//!                                               X-Usher-Active-Time: 1727199298656
//! ```
//!
//! The order of the checks: method, trust (the peer's address, and the secret if there is one), how the headers read,
//! user, app, and then the door. Before trust is established nothing the request says is looked at, and the answer
//! does not depend on it. A denial is 401 or 403 with `X-Usher-Reason`; when the door cannot answer, it is 503 with
//! code 2329001, which gateways take for "no".

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use usher_door::VerdictSlot;
use usher_seats::{Refusal, SeatType, TenantKey, UserId, Verdict};
use usher_store::{Access, StoreError};

use crate::{
    access::{
        denial::{Denial, NO_STORE},
        forwarded::{ForwardedRequest, Gathered, sent},
        gateway_visits::Visit,
        route_table::{AppMeaning, RouteTarget},
    },
    body,
    edge::{Edge, EdgeSettings, PeerAddress, lies_in},
    wire::{WireError, envelope::ErrorBody},
};

/// Where the entrance is.
pub(crate) const PATH: &str = "/usher/v1/forward-auth";

/// A header of the answer, and how its line begins on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: HeaderName,
    pub(crate) on_the_wire: &'static str,
}

impl Named {
    const fn new(name: &'static str, on_the_wire: &'static str) -> Self {
        Self {
            name: HeaderName::from_static(name),
            on_the_wire,
        }
    }
}

/// The headers that tell the app behind the gateway who came in, and how.
const TENANT_HEADER: Named = Named::new("x-usher-tenant", "\r\nX-Usher-Tenant: ");
/// The user's number.
const USER_HEADER: Named = Named::new("x-usher-user", "\r\nX-Usher-User: ");
/// The app's namespace.
const APP_HEADER: Named = Named::new("x-usher-app", "\r\nX-Usher-App: ");
/// The wire name of the seat type that admitted.
const SEAT_TYPE_HEADER: Named = Named::new("x-usher-seat-type", "\r\nX-Usher-Seat-Type: ");
/// The newest admitted access, in milliseconds.
const ACTIVE_TIME_HEADER: Named = Named::new("x-usher-active-time", "\r\nX-Usher-Active-Time: ");
/// An answer is of one moment and of one person.
const CACHE_CONTROL_HEADER: Named = Named {
    name: header::CACHE_CONTROL,
    on_the_wire: "\r\nCache-Control: ",
};

/// Why somebody stays outside.
pub(crate) enum Outside {
    /// The answer is no.
    Denied(Denial),
    /// There is no answer, or the question was not one.
    Failed(WireError),
}

impl From<Denial> for Outside {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Refusal> for Outside {
    fn from(refusal: Refusal) -> Self {
        Self::Denied(refusal.into())
    }
}

impl<E: Into<WireError>> From<E> for Outside {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Somebody who may enter.
pub(crate) struct Admission {
    tenant_key: TenantKey,
    user_id: UserId,
    target: RouteTarget,
    seat_type: SeatType,
    active_time_ms: i64,
}

/// Ask whether the person in front of a gateway may enter. Gateways are known by their address, not by a token.
///
/// A body belongs to the request in front of the gateway and is thrown away.
#[utoipa::path(get, path = "/usher/v1/forward-auth", tag = "door", operation_id = "forward_auth", security(()),
    params(
        ("X-Forwarded-Host" = Option<String>, Header, description = "The host asked for."),
        ("X-Forwarded-Uri" = Option<String>, Header, description = "The path asked for."),
        ("X-Forwarded-User" = Option<String>, Header, description = "The number of the user."),
    ),
    responses(
        (status = 200, description = "They may; headers say who, where and by which seat."),
        (status = 400, description = "The method is wrong.", body = ErrorBody<'static>),
        (status = 401, description = "Nobody is named; `X-Usher-Reason` says why.", content_type = "text/plain", body = String),
        (status = 403, description = "They may not; `X-Usher-Reason` says why.", content_type = "text/plain", body = String),
        (status = 414, description = "The address is too long.", body = ErrorBody<'static>),
        (status = 503, description = "There is no answer just now.", body = ErrorBody<'static>),
    ))]
pub(crate) async fn ask(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, WireError> {
    let (parts, body) = request.into_parts();
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    let answer = if is_read {
        let peer = parts.extensions.get::<PeerAddress>().copied();
        let gathered = Gathered::of(sent(&parts.headers), &edge.settings.user_header);
        let at_ms = edge.clock.now_ms();
        enter(&edge, (peer, at_ms), &gathered, &mut VerdictSlot::default()).await
    } else {
        Err(WireError::wrong_method(parts.method.as_str(), "GET or HEAD").into())
    };
    body::discard(body).await;
    match answer {
        Ok(admission) => Ok(admission.response()),
        Err(Outside::Denied(denial)) => denial.response(&parts.headers),
        Err(Outside::Failed(error)) => Err(error),
    }
}

/// Whether somebody may enter, asked by a peer at a moment in milliseconds, and remembers that a gateway asked. What is no
/// question, or has no answer, is in the log. The door's verdict is heard in `slot`.
pub(crate) async fn enter(
    edge: &Edge,
    (peer, at_ms): (Option<PeerAddress>, i64),
    gathered: &Gathered<'_>,
    slot: &mut VerdictSlot,
) -> Result<Admission, Outside> {
    let mut known = Known::default();
    let answer = decide(edge, peer, gathered, (&mut known, slot)).await;
    let denial = match &answer {
        Ok(_) => None,
        Err(Outside::Denied(denial)) => {
            tracing::debug!(denial.reason = denial.reason(), "forward-auth denied");
            Some(*denial)
        }
        Err(Outside::Failed(_)) => return answer,
    };
    let target = match &answer {
        Ok(admission) => Some(&admission.target),
        Err(_) => known.target.as_ref(),
    };
    edge.gateway_visits.note(&Visit {
        at_ms,
        host: gathered.host_named(),
        uri: gathered.uri_named(),
        user_id: known.user_id,
        app: target.map(|target| (target.tenant_id, &target.namespace)),
        denial,
    });
    answer
}

/// What is known of somebody who is not admitted.
#[derive(Default)]
struct Known {
    user_id: Option<UserId>,
    target: Option<RouteTarget>,
}

async fn decide(
    edge: &Edge,
    peer: Option<PeerAddress>,
    gathered: &Gathered<'_>,
    (known, slot): (&mut Known, &mut VerdictSlot),
) -> Result<Admission, Outside> {
    if !is_trusted(&edge.settings, peer, gathered) {
        return Err(Denial::RequestUntrusted.into());
    }
    let request = gathered.read()?;
    let user_id = request.user.user_id();
    known.user_id = user_id.ok();
    let user_id = user_id?;
    let (target, tenant_key) = find_app(edge, &request).await?;
    match pass(edge, user_id, &target, slot).await {
        Ok((seat_type, active_time_ms)) => Ok(Admission {
            tenant_key,
            user_id,
            target,
            seat_type,
            active_time_ms,
        }),
        Err(outside) => {
            known.target = Some(target);
            Err(outside)
        }
    }
}

/// A request is believed when it comes from a trusted address and, where the operator set a secret, shows it.
fn is_trusted(settings: &EdgeSettings, peer: Option<PeerAddress>, gathered: &Gathered<'_>) -> bool {
    let from_there = peer.is_some_and(|PeerAddress(address)| lies_in(address, &settings.trusted_proxies));
    let secret = settings.gateway_secret.as_ref();
    let shows_secret =
        secret.is_none_or(|secret| gathered.secret().is_some_and(|offered| secret.matches(offered)));
    from_there && shows_secret
}

async fn find_app(edge: &Edge, request: &ForwardedRequest) -> Result<(RouteTarget, TenantKey), Outside> {
    let routes = edge.access_memory.app_routes.current(edge.store.as_ref()).await?;
    match routes.table.meaning(&request.host, request.path.as_ref()) {
        AppMeaning::App(target) => {
            let tenant_key = routes.tenant_keys.get(&target.tenant_id).cloned();
            let nameless = || StoreError::Broken {
                detail: format!(
                    "a route leads to tenant {}, which no list has",
                    target.tenant_id.0
                ),
            };
            Ok((target.clone(), tenant_key.ok_or_else(nameless)?))
        }
        AppMeaning::Unknown => Err(Refusal::AppUnknown.into()),
        AppMeaning::Ambiguous => Err(Denial::RequestAmbiguous.into()),
    }
}

async fn pass(
    edge: &Edge,
    user_id: UserId,
    target: &RouteTarget,
    slot: &mut VerdictSlot,
) -> Result<(SeatType, i64), Outside> {
    let access = Access {
        tenant_id: target.tenant_id,
        user_id,
        namespace: target.namespace.clone(),
        // The door writes the time of entry.
        accessed_at_ms: 0,
    };
    let read_clock = || edge.clock.now_ms();
    let recorded = edge.door.pass_one_now(access, read_clock, slot).await?;
    edge.telemetry.decided(&recorded.verdict);
    match recorded.verdict {
        Verdict::Admitted {
            seat_type,
            active_time_ms,
        } => Ok((seat_type, active_time_ms)),
        Verdict::Refused { reason } => Err(reason.into()),
    }
}

impl Admission {
    /// Tells every header of the answer, in order.
    pub(crate) fn tell(&self, mut tell: impl FnMut(Named, &str)) {
        tell(CACHE_CONTROL_HEADER, NO_STORE);
        tell(TENANT_HEADER, self.tenant_key.as_str());
        tell(USER_HEADER, itoa::Buffer::new().format(self.user_id.get()));
        tell(APP_HEADER, self.target.namespace.as_str());
        tell(SEAT_TYPE_HEADER, self.seat_type.wire_name());
        tell(
            ACTIVE_TIME_HEADER,
            itoa::Buffer::new().format(self.active_time_ms),
        );
    }

    fn response(&self) -> Response {
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        self.tell(|named, text| {
            headers.insert(named.name, value(text));
        });
        response
    }
}

/// Keys and namespaces are made of letters, digits and a few marks, all of which a header can carry.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
