//! The SQLite engine passes the suite that every engine passes, and keeps the promises that are its own.
#![expect(clippy::unwrap_used, reason = "in a test a surprise is the end")]

mod audit;
mod backup;
mod conformance;
mod examine;
mod fault;
mod history;
mod home;
mod opening;
