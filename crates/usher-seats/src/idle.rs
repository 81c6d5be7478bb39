//! Whether a seat lies idle, and why somebody may think so.
//!
//! An administrator who takes seats back wants one answer per seat that can be defended: a [`IdleVerdict`], the first rule
//! of a fixed list that fits. What excuses comes first (protected, on leave, new), then what needs no patience (a platform
//! seat admits the holder anyway), then what was never touched, and only then the count of days.
//!
//! **Days idle** are whole stretches of 24 hours since the later of the assignment and the newest admitted access, *without
//! the time on leave*. The other choice, to excuse only while the leave lasts, would call a seat idle on the very morning
//! on which its holder comes back after four months, which is when an administrator least wants to take it. So a leave
//! stops the count, and it goes on where it stopped.
//!
//! Nothing here is thrown away by a verdict: every property is told beside it, so a protected seat that is also redundant
//! says both.

use serde::{Deserialize, Serialize};

use crate::seat::Seat;

/// A day of the count in milliseconds. It is a stretch of time and no date, so that it is equally long everywhere.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Days after which a seat is idle: a quarter of a year, so that who comes once a quarter keeps the seat.
pub const IDLE_AFTER_DAYS: u32 = 90;
/// Days for which a seat is new: a month, so that a seat given before a course or a holiday is not called unused.
pub const NEW_FOR_DAYS: u32 = 30;
/// Most days that may be asked about: a hundred years, beyond which nobody has been idle.
pub const IDLE_DAYS_MAX: u32 = 36_500;

/// From how many days on a seat is called what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdlePolicy {
    /// Idle from so many days on.
    pub idle_after_days: u32,
    /// New for so many days after the assignment.
    pub new_for_days: u32,
}

impl Default for IdlePolicy {
    fn default() -> Self {
        Self {
            idle_after_days: IDLE_AFTER_DAYS,
            new_for_days: NEW_FOR_DAYS,
        }
    }
}

/// A time during which a person is not expected to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leave {
    /// The first moment of it, in milliseconds.
    pub from_ms: i64,
    /// The first moment after it, in milliseconds.
    pub until_ms: i64,
}

impl Leave {
    /// True when a moment lies in it.
    #[must_use]
    pub fn covers(&self, time_ms: i64) -> bool {
        self.from_ms <= time_ms && time_ms < self.until_ms
    }
}

/// What must be known of a seat to judge it.
#[derive(Debug, Clone, Copy)]
pub struct SeatFacts<'a> {
    /// Whether it is held, and when it ends.
    pub seat: Seat,
    /// When the present holding began, in milliseconds.
    pub assigned_at_ms: i64,
    /// The newest access that came through it, in milliseconds; one of an earlier holding too.
    pub last_admitted_ms: Option<i64>,
    /// True when somebody said that it is to stay.
    pub protected: bool,
    /// When its holder is or was on leave, in any order; leaves may overlap.
    pub leaves: &'a [Leave],
    /// True for an app seat whose holder also has a platform seat in use.
    pub platform_seat_in_use: bool,
}

/// The rule that decided about a seat. The order is the order in which the rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdleVerdict {
    /// Somebody said that it is to stay.
    Protected,
    /// Its holder is on leave just now.
    OnLeave,
    /// It was given only lately.
    New,
    /// It is an app seat, and a platform seat in use admits its holder anyway.
    Redundant,
    /// It is no longer new, and nobody ever came through it.
    NeverUsed,
    /// Nobody came through it for as many days as the policy says, or more.
    Idle,
    /// Somebody came through it in that time.
    InUse,
}

impl IdleVerdict {
    /// Every verdict in the order of the rules.
    pub const ALL: [Self; 7] = [
        Self::Protected,
        Self::OnLeave,
        Self::New,
        Self::Redundant,
        Self::NeverUsed,
        Self::Idle,
        Self::InUse,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::OnLeave => "on_leave",
            Self::New => "new",
            Self::Redundant => "redundant",
            Self::NeverUsed => "never_used",
            Self::Idle => "idle",
            Self::InUse => "in_use",
        }
    }

    /// The verdict with this exact wire name, if there is one.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.wire_name() == name)
    }
}

