//! Slows down whoever guesses passwords.
//!
//! Two things are in tension: a guesser must come to nothing, and the person whose account is guessed at must not be
//! locked out for good. So nothing is ever locked. The first failures cost nothing, each further one doubles the time
//! until the next attempt is looked at, up to a few minutes, and an hour without a failure forgives everything.
//!
//! Failures are counted per account (many addresses guess one password) and per address (one address guesses at many
//! accounts). An account is what was typed, whether or not there is such a person, so that being slowed tells nothing.
//! An attempt is charged *before* it is judged and forgiven when it was good: a hundred attempts sent at once are a
//! hundred charges, not one.
//!
//! Nobody waits in here. An attempt that comes too early is answered at once with the time to wait; no password is
//! hashed and no task sleeps, so slowing costs an attacker time and the server none.
//!
//! Memory is bounded: when a map is full, what is forgiven goes first, then whoever failed least. Counts are of one
//! process and gone after a restart; a guesser cannot make us restart.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Failures of an account that cost nothing: a person who mistypes a new password a few times notices nothing.
pub const ACCOUNT_FAILURES_FREE: u32 = 5;
/// Failures of an address that cost nothing: an office behind one address mistypes more often.
pub const ADDRESS_FAILURES_FREE: u32 = 20;
/// The first delay, in milliseconds; each further failure doubles it.
pub const DELAY_MS_FIRST: i64 = 1_000;
/// The longest delay, in milliseconds: some 300 guesses a day, hopeless against 15 characters and a million one-time
/// passwords of half a minute each; and a person shut out by a guesser gets in within five minutes of trying.
pub const DELAY_MS_MAX: i64 = 5 * 60 * 1_000;
/// After this time without a failure everything is forgiven, in milliseconds.
pub const FORGIVEN_AFTER_MS: i64 = 60 * 60 * 1_000;
/// Most accounts and most addresses remembered, each: a megabyte or two.
pub const ENTRIES_MAX: usize = 10_000;

/// What was typed as an account, as a keyed hash, so that memory holds no names.
pub type AccountKey = [u8; 32];

/// An address as it is counted: an IPv6 subscriber has a whole /64 to draw addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(u64);

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            // The block ::/64 belongs to nobody but this machine, so the two never meet.
            IpAddr::V4(address) => u64::from(u32::from(address)),
            IpAddr::V6(address) => u64::try_from(u128::from(address) >> 64).unwrap_or(0),
        })
    }
}

/// The attempt comes too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooEarly {
    /// Until the next attempt is looked at, in milliseconds; more than 0.
    pub wait_ms: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last_ms: i64,
    next_ms: i64,
}

impl Failures {
    /// How long to wait at `now_ms`. A wait longer than any delay means that the clock stepped back; it is not believed.
    fn wait_ms(&self, now_ms: i64) -> i64 {
        let wait_ms = self.next_ms.saturating_sub(now_ms);
        if wait_ms > DELAY_MS_MAX { 0 } else { wait_ms.max(0) }
    }

    fn is_forgiven(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.last_ms) > FORGIVEN_AFTER_MS
    }

    fn charge(&mut self, free: u32, now_ms: i64) {
        if self.is_forgiven(now_ms) {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.last_ms = now_ms;
        self.next_ms = now_ms.saturating_add(delay_ms(self.count, free));
    }
}

/// The delay after the `count`th failure in a row.
fn delay_ms(count: u32, free: u32) -> i64 {
    let Some(doublings) = count.checked_sub(free) else {
        return 0;
    };
    DELAY_MS_FIRST
        .checked_shl(doublings.min(30))
        .unwrap_or(DELAY_MS_MAX)
        .min(DELAY_MS_MAX)
}

#[derive(Debug, Default)]
struct Counted {
    accounts: HashMap<AccountKey, Failures>,
    addresses: HashMap<AddressKey, Failures>,
}

/// Counts attempts.
#[derive(Debug, Default)]
pub struct Slowing {
    /// A std mutex: held for two look-ups, never across an await.
    counted: Mutex<Counted>,
}

impl Slowing {
    /// Charges an attempt at `now_ms`, before it is judged.
    ///
    /// # Errors
    /// [`TooEarly`] when the account or the address has to wait; nothing is charged then.
    pub fn begin(&self, account: AccountKey, address: AddressKey, now_ms: i64) -> Result<(), TooEarly> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let account_wait = counted
            .accounts
            .get(&account)
            .map_or(0, |known| known.wait_ms(now_ms));
        let address_wait = counted
            .addresses
            .get(&address)
            .map_or(0, |known| known.wait_ms(now_ms));
        let wait_ms = account_wait.max(address_wait);
        if wait_ms > 0 {
            return Err(TooEarly { wait_ms });
        }
        entry(&mut counted.accounts, account, now_ms).charge(ACCOUNT_FAILURES_FREE, now_ms);
        entry(&mut counted.addresses, address, now_ms).charge(ADDRESS_FAILURES_FREE, now_ms);
        Ok(())
    }

    /// The attempt was good to the end: the account is forgiven everything, the address this one charge.
    pub fn forgive(&self, account: &AccountKey, address: AddressKey, now_ms: i64) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.accounts.remove(account);
        if let Some(failures) = counted.addresses.get_mut(&address) {
            failures.count = failures.count.saturating_sub(1);
            failures.next_ms = now_ms;
        }
    }
}

