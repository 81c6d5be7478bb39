//! `/usher/v1/audit-records`: who changed what, when, from where and why.
//!
//! A tenant's log is for its system administrators and for operators; the log of what concerns no tenant is for operators,
//! who read it by naming no tenant. Records are never changed here or anywhere: there is no other method.

use std::{net::IpAddr, str::FromStr};

use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use usher_seats::{ClientId, TenantId};
use usher_store::{Actor, AuditEntry, AuditHash, AuditObject, AuditOrder, AuditPlace, AuditQuery};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    lists::{Listed, Place},
    schemas::{
        ActorKindText, AnyObject, AuditFilterQuery, AuditHashText, AuditObjectText, ClientIdText, Moment,
        PageQuery, ReasonText, Refusals, TenantQuery,
    },
};
use crate::{
    open_apis::parameters::{once, violation},
    wire::{FieldViolation, WireError, envelope::SuccessBody},
};

/// The name of the list in page tokens, and of the log that is no tenant's.
const LIST: &str = "audit-records";
const OBJECT_ALLOWED: &str = "object, options: [tenant,user,app,client,token,sign_in,seat,pool,waiting_place,group,\
                              setting]; it needs object_name";
const OBJECT_NAME_ALLOWED: &str = "object_name names one thing of the kind object; neither stands alone";
const ACTOR_ALLOWED: &str = "actor_kind, options: [system,command_line,operator,user,client]; all but system need \
                             actor_name";
const MOMENT_ALLOWED: &str =
    "a moment must be milliseconds since 1970-01-01T00:00:00Z, a whole number in decimal digits";
const ORDER_ALLOWED: &str = "order, options: [newest,oldest]; leave it out for newest";
/// Most digits of a moment: the year 2286, beyond which nothing is meant.
const MOMENT_DIGITS_MAX: usize = 13;

/// Who did something.
#[derive(Serialize, ToSchema)]
pub(super) struct ActorData {
    /// What kind of actor.
    #[schema(value_type = ActorKindText)]
    kind: &'static str,
    /// Which one: a user_id, a client_id, a token_id or an account on the machine; absent for Usher itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    name: Option<String>,
}

/// One change of one thing.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditRecordData {
    /// Its number in the log, from 1 without a gap.
    #[schema(minimum = 1)]
    sequence: i64,
    #[schema(value_type = Moment)]
    at: i64,
    actor: ActorData,
    /// The program through which they did it; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ClientIdText, required = false)]
    client_id: Option<ClientId>,
    /// From where; absent for a command on the machine itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    address: Option<IpAddr>,
    /// Why, in their own words; absent when they did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ReasonText, required = false)]
    reason: Option<String>,
    /// What was done, such as `seat.assigned`.
    action: String,
    /// What kind of thing it was done to.
    #[schema(value_type = AuditObjectText)]
    object: &'static str,
    /// Which one, such as `per_user:42`.
    object_name: String,
    /// The thing before, without secrets; null when it was not there.
    #[schema(value_type = Option<AnyObject>, required = true)]
    before: Option<Value>,
    /// The thing after, without secrets; null when it is gone.
    #[schema(value_type = Option<AnyObject>, required = true)]
    after: Option<Value>,
    /// What ties it to the record before it.
    #[schema(value_type = AuditHashText)]
    hash: AuditHash,
}

impl From<AuditEntry> for AuditRecordData {
    fn from(AuditEntry { record, hash }: AuditEntry) -> Self {
        // What somebody has made of the file is shown as it is; verifying is what finds it.
        let read = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            sequence: record.sequence,
            at: record.at_ms,
            actor: ActorData {
                kind: record.author.actor.kind(),
                name: record.author.actor.name(),
            },
            client_id: record.author.client_id,
            address: record.author.address,
            reason: record.author.reason,
            action: record.action,
            object: record.object.word(),
            object_name: record.object_name,
            before: record.before.map(read),
            after: record.after.map(read),
            hash,
        }
    }
}

/// The place of a record as a page token has it.
struct PlaceKey(AuditPlace);

