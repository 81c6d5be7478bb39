//! Pools, seats, waiting lists and groups.
//!
//! Three promises pull at each other: a pool is never exceeded, nobody who waits is passed over, and a seat that ran out
//! is free at once although nobody has written that down yet. They are kept by having exactly one way for a seat to
//! become held and one for it to become free:
//!
//! - [`give`] asks the pool. When the pool seems full, seats of it that ran out are written down as free first, and who
//!   waits gets them before whoever asks now.
//! - [`take`] frees a seat and at once serves the waiting list of its pool, in the same transaction.
//!
//! Both go through [`write`], the only place that writes a seat: the engine keeps the pool's count and makes the door forget,
//! and a note is left for the audit log. Nobody else changes seats of the tenant meanwhile (the engine sees to that), so there
//! is no race to lose; the count in the pool is a sum of the rows at the end of every transaction.
//!
//! A seat knows whether it was given by hand or only by groups. A group's seat ends with the last group that gives it;
//! a seat given by hand, or protected, stays.

pub(crate) mod give;
mod groups;
mod holding;
mod pools;
mod restore;
pub(crate) mod take;
mod waiting;
mod written;

use usher_seats::{TenantId, UserId};
use usher_store::{AuditObject, LedgerChange, SeatName};

use crate::{
    book::{Answer, Book, Engine, Outcome},
    changing::Changing,
};

pub use holding::{Holding, Kept};
pub use pools::Terms;
pub use waiting::Place;

/// Who gives a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Somebody, for this person.
    Hand,
    /// A group, for its members.
    Group,
}

/// Makes one change.
pub(crate) async fn make<B: Book>(changing: &mut Changing<'_, B>, change: &LedgerChange) -> Outcome<B> {
    use LedgerChange as L;
    match change {
        L::PutPool {
            pool,
            bought,
            valid_from_ms,
            valid_until_ms,
            overdraft_allowed,
        } => {
            let terms = Terms {
                bought: *bought,
                valid_from_ms: *valid_from_ms,
                valid_until_ms: *valid_until_ms,
                overdraft_allowed: *overdraft_allowed,
            };
            pools::put(changing, pool, &terms).await
        }
        L::PutPrice { pool, price } => pools::put_price(changing, pool, *price).await,
        L::RequestSeat {
            seat,
            expires_at_ms,
            wait,
        } => give::request(changing, seat, *expires_at_ms, *wait).await,
        L::PutSeat(written) => written::put(changing, written).await,
        L::LeaveWaitingList { seat } => waiting::leave(changing, seat).await,
        L::Release {
            seat,
            even_protected,
            unless_admitted_since_ms,
        } => take::release(changing, seat, *even_protected, *unless_admitted_since_ms).await,
        L::Restore { seat } => restore::restore(changing, seat).await,
        L::Transfer { from, to } => take::transfer(changing, from, *to).await,
        L::Extend { seat, expires_at_ms } => give::extend(changing, seat, *expires_at_ms).await,
        L::Protect { seat, reason } => take::protect(changing, seat, reason.as_deref()).await,
        L::SettleExpired { seats_max } => take::settle_all(changing, *seats_max).await,
        L::CreateGroup {
            tenant_id,
            group_key,
            name,
        } => groups::create(changing, (*tenant_id, group_key), name).await,
        L::PutGroup {
            tenant_id,
            group_key,
            name,
        } => groups::put(changing, (*tenant_id, group_key), name).await,
        L::DeleteGroup { tenant_id, group_key } => groups::delete(changing, (*tenant_id, group_key)).await,
        L::JoinGroup {
            tenant_id,
            group_key,
            user_id,
        } => groups::join(changing, (*tenant_id, group_key), *user_id).await,
        L::LeaveGroup {
            tenant_id,
            group_key,
            user_id,
        } => groups::leave(changing, (*tenant_id, group_key), *user_id).await,
        L::PutStandingAssignment { group_key, pool } => groups::put_standing(changing, group_key, pool).await,
        L::RemoveStandingAssignment { group_key, pool } => {
            groups::remove_standing(changing, group_key, pool).await
        }
    }
}

/// Takes a person out of every pool, list and group, before they leave the directory. Who waits gets their seats.
pub(crate) async fn vacate<B: Book>(
    changing: &mut Changing<'_, B>,
    tenant_id: TenantId,
    user_id: UserId,
) -> Result<(), <B as Engine>::Unchanged> {
    groups::leave_all(changing, tenant_id, user_id).await?;
    changing.book.remove_places_of(tenant_id, user_id).await?;
    for seat in changing.book.seats_held_by(tenant_id, user_id).await? {
        take::release(changing, &seat, true, None).await?;
    }
    Ok(())
}

/// Brings a seat from `before` to `after`: row, pool, door and note.
async fn write<B: Book>(
    changing: &mut Changing<'_, B>,
    seat: &SeatName,
    (before, after): (Option<&Holding>, &Holding),
    action: &'static str,
) -> Answer<B, ()> {
    changing.book.write_seat(seat, before, after).await?;
    let whose = (seat.pool.tenant_id, AuditObject::Seat, seat.to_string());
    changing.note(whose, action, (before, Some(after)))
}
