//! A history that is right is believed, and each way of breaking it is found out.

use std::collections::HashMap;

use crate::{
    Access, ActivityRow, AssignAnswer, Change, ChangeKind, Checker, Kind, Load, Pair, PoolCount, Quiet,
    ReleaseAnswer, Seat, SeatLook, SeatRow, Verdict, Violation, Walk, Window,
};

const APP: u32 = 3;
const PAIR: Pair = Pair {
    kind: Kind::App,
    user: 1,
    app: APP,
};

fn seat(user: u64) -> Seat {
    Seat { user, app: Some(APP) }
}

fn window(begin: u64, end: u64) -> Window {
    Window { begin, end }
}

fn assign(user: u64, (begin, end): (u64, u64), answer: Option<AssignAnswer>) -> Change {
    Change {
        window: window(begin, end),
        seat: seat(user),
        kind: ChangeKind::Assign(answer),
    }
}

fn release(user: u64, (begin, end): (u64, u64), answer: Option<ReleaseAnswer>) -> Change {
    Change {
        kind: ChangeKind::Release(answer),
        ..assign(user, (begin, end), None)
    }
}

fn access(user: u64, (begin, end): (u64, u64), answer: Option<Verdict>) -> Access {
    Access {
        window: window(begin, end),
        user,
        app: APP,
        answer,
        latest_ms: i64::try_from(end).unwrap() * 10,
    }
}

fn admitted(active_time_ms: i64) -> Option<Verdict> {
    Some(Verdict::Admitted {
        through: Kind::App,
        active_time_ms,
    })
}

fn row(user: u64, in_use: bool, active_time_ms: i64) -> ActivityRow {
    ActivityRow {
        user,
        app: APP,
        in_use,
        active_time_ms,
    }
}

fn walk<Row>(begin: u64, end: u64, rows: Vec<Row>) -> Walk<Row> {
    Walk {
        window: window(begin, end),
        kind: Kind::App,
        rows,
    }
}

fn seat_row(user: u64, in_use: bool) -> SeatRow {
    SeatRow {
        seat: seat(user),
        in_use,
    }
}

fn checker() -> Checker {
    Checker::new(HashMap::from([(Some(APP), 1)]))
}

const GIVEN: Option<AssignAnswer> = Some(AssignAnswer::Given);

/// User 1 gets the only seat, user 2 does not, user 1 comes in twice; the second time nobody answers.
fn story() -> Load {
    Load {
        changes: vec![
            assign(1, (1, 2), GIVEN),
            assign(2, (3, 4), Some(AssignAnswer::Exhausted)),
        ],
        accesses: vec![
            access(1, (5, 6), admitted(55)),
            access(2, (5, 6), Some(Verdict::Refused)),
            access(1, (9, 10), None),
        ],
        activities: vec![walk(7, 8, vec![row(1, true, 55)])],
        seats: vec![walk(7, 8, vec![seat_row(1, true)])],
    }
}

fn ending() -> Quiet {
    Quiet {
        activities: vec![
            walk(20, 21, vec![row(1, true, 97)]),
            walk(22, 23, vec![row(1, true, 97)]),
        ],
        seats: vec![walk(20, 21, vec![seat_row(1, true)])],
        looks: vec![
            SeatLook {
                seat: seat(1),
                in_use: true,
            },
            SeatLook {
                seat: seat(2),
                in_use: false,
            },
        ],
        pools: vec![PoolCount {
            app: Some(APP),
            in_use: 1,
        }],
    }
}

/// What is found in the story, broken.
fn found(break_it: impl Fn(&mut Load, &mut Quiet)) -> Vec<Violation> {
    let (mut load, mut quiet) = (story(), ending());
    break_it(&mut load, &mut quiet);
    let mut checker = checker();
    let mut violations = checker.load(&load);
    violations.extend(checker.quiet(&quiet));
    violations
}

#[test]
fn what_can_be_true_is_believed() {
    assert_eq!(found(|_, _| {}), []);
}

#[test]
fn what_nobody_answered_may_be_there_or_not_but_no_third_thing() {
    let times = |time_ms: i64| {
        found(move |_, quiet| {
            for walk in &mut quiet.activities {
                walk.rows = vec![row(1, true, time_ms)];
            }
        })
    };
    assert_eq!(times(55), [], "it left nothing behind");
    assert_eq!(times(100), [], "it was recorded as late as it could be");
    assert_eq!(
        times(101)[0],
        Violation::HigherTime {
            pair: PAIR,
            latest_ms: 100,
            shown_ms: 101
        }
    );
    assert_eq!(
        times(54)[0],
        Violation::LowerTime {
            pair: PAIR,
            acknowledged_ms: 55,
            shown_ms: 54
        }
    );
}

