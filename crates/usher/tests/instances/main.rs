//! Three real `usher serve` on one real PostgreSQL, behind a real nginx that asks them in turn.
//!
//! - [`rates`]: ten calls a second over all of them, in sixty seconds
//! - [`once`]: what works once; sessions that hold everywhere
//! - [`at_once`]: what one is told, the others know
//! - [`watermark`]: up to when a report is true, and servers that come and go
//!
//! Helpers: [`house`] runs all of it, [`person`] signs in with forms and cookies; `http` asks and is the command line tests' own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise; clippy.toml allows it only inside test functions"
)]

mod at_once;
mod house;
#[expect(dead_code, reason = "the command line tests need more of it than these")]
#[path = "../cli/http.rs"]
mod http;
mod once;
mod person;
mod rates;
mod watermark;
