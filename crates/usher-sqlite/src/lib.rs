//! The default engine: one SQLite file, no server.
//!
//! - [`SqliteStore`]: the contract of `usher-store`, fulfilled
//! - `writer`: the one thread that changes the file; the life of a batch is told there
//! - `journal`, `overlay`, `fold`: how an access becomes durable cheaply and reaches its table later
//! - `verdicts`: the facts behind a verdict, and the bounded cache in front of them
//! - `changes`: everything that changes the ledger other than an access
//! - `readers`, `reads`: lists and look-ups, beside the writer and never in its way
//! - `file`: opening, settings, schema versions
//! - [`lock`]: one Usher per data folder

mod changes;
mod file;
mod fold;
mod journal;
mod lock;
mod numbers;
mod overlay;
mod readers;
mod reads;
mod recovery;
mod store;
mod verdicts;
mod writer;

pub use file::{OpenError, SCHEMA_VERSION};
pub use lock::{Holder, LOCK_FILE_NAME, holder_of};
pub use store::{SqliteOptions, SqliteStore};
