//! What a seat may be at a moment.

use std::collections::HashMap;

use crate::{
    history::{AssignAnswer, Change, ChangeKind, Kind, ReleaseAnswer, Seat, SeatRow, Tick, Window},
    violation::Violation,
};

/// The states in which a seat may be: in use, not in use, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Possible {
    pub(crate) held: bool,
    pub(crate) free: bool,
}

impl Possible {
    pub(crate) const HELD: Self = Self {
        held: true,
        free: false,
    };
    pub(crate) const FREE: Self = Self {
        held: false,
        free: true,
    };

    fn or(self, other: Self) -> Self {
        Self {
            held: self.held || other.held,
            free: self.free || other.free,
        }
    }

    pub(crate) fn is_certainly_held(self) -> bool {
        self == Self::HELD
    }

    fn fits(self, in_use: bool) -> bool {
        if in_use { self.held } else { self.free }
    }
}

/// What is known of a seat between rounds.
#[derive(Debug, Clone, Copy)]
struct Known {
    possible: Possible,
    /// True when it was given once, so that every list of seats has it.
    listed: bool,
}

const NEVER_GIVEN: Known = Known {
    possible: Possible::FREE,
    listed: false,
};

/// From a moment on, what a seat may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) from: Tick,
    pub(crate) possible: Possible,
}

/// What every seat may be, at every moment of a round.
#[derive(Debug, Default)]
pub(crate) struct Timelines {
    segments: HashMap<Seat, Vec<Segment>>,
}

/// Every seat that somebody ever tried to give.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    known: HashMap<Seat, Known>,
}

impl Seats {
    /// What a seat may be between rounds.
    pub(crate) fn possible(&self, seat: Seat) -> Possible {
        self.known.get(&seat).unwrap_or(&NEVER_GIVEN).possible
    }

    /// Every seat that may be in use, between rounds.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Seat, Possible)> {
        self.known.iter().map(|(seat, known)| (*seat, known.possible))
    }

    /// Follows the changes of a round.
    pub(crate) fn follow(&mut self, changes: &[Change], violations: &mut Vec<Violation>) -> Timelines {
        let mut by_seat: HashMap<Seat, Vec<&Change>> = HashMap::new();
        for change in changes {
            by_seat.entry(change.seat).or_default().push(change);
        }
        let mut timelines = Timelines::default();
        for (seat, mut changes) in by_seat {
            changes.sort_by_key(|change| change.window.begin);
            let known = self.known.entry(seat).or_insert(NEVER_GIVEN);
            let segments = timelines.segments.entry(seat).or_default();
            segments.push(Segment {
                from: 0,
                possible: known.possible,
            });
            let mut last_end = 0;
            for change in changes {
                if change.window.begin < last_end {
                    violations.push(Violation::NotInTurn { seat });
                }
                last_end = change.window.end;
                let (during, after) = effect(known.possible, change, violations);
                segments.push(Segment {
                    from: change.window.begin,
                    possible: during,
                });
                segments.push(Segment {
                    from: change.window.end,
                    possible: after,
                });
                known.possible = after;
                known.listed |= after.is_certainly_held();
            }
        }
        timelines
    }

    /// Compares a walk over the seats of a kind that was made while others changed them.
    pub(crate) fn compare(
        &self,
        (kind, window): (Kind, Window),
        rows: &[SeatRow],
        timelines: &Timelines,
        before: &HashMap<Seat, bool>,
        violations: &mut Vec<Violation>,
    ) {
        let shown: HashMap<Seat, bool> = rows.iter().map(|row| (row.seat, row.in_use)).collect();
        for (seat, in_use) in &shown {
            let possible = timelines.possible(self, *seat, window);
            if !possible.fits(*in_use) {
                violations.push(misfit(*seat, *in_use));
            }
        }
        let missing = |seat: &Seat| seat.kind() == kind && !shown.contains_key(seat);
        for (seat, _) in self.known.iter().filter(|(seat, _)| missing(seat)) {
            let listed_throughout = before.get(seat).copied().unwrap_or(false);
            if listed_throughout || timelines.possible(self, *seat, window).is_certainly_held() {
                violations.push(Violation::LostSeat { seat: *seat });
            }
        }
    }

    /// Which seats every list has had since before the round.
    pub(crate) fn listed(&self) -> HashMap<Seat, bool> {
        let listed = self.known.iter().filter(|(_, known)| known.listed);
        listed.map(|(seat, _)| (*seat, true)).collect()
    }

    /// Compares a walk over all seats of a kind while nobody changes any, and learns from it.
    pub(crate) fn settle(&mut self, kind: Kind, rows: &[SeatRow], violations: &mut Vec<Violation>) {
        let shown: HashMap<Seat, bool> = rows.iter().map(|row| (row.seat, row.in_use)).collect();
        for (seat, known) in &mut self.known {
            if seat.kind() != kind {
                continue;
            }
            let in_use = shown.get(seat).copied();
            if in_use.is_none() && known.listed {
                violations.push(Violation::LostSeat { seat: *seat });
            } else if !known.possible.fits(in_use.unwrap_or(false)) {
                violations.push(misfit(*seat, in_use.unwrap_or(false)));
            }
            known.listed |= in_use.is_some();
            known.possible = state(in_use.unwrap_or(false));
        }
        for (seat, in_use) in shown {
            if in_use && !self.known.contains_key(&seat) {
                violations.push(Violation::InventedSeat { seat });
            }
        }
    }

    /// Compares what one seat says of itself while nobody changes any.
    pub(crate) fn look(&self, seat: Seat, in_use: bool, violations: &mut Vec<Violation>) {
        if !self.possible(seat).fits(in_use) {
            violations.push(misfit(seat, in_use));
        }
    }
}

