//! Giving and taking seats.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Namespace, Seat, SeatType, TenantId, UserId};
use usher_store::{Effect, Rejection};

use super::{Outcome, Unchanged, execute, require_app, require_tenant, user_exists};
use crate::numbers::{SeatTypeNumber, seat_namespace};

/// Names one seat.
pub(super) struct SeatName<'a> {
    tenant_id: TenantId,
    seat_type: SeatType,
    user_id: UserId,
    namespace: Option<&'a Namespace>,
}

impl<'a> SeatName<'a> {
    pub(super) fn new(
        tenant_id: TenantId,
        seat_type: SeatType,
        user_id: UserId,
        namespace: Option<&'a Namespace>,
    ) -> Self {
        Self {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        }
    }

    fn key(&self) -> (i64, SeatTypeNumber, i64, &str) {
        (
            self.tenant_id.0,
            SeatTypeNumber(self.seat_type),
            self.user_id.get(),
            seat_namespace(self.namespace),
        )
    }

    fn read(&self, connection: &Connection) -> rusqlite::Result<Option<Seat>> {
        connection
            .prepare_cached(
                "SELECT held, expires_at_ms FROM seats
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
            )?
            .query_row(self.key(), |row| {
                Ok(Seat {
                    held: row.get(0)?,
                    expires_at_ms: row.get(1)?,
                })
            })
            .optional()
    }

    /// Checks that everything the seat names is there.
    fn require(&self, connection: &Connection) -> Result<(), Unchanged> {
        if (self.seat_type == SeatType::PerUserPerApp) != self.namespace.is_some() {
            return Err(Rejection::SeatTypeAndNamespaceDisagree.into());
        }
        require_tenant(connection, self.tenant_id)?;
        if !user_exists(connection, self.tenant_id, self.user_id)? {
            return Err(Rejection::UserUnknown.into());
        }
        self.namespace
            .as_ref()
            .map_or(Ok(()), |app| require_app(connection, self.tenant_id, app))
    }
}

/// A seat in use keeps its beginning; one that was given back or has run out begins anew.
pub(super) fn assign(
    connection: &Connection,
    seat: &SeatName<'_>,
    expires_at_ms: Option<i64>,
    at_ms: i64,
) -> Outcome {
    seat.require(connection)?;
    let (tenant_id, seat_type, user_id, namespace) = seat.key();
    match seat.read(connection)? {
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO seats
                       (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, expires_at_ms)
                     VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
                )?
                .execute((tenant_id, seat_type, user_id, namespace, at_ms, expires_at_ms))?;
            Ok(Effect::Created)
        }
        Some(known) if known.admits(at_ms) => execute(
            connection,
            "UPDATE seats SET expires_at_ms = ?5
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4
               AND expires_at_ms IS NOT ?5",
            (tenant_id, seat_type, user_id, namespace, expires_at_ms),
        ),
        Some(_) => execute(
            connection,
            "UPDATE seats SET held = 1, assigned_at_ms = ?5, released_at_ms = NULL, expires_at_ms = ?6
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
            (tenant_id, seat_type, user_id, namespace, at_ms, expires_at_ms),
        ),
    }
}

/// Gives a seat that never was; one that is or was there stays as it is.
pub(super) fn ensure(connection: &Connection, seat: &SeatName<'_>, at_ms: i64) -> Outcome {
    if seat.read(connection)?.is_some() {
        return Ok(Effect::Unchanged);
    }
    assign(connection, seat, None, at_ms)
}

/// Takes a seat back; one that is not held stays as it is.
pub(super) fn release(connection: &Connection, seat: &SeatName<'_>, at_ms: i64) -> Outcome {
    seat.require(connection)?;
    let (tenant_id, seat_type, user_id, namespace) = seat.key();
    execute(
        connection,
        "UPDATE seats SET held = 0, released_at_ms = ?5
         WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4 AND held = 1",
        (tenant_id, seat_type, user_id, namespace, at_ms),
    )
}
