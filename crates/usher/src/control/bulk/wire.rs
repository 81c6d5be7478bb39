//! Questions and answers of the two calls.

use serde::{Deserialize, Serialize};
use usher_seats::{GroupKey, Namespace, SeatType, TenantKey, UserId};

use crate::{language::Words, spreadsheet::Entry};

/// Route of [`ImportQuestion`].
pub(crate) const IMPORT: &str = "/control/v1/import";
/// Route of [`ExportQuestion`].
pub(crate) const EXPORT: &str = "/control/v1/export";
/// Most rows of one question. A row makes at most five changes, and a store takes forty thousand at once.
pub(crate) const ROWS_MAX: usize = usher_store::change::CHANGES_MAX / 5;

/// Some rows of a table, in order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImportQuestion {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
    /// Whether people, apps and groups that a row names are made when they are missing.
    pub(crate) create_missing: bool,
    /// Whether somebody for whom no seat is free waits for one.
    pub(crate) may_wait: bool,
    /// Whether everything is only tried.
    pub(crate) rehearsal: bool,
    /// The rows, at most [`ROWS_MAX`].
    pub(crate) entries: Vec<Entry>,
}

/// What became of some rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ImportAnswer {
    /// One for each row.
    pub(crate) verdicts: Vec<RowVerdict>,
    /// What was made because it was missing.
    pub(crate) made: Made,
    /// Whether nothing at all is different now, in the ledger or in its waiting lists.
    pub(crate) all_as_before: bool,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowVerdict {
    /// Something new is there.
    Created,
    /// Something is different.
    Updated,
    /// It was so already.
    Unchanged,
    /// None is free, and the person stands in the waiting list.
    Waiting {
        /// At this place, from 1.
        place: u64,
    },
    /// It does not fit.
    Refused(RowRefusal),
}

/// Why a row does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowRefusal {
    /// For programs.
    pub(crate) reason: String,
    /// For people.
    pub(crate) words: Words,
    /// What would let it in.
    pub(crate) remedy: Option<Remedy>,
}

/// A flag that would let a row in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Remedy {
    /// `--create-missing`
    CreateMissing,
    /// `--wait`
    Wait,
}

/// What was made because a row named it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// People.
    pub(crate) users: u64,
    /// Apps.
    pub(crate) apps: u64,
    /// Groups.
    pub(crate) groups: u64,
}

/// A table that can go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportKind {
    /// Who holds or held which seat.
    Seats,
    /// People.
    Users,
    /// Apps.
    Apps,
    /// Groups, who is in them, and which seats they give.
    Groups,
    /// What was bought.
    Pools,
}

/// A page of a table is wanted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExportQuestion {
    /// Whose.
    pub(crate) tenant_key: TenantKey,
    /// Which.
    pub(crate) kind: ExportKind,
    /// The place behind which the page begins.
    pub(crate) after: Place,
}

/// A place in a table: the key of the last row that was read, as far as its table has these keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) seat_type: Option<SeatType>,
    pub(crate) user_id: Option<UserId>,
    pub(crate) namespace: Option<Namespace>,
    pub(crate) group_key: Option<GroupKey>,
}

/// A page of a table.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExportAnswer {
    /// The moment of reading, in milliseconds.
    pub(crate) as_of_ms: i64,
    /// The rows, each with a cell for every column.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Where the next page begins; none behind the last row.
    pub(crate) next: Option<Place>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A moment in milliseconds.
    Moment(i64),
    /// A JSON value.
    Json(serde_json::Value),
}
