//! Moments and durations as people write and read them.

use jiff::Timestamp;

/// A moment for a person, in UTC and to the second: logs, databases and servers elsewhere speak UTC too.
pub(crate) fn shown(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(
        |_| at_ms.to_string(),
        |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
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
    fn moments_are_shown_in_utc() {
        assert_eq!(shown(1_393_974_978_000), "2014-03-04 23:16:18 UTC");
        assert_eq!(shown(i64::MAX), i64::MAX.to_string());
    }
}
