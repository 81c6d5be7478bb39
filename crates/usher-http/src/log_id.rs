//! The name of one request.
//!
//! The same text stands in `X-Tt-Logid`, `X-Request-Id`, `error.log_id` and the log line, so that whoever has an answer
//! finds its line. The form is Feishu's: `yyyyMMddHHmmss` in UTC+8 and 20 upper-case hexadecimal digits, 34 characters
//! (feishu-open-platform.md, section 3.2).

use std::fmt;

use axum::http::HeaderValue;
use jiff::{Timestamp, tz::Offset};

/// Random bytes in a log id; two requests of one second share an id once in 2^80 pairs.
pub const LOG_ID_RANDOM_BYTES: usize = 10;
/// The time zone of Feishu's log ids, which support staff read as local time.
const OFFSET: Offset = Offset::constant(8);

/// Characters of a log id.
const CHARACTERS: usize = 34;
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The name of one request; an extension of every request inside [`crate::router()`]. Kept in place: every request has one, and
/// most are forgotten at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogId([u8; CHARACTERS]);

impl LogId {
    /// Makes the name of a request that came at `now_ms`. A time no calendar has shows as 1970.
    #[must_use]
    pub fn new(now_ms: i64, random: [u8; LOG_ID_RANDOM_BYTES]) -> Self {
        let moment = Timestamp::from_millisecond(now_ms.max(0)).unwrap_or_default();
        let local = OFFSET.to_datetime(moment);
        let year = local.year().unsigned_abs();
        let pairs = [
            year / 100 % 100,
            year % 100,
            local.month().unsigned_abs().into(),
            local.day().unsigned_abs().into(),
            local.hour().unsigned_abs().into(),
            local.minute().unsigned_abs().into(),
            local.second().unsigned_abs().into(),
        ];
        let time = pairs.iter().flat_map(|pair| [pair / 10, pair % 10]);
        let chance = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut text = [b'0'; CHARACTERS];
        for (place, digit) in text.iter_mut().zip(time.chain(chance.map(u16::from))) {
            *place = DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0');
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and letters are always a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as a header's value.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_id_is_the_time_in_utc_8_and_20_hex_digits() {
        let random = [0x7E, 0xAC, 0x40, 0x14, 0x7A, 0x97, 0x8E, 0x68, 0x58, 0x7F];
        assert_eq!(
            LogId::new(1_763_023_435_999, random).as_str(),
            "202511131643557EAC40147A978E68587F"
        );
    }

    #[test]
    fn every_time_gives_34_characters() {
        for now_ms in [i64::MIN, -1, 0, 1, 1_700_000_000_000, 9_999_999_999_999, i64::MAX] {
            let log_id = LogId::new(now_ms, [255; LOG_ID_RANDOM_BYTES]);
            assert_eq!(log_id.as_str().len(), 34, "{now_ms}: {log_id}");
            assert_eq!(log_id.header_value(), log_id.as_str());
        }
    }
}
