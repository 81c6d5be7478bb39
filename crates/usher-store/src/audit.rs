//! The audit log: every change of the ledger with who, when, from where, before and after (invariant 8).

use serde::{Deserialize, Serialize};
use usher_seats::TenantId;

use crate::request::Author;

/// What kind of thing a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditObject {
    /// A tenant.
    Tenant,
    /// A user.
    User,
    /// An app with its routes.
    App,
    /// A client.
    Client,
    /// A service or operator token.
    Token,
    /// A sign-in setting of a person or a tenant.
    SignIn,
    /// A seat.
    Seat,
    /// A pool.
    Pool,
    /// A place in a waiting list.
    WaitingPlace,
    /// A group with its members and standing assignments.
    Group,
    /// A setting of a tenant.
    Setting,
}

/// One change of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Whose log; none for what concerns no tenant.
    pub tenant_id: Option<TenantId>,
    /// Its place in that log, from 1; 0 in a rehearsal.
    pub sequence: i64,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Who, through what, from where, why.
    pub author: Author,
    /// What was done, such as `seat.assigned`.
    pub action: String,
    /// What kind of thing it was done to.
    pub object: AuditObject,
    /// Which one, such as `per_user:42`.
    pub object_name: String,
    /// The thing before, as JSON without secrets; none when it was not there.
    pub before: Option<String>,
    /// The thing after, as JSON without secrets; none when it is gone.
    pub after: Option<String>,
}
