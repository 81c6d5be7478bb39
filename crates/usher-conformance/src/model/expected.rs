//! The small ledger in memory.

use std::collections::{BTreeMap, BTreeSet};

use usher_seats::{Day, DaySpan, Refusal, SeatStatus, SeatType};

use super::book::{Book, SeatKey};
use crate::ledger::START_MS;

/// (tenant, through an app seat, user, app), in the order of the lists.
type ActivityKey = (usize, bool, i64, &'static str);

/// Hours by which the clocks of each tenant are ahead of UTC, the whole year round.
pub(super) const HOURS_AHEAD: [i64; 3] = [0, 8, -7];
const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Which accesses count: of a tenant, through app seats or platform seats or both, to an app or any.
pub(super) type Scope = (usize, Option<bool>, Option<&'static str>);

/// Everything the model remembers.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) now_ms: i64,
    pub(super) tenants_off: BTreeSet<usize>,
    pub(super) users_off: BTreeSet<(usize, i64)>,
    pub(super) apps_off: BTreeSet<(usize, &'static str)>,
    pub(super) book: Book,
    activity: BTreeMap<ActivityKey, i64>,
    /// Who was active where on which day.
    active: BTreeSet<(ActivityKey, i64)>,
}

impl Expected {
    pub(super) fn new(_tenants: usize) -> Self {
        Self {
            now_ms: START_MS,
            tenants_off: BTreeSet::new(),
            users_off: BTreeSet::new(),
            apps_off: BTreeSet::new(),
            book: Book::default(),
            activity: BTreeMap::new(),
            active: BTreeSet::new(),
        }
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
        if self.book.in_use((tenant, user, None), at_ms) {
            return Ok(SeatType::PerUser);
        }
        if self.book.in_use((tenant, user, Some(app)), at_ms) {
            return Ok(SeatType::PerUserPerApp);
        }
        let seats = [
            self.book.seats.get(&(tenant, user, None)),
            self.book.seats.get(&(tenant, user, Some(app))),
        ];
        let mut known = seats.into_iter().flatten();
        match (known.clone().count(), known.any(|seat| seat.held || seat.ran_out)) {
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
        let key = (tenant, seat_type == SeatType::PerUserPerApp, user, app);
        self.active.insert((key, day_number(tenant, at_ms)));
        let newest = self.activity.entry(key).or_insert(0);
        let moved = at_ms > *newest;
        if moved {
            *newest = at_ms;
        }
        Ok((seat_type, *newest, moved))
    }

    /// When the seat that admits will have run out.
    pub(super) fn until_ms(&self, tenant: usize, user: i64, app: &'static str, by: SeatType) -> Option<i64> {
        let key = (tenant, user, (by == SeatType::PerUserPerApp).then_some(app));
        self.book.seats.get(&key)?.expires_at_ms
    }

    fn status(&self, key: SeatKey) -> SeatStatus {
        if self.book.in_use(key, self.now_ms) {
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

    /// The days, today in a tenant and four before it and one after it.
    pub(super) fn days_around_today(&self, tenant: usize) -> DaySpan {
        let today = Day::new(day_number(tenant, self.now_ms).try_into().unwrap());
        DaySpan {
            first: today.plus(-4),
            last: today.plus(1),
        }
    }

    fn active(&self, (tenant, app_seats, app): Scope, days: DaySpan) -> impl Iterator<Item = (i64, i64)> {
        let days = i64::from(days.first.number())..=i64::from(days.last.number());
        self.active
            .iter()
            .filter_map(move |((of, through, user, to), day)| {
                let counts = *of == tenant
                    && app_seats.is_none_or(|wanted| wanted == *through)
                    && app.is_none_or(|wanted| wanted == *to)
                    && days.contains(day);
                counts.then_some((*user, *day))
            })
    }

    /// How many people were active on some days.
    pub(super) fn people(&self, scope: Scope, days: DaySpan) -> u64 {
        let people: BTreeSet<_> = self.active(scope, days).map(|(user, _)| user).collect();
        people.len() as u64
    }

    /// On which of some days a person was active.
    pub(super) fn days_of(&self, user: i64, scope: Scope, days: DaySpan) -> Vec<i64> {
        let of_user = self.active(scope, days).filter(|(who, _)| *who == user);
        let days: BTreeSet<_> = of_user.map(|(_, day)| day).collect();
        days.into_iter().collect()
    }

    /// The whole list of assignments of one kind.
    pub(super) fn assignments(
        &self,
        tenant: usize,
        app_seats: bool,
    ) -> Vec<(i64, Option<&'static str>, SeatStatus, i64)> {
        let of_list = self
            .book
            .seats
            .iter()
            .filter(|(key, _)| key.0 == tenant && key.2.is_some() == app_seats);
        of_list
            .map(|(key, seat)| (key.1, key.2, self.status(*key), seat.assigned_at_ms))
            .collect()
    }
}

fn day_number(tenant: usize, time_ms: i64) -> i64 {
    (time_ms + HOURS_AHEAD[tenant] * HOUR_MS).div_euclid(DAY_MS)
}
