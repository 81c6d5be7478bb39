//! Waiting lists: who asked first is served first.

use crate::sql::{Answered, Sql};
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
pub(super) async fn enter(
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
        .execute(
            "INSERT INTO waiting_places (tenant_id, seat_type, namespace, user_id, waiting_since_ms,
                                         expires_at_ms, requested_directly)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            (
                tenant_id,
                seat_type,
                namespace,
                user_id,
                place.waiting_since_ms,
                place.expires_at_ms,
                place.requested_directly,
            ),
        )
        .await?;
    if added > 0 {
        note(changing, seat, "waiting_place.taken", None, Some(&place))?;
    } else if by == By::Hand {
        // Somebody asked for this person by name, so the place no longer ends with the group.
        changing
            .connection
            .execute(
                "UPDATE waiting_places SET requested_directly = TRUE
                 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 AND user_id = $4",
                (tenant_id, seat_type, namespace, user_id),
            )
            .await?;
    }
    Ok(Effect::Waiting(position(changing.connection, seat).await?))
}

async fn position(connection: &Sql, seat: &SeatName) -> Answered<u64> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    connection
        .one(
            "SELECT count(*) FROM waiting_places
             WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3
               AND ticket <= (SELECT ticket FROM waiting_places
                              WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 AND user_id = $4)",
            (tenant_id, seat_type, namespace, user_id),
            |row| row.get::<Count>(0).map(|Count(position)| position),
        )
        .await
}

/// Takes somebody out of the list.
pub(super) async fn leave(changing: &mut Changing<'_>, seat: &SeatName) -> Outcome {
    give::require(changing, seat).await?;
    let before = place(changing.connection, seat).await?;
    if !forget(changing.connection, seat).await? {
        return Ok(Effect::Unchanged);
    }
    note(changing, seat, "waiting_place.left", before.as_ref(), None)?;
    Ok(Effect::Updated)
}

/// Takes somebody out of the list who stands there only for a group.
pub(super) async fn leave_with_group(changing: &mut Changing<'_>, seat: &SeatName) -> Answered<()> {
    let before = place(changing.connection, seat).await?;
    if before.as_ref().is_some_and(|place| !place.requested_directly) {
        forget(changing.connection, seat).await?;
        note(changing, seat, "waiting_place.left", before.as_ref(), None)?;
    }
    Ok(())
}

async fn place(connection: &Sql, seat: &SeatName) -> Answered<Option<Place>> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    connection
        .optional(
            "SELECT waiting_since_ms, expires_at_ms, requested_directly FROM waiting_places
             WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 AND user_id = $4",
            (tenant_id, seat_type, namespace, user_id),
            |row| {
                Ok(Place {
                    waiting_since_ms: row.get(0)?,
                    expires_at_ms: row.get(1)?,
                    requested_directly: row.get(2)?,
                })
            },
        )
        .await
}

/// Takes a place away without a word, because the person has got a seat.
pub(super) async fn forget(connection: &Sql, seat: &SeatName) -> Answered<bool> {
    let (tenant_id, seat_type, user_id, namespace) = row::key(seat);
    let gone = connection
        .execute(
            "DELETE FROM waiting_places
             WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 AND user_id = $4",
            (tenant_id, seat_type, namespace, user_id),
        )
        .await?;
    Ok(gone > 0)
}

/// Gives seats to who waits, first in line first, while any are free.
pub(super) async fn serve(changing: &mut Changing<'_>, name: &PoolName) -> Answered<()> {
    while let Some((seat, expires_at_ms, by)) = first(changing.connection, name).await? {
        if !pool::free_now(changing, name).await? {
            return Ok(());
        }
        forget(changing.connection, &seat).await?;
        // Who waited until after the end of what they wanted is better served by a new request.
        if expires_at_ms.is_some_and(|end_ms| end_ms <= changing.at_ms) {
            continue;
        }
        let before = row::read(changing.connection, &seat).await?;
        give::begin(
            changing,
            &seat,
            before.as_ref(),
            expires_at_ms,
            by,
            "seat.assigned_from_waiting_list",
        )
        .await?;
    }
    Ok(())
}

async fn first(connection: &Sql, name: &PoolName) -> Answered<Option<(SeatName, Option<i64>, By)>> {
    connection
        .optional(
            "SELECT user_id, expires_at_ms, requested_directly FROM waiting_places
             WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 ORDER BY ticket LIMIT 1",
            pool::key(name),
            |row| {
                let StoredUserId(user_id) = row.get(0)?;
                let seat = SeatName {
                    pool: name.clone(),
                    user_id,
                };
                let by = if row.get(2)? { By::Hand } else { By::Group };
                Ok((seat, row.get(1)?, by))
            },
        )
        .await
}

fn note(
    changing: &mut Changing<'_>,
    seat: &SeatName,
    action: &'static str,
    before: Option<&Place>,
    after: Option<&Place>,
) -> Answered<()> {
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
