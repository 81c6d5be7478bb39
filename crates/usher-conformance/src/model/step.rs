//! One step of a sequence: drawn at random, done by the engine and by the model, compared.

use proptest::{prelude::*, test_runner::TestCaseError};
use usher_seats::{SeatType, Verdict, Window};
use usher_store::{App, Change, Recorded, User};

use super::{
    TENANTS,
    book::{By, SeatKey},
    book_step::{self, BookStep},
    expected::{Expected, Scope},
};
use crate::ledger::{Ledger, namespace, seat_type, user_id};

/// The people of every tenant; the same numbers everywhere, so that tenants could be mixed up.
pub(super) const USERS: [i64; 4] = [1, 7, 8, 9_007_199_254_740_991];
/// The apps of every tenant; names that sort differently by bytes than by dictionaries.
pub(super) const APPS: [&str; 3] = ["Zeta", "alpha_1", "alpha-1"];

/// (tenant, user, app).
type Visit = (usize, i64, &'static str);

/// What can happen.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The clock moves, sometimes back.
    Tick(i64),
    Assign(SeatKey, Option<i64>),
    Release(SeatKey),
    /// People open apps now.
    Open(Vec<Visit>),
    /// Past accesses are brought in, each some time ago.
    Import(Vec<(Visit, i64)>),
    SwitchTenant(usize, bool),
    SwitchUser(usize, i64, bool),
    SwitchApp(usize, &'static str, bool),
    Restart,
    List(usize, bool, usize),
    /// Pools, seats, waiting lists and groups.
    Book(BookStep),
    /// Who was active, counted by a window.
    History(Scope, Window),
}

/// Any step; what a day is full of comes more often.
pub(super) fn any() -> impl Strategy<Value = Step> {
    let user = || prop::sample::select(&USERS[..]);
    let app = || prop::sample::select(&APPS[..]);
    let visit = || (0..TENANTS, user(), app());
    let seat = || (0..TENANTS, user(), prop::option::of(app()));
    let history_scope = (0..TENANTS, prop::option::of(any_bool()), prop::option::of(app()));
    prop_oneof![
        4 => prop_oneof![4 => 0..200_i64, 1 => -300..0_i64, 2 => hours(-20..40)].prop_map(Step::Tick),
        8 => (seat(), prop::option::weighted(0.3, 0..300_i64)).prop_map(|(seat, life)| Step::Assign(seat, life)),
        4 => seat().prop_map(Step::Release),
        10 => prop::collection::vec(visit(), 1..6).prop_map(Step::Open),
        4 => prop::collection::vec((visit(), prop_oneof![0..500_i64, hours(0..100)]), 1..8).prop_map(Step::Import),
        1 => (0..TENANTS, prop::bool::weighted(0.6)).prop_map(|(tenant, on)| Step::SwitchTenant(tenant, on)),
        1 => (0..TENANTS, user(), any_bool()).prop_map(|(tenant, user, on)| Step::SwitchUser(tenant, user, on)),
        1 => (0..TENANTS, app(), any_bool()).prop_map(|(tenant, app, on)| Step::SwitchApp(tenant, app, on)),
        1 => Just(Step::Restart),
        6 => (0..TENANTS, any_bool(), 1..6_usize).prop_map(|(tenant, app_seats, rows)| Step::List(tenant, app_seats, rows)),
        40 => book_step::any().prop_map(Step::Book),
        4 => (history_scope, prop::sample::select(&Window::ALL[..])).prop_map(|(scope, window)| Step::History(scope, window)),
    ]
}

fn hours(range: std::ops::Range<i64>) -> impl Strategy<Value = i64> {
    range.prop_map(|hours| hours * 60 * 60 * 1_000)
}

fn any_bool() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}

impl Step {
    /// Does the step in both worlds and compares what they say.
    pub(super) async fn perform(
        self,
        ledgers: &[Ledger],
        expected: &mut Expected,
    ) -> Result<(), TestCaseError> {
        match self {
            Self::Tick(by_ms) => expected.now_ms += by_ms,
            Self::Assign(key, life_ms) => assign(ledgers, expected, key, life_ms).await?,
            Self::Release(key) => release(ledgers, expected, key).await?,
            Self::Open(visits) => {
                let now_ms = expected.now_ms;
                open(
                    ledgers,
                    expected,
                    visits.into_iter().map(|visit| (visit, now_ms)).collect(),
                )
                .await?;
            }
            Self::Import(visits) => {
                let now_ms = expected.now_ms;
                open(
                    ledgers,
                    expected,
                    visits
                        .into_iter()
                        .map(|(visit, ago_ms)| (visit, now_ms - ago_ms))
                        .collect(),
                )
                .await?;
            }
            Self::SwitchTenant(tenant, on) => {
                switch(&mut expected.tenants_off, tenant, on);
                let tenant_id = ledgers[tenant].tenant_id;
                change(
                    &ledgers[tenant],
                    Change::SetTenantEnabled {
                        tenant_id,
                        enabled: on,
                    },
                    expected,
                )
                .await;
            }
            Self::SwitchUser(tenant, user, on) => {
                switch(&mut expected.users_off, (tenant, user), on);
                let user = User {
                    enabled: on,
                    ..ledgers[tenant].user(user)
                };
                change(&ledgers[tenant], Change::PutUser(user), expected).await;
            }
            Self::SwitchApp(tenant, app, on) => {
                switch(&mut expected.apps_off, (tenant, app), on);
                let app = App {
                    enabled: on,
                    ..ledgers[tenant].app(app)
                };
                change(&ledgers[tenant], Change::PutApp(app), expected).await;
            }
            Self::List(tenant, app_seats, rows_max) => {
                list(&ledgers[tenant], expected, (tenant, app_seats), rows_max).await?;
            }
            Self::History(scope, window) => history(&ledgers[scope.0], expected, scope, window).await?,
            Self::Book(step) => step.perform(ledgers, expected).await?,
            Self::Restart => {}
        }
        Ok(())
    }
}

