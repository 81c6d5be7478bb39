//! Days as the people of an organisation count them.
//!
//! A day is a date of the calendar in the organisation's time zone, kept as the number of days since 1970-01-01. Which
//! day a moment falls into depends on the zone, and in most zones on the season; [`Calendar`] answers that, together with
//! how long the answer stays the same, so that whoever asks often need not ask often.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{identifiers::IdentifierError, time_zone::TimeZoneName};

/// A day in milliseconds. Days are longer or shorter where clocks are changed; no rule here counts with their length.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The only length of a date in text: `YYYY-MM-DD`.
const DATE_BYTES: usize = 10;
/// The day 1970-01-01 was a Thursday, three days after a Monday.
const DAYS_SINCE_MONDAY: i32 = 3;
/// Days of a week.
const WEEK_DAYS: i32 = 7;

/// A date, as the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// What the edge says when a day is refused.
    pub const ALLOWED: &'static str = "a date such as 2026-11-22";

    /// 1970-01-01.
    pub const EPOCH: Self = Self(0);

    /// The day with this number.
    #[must_use]
    pub fn new(number: i32) -> Self {
        Self(number)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The day of a moment in UTC.
    #[must_use]
    pub fn in_utc(time_ms: i64) -> Self {
        let days = time_ms.div_euclid(DAY_MS);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The day of a moment where a time zone holds.
    #[must_use]
    pub fn in_zone(time_ms: i64, zone: &TimeZone) -> Self {
        Self::in_utc(time_ms.saturating_add(offset_ms(zone, timestamp(time_ms))))
    }

    /// The day this many days later, or earlier when negative.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Its first moment where a time zone holds, in milliseconds.
    #[must_use]
    pub fn begins_ms(self, zone: &TimeZoneName) -> i64 {
        let begin = self.date().to_zoned(zone.zone().clone());
        begin.map_or_else(
            |_| i64::from(self.0) * DAY_MS,
            |begin| begin.timestamp().as_millisecond(),
        )
    }

    /// The Monday of its week.
    #[must_use]
    pub fn first_of_week(self) -> Self {
        let since_monday = self.0.saturating_add(DAYS_SINCE_MONDAY).rem_euclid(WEEK_DAYS);
        self.plus(-since_monday)
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self::of(self.date().first_of_month())
    }

    /// The last day of its month.
    #[must_use]
    pub fn last_of_month(self) -> Self {
        Self::of(self.date().last_of_month())
    }

    /// Every day from this one to `last`, both included.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// The date; the nearest that the calendar has for a number beyond it.
    fn date(self) -> Date {
        let epoch = Date::constant(1970, 1, 1);
        epoch.saturating_add(jiff::Span::new().days(self.0.clamp(-4_000_000, 2_900_000)))
    }

    fn of(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        Self(
            epoch
                .duration_until(date)
                .as_hours()
                .try_into()
                .map_or(i32::MAX, |hours: i32| hours / 24),
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(formatter)
    }
}

impl FromStr for Day {
    type Err = IdentifierError;

    /// `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let date = Some(text)
            .filter(|text| {
                text.len() == DATE_BYTES && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
            })
            .and_then(|text| text.parse::<Date>().ok())
            .filter(|date| date.strftime("%Y-%m-%d").to_string() == text);
        date.map(Self::of).ok_or(IdentifierError {
            field: "day",
            allowed: Self::ALLOWED,
        })
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// A day, and a stretch of time that lies wholly in it. The stretch need not be the whole day: it ends where clocks are
/// changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDay {
    /// The day.
    pub day: Day,
    /// First moment of the stretch, in milliseconds.
    pub from_ms: i64,
    /// First moment after it, in milliseconds.
    pub until_ms: i64,
}

impl LocalDay {
    /// True when a moment is known to be in this day. False says nothing.
    #[must_use]
    pub fn surely_has(&self, time_ms: i64) -> bool {
        self.from_ms <= time_ms && time_ms < self.until_ms
    }
}

/// The days of a time zone, for whoever asks often: the zone's rules are read again only beyond a change of clocks.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// From when to when the offset last asked for holds.
    from_ms: i64,
    until_ms: i64,
    offset_ms: i64,
}

impl Calendar {
    /// The calendar of a zone.
    #[must_use]
    pub fn new(zone: &TimeZoneName) -> Self {
        Self {
            zone: zone.zone().clone(),
            from_ms: 0,
            until_ms: 0,
            offset_ms: 0,
        }
    }

    /// The day of a moment, as [`Day::in_zone`] gives it.
    pub fn day(&mut self, time_ms: i64) -> LocalDay {
        if !(self.from_ms <= time_ms && time_ms < self.until_ms) {
            self.turn_to(time_ms);
        }
        let day = Day::in_utc(time_ms.saturating_add(self.offset_ms));
        let begins_ms = i64::from(day.number()) * DAY_MS - self.offset_ms;
        LocalDay {
            day,
            from_ms: begins_ms.max(self.from_ms),
            until_ms: (begins_ms + DAY_MS).min(self.until_ms),
        }
    }

    fn turn_to(&mut self, time_ms: i64) {
        let moment = timestamp(time_ms);
        // A change of clocks at this very moment has happened already.
        let just_after = moment
            .saturating_add(jiff::Span::new().nanoseconds(1))
            .unwrap_or(moment);
        let before = self.zone.preceding(just_after).next();
        let after = self.zone.following(moment).next();
        self.from_ms = before.map_or(i64::MIN, |change| change.timestamp().as_millisecond());
        self.until_ms = after.map_or(i64::MAX, |change| change.timestamp().as_millisecond());
        self.offset_ms = offset_ms(&self.zone, moment);
    }
}

/// A moment; the nearest that the calendar has for one beyond it.
fn timestamp(time_ms: i64) -> Timestamp {
    let nearest = if time_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(time_ms).unwrap_or(nearest)
}

fn offset_ms(zone: &TimeZone, moment: Timestamp) -> i64 {
    i64::from(zone.to_offset(moment).seconds()) * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn zone(name: &str) -> TimeZoneName {
        name.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_where_the_organisation_is() {
        for (name, time, day) in [
            ("UTC", "2026-11-22T00:00:00Z", "2026-11-22"),
            ("UTC", "2026-11-21T23:59:59.999Z", "2026-11-21"),
            ("Asia/Shanghai", "2026-11-21T15:59:59.999Z", "2026-11-21"),
            ("Asia/Shanghai", "2026-11-21T16:00:00Z", "2026-11-22"),
            ("America/New_York", "2026-11-22T04:59:59.999Z", "2026-11-21"),
            ("America/New_York", "2026-07-22T04:00:00Z", "2026-07-22"),
            ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"),
            ("Europe/Berlin", "2026-03-29T21:59:59.999Z", "2026-03-29"),
            ("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"),
            ("Asia/Kathmandu", "2026-11-21T18:15:00Z", "2026-11-22"),
            ("Pacific/Kiritimati", "2026-11-21T10:00:00Z", "2026-11-22"),
        ] {
            let found = Day::in_zone(moment(time), zone(name).zone());
            assert_eq!(found.to_string(), day, "{time} in {name}");
        }
    }

    #[test]
    fn a_calendar_says_the_same_as_the_zone_at_every_quarter_of_an_hour() {
        for name in [
            "UTC",
            "Asia/Shanghai",
            "Europe/Berlin",
            "America/Sao_Paulo",
            "Africa/Casablanca",
            "Pacific/Apia",
        ] {
            let zone = zone(name);
            let mut calendar = Calendar::new(&zone);
            let mut last: Option<LocalDay> = None;
            let (mut time_ms, end_ms) = (moment("2009-06-01T00:00:00Z"), moment("2013-01-05T00:00:00Z"));
            while time_ms < end_ms {
                let day = Day::in_zone(time_ms, zone.zone());
                let found = calendar.day(time_ms);
                assert_eq!(found.day, day, "{time_ms} in {name}");
                assert!(found.surely_has(time_ms), "{time_ms} in {name}");
                if let Some(last) = last.filter(|last| last.surely_has(time_ms)) {
                    assert_eq!(last.day, day, "{time_ms} in {name}");
                }
                last = Some(found);
                time_ms += 15 * 60 * 1_000;
            }
        }
    }

    #[test]
    fn a_day_is_as_long_as_clocks_make_it() {
        for (name, day, hours) in [
            ("UTC", "2026-03-29", 24),
            ("Europe/Berlin", "2026-03-29", 23),
            ("Europe/Berlin", "2026-10-25", 25),
            ("Asia/Shanghai", "2026-11-22", 24),
        ] {
            let (zone, day): (_, Day) = (zone(name), day.parse().unwrap());
            let (begin_ms, end_ms) = (day.begins_ms(&zone), day.plus(1).begins_ms(&zone));
            assert_eq!((end_ms - begin_ms) / 3_600_000, hours, "{day} in {name}");
            assert_eq!(Day::in_zone(begin_ms, zone.zone()), day);
            assert_eq!(Day::in_zone(begin_ms - 1, zone.zone()), day.plus(-1));
        }
    }

    #[test]
    fn a_calendar_turns_back_too() {
        let mut calendar = Calendar::new(&zone("Europe/Berlin"));
        let summer = moment("2026-08-01T22:30:00Z");
        let winter = moment("2026-01-01T22:30:00Z");
        assert_eq!(calendar.day(summer).day.to_string(), "2026-08-02");
        assert_eq!(calendar.day(winter).day.to_string(), "2026-01-01");
        assert_eq!(calendar.day(summer).day.to_string(), "2026-08-02");
        for time_ms in [i64::MIN, -1, 0, i64::MAX] {
            let _ = calendar.day(time_ms);
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let day: Day = "2024-02-29".parse().unwrap();
        assert_eq!(day.first_of_week().to_string(), "2024-02-26");
        assert_eq!(day.first_of_month().to_string(), "2024-02-01");
        assert_eq!(day.last_of_month(), day);
        assert_eq!(day.plus(1).to_string(), "2024-03-01");
        assert_eq!(day.plus(1).last_of_month().to_string(), "2024-03-31");
        let monday: Day = "1969-12-29".parse().unwrap();
        assert_eq!((monday.number(), monday.first_of_week()), (-3, monday));
        assert_eq!(day.through(day.plus(2)).count(), 3);
    }

    #[test]
    fn a_date_has_one_spelling() {
        assert_eq!("1970-01-01".parse(), Ok(Day::new(0)));
        assert_eq!("2026-11-22".parse::<Day>().unwrap().to_string(), "2026-11-22");
        for text in [
            "",
            "2026-1-2",
            "20261122",
            "2026-02-30",
            "2026-W47-7",
            "+2026-11-2",
            "-026-11-22",
            "2026-11-22T00",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
    }
}