/// What was found out about a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idleness {
    /// What to call it.
    pub verdict: IdleVerdict,
    /// The later of its assignment and the newest access through it, in milliseconds.
    pub idle_since_ms: i64,
    /// Whole days since then, without the time on leave.
    pub days_idle: u32,
    /// Nobody ever came through it.
    pub never_used: bool,
    /// It was given only lately.
    pub new: bool,
    /// Somebody said that it is to stay.
    pub protected: bool,
    /// Its holder is on leave just now.
    pub on_leave: bool,
    /// A platform seat admits its holder anyway.
    pub redundant: bool,
    /// When the verdict changes by itself, in milliseconds, if nobody comes and nobody changes anything: the end of the
    /// leave, the end of being new, or the moment at which it becomes idle. None when it does not.
    pub next_ms: Option<i64>,
}

/// Since when a seat is idle: the later of its assignment and the newest access through it.
#[must_use]
pub fn idle_since_ms(assigned_at_ms: i64, last_admitted_ms: Option<i64>) -> i64 {
    last_admitted_ms.map_or(assigned_at_ms, |last_ms| last_ms.max(assigned_at_ms))
}

/// The last moment since which a seat must be idle to be idle for `days` at `now_ms`, whatever leaves there were. For no
/// days any moment will do, even a later one: the clock may have stepped back.
#[must_use]
pub fn idle_since_at_latest_ms(days: u32, now_ms: i64) -> i64 {
    if days == 0 {
        return i64::MAX;
    }
    now_ms.saturating_sub(i64::from(days).saturating_mul(DAY_MS))
}

/// Judges a seat at `now_ms`; none when it is not in use, because then there is nothing to take back.
#[must_use]
pub fn judge(facts: &SeatFacts<'_>, policy: IdlePolicy, now_ms: i64) -> Option<Idleness> {
    if !facts.seat.admits(now_ms) {
        return None;
    }
    let leaves = joined(facts.leaves);
    let since_ms = idle_since_ms(facts.assigned_at_ms, facts.last_admitted_ms);
    let new_until_ms = facts
        .assigned_at_ms
        .saturating_add(i64::from(policy.new_for_days).saturating_mul(DAY_MS));
    let leave = leaves.iter().find(|leave| leave.covers(now_ms));
    let mut idleness = Idleness {
        verdict: IdleVerdict::InUse,
        idle_since_ms: since_ms,
        days_idle: days_idle(&leaves, since_ms, now_ms),
        never_used: facts.last_admitted_ms.is_none(),
        new: now_ms < new_until_ms,
        protected: facts.protected,
        on_leave: leave.is_some(),
        redundant: facts.platform_seat_in_use,
        next_ms: None,
    };
    idleness.verdict = first_rule(&idleness, policy);
    idleness.next_ms = match idleness.verdict {
        IdleVerdict::OnLeave => leave.map(|leave| leave.until_ms),
        IdleVerdict::New => Some(new_until_ms),
        IdleVerdict::InUse => Some(becomes_idle_ms(&leaves, since_ms, policy)),
        IdleVerdict::Protected | IdleVerdict::Redundant | IdleVerdict::NeverUsed | IdleVerdict::Idle => None,
    };
    Some(idleness)
}

fn first_rule(idleness: &Idleness, policy: IdlePolicy) -> IdleVerdict {
    let rules = [
        (idleness.protected, IdleVerdict::Protected),
        (idleness.on_leave, IdleVerdict::OnLeave),
        (idleness.new, IdleVerdict::New),
        (idleness.redundant, IdleVerdict::Redundant),
        (idleness.never_used, IdleVerdict::NeverUsed),
        (idleness.days_idle >= policy.idle_after_days, IdleVerdict::Idle),
    ];
    let fitting = rules.into_iter().find(|(fits, _)| *fits);
    fitting.map_or(IdleVerdict::InUse, |(_, verdict)| verdict)
}

/// Leaves in order, with those that touch made one. What ends before it begins is none.
fn joined(leaves: &[Leave]) -> Vec<Leave> {
    let mut sorted: Vec<Leave> = leaves
        .iter()
        .copied()
        .filter(|leave| leave.from_ms < leave.until_ms)
        .collect();
    sorted.sort_unstable();
    let mut joined: Vec<Leave> = Vec::with_capacity(sorted.len());
    for leave in sorted {
        match joined.last_mut() {
            Some(last) if leave.from_ms <= last.until_ms => last.until_ms = last.until_ms.max(leave.until_ms),
            _ => joined.push(leave),
        }
    }
    joined
}

