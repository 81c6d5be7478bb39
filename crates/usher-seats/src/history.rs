//! Which days a figure of active people counts.

use serde::{Deserialize, Serialize};

use crate::day::Day;

/// Days of the rolling window that stands for a week.
const SEVEN_DAYS: i32 = 7;
/// Days of the rolling window that stands for a month.
const THIRTY_DAYS: i32 = 30;

/// Over which days a person counts once. The names are those of the manual, of the API and of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// One day.
    Day,
    /// A day and the six before it.
    SevenDays,
    /// A day and the twenty-nine before it.
    ThirtyDays,
    /// A week from Monday to Sunday (ISO 8601).
    Week,
    /// A month of the calendar.
    Month,
}

/// Days counted together, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaySpan {
    /// The first.
    pub first: Day,
    /// The last.
    pub last: Day,
}

impl Window {
    /// Every window, in the order of the manual.
    pub const ALL: [Self; 5] = [
        Self::Day,
        Self::SevenDays,
        Self::ThirtyDays,
        Self::Week,
        Self::Month,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::SevenDays => "seven_days",
            Self::ThirtyDays => "thirty_days",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The days that the figure of `day` counts.
    #[must_use]
    pub fn span(self, day: Day) -> DaySpan {
        let (first, last) = match self {
            Self::Day => (day, day),
            Self::SevenDays => (day.plus(1 - SEVEN_DAYS), day),
            Self::ThirtyDays => (day.plus(1 - THIRTY_DAYS), day),
            Self::Week => (day.first_of_week(), day.first_of_week().plus(SEVEN_DAYS - 1)),
            Self::Month => (day.first_of_month(), day.last_of_month()),
        };
        DaySpan { first, last }
    }

    /// The figures from one day to another, both included, in order: one for each day, or for each week or month that
    /// has a day in between.
    #[must_use]
    pub fn spans(self, first: Day, last: Day) -> Vec<DaySpan> {
        let mut spans: Vec<_> = first.through(last).map(|day| self.span(day)).collect();
        spans.dedup();
        spans
    }
}

/// The first day that is still kept by whoever keeps `days` days of history, today included.
#[must_use]
pub fn first_day_kept(today: Day, days: u32) -> Day {
    today
        .plus(1)
        .plus(i32::try_from(days).map_or(i32::MIN, |days| -days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn texts(window: Window, first: &str, last: &str) -> Vec<String> {
        let spans = window.spans(day(first), day(last));
        spans
            .iter()
            .map(|span| format!("{}..{}", span.first, span.last))
            .collect()
    }

    #[test]
    fn rolling_windows_end_on_their_day() {
        assert_eq!(
            texts(Window::Day, "2024-02-29", "2024-03-01"),
            ["2024-02-29..2024-02-29", "2024-03-01..2024-03-01"]
        );
        assert_eq!(
            texts(Window::SevenDays, "2024-03-01", "2024-03-01"),
            ["2024-02-24..2024-03-01"]
        );
        assert_eq!(
            texts(Window::ThirtyDays, "2024-03-01", "2024-03-01"),
            ["2024-02-01..2024-03-01"]
        );
    }

    #[test]
    fn weeks_and_months_are_whole_whatever_part_is_asked_for() {
        assert_eq!(
            texts(Window::Week, "2024-03-03", "2024-03-04"),
            ["2024-02-26..2024-03-03", "2024-03-04..2024-03-10"]
        );
        assert_eq!(
            texts(Window::Month, "2024-02-29", "2024-03-02"),
            ["2024-02-01..2024-02-29", "2024-03-01..2024-03-31"]
        );
        assert_eq!(
            texts(Window::Month, "2024-03-02", "2024-02-29"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn today_is_one_of_the_days_kept() {
        assert_eq!(first_day_kept(day("2026-03-31"), 31), day("2026-03-01"));
        assert_eq!(first_day_kept(day("2026-03-31"), 1), day("2026-03-31"));
    }

    #[test]
    fn the_names_are_those_that_are_written() {
        for window in Window::ALL {
            let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(window.name());
            assert_eq!(Window::deserialize(name), Ok(window));
        }
    }
}
