//! What goes out: the columns of each table, and its rows.
//!
//! The columns are those that an import reads, under the same names, in an order that stays. What only an export can
//! say stands last.

use usher_seats::spreadsheet;
use usher_store::{App, Group, PoolName, PoolRow, SeatRow, User};

use super::wire::{Cell, ExportKind};

impl ExportKind {
    /// The columns of the table.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Seats => &[
                "seat_type",
                "user_id",
                "external_id",
                "name",
                "namespace",
                "status",
                "assigned_at",
                "expires_at",
                "released_at",
                "protected_reason",
                "given_by",
            ],
            Self::Users => &[
                "user_id",
                "external_id",
                "name",
                "enabled",
                "system_administrator",
            ],
            Self::Apps => &["namespace", "name", "names", "enabled"],
            Self::Groups => &[
                "group_key",
                "group_name",
                "user_id",
                "external_id",
                "seat_type",
                "namespace",
            ],
            Self::Pools => &[
                "seat_type",
                "namespace",
                "bought",
                "valid_from",
                "valid_until",
                "overdraft_allowed",
                "in_use",
                "free",
                "waiting",
            ],
        }
    }
}

impl Cell {
    fn text(text: &(impl ToString + ?Sized)) -> Self {
        Self::Text(text.to_string())
    }

    fn maybe_text(text: Option<&(impl ToString + ?Sized)>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    fn moment(at_ms: Option<i64>) -> Self {
        at_ms.map_or(Self::Empty, Self::Moment)
    }

    fn count(count: u64) -> Self {
        // More than a spreadsheet can hold, and more than there are people.
        Self::Number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The cell of a CSV file.
    pub(crate) fn csv(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => spreadsheet::safe_cell(text).into_owned(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::Moment(at_ms) => jiff::Timestamp::from_millisecond(*at_ms)
                .map_or_else(|_| at_ms.to_string(), |moment| moment.to_string()),
            Self::Json(value) => value.to_string(),
        }
    }

    /// The name and the value of the cell in a JSON object; moments are milliseconds and say so.
    pub(crate) fn json(&self, column: &str, moments: &[&str]) -> (String, serde_json::Value) {
        use serde_json::Value;
        let name = if moments.contains(&column) {
            format!("{column}_ms")
        } else {
            column.to_owned()
        };
        let value = match self {
            Self::Empty => Value::Null,
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) | Self::Moment(number) => Value::from(*number),
            Self::Flag(flag) => Value::from(*flag),
            Self::Json(value) => value.clone(),
        };
        (name, value)
    }
}

/// The columns that hold moments, in whichever table.
pub(crate) const MOMENTS: [&str; 5] = [
    "assigned_at",
    "expires_at",
    "released_at",
    "valid_from",
    "valid_until",
];

/// A seat and its holder, as of `now_ms`. One that has run out is shown as over, whether that was written down or not.
pub(super) fn seat(row: &SeatRow, holder: Option<&User>, now_ms: i64) -> Vec<Cell> {
    let ran_out_ms = row.expires_at_ms.filter(|end_ms| *end_ms <= now_ms);
    let in_use = row.held && ran_out_ms.is_none();
    let over_ms = row.released_at_ms.filter(|_| !row.held).or(ran_out_ms);
    vec![
        Cell::text(row.seat.pool.seat_type.wire_name()),
        Cell::Number(row.seat.user_id.get()),
        Cell::maybe_text(holder.and_then(|user| user.external_id.as_ref())),
        Cell::maybe_text(holder.map(|user| &user.name)),
        Cell::maybe_text(row.seat.pool.namespace.as_ref()),
        Cell::text(if in_use { "in_use" } else { "released" }),
        Cell::Moment(row.assigned_at_ms),
        Cell::moment(row.expires_at_ms),
        Cell::moment(over_ms.filter(|_| !in_use)),
        Cell::maybe_text(row.protected_reason.as_ref().filter(|_| in_use)),
        Cell::text(if row.given_directly { "hand" } else { "group" }),
    ]
}

/// A person.
pub(super) fn user(user: &User) -> Vec<Cell> {
    vec![
        Cell::Number(user.user_id.get()),
        Cell::maybe_text(user.external_id.as_ref()),
        Cell::text(&user.name),
        Cell::Flag(user.enabled),
        Cell::Flag(user.system_administrator),
    ]
}

/// An app.
pub(super) fn app(app: &App) -> Vec<Cell> {
    let names = (!app.names.is_empty()).then(|| serde_json::to_value(&app.names).ok());
    vec![
        Cell::text(&app.namespace),
        Cell::text(&app.name),
        names.flatten().map_or(Cell::Empty, Cell::Json),
        Cell::Flag(app.enabled),
    ]
}

/// A group by itself.
pub(super) fn group(group: &Group) -> Vec<Cell> {
    let mut cells = vec![Cell::text(&group.group_key), Cell::text(&group.name)];
    cells.resize(ExportKind::Groups.columns().len(), Cell::Empty);
    cells
}

/// A group and seats that it gives.
pub(super) fn standing(group: &Group, pool: &PoolName) -> Vec<Cell> {
    vec![
        Cell::text(&group.group_key),
        Cell::text(&group.name),
        Cell::Empty,
        Cell::Empty,
        Cell::text(pool.seat_type.wire_name()),
        Cell::maybe_text(pool.namespace.as_ref()),
    ]
}

/// A group and somebody in it.
pub(super) fn member(group: &Group, user_id: usher_seats::UserId, user: Option<&User>) -> Vec<Cell> {
    vec![
        Cell::text(&group.group_key),
        Cell::text(&group.name),
        Cell::Number(user_id.get()),
        Cell::maybe_text(user.and_then(|user| user.external_id.as_ref())),
        Cell::Empty,
        Cell::Empty,
    ]
}

/// A pool, as of `now_ms`.
pub(super) fn pool(row: &PoolRow, now_ms: i64) -> Vec<Cell> {
    let count = |count: Option<u64>| count.map_or(Cell::text("unlimited"), Cell::count);
    vec![
        Cell::text(row.seat_type.wire_name()),
        Cell::maybe_text(row.namespace.as_ref()),
        count(row.pool.bought),
        Cell::moment(row.pool.valid_from_ms),
        Cell::moment(row.pool.valid_until_ms),
        Cell::Flag(row.pool.overdraft_allowed),
        Cell::count(row.pool.in_use),
        count(row.pool.free(now_ms)),
        Cell::count(row.waiting),
    ]
}
