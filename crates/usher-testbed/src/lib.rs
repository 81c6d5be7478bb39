//! Real servers for tests: started on free ports, in folders of their own, gone when the tests are.
//!
//! - [`postgres`]: PostgreSQL as Debian packages it
//! - [`pgbouncer`]: PgBouncer in front of it
//!
//! Only ever a dev-dependency.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a surprise is the end"
)]

pub mod pgbouncer;
pub mod postgres;