fn days_idle(leaves: &[Leave], since_ms: i64, now_ms: i64) -> u32 {
    let excused_ms = leaves.iter().fold(0_i64, |sum_ms, leave| {
        let overlap_ms = leave
            .until_ms
            .min(now_ms)
            .saturating_sub(leave.from_ms.max(since_ms));
        sum_ms.saturating_add(overlap_ms.max(0))
    });
    let idle_ms = now_ms.saturating_sub(since_ms).saturating_sub(excused_ms);
    u32::try_from(idle_ms.max(0) / DAY_MS).unwrap_or(u32::MAX)
}

fn becomes_idle_ms(leaves: &[Leave], since_ms: i64, policy: IdlePolicy) -> i64 {
    let mut missing_ms = i64::from(policy.idle_after_days).saturating_mul(DAY_MS);
    let mut counted_to_ms = since_ms;
    for leave in leaves.iter().filter(|leave| leave.until_ms > since_ms) {
        let until_leave_ms = leave.from_ms.saturating_sub(counted_to_ms).max(0);
        if missing_ms <= until_leave_ms {
            break;
        }
        missing_ms = missing_ms.saturating_sub(until_leave_ms);
        counted_to_ms = leave.until_ms;
    }
    counted_to_ms.saturating_add(missing_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: IdlePolicy = IdlePolicy {
        idle_after_days: 90,
        new_for_days: 30,
    };
    const NOW_MS: i64 = 1_000 * DAY_MS;

    fn days_ago(days: i64) -> i64 {
        NOW_MS - days * DAY_MS
    }

    fn leave(from_days_ago: i64, until_days_ago: i64) -> Leave {
        Leave {
            from_ms: days_ago(from_days_ago),
            until_ms: days_ago(until_days_ago),
        }
    }

    /// Given a year ago, used a hundred days ago, nothing else.
    fn plain() -> SeatFacts<'static> {
        SeatFacts {
            seat: Seat {
                held: true,
                expires_at_ms: None,
                released_at_ms: None,
            },
            assigned_at_ms: days_ago(365),
            last_admitted_ms: Some(days_ago(100)),
            protected: false,
            leaves: &[],
            platform_seat_in_use: false,
        }
    }

    fn judged(facts: SeatFacts<'_>) -> (IdleVerdict, u32, Option<i64>) {
        let idleness = judge(&facts, POLICY, NOW_MS).unwrap();
        (idleness.verdict, idleness.days_idle, idleness.next_ms)
    }

    #[test]
    fn what_excuses_comes_first_and_days_come_last() {
        let everything = SeatFacts {
            assigned_at_ms: days_ago(5),
            last_admitted_ms: None,
            protected: true,
            leaves: &[Leave {
                from_ms: NOW_MS,
                until_ms: NOW_MS + DAY_MS,
            }],
            platform_seat_in_use: true,
            ..plain()
        };
        assert_eq!(judged(everything), (IdleVerdict::Protected, 5, None));
        let unprotected = SeatFacts {
            protected: false,
            ..everything
        };
        assert_eq!(
            judged(unprotected),
            (IdleVerdict::OnLeave, 5, Some(NOW_MS + DAY_MS))
        );
        let back = SeatFacts {
            leaves: &[],
            ..unprotected
        };
        assert_eq!(judged(back), (IdleVerdict::New, 5, Some(days_ago(-25))));
        let old = SeatFacts {
            assigned_at_ms: days_ago(30),
            ..back
        };
        assert_eq!(judged(old), (IdleVerdict::Redundant, 30, None));
        let alone = SeatFacts {
            platform_seat_in_use: false,
            ..old
        };
        assert_eq!(judged(alone), (IdleVerdict::NeverUsed, 30, None));
        let used = SeatFacts {
            last_admitted_ms: Some(days_ago(400)),
            ..alone
        };
        assert_eq!(judged(used), (IdleVerdict::InUse, 30, Some(days_ago(-60))));
        assert_eq!(judged(plain()), (IdleVerdict::Idle, 100, None));
    }

    #[test]
    fn a_seat_becomes_idle_at_the_very_end_of_its_last_day() {
        let at = |last_admitted_ms| {
            judged(SeatFacts {
                last_admitted_ms: Some(last_admitted_ms),
                ..plain()
            })
        };
        assert_eq!(at(days_ago(90)), (IdleVerdict::Idle, 90, None));
        assert_eq!(at(days_ago(90) + 1), (IdleVerdict::InUse, 89, Some(NOW_MS + 1)));
        assert_eq!(
            at(NOW_MS + 7),
            (IdleVerdict::InUse, 0, Some(NOW_MS + 7 + 90 * DAY_MS)),
            "a clock that stepped back makes nobody idle"
        );
    }

    #[test]
    fn time_on_leave_is_not_counted_twice_or_at_all() {
        fn on(leaves: &[Leave]) -> (IdleVerdict, u32, Option<i64>) {
            judged(SeatFacts { leaves, ..plain() })
        }
        assert_eq!(
            on(&[leave(50, 30)]),
            (IdleVerdict::InUse, 80, Some(days_ago(-10)))
        );
        assert_eq!(
            on(&[leave(45, 30), leave(50, 40), leave(30, 29)]),
            (IdleVerdict::InUse, 79, Some(days_ago(-11)))
        );
        assert_eq!(
            on(&[leave(200, 95), leave(60, 70)]),
            (IdleVerdict::Idle, 95, None),
            "of a leave before the last access only the rest counts, and one that ends before it begins is none"
        );
        assert_eq!(
            on(&[leave(50, 30), leave(-5, -15)]),
            (IdleVerdict::InUse, 80, Some(days_ago(-20))),
            "a coming leave puts the day off"
        );
    }

    #[test]
    fn what_is_not_in_use_is_not_judged() {
        for seat in [
            Seat {
                held: false,
                expires_at_ms: None,
                released_at_ms: None,
            },
            Seat {
                held: true,
                expires_at_ms: Some(NOW_MS),
                released_at_ms: None,
            },
        ] {
            assert_eq!(judge(&SeatFacts { seat, ..plain() }, POLICY, NOW_MS), None);
        }
    }

    #[test]
    fn wire_names_are_exact() {
        for verdict in IdleVerdict::ALL {
            assert_eq!(IdleVerdict::from_wire_name(verdict.wire_name()), Some(verdict));
        }
        assert_eq!(IdleVerdict::from_wire_name("Idle"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// At the announced moment the verdict is another, one millisecond earlier it is still the same.
        #[test]
        fn the_next_date_is_when_the_verdict_changes(
            assigned in 0_i64..150, last in prop::option::of(0_i64..150), protected: bool, redundant: bool,
            leaves in prop::collection::vec((-60_i64..150, 1_i64..40), 0..4),
        ) {
            let leaves: Vec<Leave> = leaves.iter().map(|(from, days)| leave(*from, from - days)).collect();
            let facts = SeatFacts {
                assigned_at_ms: days_ago(assigned),
                last_admitted_ms: last.map(days_ago),
                protected,
                leaves: &leaves,
                platform_seat_in_use: redundant,
                ..plain()
            };
            let now = judge(&facts, POLICY, NOW_MS).unwrap();
            // A leave that begins meanwhile is a change of its own, which somebody else announced.
            let begins = leaves.iter().any(|leave| leave.from_ms > NOW_MS);
            if let Some(next_ms) = now.next_ms.filter(|_| !begins) {
                prop_assert!(next_ms > NOW_MS);
                prop_assert_eq!(judge(&facts, POLICY, next_ms - 1).unwrap().verdict, now.verdict);
                prop_assert_ne!(judge(&facts, POLICY, next_ms).unwrap().verdict, now.verdict);
            }
        }

        /// Whoever is idle for some days is so by the plain count too: the index may be asked by it.
        #[test]
        fn leaves_only_ever_excuse(last in 0_i64..300, from in -50_i64..300, length in 1_i64..100, days in 0_u32..200) {
            let leaves = [leave(from, from - length)];
            let facts = SeatFacts { last_admitted_ms: Some(days_ago(last) + 5), leaves: &leaves, ..plain() };
            let idleness = judge(&facts, POLICY, NOW_MS).unwrap();
            if idleness.days_idle >= days {
                prop_assert!(idleness.idle_since_ms <= idle_since_at_latest_ms(days, NOW_MS));
            }
        }
    }
}
