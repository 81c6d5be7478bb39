//! The contract every storage engine fulfils.
//!
//! An engine keeps the ledger: tenants, users, apps, seats, clients, tokens, and the newest admitted access of
//! each (tenant, seat type, user, app). What is *right* is decided in `usher-seats`; an engine fetches, applies and
//! keeps. Nothing here knows of HTTP.
//!
//! - [`Store`]: the calls
//! - [`Coordination`]: those of them by which many instances agree; [`Reports`]: those that answer for people
//! - [`access`]: what the door hands over and gets back
//! - [`change`]: everything that changes the ledger other than an access
//! - [`directory`]: tenants, users, apps, clients and tokens as read back
//! - [`identity`]: what sign-in and OAuth need kept
//! - [`kept_answer`]: answers kept so that a call may be repeated
//! - [`ledger`]: pools, seats, waiting lists and groups
//! - [`search`]: finding people as somebody types
//! - [`request`]: who makes changes, and in which manner
//! - [`audit`]: what is remembered of every change
//! - [`history`]: who was active on which day
//! - [`idle`]: which seats lie idle, and who is on leave
//! - [`overview`]: the figures of all pools
//! - [`rate`]: how many calls pass in a second and in a minute
//! - [`instances`]: which instances of Usher work on the ledger, and what their watermarks say
//! - [`lease`]: work that one instance does at a time
//! - [`refusals`]: how often people were refused, counted in memory by every engine alike
//! - [`page`]: lists, read by key and never by offset
//! - [`portable`]: a whole ledger on its way from one engine to another
//! - [`error`]: what can go wrong, one message for the caller and one for the log
//!
//! A feature exists when every engine has it; the conformance suite in `tests/` of the engines proves it.

pub mod access;
pub mod audit;
pub mod change;
pub mod directory;
pub mod error;
pub mod history;
pub mod identity;
pub mod idle;
pub mod instances;
pub mod kept_answer;
pub mod lease;
pub mod ledger;
pub mod overview;
pub mod page;
pub mod portable;
pub mod rate;
pub mod refusals;
pub mod request;
pub mod search;

mod coordination;
mod reports;
mod store;

pub use access::{Access, AdmittedAccess, Recorded};
pub use audit::{
    AuditEntry, AuditHash, AuditHead, AuditObject, AuditOrder, AuditPlace, AuditQuery, AuditRecord,
    AuditSlice,
};
pub use change::{Change, Effect};
pub use coordination::Coordination;
pub use directory::{
    App, AppRoute, Client, ClientKind, Tenant, Token, TokenHash, TokenKind, TokenStanding, User,
};
pub use error::{Rejection, StoreError};
pub use history::{ActiveDaysQuery, ActivePeople, ActivePeopleQuery, HistoryScope};
pub use identity::IdentityChange;
pub use idle::{IdleKey, IdleOrder, IdlePage, IdleQuery, IdleRow, LeaveChange};
pub use instances::{Heard, Instance, InstanceName, InstanceStanding, InstanceWord, Retirement};
pub use kept_answer::KeptAnswer;
pub use lease::{Job, Lease, LeaseTerms};
pub use ledger::{
    Group, KeptQuery, LedgerChange, PoolName, PoolRow, SeatName, SeatQuery, SeatRow, WaitingRow, WrittenSeat,
};
pub use overview::{Overview, OverviewQuery, PoolFigures};
pub use page::{ActivityRow, AssignmentRow, Page, PageKey, PageQuery};
pub use rate::{Counted, RateExceeded, RateKey, RateLimit};
pub use refusals::Refusals;
pub use reports::Reports;
pub use request::{Actor, Author, ChangeOutcome, ChangeRequest, Manner};
pub use search::{UserPage, UserSearch};
pub use store::{Store, StoreHealth};
