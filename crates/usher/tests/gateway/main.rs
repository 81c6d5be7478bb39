//! A real gateway in front: nginx from Debian's packages, the very files of `deploy/nginx`, and a real `usher serve`.
//!
//! - [`crowd`]: more than ten thousand requests of two hundred people
//! - [`spoofing`]: whatever a browser sends under our names
//! - [`behind`]: what the app behind nginx is told, and what passes unchanged
//! - [`away`]: Usher is gone
//!
//! Helpers: [`site`] runs nginx, [`people`] fills Usher and reads it back, [`browser`] asks, [`app`] is an app behind
//! nginx; `program` runs `usher` and is the crash tests' own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise; clippy.toml allows it only inside test functions"
)]

mod app;
mod away;
mod behind;
mod browser;
mod crowd;
mod people;
#[expect(dead_code, reason = "the crash tests need more of it than these")]
#[path = "../crash/program.rs"]
mod program;
mod site;
mod spoofing;
