//! How many seats in use stand at which days, and how these counts follow what happens.
//!
//! An overview must not cost as much as there are seats, so `seat_tallies` has what it asks for, counted (the rule is
//! [`usher_seats::overview`]). Three goals pull at how it is kept. It must be *exact*. Nobody who opens an app or changes a seat
//! may *wait* for it: a count of "used today" is a row that every batch of every instance would want at nine in the morning. And
//! it must hold on a cluster, where there are no triggers on tables that are cut by tenant, and while an instance of the
//! version before, which knows nothing of it, is still at work.
//!
//! So nobody who writes a seat counts it. Every seat says *as what it is counted*, and counts are the sum of that, always. What
//! is no longer what it is counted as is found without looking at every seat: a seat that was given, taken back or protected
//! shows it by its own columns, and a partial index holds exactly those; who came through a seat on another day than before is
//! in `fresh_uses`, to which a batch adds one row. [`catch_up`] counts those people anew. A reader exchanges the few that are
//! left ([`crate::reads`]), so what it says is exact whether anybody counted lately or not.
//!
//! **Who waits for whom.** One counts per tenant at a time, under an advisory lock. It takes the rows of seats that nobody else
//! holds (`SKIP LOCKED`) and leaves the people of the others for later, so while it holds anything it waits for nothing. Whoever
//! removes people takes their counts out by rows of its own (`part`), and whoever lets people in only adds rows. So no ring
//! can form. Rows of other parts are added up now and then ([`tidy`]).
//!
//! **An instance of the version before** writes seats, which show, and accesses, which do not; [`standing`] tells how the counts
//! are distrusted for as long, and begun anew.

pub(crate) mod standing;

use std::collections::{BTreeMap, BTreeSet};

use usher_seats::{
    Day, Seat, SeatFacts, SeatType, TallyCell, TallyFlags, TallyMark, TenantId, UserId, idle::idle_since_ms,
    overview,
};

use crate::{
    numbers::{SeatTypeNumber, StoredSeatType, StoredUserId},
    reads::limit,
    sql::{Answered, Row, Sql},
};

/// Which kind of advisory lock counting is; any number that nothing else here uses.
const COUNTING_LOCK: i32 = 0x5553_4843;
/// People counted in one transaction: some tenths of a second of work.
pub(crate) const PEOPLE_PER_STEP: usize = 2_000;
/// Rows of `fresh_uses` looked at for one step; a row has one person or a whole batch.
const USES_PER_STEP: usize = 1_000;
/// Both kinds of seat, as their column has them: with both named, a person's seats are found by the key.
const BOTH_KINDS: [i16; 2] = [0, 1];
/// The part of whoever counts.
const COUNTED: i64 = 0;

/// Seats that are no longer what they are counted as. Word by word the condition of the index `seats_uncounted`. The server does
/// not know how few they are, and would rather read every seat until it meets one; so whoever asks for them asks for them by
/// person, the order of that index and of no other.
macro_rules! uncounted {
    () => {
        "(held <> (counted_in IS NOT NULL)
          OR held AND (counted_assigned_at_ms <> assigned_at_ms
                       OR (counted_flags & 1 = 1) <> (protected_reason IS NOT NULL)))"
    };
}
pub(crate) use uncounted;

/// The seats of some people, as they are and as what they are counted.
const SEATS_OF: &str = "
SELECT seats.seat_type, seats.user_id, seats.namespace, seats.held, seats.expires_at_ms, seats.assigned_at_ms,
       seats.protected_reason IS NOT NULL, used.last_ms, seats.counted_in, seats.counted_flags,
       seats.counted_assigned_at_ms, seats.last_admitted_ms
FROM seats
LEFT JOIN LATERAL (
    SELECT max(active_time_ms) AS last_ms FROM activity
    WHERE activity.tenant_id = seats.tenant_id AND activity.seat_type = seats.seat_type
      AND activity.user_id = seats.user_id AND (seats.seat_type = 0 OR activity.namespace = seats.namespace)
) AS used ON TRUE
WHERE seats.tenant_id = $1 AND seats.seat_type = ANY($2) AND seats.user_id = ANY($3)";

