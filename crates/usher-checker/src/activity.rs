//! The newest times: never below what was acknowledged, never above the latest attempt.

use std::collections::{HashMap, HashSet};

use crate::{
    history::{Access, ActivityRow, Kind, Pair, Seat, Tick, Verdict, Walk},
    seats::{Seats, Timelines},
    violation::Violation,
};

/// What is known of a pair between rounds.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// The newest acknowledged time; none while nothing was.
    floor_ms: Option<i64>,
    /// The latest attempt.
    ceiling_ms: Option<i64>,
}

/// What a round adds to a pair.
#[derive(Debug, Default)]
struct Attempts {
    /// End and time of every acknowledged access.
    acknowledged: Vec<(Tick, i64)>,
    /// Every access that may have been recorded.
    attempted: Vec<Attempt>,
}

/// An access that may have been recorded.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    begin: Tick,
    /// The newest time that it can have left: the one that was answered, else what the clock showed last.
    at_most_ms: i64,
    /// What the clock showed last.
    latest_ms: i64,
}

/// Every pair that somebody ever attempted.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    known: HashMap<Pair, Known>,
}

impl Activity {
    /// Judges the accesses of a round and the walks that were made meanwhile, and learns from them.
    pub(crate) fn follow(
        &mut self,
        accesses: &[Access],
        walks: &[Walk<ActivityRow>],
        (seats, timelines): (&Seats, &Timelines),
        violations: &mut Vec<Violation>,
    ) {
        let round = self.attempts(accesses, (seats, timelines), violations);
        for access in accesses {
            if let Some(Verdict::Admitted {
                through,
                active_time_ms,
            }) = access.answer
            {
                let pair = pair(through, access);
                let (floor_ms, _) = self.bounds(pair, &round, access.window.begin, access.window.end);
                let ceiling_ms = self.latest_by_clock(pair, &round, access.window.end);
                judge_time(pair, active_time_ms, floor_ms, ceiling_ms, violations);
            }
        }
        for walk in walks {
            self.compare(walk, &round, violations);
        }
        for (pair, attempts) in round {
            let known = self.known.entry(pair).or_default();
            known.floor_ms = known
                .floor_ms
                .max(attempts.acknowledged.iter().map(|(_, time_ms)| *time_ms).max());
            known.ceiling_ms = known
                .ceiling_ms
                .max(attempts.attempted.iter().map(|attempt| attempt.at_most_ms).max());
        }
    }

    fn attempts(
        &self,
        accesses: &[Access],
        (seats, timelines): (&Seats, &Timelines),
        violations: &mut Vec<Violation>,
    ) -> HashMap<Pair, Attempts> {
        let mut round: HashMap<Pair, Attempts> = HashMap::new();
        for access in accesses {
            let platform = Seat {
                user: access.user,
                app: None,
            };
            let own = Seat {
                user: access.user,
                app: Some(access.app),
            };
            let platform = timelines.possible(seats, platform, access.window);
            let own = timelines.possible(seats, own, access.window);
            // The platform seat admits before the app seat.
            let through_platform = platform.held;
            let through_app = platform.free && own.held;
            match access.answer {
                None => {
                    for (kind, may) in [(Kind::Platform, through_platform), (Kind::App, through_app)] {
                        if may {
                            let attempts = round.entry(pair(kind, access)).or_default();
                            attempts.attempted.push(attempt(access, access.latest_ms));
                        }
                    }
                }
                Some(Verdict::Refused) => {
                    if !(platform.free && own.free) {
                        violations.push(Violation::RefusedWithSeat {
                            user: access.user,
                            app: access.app,
                        });
                    }
                }
                Some(Verdict::Admitted {
                    through,
                    active_time_ms,
                }) => {
                    let pair = pair(through, access);
                    let may = match through {
                        Kind::Platform => through_platform,
                        Kind::App => through_app,
                    };
                    if !may {
                        violations.push(Violation::AdmittedWithoutSeat { pair });
                    }
                    let attempts = round.entry(pair).or_default();
                    attempts.acknowledged.push((access.window.end, active_time_ms));
                    attempts.attempted.push(attempt(access, active_time_ms));
                }
            }
        }
        for attempts in round.values_mut() {
            attempts.acknowledged.sort_unstable();
        }
        round
    }

