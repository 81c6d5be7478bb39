//! A page of seats with how idle they are.
//!
//! Three wishes pull apart. The list is *exact*: an access that was admitted a moment ago counts. The cost is that of the
//! *page*. And the hot path writes *nothing* for it. So the columns by which the list goes are as old as the last fold, and
//! what came since is asked of the overlay, seat by seat. That gives exact judgements; what needs a thought is the order.
//!
//! **By user** the order is that of the table's key, which no access moves.
//!
//! **By idleness** the list goes along an index by the day since which a seat is idle, as of the last fold. A seat that the
//! overlay has a newer time for stands too early in it. That does no harm as long as the newer time takes it out of the list
//! anyway: who came in the last N days is not idle for N days. Only an access that is that old and yet not folded could
//! break it. The overlay knows its oldest time of each tenant, so this is noticed, and the answer is
//! [`Attempt::FoldFirst`]: an import of old accesses costs its reader one fold, and nobody else anything.
//!
//! **Between overlay and table** there is no common lock. A reader that looks at the overlay after its snapshot of the
//! table could miss what a fold has just moved from one to the other. So the overlay is asked whether a fold has ended, and
//! whether anything old came in, before and after; if so, the page is read again ([`Attempt::Again`]).

#[cfg(test)]
pub(super) mod cost;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, Rows, ToSql};
use usher_ledger::idle::{IdleSeat, idle_since_max_day, idle_since_max_ms, seat_types};
use usher_seats::{Day, Namespace, Seat, SeatType, TenantId, UserId};
use usher_store::{
    IdleKey, IdleOrder, IdlePage, IdleQuery, IdleRow, PoolName, Refusals, SeatName, idle::IDLE_SEATS_READ_MAX,
};

use super::leaves::leaves;
use crate::{
    idle::newest_folded_ms,
    numbers::{SeatNamespace, SeatTypeNumber, StoredUserId, seat_namespace},
    overlay::Overlay,
};

/// Whether somebody is in a group.
const IS_MEMBER: &str =
    "SELECT 1 FROM group_members WHERE tenant_id = ?1 AND group_key = ?2 AND user_id = ?3";
/// A person's platform seat.
const PLATFORM_SEAT: &str = "SELECT held, expires_at_ms FROM seats
     WHERE tenant_id = ?1 AND seat_type = 0 AND user_id = ?2 AND namespace = ''";
/// What a person is called.
const USER_NAME: &str = "SELECT name FROM users WHERE tenant_id = ?1 AND user_id = ?2";

/// What came of reading a page.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The page.
    Page(IdlePage),
    /// Something old must reach its table first.
    FoldFirst,
    /// Something moved while it was read.
    Again,
}

/// Where facts come from beside the file.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    pub(crate) overlay: &'a Overlay,
    pub(crate) refusals: &'a Refusals,
}

/// Reads one page.
pub(crate) fn idle_seats(
    connection: &Connection,
    memory: Memory<'_>,
    query: &IdleQuery,
) -> rusqlite::Result<Attempt> {
    let before = memory.overlay.standing(query.tenant_id);
    if before
        .oldest_ms
        .is_some_and(|oldest_ms| breaks_order(query, oldest_ms))
    {
        return Ok(Attempt::FoldFirst);
    }
    let snapshot = connection.unchecked_transaction()?;
    let page = read(&snapshot, memory, query)?;
    let after = memory.overlay.standing(query.tenant_id);
    let undisturbed = before.folds_ended == after.folds_ended
        && !after
            .oldest_ms
            .is_some_and(|oldest_ms| breaks_order(query, oldest_ms));
    Ok(if undisturbed {
        Attempt::Page(page)
    } else {
        Attempt::Again
    })
}

/// True when an access of that time could leave a seat in the list, but at another place than the index has it.
fn breaks_order(query: &IdleQuery, time_ms: i64) -> bool {
    query.order == IdleOrder::LongestIdleFirst && !query.never_used && time_ms <= idle_since_max_ms(query)
}

fn read(connection: &Connection, memory: Memory<'_>, query: &IdleQuery) -> rusqlite::Result<IdlePage> {
    let judge = Judge {
        connection,
        memory,
        query,
    };
    if let Some(group) = small_group(connection, query)? {
        let mut group = group.into_iter();
        return judge.page(|| Ok(group.next()));
    }
    let mut statements = statements(connection, query, Walk::of(query))?;
    let mut streams = Stream::begin_all(&mut statements, query, Walk::of(query))?;
    judge.page(|| next(&mut streams, query.order))
}

