//! The model's pools, seats, waiting lists and groups, as a clerk would keep them: lists that are gone through from the
//! top, and no counts.

use std::collections::{BTreeMap, BTreeSet};

use usher_store::{Effect, Rejection};

/// (tenant, user, app of an app seat).
pub(crate) type SeatKey = (usize, i64, Option<&'static str>);
/// (tenant, app of app seats).
pub(crate) type PoolKey = (usize, Option<&'static str>);
/// (tenant, name).
pub(crate) type GroupKey = (usize, &'static str);

/// A seat of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) held: bool,
    pub(crate) assigned_at_ms: i64,
    pub(crate) expires_at_ms: Option<i64>,
    pub(crate) protected: bool,
    pub(crate) given_directly: bool,
    /// When it ended, its time was over.
    pub(crate) ran_out: bool,
    /// Somebody took it: kept for its holder, and whether it was protected. No sequence lasts for as long as that is kept.
    kept: Option<bool>,
}

impl Seat {
    fn in_use(&self, at_ms: i64) -> bool {
        self.held && !self.expired(at_ms)
    }

    fn expired(&self, at_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|end_ms| at_ms >= end_ms)
    }
}

/// Somebody in a waiting list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) user: i64,
    expires_at_ms: Option<i64>,
    direct: bool,
}

/// What was bought, and who waits, first in line first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) bought: Option<u64>,
    pub(crate) overdraft_allowed: bool,
    pub(crate) line: Vec<Place>,
}

/// People and what they get.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub(crate) members: BTreeSet<i64>,
    pub(crate) standing: BTreeSet<Option<&'static str>>,
}

/// Whether somebody gives a seat by hand or a group gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Hand,
    Group,
}

type Outcome = Result<Effect, Rejection>;

/// Everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    pub(crate) seats: BTreeMap<SeatKey, Seat>,
    pub(crate) pools: BTreeMap<PoolKey, Pool>,
    pub(crate) groups: BTreeMap<GroupKey, Group>,
}

impl Book {
    /// Makes a change; one that is rejected leaves no trace.
    pub(crate) fn make(&mut self, change: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let before = self.clone();
        let outcome = change(self);
        if outcome.is_err() {
            *self = before;
        }
        outcome
    }

    pub(crate) fn in_use(&self, key: SeatKey, at_ms: i64) -> bool {
        self.seats.get(&key).is_some_and(|seat| seat.in_use(at_ms))
    }

    fn of_pool(&self, pool: PoolKey) -> impl Iterator<Item = (SeatKey, Seat)> {
        let of = move |key: &SeatKey| (key.0, key.2) == pool;
        self.seats
            .iter()
            .filter(move |(key, _)| of(key))
            .map(|(key, seat)| (*key, *seat))
    }

    /// How many that were taken back are kept.
    pub(crate) fn kept(&self, pool: PoolKey, at_ms: i64) -> u64 {
        let kept = self.of_pool(pool).filter(|(_, seat)| seat.kept.is_some()).count() as u64;
        let bought = self.pools.get(&pool).and_then(|known| known.bought);
        bought.map_or(kept, |bought| {
            kept.min(bought.saturating_sub(self.count(pool, at_ms)))
        })
    }

    /// How many are held and have not run out.
    pub(crate) fn count(&self, pool: PoolKey, at_ms: i64) -> u64 {
        self.of_pool(pool).filter(|(_, seat)| seat.in_use(at_ms)).count() as u64
    }

    fn held(&self, pool: PoolKey) -> u64 {
        self.of_pool(pool).filter(|(_, seat)| seat.held).count() as u64
    }

    fn free_now(&self, pool: PoolKey) -> bool {
        let bought = self.pools.get(&pool).and_then(|known| known.bought);
        bought.is_none_or(|bought| self.held(pool) < bought)
    }

