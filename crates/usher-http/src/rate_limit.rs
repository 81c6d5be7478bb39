//! Fixed one-second windows.
//!
//! A window is one second of the clock, and counts are kept per (API, client, tenant), as Feishu counts them, so a store
//! client has a budget of its own in each tenant (DESIGN section 5). A fixed window lets up to twice the limit pass
//! around a boundary, which is what the `reset` header promises anyway; a sliding one would have to remember every call.
//!
//! Memory: only the present second is remembered. When the second changes the whole map is emptied, so nothing has to
//! be swept, and a named limit bounds how many keys one second may bring. Only calls with a good token come this far.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use usher_seats::{ClientId, TenantId};

/// Most (API, client, tenant) keys in one second. More than this server could answer in a second, so it refuses nobody
/// who would have been served; it is there so that memory has a bound that does not depend on speed (about 6 MB).
pub const WINDOW_KEYS_MAX: usize = 65_536;
/// The length of a window.
const WINDOW_MS: i64 = 1_000;

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

/// More calls in this second than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more calls in this second than allowed")]
pub struct RateExceeded;

#[derive(Debug, Default)]
struct Window {
    /// Which second; another one, earlier or later, begins anew.
    second: i64,
    calls: HashMap<RateKey, u32>,
}

/// Counts calls in the present second.
#[derive(Debug, Default)]
pub struct RateLimiter {
    /// A std mutex, because it is held for one look-up and never across an await.
    window: Mutex<Window>,
}

impl RateLimiter {
    /// Counts one call at `now_ms`; at most `limit` of a key pass in one second. A refused call does not count.
    ///
    /// # Errors
    /// [`RateExceeded`] when the window is used up.
    pub fn pass(&self, key: RateKey, limit: u32, now_ms: i64) -> Result<(), RateExceeded> {
        let second = now_ms.div_euclid(WINDOW_MS);
        // The map is whole after a panic elsewhere: it is changed by one call at a time.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.second != second {
            window.second = second;
            window.calls.clear();
        }
        if window.calls.len() >= WINDOW_KEYS_MAX && !window.calls.contains_key(&key) {
            return Err(RateExceeded);
        }
        let calls = window.calls.entry(key).or_default();
        if *calls >= limit {
            return Err(RateExceeded);
        }
        *calls += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                assert_eq!(limiter.pass(key.clone(), 10, 5_000), Ok(()), "{key:?}");
            }
            assert_eq!(limiter.pass(key.clone(), 10, 5_999), Err(RateExceeded), "{key:?}");
        }
    }

    #[test]
    fn the_window_ends_with_the_second_and_refusals_do_not_count() {
        let limiter = RateLimiter::default();
        assert_eq!(limiter.pass(key("a", "cli_1", 1), 1, 5_000), Ok(()));
        for _ in 0..100 {
            assert_eq!(limiter.pass(key("a", "cli_1", 1), 1, 5_999), Err(RateExceeded));
        }
        assert_eq!(limiter.pass(key("a", "cli_1", 1), 1, 6_000), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_begins_a_new_window() {
        let limiter = RateLimiter::default();
        assert_eq!(limiter.pass(key("a", "cli_1", 1), 1, 5_000), Ok(()));
        assert_eq!(limiter.pass(key("a", "cli_1", 1), 1, -5_000), Ok(()));
        assert_eq!(limiter.pass(key("a", "cli_1", 1), 1, -4_001), Err(RateExceeded));
    }

    #[test]
    fn one_second_remembers_a_bounded_number_of_keys() {
        let limiter = RateLimiter::default();
        let tenants = i64::try_from(WINDOW_KEYS_MAX).unwrap();
        for tenant in 0..tenants {
            assert_eq!(limiter.pass(key("a", "cli_1", tenant), 1, 5_000), Ok(()));
        }
        assert_eq!(
            limiter.pass(key("a", "cli_1", tenants), 1, 5_000),
            Err(RateExceeded)
        );
        assert_eq!(limiter.pass(key("a", "cli_1", tenants), 1, 6_000), Ok(()));
        assert_eq!(limiter.window.lock().unwrap().calls.len(), 1);
    }
}
