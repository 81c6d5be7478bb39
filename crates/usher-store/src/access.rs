//! Accesses on their way into an engine, and what comes back.

use usher_seats::{Namespace, SeatType, TenantId, UserId, Verdict};

/// Somebody opens an app at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Where; already resolved from the tenant key at the edge.
    pub tenant_id: TenantId,
    /// Who.
    pub user_id: UserId,
    /// What.
    pub namespace: Namespace,
    /// When, in milliseconds; now for the door, earlier for an import. Expiry is judged at this moment.
    pub accessed_at_ms: i64,
}

/// What an engine answers to one access, once its effect is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The verdict, with the `active_time` after this access.
    pub verdict: Verdict,
    /// True when this access moved `active_time`. False for a refusal, and for an access that is not newer than
    /// what is kept already: repeating an import moves nothing.
    pub moved: bool,
    /// The first moment at which the seat that admitted has run out, in milliseconds; none for a seat without an end, and
    /// for a refusal. Whoever remembers the verdict must not remember it for longer.
    pub admits_until_ms: Option<i64>,
}

/// An access that was admitted and acknowledged elsewhere, on its way into an engine that could not be asked at the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedAccess {
    /// The access.
    pub access: Access,
    /// The kind of seat that admitted it.
    pub seat_type: SeatType,
}