    /// Writes down which seats of a pool have run out, and serves who waits if any have.
    fn settle(&mut self, pool: PoolKey, at_ms: i64) {
        let over: Vec<_> = self
            .of_pool(pool)
            .filter(|(_, seat)| seat.held && seat.expired(at_ms))
            .collect();
        for (key, _) in &over {
            self.end(*key, at_ms);
        }
        if !over.is_empty() {
            self.serve(pool, at_ms);
        }
    }

    /// The same for every pool; whoever waits for a pool that has seats again is served, too.
    pub(crate) fn settle_all(&mut self, at_ms: i64) {
        let pools: Vec<_> = self.pools.keys().copied().collect();
        for pool in pools {
            self.settle(pool, at_ms);
            self.serve(pool, at_ms);
        }
    }

    fn end(&mut self, key: SeatKey, at_ms: i64) {
        if let Some(seat) = self.seats.get_mut(&key) {
            seat.ran_out = seat.expired(at_ms);
            seat.held = false;
            seat.protected = false;
            seat.kept = None;
        }
    }

    fn serve(&mut self, pool: PoolKey, at_ms: i64) {
        while let Some(first) = self
            .pools
            .get(&pool)
            .and_then(|known| known.line.first().copied())
        {
            if !self.free_now(pool) {
                return;
            }
            let key = (pool.0, first.user, pool.1);
            self.forget(key);
            if first.expires_at_ms.is_none_or(|end_ms| at_ms < end_ms) {
                let by = if first.direct { By::Hand } else { By::Group };
                self.begin(key, first.expires_at_ms, by, at_ms);
            }
        }
    }

    fn forget(&mut self, (tenant, user, app): SeatKey) -> bool {
        let Some(pool) = self.pools.get_mut(&(tenant, app)) else {
            return false;
        };
        let before = pool.line.len();
        pool.line.retain(|place| place.user != user);
        pool.line.len() < before
    }

    fn begin(&mut self, key: SeatKey, expires_at_ms: Option<i64>, by: By, at_ms: i64) -> Effect {
        let seat = Seat {
            held: true,
            assigned_at_ms: at_ms,
            expires_at_ms,
            protected: false,
            given_directly: by == By::Hand,
            ran_out: false,
            kept: None,
        };
        self.pools.entry((key.0, key.2)).or_default();
        match self.seats.insert(key, seat) {
            None => Effect::Created,
            Some(_) => Effect::Updated,
        }
    }

    fn renew(&mut self, key: SeatKey, expires_at_ms: Option<i64>, by: By) -> Effect {
        let seat = self.seats.get_mut(&key).unwrap();
        let before = *seat;
        if by == By::Hand {
            seat.expires_at_ms = expires_at_ms;
            seat.given_directly = true;
        }
        if *seat == before {
            Effect::Unchanged
        } else {
            Effect::Updated
        }
    }

    /// Gives a seat.
    pub(crate) fn assign(&mut self, key: SeatKey, expires_at_ms: Option<i64>, by: By, at_ms: i64) -> Outcome {
        let pool = (key.0, key.2);
        if !self.in_use(key, at_ms) && !self.free_now(pool) {
            self.settle(pool, at_ms);
        }
        // Whoever was first in line may have got the seat just now.
        if self.in_use(key, at_ms) {
            return Ok(self.renew(key, expires_at_ms, by));
        }
        if !self.free_now(pool) {
            return Err(Rejection::PoolExhausted);
        }
        self.forget(key);
        Ok(self.begin(key, expires_at_ms, by, at_ms))
    }

    /// Gives a seat, or a place in the line.
    pub(crate) fn assign_or_wait(
        &mut self,
        key: SeatKey,
        expires_at_ms: Option<i64>,
        by: By,
        at_ms: i64,
    ) -> Effect {
        if let Ok(effect) = self.assign(key, expires_at_ms, by, at_ms) {
            return effect;
        }
        let line = &mut self.pools.entry((key.0, key.2)).or_default().line;
        let known = line.iter().position(|place| place.user == key.1);
        let index = known.unwrap_or(line.len());
        if known.is_none() {
            line.push(Place {
                user: key.1,
                expires_at_ms,
                direct: false,
            });
        }
        line[index].direct |= by == By::Hand;
        Effect::Waiting(index as u64 + 1)
    }

