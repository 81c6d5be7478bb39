//! What the journals know and the activity table does not yet: an ordered map in memory.
//!
//! There are two maps. `recent` takes what is committed now; `folding` is the one being written into the table, and
//! does not change while that lasts. When the fold is done it is dropped whole.
//!
//! Readers combine the maps with the table *without* a common lock. That is right as long as they look at the maps
//! first and at the table afterwards: a row leaves the maps only after it is in the table, so whoever missed it
//! here finds it there. Whoever sees both takes the larger time, which is always the truth, because times only grow.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use usher_seats::{Namespace, SeatType, TenantId, UserId, newest};

/// Names one activity row. The order of the fields is the order of the table's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ActivityKey {
    pub(crate) tenant_id: TenantId,
    pub(crate) seat_type: SeatType,
    pub(crate) user_id: UserId,
    pub(crate) namespace: Namespace,
}

/// Rows in key order with their `active_time` in milliseconds.
pub(crate) type Rows = BTreeMap<ActivityKey, i64>;

/// Both maps, shared by the writer and the readers.
///
/// The lock is a plain one: it is held for a few hundred map steps at most and never across an await.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    maps: RwLock<Maps>,
}

#[derive(Debug, Default)]
struct Maps {
    recent: Rows,
    folding: Arc<Rows>,
}

impl Overlay {
    /// Takes committed times into the recent map.
    pub(crate) fn apply(&self, moved: impl IntoIterator<Item = (ActivityKey, i64)>) {
        let mut maps = self.write();
        for (key, time_ms) in moved {
            let slot = maps.recent.entry(key).or_insert(time_ms);
            *slot = newest(Some(*slot), time_ms);
        }
    }

    /// Replaces everything, after a replay.
    pub(crate) fn reset(&self, recent: Rows, folding: Rows) {
        *self.write() = Maps {
            recent,
            folding: Arc::new(folding),
        };
    }

    /// Makes the recent map the folding one and gives it to the fold. The former folding map must be done with.
    pub(crate) fn freeze(&self) -> Arc<Rows> {
        let mut maps = self.write();
        maps.folding = Arc::new(std::mem::take(&mut maps.recent));
        Arc::clone(&maps.folding)
    }

    /// The map being folded; empty when none is.
    pub(crate) fn folding(&self) -> Arc<Rows> {
        Arc::clone(&self.read().folding)
    }

    /// Drops the folding map, after all of it is in the table and its journal is cut.
    pub(crate) fn folded(&self) {
        self.write().folding = Arc::default();
    }

    /// The newest time that the maps have for a row.
    pub(crate) fn time(&self, key: &ActivityKey) -> Option<i64> {
        let maps = self.read();
        maps.recent.get(key).max(maps.folding.get(key)).copied()
    }

    /// Number of rows in both maps together.
    pub(crate) fn rows(&self) -> usize {
        let maps = self.read();
        maps.recent.len() + maps.folding.len()
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
        for map in [&maps.recent, &*maps.folding] {
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
        overlay.apply([(key(1, "a"), 50), (key(2, "a"), 10)]);
        overlay.freeze();
        overlay.apply([(key(1, "a"), 40), (key(2, "b"), 7)]);
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
        overlay.apply([(foreign, 1), (app_seat, 1), (key(1, "a"), 1)]);
        let rows = overlay.rows_after(
            (TenantId(1), SeatType::PerUser),
            &Bound::Included(key(1, "a")),
            10,
        );
        assert_eq!(rows.len(), 1);
    }
}
