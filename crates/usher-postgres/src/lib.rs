//! The engine beyond one machine: PostgreSQL, with any number of Usher instances on it.
//!
//! It keeps the promises of the SQLite engine with other means, because here nobody is the only writer:
//!
//! - **An access** is part of a batch, and a batch is one round trip: `record` has the statement that judges and writes at once.
//!   There is no journal, no overlay and no cache of verdicts; the database's own log and memory are both.
//! - **A change** is a transaction that first locks the end of its tenant's audit log (`locks`). So the rules of pools, lists and
//!   groups (`seating`) and the chain of the audit log (`audit_log`) see nobody else of that tenant, on any instance.
//! - **Once** (codes, links, refresh tokens, one-time passwords, idempotency keys) is decided by a statement that touches only
//!   what is still good (`changes`).
//! - **What the edge remembers** is forgotten everywhere within a second: every change moves a number that every instance
//!   looks at (`store`).
//! - **Every key and unique constraint** is led by the tenant, apart from the few reference tables that hold what must be unique
//!   over all tenants; so the same schema distributes on Citus (`migrations/`).
//!
//! - [`PostgresStore`]: the contract of `usher-store`, fulfilled
//! - `address`, `tls`, `connection`: reaching the database; `keeping_key`: the key that all instances share
//! - `sql`: asking a statement; `numbers`: how words are written; `migrations`: the schema
//! - `record`, `calendars`: accesses and their days
//! - `change_request`, `changing`, `changes`, `seating`, `locks`: changes
//! - `noting`, `audit_log`: what they leave behind
//! - `reads`: lists and look-ups; `tending`: what time alone makes due

#[macro_use]
mod listing;

mod address;
mod audit_log;
mod calendars;
mod change_request;
mod changes;
mod changing;
mod connection;
mod keeping_key;
mod locks;
mod migrations;
mod noting;
mod numbers;
mod reads;
mod record;
mod seating;
mod sql;
mod store;
mod tending;
mod tls;

pub use address::{AddressError, DatabaseAddress, TlsMode, is_database, without_password};
pub use connection::{OpenError, PostgresOptions};
pub use keeping_key::KeptKey;
pub use migrations::SCHEMA_VERSION;
pub use store::PostgresStore;
pub use tls::TlsError;

/// How a thing without a tenant is kept where a column cannot be empty.
const NO_TENANT: i64 = 0;
