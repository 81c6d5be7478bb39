//! What came out, in the form that programs read; [`super::told`] says it to people.

use serde::{Serialize, Serializer};
use usher_bench::{
    process::Counts,
    statistics::{SPREAD_MAX, Spread, ratios},
};

use super::{
    choice::{Choice, Target},
    course::Course,
};
use crate::language::{Language, Words};

/// What accesses are compared with.
pub(crate) const BARE: &str = "bare_hyper_server";
pub(crate) const REDIS: &str = "redis_check_and_set";
pub(crate) const POSTGRES: &str = "postgresql_upsert";
/// What the last page is compared with.
pub(crate) const FIRST_PAGE: &str = "first_page";

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) version: &'static str,
    /// Whether the server was this program's own, on a fresh folder.
    pub(crate) own_server: bool,
    pub(crate) seats: u64,
    pub(crate) processors: usize,
    pub(crate) slices: u64,
    pub(crate) slice_ms: u128,
    pub(crate) start_empty: Option<Start>,
    pub(crate) start_filled: Option<Start>,
    pub(crate) import: Option<Import>,
    pub(crate) first_visits: Option<FirstVisits>,
    pub(crate) accesses: Vec<Figures>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) pages: Option<Pages>,
    pub(crate) written: Counted<Written>,
    pub(crate) system_calls: Counted<SystemCalls>,
    /// Per access.
    pub(crate) allocations: Counted<f64>,
    pub(crate) memory: Option<Memory>,
}

impl Report {
    /// Before anything is known.
    pub(crate) fn new(choice: &Choice, seats: u64) -> Self {
        let not_own = || crate::words!("only with a server of its own", "仅限自建的服务器");
        Self {
            version: env!("CARGO_PKG_VERSION"),
            own_server: matches!(choice.target, Target::Own { .. }),
            seats,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            slices: choice.slices,
            slice_ms: choice.slice.as_millis(),
            start_empty: None,
            start_filled: None,
            import: None,
            first_visits: None,
            accesses: Vec::new(),
            comparisons: Vec::new(),
            pages: None,
            written: Counted::not(not_own()),
            system_calls: Counted::not(not_own()),
            allocations: Counted::not(not_own()),
            memory: None,
        }
    }
}

/// How a server started: from the order to the word that it listens.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Start {
    pub(crate) took_ms: f64,
    /// Time of the processors, to within ten milliseconds.
    pub(crate) processor_ms: Option<u64>,
}

/// How fast a table of accesses came in, measured once.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Import {
    pub(crate) rows: u64,
    /// With a user and a seat made for each row.
    pub(crate) making_missing_per_second: f64,
    /// Of people who are there.
    pub(crate) known_per_second: f64,
}

/// Everybody once, after a start: nobody is remembered yet. Measured once.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct FirstVisits {
    pub(crate) connections: usize,
    pub(crate) good: u64,
    pub(crate) bad: u64,
    pub(crate) per_second: f64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

/// A median and how far the slices lay apart.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Told {
    pub(crate) median: f64,
    pub(crate) lower_quarter: f64,
    pub(crate) upper_quarter: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
    pub(crate) slices: usize,
}

impl From<Spread> for Told {
    fn from(spread: Spread) -> Self {
        Self {
            median: spread.median,
            lower_quarter: spread.lower_quarter,
            upper_quarter: spread.upper_quarter,
            least: spread.least,
            greatest: spread.greatest,
            slices: spread.count,
        }
    }
}

/// What a crowd of one size met.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) connections: usize,
    pub(crate) per_second: Option<Told>,
    pub(crate) good: u64,
    /// Answers of another kind than hoped for, such as a refusal because of too many questions.
    pub(crate) bad: u64,
    pub(crate) p50_us: u64,
    pub(crate) p90_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) p999_us: u64,
    pub(crate) longest_us: u64,
}

/// Ratios of neighbouring slices: how many times as many of ours as of theirs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Comparison {
    pub(crate) with: &'static str,
    pub(crate) theirs: Figures,
    pub(crate) ratio: Option<Told>,
    /// False when the slices lie too far apart for a conclusion.
    pub(crate) steady: bool,
    /// The width of the middle half, relative to the median, above which there is none.
    pub(crate) spread_max: f64,
}

impl Comparison {
    /// Of two courses that took turns.
    pub(crate) fn of(with: &'static str, ours: &Course, theirs: &Course) -> Self {
        let spread = Spread::of(&ratios(&ours.per_second, &theirs.per_second));
        Self {
            with,
            theirs: theirs.figures(),
            ratio: spread.map(Into::into),
            steady: spread.is_some_and(|spread| spread.is_steady()),
            spread_max: SPREAD_MAX,
        }
    }
}

/// Pages at both ends of the list.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Pages {
    pub(crate) rows: u64,
    pub(crate) first: Figures,
    pub(crate) last: Figures,
    pub(crate) last_to_first: Comparison,
}

/// A figure, or why there is none.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counted<Figure> {
    Counted(Figure),
    NotCounted {
        #[serde(serialize_with = "english")]
        because: Words,
    },
}

impl<Figure> Counted<Figure> {
    /// There is none.
    pub(crate) fn not(because: Words) -> Self {
        Self::NotCounted { because }
    }
}

/// Programs compare texts and want one.
fn english<Out: Serializer>(words: &Words, serializer: Out) -> Result<Out::Ok, Out::Error> {
    serializer.serialize_str(words.text(Language::English))
}

/// What the disk was made to write while the largest crowd asked.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Written {
    pub(crate) bytes_per_access: f64,
    pub(crate) accesses_per_batch: f64,
}

/// What the server asked of the kernel, while it was slowed down by strace.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct SystemCalls {
    pub(crate) per_access: f64,
    pub(crate) forced_writes_per_batch: f64,
    pub(crate) accesses_per_batch: f64,
}

/// With fewer seats than this, what the server needs whatever their number is most of its memory.
const SEATS_TELLING: u64 = 1_000_000;

/// Resident memory of the server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    pub(crate) ready_bytes: Option<u64>,
    pub(crate) loaded_bytes: Option<u64>,
    pub(crate) most_bytes: Option<u64>,
    /// The most, as if all of it were there for the seats; none where there are too few for that to say anything.
    pub(crate) most_bytes_per_million_seats: Option<u64>,
}

impl Memory {
    /// When it was ready, and after everything.
    pub(crate) fn of(seats: u64, ready: Counts, after: Counts) -> Self {
        let most_bytes = after.resident_bytes_max;
        Self {
            ready_bytes: ready.resident_bytes,
            loaded_bytes: after.resident_bytes,
            most_bytes,
            most_bytes_per_million_seats: most_bytes
                .filter(|_| seats >= SEATS_TELLING)
                .map(|bytes| bytes * 1_000_000 / seats.max(1)),
        }
    }
}
