//! What can go wrong in an engine.
//!
//! Three kinds, because callers act in three ways: mend the request ([`StoreError::Rejected`]), try again later
//! ([`StoreError::Unavailable`]), or call somebody ([`StoreError::Broken`]). The first is written for the caller;
//! the detail of the other two is for the log and never leaves the process.

use serde::{Deserialize, Serialize};

/// Why a change does not fit the ledger. Nothing was changed. The messages are fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The tenant does not exist (or is another's: both look the same).
    #[error("tenant does not exist")]
    TenantUnknown,
    /// The tenant key is taken.
    #[error("tenant_key is already taken")]
    TenantKeyTaken,
    /// The user does not exist in the tenant.
    #[error("user does not exist")]
    UserUnknown,
    /// The app does not exist in the tenant.
    #[error("app does not exist")]
    AppUnknown,
    /// An app seat names no app, or a platform seat names one.
    #[error("an app seat needs a namespace and a platform seat takes none")]
    SeatTypeAndNamespaceDisagree,
    /// The client does not exist in the tenant.
    #[error("client does not exist")]
    ClientUnknown,
    /// The client id is taken, perhaps elsewhere.
    #[error("client_id is already taken")]
    ClientIdTaken,
    /// Another app already answers on this host and path prefix.
    #[error("host and path prefix already belong to another app")]
    RouteTaken,
    /// The external id is another user's.
    #[error("external_id is already taken")]
    ExternalIdTaken,
    /// The user id is another user's.
    #[error("user_id is already taken")]
    UserIdTaken,
    /// The namespace is another app's.
    #[error("namespace is already taken")]
    NamespaceTaken,
    /// Somebody was faster with the same idempotency key.
    #[error("the idempotency key is already taken")]
    IdempotencyKeyTaken,
    /// The tenant has no identity provider, or another one.
    #[error("identity provider does not exist")]
    IdentityProviderUnknown,
    /// The account at the identity provider is linked with another user.
    #[error("the account at the identity provider is linked with another user")]
    SubjectTaken,
    /// The pool has no seat to give now.
    #[error("no seat is free in the pool")]
    PoolExhausted,
    /// More seats are in use than would be bought.
    #[error("more seats are in use than bought; release some first, or pass allow_overdraft")]
    PoolTooSmall,
    /// A pool ends before it begins.
    #[error("valid_until must be later than valid_from")]
    PoolNeverValid,
    /// The seat is not in use.
    #[error("the seat is not in use")]
    SeatNotInUse,
    /// The other person has a seat of the pool already.
    #[error("the other user already holds a seat of this pool")]
    SeatHeld,
    /// The seat was not taken back by anybody, or too long ago.
    #[error("the seat is not kept for its former holder (any more)")]
    SeatNotKept,
    /// The seat is protected.
    #[error("the seat is protected")]
    SeatProtected,
    /// Somebody was admitted through the seat meanwhile.
    #[error("the seat has been used meanwhile")]
    SeatUsed,
    /// The end of a seat lies in the past.
    #[error("the end of a seat must lie in the future")]
    EndInThePast,
    /// The group key is another group's.
    #[error("group_key is already taken")]
    GroupKeyTaken,
    /// The group does not exist in the tenant.
    #[error("group does not exist")]
    GroupUnknown,
    /// A leave ends before it begins.
    #[error("a leave must end later than it begins")]
    LeaveNeverBegins,
    /// The person has as many leaves as are kept.
    #[error("the user has 100 leaves already; remove old ones first")]
    TooManyLeaves,
    /// A thing that works once has worked already, or is too old.
    #[error("it has been used already or has expired")]
    Spent,
}

/// A failed call to an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The change at `index` of the call does not fit; none of the call's changes was made.
    #[error("change {index} was rejected: {rejection}")]
    Rejected {
        /// Position in the call, from 0.
        index: usize,
        /// Why.
        rejection: Rejection,
    },
    /// The engine is not able to serve just now and is working on it; nothing of the call was acknowledged.
    #[error("the store is unavailable: {detail}")]
    Unavailable {
        /// For the log only.
        detail: String,
    },
    /// The file or the program is wrong in a way waiting does not mend.
    #[error("the store is broken: {detail}")]
    Broken {
        /// For the log only.
        detail: String,
    },
}

impl StoreError {
    /// True when the same call may succeed later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// The reason the caller can mend, if it is one.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Rejected { rejection, .. } => Some(*rejection),
            Self::Unavailable { .. } | Self::Broken { .. } => None,
        }
    }
}
