//! The program as a whole: the real binary, real folders, real sockets.
//!
//! - `program`: running the binary, with and without a server beside it
//! - `http`: as much of an HTTP client as the tests need
//! - one module for each thing a person does with it

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests may stop at the first surprise"
)]

mod apply;
mod audit;
mod bench;
mod database;
mod demo;
mod export;
mod first_run;
mod holding;
mod http;
mod idle;
mod import;
mod json;
mod keeping;
mod languages;
mod ledger;
mod links;
mod login;
mod lost_log;
mod manage;
mod mistakes;
mod program;
mod settings;
mod shared_data;
mod tables;
mod tokens;
mod usage;
