//! Measures what batches are worth: accesses per second through this engine against one statement per access.
//!
//! ```text
//! cargo run --release -p usher-postgres --example accesses_per_second -- FOLDER [--rows ROWS] [--slices SLICES] [--seconds SECONDS]
//!                                                              [--strangers] [--fill-factors]
//! ```
//!
//! Starts a PostgreSQL in FOLDER (on a real disk) that forces every commit to it, and fills `activity` with ROWS rows, a million
//! by default. Then two ways of recording accesses of uniformly random rows take turns, in slices of SECONDS seconds on the same
//! table with the same number of connections:
//!
//! - *batched*: `PostgresStore::record`, verdict, history and all, several batches in flight;
//! - *one by one*: `pgbench` with the bare `INSERT … ON CONFLICT DO UPDATE`, prepared, nothing judged.
//!
//! A machine that pauses for a moment so hits both, and what counts is the median of the ratios of neighbours. It must be at least
//! [`RATIO_MIN`], and of the updates at least [`HOT_PERCENT_MIN`] percent HOT; else it ends with 1. What does not depend on the
//! machine is told too: bytes of log, round trips and statements per access.
//!
//! With `--strangers` the engine remembers nobody, and looks everybody up: the worst case, of which nothing is promised.
//! With `--fill-factors` it measures instead how full the pages of `activity` may be: the table in `docs/postgresql.md`.

mod batched;
mod figures;
mod fill_factors;
mod one_by_one;
mod population;
mod processor;

use std::{error::Error, path::PathBuf, process::ExitCode};

use usher_testbed::postgres::Server;

use crate::{batched::Batches, figures::median, population::Population};

/// How often faster batches must be.
const RATIO_MIN: f64 = 10.0;
/// The share of HOT updates that is promised, in percent.
const HOT_PERCENT_MIN: f64 = 95.0;
/// Connections of either way: as many batches as Usher has under way with its usual number of connections.
const CONNECTIONS: usize = 4;
/// Accesses of a batch, each tried once at first.
const BATCH_SIZES: [usize; 6] = [64, 128, 256, 512, 1024, 2048];
/// Accesses of the batches that are compared; the door makes them twice as large when it is busy.
const COMPARED: usize = 2048;
/// A server as it is set up for such a load; whatever makes commits durable is as PostgreSQL has it by itself: on.
const SETTINGS: [&str; 3] = [
    "shared_buffers=2GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=15min",
];

/// What somebody may choose.
struct Choice {
    folder: PathBuf,
    rows: u64,
    slices: usize,
    seconds: u64,
    strangers: bool,
    fill_factors: bool,
}

impl Choice {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let folder = words
            .next()
            .ok_or("usage: accesses_per_second FOLDER [OPTIONS]")?;
        let mut choice = Self {
            folder: folder.into(),
            rows: 1_000_000,
            slices: 7,
            seconds: 5,
            strangers: false,
            fill_factors: false,
        };
        while let Some(word) = words.next() {
            let mut number = || words.next().ok_or("a number is missing");
            match word.as_str() {
                "--rows" => choice.rows = number()?.parse()?,
                "--slices" => choice.slices = number()?.parse()?,
                "--seconds" => choice.seconds = number()?.parse()?,
                "--strangers" => choice.strangers = true,
                "--fill-factors" => choice.fill_factors = true,
                _ => return Err(format!("unknown: {word}").into()),
            }
        }
        Ok(choice)
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let choice = Choice::read(std::env::args().skip(1))?;
    let server = Server::start(&choice.folder, &SETTINGS);
    let population = Population::settle(&server, choice.rows).await?;
    if choice.fill_factors {
        fill_factors::measure(&server, &population, choice.seconds).await?;
        return Ok(ExitCode::SUCCESS);
    }
    compare(&server, &population, &choice).await
}

/// Slices of both ways in turn, and what they came to.
#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
async fn compare(
    server: &Server,
    population: &Population,
    choice: &Choice,
) -> Result<ExitCode, Box<dyn Error>> {
    let mut batches = Batches::default();
    batches.strangers = choice.strangers;
    let (mut ratios, mut fast, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    let sizes = BATCH_SIZES.into_iter();
    let slices = sizes
        .chain(std::iter::repeat_n(COMPARED, choice.slices))
        .enumerate();
    for (slice, size) in slices {
        let batched = batches
            .slice(server, population, (size, choice.seconds), None)
            .await?;
        let one_by_one = one_by_one::slice(server, population, choice.seconds)?;
        println!(
            "batches of {size:>3}: {batched}; one by one: {:.0} accesses/s of {:.1} µs",
            one_by_one.per_second, one_by_one.processor_us
        );
        if slice >= BATCH_SIZES.len() {
            ratios.push(batched.per_second / one_by_one.per_second);
            fast.push(batched);
            slow.push(one_by_one);
        }
    }
    let hot_percent = median(fast.iter().map(|slice| slice.hot_percent));
    let per_second = median(fast.iter().map(|slice| slice.per_second));
    let ratio = median(ratios.iter().copied());
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    println!(
        "{per_second:.0} accesses per second in batches, {:.0} one by one, {} rows, {CONNECTIONS} connections each\n\
         {:.1} µs of processor time per access in batches, server and client, {:.1} one by one\n\
         {} bytes of log per access; 1 round trip, 4 statements and 1 commit per batch",
        median(slow.iter().map(|slice| slice.per_second)),
        population.rows,
        median(fast.iter().map(|slice| slice.processor_us)),
        median(slow.iter().map(|slice| slice.processor_us)),
        median(fast.iter().map(|slice| slice.log_bytes)).round()
    );
    let judged = [
        (
            ratio >= RATIO_MIN,
            format!(
                "{ratio:.1} times as many in batches (median; {least:.1} to {most:.1}), at least {RATIO_MIN}"
            ),
        ),
        (
            hot_percent >= HOT_PERCENT_MIN,
            format!("{hot_percent:.1} % of the updates are HOT, at least {HOT_PERCENT_MIN}"),
        ),
    ];
    for (kept, text) in &judged {
        println!("{}: {text}", if *kept { "ok" } else { "FAILED" });
    }
    Ok(ExitCode::from(u8::from(judged.iter().any(|(kept, _)| !kept))))
}
