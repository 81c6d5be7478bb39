//! All of it over the rounds of a run.

use std::collections::HashMap;

use crate::{
    activity::Activity,
    history::{ActivityRow, Kind, Load, Quiet, Seat, SeatRow, Walk, Window},
    pools::{self, Pools},
    seats::{Seats, Timelines},
    violation::Violation,
};

/// What is known of a ledger after every round so far. Its memory grows with the seats and pairs that were ever touched, not
/// with the history, which it forgets round by round.
#[derive(Debug, Default)]
pub struct Checker {
    seats: Seats,
    pools: Pools,
    activity: Activity,
}

impl Checker {
    /// Begins with an empty ledger in which so many seats were bought for each app; none stands for platform seats, and a pool
    /// that is not named has no limit.
    #[must_use]
    pub fn new(bought: HashMap<Option<u32>, u64>) -> Self {
        Self {
            pools: Pools::new(bought),
            ..Self::default()
        }
    }

    /// Judges what many callers were told until the server died. What nobody answered stays open until [`Self::quiet`].
    pub fn load(&mut self, load: &Load) -> Vec<Violation> {
        let mut violations = Vec::new();
        let counts = pools::counts(&self.seats);
        let listed = self.seats.listed();
        let timelines = self.seats.follow(&load.changes, &mut violations);
        self.pools
            .judge(&counts, &timelines, &load.changes, &mut violations);
        for walk in &load.seats {
            judge_order(walk.kind, walk.rows.iter().map(seat_place), &mut violations);
            self.seats.compare(
                (walk.kind, walk.window),
                &walk.rows,
                &timelines,
                &listed,
                &mut violations,
            );
        }
        for walk in &load.activities {
            judge_order(walk.kind, walk.rows.iter().map(activity_place), &mut violations);
            self.judge_status(walk, &timelines, &mut violations);
        }
        self.activity.follow(
            &load.accesses,
            &load.activities,
            (&self.seats, &timelines),
            &mut violations,
        );
        violations
    }

    /// Judges what was read while nobody else did anything, and takes from it what became of calls that nobody answered.
    /// The lists must be whole.
    pub fn quiet(&mut self, quiet: &Quiet) -> Vec<Violation> {
        let mut violations = Vec::new();
        for walk in &quiet.seats {
            judge_order(walk.kind, walk.rows.iter().map(seat_place), &mut violations);
            self.seats.settle(walk.kind, &walk.rows, &mut violations);
        }
        for look in &quiet.looks {
            self.seats.look(look.seat, look.in_use, &mut violations);
        }
        self.pools.compare(&quiet.pools, &self.seats, &mut violations);
        for walk in &quiet.activities {
            judge_order(walk.kind, walk.rows.iter().map(activity_place), &mut violations);
            self.judge_status(walk, &Timelines::default(), &mut violations);
            self.activity.settle(walk, &mut violations);
        }
        violations
    }

    /// Every row of activities shows its seat as it is.
    fn judge_status(&self, walk: &Walk<ActivityRow>, timelines: &Timelines, violations: &mut Vec<Violation>) {
        let Window { begin, end } = walk.window;
        for row in &walk.rows {
            let seat = Seat {
                user: row.user,
                app: (walk.kind == Kind::App).then_some(row.app),
            };
            let possible = timelines.possible(&self.seats, seat, Window { begin, end });
            if row.in_use && !possible.held {
                violations.push(Violation::InventedSeat { seat });
            }
            if !row.in_use && !possible.free {
                violations.push(Violation::LostSeat { seat });
            }
        }
    }
}

/// Rows come in order of user and app, each once.
fn judge_order(
    kind: Kind,
    places: impl Iterator<Item = (u64, Option<u32>)>,
    violations: &mut Vec<Violation>,
) {
    let mut last = None;
    for place in places {
        if last.is_some_and(|last| last >= place) {
            let (user, app) = place;
            violations.push(Violation::OutOfOrder { kind, user, app });
        }
        last = Some(place);
    }
}

fn seat_place(row: &SeatRow) -> (u64, Option<u32>) {
    (row.seat.user, row.seat.app)
}

fn activity_place(row: &ActivityRow) -> (u64, Option<u32>) {
    (row.user, Some(row.app))
}
