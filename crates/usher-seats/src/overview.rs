//! Figures of all seats of a pool, from counts by day and not from seats.
//!
//! An overview shows how many seats are held, used, never used and idle. Counting them one by one costs the seats, and there
//! may be a million; so an engine keeps counts of seats by the days of their marks ([`TallyMark`]) and this module makes the
//! figures of those. Two wishes pull apart: the figures are to be *exact*, and the counts must not be finer than *days*. Both
//! hold because an overview judges at a moment at which days begin: the first moment of the present day of UTC
//! ([`judged_at_ms`]). At that moment every threshold of days falls between two days, so no seat need be looked at to know on
//! which side it stands. So the figures are those that [`judge`](crate::idle::judge) gives seat by seat for that moment, and
//! they stand still for a day unless something happens to a seat.
//!
//! What a count by days cannot know is told seat by seat: who is or was on leave, and what came since the counts were
//! kept. [`SeatCounter::leave_out`] and [`SeatCounter::put_in`] exchange one seat's share.
//!
//! One thing cannot be known so: where a seat is called idle sooner than it stops being new, the idle ones among the new ones
//! would have to be told apart. Then those two figures are not given.

use crate::{
    day::Day,
    idle::{DAY_MS, IdlePolicy, IdleVerdict, Idleness, SeatFacts, idle_since_ms},
};

/// For how many days, today among them, an overview says how many seats were used: a day, a week, a month, a quarter.
pub const USED_WITHIN_DAYS: [u32; 4] = [1, 7, 30, 90];
/// From how many days on the steps of the distribution of idle days begin; each ends where the next begins.
pub const IDLE_DAYS_EDGES: [u32; 9] = [0, 1, 7, 14, 30, 60, 90, 180, 365];

/// The moment at which an overview judges: the first moment of the day of UTC in which `now_ms` lies, in milliseconds.
#[must_use]
pub fn judged_at_ms(now_ms: i64) -> i64 {
    now_ms.div_euclid(DAY_MS).saturating_mul(DAY_MS)
}

/// By which day of a seat it is counted. The numbers stand in files and databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TallyMark {
    /// The first day that began when it was idle already.
    IdleSince,
    /// The first day that began when it was assigned already.
    Assigned,
    /// The day on which somebody came through it last; a seat that nobody ever came through is not counted by it.
    LastAdmitted,
}

impl TallyMark {
    /// Every mark.
    pub const ALL: [Self; 3] = [Self::IdleSince, Self::Assigned, Self::LastAdmitted];

    /// The number that stands for it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::IdleSince => 0,
            Self::Assigned => 1,
            Self::LastAdmitted => 2,
        }
    }

    /// The mark for which a number stands.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.number() == number)
    }
}

/// What decides about a seat before any day does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TallyFlags {
    /// Somebody said that it is to stay.
    pub protected: bool,
    /// It is an app seat whose holder has a platform seat, too.
    pub redundant: bool,
    /// Nobody ever came through it.
    pub never_used: bool,
}

impl TallyFlags {
    /// The number that stands for them: protected 1, redundant 2, never used 4, added up.
    #[must_use]
    pub fn number(self) -> u8 {
        u8::from(self.protected) | u8::from(self.redundant) << 1 | u8::from(self.never_used) << 2
    }

    /// The flags for which a number stands; higher bits mean nothing.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        Self {
            protected: number & 1 != 0,
            redundant: number & 2 != 0,
            never_used: number & 4 != 0,
        }
    }
}

/// A place at which seats are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyCell {
    /// By which mark.
    pub mark: TallyMark,
    /// On which day of UTC.
    pub day: Day,
    /// With which flags; none for [`TallyMark::LastAdmitted`].
    pub flags: TallyFlags,
}

/// The cells in which a seat in use is counted, as kept: leaves and the clock have no say in it.
pub fn cells(facts: &SeatFacts<'_>) -> impl Iterator<Item = TallyCell> {
    let flags = TallyFlags {
        protected: facts.protected,
        redundant: facts.platform_seat_in_use,
        never_used: facts.last_admitted_ms.is_none(),
    };
    let since_ms = idle_since_ms(facts.assigned_at_ms, facts.last_admitted_ms);
    let cell = |mark, day, flags| TallyCell { mark, day, flags };
    let last = facts.last_admitted_ms.map(|last_ms| {
        cell(
            TallyMark::LastAdmitted,
            Day::in_utc(last_ms.max(0)),
            TallyFlags::default(),
        )
    });
    [
        cell(TallyMark::IdleSince, day_begun(since_ms), flags),
        cell(TallyMark::Assigned, day_begun(facts.assigned_at_ms), flags),
    ]
    .into_iter()
    .chain(last)
}

/// The first day of UTC that began at a moment or later. What was before 1970 counts as its first moment.
fn day_begun(time_ms: i64) -> Day {
    Day::in_utc(time_ms.max(0).saturating_add(DAY_MS - 1))
}

/// The figures of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatFigures {
    /// In use.
    pub held: u64,
    /// Used in the last [`USED_WITHIN_DAYS`] days of UTC, today among them.
    pub used: [u64; 4],
    /// Nobody ever came through them, whatever the verdict.
    pub never_used: u64,
    /// By whole days since they are idle, time on leave included, in the steps of [`IDLE_DAYS_EDGES`].
    pub idle_days: [u64; 9],
    /// By verdict, in the order of [`IdleVerdict::ALL`]; none where it is not known. All known, their sum is `held`.
    pub verdicts: [Option<u64>; 7],
}

