//! The engine beyond one machine: PostgreSQL, with any number of Usher instances on it.
//!
//! It keeps the promises of the SQLite engine with other means, because here nobody is the only writer:
//!
//! - **An access** is part of a batch, and a batch is one round trip: `record` has the statement that judges and writes at once.
//!   There is no journal, no overlay and no cache of verdicts; the database's own log and memory are both.
//! - **A change** is a transaction that first locks the end of its tenant's audit log (`locks`). So the rules of pools, lists and
//!   groups and the chain of the audit log (`usher-ledger`) see nobody else of that tenant, on any instance.
//! - **Once** (codes, links, refresh tokens, one-time passwords, idempotency keys) is decided by a statement that touches only
//!   what is still good (`changes`).
//! - **What the edge remembers** is forgotten everywhere within a second: every change moves a number that every instance
//!   looks at (`announcements`).
//! - **Every key and unique constraint** is led by the tenant, apart from the few reference tables that hold what must be unique
//!   over all tenants; so the same schema distributes on Citus (`migrations/`).
//!
//! - [`PostgresStore`]: the contract of `usher-store`, fulfilled
//! - `address`, `tls`, `connection`: reaching the database; `keeping_key`: the key that all instances share
//! - `hosts`: which host of an address takes writes; `reach`: whether any does; `once`: what is repeated when that is unknown
//! - `sql`, `asking`: asking a statement, also through a pooler; `numbers`: how words are written; `migrations`: the schema
//! - `record`, `replay`, `calendars`: accesses and their days
//! - `change_request`, `locks`: a request for changes; the rules are those of `usher-ledger`
//! - `book`: the statements by which the rules ask and write; `changes`: those that decide by what they touch; `pipeline`: fewer
//!   journeys
//! - `coordination`, `rates`, `leases`, `instances`, `announcements`: what instances agree on; `shared_clock`: by whose time
//! - [`Onlooker`]: a look from outside, for whoever tests a ledger
//! - `copy`: moving a whole ledger to another engine or from one; `distribute`: spreading the schema over a Citus cluster
//! - `reads`: lists and look-ups; `reports`: those that answer for people; `search_keys`: under what these are found; `tending`: what time alone makes due

#[macro_use]
mod listing;

mod address;
mod announcements;
mod asking;
mod book;
mod calendars;
mod change_request;
mod changes;
mod connection;
mod coordination;
mod copy;
mod counters;
mod distribute;
mod hosts;
mod instances;
mod keeping_key;
mod leases;
mod locks;
mod migrations;
mod numbers;
mod once;
mod onlooker;
mod pipeline;
mod rates;
mod reach;
mod reads;
mod record;
mod remembered;
mod replay;
mod reports;
mod search_keys;
mod shared_clock;
mod sql;
mod store;
mod tallies;
mod tending;
mod tls;

pub use address::{AddressError, DatabaseAddress, TlsMode, is_database, without_password};
pub use connection::{OpenError, PostgresOptions};
pub use copy::{PostgresSource, PostgresTarget};
pub use distribute::{DistributeError, PLACEMENTS, PlacedTable, Placement, distribute};
pub use keeping_key::KeptKey;
pub use migrations::SCHEMA_VERSION;
pub use onlooker::Onlooker;
pub use reach::Jitter;
pub use shared_clock::SharedClock;
pub use store::PostgresStore;
pub use tls::TlsError;

/// The target under which every statement is traced, with its text and without values.
pub const STATEMENTS_TARGET: &str = "usher_postgres::statements";

/// How a thing without a tenant is kept where a column cannot be empty.
const NO_TENANT: i64 = 0;
