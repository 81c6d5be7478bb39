//! Since when a seat is idle: the later of its assignment and the newest access that came through it.
//!
//! The columns say it as of the last fold, exact to the day of UTC; what was admitted since is in the overlay. They are written by
//! exactly two: whoever gives a seat calls [`refresh`], and a fold calls [`admitted`] for each seat that comes to another day.
//! The tallies move with them. To the millisecond it is asked for by [`newest_folded_ms`]: most folds bring a seat only to a
//! later moment of the same day, and writing that into its row cost twice what the rest of a fold costs.

use rusqlite::Connection;
use usher_seats::{SeatFacts, SeatType, TenantId, UserId};
use usher_store::SeatName;

use crate::{
    numbers::{SeatTypeNumber, seat_key},
    tallies::{self, Moves},
};

/// Works out anew since when a seat is idle, after its row was made or its assignment began anew. Somebody may have come
/// through an earlier seat of the same name, even if its row is gone. It names a column that it leaves as it is, so that the
/// seat's counts move too.
pub(crate) fn refresh(connection: &Connection, seat: &SeatName) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE seats SET held = held, (last_admitted_ms, idle_since_ms) =
               (SELECT max(active_time_ms), max(assigned_at_ms, coalesce(max(active_time_ms), assigned_at_ms))
                FROM activity WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3
                                AND (?2 = 0 OR activity.namespace = ?4))
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
        )?
        .execute(seat_key(seat))
        .map(|_| ())
}

/// The newest access through a seat as far as it has been folded, in milliseconds; none when nobody came through.
pub(crate) fn newest_folded_ms(connection: &Connection, seat: &SeatName) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT max(active_time_ms) FROM activity
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND (?2 = 0 OR namespace = ?4)",
        )?
        .query_row(seat_key(seat), |row| row.get(0))
}

/// Notes the newest access through a seat; an older one changes nothing, and neither does one through a seat that is
/// no longer there. Where it was counted and where it is now goes to `moves`.
pub(crate) fn admitted(
    connection: &Connection,
    name: (TenantId, SeatType, UserId, &str),
    time_ms: i64,
    moves: &mut Moves,
) -> rusqlite::Result<()> {
    let (tenant_id, seat_type, user_id, namespace) = name;
    let key = (tenant_id.0, SeatTypeNumber(seat_type), user_id.get(), namespace);
    let Some(before) = tallies::counted(connection, key)? else {
        return Ok(());
    };
    if before.last_admitted_ms.is_some_and(|last_ms| last_ms >= time_ms) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "UPDATE seats SET last_admitted_ms = ?5, idle_since_ms = max(assigned_at_ms, ?5)
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
        )?
        .execute((
            tenant_id.0,
            SeatTypeNumber(seat_type),
            user_id.get(),
            namespace,
            time_ms,
        ))?;
    if before.seat.held {
        let after = SeatFacts {
            last_admitted_ms: Some(time_ms),
            ..before
        };
        moves.seat((tenant_id, seat_type, namespace), &before, &after);
    }
    Ok(())
}
