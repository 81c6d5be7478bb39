//! Figures from cells against figures from seats.

use proptest::prelude::*;

use super::*;
use crate::{
    idle::{Leave, judge},
    seat::Seat,
};

/// 2024-07-03 09:46:40 in UTC.
const NOW_MS: i64 = 1_720_000_000_000;

/// One seat as it is drawn: quarters of a day before midnight, negative ones after it.
#[derive(Debug, Clone)]
struct Drawn {
    assigned: i64,
    last: Option<i64>,
    protected: bool,
    redundant: bool,
    leaves: Vec<Leave>,
}

impl Drawn {
    fn facts<'a>(&self, leaves: &'a [Leave]) -> SeatFacts<'a> {
        let ago = |quarters: i64| judged_at_ms(NOW_MS) - quarters * DAY_MS / 4;
        SeatFacts {
            seat: Seat {
                held: true,
                expires_at_ms: None,
                released_at_ms: None,
            },
            assigned_at_ms: ago(self.assigned),
            last_admitted_ms: self.last.map(ago),
            protected: self.protected,
            leaves,
            platform_seat_in_use: self.redundant,
        }
    }
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let ago = || {
        prop_oneof![
            -3..9_i64,
            -3..500_i64,
            -3..2_000_i64,
            (0..120_i64).prop_map(|days| days * 4)
        ]
    };
    let leaves = prop::collection::vec((-60..500_i64, 1..200_i64), 0..3);
    (ago(), prop::option::of(ago()), any::<[bool; 2]>(), leaves).prop_map(
        |(assigned, last, [protected, redundant], leaves)| Drawn {
            assigned,
            last,
            protected,
            redundant,
            leaves: leaves
                .into_iter()
                .map(|(from, length)| Leave {
                    from_ms: judged_at_ms(NOW_MS) - from * DAY_MS / 4,
                    until_ms: judged_at_ms(NOW_MS) - (from - length) * DAY_MS / 4,
                })
                .collect(),
        },
    )
}

/// The figures, seat by seat and day by day, in another manner.
fn by_seat(seats: &[Drawn], policy: IdlePolicy) -> SeatFigures {
    let at_ms = judged_at_ms(NOW_MS);
    let mut figures = SeatFigures {
        verdicts: [Some(0); 7],
        ..SeatFigures::default()
    };
    for seat in seats {
        let facts = seat.facts(&seat.leaves);
        let idleness = judge(&facts, policy, at_ms).unwrap();
        figures.held += 1;
        figures.never_used += u64::from(seat.last.is_none());
        for (index, days) in [1, 7, 30, 90].into_iter().enumerate() {
            let first_ms = at_ms - (days - 1) * DAY_MS;
            figures.used[index] +=
                u64::from(facts.last_admitted_ms.is_some_and(|last_ms| last_ms >= first_ms));
        }
        let days = judge(&seat.facts(&[]), policy, at_ms).unwrap().days_idle;
        let step = IDLE_DAYS_EDGES.iter().filter(|edge| **edge <= days).count() - 1;
        figures.idle_days[step] += 1;
        let verdict = IdleVerdict::ALL
            .iter()
            .position(|verdict| *verdict == idleness.verdict);
        *figures.verdicts[verdict.unwrap()].as_mut().unwrap() += 1;
    }
    figures
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cells_give_what_seats_give(
        seats in prop::collection::vec(drawn(), 0..30), idle_after_days in 0_u32..120, new_for_days in 0_u32..120,
    ) {
        let policy = IdlePolicy { idle_after_days, new_for_days };
        let mut counter = SeatCounter::new(policy, NOW_MS);
        for seat in &seats {
            for cell in cells(&seat.facts(&[])) {
                counter.tallied(cell, 1);
            }
        }
        for seat in seats.iter().filter(|seat| !seat.leaves.is_empty()) {
            counter.leave_out(&seat.facts(&[]));
            let facts = seat.facts(&seat.leaves);
            let idleness = judge(&facts, policy, judged_at_ms(NOW_MS)).unwrap();
            counter.put_in(&idleness, facts.last_admitted_ms);
        }
        let mut expected = by_seat(&seats, policy);
        if idle_after_days < new_for_days {
            expected.verdicts[5] = None;
            expected.verdicts[6] = None;
        }
        prop_assert_eq!(counter.figures(true), expected);
    }
}

#[test]
fn what_a_leave_may_change_is_left_open_where_leaves_are_not_known() {
    let mut counter = SeatCounter::new(IdlePolicy::default(), NOW_MS);
    let seat = Drawn {
        assigned: 400,
        last: None,
        protected: true,
        redundant: false,
        leaves: Vec::new(),
    };
    for cell in cells(&seat.facts(&[])) {
        counter.tallied(cell, 3);
    }
    let figures = counter.figures(false);
    assert_eq!((figures.held, figures.never_used), (3, 3));
    assert_eq!(figures.verdicts, [Some(3), None, None, None, None, None, None]);
    assert_eq!(counter.figures(true).verdicts, [3, 0, 0, 0, 0, 0, 0].map(Some));
}

#[test]
fn numbers_of_marks_and_flags_come_back() {
    for mark in TallyMark::ALL {
        assert_eq!(TallyMark::from_number(mark.number()), Some(mark));
    }
    assert_eq!(TallyMark::from_number(3), None);
    for number in 0..8 {
        assert_eq!(TallyFlags::from_number(number).number(), number);
    }
}
