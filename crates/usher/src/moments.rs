//! Moments and durations as people write and read them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A moment for a person, in UTC and to the second: logs, databases and servers elsewhere speak UTC too.
pub(crate) fn shown(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| at_ms.to_string(),
        |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// The date of a moment, in UTC.
pub(crate) fn date(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| at_ms.to_string(),
        |moment| moment.strftime("%Y-%m-%d").to_string(),
    )
}

/// A moment to the second as RFC 3339 writes it, for programs and spreadsheets.
pub(crate) fn exact(at_ms: i64) -> String {
    Timestamp::from_second(at_ms.div_euclid(1_000))
        .map_or_else(|_| at_ms.to_string(), |moment| moment.to_string())
}

/// Reads a moment: a date (its beginning in UTC), a moment with its offset from UTC such as 2026-12-31T08:00:00+08:00, or
/// milliseconds since 1970 in 11 to 13 digits. Gives milliseconds; none for anything else.
pub(crate) fn parse_moment_ms(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Fewer digits are a year, a day without its dashes or seconds; whoever means 1970 writes a date.
        return text.parse().ok().filter(|_| (11..=13).contains(&text.len()));
    }
    let date = text
        .parse::<Date>()
        .ok()
        .filter(|_| !text.contains(['T', 't', ' ']));
    match date {
        Some(date) => date
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|moment| moment.timestamp().as_millisecond()),
        None => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
    }
}

/// Reads a duration: a whole number and `s`, `m`, `h` or `d`. Gives milliseconds; none for anything else.
pub(crate) fn parse_duration_ms(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number = text.strip_suffix(unit)?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unit_ms: i64 = match unit {
        's' => 1_000,
        'm' => 60 * 1_000,
        'h' => 60 * 60 * 1_000,
        'd' => 24 * 60 * 60 * 1_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(parse_duration_ms("90s"), Some(90_000));
        assert_eq!(parse_duration_ms("15m"), Some(900_000));
        assert_eq!(parse_duration_ms("2h"), Some(7_200_000));
        assert_eq!(parse_duration_ms("30d"), Some(2_592_000_000));
        for text in [
            "",
            "h",
            "2",
            "-2h",
            "+2h",
            "2 h",
            "2.5h",
            "2w",
            "2小时",
            "9223372036854775807d",
        ] {
            assert_eq!(parse_duration_ms(text), None, "{text:?}");
        }
    }

    #[test]
    fn moments_are_dates_or_exact() {
        let day_ms = 1_767_225_600_000;
        assert_eq!(parse_moment_ms("2026-01-01"), Some(day_ms));
        assert_eq!(parse_moment_ms("2026-01-01T00:00:00Z"), Some(day_ms));
        assert_eq!(parse_moment_ms("2026-01-01T08:00:00+08:00"), Some(day_ms));
        assert_eq!(parse_moment_ms("1767225600000"), Some(day_ms));
        for text in [
            "",
            "2026",
            "20260101",
            "1767225600",
            "17672256000000",
            "2026-01-01T00:00:00",
            "2026-13-01",
            "tomorrow",
            "-1",
        ] {
            assert_eq!(parse_moment_ms(text), None, "{text:?}");
        }
    }

    #[test]
    fn moments_are_shown_in_utc() {
        assert_eq!(shown(1_393_974_978_000), "2014-03-04 23:16:18 UTC");
        assert_eq!(shown(i64::MAX), i64::MAX.to_string());
    }
}
