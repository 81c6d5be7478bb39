//! A call that changes the ledger: what, when, by whom, and in which manner.
//!
//! One shape serves every caller. A single change, ten thousand lines of a spreadsheet and a rehearsal differ in two
//! words ([`Manner`], [`ChangeRequest::rehearsal`]) and not in their path through the engine, so a rehearsal shows
//! what would happen because it *is* what would happen, rolled back.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use usher_seats::{ClientId, UserId};

use crate::{
    audit::AuditRecord,
    change::{Change, Effect},
    error::Rejection,
    lease::Lease,
};

/// Who makes a change, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Author {
    /// Who.
    pub actor: Actor,
    /// The program through which they do it, if a program does it for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// From where; none for a command on the machine itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Why, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// Usher itself: time ran out, or a first start made what it needs.
    #[default]
    System,
    /// Whoever may use the data folder, by their account on the machine.
    CommandLine(String),
    /// The bearer of an operator token, named by the beginning of the token's hash.
    Operator(String),
    /// A person of the tenant.
    User(UserId),
    /// A program acting for itself.
    Client(ClientId),
}

impl Actor {
    /// The word for the kind of actor.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::CommandLine(_) => "command_line",
            Self::Operator(_) => "operator",
            Self::User(_) => "user",
            Self::Client(_) => "client",
        }
    }

    /// Which one of its kind; none for Usher itself.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::System => None,
            Self::CommandLine(name) | Self::Operator(name) => Some(name.clone()),
            Self::User(user_id) => Some(user_id.to_string()),
            Self::Client(client_id) => Some(client_id.as_str().to_owned()),
        }
    }

    /// The actor with a kind and a name; none when there cannot be one.
    #[must_use]
    pub fn from_parts(kind: &str, name: Option<String>) -> Option<Self> {
        match (kind, name) {
            ("system", None) => Some(Self::System),
            ("command_line", Some(name)) => Some(Self::CommandLine(name)),
            ("operator", Some(name)) => Some(Self::Operator(name)),
            ("user", Some(name)) => name.parse().ok().map(Self::User),
            ("client", Some(name)) => name.parse().ok().map(Self::Client),
            _ => None,
        }
    }
}

/// What becomes of the other changes when one does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// None is made.
    #[default]
    Whole,
    /// Each that fits is made; each has its own result.
    Each,
}

/// Some changes, made in one transaction, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRequest {
    /// What is to change; at most [`CHANGES_MAX`](crate::change::CHANGES_MAX).
    pub changes: Vec<Change>,
    /// The time the changes carry, in milliseconds.
    pub at_ms: i64,
    /// Who makes them.
    pub author: Author,
    /// What becomes of the others when one does not fit.
    pub manner: Manner,
    /// True when everything is to be tried and nothing kept.
    pub rehearsal: bool,
    /// The lease under which they are made: once it is somebody else's, none of them is.
    pub under: Option<Lease>,
}

impl ChangeRequest {
    /// Changes made wholly and in earnest by Usher itself.
    #[must_use]
    pub fn new(changes: Vec<Change>, at_ms: i64) -> Self {
        Self {
            changes,
            at_ms,
            author: Author::default(),
            manner: Manner::Whole,
            rehearsal: false,
            under: None,
        }
    }

    /// The same by somebody.
    #[must_use]
    pub fn by(self, author: Author) -> Self {
        Self { author, ..self }
    }

    /// The same under a lease.
    #[must_use]
    pub fn under(self, lease: Lease) -> Self {
        Self {
            under: Some(lease),
            ..self
        }
    }
}

/// What a request did, or would have done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeOutcome {
    /// One per change, in order. In the whole manner none is an error.
    pub results: Vec<Result<Effect, Rejection>>,
    /// What the audit log has gained, or would have.
    pub records: Vec<AuditRecord>,
}