#[test]
fn a_lost_access_is_found_at_the_end_and_in_the_middle() {
    let lost = Violation::LostAccess {
        pair: PAIR,
        acknowledged_ms: 55,
    };
    assert_eq!(found(|_, quiet| quiet.activities[0].rows.clear())[0], lost);
    assert_eq!(found(|load, _| load.activities[0].rows.clear()), [lost]);
}

#[test]
fn a_lost_access_is_found_rounds_later() {
    let mut checker = checker();
    checker.load(&story());
    checker.quiet(&ending());
    assert_eq!(checker.load(&Load::default()), []);
    let mut later = ending();
    later.activities[0].rows.clear();
    assert_eq!(
        checker.quiet(&later)[0],
        Violation::LostAccess {
            pair: PAIR,
            acknowledged_ms: 97
        },
        "what was seen once counts as acknowledged"
    );
}

#[test]
fn an_answer_below_an_earlier_answer_is_found() {
    let violations = found(|load, _| load.accesses.push(access(1, (7, 8), admitted(54))));
    assert_eq!(
        violations,
        [Violation::LowerTime {
            pair: PAIR,
            acknowledged_ms: 55,
            shown_ms: 54
        }]
    );
}

#[test]
fn an_answer_from_the_future_is_found() {
    let violations = found(|load, quiet| {
        load.accesses[0].answer = admitted(61);
        load.accesses.pop();
        load.activities.clear();
        quiet
            .activities
            .iter_mut()
            .for_each(|walk| walk.rows = vec![row(1, true, 61)]);
    });
    assert_eq!(
        violations,
        [Violation::HigherTime {
            pair: PAIR,
            latest_ms: 60,
            shown_ms: 61
        }]
    );
}

#[test]
fn an_invented_access_is_found() {
    let invented = Violation::InventedAccess {
        pair: Pair { user: 2, ..PAIR },
    };
    assert_eq!(
        found(|_, quiet| quiet.activities[1].rows.push(row(2, false, 60))),
        [invented]
    );
    assert_eq!(
        found(|load, _| load.activities[0].rows.push(row(2, false, 60))),
        [invented],
        "a refusal leaves nothing behind"
    );
}

#[test]
fn a_lost_seat_is_found_in_every_list() {
    let lost = Violation::LostSeat { seat: seat(1) };
    assert!(found(|_, quiet| quiet.seats[0].rows.clear()).contains(&lost));
    assert!(found(|_, quiet| quiet.seats[0].rows = vec![seat_row(1, false)]).contains(&lost));
    assert_eq!(found(|load, _| load.seats[0].rows.clear()), [lost]);
    assert_eq!(found(|load, _| load.activities[0].rows[0].in_use = false), [lost]);
    assert_eq!(found(|_, quiet| quiet.looks[0].in_use = false), [lost]);
}

#[test]
fn an_invented_seat_is_found_in_every_list() {
    let invented = Violation::InventedSeat { seat: seat(2) };
    assert!(found(|_, quiet| quiet.seats[0].rows.push(seat_row(2, true))).contains(&invented));
    assert_eq!(
        found(|load, _| load.seats[0].rows.push(seat_row(2, true))),
        [invented]
    );
    assert_eq!(found(|_, quiet| quiet.looks[1].in_use = true), [invented]);
    let stranger = Violation::InventedSeat { seat: seat(9) };
    assert_eq!(
        found(|_, quiet| quiet.seats[0].rows.push(seat_row(9, true))),
        [stranger]
    );
}

#[test]
fn a_change_that_nobody_answered_happened_or_not_and_stays_so() {
    for (shown, later) in [(true, true), (false, false), (true, false), (false, true)] {
        let mut checker = checker();
        let load = Load {
            changes: vec![assign(1, (1, 2), None)],
            ..Load::default()
        };
        assert_eq!(checker.load(&load), []);
        let quiet = |in_use: bool| Quiet {
            seats: vec![walk(3, 4, vec![seat_row(1, in_use)])],
            ..Quiet::default()
        };
        assert_eq!(checker.quiet(&quiet(shown)), []);
        assert_eq!(checker.quiet(&quiet(later)).is_empty(), shown == later);
    }
}

