//! What a cell says.
//!
//! Each function takes a cell without its mark and without white space around it
//! ([`plain_cell`](usher_seats::spreadsheet::plain_cell)), and gives what it says or nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use usher_seats::{ACCESS_TIME_MS_MAX, Day, SeatType, TimeZoneName};

/// Digits of a time in milliseconds from 2001 to 2286; anything shorter could be a day or a serial number.
const MILLISECOND_DIGITS: usize = 13;

/// A moment as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrittenMoment {
    /// In milliseconds.
    At(i64),
    /// A day where the organisation is.
    Day(Day),
}

impl WrittenMoment {
    /// The moment; a day begins then, in milliseconds.
    #[must_use]
    pub fn begin_ms(self, zone: &TimeZoneName) -> i64 {
        match self {
            Self::At(at_ms) => at_ms,
            Self::Day(day) => day.begins_ms(zone),
        }
    }

    /// The first moment after it: who writes that a seat ends on a day means that the day is still good.
    #[must_use]
    pub fn end_ms(self, zone: &TimeZoneName) -> i64 {
        match self {
            Self::At(at_ms) => at_ms,
            Self::Day(day) => day.plus(1).begins_ms(zone),
        }
    }
}

/// An end as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrittenEnd {
    /// There is none.
    Never,
    /// Then.
    After(WrittenMoment),
}

/// True for what people write into a cell that they leave empty.
#[must_use]
pub fn is_nothing(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "" | "-" | "--" | "—" | "/" | "n/a" | "none" | "null" | "无" | "空"
    )
}

/// A day or a time.
#[must_use]
pub fn moment(text: &str) -> Option<WrittenMoment> {
    if text.len() == MILLISECOND_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().and_then(at);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return at(moment.as_millisecond());
    }
    let date = ["0:00", "00:00", "0:00:00", "00:00:00"]
        .into_iter()
        .find_map(|midnight| text.strip_suffix(midnight)?.strip_suffix(' '))
        .unwrap_or(text);
    day(date).map(WrittenMoment::Day)
}

fn at(at_ms: i64) -> Option<WrittenMoment> {
    (1..=ACCESS_TIME_MS_MAX)
        .contains(&at_ms)
        .then_some(WrittenMoment::At(at_ms))
}

/// A date that begins with its year, which is the only order with one reading.
fn day(text: &str) -> Option<Day> {
    let text = text.strip_suffix('日').unwrap_or(text);
    let mut parts = text.split(['-', '/', '.', '年', '月']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || ![year, month, day].into_iter().all(digits) {
        return None;
    }
    format!("{year}-{month:0>2}-{day:0>2}").parse().ok()
}

/// An end, or that there is none.
#[must_use]
pub fn end(text: &str) -> Option<WrittenEnd> {
    if matches!(
        text.to_lowercase().as_str(),
        "never" | "unlimited" | "permanent" | "永久" | "长期" | "不限" | "永不"
    ) {
        return Some(WrittenEnd::Never);
    }
    moment(text).map(WrittenEnd::After)
}

/// A kind of seat.
#[must_use]
pub fn seat_type(text: &str) -> Option<SeatType> {
    match compared(text).as_str() {
        "peruser" | "platform" | "platformseat" | "平台" | "平台席位" | "全平台" => {
            Some(SeatType::PerUser)
        }
        "peruserperapp" | "app" | "appseat" | "application" | "应用" | "应用席位" | "单应用" => {
            Some(SeatType::PerUserPerApp)
        }
        _ => None,
    }
}

/// Yes or no.
#[must_use]
pub fn flag(text: &str) -> Option<bool> {
    match compared(text).as_str() {
        "yes" | "y" | "true" | "1" | "on" | "enabled" | "active" | "是" | "启用" | "有" | "在职" | "√" => {
            Some(true)
        }
        "no" | "n" | "false" | "0" | "off" | "disabled" | "inactive" | "否" | "停用" | "禁用" | "离职"
        | "×" => Some(false),
        _ => None,
    }
}

/// Whether a seat is in use.
#[must_use]
pub fn in_use(text: &str) -> Option<bool> {
    match compared(text).as_str() {
        "inuse" | "active" | "assigned" | "held" | "在用" | "使用中" | "已分配" | "有效" => {
            Some(true)
        }
        "released" | "expired" | "inactive" | "已释放" | "释放" | "已回收" | "已过期" | "过期" => {
            Some(false)
        }
        _ => None,
    }
}

/// Whether only groups give a seat.
#[must_use]
pub fn given_by_group(text: &str) -> Option<bool> {
    match compared(text).as_str() {
        "hand" | "manual" | "手工" | "手动" => Some(false),
        "group" | "用户组" | "部门" => Some(true),
        _ => None,
    }
}

/// How many were bought; the inner none is without limit.
#[must_use]
pub fn bought(text: &str) -> Option<Option<u64>> {
    if matches!(
        compared(text).as_str(),
        "unlimited" | "nolimit" | "不限" | "无限" | "无限制"
    ) {
        return Some(None);
    }
    let digits = text.strip_suffix(".0").unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| digits.parse().ok()).flatten()?;
    (number <= usher_seats::pool::POOL_SEATS_MAX).then_some(Some(number))
}

