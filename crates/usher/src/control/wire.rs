//! Questions and answers of the control channel. They live apart from stored types, so that neither moves the other.

use serde::{Deserialize, Serialize};
pub(crate) use usher_http::access::past::{Created, Outcome};
use usher_seats::{ClientId, Namespace, SeatStatus, SeatType, TenantKey, UserId};
use usher_store::{
    AuditHead, StoreHealth, TokenKind,
    audit::{AuditVerdict, Verifier},
};

use crate::language::Words;

/// Route of [`StatusAnswer`].
pub(crate) const STATUS: &str = "/control/v1/status";
/// Route of [`ChangesQuestion`].
pub(crate) const CHANGES: &str = "/control/v1/changes";
/// Route of [`AccessesQuestion`].
pub(crate) const ACCESSES: &str = "/control/v1/accesses";
/// Route of [`ActivitiesQuestion`].
pub(crate) const ACTIVITIES: &str = "/control/v1/activities";
/// Route of [`IssueQuestion`].
pub(crate) const TOKENS_ISSUE: &str = "/control/v1/tokens/issue";
/// Route of [`TokensQuestion`].
pub(crate) const TOKENS_LIST: &str = "/control/v1/tokens/list";
/// Route of [`RevokeQuestion`].
pub(crate) const TOKENS_REVOKE: &str = "/control/v1/tokens/revoke";
/// Route of [`LinkQuestion`].
pub(crate) const LINKS_MAKE: &str = "/control/v1/links/make";

/// Route of [`InstancesQuestion`].
pub(crate) const INSTANCES_LIST: &str = "/control/v1/instances/list";
/// Route of [`RetireQuestion`].
pub(crate) const INSTANCES_RETIRE: &str = "/control/v1/instances/retire";

/// Route of [`AuditVerifyQuestion`].
pub(crate) const AUDIT_VERIFY: &str = "/control/v1/audit/verify";

/// A stretch of an audit log is to be verified.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuditVerifyQuestion {
    /// From where.
    pub(crate) walk: AuditWalk,
}

/// Where a walk is.
#[derive(Serialize, Deserialize)]
pub(crate) enum AuditWalk {
    /// At the beginning.
    Begin {
        /// Whose log; none for what concerns no tenant.
        tenant_key: Option<TenantKey>,
        /// A record that somebody has noted.
        expected: Option<AuditHead>,
    },
    /// On its way.
    GoOn(Box<Verifier>),
}

/// What a stretch has shown.
#[derive(Serialize, Deserialize)]
pub(crate) enum AuditVerifyAnswer {
    /// There is more.
    Stretch {
        /// Records met so far.
        records: u64,
        /// Records that the log has, by its own account.
        records_expected: i64,
        /// The walk, to go on with.
        walk: Box<Verifier>,
    },
    /// The log is at its end.
    Verdict(AuditVerdict),
}

/// A question without content.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatusQuestion {}

/// Who answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatusAnswer {
    /// The program's version.
    pub(crate) version: String,
    /// The process.
    pub(crate) process_id: u32,
    /// What it does.
    pub(crate) command: String,
    /// Since when, in milliseconds.
    pub(crate) since_ms: i64,
    /// Its address, when it is a server.
    pub(crate) listening: Option<String>,
    /// True when the store can serve.
    pub(crate) ready: bool,
    /// Accesses in the journal.
    pub(crate) journal_accesses: u64,
    /// Accesses waiting at the door.
    pub(crate) waiting_accesses: usize,
    /// Whoever was let in up to this moment is in the store, in milliseconds.
    pub(crate) watermark_ms: i64,
}

impl StatusAnswer {
    /// Takes what is shown of a store's health.
    pub(crate) fn with_health(mut self, health: StoreHealth) -> Self {
        self.ready = health.ready;
        self.journal_accesses = health.journal_accesses;
        self
    }
}

/// Changes in order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangesQuestion {
    /// The tenant of changes that name none.
    pub(crate) tenant_key: TenantKey,
    /// The changes.
    pub(crate) changes: Vec<super::change_line::ChangeLine>,
}

/// What became of changes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ChangesAnswer {
    /// Things that are new.
    pub(crate) created: u64,
    /// Things that are different.
    pub(crate) updated: u64,
    /// Things that were so already.
    pub(crate) unchanged: u64,
    /// The first change that does not fit; all before it were made, none after it.
    pub(crate) refused: Option<RefusedChange>,
}

/// A change that does not fit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RefusedChange {
    /// Its position in the question, from 0.
    pub(crate) index: usize,
    /// Why.
    pub(crate) words: Words,
}

/// Past accesses of one tenant.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccessesQuestion {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
    /// The kind of seat to make for whoever has none; none when nothing may be made.
    pub(crate) create_missing: Option<SeatType>,
    /// The accesses: time in milliseconds, user, app.
    pub(crate) accesses: Vec<(i64, UserId, Namespace)>,
}

/// What became of the accesses, in their order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccessesAnswer {
    /// One for each access.
    pub(crate) outcomes: Vec<Outcome>,
    /// What was made.
    pub(crate) created: Created,
}

/// A page of activities.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ActivitiesQuestion {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
    /// Of which kind of seat.
    pub(crate) seat_type: SeatType,
    /// The last row already read.
    pub(crate) after: Option<(UserId, Namespace)>,
    /// Most rows wanted.
    pub(crate) rows_max: usize,
}

