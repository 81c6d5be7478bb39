//! What the program promises about the disk when the disk does not keep its own promises.
//!
//! - [`nth`]: the N-th write, sync, open, rename or truncation fails, for every N of a script
//! - [`disk`]: a disk that is full, that flaps, whose syncs alone fail
//! - [`power`]: a power cut at any moment: what was synchronised is there, of the rest some is lost and some is torn
//! - [`flips`]: a bit flipped in any page is found, or every answer is right
//!
//! Helpers: [`layer`] is what stands between the program and its files (`layer.c`), [`program`] runs `usher`, [`script`] is what is
//! asked of it and judged by `usher-checker`, [`remains`] builds the files that a power cut leaves behind, [`dice`] draws.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test may stop at the first surprise, and says its seed and figures; clippy.toml allows it only inside test functions"
)]

/// Says something that is to be seen also when all goes well: the harness shows what `println!` says only of a test that fails.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod dice;
mod disk;
mod flips;
mod layer;
mod nth;
mod power;
mod program;
mod remains;
mod script;

/// True in `./test --long`, which takes the time for the full figures.
fn long() -> bool {
    std::env::var("USHER_LONG").is_ok_and(|value| value == "yes")
}