    /// Gives a seat that somebody asks for.
    pub(crate) fn request(
        &mut self,
        key: SeatKey,
        expires_at_ms: Option<i64>,
        wait: bool,
        at_ms: i64,
    ) -> Outcome {
        ahead(expires_at_ms, at_ms)?;
        if wait {
            return Ok(self.assign_or_wait(key, expires_at_ms, By::Hand, at_ms));
        }
        self.assign(key, expires_at_ms, By::Hand, at_ms)
    }

    /// Takes a seat back.
    pub(crate) fn release(&mut self, key: SeatKey, even_protected: bool, at_ms: i64) -> Outcome {
        match self.seats.get(&key) {
            Some(seat) if seat.held && seat.protected && !even_protected => Err(Rejection::SeatProtected),
            Some(seat) if seat.held => {
                let kept = Some(seat.protected);
                self.end(key, at_ms);
                self.seats.entry(key).and_modify(|seat| seat.kept = kept);
                self.serve((key.0, key.2), at_ms);
                Ok(Effect::Updated)
            }
            _ => Ok(Effect::Unchanged),
        }
    }

    /// Gives a seat back to whoever had it.
    pub(crate) fn restore(&mut self, key: SeatKey, at_ms: i64) -> Outcome {
        let pool = (key.0, key.2);
        if !self.free_now(pool) {
            self.settle(pool, at_ms);
        }
        if self.in_use(key, at_ms) {
            return Ok(Effect::Unchanged);
        }
        let before = self.seats.get(&key).copied();
        let Some((before, protected)) = before.and_then(|seat| Some((seat, seat.kept?))) else {
            return Err(Rejection::SeatNotKept);
        };
        ahead(before.expires_at_ms, at_ms)?;
        if !self.free_now(pool) {
            return Err(Rejection::PoolExhausted);
        }
        self.forget(key);
        let by_group = self.is_given_by_group(key);
        let after = Seat {
            held: true,
            protected,
            given_directly: before.given_directly || !by_group,
            ran_out: false,
            kept: None,
            ..before
        };
        self.seats.insert(key, after);
        Ok(Effect::Updated)
    }

    fn is_given_by_group(&self, (tenant, user, app): SeatKey) -> bool {
        self.groups.iter().any(|(of, group)| {
            of.0 == tenant && group.members.contains(&user) && group.standing.contains(&app)
        })
    }

    /// Gives one person's seat to another.
    pub(crate) fn transfer(&mut self, from: SeatKey, to: i64, at_ms: i64) -> Outcome {
        let heir = (from.0, to, from.2);
        let before = self.seats.get(&from).filter(|seat| seat.in_use(at_ms)).copied();
        let before = before.ok_or(Rejection::SeatNotInUse)?;
        if self.in_use(heir, at_ms) {
            return Err(Rejection::SeatHeld);
        }
        if before.protected {
            return Err(Rejection::SeatProtected);
        }
        self.end(from, at_ms);
        self.forget(heir);
        self.begin(heir, before.expires_at_ms, By::Hand, at_ms);
        self.serve((from.0, from.2), at_ms);
        Ok(Effect::Updated)
    }

    /// Moves the end of a seat in use, or protects it or no longer.
    pub(crate) fn adjust(&mut self, key: SeatKey, at_ms: i64, adjust: impl FnOnce(&mut Seat)) -> Outcome {
        let seat = self.seats.get_mut(&key).filter(|seat| seat.in_use(at_ms));
        let seat = seat.ok_or(Rejection::SeatNotInUse)?;
        let before = *seat;
        adjust(seat);
        Ok(if *seat == before {
            Effect::Unchanged
        } else {
            Effect::Updated
        })
    }

