//! How many seats of a pool are in use at a moment: at least those that certainly are, at most those that possibly are.

use std::collections::HashMap;

use crate::{
    history::{AssignAnswer, Change, ChangeKind, PoolCount, Tick, Window},
    seats::{Possible, Seats, Timelines},
    violation::Violation,
};

/// Bounds of a count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bounds {
    certain: u64,
    possible: u64,
}

/// From a moment on, how many.
type Counted = Vec<(Tick, Bounds)>;

/// How many seats were bought, by app; none for platform seats. What is not here has no limit.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    bought: HashMap<Option<u32>, u64>,
}

impl Pools {
    pub(crate) fn new(bought: HashMap<Option<u32>, u64>) -> Self {
        Self { bought }
    }

    /// Judges what was given and refused in a round. Call it with the seats as they were before the round.
    pub(crate) fn judge(
        &self,
        before: &HashMap<Option<u32>, (u64, u64)>,
        timelines: &Timelines,
        changes: &[Change],
        violations: &mut Vec<Violation>,
    ) {
        for (app, bought) in &self.bought {
            let (certain, possible) = before.get(app).copied().unwrap_or_default();
            let counted = count(*app, Bounds { certain, possible }, timelines);
            let most = counted.iter().map(|(_, bounds)| bounds.certain).max();
            if let Some(in_use) = most.filter(|in_use| in_use > bought) {
                violations.push(Violation::PoolExceeded {
                    app: *app,
                    bought: *bought,
                    in_use,
                });
            }
            let exhausted = ChangeKind::Assign(Some(AssignAnswer::Exhausted));
            for change in changes
                .iter()
                .filter(|change| change.seat.app == *app && change.kind == exhausted)
            {
                let in_use = most_possible(&counted, change.window);
                if in_use < *bought {
                    violations.push(Violation::RefusedThoughFree {
                        seat: change.seat,
                        bought: *bought,
                        in_use,
                    });
                }
            }
        }
    }

    /// Judges what pools say of themselves while nobody changes anything.
    pub(crate) fn compare(&self, shown: &[PoolCount], seats: &Seats, violations: &mut Vec<Violation>) {
        let counts = counts(seats);
        for pool in shown {
            let (least, most) = counts.get(&pool.app).copied().unwrap_or_default();
            if pool.in_use < least || pool.in_use > most {
                violations.push(Violation::WrongCount {
                    app: pool.app,
                    shown: pool.in_use,
                    least,
                    most,
                });
            }
            if let Some(bought) = self.bought.get(&pool.app).filter(|bought| pool.in_use > **bought) {
                violations.push(Violation::PoolExceeded {
                    app: pool.app,
                    bought: *bought,
                    in_use: pool.in_use,
                });
            }
        }
        for (app, bought) in &self.bought {
            let (in_use, _) = counts.get(app).copied().unwrap_or_default();
            if in_use > *bought {
                violations.push(Violation::PoolExceeded {
                    app: *app,
                    bought: *bought,
                    in_use,
                });
            }
        }
    }
}

/// How many seats of each pool are in use between rounds: at least, at most.
pub(crate) fn counts(seats: &Seats) -> HashMap<Option<u32>, (u64, u64)> {
    let mut counts: HashMap<Option<u32>, (u64, u64)> = HashMap::new();
    for (seat, possible) in seats.all() {
        let (certain, most) = counts.entry(seat.app).or_default();
        *certain += u64::from(possible.is_certainly_held());
        *most += u64::from(possible.held);
    }
    counts
}

/// The count of a pool at every moment of a round, beginning with what it was before.
fn count(app: Option<u32>, before: Bounds, timelines: &Timelines) -> Counted {
    let mut steps: Vec<(Tick, Possible, Possible)> = Vec::new();
    for (_, segments) in timelines.each().filter(|(seat, _)| seat.app == app) {
        for (earlier, later) in segments.iter().zip(segments.iter().skip(1)) {
            steps.push((later.from, earlier.possible, later.possible));
        }
    }
    steps.sort_by_key(|(tick, ..)| *tick);
    let mut bounds = before;
    let mut counted: Counted = vec![(0, bounds)];
    for (tick, earlier, later) in steps {
        bounds.certain = moved(
            bounds.certain,
            earlier.is_certainly_held(),
            later.is_certainly_held(),
        );
        bounds.possible = moved(bounds.possible, earlier.held, later.held);
        match counted.last_mut() {
            // All lines of one call begin and end together.
            Some(last) if last.0 == tick => last.1 = bounds,
            _ => counted.push((tick, bounds)),
        }
    }
    counted
}

fn moved(count: u64, before: bool, after: bool) -> u64 {
    (count + u64::from(after)).saturating_sub(u64::from(before))
}

fn most_possible(counted: &Counted, window: Window) -> u64 {
    let first = counted
        .partition_point(|(tick, _)| *tick <= window.begin)
        .saturating_sub(1);
    let touched = counted.iter().skip(first);
    touched
        .take_while(|(tick, _)| *tick <= window.end)
        .map(|(_, bounds)| bounds.possible)
        .max()
        .unwrap_or(0)
}
