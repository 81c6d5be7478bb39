//! What the journals know and the tables do not yet: ordered maps in memory, of the newest times and of active days.
//!
//! There are two of each. `recent` takes what is committed now; `folding` is what is being written into the tables, and
//! does not change while that lasts. When the fold is done it is dropped whole.
//!
//! Readers combine the maps with the tables *without* a common lock. That is right as long as they look at the maps
//! first and at the tables afterwards: a row leaves the maps only after it is in its table, so whoever missed it
//! here finds it there. Whoever sees both takes the larger time or the union of the sets, which is always the truth,
//! because times and sets only grow.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use roaring::RoaringBitmap;
use usher_seats::{Namespace, SeatType, TenantId, UserId, newest};
use usher_store::{PoolName, SeatName};

use crate::days::{ActiveDay, DayKey, DaySets};

/// Names one activity row. The order of the fields is the order of the table's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ActivityKey {
    pub(crate) tenant_id: TenantId,
    pub(crate) seat_type: SeatType,
    pub(crate) user_id: UserId,
    pub(crate) namespace: Namespace,
}

impl ActivityKey {
    /// The seat that a row is about.
    fn seat(&self) -> SeatName {
        SeatName {
            pool: PoolName {
                tenant_id: self.tenant_id,
                seat_type: self.seat_type,
                namespace: match self.seat_type {
                    SeatType::PerUser => None,
                    SeatType::PerUserPerApp => Some(self.namespace.clone()),
                },
            },
            user_id: self.user_id,
        }
    }
}

/// Rows in key order with their `active_time` in milliseconds.
pub(crate) type Rows = BTreeMap<ActivityKey, i64>;

/// What one journal holds.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The newest times.
    pub(crate) rows: Rows,
    /// The active days.
    pub(crate) days: DaySets,
    /// A time of each tenant that none of its rows is older than.
    oldest_ms: BTreeMap<TenantId, i64>,
}

impl Pending {
    fn note_oldest(&mut self, tenant_id: TenantId, time_ms: i64) {
        let oldest_ms = self.oldest_ms.entry(tenant_id).or_insert(time_ms);
        *oldest_ms = time_ms.min(*oldest_ms);
    }

    /// Notes the oldest times of rows that came from a journal.
    fn with_oldest(mut self) -> Self {
        for (key, time_ms) in &self.rows {
            let oldest_ms = self.oldest_ms.entry(key.tenant_id).or_insert(*time_ms);
            *oldest_ms = (*time_ms).min(*oldest_ms);
        }
        self
    }
}

/// What a reader compares before and after, to learn whether something moved meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverlayStanding {
    /// No row of the tenant is older than this; none when it has no rows.
    pub(crate) oldest_ms: Option<i64>,
    /// How often something has left the maps.
    pub(crate) folds_ended: u64,
}

/// What both journals hold, shared by the writer and the readers.
///
/// The lock is a plain one: it is held for a few hundred map steps at most and never across an await.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    maps: RwLock<Maps>,
}

#[derive(Debug, Default)]
struct Maps {
    recent: Pending,
    folding: Arc<Pending>,
    folds_ended: u64,
    newest_ms: Option<i64>,
}

impl Overlay {
    /// Takes committed times and days into the recent maps.
    pub(crate) fn apply(
        &self,
        moved: impl IntoIterator<Item = (ActivityKey, i64)>,
        active: impl IntoIterator<Item = ActiveDay>,
    ) {
        let mut maps = self.write();
        for (key, time_ms) in moved {
            maps.recent.note_oldest(key.tenant_id, time_ms);
            maps.newest_ms = maps.newest_ms.max(Some(time_ms));
            let slot = maps.recent.rows.entry(key).or_insert(time_ms);
            *slot = newest(Some(*slot), time_ms);
        }
        for active in active {
            maps.recent.days.add(&active);
        }
    }

    /// Replaces everything, after a replay.
    pub(crate) fn reset(&self, recent: Pending, folding: Pending) {
        let mut maps = self.write();
        let found_ms = [&recent, &folding]
            .into_iter()
            .filter_map(|pending| pending.rows.values().max());
        let newest_ms = maps.newest_ms.max(found_ms.max().copied());
        *maps = Maps {
            recent: recent.with_oldest(),
            folding: Arc::new(folding.with_oldest()),
            folds_ended: maps.folds_ended + 1,
            newest_ms,
        };
    }