impl Timelines {
    /// What a seat may have been at any moment of a window.
    pub(crate) fn possible(&self, seats: &Seats, seat: Seat, window: Window) -> Possible {
        let Some(segments) = self.segments.get(&seat) else {
            return seats.possible(seat);
        };
        let ends = segments.iter().skip(1).map(|next| next.from).chain([Tick::MAX]);
        let touched = segments
            .iter()
            .zip(ends)
            .filter(|(segment, until)| segment.from <= window.end && *until > window.begin);
        touched.fold(
            Possible {
                held: false,
                free: false,
            },
            |possible, (segment, _)| possible.or(segment.possible),
        )
    }

    /// Every seat that somebody tried to change.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Seat, &[Segment])> {
        self.segments
            .iter()
            .map(|(seat, segments)| (*seat, segments.as_slice()))
    }
}

/// What a seat may be during a change and after it, by what it may have been before.
fn effect(before: Possible, change: &Change, violations: &mut Vec<Violation>) -> (Possible, Possible) {
    let (needed, after) = match change.kind {
        ChangeKind::Assign(None) => return either(before, Possible::HELD),
        ChangeKind::Release(None) => return either(before, Possible::FREE),
        ChangeKind::Assign(Some(AssignAnswer::Given)) => (false, Possible::HELD),
        ChangeKind::Assign(Some(AssignAnswer::Had)) => (true, Possible::HELD),
        ChangeKind::Assign(Some(AssignAnswer::Exhausted)) => (false, Possible::FREE),
        ChangeKind::Release(Some(ReleaseAnswer::Taken)) => (true, Possible::FREE),
        ChangeKind::Release(Some(ReleaseAnswer::HadNone)) => (false, Possible::FREE),
    };
    if !before.fits(needed) {
        violations.push(Violation::WrongAnswer { seat: change.seat });
    }
    (state(needed).or(after), after)
}

fn either(before: Possible, wanted: Possible) -> (Possible, Possible) {
    (before.or(wanted), before.or(wanted))
}

fn state(in_use: bool) -> Possible {
    if in_use { Possible::HELD } else { Possible::FREE }
}

fn misfit(seat: Seat, in_use: bool) -> Violation {
    if in_use {
        Violation::InventedSeat { seat }
    } else {
        Violation::LostSeat { seat }
    }
}
