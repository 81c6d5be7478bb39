//! Which accesses and which days are meant.

use usher_seats::{Day, DaySpan, Namespace, first_day_kept};
use usher_store::{HistoryScope, Tenant, history::HISTORY_QUESTION_DAYS_MAX};

use super::super::{
    as_of::as_of,
    asked::Asked,
    query::{optional, seat_type},
};
use crate::wire::{FieldViolation, WireCode, WireError};

/// Days of an answer to a caller who does not say which: about a month.
const DAYS_DEFAULT: i32 = 30;

/// A question about a tenant's history that can be answered.
pub(super) struct Question {
    pub(super) tenant: Tenant,
    pub(super) scope: HistoryScope,
    pub(super) days: DaySpan,
    /// The watermark, in milliseconds.
    pub(super) as_of_ms: i64,
    /// The tenant's day at the watermark; it and what comes after it is not over yet.
    pub(super) today: Day,
}

impl Question {
    /// Reads `tenant_key`, `seat_type`, `namespace`, `from` and `until`; names everything that is wrong with them.
    pub(super) async fn read(asked: &Asked) -> Result<Self, WireError> {
        let tenant = asked.tenant().await?;
        let as_of_ms = as_of(&asked.edge, asked.now_ms).await?;
        let today = Day::in_zone(as_of_ms, tenant.time_zone.zone());
        let query = asked.query();
        let scope = (seat_type(query), optional::<Namespace>(query, "namespace"));
        let days = days(
            query,
            today,
            tenant.history_days.map(|days| first_day_kept(today, days)),
        );
        let (seat_type, namespace, days) = match (scope, days) {
            ((Ok(seat_type), Ok(namespace)), Ok(days)) => (seat_type, namespace, days),
            ((seat_type, namespace), days) => {
                let wrong = [seat_type.err(), namespace.err(), days.err()];
                return Err(WireError::bad_request(wrong.into_iter().flatten().collect()));
            }
        };
        if let Some(namespace) = &namespace {
            let app = asked.edge.store.app(tenant.tenant_id, namespace).await?;
            app.ok_or(WireCode::AppUnknown)?;
        }
        let scope = HistoryScope {
            tenant_id: tenant.tenant_id,
            seat_type,
            namespace,
        };
        Ok(Self {
            tenant,
            scope,
            days,
            as_of_ms,
            today,
        })
    }
}

/// From a day to a day, both included; up to today, and the last thirty when nothing is said.
fn days(query: &str, today: Day, first_kept: Option<Day>) -> Result<DaySpan, FieldViolation> {
    let last = optional(query, "until")?.unwrap_or(today);
    if last > today {
        let message = format!("until must not be later than today, {today}");
        return Err(FieldViolation::new("until", message).with_value(&last.to_string()));
    }
    let usual = last.plus(1 - DAYS_DEFAULT);
    let first = optional(query, "from")?
        .unwrap_or_else(|| first_kept.map_or(usual, |kept| usual.max(kept).min(last)));
    let wrong = if first > last {
        format!("from must not be later than until, {last}")
    } else if let Some(kept) = first_kept.filter(|kept| first < *kept) {
        format!("history is kept from {kept} on")
    } else if first.plus(HISTORY_QUESTION_DAYS_MAX - 1) < last {
        format!("from must not be more than {HISTORY_QUESTION_DAYS_MAX} days before until")
    } else {
        return Ok(DaySpan { first, last });
    };
    Err(FieldViolation::new("from", wrong).with_value(&first.to_string()))
}
