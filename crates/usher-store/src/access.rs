//! Accesses on their way into an engine, and what comes back.

use usher_seats::{Namespace, TenantId, UserId, Verdict};

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
}
