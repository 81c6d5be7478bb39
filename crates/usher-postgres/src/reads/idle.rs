//! A page of seats with how idle they are.
//!
//! Exact at the moment of reading, and bounded by the page. Every seat that is looked at is judged by its newest access, whatever
//! was counted of it. In order of idleness the list goes along an index by the day since which a seat is idle, as it was counted
//! last ([`crate::tallies`]). A seat that somebody came through since stands too early there; that does no harm as long as the
//! newer access takes it out of the list anyway, for who came in the last N days is not idle for N days. So seats are counted
//! first only where one was given, taken or protected since, which may be missing in the index, and where an access is that old.
//!
//! Seats are read in slices: most pages are full after the first.

mod by_seat;
mod walk;

use std::collections::{HashMap, VecDeque};

use usher_ledger::idle::{IdleSeat, idle_since_max_ms};
use usher_seats::{Day, Leave, Namespace, Seat, SeatType, UserId};
use usher_store::{
    IdleKey, IdleOrder, IdlePage, IdleQuery, IdleRow, PoolName, Refusals, SeatName, idle::IDLE_SEATS_READ_MAX,
};

use crate::{
    numbers::{SeatNamespace, StoredSeatType, StoredUserId},
    sql::{Answered, Row, Sql},
    tallies::{self, standing, uncounted},
};
use walk::Walk;

/// What may be missing in the index of a tenant, or stand at a wrong place in a list up to $2.
const DISTURBS: &str = concat!(
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM fresh_uses WHERE tenant_id = $1 AND oldest_ms <= $2)
       OR (SELECT user_id FROM seats WHERE tenant_id = $1 AND ",
    uncounted!(),
    " ORDER BY user_id LIMIT 1) IS NOT NULL"
);

/// A seat as the database has it.
struct Candidate {
    idle: IdleSeat,
    user_name: String,
    platform_seat: Option<Seat>,
    is_member: bool,
    idle_since_day: Day,
}

impl Candidate {
    /// Reads thirteen columns.
    fn read(row: &Row, query: &IdleQuery) -> Answered<Self> {
        let platform_held: Option<bool> = row.get(10)?;
        let platform_expires_at_ms = row.get(11)?;
        let idle = IdleSeat {
            name: SeatName {
                pool: PoolName {
                    tenant_id: query.tenant_id,
                    seat_type: row.get::<StoredSeatType>(2)?.0,
                    namespace: row.get::<SeatNamespace>(1)?.0,
                },
                user_id: row.get::<StoredUserId>(0)?.0,
            },
            seat: Seat {
                held: row.get(3)?,
                expires_at_ms: row.get(5)?,
                released_at_ms: None,
            },
            assigned_at_ms: row.get(4)?,
            protected_reason: row.get(6)?,
            last_admitted_ms: row.get(8)?,
        };
        Ok(Self {
            idle,
            user_name: row.get(9)?,
            platform_seat: platform_held.map(|held| Seat {
                held,
                expires_at_ms: platform_expires_at_ms,
                released_at_ms: None,
            }),
            is_member: row.get(12)?,
            idle_since_day: Day::new(row.get(7)?),
        })
    }

    fn key(&self) -> IdleKey {
        IdleKey {
            idle_since_day: self.idle_since_day,
            user_id: self.idle.name.user_id,
            namespace: self.idle.name.pool.namespace.clone(),
        }
    }

    fn is_of(&self, app: Option<&Namespace>) -> bool {
        app.is_none_or(|app| self.idle.name.pool.namespace.as_ref() == Some(app))
    }
}

/// Reads one page.
pub(crate) async fn idle_seats(
    connection: &Sql,
    refusals: &Refusals,
    query: &IdleQuery,
) -> Answered<IdlePage> {
    let candidates = match query.order {
        IdleOrder::User => Stream::along(connection, query, Walk::of(query)),
        IdleOrder::LongestIdleFirst => by_idleness(connection, query).await?,
    };
    page(query, refusals, candidates).await
}

async fn by_idleness<'a>(connection: &'a Sql, query: &'a IdleQuery) -> Answered<Stream<'a>> {
    if query.user_id.is_some() {
        let seats = all(Stream::along(connection, query, Walk::OfPerson)).await?;
        let seats = seats.unwrap_or_default();
        return Stream::of(connection, query, in_order(query, seats)).await;
    }
    if standing::trusted(connection).await?.is_none() {
        let seats = by_seat::candidates(connection, query).await?;
        return Stream::of(connection, query, seats).await;
    }
    let disturbing = (query.tenant_id.0, idle_since_max_ms(query));
    if connection.exists(DISTURBS, disturbing).await? {
        tallies::catch_up(connection, query.tenant_id).await?;
    }
    if query.group_key.is_some()
        && let Some(seats) = small_group(connection, query).await?
    {
        return Stream::of(connection, query, in_order(query, seats)).await;
    }
    Ok(Stream::along(connection, query, Walk::of(query)))
}

/// The seats of a group. An index of everybody meets a member now and then; where all members' seats are no more than may be
/// looked at for a page, it is better to look at those. None where they are more.
async fn small_group(connection: &Sql, query: &IdleQuery) -> Answered<Option<Vec<Candidate>>> {
    let whole = IdleQuery {
        after: None,
        order: IdleOrder::User,
        ..query.clone()
    };
    all(Stream::along(connection, &whole, Walk::Members)).await
}

