//! The PostgreSQL engine passes the suite that every engine passes, on a real server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a surprise is the end"
)]

mod conformance;
mod home;
mod hot;
mod instances;
mod keys;