/// The same seats, held against everybody until the transaction ends, but for those that somebody else holds.
const HELD_FAST: &str = "
SELECT seat_type, user_id, namespace FROM seats
WHERE tenant_id = $1 AND seat_type = ANY($2) AND user_id = ANY($3)
FOR UPDATE SKIP LOCKED";

const TAKE_USES: &str = "
DELETE FROM fresh_uses WHERE tenant_id = $1 AND transaction_number IN (
    SELECT transaction_number FROM (
        SELECT transaction_number,
               sum(cardinality(user_ids)) OVER (ORDER BY transaction_number) - cardinality(user_ids) AS people_before
        FROM (SELECT transaction_number, user_ids FROM fresh_uses WHERE tenant_id = $1
              ORDER BY transaction_number LIMIT $2) AS first_uses
    ) AS added_up WHERE people_before < $3)
RETURNING user_ids";

const UNCOUNTED: &str = concat!(
    "SELECT DISTINCT user_id FROM seats WHERE tenant_id = $1 AND ",
    uncounted!(),
    " ORDER BY user_id LIMIT $2"
);

const COUNT_AS: &str = "
UPDATE seats
SET counted_in = asked.counted_in, counted_flags = asked.flags, counted_assigned_at_ms = asked.assigned_at_ms,
    last_admitted_ms = asked.last_ms, idle_since_day = asked.since_day
FROM unnest($2::int2[], $3::int8[], $4::text[], $5::int8[], $6::int2[], $7::int8[], $8::int8[], $9::int4[])
    AS asked (seat_type, user_id, namespace, counted_in, flags, assigned_at_ms, last_ms, since_day)
WHERE seats.tenant_id = $1 AND seats.seat_type = asked.seat_type AND seats.user_id = asked.user_id
  AND seats.namespace = asked.namespace COLLATE \"C\"";

/// $9 the part; 0 for whoever counts, the transaction's own number for none.
const ADD: &str = "
INSERT INTO seat_tallies AS kept (tenant_id, generation, mark, day, seat_type, namespace, flags, part, seats)
SELECT $1, generation, mark, day, seat_type, namespace, flags, coalesce($9::int8, txid_current()), seats
FROM unnest($2::int8[], $3::int2[], $4::int4[], $5::int2[], $6::text[], $7::int2[], $8::int8[])
    AS moved (generation, mark, day, seat_type, namespace, flags, seats)
ON CONFLICT (tenant_id, generation, mark, day, seat_type, namespace, flags, part)
DO UPDATE SET seats = kept.seats + excluded.seats";

/// A seat, and as what it is counted.
#[derive(Debug, Clone)]
pub(crate) struct KeptSeat {
    pub(crate) seat_type: SeatType,
    pub(crate) user_id: UserId,
    /// Empty for a platform seat.
    pub(crate) namespace: String,
    /// Without leaves; whether a platform seat makes it redundant is still to be said.
    pub(crate) facts: SeatFacts<'static>,
    pub(crate) counted: Option<Counted>,
}

/// As what a seat is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) generation: i64,
    /// What its cells are made of.
    pub(crate) facts: SeatFacts<'static>,
}

fn kept_seat(row: &Row) -> Answered<KeptSeat> {
    let facts = SeatFacts {
        seat: Seat {
            held: row.get(3)?,
            expires_at_ms: row.get(4)?,
            released_at_ms: None,
        },
        assigned_at_ms: row.get(5)?,
        protected: row.get(6)?,
        last_admitted_ms: row.get(7)?,
        leaves: &[],
        platform_seat_in_use: false,
    };
    Ok(KeptSeat {
        seat_type: row.get::<StoredSeatType>(0)?.0,
        user_id: row.get::<StoredUserId>(1)?.0,
        namespace: row.get(2)?,
        facts,
        counted: counted(row)?,
    })
}

