//! The figures of all pools, from counts by day and a few single seats.
//!
//! The counts in `seat_tallies` are those of the tables, so they are as old as the last fold. What came since is in the overlay;
//! its seats are exchanged one by one, and where there are more of a tenant's than [`FRESH_SEATS_MAX`] the answer is
//! [`Attempt::FoldFirst`]: who looks at an overview of a busy place costs it a fold now and then, and nobody's access
//! anything. The overlay is copied *before* the snapshot of the tables is taken: a row leaves it only after it is in its
//! table, so whoever missed it there finds it here, and a seat that both have is exchanged for the later of the two.
//!
//! Exchanged the same way are seats that ran out and are not written down as such, app seats that such a platform seat no
//! longer makes redundant, and seats of people with leaves. Whatever the reasons, a seat is exchanged once.

#[cfg(test)]
mod cost;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use usher_seats::{Leave, SeatCounter, SeatFacts, SeatType, UserId, overview::judged_at_ms};
use usher_store::{
    Overview, OverviewQuery, PoolFigures, PoolName, PoolRow, SeatName,
    overview::{OVERVIEW_LEAVES_READ_MAX, OVERVIEW_ROWS_MAX},
};

use super::{leaves::leaves, ledger::pools, limit};
use crate::{
    idle,
    numbers::{SeatNamespace, SeatTypeNumber, StoredSeatType, StoredUserId, seat_namespace},
    overlay::Overlay,
    tallies,
};

/// Most seats of a tenant that are exchanged for what the overlay has of them; each costs some ten microseconds. A fold that is
/// asked for because of more has at least so many rows to write.
pub(crate) const FRESH_SEATS_MAX: usize = 4_000;

/// The counts of a tenant.
pub(super) const TALLIES: &str =
    "SELECT seat_type, namespace, mark, day, flags, seats FROM seat_tallies WHERE tenant_id = ?1";
/// Seats of a pool that ran out and are still held.
pub(super) const RAN_OUT: &str = "SELECT user_id FROM seats INDEXED BY seats_expiring
     WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3
       AND held = 1 AND expires_at_ms IS NOT NULL AND expires_at_ms <= ?4";
/// People with leaves.
pub(super) const ON_LEAVE: &str = "SELECT DISTINCT user_id FROM leaves WHERE tenant_id = ?1 LIMIT ?2";
/// The seats that a person holds.
pub(super) const HELD_BY: &str = "SELECT seat_type, namespace FROM seats
     WHERE tenant_id = ?1 AND seat_type IN (0, 1) AND user_id = ?2 AND held = 1";

/// What came of reading an overview.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It.
    Figures(Overview),
    /// Too much is fresh; it must reach its table first.
    FoldFirst,
}

/// Reads the figures.
pub(crate) fn overview(
    connection: &Connection,
    overlay: &Overlay,
    query: &OverviewQuery,
) -> rusqlite::Result<Attempt> {
    let Some(fresh) = overlay.seats_of(query.tenant_id, FRESH_SEATS_MAX) else {
        return Ok(Attempt::FoldFirst);
    };
    let snapshot = connection.unchecked_transaction()?;
    let rows_max = query.rows_max.min(OVERVIEW_ROWS_MAX);
    let rows = pools(
        &snapshot,
        query.tenant_id,
        query.after.as_ref(),
        rows_max,
        query.now_ms,
    )?;
    let mut reader = Reader {
        connection: &snapshot,
        query,
        fresh: &fresh,
        counters: rows
            .iter()
            .map(|row| (place(row), SeatCounter::new(query.policy, query.now_ms)))
            .collect(),
    };
    let leaves_known = reader.read()?;
    let figures = |pool: PoolRow| {
        let counter = reader.counters.get(&place(&pool));
        PoolFigures {
            seats: counter.map_or_else(Default::default, |counter| counter.figures(leaves_known)),
            pool,
        }
    };
    Ok(Attempt::Figures(Overview {
        judged_at_ms: judged_at_ms(query.now_ms),
        pools: rows.into_iter().map(figures).collect(),
    }))
}

/// A pool within its tenant.
type Place = (SeatType, String);

fn place(pool: &PoolRow) -> Place {
    let namespace = seat_namespace(pool.namespace.as_ref());
    (pool.seat_type, namespace.to_owned())
}

struct Reader<'a> {
    connection: &'a Connection,
    query: &'a OverviewQuery,
    fresh: &'a BTreeMap<SeatName, i64>,
    counters: BTreeMap<Place, SeatCounter>,
}

