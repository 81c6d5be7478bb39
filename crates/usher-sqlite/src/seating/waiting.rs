//! Waiting lists: who asked first is served first.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use usher_store::{AuditObject, Effect, PoolName, SeatName};

use super::{
    give::{self, By},
    pool, row,
};
use crate::{
    changes::Outcome,
    changing::{Changing, Note, as_json},
    numbers::{Count, StoredUserId},
};

/// A place in a waiting list. Its form in the audit log, too.
#[derive(Serialize)]
struct Place {
    waiting_since_ms: i64,
    expires_at_ms: Option<i64>,
    requested_directly: bool,
}

/// Puts somebody at the end of the list; who stands there already keeps their place.
pub(super) fn enter(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Outcome {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    let place = Place {
        waiting_since_ms: changing.at_ms,
        expires_at_ms,
        requested_directly: by == By::Hand,
    };
    let added = changing
        .connection
        .prepare_cached(
            "INSERT INTO waiting_places (tenant_id, seat_type, namespace, user_id, waiting_since_ms,
                                         expires_at_ms, requested_directly)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute((
            tenant_id,
            seat_type,
            namespace,
            user_id,
            place.waiting_since_ms,
            place.expires_at_ms,
            place.requested_directly,
        ))?;
    if added > 0 {
        note(changing, seat, "waiting_place.taken", None, Some(&place))?;
    } else if by == By::Hand {
        // Somebody asked for this person by name, so the place no longer ends with the group.
        changing
            .connection
            .prepare_cached(
                "UPDATE waiting_places SET requested_directly = 1
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND user_id = ?4",
            )?
            .execute((tenant_id, seat_type, namespace, user_id))?;
    }
    Ok(Effect::Waiting(position(changing.connection, seat)?))
}

fn position(connection: &Connection, seat: &SeatName) -> rusqlite::Result<u64> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    connection
        .prepare_cached(
            "SELECT count(*) FROM waiting_places
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3
               AND ticket <= (SELECT ticket FROM waiting_places
                              WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND user_id = ?4)",
        )?
        .query_row((tenant_id, seat_type, namespace, user_id), |row| {
            row.get::<_, Count>(0).map(|Count(position)| position)
        })
}

/// Takes somebody out of the list.
pub(super) fn leave(changing: &mut Changing<'_>, seat: &SeatName) -> Outcome {
    give::require(changing, seat)?;
    let before = place(changing.connection, seat)?;
    if !forget(changing.connection, seat)? {
        return Ok(Effect::Unchanged);
    }
    note(changing, seat, "waiting_place.left", before.as_ref(), None)?;
    Ok(Effect::Updated)
}

/// Takes somebody out of the list who stands there only for a group.
pub(super) fn leave_with_group(changing: &mut Changing<'_>, seat: &SeatName) -> rusqlite::Result<()> {
    let before = place(changing.connection, seat)?;
    if before.as_ref().is_some_and(|place| !place.requested_directly) {
        forget(changing.connection, seat)?;
        note(changing, seat, "waiting_place.left", before.as_ref(), None)?;
    }
    Ok(())
}

fn place(connection: &Connection, seat: &SeatName) -> rusqlite::Result<Option<Place>> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    connection
        .prepare_cached(
            "SELECT waiting_since_ms, expires_at_ms, requested_directly FROM waiting_places
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND user_id = ?4",
        )?
        .query_row((tenant_id, seat_type, namespace, user_id), |row| {
            Ok(Place {
                waiting_since_ms: row.get(0)?,
                expires_at_ms: row.get(1)?,
                requested_directly: row.get(2)?,
            })
        })
        .optional()
}

/// Takes a place away without a word, because the person has got a seat.
pub(super) fn forget(connection: &Connection, seat: &SeatName) -> rusqlite::Result<bool> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    let gone = connection
        .prepare_cached(
            "DELETE FROM waiting_places
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND user_id = ?4",
        )?
        .execute((tenant_id, seat_type, namespace, user_id))?;
    Ok(gone > 0)
}

/// Gives seats to who waits, first in line first, while any are free.
pub(super) fn serve(changing: &mut Changing<'_>, name: &PoolName) -> rusqlite::Result<()> {
    while let Some((seat, expires_at_ms, by)) = first(changing.connection, name)? {
        if !pool::free_now(changing, name)? {
            return Ok(());
        }
        forget(changing.connection, &seat)?;
        // Who waited until after the end of what they wanted is better served by a new request.
        if expires_at_ms.is_some_and(|end_ms| end_ms <= changing.at_ms) {
            continue;
        }
        let before = row::read(changing.connection, &seat)?;
        give::begin(
            changing,
            &seat,
            before.as_ref(),
            expires_at_ms,
            by,
            "seat.assigned_from_waiting_list",
        )?;
    }
    Ok(())
}

fn first(connection: &Connection, name: &PoolName) -> rusqlite::Result<Option<(SeatName, Option<i64>, By)>> {
    connection
        .prepare_cached(
            "SELECT user_id, expires_at_ms, requested_directly FROM waiting_places
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 ORDER BY ticket LIMIT 1",
        )?
        .query_row(pool::key(name), |row| {
            let StoredUserId(user_id) = row.get(0)?;
            let seat = SeatName {
                pool: name.clone(),
                user_id,
            };
            let by = if row.get(2)? { By::Hand } else { By::Group };
            Ok((seat, row.get(1)?, by))
        })
        .optional()
}

fn note(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    action: &'static str,
    before: Option<&Place>,
    after: Option<&Place>,
) -> rusqlite::Result<()> {
    changing.notes.push(Note {
        tenant_id: Some(seat.pool.tenant_id),
        action,
        object: AuditObject::WaitingPlace,
        object_name: seat.to_string(),
        before: before.map(as_json).transpose()?,
        after: after.map(as_json).transpose()?,
    });
    Ok(())
}
