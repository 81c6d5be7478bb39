//! Moving house: a ledger leaves a file whole, or arrives in one (`usher_store::portable`).
//!
//! Before it leaves, the journals are folded, so that the tables hold everything and nothing need be merged. What this
//! engine keeps for itself is made anew where a ledger arrives: numbers of apps and of people, sets of active days from rows,
//! and since when each seat is idle.
//!
//! - [`SqliteSource`], [`SqliteTarget`]: the two ends
//! - `page`: reading a section; `arrival`: writing one
//! - `active_days`: the one section that is kept in quite another form
//! - `mark`: what makes an unfinished copy known

mod active_days;
mod arrival;
mod mark;
mod page;
mod source;
mod target;

#[cfg(test)]
mod tests;

pub(crate) use mark::read as mark;
pub use source::SqliteSource;
pub use target::SqliteTarget;

/// Tables that belong to no section, and why.
#[cfg(test)]
pub(crate) const NOT_COPIED: [(&str, &str); 7] = [
    ("journal_even", "folded into the tables before anything is read"),
    ("journal_odd", "the same"),
    ("departed_people", "numbers are given anew"),
    ("seat_tallies", "counted by the triggers of the seats that arrive"),
    (
        "user_search_keys",
        "follow from the names; written where people arrive",
    ),
    ("copy_mark", "about the copy, not about the ledger"),
    (
        "sqlite_sequence",
        "SQLite's own; read and written as the section of tickets",
    ),
];

/// Columns of the sections' tables that belong to no section, and why.
#[cfg(test)]
pub(crate) const COLUMNS_NOT_COPIED: [(&str, &str, &str); 8] = [
    ("tenants", "people_numbered", "numbers are given anew"),
    ("users", "person_number", "numbers are given anew"),
    ("apps", "app_id", "numbers are given anew"),
    ("seats", "last_admitted_ms", "follows from activity"),
    ("seats", "idle_since_ms", "follows from activity"),
    ("active_days", "app_id", "the app's name stands in its place"),
    ("active_days", "chunk", "rows stand in place of sets"),
    ("active_days", "people", "rows stand in place of sets"),
];