/// The seats of a group, longest idle first, from the place on at which the page begins. An index of everybody meets a
/// member now and then; where all members' seats are no more than may be looked at for a page, it is better to look at
/// those. None where they are more, or where nobody asked for this.
fn small_group(connection: &Connection, query: &IdleQuery) -> rusqlite::Result<Option<Vec<Candidate>>> {
    if query.group_key.is_none() || query.order != IdleOrder::LongestIdleFirst {
        return Ok(None);
    }
    let whole = IdleQuery {
        after: None,
        order: IdleOrder::User,
        ..query.clone()
    };
    let mut statements = statements(connection, &whole, Walk::Members)?;
    let mut streams = Stream::begin_all(&mut statements, &whole, Walk::Members)?;
    let mut group = Vec::new();
    for _ in 0..IDLE_SEATS_READ_MAX {
        let Some(candidate) = next(&mut streams, IdleOrder::User)? else {
            group.retain(|candidate: &Candidate| candidate.held && follows(candidate, query));
            group.sort_by_cached_key(|candidate| place(&candidate.key(), IdleOrder::LongestIdleFirst));
            return Ok(Some(group));
        };
        group.push(candidate);
    }
    Ok(None)
}

fn follows(candidate: &Candidate, query: &IdleQuery) -> bool {
    let place_of = |key: &IdleKey| place(key, query.order);
    let after = query.after.as_ref().map(place_of);
    after.is_none_or(|after| place_of(&candidate.key()) > after)
}

fn statements<'connection>(
    connection: &'connection Connection,
    query: &IdleQuery,
    walk: Walk,
) -> rusqlite::Result<Vec<(SeatType, CachedStatement<'connection>)>> {
    let prepared = |seat_type| Ok((seat_type, connection.prepare_cached(walk.statement())?));
    seat_types(query).into_iter().map(prepared).collect()
}

/// Along which key the seats are read.
#[derive(Debug, Clone, Copy)]
enum Walk {
    Idle,
    NeverUsed,
    IdleOfApp,
    ByUser,
    OfUser,
    Members,
}

impl Walk {
    fn of(query: &IdleQuery) -> Self {
        match query.order {
            IdleOrder::LongestIdleFirst if query.namespace.is_some() => Self::IdleOfApp,
            IdleOrder::LongestIdleFirst if query.never_used => Self::NeverUsed,
            IdleOrder::LongestIdleFirst => Self::Idle,
            IdleOrder::User if query.user_id.is_some() => Self::OfUser,
            IdleOrder::User if query.group_key.is_some() => Self::Members,
            IdleOrder::User => Self::ByUser,
        }
    }

    /// The seats after a place, in order. [`Walk::begin`] says what the numbers stand for.
    fn statement(self) -> &'static str {
        match self {
            Self::Idle => {
                "SELECT user_id, namespace, held, assigned_at_ms, expires_at_ms, protected_reason, last_admitted_ms,
                        idle_since_day
                 FROM seats INDEXED BY seats_idle
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND held = 1
                   AND (idle_since_day, user_id, namespace) > (?3, ?4, ?5) AND idle_since_day <= ?6
                 ORDER BY idle_since_day, user_id, namespace"
            }
            Self::NeverUsed => {
                "SELECT user_id, namespace, held, assigned_at_ms, expires_at_ms, protected_reason, last_admitted_ms,
                        idle_since_day
                 FROM seats INDEXED BY seats_never_used
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND held = 1 AND last_admitted_ms IS NULL
                   AND (idle_since_day, user_id, namespace) > (?3, ?4, ?5) AND idle_since_day <= ?6
                 ORDER BY idle_since_day, user_id, namespace"
            }
            Self::IdleOfApp => {
                "SELECT user_id, namespace, held, assigned_at_ms, expires_at_ms, protected_reason, last_admitted_ms,
                        idle_since_day
                 FROM seats INDEXED BY seats_idle_of_app
                 WHERE tenant_id = ?1 AND namespace = ?5 AND held = 1 AND seat_type = 1
                   AND (idle_since_day, user_id) > (?2, ?3) AND idle_since_day <= ?4
                 ORDER BY idle_since_day, user_id"
            }
            Self::ByUser => {
                "SELECT user_id, namespace, held, assigned_at_ms, expires_at_ms, protected_reason, last_admitted_ms,
                        idle_since_day
                 FROM seats
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND (user_id, namespace) > (?3, ?4)
                 ORDER BY user_id, namespace"
            }
            // The person is the key's, so that nobody else's seat is looked at.
            Self::OfUser => {
                "SELECT user_id, namespace, held, assigned_at_ms, expires_at_ms, protected_reason, last_admitted_ms,
                        idle_since_day
                 FROM seats
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?5
                   AND (?5 > ?3 OR (?5 = ?3 AND namespace > ?4))
                 ORDER BY user_id, namespace"
            }
            // A member without such a seat is a row too, so that looking at members is counted as looking at seats.
            Self::Members => {
                "SELECT member.user_id, coalesce(seats.namespace, ''), coalesce(held, 0), assigned_at_ms, expires_at_ms,
                        protected_reason, last_admitted_ms, coalesce(idle_since_day, 0)
                 FROM group_members AS member
                 LEFT JOIN seats ON seats.tenant_id = ?1 AND seats.seat_type = ?2
                                AND seats.user_id = member.user_id
                                AND (seats.user_id, seats.namespace) > (?3, ?4)
                 WHERE member.tenant_id = ?1 AND member.group_key = ?5 AND member.user_id >= ?3
                 ORDER BY member.user_id, seats.namespace"
            }
        }
    }

    fn begin<'statement>(
        self,
        statement: &'statement mut CachedStatement<'_>,
        query: &IdleQuery,
        seat_type: SeatType,
    ) -> rusqlite::Result<Rows<'statement>> {
        let after = query.after.as_ref();
        let day = after.map_or(i32::MIN, |key| key.idle_since_day.number());
        let user_id = after.map_or(0, |key| key.user_id.get());
        let namespace = seat_namespace(after.and_then(|key| key.namespace.as_ref()));
        let last_day = idle_since_max_day(query);
        let seat_type = SeatTypeNumber(seat_type);
        let app = seat_namespace(query.namespace.as_ref());
        let group = query.group_key.as_ref().map_or("", |group| group.as_str());
        let person = query.user_id.map(UserId::get);
        let tenant_id = query.tenant_id.0;
        let parameters: &[&dyn ToSql] = match self {
            Self::Idle | Self::NeverUsed => &[&tenant_id, &seat_type, &day, &user_id, &namespace, &last_day],
            Self::IdleOfApp => &[&tenant_id, &day, &user_id, &last_day, &app],
            Self::ByUser => &[&tenant_id, &seat_type, &user_id, &namespace],
            Self::OfUser => &[&tenant_id, &seat_type, &user_id, &namespace, &person],
            Self::Members => &[&tenant_id, &seat_type, &user_id, &namespace, &group],
        };
        statement.query(parameters)
    }
}

