//! The audit log: every change of the ledger with who, when, from where, before and after (invariant 8).
//!
//! Each tenant has a log of its own, and one more is for what concerns no tenant. The records of a log are numbered from
//! 1 without a gap and hang together as a chain ([`chain`]): each record's hash covers the hash before it, so whoever
//! changes, removes or moves a record must rewrite everything after it, and whoever noted the end of the log once
//! ([`AuditHead`]) notices even that. [`verifier`] walks along the chain and names what is wrong.
//!
//! An engine keeps records as columns ([`AuditTexts`]) in the transaction that makes the change; what a record says is
//! never rewritten. Nothing here is a secret: where one is changed, the record says that it was, never what it is.

pub mod chain;
pub mod verifier;

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use usher_seats::TenantId;

use crate::request::{Actor, Author};

pub use chain::{AuditHash, StoredRecord};
pub use verifier::{AuditFault, AuditVerdict, Verifier};

/// Most records that an engine returns at once: as many as any other list.
pub const AUDIT_ROWS_MAX: usize = crate::page::PAGE_ROWS_MAX;
/// Most records of one [`AuditSlice`]: large enough that a walk along a million records asks a thousand times, small
/// enough that a slice of the longest records is some megabytes.
pub const AUDIT_SLICE_ROWS_MAX: usize = 1_000;

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

impl AuditObject {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Tenant,
        Self::User,
        Self::App,
        Self::Client,
        Self::Token,
        Self::SignIn,
        Self::Seat,
        Self::Pool,
        Self::WaitingPlace,
        Self::Group,
        Self::Setting,
    ];

    /// The word for it in records and queries.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::App => "app",
            Self::Client => "client",
            Self::Token => "token",
            Self::SignIn => "sign_in",
            Self::Seat => "seat",
            Self::Pool => "pool",
            Self::WaitingPlace => "waiting_place",
            Self::Group => "group",
            Self::Setting => "setting",
        }
    }

    /// Reads the word; none when there is no such kind.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.word() == word)
    }
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

/// The texts of a record as its columns have them, in this order: kind of actor, name of actor, client, address, reason,
/// action, kind of object, name of object, before, after.
pub type AuditTexts<Text> = [Option<Text>; 10];

impl AuditRecord {
    /// What the columns of the record hold.
    #[must_use]
    pub fn texts(&self) -> AuditTexts<Cow<'_, str>> {
        let author = &self.author;
        [
            Some(author.actor.kind().into()),
            author.actor.name().map(Cow::from),
            author
                .client_id
                .as_ref()
                .map(|client_id| client_id.as_str().into()),
            author.address.map(|address| address.to_string().into()),
            author.reason.as_deref().map(Cow::from),
            Some(self.action.as_str().into()),
            Some(self.object.word().into()),
            Some(self.object_name.as_str().into()),
            self.before.as_deref().map(Cow::from),
            self.after.as_deref().map(Cow::from),
        ]
    }

    /// Reads a record from its columns; none when they say something that Usher never writes.
    #[must_use]
    pub fn from_texts(
        tenant_id: Option<TenantId>,
        (sequence, at_ms): (i64, i64),
        texts: AuditTexts<String>,
    ) -> Option<Self> {
        let [
            actor_kind,
            actor_name,
            client_id,
            address,
            reason,
            action,
            object,
            object_name,
            before,
            after,
        ] = texts;
        let author = Author {
            actor: Actor::from_parts(&actor_kind?, actor_name)?,
            client_id: client_id.map(|text| text.parse()).transpose().ok()?,
            address: address.map(|text| text.parse()).transpose().ok()?,
            reason,
        };
        Some(Self {
            tenant_id,
            sequence,
            at_ms,
            author,
            action: action?,
            object: AuditObject::from_word(&object?)?,
            object_name: object_name?,
            before,
            after,
        })
    }
}

/// A record as it stands in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What it says.
    pub record: AuditRecord,
    /// What ties it to the records before it.
    pub hash: AuditHash,
}

