//! The newest admitted access of a (tenant, seat type, user, app).
//!
//! Keeping only a maximum is what makes the rest simple: accesses commute, so batches, instances, replays and
//! imports may apply them in any order and any number of times and reach the same ledger.

use jiff::Timestamp;

/// Largest access time in milliseconds: the largest 13-digit number, which is what clients accept
/// (feishu-open-platform.md, section 8).
pub const ACCESS_TIME_MS_MAX: i64 = 9_999_999_999_999;

/// The `active_time` after an admitted access: the larger of the old one and the access's own time.
#[must_use]
pub fn newest(old_ms: Option<i64>, access_ms: i64) -> i64 {
    old_ms.map_or(access_ms, |old_ms| old_ms.max(access_ms))
}

/// Why a text is not the time of a past access. The message is fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessTimeError {
    /// Neither a whole number of milliseconds in range nor a moment.
    #[error(
        "time_ms must be a whole number of milliseconds from 1 to 9999999999999, or a moment such as 2026-11-22T08:00:00Z"
    )]
    Malformed,
    /// Later than now: it cannot have happened.
    #[error("time_ms lies in the future")]
    Future,
}

/// Reads the time of a past access: milliseconds since 1970 in decimal digits, `1 ..= ACCESS_TIME_MS_MAX`, or a moment of
/// RFC 3339 with its zone, of which what is finer than a millisecond is left out; not after `now_ms`.
///
/// # Errors
/// [`AccessTimeError`] says which of these it is not.
pub fn parse_access_time(text: &str, now_ms: i64) -> Result<i64, AccessTimeError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time_ms = if is_number {
        text.parse().ok()
    } else {
        // A moment of a spreadsheet names its zone, or nobody knows which moment it is.
        text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    };
    match time_ms {
        Some(time_ms) if !(1..=ACCESS_TIME_MS_MAX).contains(&time_ms) => Err(AccessTimeError::Malformed),
        Some(time_ms) if time_ms > now_ms => Err(AccessTimeError::Future),
        Some(time_ms) => Ok(time_ms),
        None => Err(AccessTimeError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_time_never_goes_back() {
        assert_eq!(newest(None, 5), 5);
        assert_eq!(newest(Some(9), 5), 9);
        assert_eq!(newest(Some(5), 9), 9);
    }

    #[test]
    fn past_times_are_digits_or_moments_not_after_now() {
        assert_eq!(
            parse_access_time("1393974978000", 1_500_000_000_000),
            Ok(1_393_974_978_000)
        );
        assert_eq!(
            parse_access_time("1393974978000", 1_393_974_978_000),
            Ok(1_393_974_978_000)
        );
        assert_eq!(
            parse_access_time("1393974978001", 1_393_974_978_000),
            Err(AccessTimeError::Future)
        );
        for text in [
            "2014-03-04T23:16:18Z",
            "2014-03-05T07:16:18+08:00",
            "2014-03-05 07:16:18.0009+08:00",
        ] {
            assert_eq!(parse_access_time(text, i64::MAX), Ok(1_393_974_978_000), "{text}");
            assert_eq!(
                parse_access_time(text, 1_393_974_977_999),
                Err(AccessTimeError::Future)
            );
        }
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.5",
            " 1",
            "10000000000000",
            "99999999999999999999",
            "time_ms",
            "2014-03-04",
            "2014-03-04T23:16:18",
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2286-11-20T17:46:40Z",
        ] {
            assert_eq!(
                parse_access_time(text, i64::MAX),
                Err(AccessTimeError::Malformed),
                "{text:?}"
            );
        }
    }
}