/// A seat on its way along the walk, as the file has it.
struct Candidate {
    seat: SeatName,
    held: bool,
    /// Meaningless, as the rest is, when it is not held.
    assigned_at_ms: i64,
    expires_at_ms: Option<i64>,
    protected_reason: Option<String>,
    last_admitted_ms: Option<i64>,
    idle_since_day: Day,
}

impl Candidate {
    fn from_row(row: &Row<'_>, tenant_id: TenantId, seat_type: SeatType) -> rusqlite::Result<Self> {
        Ok(Self {
            seat: SeatName {
                pool: PoolName {
                    tenant_id,
                    seat_type,
                    namespace: row.get::<_, SeatNamespace>(1)?.0,
                },
                user_id: row.get::<_, StoredUserId>(0)?.0,
            },
            held: row.get(2)?,
            assigned_at_ms: row.get::<_, Option<i64>>(3)?.unwrap_or(0),
            expires_at_ms: row.get(4)?,
            protected_reason: row.get(5)?,
            last_admitted_ms: row.get(6)?,
            idle_since_day: Day::new(row.get(7)?),
        })
    }

    fn key(&self) -> IdleKey {
        IdleKey {
            idle_since_day: self.idle_since_day,
            user_id: self.seat.user_id,
            namespace: self.seat.pool.namespace.clone(),
        }
    }
}

/// The seats of one kind along the walk.
struct Stream<'statement> {
    rows: Rows<'statement>,
    tenant_id: TenantId,
    seat_type: SeatType,
    next: Option<Candidate>,
}

impl<'statement> Stream<'statement> {
    fn begin_all(
        statements: &'statement mut [(SeatType, CachedStatement<'_>)],
        query: &IdleQuery,
        walk: Walk,
    ) -> rusqlite::Result<Vec<Self>> {
        let begin = |(seat_type, statement): &'statement mut (SeatType, CachedStatement<'_>)| {
            let mut stream = Self {
                rows: walk.begin(statement, query, *seat_type)?,
                tenant_id: query.tenant_id,
                seat_type: *seat_type,
                next: None,
            };
            stream.take()?;
            Ok(stream)
        };
        statements.iter_mut().map(begin).collect()
    }

    /// Gives the candidate at hand and steps to the one after it.
    fn take(&mut self) -> rusqlite::Result<Option<Candidate>> {
        let following = match self.rows.next()? {
            Some(row) => Some(Candidate::from_row(row, self.tenant_id, self.seat_type)?),
            None => None,
        };
        Ok(std::mem::replace(&mut self.next, following))
    }
}

/// A place in the list, to be compared.
fn place(key: &IdleKey, order: IdleOrder) -> (Option<Day>, UserId, Option<Namespace>) {
    let day = (order == IdleOrder::LongestIdleFirst).then_some(key.idle_since_day);
    (day, key.user_id, key.namespace.clone())
}

