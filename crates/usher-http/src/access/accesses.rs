//! `POST /usher/v1/accesses`: a back end reports that people open apps.
//!
//! ```text
//! Authorization: Bearer s-...
//! {"user_id": 1803710089388154, "namespace": "package_35f605__c"}
//!
//! {"code":0,"msg":"success","data":{"verdict":"admitted","seat_type":"per_user","active_time":1727199298656}}
//! ```
//!
//! An array of up to a thousand gives `data.items` in its order. A refusal is a verdict like any other and therefore
//! HTTP 200: `{"verdict":"refused","reason":"no_seat"}`. Every access happens now: the time is the server's.
//!
//! When any element is malformed nothing of the call is recorded, so that a caller may mend and repeat it whole.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{Method, request::Parts},
    response::Response,
};
use serde::Serialize;
use usher_door::VerdictSlot;
use usher_seats::{Refusal, TenantId, TenantKey, Verdict};
use usher_store::{Access, StoreError};

use crate::{
    access::{
        accesses_body::{AccessesBody, ReportedAccess, parse_accesses_body},
        service_callers::Reach,
    },
    body,
    edge::Edge,
    manage::schemas::{AccessReport, AccessVerdicts, Refusals},
    open_apis::gateway::bearer,
    wire::{
        FieldViolation, WireError,
        envelope::{SuccessBody, write_success},
        success,
    },
};

/// Where the entrance is.
pub(crate) const PATH: &str = "/usher/v1/accesses";

/// What the answer has under `data`: the verdict on one object, or those on an array.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Told {
    One(Verdict),
    Many { items: Vec<Verdict> },
}

impl Told {
    /// Writes the body of the answer at the end of what is there. The usual answer is written piece by piece, since a general writer
    /// costs several times as much; what it says is the same.
    ///
    /// # Errors
    /// [`WireError`] 2320002 when there is no JSON form.
    pub(crate) fn write(&self, into: &mut Vec<u8>) -> Result<(), WireError> {
        let Self::One(Verdict::Admitted {
            seat_type,
            active_time_ms,
        }) = self
        else {
            return write_success(into, self);
        };
        into.extend_from_slice(br#"{"code":0,"msg":"success","data":{"verdict":"admitted","seat_type":""#);
        into.extend_from_slice(seat_type.wire_name().as_bytes());
        into.extend_from_slice(br#"","active_time":"#);
        into.extend_from_slice(itoa::Buffer::new().format(*active_time_ms).as_bytes());
        into.extend_from_slice(b"}}");
        Ok(())
    }
}

/// Report that people open apps, and hear a verdict for each. For back ends with a service token.
#[utoipa::path(post, path = "/usher/v1/accesses", tag = "door", operation_id = "report_accesses",
    request_body = AccessReport,
    responses((status = 200, description = "A verdict, or one for each in `items`.", body = SuccessBody<AccessVerdicts>), Refusals))]
pub(crate) async fn report(State(edge): State<Arc<Edge>>, request: Request) -> Result<Response, WireError> {
    let (parts, body) = request.into_parts();
    // Whoever would hardly find room hears so before anything is read and parsed: that would be most of the work.
    let admitted = match caller(&edge, &parts).await {
        Ok(reach) => edge.door.require_room().map(|()| reach).map_err(WireError::from),
        refused => refused,
    };
    match admitted {
        Ok(reach) => {
            let bytes = body::read(body, &edge.bodies).await?;
            success(answer(&edge, reach, &bytes, &mut VerdictSlot::default()).await?)
        }
        Err(error) => {
            body::discard(body).await;
            Err(error)
        }
    }
}

/// Route, method, token: in this order, as for every call.
async fn caller(edge: &Edge, parts: &Parts) -> Result<Reach, WireError> {
    if parts.method != Method::POST {
        return Err(WireError::wrong_method(parts.method.as_str(), "POST"));
    }
    let now_ms = edge.clock.now_ms();
    let bearer = bearer(&parts.headers)?;
    let callers = &edge.access_memory.callers;
    callers.admit(edge.store.as_ref(), bearer, now_ms).await
}

/// Reads what was reported, and says what came of it. A lone verdict is heard in `slot`.
pub(crate) async fn answer(
    edge: &Edge,
    reach: Reach,
    bytes: &[u8],
    slot: &mut VerdictSlot,
) -> Result<Told, WireError> {
    match (parse_accesses_body(bytes).map_err(WireError::bad_request)?, reach) {
        (AccessesBody::One(access), Reach::OneTenant(tenant_id)) if access.tenant_key.is_none() => {
            decide_one(edge, tenant_id, access, slot).await.map(Told::One)
        }
        (AccessesBody::One(access), _) => {
            let verdicts = decide(edge, reach, vec![access], |_| String::new()).await?;
            let [verdict] = verdicts.as_slice() else {
                return Err(WireError::internal("one access has one verdict"));
            };
            Ok(Told::One(*verdict))
        }
        (AccessesBody::Many(accesses), _) => {
            let items = decide(edge, reach, accesses, |index| format!("[{index}].")).await?;
            Ok(Told::Many { items })
        }
    }
}

