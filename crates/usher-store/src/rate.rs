//! How many calls pass: fixed windows of a second and of a minute.
//!
//! Counts are kept per (API, client, tenant), as Feishu counts them, so a store client has a budget of its own in each
//! tenant (DESIGN section 5). A fixed window lets up to twice the limit pass around a boundary, which is what the `reset`
//! header promises anyway; a sliding one would have to remember every call.
//!
//! An engine of one process counts in memory, with [`RateLimiter`]. Only the present second and the present minute are
//! remembered there. When one changes its whole map is emptied, so nothing has to be swept, and a named limit bounds how many
//! keys one may bring. An engine of many instances counts where all of them meet. Only calls with a good token or a good secret
//! come this far.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use usher_seats::{ClientId, TenantId};

/// Whether a call passed.
pub type Counted = Result<(), RateExceeded>;

/// Most (API, client, tenant) keys in one window. More than this server could answer in a second, and more clients than
/// anybody has in a minute; it is there so that memory has a bound that does not depend on speed (about 6 MB each).
pub const WINDOW_KEYS_MAX: usize = 65_536;
/// The shorter window, in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// The longer one.
pub const MINUTE_MS: i64 = 60_000;

/// How many calls pass in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// In one second.
    pub per_second: u32,
    /// In one minute, where that is limited too.
    pub per_minute: Option<u32>,
}

impl RateLimit {
    /// So many in a second, and no other limit.
    #[must_use]
    pub const fn a_second(calls: u32) -> Self {
        Self {
            per_second: calls,
            per_minute: None,
        }
    }
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RateKey {
    /// Which call.
    pub api: &'static str,
    /// Who calls.
    pub client_id: ClientId,
    /// For whom.
    pub tenant_id: TenantId,
}

/// More calls in a window than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {limit} calls; the window ends in {reset_seconds} s")]
pub struct RateExceeded {
    /// Calls allowed in the window.
    pub limit: u32,
    /// Until it ends, in whole seconds; at least 1.
    pub reset_seconds: i64,
}

impl RateExceeded {
    /// A window of `length_ms` is used up at `now_ms`.
    #[must_use]
    pub fn at(limit: u32, length_ms: i64, now_ms: i64) -> Self {
        let left_ms = length_ms - now_ms.rem_euclid(length_ms);
        Self {
            limit,
            reset_seconds: (left_ms + SECOND_MS - 1) / SECOND_MS,
        }
    }
}

#[derive(Debug)]
struct Window {
    length_ms: i64,
    /// Which one; another one, earlier or later, begins anew.
    number: i64,
    calls: HashMap<RateKey, u32>,
}

impl Window {
    fn new(length_ms: i64) -> Self {
        Self {
            length_ms,
            number: 0,
            calls: HashMap::new(),
        }
    }

    /// Whether one more call fits at `now_ms`; counts nothing.
    fn room(&mut self, key: &RateKey, limit: u32, now_ms: i64) -> Counted {
        let number = now_ms.div_euclid(self.length_ms);
        if self.number != number {
            self.number = number;
            self.calls.clear();
        }
        let calls = self.calls.get(key).copied();
        let full = calls.is_none() && self.calls.len() >= WINDOW_KEYS_MAX;
        if !full && calls.unwrap_or_default() < limit {
            return Ok(());
        }
        Err(RateExceeded::at(limit, self.length_ms, now_ms))
    }

    fn count(&mut self, key: RateKey) {
        *self.calls.entry(key).or_default() += 1;
    }
}

#[derive(Debug)]
struct Windows {
    second: Window,
    minute: Window,
}

/// Counts calls in the present second and minute.
#[derive(Debug)]
pub struct RateLimiter {
    /// A std mutex, because it is held for a few look-ups and never across an await.
    windows: Mutex<Windows>,
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self {
            windows: Mutex::new(Windows {
                second: Window::new(SECOND_MS),
                minute: Window::new(MINUTE_MS),
            }),
        }
    }
}

