//! A year of days, one square each: on which of them somebody came.

use usher_seats::Day;

/// Side of a square with the gap beside it, in units of the picture.
const STEP: i32 = 14;
/// Side of a square.
const SIDE: i32 = 11;
/// Room for the names of the months above.
const TOP: i32 = 20;
/// Days of a week.
const WEEK: i32 = 7;

/// Days, and those among them that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// What it shows.
    pub title: String,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// The days that count, in order.
    pub active: Vec<Day>,
    /// What a square that counts says beside its date.
    pub active_word: String,
    /// What any other says.
    pub quiet_word: String,
    /// The line under which the days are listed.
    pub as_list: String,
}

/// A square.
pub(crate) struct Square {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) active: bool,
    pub(crate) date: String,
}

/// The name of a month above the week in which it begins.
pub(crate) struct MonthName {
    pub(crate) x: i32,
    pub(crate) text: String,
}

impl Calendar {
    fn column(&self, day: Day) -> i32 {
        (day.number() - self.first.first_of_week().number()).div_euclid(WEEK)
    }

    fn left(&self, day: Day) -> i32 {
        self.column(day) * STEP
    }

    /// Width of the picture.
    pub(crate) fn width(&self) -> i32 {
        self.left(self.last) + STEP
    }

    /// Height of the picture.
    pub(crate) fn height(&self) -> i32 {
        TOP + WEEK * STEP
    }

    /// Side of a square.
    pub(crate) fn side(&self) -> i32 {
        SIDE
    }

    /// Every day as a square.
    pub(crate) fn squares(&self) -> Vec<Square> {
        self.first
            .through(self.last)
            .map(|day| Square {
                x: self.left(day),
                y: TOP + (day.number() - day.first_of_week().number()) * STEP,
                active: self.active.binary_search(&day).is_ok(),
                date: day.to_string(),
            })
            .collect()
    }

    /// The months that begin in it, as `2026-11`.
    pub(crate) fn months(&self) -> Vec<MonthName> {
        let begins = self
            .first
            .through(self.last)
            .filter(|day| day.first_of_month() == *day);
        begins
            .map(|day| MonthName {
                x: self.left(day),
                text: day.to_string().chars().take(7).collect(),
            })
            .collect()
    }
}