/// The usual case: one access, in the tenant of the token.
async fn decide_one(
    edge: &Edge,
    tenant_id: TenantId,
    reported: ReportedAccess,
    slot: &mut VerdictSlot,
) -> Result<Verdict, WireError> {
    let access = Access {
        tenant_id,
        user_id: reported.user_id,
        namespace: reported.namespace,
        // The door writes the time of entry.
        accessed_at_ms: 0,
    };
    let read_clock = || edge.clock.now_ms();
    let recorded = edge.door.pass_one_now(access, read_clock, slot).await?;
    edge.telemetry.decided(&recorded.verdict);
    Ok(recorded.verdict)
}

/// A verdict for each access, in order. `place` is what stands before the name of a field of an element.
async fn decide(
    edge: &Edge,
    reach: Reach,
    reported: Vec<ReportedAccess>,
    place: impl Fn(usize) -> String,
) -> Result<Vec<Verdict>, WireError> {
    check_tenants_named(reach, &reported, place)?;
    let tenants = tenants_named(edge, &reported).await?;
    let mut known = Vec::with_capacity(reported.len());
    let mut accesses = Vec::with_capacity(reported.len());
    for access in reported {
        let tenant_id = tenant_of(reach, access.tenant_key.as_ref(), &tenants);
        known.push(tenant_id.is_some());
        accesses.extend(tenant_id.map(|tenant_id| Access {
            tenant_id,
            user_id: access.user_id,
            namespace: access.namespace,
            // The door writes the time of entry.
            accessed_at_ms: 0,
        }));
    }
    let recorded = edge.door.pass_now(accesses, || edge.clock.now_ms()).await?;
    let mut recorded = recorded.into_iter();
    let verdicts: Vec<Verdict> = known
        .into_iter()
        .filter_map(|known| {
            if known {
                recorded.next().map(|recorded| recorded.verdict)
            } else {
                Some(Verdict::Refused {
                    reason: Refusal::TenantUnknown,
                })
            }
        })
        .collect();
    for verdict in &verdicts {
        edge.telemetry.decided(verdict);
    }
    Ok(verdicts)
}

/// A token for every tenant says nothing about where an access happened, so each access must.
fn check_tenants_named(
    reach: Reach,
    reported: &[ReportedAccess],
    place: impl Fn(usize) -> String,
) -> Result<(), WireError> {
    let nameless = reported.iter().position(|access| access.tenant_key.is_none());
    match (reach, nameless) {
        (Reach::EveryTenant, Some(index)) => Err(WireError::bad_request(vec![FieldViolation::new(
            format!("{}tenant_key", place(index)),
            "tenant_key is required with a token for all tenants",
        )])),
        _ => Ok(()),
    }
}

/// The tenants that exist among those named, each looked up once.
async fn tenants_named(
    edge: &Edge,
    reported: &[ReportedAccess],
) -> Result<HashMap<TenantKey, Option<TenantId>>, StoreError> {
    let mut tenants = HashMap::new();
    for key in reported.iter().filter_map(|access| access.tenant_key.as_ref()) {
        if !tenants.contains_key(key) {
            let callers = &edge.access_memory.callers;
            let tenant_id = callers.tenant_id(edge.store.as_ref(), key).await?;
            tenants.insert(key.clone(), tenant_id);
        }
    }
    Ok(tenants)
}

/// Where an access happened; none when there is no such tenant for this caller: another's looks like a missing one.
fn tenant_of(
    reach: Reach,
    key: Option<&TenantKey>,
    tenants: &HashMap<TenantKey, Option<TenantId>>,
) -> Option<TenantId> {
    let named = key.and_then(|key| tenants.get(key).copied().flatten());
    match (reach, key) {
        (Reach::OneTenant(own), None) => Some(own),
        (Reach::OneTenant(own), Some(_)) => named.filter(|named| *named == own),
        (Reach::EveryTenant, _) => named,
    }
}

#[cfg(test)]
mod tests {
    use usher_seats::SeatType;

    use super::*;

    #[test]
    fn a_verdict_is_written_as_serde_writes_it() {
        let admitted = SeatType::ALL.into_iter().flat_map(|seat_type| {
            [i64::MIN, -1, 0, 1_727_199_298_656].map(|active_time_ms| Verdict::Admitted {
                seat_type,
                active_time_ms,
            })
        });
        let refused = Refusal::ALL.into_iter().map(|reason| Verdict::Refused { reason });
        for verdict in admitted.chain(refused) {
            let (mut written, mut expected) = (b"before".to_vec(), b"before".to_vec());
            Told::One(verdict).write(&mut written).unwrap();
            write_success(&mut expected, verdict).unwrap();
            assert_eq!(
                String::from_utf8_lossy(&written),
                String::from_utf8_lossy(&expected)
            );
        }
    }
}
