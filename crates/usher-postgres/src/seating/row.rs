//! One seat's row: read, and written in the only place that writes it.

use crate::sql::{Answered, Row, Sql};
use serde::Serialize;
use usher_seats::Seat;
use usher_store::{AuditObject, SeatName};

use super::pool;
use crate::{
    changing::{Changing, Note, as_json},
    numbers::{SeatTypeNumber, seat_namespace},
};

/// What is kept of a seat. Its form in the audit log, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Holding {
    pub(crate) held: bool,
    pub(crate) assigned_at_ms: i64,
    pub(crate) released_at_ms: Option<i64>,
    pub(crate) expires_at_ms: Option<i64>,
    pub(crate) protected_reason: Option<String>,
    pub(crate) given_directly: bool,
}

impl Holding {
    /// The columns of a row in the order of [`COLUMNS`], from `first` on.
    pub(crate) fn from_row(row: &Row, first: usize) -> Answered<Self> {
        Ok(Self {
            held: row.get(first)?,
            assigned_at_ms: row.get(first + 1)?,
            released_at_ms: row.get(first + 2)?,
            expires_at_ms: row.get(first + 3)?,
            protected_reason: row.get(first + 4)?,
            given_directly: row.get(first + 5)?,
        })
    }

    /// True when it lets its holder in at `now_ms`.
    pub(crate) fn in_use(&self, now_ms: i64) -> bool {
        let seat = Seat {
            held: self.held,
            expires_at_ms: self.expires_at_ms,
            released_at_ms: self.released_at_ms,
        };
        seat.admits(now_ms)
    }
}

/// A seat's name as the columns have it: tenant, type, user, namespace.
pub(crate) type Key<'a> = (i64, SeatTypeNumber, i64, &'a str);

/// The columns of a seat's name.
pub(crate) fn key(seat: &SeatName) -> Key<'_> {
    (
        seat.pool.tenant_id.0,
        SeatTypeNumber(seat.pool.seat_type),
        seat.user_id.get(),
        seat_namespace(seat.pool.namespace.as_ref()),
    )
}

/// Finds a seat.
pub(crate) async fn read(connection: &Sql, seat: &SeatName) -> Answered<Option<Holding>> {
    connection
        .optional(
            "SELECT held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly
             FROM seats WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND namespace = $4",
            key(seat),
            |row| Holding::from_row(row, 0),
        )
        .await
}

/// Brings a seat from `before` to `after`: row, pool, door and note.
pub(crate) async fn write(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    (before, after): (Option<&Holding>, &Holding),
    action: &'static str,
) -> Answered<()> {
    let (tenant_id, seat_type, user_id, namespace) = key(seat);
    changing.connection.execute("INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, released_at_ms,
                                expires_at_ms, protected_reason, given_directly)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (tenant_id, seat_type, user_id, namespace) DO UPDATE SET
               held = excluded.held, assigned_at_ms = excluded.assigned_at_ms,
               released_at_ms = excluded.released_at_ms, expires_at_ms = excluded.expires_at_ms,
               protected_reason = excluded.protected_reason, given_directly = excluded.given_directly", (
            tenant_id,
            seat_type,
            user_id,
            namespace,
            after.held,
            after.assigned_at_ms,
            after.released_at_ms,
            after.expires_at_ms,
            &after.protected_reason,
            after.given_directly,
        )).await?;
    let was_held = before.is_some_and(|before| before.held);
    if was_held != after.held {
        pool::count(changing.connection, &seat.pool, after.held).await?;
    }
    let note = Note {
        tenant_id: Some(seat.pool.tenant_id),
        action,
        object: AuditObject::Seat,
        object_name: seat.to_string(),
        before: before.map(as_json).transpose()?,
        after: Some(as_json(after)?),
    };
    changing.notes.push(note);
    Ok(())
}