    /// What was acknowledged before `begin`, and what was attempted before `end`.
    fn bounds(
        &self,
        pair: Pair,
        round: &HashMap<Pair, Attempts>,
        begin: Tick,
        end: Tick,
    ) -> (Option<i64>, Option<i64>) {
        let known = self.known.get(&pair).copied().unwrap_or_default();
        let Some(attempts) = round.get(&pair) else {
            return (known.floor_ms, known.ceiling_ms);
        };
        let floor = attempts
            .acknowledged
            .iter()
            .take_while(|(acknowledged, _)| *acknowledged < begin)
            .map(|(_, time_ms)| *time_ms);
        let ceiling = attempts
            .attempted
            .iter()
            .filter(|attempt| attempt.begin <= end)
            .map(|attempt| attempt.at_most_ms);
        (
            known.floor_ms.max(floor.max()),
            known.ceiling_ms.max(ceiling.max()),
        )
    }

    /// What the clock showed at most when an access could still be answered. An answer may repeat a time of before, where the clock was
    /// set back meanwhile.
    fn latest_by_clock(&self, pair: Pair, round: &HashMap<Pair, Attempts>, end: Tick) -> Option<i64> {
        let known = self.known.get(&pair).copied().unwrap_or_default();
        let attempts = round.get(&pair).map_or(&[][..], |attempts| &attempts.attempted);
        let latest = attempts
            .iter()
            .filter(|attempt| attempt.begin <= end)
            .map(|attempt| attempt.latest_ms);
        known.ceiling_ms.max(latest.max())
    }

    /// Compares a walk that was made while others came in.
    fn compare(
        &self,
        walk: &Walk<ActivityRow>,
        round: &HashMap<Pair, Attempts>,
        violations: &mut Vec<Violation>,
    ) {
        let mut shown = HashSet::new();
        for row in &walk.rows {
            let pair = row_pair(walk.kind, row);
            shown.insert(pair);
            let (floor_ms, ceiling_ms) = self.bounds(pair, round, walk.window.begin, walk.window.end);
            judge_time(pair, row.active_time_ms, floor_ms, ceiling_ms, violations);
        }
        let known = self.known.keys().chain(round.keys()).collect::<HashSet<_>>();
        for pair in known {
            if pair.kind == walk.kind && !shown.contains(pair) {
                let (floor_ms, _) = self.bounds(*pair, round, walk.window.begin, walk.window.end);
                lost(*pair, floor_ms, violations);
            }
        }
    }

    /// Compares a walk over all activities of a kind while nobody comes in, and learns from it.
    pub(crate) fn settle(&mut self, walk: &Walk<ActivityRow>, violations: &mut Vec<Violation>) {
        let mut shown = HashSet::new();
        for row in &walk.rows {
            let pair = row_pair(walk.kind, row);
            shown.insert(pair);
            let time_ms = row.active_time_ms;
            let known = self.known.get(&pair).copied().unwrap_or_default();
            judge_time(pair, time_ms, known.floor_ms, known.ceiling_ms, violations);
            let exactly = Known {
                floor_ms: Some(time_ms),
                ceiling_ms: Some(time_ms),
            };
            self.known.insert(pair, exactly);
        }
        for (pair, known) in &mut self.known {
            if pair.kind == walk.kind && !shown.contains(pair) {
                lost(*pair, known.floor_ms, violations);
                // An attempt that left nothing behind can leave nothing later either.
                known.ceiling_ms = known.floor_ms;
            }
        }
    }
}

fn attempt(access: &Access, at_most_ms: i64) -> Attempt {
    Attempt {
        begin: access.window.begin,
        at_most_ms,
        latest_ms: access.latest_ms,
    }
}

fn pair(kind: Kind, access: &Access) -> Pair {
    Pair {
        kind,
        user: access.user,
        app: access.app,
    }
}

fn row_pair(kind: Kind, row: &ActivityRow) -> Pair {
    Pair {
        kind,
        user: row.user,
        app: row.app,
    }
}

fn lost(pair: Pair, floor_ms: Option<i64>, violations: &mut Vec<Violation>) {
    if let Some(acknowledged_ms) = floor_ms {
        violations.push(Violation::LostAccess {
            pair,
            acknowledged_ms,
        });
    }
}

fn judge_time(
    pair: Pair,
    shown_ms: i64,
    floor_ms: Option<i64>,
    ceiling_ms: Option<i64>,
    violations: &mut Vec<Violation>,
) {
    match (floor_ms, ceiling_ms) {
        (_, None) => violations.push(Violation::InventedAccess { pair }),
        (Some(acknowledged_ms), _) if shown_ms < acknowledged_ms => violations.push(Violation::LowerTime {
            pair,
            acknowledged_ms,
            shown_ms,
        }),
        (_, Some(latest_ms)) if shown_ms > latest_ms => violations.push(Violation::HigherTime {
            pair,
            latest_ms,
            shown_ms,
        }),
        _ => {}
    }
}
