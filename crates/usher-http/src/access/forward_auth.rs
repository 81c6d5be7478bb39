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
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use usher_seats::{Refusal, SeatType, TenantKey, UserId, Verdict};
use usher_store::{Access, StoreError};

use crate::{
    access::{
        Memory,
        denial::{Denial, NO_STORE},
        forwarded::{ForwardedRequest, SECRET_HEADER, read_forwarded},
        gateway_visits::GatewayVisit,
        route_table::{AppMeaning, RouteTarget},
    },
    body,
    edge::{Edge, EdgeSettings, PeerAddress, lies_in},
    wire::{WireError, envelope::ErrorBody},
};

/// The headers that tell the app behind the gateway who came in, and how.
const TENANT_HEADER: HeaderName = HeaderName::from_static("x-usher-tenant");
/// The user's number.
const USER_HEADER: HeaderName = HeaderName::from_static("x-usher-user");
/// The app's namespace.
const APP_HEADER: HeaderName = HeaderName::from_static("x-usher-app");
/// The wire name of the seat type that admitted.
const SEAT_TYPE_HEADER: HeaderName = HeaderName::from_static("x-usher-seat-type");
/// The newest admitted access, in milliseconds.
const ACTIVE_TIME_HEADER: HeaderName = HeaderName::from_static("x-usher-active-time");

/// Why somebody stays outside.
enum Outside {
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
struct Admission {
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
pub(crate) async fn ask(
    State(edge): State<Arc<Edge>>,
    memory: Arc<Memory>,
    request: Request,
) -> Result<Response, WireError> {
    let (parts, body) = request.into_parts();
    let mut visit = visit(&edge, &parts.headers);
    let answer = enter(&edge, &memory, &parts, &mut visit).await;
    body::discard(body).await;
    match &answer {
        Ok(_) => edge.gateway_visits.note(visit),
        Err(Outside::Denied(denial)) => {
            visit.denial = Some(*denial);
            edge.gateway_visits.note(visit);
        }
        // What is no question, or has no answer, is in the log.
        Err(Outside::Failed(_)) => {}
    }
    match answer {
        Ok(admission) => Ok(admission.response()),
        Err(Outside::Denied(denial)) => {
            tracing::debug!(denial.reason = denial.reason(), "forward-auth denied");
            denial.response(&parts.headers)
        }
        Err(Outside::Failed(error)) => Err(error),
    }
}

/// What the headers say, for whoever looks why somebody was not let in.
fn visit(edge: &Edge, headers: &HeaderMap) -> GatewayVisit {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    GatewayVisit::asked(
        edge.clock.now_ms(),
        text("x-forwarded-host"),
        text("x-forwarded-uri"),
    )
}

async fn enter(
    edge: &Edge,
    memory: &Memory,
    parts: &Parts,
    visit: &mut GatewayVisit,
) -> Result<Admission, Outside> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(WireError::wrong_method(parts.method.as_str(), "GET or HEAD").into());
    }
    let peer = parts.extensions.get::<PeerAddress>().copied();
    if !is_trusted(&edge.settings, peer, &parts.headers) {
        return Err(Denial::RequestUntrusted.into());
    }
    let request = read_forwarded(&parts.headers, &edge.settings.user_header)?;
    let user_id = request.user.user_id();
    visit.user_id = user_id.ok();
    let user_id = user_id?;
    let (target, tenant_key) = find_app(edge, memory, &request).await?;
    visit.tenant_id = Some(target.tenant_id);
    visit.namespace = Some(target.namespace.clone());
    pass(edge, user_id, target, tenant_key).await
}

/// A request is believed when it comes from a trusted address and, where the operator set a secret, shows it.
fn is_trusted(settings: &EdgeSettings, peer: Option<PeerAddress>, headers: &HeaderMap) -> bool {
    let from_there = peer.is_some_and(|PeerAddress(address)| lies_in(address, &settings.trusted_proxies));
    let shows_secret = settings.gateway_secret.as_ref().is_none_or(|secret| {
        let mut offered = headers.get_all(SECRET_HEADER).iter();
        matches!((offered.next(), offered.next()), (Some(one), None) if secret.matches(one.as_bytes()))
    });
    from_there && shows_secret
}

async fn find_app(
    edge: &Edge,
    memory: &Memory,
    request: &ForwardedRequest,
) -> Result<(RouteTarget, TenantKey), Outside> {
    let routes = memory.app_routes.current(edge.store.as_ref()).await?;
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
    target: RouteTarget,
    tenant_key: TenantKey,
) -> Result<Admission, Outside> {
    let access = Access {
        tenant_id: target.tenant_id,
        user_id,
        namespace: target.namespace.clone(),
        // The door writes the time of entry.
        accessed_at_ms: 0,
    };
    let recorded = edge.door.pass_now(vec![access], || edge.clock.now_ms()).await?;
    let [recorded] = recorded.as_slice() else {
        return Err(WireError::internal("one access has one verdict").into());
    };
    edge.telemetry.decided(&recorded.verdict);
    match recorded.verdict {
        Verdict::Admitted {
            seat_type,
            active_time_ms,
        } => Ok(Admission {
            tenant_key,
            user_id,
            target,
            seat_type,
            active_time_ms,
        }),
        Verdict::Refused { reason } => Err(reason.into()),
    }
}

impl Admission {
    fn response(&self) -> Response {
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        headers.insert(TENANT_HEADER, value(self.tenant_key.as_str()));
        headers.insert(USER_HEADER, HeaderValue::from(self.user_id.get()));
        headers.insert(APP_HEADER, value(self.target.namespace.as_str()));
        headers.insert(
            SEAT_TYPE_HEADER,
            HeaderValue::from_static(self.seat_type.wire_name()),
        );
        headers.insert(ACTIVE_TIME_HEADER, HeaderValue::from(self.active_time_ms));
        response
    }
}

/// Keys and namespaces are made of letters, digits and a few marks, all of which a header can carry.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
