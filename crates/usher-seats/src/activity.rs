//! The newest admitted access of a (tenant, seat type, user, app).
//!
//! Keeping only a maximum is what makes the rest simple: accesses commute, so batches, instances, replays and
//! imports may apply them in any order and any number of times and reach the same ledger.

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
    /// Not a whole number of milliseconds in range.
    #[error("time_ms must be a whole number of milliseconds from 1 to 9999999999999")]
    Malformed,
    /// Later than now: it cannot have happened.
    #[error("time_ms lies in the future")]
    Future,
}

/// Reads the time of a past access: decimal digits, `1 ..= ACCESS_TIME_MS_MAX`, not after `now_ms`.
///
/// # Errors
/// [`AccessTimeError`] says which of these it is not.
pub fn parse_access_time(text: &str, now_ms: i64) -> Result<i64, AccessTimeError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AccessTimeError::Malformed);
    }
    match text.parse::<i64>() {
        Ok(time_ms) if !(1..=ACCESS_TIME_MS_MAX).contains(&time_ms) => Err(AccessTimeError::Malformed),
        Ok(time_ms) if time_ms > now_ms => Err(AccessTimeError::Future),
        Ok(time_ms) => Ok(time_ms),
        Err(_) => Err(AccessTimeError::Malformed),
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
    fn past_times_are_digits_not_after_now() {
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
            "",
            "0",
            "-1",
            "+1",
            "1.5",
            " 1",
            "10000000000000",
            "99999999999999999999",
            "time_ms",
        ] {
            assert_eq!(
                parse_access_time(text, i64::MAX),
                Err(AccessTimeError::Malformed),
                "{text:?}"
            );
        }
    }
}
