//! Routes: the Feishu calls, the door, health.
//!
//! This crate only translates. It parses requests into types that cannot be wrong, asks the store or the door, and
//! says the answer in the words of the wire. Rules live in `usher-seats`, records in the engines.
//!
//! - [`edge`]: what the routes are given: store, door, clock, chance, settings
//! - [`mod@router`]: all public routes, and what every answer has in common (log id, log line, metrics)
//! - [`oauth`]: how a client gets tokens
//! - [`open_apis`]: the two Feishu calls
//! - [`access`]: the door's two entrances
//! - [`sign_in`]: pages for people: signing in, allowing a client, their own account
//! - `console`: pages for system administrators
//! - [`manage`]: the management API, its description for programs and for people
//! - [`health`]: `/livez`, `/readyz`, `/metrics`
//! - [`wire`]: the envelope and the one table of wire errors
//! - [`log_id`]: the name of one request, the same in header, body and log
//! - [`body`]: request bodies, read under a limit
//! - [`outbound`]: speaking to other servers
//! - `reached`: under which address, over what and from where a request came
//! - [`rate_limit`]: how many calls of a kind pass
//! - [`telemetry`]: counters and gauges for `/metrics`
//! - [`server`]: the HTTP/1.1 connection loop with its limits, and the short way to the door before it

pub mod access;
pub mod body;
pub mod body_room;
mod console;
pub mod edge;
pub mod health;
mod language;
pub mod log_id;
pub mod manage;
pub mod oauth;
pub mod open_apis;
pub mod outbound;
pub mod rate_limit;
mod reached;
pub mod router;
pub mod server;
pub mod sign_in;
pub mod telemetry;
pub mod wire;

pub use edge::{Chance, Clock, Edge, EdgeSettings, PeerAddress};
pub use log_id::LogId;
pub use reached::WebOrigin;
pub use router::router;
pub use server::{Served, serve, serve_at_most};
pub use wire::{WireCode, WireError};

/// The stylesheet that all pages share.
pub const STYLESHEET: &str = include_str!("../templates/usher.css");
