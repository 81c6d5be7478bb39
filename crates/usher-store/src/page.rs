//! Lists, read by key.
//!
//! A page holds the rows after a key, in ascending (`user_id`, `namespace`) order, which never changes while rows
//! do. So a walk returns every row that existed throughout exactly once, and its cost depends on the page and not
//! on the depth (DESIGN section 4, invariant 4).

use usher_seats::{Namespace, SeatStatus, SeatType, TenantId, UserId};

/// Most rows an engine returns at once: Feishu's largest page (SEED, `page_size`).
pub const PAGE_ROWS_MAX: usize = 500;

/// The place of a row in a list. A platform seat has no namespace and stands before every namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    /// First part of the order.
    pub user_id: UserId,
    /// Second part, compared by bytes.
    pub namespace: Option<Namespace>,
}

/// Which page of which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// Whose list.
    pub tenant_id: TenantId,
    /// Of which kind of seat.
    pub seat_type: SeatType,
    /// The last row already read; none for the first page.
    pub after: Option<PageKey>,
    /// Most rows wanted, `1 ..= PAGE_ROWS_MAX`.
    pub rows_max: usize,
    /// The moment at which the status of seats is judged, in milliseconds.
    pub now_ms: i64,
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<Row> {
    /// At most `rows_max` rows in order.
    pub rows: Vec<Row>,
    /// True when at least one more row follows; then `rows` is not empty.
    pub has_more: bool,
}

impl<Row> Page<Row> {
    /// Makes a page of `rows_max` rows from up to one more, which is how an engine learns that more follow.
    #[must_use]
    pub fn from_one_more(mut rows: Vec<Row>, rows_max: usize) -> Self {
        let has_more = rows.len() > rows_max;
        rows.truncate(rows_max);
        Self { rows, has_more }
    }
}

/// The newest admitted access of a (seat type, user, app).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub namespace: Namespace,
    /// Of the seat, at the time of reading.
    pub status: SeatStatus,
    /// When, in milliseconds.
    pub active_time_ms: i64,
}

impl ActivityRow {
    /// Its place in the list.
    #[must_use]
    pub fn key(&self) -> PageKey {
        PageKey {
            user_id: self.user_id,
            namespace: Some(self.namespace.clone()),
        }
    }
}

/// A seat that somebody holds or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRow {
    /// Who.
    pub user_id: UserId,
    /// The app of an app seat; none for a platform seat.
    pub namespace: Option<Namespace>,
    /// At the time of reading.
    pub status: SeatStatus,
    /// When the present holding began, in milliseconds.
    pub assigned_at_ms: i64,
    /// When it ends or ended by itself, in milliseconds.
    pub expires_at_ms: Option<i64>,
}

impl AssignmentRow {
    /// Its place in the list.
    #[must_use]
    pub fn key(&self) -> PageKey {
        PageKey {
            user_id: self.user_id,
            namespace: self.namespace.clone(),
        }
    }
}