fn switch<T: Ord>(off: &mut std::collections::BTreeSet<T>, what: T, on: bool) {
    if on {
        off.remove(&what);
    } else {
        off.insert(what);
    }
}

async fn change(ledger: &Ledger, change: Change, expected: &Expected) {
    ledger.change(change, expected.now_ms).await.unwrap();
}

async fn assign(
    ledgers: &[Ledger],
    expected: &mut Expected,
    key @ (tenant, user, app): SeatKey,
    life_ms: Option<i64>,
) -> Result<(), TestCaseError> {
    let now_ms = expected.now_ms;
    let expires_at_ms = life_ms.map(|life_ms| now_ms + life_ms);
    let ledger = &ledgers[tenant];
    let assign = Change::AssignSeat {
        tenant_id: ledger.tenant_id,
        seat_type: seat_type(app),
        user_id: user_id(user),
        namespace: app.map(namespace),
        expires_at_ms,
    };
    let answered = ledger.change(assign, now_ms).await;
    let answered = answered.map_err(|error| error.rejection().unwrap());
    let in_the_book = expected
        .book
        .make(|book| book.assign(key, expires_at_ms, By::Hand, now_ms));
    prop_assert_eq!(answered, in_the_book);
    Ok(())
}

async fn release(
    ledgers: &[Ledger],
    expected: &mut Expected,
    key @ (tenant, user, app): SeatKey,
) -> Result<(), TestCaseError> {
    let effect = ledgers[tenant].release(user, app, expected.now_ms).await;
    let now_ms = expected.now_ms;
    let in_the_book = expected.book.make(|book| book.release(key, true, now_ms));
    prop_assert_eq!(Ok(effect), in_the_book);
    Ok(())
}

async fn open(
    ledgers: &[Ledger],
    expected: &mut Expected,
    visits: Vec<(Visit, i64)>,
) -> Result<(), TestCaseError> {
    let batch = visits
        .iter()
        .map(|((tenant, user, app), at_ms)| ledgers[*tenant].access(*user, app, *at_ms))
        .collect();
    let recorded = ledgers[0].store.record(batch).await.unwrap();
    let answers: Vec<_> = visits
        .into_iter()
        .map(
            |((tenant, user, app), at_ms)| match expected.open(tenant, user, app, at_ms) {
                Ok((seat_type, active_time_ms, moved)) => Recorded {
                    verdict: Verdict::Admitted {
                        seat_type,
                        active_time_ms,
                    },
                    moved,
                    admits_until_ms: expected.until_ms(tenant, user, app, seat_type),
                },
                Err(reason) => Recorded {
                    verdict: Verdict::Refused { reason },
                    moved: false,
                    admits_until_ms: None,
                },
            },
        )
        .collect();
    prop_assert_eq!(recorded, answers);
    Ok(())
}

async fn list(
    ledger: &Ledger,
    expected: &Expected,
    (tenant, app_seats): (usize, bool),
    rows_max: usize,
) -> Result<(), TestCaseError> {
    let seat_type = if app_seats {
        SeatType::PerUserPerApp
    } else {
        SeatType::PerUser
    };
    let activities = ledger.activities(seat_type, rows_max, expected.now_ms).await;
    let seen: Vec<_> = activities
        .iter()
        .map(|row| {
            (
                row.user_id.get(),
                row.namespace.as_str(),
                row.status,
                row.active_time_ms,
            )
        })
        .collect();
    prop_assert_eq!(seen, expected.activities(tenant, app_seats));
    let assignments = ledger.assignments(seat_type, rows_max, expected.now_ms).await;
    let seen: Vec<_> = assignments
        .iter()
        .map(|row| {
            let app = row.namespace.as_ref().map(usher_seats::Namespace::as_str);
            (row.user_id.get(), app, row.status, row.assigned_at_ms)
        })
        .collect();
    prop_assert_eq!(seen, expected.assignments(tenant, app_seats));
    Ok(())
}

async fn history(
    ledger: &Ledger,
    expected: &Expected,
    scope @ (tenant, app_seats, app): Scope,
    window: Window,
) -> Result<(), TestCaseError> {
    let seat_type = app_seats.map(|app_seats| {
        if app_seats {
            SeatType::PerUserPerApp
        } else {
            SeatType::PerUser
        }
    });
    let days = expected.days_around_today(tenant);
    let asked = (days.first, days.last);
    for (days, people) in ledger.figures((seat_type, app), window, asked).await {
        prop_assert_eq!(people, expected.people(scope, days), "{:?}", days);
    }
    for user in USERS {
        let seen = ledger.days_of(user, (seat_type, app), asked).await;
        let seen: Vec<_> = seen.iter().map(|day| i64::from(day.number())).collect();
        prop_assert_eq!(seen, expected.days_of(user, scope, days));
    }
    Ok(())
}
