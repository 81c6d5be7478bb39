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
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use roaring::RoaringBitmap;
use usher_seats::{Namespace, SeatType, TenantId, UserId, newest};
use usher_store::{PoolName, SeatName};

use crate::days::{ActiveDay, DayKey, DaySets};

/// Names one activity row. An app's number stands for its name: it is shorter, and names no other tenant's app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowKey {
    pub(crate) tenant_id: TenantId,
    pub(crate) seat_type: SeatType,
    pub(crate) user_id: UserId,
    pub(crate) app_id: i64,
}

/// The newest time of a row, and whether it brings its seat to another day.
///
/// Two facts in one number, because there may be millions of them: the time doubled, and one for the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowTime(i64);

impl RowTime {
    /// `new_day`: whether the row's time before was on another day of UTC, or there was none, or nobody knows.
    pub(crate) fn new(time_ms: i64, new_day: bool) -> Self {
        Self((time_ms << 1) | i64::from(new_day))
    }

    /// In milliseconds.
    pub(crate) fn time_ms(self) -> i64 {
        self.0 >> 1
    }

    /// Whether its seat must be told.
    pub(crate) fn new_day(self) -> bool {
        self.0 & 1 == 1
    }

    /// Of two times of a row the newer, and what either brings.
    fn and(self, other: Self) -> Self {
        Self::new(
            newest(Some(self.time_ms()), other.time_ms()),
            self.new_day() || other.new_day(),
        )
    }
}

/// An access that was committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed {
    pub(crate) key: RowKey,
    pub(crate) time: RowTime,
}

/// The tenants and kinds of seat that rows belong to.
pub(crate) type Kind = (TenantId, SeatType);

/// Rows of one kind, in order of user and then of app's number, which is not the order of names.
pub(crate) type KindRows = BTreeMap<(UserId, i64), RowTime>;

/// The first rows of a kind in the order of the table's key, each with its `active_time` in milliseconds.
pub(crate) type FreshRows = BTreeMap<(UserId, Namespace), i64>;

/// What one journal holds.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The newest times.
    pub(crate) rows: BTreeMap<Kind, KindRows>,
    /// How many there are.
    pub(crate) rows_count: usize,
    /// What the apps among them are called.
    pub(crate) names: BTreeMap<i64, Namespace>,
    /// The active days.
    pub(crate) days: DaySets,
    /// A time of each tenant that none of its rows is older than.
    oldest_ms: BTreeMap<TenantId, i64>,
}

impl Pending {
    /// Takes one committed access; `name` says what its app is called.
    pub(crate) fn add(&mut self, committed: Committed, name: impl FnOnce() -> Option<Namespace>) {
        let Committed { key, time } = committed;
        let oldest_ms = self.oldest_ms.entry(key.tenant_id).or_insert(time.time_ms());
        *oldest_ms = time.time_ms().min(*oldest_ms);
        let rows = self.rows.entry((key.tenant_id, key.seat_type)).or_default();
        match rows.entry((key.user_id, key.app_id)) {
            Entry::Occupied(mut kept) => {
                let both = kept.get().and(time);
                kept.insert(both);
            }
            Entry::Vacant(place) => {
                place.insert(time);
                self.rows_count += 1;
                if !self.names.contains_key(&key.app_id) {
                    self.names.extend(name().map(|name| (key.app_id, name)));
                }
            }
        }
    }

    /// Takes all rows of a kind, sorted by key, each key once.
    pub(crate) fn fill(&mut self, kind: Kind, sorted: Vec<((UserId, i64), RowTime)>) {
        let oldest_ms = sorted.iter().map(|(_, time)| time.time_ms()).min();
        if let Some(found_ms) = oldest_ms {
            let oldest_ms = self.oldest_ms.entry(kind.0).or_insert(found_ms);
            *oldest_ms = found_ms.min(*oldest_ms);
        }
        self.rows_count += sorted.len();
        self.rows.insert(kind, sorted.into_iter().collect());
    }

    /// What an app is called; every app of a row has a name here.
    pub(crate) fn name(&self, app_id: i64) -> Option<&Namespace> {
        self.names.get(&app_id)
    }

    fn time(&self, key: &RowKey) -> Option<RowTime> {
        let rows = self.rows.get(&(key.tenant_id, key.seat_type))?;
        rows.get(&(key.user_id, key.app_id)).copied()
    }

    /// The rows of a person from a kind of seat, in order of app's number.
    fn of_person(&self, kind: Kind, user_id: UserId) -> impl Iterator<Item = (&Namespace, i64)> {
        let rows = self.rows.get(&kind).into_iter();
        rows.flat_map(move |rows| rows.range((user_id, i64::MIN)..=(user_id, i64::MAX)))
            .filter_map(|((_, app_id), time)| Some((self.name(*app_id)?, time.time_ms())))
    }