/// One activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActivityLine {
    /// Of which kind of seat.
    pub(crate) seat_type: SeatType,
    /// Who.
    pub(crate) user_id: UserId,
    /// Where.
    pub(crate) namespace: Namespace,
    /// Of the seat, at the time of reading.
    pub(crate) status: SeatStatus,
    /// When, in milliseconds.
    pub(crate) active_time_ms: i64,
}

/// Some activities.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ActivitiesAnswer {
    /// The watermark in milliseconds: everything before it is in.
    pub(crate) as_of_ms: i64,
    /// The rows in order.
    pub(crate) rows: Vec<ActivityLine>,
    /// True when more follow.
    pub(crate) has_more: bool,
}

/// For whom a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BearerChoice {
    /// The tenant's first system administrator.
    Administrator,
    /// This user.
    User(UserId),
    /// A back end.
    Service,
    /// Whoever manages tenants.
    Operator,
}

/// A token is wanted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IssueQuestion {
    /// In which tenant; none means every tenant, for a service token.
    pub(crate) tenant_key: Option<TenantKey>,
    /// For whom.
    pub(crate) bearer: BearerChoice,
    /// Granted scopes.
    pub(crate) scopes: Vec<String>,
    /// The client; none means the built-in one.
    pub(crate) client_id: Option<ClientId>,
    /// How long it is good, in milliseconds.
    pub(crate) life_ms: i64,
}

/// A token, this once, and what it is good for.
#[derive(Serialize, Deserialize)]
pub(crate) struct IssueAnswer {
    /// The token.
    pub(crate) token: String,
    /// What it is good for.
    pub(crate) about: TokenLine,
    /// Granted scopes that the client has not opened, with which the token cannot do anything yet.
    pub(crate) scopes_not_open: Vec<String>,
}

/// Which servers work on the ledger?
#[derive(Serialize, Deserialize)]
pub(crate) struct InstancesQuestion {}

/// These, in order of their name.
#[derive(Serialize, Deserialize)]
pub(crate) struct InstancesAnswer {
    /// One each.
    pub(crate) instances: Vec<InstanceLine>,
}

/// What a server means to reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstanceState {
    /// It speaks.
    Living,
    /// It is silent and may have something that is not in the ledger.
    HoldingBack,
    /// It is silent, and nothing is missing.
    Gone,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstanceLine {
    /// Its name.
    pub(crate) name: String,
    /// When it started, in milliseconds.
    pub(crate) since_ms: i64,
    /// How long ago it last spoke, in milliseconds.
    pub(crate) silent_ms: i64,
    /// Up to when everything that it let in is written down, in milliseconds.
    pub(crate) watermark_ms: i64,
    /// Whether it keeps accesses by itself while the database is away.
    pub(crate) may_spool: bool,
    /// What it means to reports.
    pub(crate) state: InstanceState,
}

/// A server is to be forgotten.
#[derive(Serialize, Deserialize)]
pub(crate) struct RetireQuestion {
    /// Its name.
    pub(crate) name: String,
}

/// It is forgotten.
#[derive(Serialize, Deserialize)]
pub(crate) struct RetireAnswer {
    /// Its name.
    pub(crate) name: String,
}

/// Which tokens to list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokensQuestion {
    /// Whose; none means everybody's.
    pub(crate) tenant_key: Option<TenantKey>,
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenLine {
    /// The first 16 hexadecimal digits of its hash.
    pub(crate) token_id: String,
    /// What it proves.
    pub(crate) kind: TokenKind,
    /// The tenant; none means every tenant.
    pub(crate) tenant_key: Option<TenantKey>,
    /// The client.
    pub(crate) client_id: Option<ClientId>,
    /// The user.
    pub(crate) user_id: Option<UserId>,
    /// Granted scopes.
    pub(crate) scopes: Vec<String>,
    /// When it was issued, in milliseconds.
    pub(crate) issued_at_ms: i64,
    /// When it ends, in milliseconds.
    pub(crate) expires_at_ms: i64,
}

/// Tokens, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TokensAnswer {
    /// The tokens.
    pub(crate) tokens: Vec<TokenLine>,
    /// True when there are more than are listed.
    pub(crate) has_more: bool,
}

/// A token is to be taken back.
#[derive(Serialize, Deserialize)]
pub(crate) struct RevokeQuestion {
    /// Its id, or the token itself.
    pub(crate) token: String,
}

/// A token was taken back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RevokeAnswer {
    /// Its id.
    pub(crate) token_id: String,
}

/// A one-time link is wanted with which somebody chooses a password.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LinkQuestion {
    /// In which tenant.
    pub(crate) tenant_key: TenantKey,
    /// For whom, by sign-in name or number; none means the first system administrator.
    pub(crate) login: Option<String>,
}

/// A one-time link, this once.
#[derive(Serialize, Deserialize)]
pub(crate) struct LinkAnswer {
    /// Its path.
    pub(crate) path: String,
    /// Where the server is found that will know it, when one runs.
    pub(crate) base: Option<String>,
    /// For whom.
    pub(crate) user_id: UserId,
    /// Their name.
    pub(crate) name: String,
    /// The first moment at which it no longer works, in milliseconds.
    pub(crate) expires_at_ms: i64,
}