/// Everything, if it is no more than may be looked at for a page.
async fn all(mut stream: Stream<'_>) -> Answered<Option<Vec<Candidate>>> {
    let mut seats = Vec::new();
    while let Some(candidate) = stream.next().await? {
        seats.push(candidate);
        if seats.len() > IDLE_SEATS_READ_MAX {
            return Ok(None);
        }
    }
    Ok(Some(seats))
}

/// The seats that follow the place at which the page begins, in order.
fn in_order(query: &IdleQuery, mut seats: Vec<Candidate>) -> Vec<Candidate> {
    let place = |key: &IdleKey| (key.idle_since_day, key.user_id, key.namespace.clone());
    let after = query.after.as_ref().map(place);
    seats
        .retain(|seat| seat.idle.seat.held && after.as_ref().is_none_or(|after| place(&seat.key()) > *after));
    seats.sort_by_cached_key(|seat| place(&seat.key()));
    seats
}

async fn page(query: &IdleQuery, refusals: &Refusals, mut stream: Stream<'_>) -> Answered<IdlePage> {
    let (mut rows, mut last, mut seats_read) = (Vec::new(), None, 0);
    while rows.len() < query.rows_max && seats_read < IDLE_SEATS_READ_MAX {
        let Some(candidate) = stream.next().await? else {
            return Ok(IdlePage { rows, next: None });
        };
        seats_read += 1;
        last = Some(candidate.key());
        rows.extend(judged(query, refusals, &stream.leaves, candidate));
    }
    let next = if stream.has_more().await? { last } else { None };
    Ok(IdlePage { rows, next })
}

/// Seats along a walk, read in slices.
struct Stream<'a> {
    connection: &'a Sql,
    query: &'a IdleQuery,
    /// None when everything was read.
    walk: Option<Walk>,
    after: Option<IdleKey>,
    read: VecDeque<Candidate>,
    leaves: Leaves,
}

/// By person.
type Leaves = HashMap<UserId, Vec<Leave>>;

impl<'a> Stream<'a> {
    fn along(connection: &'a Sql, query: &'a IdleQuery, walk: Walk) -> Self {
        Self {
            connection,
            query,
            walk: Some(walk),
            after: query.after.clone().filter(|_| walk != Walk::OfPerson),
            read: VecDeque::new(),
            leaves: Leaves::new(),
        }
    }

    /// Seats that were read before.
    async fn of(connection: &'a Sql, query: &'a IdleQuery, seats: Vec<Candidate>) -> Answered<Self> {
        let mut stream = Self {
            walk: None,
            ..Self::along(connection, query, Walk::OfPerson)
        };
        stream.take(seats).await?;
        Ok(stream)
    }

    async fn next(&mut self) -> Answered<Option<Candidate>> {
        self.fill().await?;
        Ok(self.read.pop_front())
    }

    async fn has_more(&mut self) -> Answered<bool> {
        self.fill().await?;
        Ok(!self.read.is_empty())
    }

    async fn fill(&mut self) -> Answered<()> {
        let Some(walk) = self.walk.filter(|_| self.read.is_empty()) else {
            return Ok(());
        };
        let slice = walk.slice(self.query, self.after.as_ref());
        let seats = match slice {
            Some(slice) => slice.read(self.connection, self.query).await?,
            None => Vec::new(),
        };
        if !walk.goes_on_after(seats.len()) {
            self.walk = None;
        }
        self.after = seats.last().map(Candidate::key).or(self.after.take());
        self.take(seats).await
    }

    async fn take(&mut self, seats: Vec<Candidate>) -> Answered<()> {
        let found = leaves(self.connection, self.query, &seats).await?;
        self.leaves.extend(found);
        self.read.extend(seats);
        Ok(())
    }
}

async fn leaves(connection: &Sql, query: &IdleQuery, candidates: &[Candidate]) -> Answered<Leaves> {
    let mut user_ids: Vec<i64> = candidates
        .iter()
        .map(|candidate| candidate.idle.name.user_id.get())
        .collect();
    user_ids.dedup();
    if user_ids.is_empty() {
        return Ok(Leaves::new());
    }
    let found = connection
        .rows(
            "SELECT user_id, from_ms, until_ms FROM leaves WHERE tenant_id = $1 AND user_id = ANY($2)
             ORDER BY user_id, from_ms",
            (query.tenant_id.0, user_ids),
            |row| {
                let leave = Leave {
                    from_ms: row.get(1)?,
                    until_ms: row.get(2)?,
                };
                Ok((row.get::<StoredUserId>(0)?.0, leave))
            },
        )
        .await?;
    let mut leaves = Leaves::new();
    for (user_id, leave) in found {
        leaves.entry(user_id).or_default().push(leave);
    }
    Ok(leaves)
}

fn judged(query: &IdleQuery, refusals: &Refusals, leaves: &Leaves, candidate: Candidate) -> Option<IdleRow> {
    let is_asked_for = candidate.is_member && candidate.is_of(query.namespace.as_ref());
    if !is_asked_for || !candidate.idle.may_be_listed(query) {
        return None;
    }
    let Candidate {
        idle,
        user_name,
        platform_seat,
        ..
    } = candidate;
    let leaves = leaves.get(&idle.name.user_id).map_or(&[][..], Vec::as_slice);
    let is_app_seat = idle.name.pool.seat_type == SeatType::PerUserPerApp;
    let platform_seat_in_use = is_app_seat && platform_seat.is_some_and(|seat| seat.admits(query.now_ms));
    let idleness = idle.judged(query, leaves, platform_seat_in_use)?;
    let refused_attempts = refusals.of_seat(&idle.name);
    Some(idle.into_row(idleness, user_name, refused_attempts))
}
