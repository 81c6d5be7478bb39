//! One-time passwords that change with time (RFC 6238).
//!
//! A telephone and Usher share a key and the clock; every half minute ("step") gives another six digits. The form is the
//! one every authenticator app knows: HMAC-SHA1, six digits, thirty seconds. SHA-1's weakness is in finding collisions,
//! which an HMAC does not depend on (RFC 6234, section 1 of RFC 6238), while other hashes are silently ignored by some
//! widespread apps, which then show wrong digits.
//!
//! A step is good once (RFC 6238, section 5.2). This file only says which step a text of digits belongs to; that the step
//! is spent is the store's to remember.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// Bytes of a key: as many as the hash gives, as RFC 4226 (section 4, R6) recommends.
pub const ONE_TIME_KEY_BYTES: usize = 20;
/// Length of a step in seconds; apps assume it.
pub const STEP_SECONDS: i64 = 30;
/// Digits of a one-time password; apps assume it.
pub const DIGITS: usize = 6;
/// How many steps a telephone's clock may be off in either direction: one, as RFC 6238 (section 5.2) recommends.
const STEPS_OFF_MAX: i64 = 1;
/// Ten to the power of [`DIGITS`].
const MODULUS: u32 = 1_000_000;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The key a telephone and Usher share.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeKey([u8; ONE_TIME_KEY_BYTES]);

impl fmt::Debug for OneTimeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OneTimeKey")
    }
}

impl OneTimeKey {
    /// Takes random bytes as a key.
    #[must_use]
    pub fn new(random: [u8; ONE_TIME_KEY_BYTES]) -> Self {
        Self(random)
    }

    /// The key's bytes, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8; ONE_TIME_KEY_BYTES] {
        &self.0
    }

    /// The key as people type it and apps read it: base32 without padding (RFC 4648).
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(ONE_TIME_KEY_BYTES * 8 / 5);
        for five in self.0.chunks(5) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for shift in (0..8).rev() {
                let index = usize::from(u8::try_from(bits >> (shift * 5) & 31).unwrap_or(0));
                text.push(BASE32.get(index).map_or('A', |letter| char::from(*letter)));
            }
        }
        text
    }

    /// The address that brings the key into an app. `issuer` and `account` are for people, and percent-encoded by the
    /// caller.
    #[must_use]
    pub fn address(&self, issuer: &str, account: &str) -> String {
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            self.text()
        )
    }

    /// The digits of a step.
    #[must_use]
    pub fn digits(&self, step: i64) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("any length fits");
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(digest.last().copied().unwrap_or(0) & 15);
        let four = digest.iter().skip(offset).take(4);
        let number = four.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
        format!("{:0width$}", number % MODULUS, width = DIGITS)
    }

    /// The step the offered digits belong to, around `now_ms`; none when they belong to none. Every step is looked at
    /// and compared in constant time. The nearest future first, so that spending it spends the others too.
    #[must_use]
    pub fn step_of(&self, offered: &str, now_ms: i64) -> Option<i64> {
        let now = now_ms.div_euclid(STEP_SECONDS * 1_000);
        let mut found = None;
        for step in (now - STEPS_OFF_MAX)..=(now + STEPS_OFF_MAX) {
            let same: bool = self.digits(step).as_bytes().ct_eq(offered.as_bytes()).into();
            if same {
                found = Some(step);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> OneTimeKey {
        OneTimeKey::new(*b"12345678901234567890")
    }

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        // The last six of the eight digits in appendix B.
        for (seconds, digits) in [
            (59_i64, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(key().digits(seconds / STEP_SECONDS), digits, "{seconds}");
        }
    }

    #[test]
    fn the_key_is_written_in_base32() {
        assert_eq!(key().text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{:?}", key()), "OneTimeKey");
        assert_eq!(
            key().address("Usher", "alice"),
            "otpauth://totp/Usher:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Usher&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let now_ms = 1_111_111_111_000;
        let now = now_ms / 30_000;
        for (step, known) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let digits = key().digits(now + step);
            assert_eq!(
                key().step_of(&digits, now_ms),
                known.then_some(now + step),
                "{step}"
            );
        }
        for nonsense in ["", "1", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(key().step_of(nonsense, now_ms), None, "{nonsense}");
        }
    }
}
