//! The name of one request.
//!
//! The same text stands in `X-Tt-Logid`, `X-Request-Id`, `error.log_id` and the log line, so that whoever has an answer
//! finds its line. The form is Feishu's: `yyyyMMddHHmmss` in UTC+8 and 20 upper-case hexadecimal digits, 34 characters
//! (feishu-open-platform.md, section 3.2).

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use axum::http::HeaderValue;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

/// Random bytes in a log id; two requests of one second share an id once in 2^80 pairs.
pub const LOG_ID_RANDOM_BYTES: usize = 10;
/// The time zone of Feishu's log ids, which support staff read as local time.
const OFFSET: Offset = Offset::constant(8);

/// The name of one request; an extension of every request inside [`crate::router()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogId(Arc<str>);

impl LogId {
    /// Makes the name of a request that came at `now_ms`. A time no calendar has shows as 1970.
    #[must_use]
    pub fn new(now_ms: i64, random: [u8; LOG_ID_RANDOM_BYTES]) -> Self {
        let moment = Timestamp::from_millisecond(now_ms.max(0)).unwrap_or_default();
        let local = moment.to_zoned(TimeZone::fixed(OFFSET));
        let mut text = String::with_capacity(34);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        );
        for byte in random {
            let _ = write!(text, "{byte:02X}");
        }
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a header's value.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
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
