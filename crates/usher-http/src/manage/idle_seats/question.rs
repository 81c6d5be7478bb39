//! Which seats are asked for.

use std::{fmt, str::FromStr};

use axum::http::{HeaderMap, header};
use usher_seats::{
    Day, GroupKey, IdlePolicy, IdleVerdict, Namespace, SeatType, TenantId, UserId,
    idle::{IDLE_AFTER_DAYS, IDLE_DAYS_MAX},
};
use usher_store::{IdleKey, IdleOrder, IdleQuery};

use super::super::{
    asked::Asked,
    query::{optional, seat_type},
};
use crate::{
    open_apis::parameters::{once, violation},
    wire::{FieldViolation, WireCode, WireError},
};

const IDLE_DAYS_ALLOWED: &str = "idle_days must be a whole number from 0 to 36500 in decimal digits";
const IDLE_DAYS_NEEDED: &str = "idle_days must be 1 or more, except with never_used=true or sort=user_id";
const NEVER_USED_ALLOWED: &str = "never_used must be true or false";
const NAMESPACE_FITS: &str = "namespace goes with app seats only, and seat_type says per_user";
const VERDICT_ALLOWED: &str = "verdict must be one or more of protected, on_leave, new, redundant, never_used, idle, \
     in_use, separated by commas";
const SORT_ALLOWED: &str = "sort, options: [longest_idle,user_id]; leave it out for longest_idle";
const FORMAT_ALLOWED: &str = "format, options: [json,csv]; leave it out for json";
/// The media type of a table.
const TEXT_CSV: &str = "text/csv";

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv,
}

/// The parameters, right in themselves and together.
pub(super) struct Filter {
    pub(super) format: Format,
    idle_days: u32,
    never_used: bool,
    seat_type: Option<SeatType>,
    namespace: Option<Namespace>,
    group_key: Option<GroupKey>,
    verdicts: Vec<IdleVerdict>,
    order: IdleOrder,
}

impl Filter {
    /// Reads them; names everything that is wrong.
    pub(super) fn read(asked: &Asked) -> Result<Self, WireError> {
        let mut wrong = Vec::new();
        let mut keep = Keep(&mut wrong);
        let query = asked.query();
        let order = keep.or(order(query), IdleOrder::LongestIdleFirst);
        let never_used = keep.or(never_used(query), false);
        let usual = if never_used { 0 } else { IDLE_AFTER_DAYS };
        let idle_days = keep.or(idle_days(query), Some(usual)).unwrap_or(usual);
        let seat_type = keep.or(seat_type(query), None);
        let namespace: Option<Namespace> = keep.or(optional(query, "namespace"), None);
        let filter = Self {
            format: keep.or(format(query, asked.headers()), Format::Json),
            idle_days,
            never_used,
            seat_type,
            group_key: keep.or(optional(query, "group_key"), None),
            verdicts: keep.or(verdicts(query), Vec::new()),
            order,
            namespace,
        };
        if filter.idle_days == 0 && !never_used && order == IdleOrder::LongestIdleFirst {
            wrong.push(violation("idle_days", IDLE_DAYS_NEEDED, Some("0")));
        }
        if let (Some(SeatType::PerUser), Some(namespace)) = (seat_type, &filter.namespace) {
            wrong.push(violation("namespace", NAMESPACE_FITS, Some(namespace.as_str())));
        }
        if wrong.is_empty() {
            Ok(filter)
        } else {
            Err(WireError::bad_request(wrong))
        }
    }

    /// The name of the list of these seats: a page of one list is no page of another.
    pub(super) fn list(&self) -> String {
        let verdicts = self.verdicts.iter().map(|verdict| verdict.wire_name());
        let words = [
            "idle-seats",
            &self.idle_days.to_string(),
            &self.never_used.to_string(),
            self.seat_type.map_or("", SeatType::wire_name),
            self.namespace.as_ref().map_or("", Namespace::as_str),
            self.group_key.as_ref().map_or("", GroupKey::as_str),
            &verdicts.collect::<Vec<_>>().join(","),
            match self.order {
                IdleOrder::LongestIdleFirst => "longest_idle",
                IdleOrder::User => "user_id",
            },
        ];
        words.join(" ")
    }

    /// Refuses an app or a group that the tenant does not have.
    pub(super) async fn require_known(&self, asked: &Asked, tenant_id: TenantId) -> Result<(), WireError> {
        let store = &asked.edge.store;
        if let Some(namespace) = &self.namespace {
            store
                .app(tenant_id, namespace)
                .await?
                .ok_or(WireCode::AppUnknown)?;
        }
        if let Some(group_key) = &self.group_key {
            let group = store.group(tenant_id, group_key).await?;
            group.ok_or(WireCode::GroupUnknown)?;
        }
        Ok(())
    }