/// Adds up the figures of a pool.
#[derive(Debug, Clone)]
pub struct SeatCounter {
    policy: IdlePolicy,
    today: i64,
    held: i64,
    used: [i64; 4],
    never_used: i64,
    idle_days: [i64; 9],
    verdicts: [i64; 7],
    /// Seats that are idle or in use.
    settled: i64,
    /// Those of them that are idle.
    idle: i64,
}

impl SeatCounter {
    /// A counter for the overview at a moment.
    #[must_use]
    pub fn new(policy: IdlePolicy, now_ms: i64) -> Self {
        Self {
            policy,
            today: now_ms.div_euclid(DAY_MS),
            held: 0,
            used: [0; 4],
            never_used: 0,
            idle_days: [0; 9],
            verdicts: [0; 7],
            settled: 0,
            idle: 0,
        }
    }

    /// Counts the seats of a cell; less than none takes them out.
    pub fn tallied(&mut self, cell: TallyCell, seats: i64) {
        let TallyCell { mark, day, flags } = cell;
        match mark {
            TallyMark::IdleSince => self.idle_since(day, flags, seats),
            TallyMark::Assigned => self.assigned(day, flags, seats),
            TallyMark::LastAdmitted => self.last_admitted(day, seats),
        }
    }

    /// Takes one seat out, as it was counted in its [`cells`].
    pub fn leave_out(&mut self, facts: &SeatFacts<'_>) {
        for cell in cells(facts) {
            self.tallied(cell, -1);
        }
    }

    /// Counts one seat that was judged at [`judged_at_ms`].
    pub fn put_in(&mut self, idleness: &Idleness, last_admitted_ms: Option<i64>) {
        self.held += 1;
        self.never_used += i64::from(idleness.never_used);
        self.step(day_begun(idleness.idle_since_ms), 1);
        if let Some(last_ms) = last_admitted_ms {
            self.last_admitted(Day::in_utc(last_ms.max(0)), 1);
        }
        match idleness.verdict {
            IdleVerdict::Idle => {
                self.settled += 1;
                self.idle += 1;
            }
            IdleVerdict::InUse => self.settled += 1,
            verdict => self.verdict(verdict, 1),
        }
    }

    /// The figures. Leaves are known when every person who has any was exchanged; otherwise all that a leave may change is
    /// left open.
    #[must_use]
    pub fn figures(&self, leaves_known: bool) -> SeatFigures {
        let idle_known = self.policy.idle_after_days >= self.policy.new_for_days;
        let figure = |verdict: IdleVerdict, seats: i64| {
            let known = match verdict {
                IdleVerdict::Protected => true,
                IdleVerdict::Idle | IdleVerdict::InUse => leaves_known && idle_known,
                _ => leaves_known,
            };
            known.then(|| count(seats))
        };
        let mut verdicts = [None; 7];
        let named = IdleVerdict::ALL.into_iter().zip(self.verdicts);
        for (slot, (verdict, seats)) in verdicts.iter_mut().zip(named) {
            let seats = match verdict {
                IdleVerdict::Idle => self.idle,
                IdleVerdict::InUse => self.settled - self.idle,
                _ => seats,
            };
            *slot = figure(verdict, seats);
        }
        SeatFigures {
            held: count(self.held),
            used: self.used.map(count),
            never_used: count(self.never_used),
            idle_days: self.idle_days.map(count),
            verdicts,
        }
    }

    fn idle_since(&mut self, day: Day, flags: TallyFlags, seats: i64) {
        self.held += seats;
        if flags.never_used {
            self.never_used += seats;
        }
        self.step(day, seats);
        let is_idle = self.whole_days_since(day) >= i64::from(self.policy.idle_after_days);
        if flags == TallyFlags::default() && is_idle {
            self.idle += seats;
        }
    }

    fn assigned(&mut self, day: Day, flags: TallyFlags, seats: i64) {
        let is_new = self.today - i64::from(day.number()) < i64::from(self.policy.new_for_days);
        match flags {
            TallyFlags { protected: true, .. } => self.verdict(IdleVerdict::Protected, seats),
            _ if is_new => self.verdict(IdleVerdict::New, seats),
            TallyFlags { redundant: true, .. } => self.verdict(IdleVerdict::Redundant, seats),
            TallyFlags { never_used: true, .. } => self.verdict(IdleVerdict::NeverUsed, seats),
            _ => self.settled += seats,
        }
    }

    fn last_admitted(&mut self, day: Day, seats: i64) {
        let days_ago = self.today - i64::from(day.number());
        for (used, days) in self.used.iter_mut().zip(USED_WITHIN_DAYS) {
            if days_ago < i64::from(days) {
                *used += seats;
            }
        }
    }

    fn step(&mut self, day: Day, seats: i64) {
        let days = self.whole_days_since(day);
        let steps = self.idle_days.iter_mut().zip(IDLE_DAYS_EDGES);
        if let Some((step, _)) = steps.rev().find(|(_, edge)| i64::from(*edge) <= days) {
            *step += seats;
        }
    }

    fn whole_days_since(&self, day: Day) -> i64 {
        (self.today - i64::from(day.number())).max(0)
    }

    fn verdict(&mut self, verdict: IdleVerdict, seats: i64) {
        let slots = IdleVerdict::ALL.into_iter().zip(&mut self.verdicts);
        for (_, slot) in slots.filter(|(named, _)| *named == verdict) {
            *slot += seats;
        }
    }
}

/// Counts never fall below none where cells and seats agree; a damaged file must not become a huge number.
fn count(seats: i64) -> u64 {
    u64::try_from(seats).unwrap_or(0)
}

#[cfg(test)]
mod tests;
