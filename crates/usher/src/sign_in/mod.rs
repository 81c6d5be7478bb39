//! Being signed in from the command line: `usher login`, `usher whoami`, `usher logout`.
//!
//! ```text
//! usher login                browser                       server
//!   |-- what can you do? ---------------------------------->|  /.well-known/oauth-authorization-server
//!   |-- link ------------------>|-- authorize ------------->|  sign in, allow
//!   |<-- http://127.0.0.1:PORT/callback?code=&state= -------|
//!   |-- code and verifier --------------------------------->|  tokens
//! ```
//!
//! The command line is a program on somebody's machine, so it cannot keep a secret: it is a public client that proves
//! itself by PKCE (RFC 8252, RFC 9700). What stands against whom:
//!
//! - another program on the machine that calls the loopback port, or sees the code: `state` and the verifier;
//! - another server that hopes for the code: only endpoints of the very origin that was asked are used, and it must call
//!   itself by that origin (RFC 8414, section 3.3; RFC 9207 is not needed where each server has its own `state`);
//! - somebody in between: `https`, proved by a certificate; plain `http` is for this machine only;
//! - other users of the machine: the tokens lie in a file that only its owner can read.
//!
//! - [`login_client`]: the client the command line is, made with every ledger
//! - [`loopback`]: the port to which the browser comes back
//! - [`remote`]: the server, as far as these commands speak to it
//! - [`kept`]: the file with the tokens
//! - [`renewal`]: a spent access token becomes a new one, whatever gets lost on the way

pub(crate) mod kept;
pub(crate) mod login_client;
pub(crate) mod loopback;
pub(crate) mod remote;
pub(crate) mod renewal;