fn counted(row: &Row) -> Answered<Option<Counted>> {
    let (generation, flags): (Option<i64>, Option<i16>) = (row.get(8)?, row.get(9)?);
    let (assigned_at_ms, last_admitted_ms): (Option<i64>, Option<i64>) = (row.get(10)?, row.get(11)?);
    let there = generation.zip(flags).zip(assigned_at_ms);
    Ok(there.map(|((generation, flags), assigned_at_ms)| {
        let flags = TallyFlags::from_number(u8::try_from(flags).unwrap_or_default());
        let facts = SeatFacts {
            seat: Seat {
                held: true,
                expires_at_ms: None,
                released_at_ms: None,
            },
            assigned_at_ms,
            last_admitted_ms,
            protected: flags.protected,
            leaves: &[],
            platform_seat_in_use: flags.redundant,
        };
        Counted { generation, facts }
    }))
}

fn numbers(people: &BTreeSet<UserId>) -> Vec<i64> {
    people.iter().map(|user_id| user_id.get()).collect()
}

/// Every seat of some people, held or not.
pub(crate) async fn seats_of(
    sql: &Sql,
    tenant_id: TenantId,
    people: &BTreeSet<UserId>,
) -> Answered<Vec<KeptSeat>> {
    sql.rows(
        SEATS_OF,
        (tenant_id.0, &BOTH_KINDS[..], numbers(people)),
        kept_seat,
    )
    .await
}

/// Counts anew whoever is fresh of a tenant, some at a time, until there is nobody left but those whose seats somebody holds.
pub(crate) async fn catch_up(sql: &Sql, tenant_id: TenantId) -> Answered<()> {
    while step(sql, tenant_id).await? {}
    Ok(())
}

/// Counts some people anew; true when there are more who can be counted.
async fn step(sql: &Sql, tenant_id: TenantId) -> Answered<bool> {
    sql.begin().await?;
    lock(sql, tenant_id).await?;
    let (people, more) = fresh_people(sql, tenant_id).await?;
    if people.is_empty() {
        sql.roll_back().await?;
        return Ok(false);
    }
    let generation = standing::generation(sql).await?;
    let counted = count(sql, (tenant_id, generation), &people).await?;
    sql.commit().await?;
    Ok(more && counted > 0)
}

/// One counts at a time; a statement of its own, so that what follows sees what the one before has counted.
async fn lock(sql: &Sql, tenant_id: TenantId) -> Answered<()> {
    sql.exists(
        "SELECT pg_advisory_xact_lock($1, ($2::int8 % 2147483647)::int4)",
        (COUNTING_LOCK, tenant_id.0),
    )
    .await
    .map(|_| ())
}

/// People who are to be counted anew, and whether there may be more; those among `fresh_uses` are no longer there.
async fn fresh_people(sql: &Sql, tenant_id: TenantId) -> Answered<(BTreeSet<UserId>, bool)> {
    let most = i64::try_from(PEOPLE_PER_STEP).unwrap_or(i64::MAX);
    let uses: Vec<Vec<i64>> = sql
        .rows(TAKE_USES, (tenant_id.0, limit(USES_PER_STEP), most), |row| {
            row.get(0)
        })
        .await?;
    let uncounted = sql
        .rows(UNCOUNTED, (tenant_id.0, limit(PEOPLE_PER_STEP)), |row| {
            row.get::<StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
        })
        .await?;
    let uses_read = uses.len();
    let used: Vec<i64> = uses.into_iter().flatten().collect();
    let more =
        uses_read >= USES_PER_STEP || used.len() >= PEOPLE_PER_STEP || uncounted.len() >= PEOPLE_PER_STEP;
    let used = used.into_iter().filter_map(|number| UserId::new(number).ok());
    Ok((used.chain(uncounted).collect(), more))
}

