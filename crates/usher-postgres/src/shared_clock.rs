//! By whose clock instances agree.
//!
//! Clocks of machines differ by milliseconds when all is well and by minutes when it is not. If every instance counted calls in
//! seconds of its own clock, two of them would count the same moment in two windows and let twice the limit pass. The database
//! is the one place that all of them reach, so its clock is everybody's; it is read by the statement that uses it, which costs
//! nothing. The time until a window ends (`x-ogw-ratelimit-reset`) is a duration, and so is right by any clock.

/// By whose clock windows, leases and silences are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SharedClock {
    /// The database's.
    #[default]
    Database,
    /// The caller's: for tests that set the time by hand. Never for several instances.
    Caller,
}

impl SharedClock {
    /// What a statement is given in place of the database's time; none for that.
    pub(crate) fn given(self, now_ms: i64) -> Option<i64> {
        match self {
            Self::Database => None,
            Self::Caller => Some(now_ms),
        }
    }
}

/// The present in milliseconds within a statement: the parameter, or the moment at which the database received the statement,
/// which is the same throughout.
macro_rules! now_ms {
    ($parameter:literal) => {
        concat!(
            "coalesce(",
            $parameter,
            "::int8, floor(extract(epoch FROM statement_timestamp()) * 1000)::int8)"
        )
    };
}
pub(crate) use now_ms;