    /// Moves the end of a seat in use.
    pub(crate) fn extend(&mut self, key: SeatKey, expires_at_ms: Option<i64>, at_ms: i64) -> Outcome {
        ahead(expires_at_ms, at_ms)?;
        self.adjust(key, at_ms, |seat| seat.expires_at_ms = expires_at_ms)
    }

    /// Says what was bought.
    pub(crate) fn buy(
        &mut self,
        pool: PoolKey,
        bought: Option<u64>,
        overdraft_allowed: bool,
        at_ms: i64,
    ) -> Outcome {
        self.settle(pool, at_ms);
        if !overdraft_allowed && bought.is_some_and(|bought| self.held(pool) > bought) {
            return Err(Rejection::PoolTooSmall);
        }
        let known = self.pools.get(&pool);
        if known.is_some_and(|known| (known.bought, known.overdraft_allowed) == (bought, overdraft_allowed)) {
            return Ok(Effect::Unchanged);
        }
        let effect = if known.is_some() {
            Effect::Updated
        } else {
            Effect::Created
        };
        let terms = self.pools.entry(pool).or_default();
        terms.bought = bought;
        terms.overdraft_allowed = overdraft_allowed;
        self.serve(pool, at_ms);
        Ok(effect)
    }

    /// Takes somebody out of the line.
    pub(crate) fn stop_waiting(&mut self, key: SeatKey) -> Effect {
        if self.forget(key) {
            Effect::Updated
        } else {
            Effect::Unchanged
        }
    }

    /// Takes somebody into a group, or out of it.
    pub(crate) fn join(&mut self, group: GroupKey, user: i64, joins: bool, at_ms: i64) -> Effect {
        let known = self.groups.entry(group).or_default();
        let changed = if joins {
            known.members.insert(user)
        } else {
            known.members.remove(&user)
        };
        if !changed {
            return Effect::Unchanged;
        }
        for app in known.standing.clone() {
            self.give_or_take((group.0, user, app), joins, at_ms);
        }
        if joins { Effect::Created } else { Effect::Updated }
    }

    /// Lets a group give seats of a pool, or no longer.
    pub(crate) fn stand(
        &mut self,
        group: GroupKey,
        app: Option<&'static str>,
        gives: bool,
        at_ms: i64,
    ) -> Effect {
        let known = self.groups.entry(group).or_default();
        let changed = if gives {
            known.standing.insert(app)
        } else {
            known.standing.remove(&app)
        };
        if !changed {
            return Effect::Unchanged;
        }
        for user in known.members.clone() {
            self.give_or_take((group.0, user, app), gives, at_ms);
        }
        if gives { Effect::Created } else { Effect::Updated }
    }

    fn give_or_take(&mut self, key: SeatKey, gives: bool, at_ms: i64) {
        if gives {
            self.assign_or_wait(key, None, By::Group, at_ms);
        } else {
            self.no_longer_given(key, at_ms);
        }
    }

    fn no_longer_given(&mut self, key @ (tenant, user, app): SeatKey, at_ms: i64) {
        if self.is_given_by_group(key) {
            return;
        }
        if let Some(pool) = self.pools.get_mut(&(tenant, app)) {
            pool.line.retain(|place| place.user != user || place.direct);
        }
        match self.seats.get_mut(&key) {
            Some(seat) if seat.held && !seat.given_directly && seat.protected => seat.given_directly = true,
            Some(seat) if seat.held && !seat.given_directly => {
                self.end(key, at_ms);
                self.serve((tenant, app), at_ms);
            }
            _ => {}
        }
    }
}

fn ahead(expires_at_ms: Option<i64>, at_ms: i64) -> Result<(), Rejection> {
    if expires_at_ms.is_some_and(|end_ms| end_ms <= at_ms) {
        return Err(Rejection::EndInThePast);
    }
    Ok(())
}