/// Counts people anew, within a transaction that has the lock; tells how many. Those with a seat that somebody holds are
/// fresh again.
pub(crate) async fn count(
    sql: &Sql,
    (tenant_id, generation): (TenantId, i64),
    people: &BTreeSet<UserId>,
) -> Answered<usize> {
    let held_fast: BTreeSet<(SeatType, UserId, String)> = sql
        .rows(
            HELD_FAST,
            (tenant_id.0, &BOTH_KINDS[..], numbers(people)),
            |row| {
                let StoredSeatType(seat_type) = row.get(0)?;
                Ok((seat_type, row.get::<StoredUserId>(1)?.0, row.get(2)?))
            },
        )
        .await?
        .into_iter()
        .collect();
    let mut by_person: BTreeMap<UserId, Vec<KeptSeat>> = BTreeMap::new();
    for seat in seats_of(sql, tenant_id, people).await? {
        by_person.entry(seat.user_id).or_default().push(seat);
    }
    let (mut left, mut changes) = (Vec::new(), Changes::default());
    for (user_id, seats) in by_person {
        let is_ours =
            |seat: &KeptSeat| held_fast.contains(&(seat.seat_type, seat.user_id, seat.namespace.clone()));
        if seats.iter().all(is_ours) {
            changes.person(generation, seats);
        } else {
            left.push(user_id.get());
        }
    }
    let counted = people.len().saturating_sub(left.len());
    changes.write(sql, tenant_id).await?;
    leave_for_later(sql, tenant_id, left).await?;
    Ok(counted)
}

async fn leave_for_later(sql: &Sql, tenant_id: TenantId, people: Vec<i64>) -> Answered<()> {
    if people.is_empty() {
        return Ok(());
    }
    // No reader of a list need wait for them: they stand where they were counted last.
    sql.execute(
        "INSERT INTO fresh_uses (tenant_id, transaction_number, oldest_ms, user_ids)
         VALUES ($1, txid_current(), 9223372036854775807, $2)
         ON CONFLICT (tenant_id, transaction_number) DO UPDATE SET user_ids = fresh_uses.user_ids || excluded.user_ids",
        (tenant_id.0, people),
    )
    .await
    .map(|_| ())
}

/// What a count changes, gathered.
#[derive(Default)]
struct Changes {
    seats: Vec<(KeptSeat, Option<Counted>)>,
    moves: Moves,
}

impl Changes {
    fn person(&mut self, generation: i64, seats: Vec<KeptSeat>) {
        let has_platform_seat = seats
            .iter()
            .any(|seat| seat.seat_type == SeatType::PerUser && seat.facts.seat.held);
        for seat in seats {
            let facts = SeatFacts {
                platform_seat_in_use: has_platform_seat && seat.seat_type == SeatType::PerUserPerApp,
                ..seat.facts
            };
            let after = facts.seat.held.then_some(Counted { generation, facts });
            if !is_counted_so(&seat, after.as_ref()) {
                let place = (seat.seat_type, seat.namespace.as_str());
                self.moves.out(place, seat.counted.as_ref());
                self.moves.put(place, after.as_ref(), 1);
                self.seats.push((seat, after));
            }
        }
    }

    async fn write(self, sql: &Sql, tenant_id: TenantId) -> Answered<()> {
        if self.seats.is_empty() {
            return Ok(());
        }
        let mut columns = SeatColumns::default();
        for (seat, after) in self.seats {
            columns.push(seat, after);
        }
        columns.write(sql, tenant_id).await?;
        self.moves.write(sql, tenant_id, Some(COUNTED)).await
    }
}

/// True when nothing that is kept would be another: times of use are kept exact to the day.
fn is_counted_so(seat: &KeptSeat, after: Option<&Counted>) -> bool {
    let cells = |counted: &Counted| {
        let cells: Vec<TallyCell> = overview::cells(&counted.facts).collect();
        (
            counted.generation,
            counted.facts.assigned_at_ms,
            since_day(counted),
            cells,
        )
    };
    seat.counted.as_ref().map(cells) == after.map(cells)
}