#[test]
fn answers_that_do_not_fit_the_seat_are_found() {
    let wrong = Violation::WrongAnswer { seat: seat(1) };
    let with = |change: Change| {
        found(move |load, quiet| {
            load.changes.push(change);
            // Only what the answer itself says is asked about.
            *quiet = Quiet::default();
        })
    };
    assert_eq!(with(assign(1, (12, 13), GIVEN)), [wrong]);
    assert_eq!(with(assign(1, (12, 13), Some(AssignAnswer::Had))), []);
    assert_eq!(with(release(1, (12, 13), Some(ReleaseAnswer::HadNone))), [wrong]);
    assert_eq!(with(release(1, (12, 13), Some(ReleaseAnswer::Taken))), []);
    let nobody = Violation::WrongAnswer { seat: seat(2) };
    assert_eq!(with(release(2, (12, 13), Some(ReleaseAnswer::Taken))), [nobody]);
    assert_eq!(with(assign(2, (12, 13), Some(AssignAnswer::Had)))[0], nobody);
}

#[test]
fn changes_that_overlap_cannot_be_judged() {
    let violations = found(|load, _| load.changes.push(assign(1, (1, 2), Some(AssignAnswer::Had))));
    assert!(violations.contains(&Violation::NotInTurn { seat: seat(1) }));
}

#[test]
fn one_seat_too_many_is_found() {
    let violations = found(|load, _| {
        load.changes[1] = assign(2, (3, 4), GIVEN);
        load.accesses.remove(1);
    });
    assert_eq!(
        violations[0],
        Violation::PoolExceeded {
            app: Some(APP),
            bought: 1,
            in_use: 2
        }
    );
}

#[test]
fn two_seats_that_may_have_followed_each_other_are_not_one_too_many() {
    let mut checker = checker();
    let load = Load {
        changes: vec![
            assign(1, (1, 2), GIVEN),
            release(1, (3, 9), Some(ReleaseAnswer::Taken)),
            assign(2, (4, 5), GIVEN),
        ],
        ..Load::default()
    };
    assert_eq!(checker.load(&load), []);
}

#[test]
fn a_refusal_for_want_of_a_seat_while_one_was_free_is_found() {
    let violations = found(|load, _| load.changes[1] = assign(2, (0, 0), Some(AssignAnswer::Exhausted)));
    assert_eq!(
        violations,
        [Violation::RefusedThoughFree {
            seat: seat(2),
            bought: 1,
            in_use: 0
        }]
    );
}

#[test]
fn a_pool_that_counts_wrongly_is_found() {
    for shown in [0, 2] {
        let violations = found(|_, quiet| quiet.pools[0].in_use = shown);
        assert_eq!(
            violations[0],
            Violation::WrongCount {
                app: Some(APP),
                shown,
                least: 1,
                most: 1
            }
        );
    }
}

#[test]
fn a_verdict_that_fits_no_moment_is_found() {
    assert_eq!(
        found(|load, quiet| {
            load.accesses[0].answer = Some(Verdict::Refused);
            load.activities.clear();
            quiet.activities.clear();
        }),
        [Violation::RefusedWithSeat { user: 1, app: APP }]
    );
    assert!(found(|load, _| load.accesses[1].answer = admitted(55)).contains(
        &Violation::AdmittedWithoutSeat {
            pair: Pair { user: 2, ..PAIR }
        }
    ));
    let through_platform = Some(Verdict::Admitted {
        through: Kind::Platform,
        active_time_ms: 55,
    });
    assert!(
        found(|load, _| load.accesses[0].answer = through_platform).contains(
            &Violation::AdmittedWithoutSeat {
                pair: Pair {
                    kind: Kind::Platform,
                    ..PAIR
                }
            }
        )
    );
}

#[test]
fn a_verdict_while_the_seat_changes_hands_may_be_either() {
    for answer in [Some(Verdict::Refused), admitted(25)] {
        let mut checker = checker();
        let load = Load {
            changes: vec![assign(1, (1, 4), GIVEN)],
            accesses: vec![access(1, (2, 3), answer)],
            ..Load::default()
        };
        assert_eq!(checker.load(&load), []);
    }
}

#[test]
fn a_row_twice_or_out_of_order_is_found() {
    let out_of_order = Violation::OutOfOrder {
        kind: Kind::App,
        user: 1,
        app: Some(APP),
    };
    assert_eq!(
        found(|_, quiet| quiet.activities[1].rows.push(row(1, true, 97))),
        [out_of_order]
    );
    assert!(found(|load, _| load.activities[0].rows.insert(0, row(2, false, 1))).contains(&out_of_order));
    assert_eq!(
        found(|_, quiet| quiet.seats[0].rows.push(seat_row(1, true))),
        [out_of_order]
    );
}