    /// Makes what is recent what is folded and gives it to the fold. The former fold must be done.
    pub(crate) fn freeze(&self) -> Arc<Pending> {
        let mut maps = self.write();
        maps.folding = Arc::new(std::mem::take(&mut maps.recent));
        Arc::clone(&maps.folding)
    }

    /// What is being folded; empty when nothing is.
    pub(crate) fn folding(&self) -> Arc<Pending> {
        Arc::clone(&self.read().folding)
    }

    /// Drops what was folded, after all of it is in the tables and its journal is cut.
    pub(crate) fn folded(&self) {
        let mut maps = self.write();
        maps.folding = Arc::default();
        maps.folds_ended += 1;
    }

    /// True when the maps know that somebody was active in an app on a day.
    pub(crate) fn knows(&self, active: &ActiveDay) -> bool {
        let maps = self.read();
        maps.recent.days.has(active) || maps.folding.days.has(active)
    }

    /// Copies the sets from one key to another, both included, with what is folded and what is recent merged.
    pub(crate) fn days_between(&self, first: DayKey, last: DayKey) -> BTreeMap<DayKey, RoaringBitmap> {
        let (mut found, folding) = {
            let maps = self.read();
            let recent = maps.recent.days.range(first..=last);
            let recent: BTreeMap<_, _> = recent.map(|(key, people)| (*key, people.clone())).collect();
            (recent, Arc::clone(&maps.folding))
        };
        for (key, people) in folding.days.range(first..=last) {
            *found.entry(*key).or_default() |= people;
        }
        found
    }

    /// Number of sets of active days in both maps together.
    pub(crate) fn day_sets(&self) -> usize {
        let maps = self.read();
        maps.recent.days.len() + maps.folding.days.len()
    }

    /// Number of sets of active days that are recent.
    pub(crate) fn recent_day_sets(&self) -> usize {
        self.read().recent.days.len()
    }

    /// The newest time that the maps have for a row.
    pub(crate) fn time(&self, key: &ActivityKey) -> Option<i64> {
        let maps = self.read();
        maps.recent.rows.get(key).max(maps.folding.rows.get(key)).copied()
    }

    /// The newest time that the maps have for a seat: for a platform seat over all apps.
    pub(crate) fn newest_of_seat(&self, seat: &SeatName) -> Option<i64> {
        let first = ActivityKey {
            tenant_id: seat.pool.tenant_id,
            seat_type: seat.pool.seat_type,
            user_id: seat.user_id,
            namespace: seat.pool.namespace.clone().unwrap_or_else(Namespace::least),
        };
        let maps = self.read();
        let of_seat = |key: &ActivityKey| {
            key.tenant_id == first.tenant_id
                && key.seat_type == first.seat_type
                && key.user_id == first.user_id
                && seat
                    .pool
                    .namespace
                    .as_ref()
                    .is_none_or(|app| *app == key.namespace)
        };
        [&maps.recent.rows, &maps.folding.rows]
            .into_iter()
            .filter_map(|map| {
                let rows = map.range(&first..).take_while(|(key, _)| of_seat(key));
                rows.map(|(_, time_ms)| *time_ms).max()
            })
            .max()
    }

    /// The seats of a tenant of which the maps have times, each with its newest; none when there are more than `seats_max`.
    pub(crate) fn seats_of(&self, tenant_id: TenantId, seats_max: usize) -> Option<BTreeMap<SeatName, i64>> {
        let maps = self.read();
        let mut seats = BTreeMap::new();
        for seat_type in SeatType::ALL {
            let first = ActivityKey {
                tenant_id,
                seat_type,
                user_id: UserId::LEAST,
                namespace: Namespace::least(),
            };
            for rows in [&maps.recent.rows, &maps.folding.rows] {
                let of_kind = rows
                    .range(&first..)
                    .take_while(|(key, _)| key.tenant_id == tenant_id && key.seat_type == seat_type);
                // A platform seat has a row per app: counting rows bounds the work, too.
                for (rows_read, (key, time_ms)) in of_kind.enumerate() {
                    if rows_read >= seats_max {
                        return None;
                    }
                    let slot = seats.entry(key.seat()).or_insert(*time_ms);
                    *slot = newest(Some(*slot), *time_ms);
                }
            }
        }
        Some(seats).filter(|seats| seats.len() <= seats_max)
    }