impl RateLimiter {
    /// Counts one call at `now_ms`, if it fits into every window of `limit`. A refused call does not count.
    ///
    /// # Errors
    /// [`RateExceeded`] when a window is used up; the longer one is named first, since its end is what to wait for.
    pub fn pass(&self, key: RateKey, limit: RateLimit, now_ms: i64) -> Counted {
        // The maps are whole after a panic elsewhere: they are changed by one call at a time.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(per_minute) = limit.per_minute {
            windows.minute.room(&key, per_minute, now_ms)?;
        }
        windows.second.room(&key, limit.per_second, now_ms)?;
        if limit.per_minute.is_some() {
            windows.minute.count(key.clone());
        }
        windows.second.count(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: RateLimit = RateLimit::a_second(10);
    const ONE: RateLimit = RateLimit::a_second(1);
    const LEVEL_4: RateLimit = RateLimit {
        per_second: 50,
        per_minute: Some(1_000),
    };

    fn over(limit: u32) -> RateExceeded {
        RateExceeded {
            limit,
            reset_seconds: 1,
        }
    }

    fn key(api: &'static str, client: &str, tenant: i64) -> RateKey {
        RateKey {
            api,
            client_id: client.parse().unwrap(),
            tenant_id: TenantId(tenant),
        }
    }

    #[test]
    fn the_limit_holds_per_api_client_and_tenant() {
        let limiter = RateLimiter::default();
        for key in [
            key("a", "cli_1", 1),
            key("b", "cli_1", 1),
            key("a", "cli_2", 1),
            key("a", "cli_1", 2),
        ] {
            for _ in 0..10 {
                assert_eq!(limiter.pass(key.clone(), TEN, 5_000), Ok(()), "{key:?}");
            }
            assert_eq!(limiter.pass(key.clone(), TEN, 5_999), Err(over(10)), "{key:?}");
        }
    }

    #[test]
    fn the_window_ends_with_the_second_and_refusals_do_not_count() {
        let limiter = RateLimiter::default();
        assert_eq!(limiter.pass(key("a", "cli_1", 1), ONE, 5_000), Ok(()));
        for _ in 0..100 {
            assert_eq!(limiter.pass(key("a", "cli_1", 1), ONE, 5_999), Err(over(1)));
        }
        assert_eq!(limiter.pass(key("a", "cli_1", 1), ONE, 6_000), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_begins_a_new_window() {
        let limiter = RateLimiter::default();
        assert_eq!(limiter.pass(key("a", "cli_1", 1), ONE, 5_000), Ok(()));
        assert_eq!(limiter.pass(key("a", "cli_1", 1), ONE, -5_000), Ok(()));
        assert_eq!(limiter.pass(key("a", "cli_1", 1), ONE, -4_001), Err(over(1)));
    }

    #[test]
    fn one_second_remembers_a_bounded_number_of_keys() {
        let limiter = RateLimiter::default();
        let tenants = i64::try_from(WINDOW_KEYS_MAX).unwrap();
        for tenant in 0..tenants {
            assert_eq!(limiter.pass(key("a", "cli_1", tenant), ONE, 5_000), Ok(()));
        }
        assert_eq!(limiter.pass(key("a", "cli_1", tenants), ONE, 5_000), Err(over(1)));
        assert_eq!(limiter.pass(key("a", "cli_1", tenants), ONE, 6_000), Ok(()));
        assert_eq!(limiter.windows.lock().unwrap().second.calls.len(), 1);
    }

    #[test]
    fn a_minute_may_be_used_up_while_its_seconds_are_not() {
        let limiter = RateLimiter::default();
        let call = |now_ms| limiter.pass(key("a", "cli_1", 1), LEVEL_4, now_ms);
        for second in 0..20 {
            for _ in 0..50 {
                assert_eq!(call(second * 1_000), Ok(()), "{second}");
            }
            let expected = if second == 19 { (1_000, 41) } else { (50, 1) };
            let refused = call(second * 1_000).unwrap_err();
            assert_eq!((refused.limit, refused.reset_seconds), expected, "{second}");
        }
        assert_eq!(call(59_999).unwrap_err().reset_seconds, 1);
        assert_eq!(call(60_000), Ok(()));
        // What has no limit by the minute does not use it up, and is not stopped by it.
        assert_eq!(limiter.pass(key("b", "cli_1", 1), TEN, 60_000), Ok(()));
    }
}
