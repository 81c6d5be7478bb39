//! Time, read here and nowhere else.

use std::time::{Duration, Instant};

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
    pub(crate) fn now_ms(self) -> i64 {
        milliseconds(ClockId::Realtime).max(0)
    }
}

/// What one of the system's clocks shows. Asked for as it is, because each access reads the clock several times.
fn milliseconds(clock: ClockId) -> i64 {
    let shown = rustix::time::clock_gettime(clock);
    shown
        .tv_sec
        .saturating_mul(1_000)
        .saturating_add(shown.tv_nsec / 1_000_000)
}

impl usher_http::Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        (*self).now_ms()
    }

    fn steady_ms(&self) -> i64 {
        milliseconds(STEADY)
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
