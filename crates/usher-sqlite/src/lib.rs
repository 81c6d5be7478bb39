//! The default engine: one SQLite file, no server.
//!
//! - [`SqliteStore`]: the contract of `usher-store`, fulfilled
//! - `writer`: the one thread that changes the file; the life of a batch is told there
//! - `journal`, `overlay`, `fold`: how an access becomes durable cheaply and reaches its table later
//! - `days`, `calendars`: who was active on which day; `idle`: since when a seat is idle; `tending`: what time alone makes due
//! - `judge`: one access, decided; `verdicts`: the facts behind a verdict, and the bounded cache in front of them
//! - `change_request`: one transaction, whatever becomes of it; the rules are those of `usher-ledger`
//! - `book`: the statements by which the rules ask and write; `changes`: those that decide by what they touch
//! - `tallies`: how many seats stand at which days
//! - `reports`: reads that may need the writer first; `search_keys`: under what people are found
//! - `readers`, `reads`: lists and look-ups, beside the writer and never in its way
//! - `alone`: what many instances would have to agree on
//! - `copy`: moving a whole ledger to another engine or from one
//! - `file`: opening, settings, schema versions; `page_sums`, `write_ahead_log`: noticing what SQLite cannot
//! - [`backup`]: a whole ledger in one file, and back
//! - `examine`: is everything in the file as it must be?
//! - [`lock`]: one Usher per data folder

mod alone;
pub mod backup;
mod book;
mod calendars;
mod change_request;
mod changes;
mod copy;
mod days;
mod examine;
mod file;
mod fold;
mod idle;
mod journal;
mod judge;
mod lock;
mod mixing;
mod numbers;
mod options;
mod overlay;
mod page_sums;
mod readers;
mod reads;
mod recovery;
mod reports;
mod search_keys;
mod store;
mod tallies;
mod tending;
mod verdicts;
mod write_ahead_log;
mod writer;

pub use copy::{SqliteSource, SqliteTarget};
pub use examine::{Check, Checked, Examiner, Fault};
pub use file::{OpenError, SCHEMA_VERSION};
pub use lock::{Holder, LOCK_FILE_NAME, holder_of};
pub use options::SqliteOptions;
pub use store::SqliteStore;
