//! The PostgreSQL engine while its database goes, comes, hangs, and cuts connections in the middle of a commit.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a surprise is the end"
)]

mod cut;
mod going;
mod proxy;