impl FromStr for PlaceKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at_ms, sequence) = text.split_once(' ').ok_or(())?;
        Ok(Self(AuditPlace {
            at_ms: at_ms.parse().map_err(|_| ())?,
            sequence: sequence.parse().map_err(|_| ())?,
        }))
    }
}

fn key(entry: &AuditEntry) -> String {
    let AuditPlace { at_ms, sequence } = entry.place();
    format!("{at_ms} {sequence}")
}

/// List records of a tenant's audit log, newest first; for an operator who names no tenant, of what concerns none.
#[utoipa::path(get, path = "/usher/v1/audit-records", tag = "audit", operation_id = "list_audit_records",
    params(TenantQuery, AuditFilterQuery, PageQuery),
    responses((status = 200, description = "A page of records.", body = SuccessBody<Listed<AuditRecordData>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant_if_named().await?;
    let log = tenant.as_ref().map_or(LIST, |tenant| tenant.tenant_key.as_str());
    let place = Place::<PlaceKey>::read(&asked, LIST, log)?;
    let mut query = read_query(asked.query(), tenant.as_ref().map(|tenant| tenant.tenant_id))?;
    query.after = place.after.as_ref().map(|PlaceKey(place)| *place);
    query.rows_max = place.rows_asked();
    let page = place.page(asked.edge.store.audit_records(query).await?);
    place.answer(&asked, page, key, AuditRecordData::from)
}

fn read_query(query: &str, tenant_id: Option<TenantId>) -> Result<AuditQuery, WireError> {
    match (
        object(query),
        actor(query),
        moment(query, "from"),
        moment(query, "until"),
        order(query),
    ) {
        (Ok(object), Ok(actor), Ok(from_ms), Ok(until_ms), Ok(order)) => Ok(AuditQuery {
            object,
            actor,
            from_ms,
            until_ms,
            order,
            ..AuditQuery::of(tenant_id)
        }),
        (object, actor, from, until, order) => {
            let wrong = [object.err(), actor.err(), from.err(), until.err(), order.err()];
            Err(WireError::bad_request(wrong.into_iter().flatten().collect()))
        }
    }
}

fn object(query: &str) -> Result<Option<(AuditObject, String)>, FieldViolation> {
    match (once(query, "object")?, once(query, "object_name")?) {
        (None, None) => Ok(None),
        (Some(word), Some(name)) => AuditObject::from_word(&word)
            .map(|object| Some((object, name.into_owned())))
            .ok_or_else(|| violation("object", OBJECT_ALLOWED, Some(&word))),
        (Some(word), None) => Err(violation("object", OBJECT_ALLOWED, Some(&word))),
        (None, Some(name)) => Err(violation("object_name", OBJECT_NAME_ALLOWED, Some(&name))),
    }
}

fn actor(query: &str) -> Result<Option<Actor>, FieldViolation> {
    match (once(query, "actor_kind")?, once(query, "actor_name")?) {
        (None, None) => Ok(None),
        (None, Some(name)) => Err(violation("actor_name", ACTOR_ALLOWED, Some(&name))),
        (Some(kind), name) => Actor::from_parts(&kind, name.map(std::borrow::Cow::into_owned))
            .map(Some)
            .ok_or_else(|| violation("actor_kind", ACTOR_ALLOWED, Some(&kind))),
    }
}

fn moment(query: &str, name: &'static str) -> Result<Option<i64>, FieldViolation> {
    let Some(text) = once(query, name)? else {
        return Ok(None);
    };
    let digits =
        (1..=MOMENT_DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = text.parse().ok().filter(|_| digits);
    read.map(Some)
        .ok_or_else(|| violation(name, MOMENT_ALLOWED, Some(&text)))
}

fn order(query: &str) -> Result<AuditOrder, FieldViolation> {
    match once(query, "order")?.as_deref() {
        None | Some("newest") => Ok(AuditOrder::NewestFirst),
        Some("oldest") => Ok(AuditOrder::OldestFirst),
        Some(text) => Err(violation("order", ORDER_ALLOWED, Some(text))),
    }
}
