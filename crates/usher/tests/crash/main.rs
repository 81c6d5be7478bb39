//! Proofs with the real program on a real disk: what Usher acknowledged stays, whatever ends or hinders it.
//!
//! - [`kill`]: `kill -9` at random moments under full load
//! - [`bulk`]: `kill -9` in the middle of ten thousand assignments
//! - [`backup`]: a backup taken in the middle of load
//! - [`fault`]: the disk refuses to take more in the middle of load
//! - [`start`]: how long the program needs to be there again
//!
//! Helpers: [`program`] runs `usher`, [`load`] makes many callers at once, [`readback`] asks what is there,
//! [`dice`] draws from a printed seed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise, and says its seed and figures; clippy.toml allows it only inside test functions"
)]

/// Says something that is to be seen also when all goes well: the harness shows what `println!` says only of a test that fails.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod backup;
mod bulk;
mod dice;
mod fault;
mod kill;
mod load;
mod program;
mod readback;
mod start;

/// True in `./test --long`, which takes the time for the full figures.
fn long() -> bool {
    std::env::var("USHER_LONG").is_ok_and(|value| value == "yes")
}
