//! The small ledger in memory.

use std::collections::{BTreeMap, BTreeSet};

use usher_seats::{Refusal, SeatStatus, SeatType};

use crate::ledger::START_MS;

/// A seat of the model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub(super) held: bool,
    pub(super) assigned_at_ms: i64,
    pub(super) expires_at_ms: Option<i64>,
}

/// (tenant, user, app of an app seat).
pub(super) type SeatKey = (usize, i64, Option<&'static str>);
/// (tenant, through an app seat, user, app), in the order of the lists.
type ActivityKey = (usize, bool, i64, &'static str);

/// Everything the model remembers.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) now_ms: i64,
    pub(super) tenants_off: BTreeSet<usize>,
    pub(super) users_off: BTreeSet<(usize, i64)>,
    pub(super) apps_off: BTreeSet<(usize, &'static str)>,
    pub(super) seats: BTreeMap<SeatKey, Seat>,
    activity: BTreeMap<ActivityKey, i64>,
}

impl Expected {
    pub(super) fn new(_tenants: usize) -> Self {
        Self {
            now_ms: START_MS,
            tenants_off: BTreeSet::new(),
            users_off: BTreeSet::new(),
            apps_off: BTreeSet::new(),
            seats: BTreeMap::new(),
            activity: BTreeMap::new(),
        }
    }

    fn in_use(&self, key: SeatKey, at_ms: i64) -> bool {
        self.seats
            .get(&key)
            .is_some_and(|seat| seat.held && seat.expires_at_ms.is_none_or(|end| at_ms < end))
    }

    /// Which kind of seat admits, by the words of DESIGN section 3.
    fn admits(&self, tenant: usize, user: i64, app: &'static str, at_ms: i64) -> Result<SeatType, Refusal> {
        if self.tenants_off.contains(&tenant) {
            return Err(Refusal::TenantUnknown);
        }
        if self.users_off.contains(&(tenant, user)) {
            return Err(Refusal::UserDisabled);
        }
        if self.apps_off.contains(&(tenant, app)) {
            return Err(Refusal::AppDisabled);
        }
        if self.in_use((tenant, user, None), at_ms) {
            return Ok(SeatType::PerUser);
        }
        if self.in_use((tenant, user, Some(app)), at_ms) {
            return Ok(SeatType::PerUserPerApp);
        }
        let seats = [
            self.seats.get(&(tenant, user, None)),
            self.seats.get(&(tenant, user, Some(app))),
        ];
        let mut known = seats.into_iter().flatten();
        match (known.clone().count(), known.any(|seat| seat.held)) {
            (0, _) => Err(Refusal::NoSeat),
            (_, true) => Err(Refusal::SeatExpired),
            (_, false) => Err(Refusal::SeatReleased),
        }
    }

    /// Takes an access and says what the door must answer: the seat and the newest time, and whether it moved.
    pub(super) fn open(
        &mut self,
        tenant: usize,
        user: i64,
        app: &'static str,
        at_ms: i64,
    ) -> Result<(SeatType, i64, bool), Refusal> {
        let seat_type = self.admits(tenant, user, app, at_ms)?;
        let newest = self
            .activity
            .entry((tenant, seat_type == SeatType::PerUserPerApp, user, app))
            .or_insert(0);
        let moved = at_ms > *newest;
        if moved {
            *newest = at_ms;
        }
        Ok((seat_type, *newest, moved))
    }

    fn status(&self, key: SeatKey) -> SeatStatus {
        if self.in_use(key, self.now_ms) {
            SeatStatus::InUse
        } else {
            SeatStatus::Released
        }
    }

    /// The whole list of activities of one kind.
    pub(super) fn activities(
        &self,
        tenant: usize,
        app_seats: bool,
    ) -> Vec<(i64, &'static str, SeatStatus, i64)> {
        let of_list = self
            .activity
            .iter()
            .filter(|(key, _)| (key.0, key.1) == (tenant, app_seats));
        of_list
            .map(|((_, _, user, app), time_ms)| {
                let seat = (tenant, *user, app_seats.then_some(*app));
                (*user, *app, self.status(seat), *time_ms)
            })
            .collect()
    }

    /// The whole list of assignments of one kind.
    pub(super) fn assignments(
        &self,
        tenant: usize,
        app_seats: bool,
    ) -> Vec<(i64, Option<&'static str>, SeatStatus, i64)> {
        let of_list = self
            .seats
            .iter()
            .filter(|(key, _)| key.0 == tenant && key.2.is_some() == app_seats);
        of_list
            .map(|(key, seat)| (key.1, key.2, self.status(*key), seat.assigned_at_ms))
            .collect()
    }
}