/// The day of UTC since which it is idle.
fn since_day(counted: &Counted) -> i32 {
    let since_ms = idle_since_ms(counted.facts.assigned_at_ms, counted.facts.last_admitted_ms);
    Day::in_utc(since_ms).number()
}

/// Seats as columns, with what they are counted as.
#[derive(Default)]
struct SeatColumns {
    seat_types: Vec<i16>,
    user_ids: Vec<i64>,
    namespaces: Vec<String>,
    counted_in: Vec<Option<i64>>,
    flags: Vec<Option<i16>>,
    assigned_at_ms: Vec<Option<i64>>,
    last_ms: Vec<Option<i64>>,
    since_days: Vec<Option<i32>>,
}

impl SeatColumns {
    fn push(&mut self, seat: KeptSeat, after: Option<Counted>) {
        self.seat_types.push(SeatTypeNumber(seat.seat_type).number());
        self.user_ids.push(seat.user_id.get());
        self.namespaces.push(seat.namespace);
        self.counted_in.push(after.map(|after| after.generation));
        self.flags.push(after.map(|after| {
            let flags = TallyFlags {
                protected: after.facts.protected,
                redundant: after.facts.platform_seat_in_use,
                never_used: after.facts.last_admitted_ms.is_none(),
            };
            flags.number().into()
        }));
        self.assigned_at_ms
            .push(after.map(|after| after.facts.assigned_at_ms));
        self.last_ms
            .push(after.and_then(|after| after.facts.last_admitted_ms));
        self.since_days.push(after.as_ref().map(since_day));
    }

    async fn write(&self, sql: &Sql, tenant_id: TenantId) -> Answered<()> {
        let values = list![
            tenant_id.0,
            self.seat_types,
            self.user_ids,
            self.namespaces,
            self.counted_in,
            self.flags,
            self.assigned_at_ms,
            self.last_ms,
            self.since_days
        ];
        sql.execute(COUNT_AS, values).await.map(|_| ())
    }
}

/// What changes in the counts, by generation, cell and pool.
#[derive(Debug, Default)]
struct Moves {
    cells: BTreeMap<(i64, TallyCell, i16, String), i64>,
}

impl Moves {
    fn out(&mut self, place: (SeatType, &str), counted: Option<&Counted>) {
        self.put(place, counted, -1);
    }

    fn put(&mut self, (seat_type, namespace): (SeatType, &str), counted: Option<&Counted>, seats: i64) {
        let Some(counted) = counted else {
            return;
        };
        for cell in overview::cells(&counted.facts) {
            let place = (
                counted.generation,
                cell,
                SeatTypeNumber(seat_type).number(),
                namespace.to_owned(),
            );
            *self.cells.entry(place).or_default() += seats;
        }
    }

    /// Adds everything to a part; to one of the transaction's own where none is said.
    async fn write(mut self, sql: &Sql, tenant_id: TenantId, part: Option<i64>) -> Answered<()> {
        self.cells.retain(|_, seats| *seats != 0);
        if self.cells.is_empty() {
            return Ok(());
        }
        let cells = || self.cells.iter();
        let generations: Vec<i64> = cells().map(|((generation, ..), _)| *generation).collect();
        let marks: Vec<i16> = cells()
            .map(|((_, cell, ..), _)| cell.mark.number().into())
            .collect();
        let days: Vec<i32> = cells().map(|((_, cell, ..), _)| cell.day.number()).collect();
        let seat_types: Vec<i16> = cells().map(|((.., seat_type, _), _)| *seat_type).collect();
        let namespaces: Vec<&str> = cells().map(|((.., namespace), _)| namespace.as_str()).collect();
        let flags: Vec<i16> = cells()
            .map(|((_, cell, ..), _)| cell.flags.number().into())
            .collect();
        let seats: Vec<i64> = cells().map(|(_, seats)| *seats).collect();
        let values = list![
            tenant_id.0,
            generations,
            marks,
            days,
            seat_types,
            namespaces,
            flags,
            seats,
            part
        ];
        sql.execute(ADD, values).await.map(|_| ())
    }
}

