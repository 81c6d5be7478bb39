//! Waiting lists: who asked first is served first.

use serde::Serialize;
use usher_store::{AuditObject, Effect, PoolName, SeatName};

use super::{By, give, pools};
use crate::{
    book::{Answer, Book, Outcome},
    changing::Changing,
};

/// A place in a waiting list. Its form in the audit log, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Since when, in milliseconds.
    pub waiting_since_ms: i64,
    /// When the seat that is waited for is to end by itself, in milliseconds.
    pub expires_at_ms: Option<i64>,
    /// True when somebody asked for it by name, false when only groups did.
    pub requested_directly: bool,
}

/// Puts somebody at the end of the list; who stands there already keeps their place.
pub(super) async fn enter<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    expires_at_ms: Option<i64>,
    by: By,
) -> Answer<B, Effect> {
    match changing.book.place(seat).await? {
        // Somebody asked for this person by name, so the place no longer ends with the group.
        Some(place) if by == By::Hand && !place.requested_directly => {
            changing.book.request_place_directly(seat).await?;
        }
        Some(_) => {}
        None => {
            let place = Place {
                waiting_since_ms: changing.at_ms,
                expires_at_ms,
                requested_directly: by == By::Hand,
            };
            changing.book.add_place(seat, &place).await?;
            note(changing, seat, "waiting_place.taken", (None, Some(&place)))?;
        }
    }
    Ok(Effect::Waiting(changing.book.position(seat).await?))
}

/// Takes somebody out of the list.
pub(super) async fn leave<B: Book>(changing: &mut Changing<'_, B>, seat: &SeatName) -> Outcome<B> {
    give::look(changing, seat).await?;
    let Some(before) = changing.book.place(seat).await? else {
        return Ok(Effect::Unchanged);
    };
    remove(changing, seat, &before).await?;
    Ok(Effect::Updated)
}

/// Takes somebody out of the list who stands there only for a group.
pub(super) async fn leave_with_group<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
) -> Answer<B, ()> {
    match changing.book.place(seat).await? {
        Some(before) if !before.requested_directly => remove(changing, seat, &before).await,
        _ => Ok(()),
    }
}

async fn remove<B: Book>(changing: &mut Changing<'_, B>, seat: &SeatName, before: &Place) -> Answer<B, ()> {
    changing.book.remove_place(seat).await?;
    note(changing, seat, "waiting_place.left", (Some(before), None))
}

/// Gives seats to who waits, first in line first, while any are free.
pub(super) async fn serve<B: Book>(changing: &mut Changing<'_, B>, pool: &PoolName) -> Answer<B, ()> {
    while let Some((seat, place)) = changing.book.first_waiting(pool).await? {
        if !pools::free_now(changing, pool).await? {
            return Ok(());
        }
        // Without a word where the person gets a seat.
        changing.book.remove_place(&seat).await?;
        // Who waited until after the end of what they wanted is better served by a new request.
        if place.expires_at_ms.is_some_and(|end_ms| end_ms <= changing.at_ms) {
            continue;
        }
        let before = changing.book.seat(&seat).await?;
        let by = if place.requested_directly {
            By::Hand
        } else {
            By::Group
        };
        let action = "seat.assigned_from_waiting_list";
        give::begin(changing, &seat, before.as_ref(), place.expires_at_ms, by, action).await?;
    }
    Ok(())
}

fn note<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    action: &'static str,
    states: (Option<&Place>, Option<&Place>),
) -> Answer<B, ()> {
    let whose = (seat.pool.tenant_id, AuditObject::WaitingPlace, seat.to_string());
    changing.note(whose, action, states)
}