/// True for a number that a spreadsheet has shortened, so that nobody knows it any more.
#[must_use]
pub fn is_shortened(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or_default();
    let digits = digits.bytes().filter(|byte| *byte != b'.');
    let mut all = digits.chain(exponent.bytes());
    !exponent.is_empty() && all.all(|byte| byte.is_ascii_digit())
}

fn compared(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZoneName {
        name.parse().unwrap()
    }

    #[test]
    fn a_date_is_a_whole_day_where_the_organisation_is() {
        for text in [
            "2026-11-22",
            "2026/11/22",
            "2026.11.22",
            "2026年11月22日",
            "2026/11/22 0:00",
        ] {
            let Some(written) = moment(text) else {
                panic!("{text}")
            };
            assert_eq!(
                written.begin_ms(&zone("Asia/Shanghai")),
                1_795_276_800_000,
                "{text}"
            );
            assert_eq!(
                written.end_ms(&zone("Asia/Shanghai")),
                1_795_363_200_000,
                "{text}"
            );
        }
        let Some(short) = moment("2026/3/9") else {
            panic!("short")
        };
        assert_eq!(short, WrittenMoment::Day("2026-03-09".parse().unwrap()));
        let Some(summer) = moment("2026-03-29") else {
            panic!("summer")
        };
        let berlin = zone("Europe/Berlin");
        assert_eq!(summer.end_ms(&berlin) - summer.begin_ms(&berlin), 23 * 3_600_000);
    }

    #[test]
    fn a_time_is_the_same_everywhere() {
        for text in [
            "1795276800000",
            "2026-11-21T16:00:00Z",
            "2026-11-22T00:00:00+08:00",
        ] {
            assert_eq!(moment(text), Some(WrittenMoment::At(1_795_276_800_000)), "{text}");
        }
    }

    #[test]
    fn what_has_two_readings_or_none_is_refused() {
        for text in [
            "",
            "22-11-2026",
            "11/22/2026",
            "2026-02-30",
            "46348",
            "2026-11",
            "2026-11-22-1",
            "tomorrow",
            "2026-11-22 08:00",
            "٢٠٢٦-11-22",
            "0000000000000",
        ] {
            assert_eq!(moment(text), None, "{text:?}");
        }
    }

    #[test]
    fn words_of_both_languages_are_understood() {
        assert_eq!(seat_type("Platform seat"), Some(SeatType::PerUser));
        assert_eq!(seat_type("平台席位"), Some(SeatType::PerUser));
        assert_eq!(seat_type("应用席位"), Some(SeatType::PerUserPerApp));
        assert_eq!(seat_type("per_user_per_app"), Some(SeatType::PerUserPerApp));
        assert_eq!(seat_type("gold"), None);
        assert_eq!(
            (flag("是"), flag("No"), flag("maybe")),
            (Some(true), Some(false), None)
        );
        assert_eq!((in_use("在用"), in_use("released")), (Some(true), Some(false)));
        assert_eq!(end("永久"), Some(WrittenEnd::Never));
        assert_eq!(
            (bought("50"), bought("不限"), bought("-1")),
            (Some(Some(50)), Some(None), None)
        );
    }

    #[test]
    fn a_shortened_number_is_seen() {
        for text in ["1.80371E+15", "1E+15", "1.8e+15"] {
            assert!(is_shortened(text), "{text}");
        }
        for text in [
            "E+1x",
            "1803710089388154",
            "a1e5",
            "1e5",
            "E",
            "e+",
            "li.lei@example.com",
        ] {
            assert!(!is_shortened(text), "{text}");
        }
    }
}