/// The entry of a key, with room made for it.
fn entry<Key: Eq + Hash + Copy>(map: &mut HashMap<Key, Failures>, key: Key, now_ms: i64) -> &mut Failures {
    if map.len() >= ENTRIES_MAX && !map.contains_key(&key) {
        make_room(map, now_ms);
    }
    map.entry(key).or_default()
}

/// Drops what is forgiven; if that is not enough, the half that failed least and longest ago.
fn make_room<Key: Eq + Hash + Copy>(map: &mut HashMap<Key, Failures>, now_ms: i64) {
    map.retain(|_, failures| !failures.is_forgiven(now_ms));
    if map.len() < ENTRIES_MAX {
        return;
    }
    let mut by_failures: Vec<(u32, i64, Key)> = map
        .iter()
        .map(|(key, failures)| (failures.count, failures.last_ms, *key))
        .collect();
    by_failures.sort_unstable_by_key(|(count, last_ms, _)| (*count, *last_ms));
    for (_, _, key) in by_failures.iter().take(ENTRIES_MAX / 2) {
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: AddressKey = AddressKey(1);

    fn account(number: u32) -> AccountKey {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        key
    }

    fn address(number: u64) -> AddressKey {
        AddressKey(1_000 + number)
    }

    #[test]
    fn an_account_is_slowed_wherever_the_guesses_come_from() {
        let slowing = Slowing::default();
        for attempt in 0..u64::from(ACCOUNT_FAILURES_FREE) {
            assert_eq!(slowing.begin(account(1), address(attempt), 0), Ok(()));
        }
        let mut now_ms = 0;
        for expected_ms in [
            1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
        ] {
            assert_eq!(
                slowing.begin(account(1), address(99), now_ms),
                Err(TooEarly { wait_ms: expected_ms })
            );
            now_ms += expected_ms;
            assert_eq!(slowing.begin(account(1), address(99), now_ms), Ok(()));
        }
        assert_eq!(
            slowing.begin(account(2), HERE, now_ms),
            Ok(()),
            "others are not slowed"
        );
    }

    #[test]
    fn an_address_is_slowed_whomever_it_guesses_at() {
        let slowing = Slowing::default();
        for attempt in 0..ADDRESS_FAILURES_FREE {
            assert_eq!(slowing.begin(account(attempt), HERE, 0), Ok(()));
        }
        assert_eq!(
            slowing.begin(account(999), HERE, 0),
            Err(TooEarly {
                wait_ms: DELAY_MS_FIRST
            })
        );
        assert_eq!(slowing.begin(account(999), address(2), 0), Ok(()));
    }

    #[test]
    fn success_forgives_the_account_and_charges_the_address_nothing() {
        let slowing = Slowing::default();
        for _ in 0..100 {
            assert_eq!(slowing.begin(account(1), HERE, 0), Ok(()));
            slowing.forgive(&account(1), HERE, 0);
        }
        for _ in 0..ACCOUNT_FAILURES_FREE {
            assert_eq!(slowing.begin(account(1), HERE, 0), Ok(()));
        }
        assert!(slowing.begin(account(1), HERE, 0).is_err());
    }

    #[test]
    fn an_hour_of_quiet_forgives_and_a_clock_set_back_locks_nobody_out() {
        let slowing = Slowing::default();
        for _ in 0..ACCOUNT_FAILURES_FREE {
            slowing.begin(account(1), HERE, 0).unwrap();
        }
        assert_eq!(slowing.begin(account(1), HERE, FORGIVEN_AFTER_MS + 1), Ok(()));
        assert_eq!(slowing.begin(account(1), HERE, FORGIVEN_AFTER_MS + 1), Ok(()));
        let slowing = Slowing::default();
        for _ in 0..ACCOUNT_FAILURES_FREE {
            slowing.begin(account(1), HERE, DELAY_MS_MAX * 10).unwrap();
        }
        assert_eq!(slowing.begin(account(1), HERE, 0), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_does_not_free_the_one_guessed_at() {
        let slowing = Slowing::default();
        for attempt in 0..u64::from(ACCOUNT_FAILURES_FREE) {
            slowing.begin(account(u32::MAX), address(attempt), 0).unwrap();
        }
        for number in 0..u32::try_from(ENTRIES_MAX * 2).unwrap() {
            slowing
                .begin(account(number), address(u64::from(number)), 1)
                .unwrap();
        }
        let counted = slowing.counted.lock().unwrap();
        assert!(counted.accounts.len() <= ENTRIES_MAX && counted.addresses.len() <= ENTRIES_MAX);
        assert_eq!(counted.accounts[&account(u32::MAX)].count, ACCOUNT_FAILURES_FREE);
    }

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let key = |text: &str| AddressKey::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
