//! Time, read here and nowhere else.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::ClockId;

/// The clock that nobody sets and that goes on while the machine sleeps.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
/// Elsewhere this one goes on too.
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl SystemClock {
    /// Milliseconds since 1970 in UTC; 0 on a machine whose clock stands before that.
    #[expect(clippy::disallowed_methods, reason = "this is the edge that reads the clock")]
    pub(crate) fn now_ms(self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }
}

impl usher_http::Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        (*self).now_ms()
    }

    fn steady_ms(&self) -> i64 {
        let since_start = rustix::time::clock_gettime(STEADY);
        since_start.tv_sec * 1_000 + since_start.tv_nsec / 1_000_000
    }
}

/// How long something takes, by a clock that does not step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "this is the edge that measures time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the beginning.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
