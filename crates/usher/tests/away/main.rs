//! Proofs with real programs: what Usher acknowledged stays, whatever becomes of its database.
//!
//! - [`failover`]: `kill -9` of a primary under load, its standby takes its place, and Usher finds it by itself
//! - [`stopped`]: the database is stopped under load: what each policy does meanwhile, and what is there afterwards
//!
//! Helpers: [`instance`] runs `usher`, [`callers`] makes many callers at once, [`kept`] asks the database what is there.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise, and says its figures"
)]

/// Says something that is to be seen also when all goes well: the harness shows what `println!` says only of a test that fails.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod callers;
mod failover;
mod instance;
mod kept;
mod stopped;

use std::path::Path;

/// True in `./test --long`, which takes the time for the full figures.
fn long() -> bool {
    std::env::var("USHER_LONG").is_ok_and(|value| value == "yes")
}

/// Where databases and folders of these tests are: in memory where that is possible, for no power is cut here.
fn place() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        Path::new("/tmp")
    }
}
