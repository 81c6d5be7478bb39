//! Everything that changes the ledger other than an access.
//!
//! Changes are data, so that there is one door for them: one transaction, one place that records who did it, one
//! place that forgets cached verdicts. A `Put...` makes the thing or brings it to the given state; doing it twice
//! is doing it once.

use serde::{Deserialize, Serialize};
use usher_seats::{Namespace, SeatType, TenantId, TenantKey, TimeZoneName, UserId};

use crate::{
    directory::{App, AppRoute, Client, Token, TokenHash, User},
    identity::IdentityChange,
    idle::LeaveChange,
    kept_answer::KeptAnswer,
    ledger::LedgerChange,
};

/// Most changes in one call: bulk calls of the manual take 10,000 lines and a line makes at most four changes.
pub const CHANGES_MAX: usize = 40_000;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Makes a tenant; rejected when the key is taken.
    CreateTenant {
        /// Its name outside.
        tenant_key: TenantKey,
        /// For people.
        name: String,
        /// Where its days begin and end.
        time_zone: TimeZoneName,
    },
    /// Gives a tenant another name or time zone; what is none stays.
    DescribeTenant {
        /// Which.
        tenant_id: TenantId,
        /// For people.
        name: Option<String>,
        /// Where its days begin and end.
        time_zone: Option<TimeZoneName>,
    },
    /// Says for how many days a tenant's history is kept; none keeps it for good. What is older is taken away soon
    /// after, by [`Store::tend`](crate::Store::tend).
    KeepHistory {
        /// Whose.
        tenant_id: TenantId,
        /// From [`HISTORY_DAYS_MIN`](crate::history::HISTORY_DAYS_MIN) to
        /// [`HISTORY_DAYS_MAX`](crate::history::HISTORY_DAYS_MAX), today included.
        days: Option<u32>,
    },
    /// Switches a tenant on or off.
    SetTenantEnabled {
        /// Which.
        tenant_id: TenantId,
        /// On or off.
        enabled: bool,
    },
    /// Makes a user; rejected when the number is taken.
    CreateUser(User),
    /// Makes a user or brings it to this state.
    PutUser(User),
    /// Makes a user with this name unless one exists, which then stays as it is.
    EnsureUser(User),
    /// Makes an app; rejected when the namespace is taken.
    CreateApp(App),
    /// Makes an app or brings it to this state.
    PutApp(App),
    /// Makes an app with this name unless one exists, which then stays as it is.
    EnsureApp(App),
    /// Lets a gateway's host and path prefix mean an app.
    PutAppRoute(AppRoute),
    /// Takes such a meaning away.
    RemoveAppRoute {
        /// Canonical host.
        host: String,
        /// Canonical prefix.
        path_prefix: String,
    },
    /// Makes a client or brings it to this state; rejected when the id belongs to another tenant.
    PutClient(Client),
    /// Gives a seat, or gives it again; a seat already in use keeps its `assigned_at_ms` and takes the new expiry.
    AssignSeat {
        /// Where.
        tenant_id: TenantId,
        /// Which kind.
        seat_type: SeatType,
        /// To whom.
        user_id: UserId,
        /// For which app; exactly for app seats.
        namespace: Option<Namespace>,
        /// When it ends by itself, in milliseconds.
        expires_at_ms: Option<i64>,
    },
    /// As `AssignSeat` without expiry, unless there is or was such a seat, which then stays as it is.
    EnsureSeat {
        /// Where.
        tenant_id: TenantId,
        /// Which kind.
        seat_type: SeatType,
        /// To whom.
        user_id: UserId,
        /// For which app; exactly for app seats.
        namespace: Option<Namespace>,
        /// When it began, in milliseconds, where that is known to be earlier than now: an import of old accesses gives
        /// seats that must have been there at the time. None, and whatever is later, for now.
        assigned_at_ms: Option<i64>,
    },
    /// Takes a seat back.
    ReleaseSeat {
        /// Where.
        tenant_id: TenantId,
        /// Which kind.
        seat_type: SeatType,
        /// From whom.
        user_id: UserId,
        /// For which app; exactly for app seats.
        namespace: Option<Namespace>,
    },
    /// Keeps a token's hash and what it is good for. One that is there already stays as it is, expired or revoked
    /// as it may be: two callers may derive the same token at the same time.
    IssueToken(Token),
    /// Takes a token back. The tenant must be the token's own, so that nobody can touch a foreign token; none
    /// is for the operator.
    RevokeToken {
        /// Whose.
        tenant_id: Option<TenantId>,
        /// Which.
        token_hash: TokenHash,
    },
    /// Takes a person out of the directory, with their seats, sessions, tokens and grants. Their activity stays:
    /// it is history.
    DeleteUser {
        /// Where.
        tenant_id: TenantId,
        /// Whom.
        user_id: UserId,
    },
    /// Keeps the answer to the call that makes the changes before it; rejected while its key is taken.
    KeepAnswer(KeptAnswer),
    /// Something about sign-in, clients or OAuth.
    Identity(Box<IdentityChange>),
    /// Something about the calendar of leaves.
    Leave(LeaveChange),
    /// Something about pools, seats, waiting lists or groups.
    Ledger(Box<LedgerChange>),
}

impl Change {
    /// True when it may change what the edge remembers on the path of an access (routes, tenants, who may call). Seats and
    /// what goes with them are not among it: they change all day, and the engine that decides knows them at once.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        !matches!(
            self,
            Self::AssignSeat { .. }
                | Self::EnsureSeat { .. }
                | Self::ReleaseSeat { .. }
                | Self::Ledger(_)
                | Self::Leave(_)
                | Self::KeepAnswer(_)
                | Self::KeepHistory { .. }
        )
    }
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Something new is there.
    Created,
    /// A new tenant is there, with this number.
    TenantCreated(TenantId),
    /// Something is different.
    Updated,
    /// It was so already, or there was nothing to take away.
    Unchanged,
    /// None is free, and somebody stands in the waiting list at this place, from 1.
    Waiting(u64),
}

impl From<IdentityChange> for Change {
    fn from(change: IdentityChange) -> Self {
        Self::Identity(Box::new(change))
    }
}

impl From<LeaveChange> for Change {
    fn from(change: LeaveChange) -> Self {
        Self::Leave(change)
    }
}

impl From<LedgerChange> for Change {
    fn from(change: LedgerChange) -> Self {
        Self::Ledger(Box::new(change))
    }
}
