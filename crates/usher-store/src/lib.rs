//! The contract every storage engine fulfils.
//!
//! An engine keeps the ledger: tenants, users, apps, seats, clients, tokens, and the newest admitted access of
//! each (tenant, seat type, user, app). What is *right* is decided in `usher-seats`; an engine fetches, applies and
//! keeps. Nothing here knows of HTTP.
//!
//! - [`Store`]: the calls
//! - [`access`]: what the door hands over and gets back
//! - [`change`]: everything that changes the ledger other than an access
//! - [`directory`]: tenants, users, apps, clients and tokens as read back
//! - [`identity`]: what sign-in and OAuth need kept
//! - [`kept_answer`]: answers kept so that a call may be repeated
//! - [`ledger`]: pools, seats, waiting lists and groups
//! - [`request`]: who makes changes, and in which manner
//! - [`audit`]: what is remembered of every change
//! - [`history`]: who was active on which day
//! - [`idle`]: which seats lie idle, and who is on leave
//! - [`refusals`]: how often people were refused, counted in memory by every engine alike
//! - [`page`]: lists, read by key and never by offset
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
pub mod kept_answer;
pub mod ledger;
pub mod page;
pub mod refusals;
pub mod request;

mod store;

pub use access::{Access, Recorded};
pub use audit::{
    AuditEntry, AuditHash, AuditHead, AuditObject, AuditOrder, AuditPlace, AuditQuery, AuditRecord,
    AuditSlice,
};
pub use change::{Change, Effect};
pub use directory::{
    App, AppRoute, Client, ClientKind, Tenant, Token, TokenHash, TokenKind, TokenStanding, User,
};
pub use error::{Rejection, StoreError};
pub use history::{ActiveDaysQuery, ActivePeople, ActivePeopleQuery, HistoryScope};
pub use identity::IdentityChange;
pub use idle::{IdleKey, IdleOrder, IdlePage, IdleQuery, IdleRow, LeaveChange};
pub use kept_answer::KeptAnswer;
pub use ledger::{
    Group, LedgerChange, PoolName, PoolRow, SeatName, SeatQuery, SeatRow, WaitingRow, WrittenSeat,
};
pub use page::{ActivityRow, AssignmentRow, Page, PageKey, PageQuery};
pub use refusals::Refusals;
pub use request::{Actor, Author, ChangeOutcome, ChangeRequest, Manner};
pub use store::{Store, StoreHealth};
