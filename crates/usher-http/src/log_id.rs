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
/// Characters of the time in it.
const TIME_CHARACTERS: usize = 14;

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
        let low = |number: u16| u8::try_from(number % 100).unwrap_or(0);
        let pairs = [
            low(year / 100),
            low(year),
            local.month().unsigned_abs(),
            local.day().unsigned_abs(),
            local.hour().unsigned_abs(),
            local.minute().unsigned_abs(),
            local.second().unsigned_abs(),
        ];
        let mut text = [b'0'; CHARACTERS];
        let (time, chance) = text.split_at_mut(TIME_CHARACTERS);
        for (place, pair) in time.as_chunks_mut().0.iter_mut().zip(pairs) {
            *place = [digit(pair / 10), digit(pair % 10)];
        }
        for (place, byte) in chance.as_chunks_mut().0.iter_mut().zip(random) {
            *place = [digit(byte >> 4), digit(byte & 15)];
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and letters are always a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as it goes over the wire.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as a header's value.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

/// The digit of a number below 16, in upper case. It is worked out and not looked up, so that all digits of a name are worked out
/// at once.
fn digit(number: u8) -> u8 {
    let beyond_nine = if number > 9 { b'A' - b'9' - 1 } else { 0 };
    b'0' + number + beyond_nine
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
