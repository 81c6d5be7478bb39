//! One seat, judged, as JSON has it.

use serde::Serialize;
use usher_seats::{IdleVerdict, Namespace, SeatType, TenantId, UserId};
use usher_store::{IdleRow, PoolName, SeatName};
use utoipa::ToSchema;

use super::{
    super::schemas::{Moment, NamespaceText, SeatText, SeatTypeText, UserNumber},
    schemas::IdleVerdictText,
};

/// A seat with what is thought of it, and why.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct IdleSeatData {
    /// Its name.
    #[schema(value_type = SeatText)]
    seat: String,
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    /// What the holder is called.
    user_name: String,
    #[schema(value_type = SeatTypeText)]
    seat_type: SeatType,
    /// The app; null for a platform seat.
    #[schema(value_type = Option<NamespaceText>, required = true)]
    namespace: Option<Namespace>,
    /// The rule that decided.
    #[schema(value_type = IdleVerdictText)]
    verdict: IdleVerdict,
    /// Whole days since `idle_since`, without the time on leave.
    days_idle: u32,
    /// The later of `assigned_at` and `last_admitted_at`.
    #[schema(value_type = Moment)]
    idle_since: i64,
    /// When the present holding began.
    #[schema(value_type = Moment)]
    assigned_at: i64,
    /// The newest access that came through it; null when there was none.
    #[schema(value_type = Option<Moment>, required = true)]
    last_admitted_at: Option<i64>,
    /// How often the holder was refused, at this app or for a platform seat at any; see `refused_attempts_since`.
    refused_attempts: u64,
    /// When the verdict changes by itself if nobody comes: the end of the leave, the end of being new, or the moment at
    /// which the seat becomes idle. Null when it does not.
    #[schema(value_type = Option<Moment>, required = true)]
    next_at: Option<i64>,
    /// The first moment at which it no longer admits; null when it does not end by itself.
    #[schema(value_type = Option<Moment>, required = true)]
    expires_at: Option<i64>,
    /// Why it is kept from being taken as idle; null when it is not protected.
    #[schema(required = true)]
    protected_reason: Option<String>,
    /// Somebody said that it is to stay.
    protected: bool,
    /// Its holder is on leave now.
    on_leave: bool,
    /// It was given less than `new_for_days` ago.
    new: bool,
    /// A platform seat admits its holder anyway.
    redundant: bool,
    /// Nobody ever came through it.
    never_used: bool,
}

impl From<IdleRow> for IdleSeatData {
    fn from(row: IdleRow) -> Self {
        let idleness = row.idleness;
        Self {
            seat: seat_name(&row),
            user_id: row.user_id,
            user_name: row.user_name,
            seat_type: row.seat_type,
            namespace: row.namespace,
            verdict: idleness.verdict,
            days_idle: idleness.days_idle,
            idle_since: idleness.idle_since_ms,
            assigned_at: row.assigned_at_ms,
            last_admitted_at: row.last_admitted_ms,
            refused_attempts: row.refused_attempts,
            next_at: idleness.next_ms,
            expires_at: row.expires_at_ms,
            protected_reason: row.protected_reason,
            protected: idleness.protected,
            on_leave: idleness.on_leave,
            new: idleness.new,
            redundant: idleness.redundant,
            never_used: idleness.never_used,
        }
    }
}

/// The name of a seat as the other calls take it.
pub(super) fn seat_name(row: &IdleRow) -> String {
    let pool = PoolName {
        // A seat's name does not tell the tenant.
        tenant_id: TenantId(0),
        seat_type: row.seat_type,
        namespace: row.namespace.clone(),
    };
    let user_id = row.user_id;
    SeatName { pool, user_id }.to_string()
}