    fn newest_ms(&self) -> Option<i64> {
        let times = self.rows.values().flat_map(BTreeMap::values);
        times.map(|time| time.time_ms()).max()
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

/// The seat that a row is about.
fn seat((tenant_id, seat_type): Kind, user_id: UserId, app: &Namespace) -> SeatName {
    SeatName {
        pool: PoolName {
            tenant_id,
            seat_type,
            namespace: match seat_type {
                SeatType::PerUser => None,
                SeatType::PerUserPerApp => Some(app.clone()),
            },
        },
        user_id,
    }
}

impl Overlay {
    /// Takes committed times and days into the recent maps; `name` says what an app is called.
    pub(crate) fn apply(
        &self,
        moved: impl IntoIterator<Item = Committed>,
        active: impl IntoIterator<Item = ActiveDay>,
        name: impl Fn(i64) -> Option<Namespace>,
    ) {
        let mut maps = self.write();
        for committed in moved {
            maps.newest_ms = maps.newest_ms.max(Some(committed.time.time_ms()));
            maps.recent.add(committed, || name(committed.key.app_id));
        }
        for active in active {
            maps.recent.days.add(&active);
        }
    }

    /// Replaces everything, after a replay.
    pub(crate) fn reset(&self, recent: Pending, folding: Pending) {
        let mut maps = self.write();
        let newest_ms = maps.newest_ms.max(recent.newest_ms()).max(folding.newest_ms());
        *maps = Maps {
            recent,
            folding: Arc::new(folding),
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
    pub(crate) fn time(&self, key: &RowKey) -> Option<i64> {
        let maps = self.read();
        let times = [maps.recent.time(key), maps.folding.time(key)];
        times.into_iter().flatten().map(RowTime::time_ms).max()
    }

    /// The newest time that the maps have for a seat: for a platform seat over all apps.
    pub(crate) fn newest_of_seat(&self, seat: &SeatName) -> Option<i64> {
        let maps = self.read();
        let kind = (seat.pool.tenant_id, seat.pool.seat_type);
        let of_seat = |app: &Namespace| seat.pool.namespace.as_ref().is_none_or(|meant| meant == app);
        [&maps.recent, &*maps.folding]
            .into_iter()
            .flat_map(|pending| pending.of_person(kind, seat.user_id))
            .filter_map(|(app, time_ms)| of_seat(app).then_some(time_ms))
            .max()
    }

    /// The seats of a tenant of which the maps have times, each with its newest; none when there are more than `seats_max`.
    pub(crate) fn seats_of(&self, tenant_id: TenantId, seats_max: usize) -> Option<BTreeMap<SeatName, i64>> {
        let maps = self.read();
        let mut seats = BTreeMap::new();
        for seat_type in SeatType::ALL {
            for pending in [&maps.recent, &*maps.folding] {
                let rows = pending.rows.get(&(tenant_id, seat_type)).into_iter().flatten();
                // A platform seat has a row per app: counting rows bounds the work, too.
                for (rows_read, ((user_id, app_id), time)) in rows.enumerate() {
                    if rows_read >= seats_max {
                        return None;
                    }
                    let Some(app) = pending.name(*app_id) else {
                        continue;
                    };
                    let seat = seat((tenant_id, seat_type), *user_id, app);
                    let slot = seats.entry(seat).or_insert(time.time_ms());
                    *slot = newest(Some(*slot), time.time_ms());
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
        maps.recent.rows_count + maps.folding.rows_count
    }

    /// Number of rows that are recent.
    pub(crate) fn recent_rows(&self) -> usize {
        self.read().recent.rows_count
    }

    /// The first `rows_max` rows of a kind after a place, in order of user and name, each with its newest time here. A place
    /// without a name stands before all rows of its user.
    pub(crate) fn rows_after(
        &self,
        kind: Kind,
        after: Option<(UserId, Option<&Namespace>)>,
        rows_max: usize,
    ) -> FreshRows {
        let maps = self.read();
        let first_user = after.map_or(UserId::LEAST, |(user_id, _)| user_id);
        let mut found = FreshRows::new();
        for pending in [&maps.recent, &*maps.folding] {
            let rows = pending.rows.get(&kind).into_iter();
            let rows = rows.flat_map(|rows| rows.range((first_user, i64::MIN)..));
            let (mut taken, mut last_user) = (0, first_user);
            for ((user_id, app_id), time) in rows {
                // Apps stand in another order here, so a person is taken whole.
                if taken >= rows_max && *user_id != last_user {
                    break;
                }
                let Some(name) = pending.name(*app_id) else {
                    continue;
                };
                let is_after = after.is_none_or(|(after_user, after_name)| {
                    *user_id > after_user || after_name.is_none_or(|after_name| name > after_name)
                });
                if is_after {
                    let slot = found.entry((*user_id, name.clone())).or_insert(time.time_ms());
                    *slot = newest(Some(*slot), time.time_ms());
                    (taken, last_user) = (taken + 1, *user_id);
                }
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

    const KIND: Kind = (TenantId(1), SeatType::PerUser);

    /// Apps by number; their order is not that of their names.
    fn name(app_id: i64) -> Option<Namespace> {
        let names = ["c", "a", "b"];
        names
            .get(usize::try_from(app_id).unwrap())
            .map(|name| name.parse().unwrap())
    }

    fn at(user_id: i64, app_id: i64, time_ms: i64) -> Committed {
        Committed {
            key: RowKey {
                tenant_id: TenantId(1),
                seat_type: SeatType::PerUser,
                user_id: UserId::new(user_id).unwrap(),
                app_id,
            },
            time: RowTime::new(time_ms, false),
        }
    }

    fn rows(
        overlay: &Overlay,
        after: Option<(i64, Option<i64>)>,
        rows_max: usize,
    ) -> Vec<(i64, String, i64)> {
        let names: Vec<_> = (0..3).filter_map(name).collect();
        let after = after.map(|(user, app)| {
            (
                UserId::new(user).unwrap(),
                app.map(|app| &names[usize::try_from(app).unwrap()]),
            )
        });
        let rows = overlay.rows_after(KIND, after, rows_max).into_iter();
        rows.map(|((user, name), time_ms)| (user.get(), name.to_string(), time_ms))
            .collect()
    }

    #[test]
    fn a_row_in_both_maps_shows_its_larger_time() {
        let overlay = Overlay::default();
        overlay.apply([at(1, 1, 50), at(2, 1, 10)], [], name);
        overlay.freeze();
        overlay.apply([at(1, 1, 40), at(2, 2, 7)], [], name);
        assert_eq!(overlay.time(&at(1, 1, 0).key), Some(50));
        assert_eq!(
            rows(&overlay, Some((1, Some(1))), 2),
            [(2, "a".to_owned(), 10), (2, "b".to_owned(), 7)]
        );
        overlay.folded();
        assert_eq!(overlay.time(&at(2, 1, 0).key), None);
        assert_eq!(overlay.time(&at(1, 1, 0).key), Some(40));
        assert_eq!(overlay.rows(), 2);
    }

    #[test]
    fn rows_come_in_order_of_names_although_they_are_kept_by_number() {
        let overlay = Overlay::default();
        let all = (1..=3).flat_map(|user| (0..3).map(move |app| at(user, app, user * 10 + app)));
        overlay.apply(all, [], name);
        let in_order = |from: usize, rows_max: usize| {
            let all = (1..=3).flat_map(|user| {
                [("a", 1), ("b", 2), ("c", 0)].map(|(name, app)| (user, name.to_owned(), user * 10 + app))
            });
            all.skip(from).take(rows_max).collect::<Vec<_>>()
        };
        for rows_max in 1..=10 {
            assert_eq!(rows(&overlay, None, rows_max), in_order(0, rows_max));
            assert_eq!(
                rows(&overlay, Some((1, Some(1))), rows_max),
                in_order(1, rows_max)
            );
            assert_eq!(
                rows(&overlay, Some((1, Some(0))), rows_max),
                in_order(3, rows_max)
            );
            assert_eq!(rows(&overlay, Some((2, None)), rows_max), in_order(3, rows_max));
        }
    }

    #[test]
    fn other_tenants_and_seat_types_stay_out() {
        let overlay = Overlay::default();
        let (mut foreign, mut app_seat) = (at(1, 0, 1), at(1, 0, 1));
        foreign.key.tenant_id = TenantId(2);
        app_seat.key.seat_type = SeatType::PerUserPerApp;
        overlay.apply([foreign, app_seat, at(1, 0, 1)], [], name);
        assert_eq!(rows(&overlay, None, 10).len(), 1);
    }

    #[test]
    fn a_seat_is_told_of_a_new_day_however_the_row_goes_on() {
        let time = RowTime::new(10, true).and(RowTime::new(20, false));
        assert_eq!((time.time_ms(), time.new_day()), (20, true));
        let time = RowTime::new(30, false).and(RowTime::new(20, false));
        assert_eq!((time.time_ms(), time.new_day()), (30, false));
    }
}