/// Takes a person's seats away, and out of the counts.
pub(crate) async fn remove_seats(sql: &Sql, tenant_id: TenantId, user_id: UserId) -> Answered<()> {
    let gone = sql
        .rows(
            "DELETE FROM seats WHERE tenant_id = $1 AND seat_type = ANY($2) AND user_id = $3
             RETURNING seat_type, user_id, namespace, held, expires_at_ms, assigned_at_ms,
                       protected_reason IS NOT NULL, NULL::int8, counted_in, counted_flags, counted_assigned_at_ms,
                       last_admitted_ms",
            (tenant_id.0, &BOTH_KINDS[..], user_id.get()),
            kept_seat,
        )
        .await?;
    let mut moves = Moves::default();
    for seat in gone {
        moves.out((seat.seat_type, seat.namespace.as_str()), seat.counted.as_ref());
    }
    moves.write(sql, tenant_id, None).await
}

/// Brings the counts of all tenants up to date that have somebody fresh.
pub(crate) async fn catch_up_all(sql: &Sql) -> Answered<()> {
    let tenants = sql
        .rows(
            concat!(
                "SELECT tenant_id FROM tenants
                 WHERE EXISTS (SELECT 1 FROM fresh_uses WHERE fresh_uses.tenant_id = tenants.tenant_id)
                    OR (SELECT user_id FROM seats WHERE seats.tenant_id = tenants.tenant_id AND ",
                uncounted!(),
                " ORDER BY user_id LIMIT 1) IS NOT NULL"
            ),
            [0_i64; 0],
            |row| row.get(0).map(TenantId),
        )
        .await?;
    for tenant_id in tenants {
        catch_up(sql, tenant_id).await?;
    }
    Ok(())
}

/// Adds up what stands in several parts, and takes away what comes to nothing or is of another generation.
pub(crate) async fn tidy(sql: &Sql, tenant_id: TenantId) -> Answered<()> {
    sql.begin().await?;
    lock(sql, tenant_id).await?;
    let generation = standing::generation(sql).await?;
    sql.execute(
        "WITH gone AS (
             DELETE FROM seat_tallies WHERE tenant_id = $1 AND generation = $2 AND part <> 0
             RETURNING mark, day, seat_type, namespace, flags, seats
         )
         INSERT INTO seat_tallies AS kept (tenant_id, generation, mark, day, seat_type, namespace, flags, part, seats)
         SELECT $1, $2, mark, day, seat_type, namespace, flags, 0, sum(seats) FROM gone
         GROUP BY mark, day, seat_type, namespace, flags
         ON CONFLICT (tenant_id, generation, mark, day, seat_type, namespace, flags, part)
         DO UPDATE SET seats = kept.seats + excluded.seats",
        (tenant_id.0, generation),
    )
    .await?;
    sql.execute(
        "DELETE FROM seat_tallies WHERE tenant_id = $1 AND part = 0 AND (generation < $2 OR seats = 0)",
        (tenant_id.0, generation),
    )
    .await?;
    sql.commit().await
}

/// The cell of a row that begins with mark, day and flags at `first`; none for a mark of a newer Usher.
pub(crate) fn cell(row: &Row, first: usize) -> Answered<Option<TallyCell>> {
    let number = |number: i16| u8::try_from(number).unwrap_or(u8::MAX);
    let mark = TallyMark::from_number(number(row.get(first)?));
    let day = Day::new(row.get(first + 1)?);
    let flags = TallyFlags::from_number(number(row.get(first + 2)?));
    Ok(mark.map(|mark| TallyCell { mark, day, flags }))
}