    /// The question to the ledger.
    pub(super) fn query(
        &self,
        (tenant_id, now_ms): (TenantId, i64),
        after: Option<IdleKey>,
        rows_max: usize,
    ) -> IdleQuery {
        IdleQuery {
            tenant_id,
            now_ms,
            policy: IdlePolicy::default(),
            idle_days_min: self.idle_days,
            never_used: self.never_used,
            seat_type: self.seat_type,
            namespace: self.namespace.clone(),
            group_key: self.group_key.clone(),
            user_id: None,
            verdicts: self.verdicts.clone(),
            order: self.order,
            after,
            rows_max,
        }
    }
}

/// Collects what is wrong and goes on with something right.
struct Keep<'a>(&'a mut Vec<FieldViolation>);

impl Keep<'_> {
    fn or<Value>(&mut self, read: Result<Value, FieldViolation>, otherwise: Value) -> Value {
        read.unwrap_or_else(|wrong| {
            self.0.push(wrong);
            otherwise
        })
    }
}

fn order(query: &str) -> Result<IdleOrder, FieldViolation> {
    match once(query, "sort")?.as_deref() {
        None | Some("longest_idle") => Ok(IdleOrder::LongestIdleFirst),
        Some("user_id") => Ok(IdleOrder::User),
        Some(text) => Err(violation("sort", SORT_ALLOWED, Some(text))),
    }
}

fn never_used(query: &str) -> Result<bool, FieldViolation> {
    match once(query, "never_used")?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(text) => Err(violation("never_used", NEVER_USED_ALLOWED, Some(text))),
    }
}

fn idle_days(query: &str) -> Result<Option<u32>, FieldViolation> {
    let Some(text) = once(query, "idle_days")? else {
        return Ok(None);
    };
    let digits = Some(&text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|text| text.parse::<u32>().ok())
        .filter(|days| *days <= IDLE_DAYS_MAX)
        .map(Some)
        .ok_or_else(|| violation("idle_days", IDLE_DAYS_ALLOWED, Some(&text)))
}

/// Each verdict once, in the order of the rules, so that one question has one name.
fn verdicts(query: &str) -> Result<Vec<IdleVerdict>, FieldViolation> {
    let Some(text) = once(query, "verdict")? else {
        return Ok(Vec::new());
    };
    let known: Option<Vec<IdleVerdict>> = text.split(',').map(IdleVerdict::from_wire_name).collect();
    let mut known = known
        .filter(|known| known.len() <= IdleVerdict::ALL.len())
        .ok_or_else(|| violation("verdict", VERDICT_ALLOWED, Some(&text)))?;
    known.sort_unstable();
    known.dedup();
    Ok(known)
}

/// What is said outright counts more than what a program would accept.
fn format(query: &str, headers: &HeaderMap) -> Result<Format, FieldViolation> {
    match once(query, "format")?.as_deref() {
        Some("json") => Ok(Format::Json),
        Some("csv") => Ok(Format::Csv),
        Some(text) => Err(violation("format", FORMAT_ALLOWED, Some(text))),
        None if prefers_csv(headers) => Ok(Format::Csv),
        None => Ok(Format::Json),
    }
}

/// True when `Accept` names `text/csv` first.
fn prefers_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let first = accept.and_then(|accept| accept.split([',', ';']).next());
    first.is_some_and(|first| first.trim().eq_ignore_ascii_case(TEXT_CSV))
}

/// A place in the list as page tokens have it: day, user and app, separated by colons.
pub(crate) struct SeatPlace(pub(crate) IdleKey);

impl fmt::Display for SeatPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IdleKey {
            idle_since_day,
            user_id,
            namespace,
        } = &self.0;
        let namespace = namespace.as_ref().map_or("", Namespace::as_str);
        write!(formatter, "{}:{user_id}:{namespace}", idle_since_day.number())
    }
}

impl FromStr for SeatPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, ':');
        let (Some(day), Some(user), Some(app)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(());
        };
        let namespace = Some(app).filter(|app| !app.is_empty());
        Ok(Self(IdleKey {
            idle_since_day: Day::new(day.parse().map_err(drop)?),
            user_id: user.parse::<UserId>().map_err(drop)?,
            namespace: namespace.map(str::parse).transpose().map_err(drop)?,
        }))
    }
}
