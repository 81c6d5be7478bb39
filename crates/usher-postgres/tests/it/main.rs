//! The PostgreSQL engine passes the suite that every engine passes, on a real server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a surprise is the end"
)]

mod conformance;
mod copy;
mod cost;
mod distribute;
mod home;
mod hot;
mod instances;
mod joins;
mod journeys;
mod keys;
mod migrations;
mod pooler;
mod remembered;
mod statements;
mod tallies;
mod tls;