/// The first of the candidates at hand: both kinds of seat make one list.
fn next(streams: &mut [Stream<'_>], order: IdleOrder) -> rusqlite::Result<Option<Candidate>> {
    let at_hand = |stream: &Stream<'_>| Some(place(&stream.next.as_ref()?.key(), order));
    let first = streams
        .iter_mut()
        .filter_map(|stream| Some((at_hand(stream)?, stream)))
        .min_by(|(one, _), (other, _)| one.cmp(other));
    match first {
        Some((_, stream)) => stream.take(),
        None => Ok(None),
    }
}

/// Judges candidates, asking for no more than the filter leaves open.
struct Judge<'a> {
    connection: &'a Connection,
    memory: Memory<'a>,
    query: &'a IdleQuery,
}

impl Judge<'_> {
    /// Makes a page of the candidates that `take` gives, in order.
    fn page(
        &self,
        mut take: impl FnMut() -> rusqlite::Result<Option<Candidate>>,
    ) -> rusqlite::Result<IdlePage> {
        let (mut rows, mut last, mut seats_read) = (Vec::new(), None, 0);
        while rows.len() < self.query.rows_max && seats_read < IDLE_SEATS_READ_MAX {
            let Some(candidate) = take()? else {
                return Ok(IdlePage { rows, next: None });
            };
            seats_read += 1;
            rows.extend(self.row(&candidate)?);
            last = Some(candidate.key());
        }
        let next = if take()?.is_some() { last } else { None };
        Ok(IdlePage { rows, next })
    }

    fn row(&self, candidate: &Candidate) -> rusqlite::Result<Option<IdleRow>> {
        let fresh_ms = self.memory.overlay.newest_of_seat(&candidate.seat);
        let mut idle = IdleSeat {
            name: candidate.seat.clone(),
            seat: Seat {
                held: candidate.held,
                expires_at_ms: candidate.expires_at_ms,
                released_at_ms: None,
            },
            assigned_at_ms: candidate.assigned_at_ms,
            last_admitted_ms: candidate.last_admitted_ms.max(fresh_ms),
            protected_reason: candidate.protected_reason.clone(),
        };
        let user_id = idle.name.user_id;
        if !idle.may_be_listed(self.query) || !self.is_of_app(candidate) || !self.is_member(user_id)? {
            return Ok(None);
        }
        // So far it was exact to the day and never too late: whoever is listed by it may be listed no longer.
        idle.last_admitted_ms = idle
            .last_admitted_ms
            .max(newest_folded_ms(self.connection, &candidate.seat)?);
        if !idle.may_be_listed(self.query) {
            return Ok(None);
        }
        let leaves = leaves(self.connection, self.query.tenant_id, user_id)?;
        let platform_seat_in_use =
            idle.name.pool.seat_type == SeatType::PerUserPerApp && self.platform_seat_in_use(user_id)?;
        let Some(idleness) = idle.judged(self.query, &leaves, platform_seat_in_use) else {
            return Ok(None);
        };
        let refused_attempts = self.memory.refusals.of_seat(&idle.name);
        Ok(Some(idle.into_row(
            idleness,
            self.user_name(user_id)?,
            refused_attempts,
        )))
    }

    fn is_of_app(&self, candidate: &Candidate) -> bool {
        let app: Option<&Namespace> = self.query.namespace.as_ref();
        app.is_none_or(|app| candidate.seat.pool.namespace.as_ref() == Some(app))
    }

    fn is_member(&self, user_id: UserId) -> rusqlite::Result<bool> {
        match &self.query.group_key {
            // A walk along the members meets nobody else.
            Some(_) if self.query.order == IdleOrder::User && self.query.user_id.is_none() => Ok(true),
            None => Ok(true),
            Some(group_key) => self.connection.prepare_cached(IS_MEMBER)?.exists((
                self.query.tenant_id.0,
                group_key.as_str(),
                user_id.get(),
            )),
        }
    }

    fn platform_seat_in_use(&self, user_id: UserId) -> rusqlite::Result<bool> {
        let seat = self
            .connection
            .prepare_cached(PLATFORM_SEAT)?
            .query_row((self.query.tenant_id.0, user_id.get()), |row| {
                Ok(Seat {
                    held: row.get(0)?,
                    expires_at_ms: row.get(1)?,
                    released_at_ms: None,
                })
            })
            .optional()?;
        Ok(seat.is_some_and(|seat| seat.admits(self.query.now_ms)))
    }

    fn user_name(&self, user_id: UserId) -> rusqlite::Result<String> {
        self.connection
            .prepare_cached(USER_NAME)?
            .query_row((self.query.tenant_id.0, user_id.get()), |row| row.get(0))
    }
}