    /// The newest time that the maps have ever had.
    pub(crate) fn newest_ms(&self) -> Option<i64> {
        self.read().newest_ms
    }

    /// How old the rows of a tenant are at most, and how often something has left the maps.
    pub(crate) fn standing(&self, tenant_id: TenantId) -> OverlayStanding {
        let maps = self.read();
        let oldest_of = |pending: &Pending| pending.oldest_ms.get(&tenant_id).copied();
        OverlayStanding {
            oldest_ms: [oldest_of(&maps.recent), oldest_of(&maps.folding)]
                .into_iter()
                .flatten()
                .min(),
            folds_ended: maps.folds_ended,
        }
    }

    /// Number of rows in both maps together.
    pub(crate) fn rows(&self) -> usize {
        let maps = self.read();
        maps.recent.rows.len() + maps.folding.rows.len()
    }

    /// The first `rows_max` rows of (tenant, seat type) after `after`, in order, each with its newest time here.
    pub(crate) fn rows_after(
        &self,
        (tenant_id, seat_type): (TenantId, SeatType),
        after: &Bound<ActivityKey>,
        rows_max: usize,
    ) -> Rows {
        let maps = self.read();
        let mut found = Rows::new();
        for map in [&maps.recent.rows, &maps.folding.rows] {
            let rows = map
                .range((after.as_ref(), Bound::Unbounded))
                .take_while(|(key, _)| key.tenant_id == tenant_id && key.seat_type == seat_type)
                .take(rows_max);
            for (key, time_ms) in rows {
                let slot = found.entry(key.clone()).or_insert(*time_ms);
                *slot = newest(Some(*slot), *time_ms);
            }
        }
        while found.len() > rows_max {
            found.pop_last();
        }
        found
    }

    /// A poisoned lock means a panic while holding it; the maps are whole between two map steps, and the journal can
    /// rebuild them, so going on is right.
    fn read(&self) -> RwLockReadGuard<'_, Maps> {
        self.maps.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Maps> {
        self.maps.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(user_id: i64, namespace: &str) -> ActivityKey {
        ActivityKey {
            tenant_id: TenantId(1),
            seat_type: SeatType::PerUser,
            user_id: UserId::new(user_id).unwrap(),
            namespace: namespace.parse().unwrap(),
        }
    }

    #[test]
    fn a_row_in_both_maps_shows_its_larger_time() {
        let overlay = Overlay::default();
        overlay.apply([(key(1, "a"), 50), (key(2, "a"), 10)], []);
        overlay.freeze();
        overlay.apply([(key(1, "a"), 40), (key(2, "b"), 7)], []);
        assert_eq!(overlay.time(&key(1, "a")), Some(50));
        let rows = overlay.rows_after((TenantId(1), SeatType::PerUser), &Bound::Excluded(key(1, "a")), 2);
        assert_eq!(
            rows.into_iter().collect::<Vec<_>>(),
            [(key(2, "a"), 10), (key(2, "b"), 7)]
        );
        overlay.folded();
        assert_eq!(overlay.time(&key(2, "a")), None);
        assert_eq!(overlay.time(&key(1, "a")), Some(40));
    }

    #[test]
    fn other_tenants_and_seat_types_stay_out() {
        let overlay = Overlay::default();
        let foreign = ActivityKey {
            tenant_id: TenantId(2),
            ..key(1, "a")
        };
        let app_seat = ActivityKey {
            seat_type: SeatType::PerUserPerApp,
            ..key(1, "a")
        };
        overlay.apply([(foreign, 1), (app_seat, 1), (key(1, "a"), 1)], []);
        let rows = overlay.rows_after(
            (TenantId(1), SeatType::PerUser),
            &Bound::Included(key(1, "a")),
            10,
        );
        assert_eq!(rows.len(), 1);
    }
}