impl AuditEntry {
    /// Its place in a list.
    #[must_use]
    pub fn place(&self) -> AuditPlace {
        AuditPlace {
            at_ms: self.record.at_ms,
            sequence: self.record.sequence,
        }
    }
}

/// The end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The number of the last record.
    pub sequence: i64,
    /// Its hash.
    pub hash: AuditHash,
}

impl fmt::Display for AuditHead {
    /// `SEQUENCE:HASH`, as somebody notes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.sequence, self.hash)
    }
}

/// Why a text is not the end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the end of a log is SEQUENCE:HASH, a number from 1 and 64 hexadecimal digits")]
pub struct NotAnAuditHead;

impl FromStr for AuditHead {
    type Err = NotAnAuditHead;

    fn from_str(text: &str) -> Result<Self, NotAnAuditHead> {
        let (sequence, hash) = text.split_once(':').ok_or(NotAnAuditHead)?;
        let digits = !sequence.starts_with('0') && sequence.bytes().all(|byte| byte.is_ascii_digit());
        let sequence = sequence.parse().ok().filter(|_| digits).ok_or(NotAnAuditHead)?;
        let hash = hash.parse().map_err(|_| NotAnAuditHead)?;
        Ok(Self { sequence, hash })
    }
}

/// The place of a record in a list: by time, and by number where times are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPlace {
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Its number.
    pub sequence: i64,
}

/// In which direction a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditOrder {
    /// The newest record first.
    #[default]
    NewestFirst,
    /// The oldest record first.
    OldestFirst,
}

/// Which records of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Whose log; none for what concerns no tenant.
    pub tenant_id: Option<TenantId>,
    /// Only about this thing.
    pub object: Option<(AuditObject, String)>,
    /// Only by this actor.
    pub actor: Option<Actor>,
    /// Only at this moment or later, in milliseconds.
    pub from_ms: Option<i64>,
    /// Only before this moment, in milliseconds.
    pub until_ms: Option<i64>,
    /// In which direction.
    pub order: AuditOrder,
    /// The last record already read; none for the first page.
    pub after: Option<AuditPlace>,
    /// Most records wanted, `1 ..= AUDIT_ROWS_MAX`.
    pub rows_max: usize,
}

impl AuditQuery {
    /// A whole log, newest first.
    #[must_use]
    pub fn of(tenant_id: Option<TenantId>) -> Self {
        Self {
            tenant_id,
            object: None,
            actor: None,
            from_ms: None,
            until_ms: None,
            order: AuditOrder::NewestFirst,
            after: None,
            rows_max: AUDIT_ROWS_MAX,
        }
    }
}

/// Some records of a log in order of their number, as bare as they are kept, and the end of the log at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSlice {
    /// At most as many as were asked for; fewer only at the end of the log.
    pub records: Vec<StoredRecord>,
    /// The end that is on record; none for a log without records.
    pub head: Option<AuditHead>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_noted_and_read_again() {
        let head = AuditHead {
            sequence: 4_711,
            hash: AuditHash([0x5a; 32]),
        };
        assert_eq!(head.to_string().parse(), Ok(head));
        let digits = "5a".repeat(32);
        for text in [
            "",
            "1",
            "1:5a",
            &format!("0:{digits}"),
            &format!("+1:{digits}"),
            &format!(":{digits}"),
        ] {
            assert_eq!(text.parse::<AuditHead>(), Err(NotAnAuditHead), "{text}");
        }
    }

    #[test]
    fn every_kind_of_thing_and_actor_is_read_as_it_was_written() {
        for object in AuditObject::ALL {
            assert_eq!(AuditObject::from_word(object.word()), Some(object));
        }
        let actors = [
            Actor::System,
            Actor::CommandLine("ann".to_owned()),
            Actor::Operator("0011223344556677".to_owned()),
        ];
        for actor in actors {
            assert_eq!(Actor::from_parts(actor.kind(), actor.name()), Some(actor));
        }
        assert_eq!(Actor::from_parts("user", Some("0".to_owned())), None);
        assert_eq!(Actor::from_parts("system", Some("x".to_owned())), None);
    }
}