impl Reader<'_> {
    /// Counts everything; tells whether leaves are known.
    fn read(&mut self) -> rusqlite::Result<bool> {
        self.tallied()?;
        let mut exchanged: BTreeSet<SeatName> = self.fresh.keys().cloned().collect();
        self.ran_out(&mut exchanged)?;
        let away = self.people_with_leaves()?;
        for user_id in away.iter().flatten() {
            self.held_by(*user_id, &mut exchanged)?;
        }
        for seat in &exchanged {
            self.exchange(seat)?;
        }
        Ok(away.is_some())
    }

    fn tallied(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(TALLIES)?;
        let mut rows = statement.query([self.query.tenant_id.0])?;
        while let Some(row) = rows.next()? {
            let StoredSeatType(seat_type) = row.get(0)?;
            if let Some(counter) = self.counters.get_mut(&(seat_type, row.get(1)?))
                && let Some(cell) = tallies::cell(row, 2)?
            {
                counter.tallied(cell, row.get(5)?);
            }
        }
        Ok(())
    }

    /// Seats that ran out; and the app seats of people whose platform seat did, of whatever page.
    fn ran_out(&self, exchanged: &mut BTreeSet<SeatName>) -> rusqlite::Result<()> {
        for user_id in self.ran_out_of((SeatType::PerUser, ""))? {
            self.held_by(user_id, exchanged)?;
        }
        for (seat_type, namespace) in self.counters.keys() {
            for user_id in self.ran_out_of((*seat_type, namespace))? {
                if let Some(pool) = self.pool((*seat_type, namespace)) {
                    exchanged.insert(SeatName { pool, user_id });
                }
            }
        }
        Ok(())
    }

    fn ran_out_of(&self, (seat_type, namespace): (SeatType, &str)) -> rusqlite::Result<Vec<UserId>> {
        let pool = (
            self.query.tenant_id.0,
            SeatTypeNumber(seat_type),
            namespace,
            self.query.now_ms,
        );
        self.connection
            .prepare_cached(RAN_OUT)?
            .query_map(pool, |row| {
                row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
            })?
            .collect()
    }

    fn pool(&self, (seat_type, namespace): (SeatType, &str)) -> Option<PoolName> {
        let namespace = match seat_type {
            SeatType::PerUser => None,
            SeatType::PerUserPerApp => Some(namespace.parse().ok()?),
        };
        Some(PoolName {
            tenant_id: self.query.tenant_id,
            seat_type,
            namespace,
        })
    }

    /// None when they are too many to be looked at.
    fn people_with_leaves(&self) -> rusqlite::Result<Option<Vec<UserId>>> {
        let bound = (self.query.tenant_id.0, limit(OVERVIEW_LEAVES_READ_MAX + 1));
        let people: Vec<UserId> = self
            .connection
            .prepare_cached(ON_LEAVE)?
            .query_map(bound, |row| {
                row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(people).filter(|people| people.len() <= OVERVIEW_LEAVES_READ_MAX))
    }

    fn held_by(&self, user_id: UserId, exchanged: &mut BTreeSet<SeatName>) -> rusqlite::Result<()> {
        let tenant_id = self.query.tenant_id;
        let mut statement = self.connection.prepare_cached(HELD_BY)?;
        let mut rows = statement.query((tenant_id.0, user_id.get()))?;
        while let Some(row) = rows.next()? {
            let pool = PoolName {
                tenant_id,
                seat_type: row.get::<_, StoredSeatType>(0)?.0,
                namespace: row.get::<_, SeatNamespace>(1)?.0,
            };
            exchanged.insert(SeatName { pool, user_id });
        }
        Ok(())
    }

    /// Takes a seat out as it was counted and puts it in as it is, if it still is.
    fn exchange(&mut self, seat: &SeatName) -> rusqlite::Result<()> {
        let SeatName { pool, user_id } = seat;
        let place = (pool.seat_type, seat_namespace(pool.namespace.as_ref()).to_owned());
        if !self.counters.contains_key(&place) {
            return Ok(());
        }
        let Some(counted) = tallies::counted_by_name(self.connection, seat)?.filter(|found| found.seat.held)
        else {
            return Ok(());
        };
        let leaves = leaves(self.connection, self.query.tenant_id, *user_id)?;
        let present = self.present(seat, &counted, &leaves)?;
        if let Some(counter) = self.counters.get_mut(&place) {
            counter.leave_out(&counted);
            let at_ms = judged_at_ms(self.query.now_ms);
            let judged = usher_seats::idle::judge(&present, self.query.policy, at_ms);
            if let Some(idleness) = judged.filter(|_| present.seat.admits(self.query.now_ms)) {
                counter.put_in(&idleness, present.last_admitted_ms);
            }
        }
        Ok(())
    }

    fn present<'leaves>(
        &self,
        seat: &SeatName,
        counted: &SeatFacts<'_>,
        leaves: &'leaves [Leave],
    ) -> rusqlite::Result<SeatFacts<'leaves>> {
        let platform_seat_in_use = counted.platform_seat_in_use && {
            let platform = SeatName {
                pool: PoolName {
                    tenant_id: self.query.tenant_id,
                    seat_type: SeatType::PerUser,
                    namespace: None,
                },
                user_id: seat.user_id,
            };
            tallies::counted_by_name(self.connection, &platform)?
                .is_some_and(|platform| platform.seat.admits(judged_at_ms(self.query.now_ms)))
        };
        Ok(SeatFacts {
            seat: counted.seat,
            assigned_at_ms: counted.assigned_at_ms,
            last_admitted_ms: counted
                .last_admitted_ms
                .max(idle::newest_folded_ms(self.connection, seat)?)
                .max(self.fresh.get(seat).copied()),
            protected: counted.protected,
            leaves,
            platform_seat_in_use,
        })
    }
}
