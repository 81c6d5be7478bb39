//! One step of an organisation's life, drawn at random.

use proptest::prelude::*;
use usher_seats::{IdleVerdict, Leave, SeatType, idle::DAY_MS};
use usher_store::{Access, Change, IdleOrder, IdleQuery, LeaveChange, LedgerChange, PoolName, SeatName};

use super::{by_hand::QUARTER_MS, question};
use crate::ledger::{Ledger, namespace, seat_type, user_id};

/// The people of every organisation.
pub(super) const USERS: [i64; 5] = [1, 7, 8, 90, 9_007_199_254_740_991];
/// The apps; names that sort differently by bytes than by dictionaries.
pub(super) const APPS: [&str; 3] = ["Zeta", "alpha_1", "alpha-1"];
/// The groups.
pub(super) const GROUPS: [&str; 2] = ["sales", "support"];

type App = Option<&'static str>;

/// What can happen. Times are quarters of a day.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Time passes.
    Tick(i64),
    Assign(i64, App, Option<i64>),
    /// A seat that began some time ago, as an import makes it.
    Ensure(i64, App, i64),
    Release(i64, App),
    Protect(i64, App, bool),
    /// People open apps, each some time ago.
    Open(Vec<(i64, &'static str, i64)>),
    /// On leave from some time before now, for so long.
    Leave(i64, i64, i64),
    NoLeave(i64, i64),
    Join(&'static str, i64, bool),
    Restart,
    /// What was recorded reaches its tables.
    Tend,
    Ask(Filter),
    /// The overview is compared.
    Look,
}

/// What may be asked.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    idle_days_min: u32,
    never_used: bool,
    seat_type: Option<SeatType>,
    app: App,
    group: Option<&'static str>,
    user: Option<i64>,
    verdicts: Vec<IdleVerdict>,
    longest_first: bool,
    rows_max: usize,
}

/// Any step; what a year is full of comes more often.
pub(super) fn any() -> impl Strategy<Value = Step> {
    let user = || prop::sample::select(&USERS[..]);
    let app = || prop::sample::select(&APPS[..]);
    let some_app = || prop::option::of(app());
    let group = || prop::sample::select(&GROUPS[..]);
    let ago = || prop_oneof![2 => 0..8_i64, 3 => 0..500_i64, 1 => (0..120_i64).prop_map(|days| days * 4)];
    prop_oneof![
        6 => prop_oneof![0..12_i64, 0..240_i64, (1..100_i64).prop_map(|days| days * 4)].prop_map(Step::Tick),
        8 => (user(), some_app(), prop::option::weighted(0.2, 1..300_i64))
            .prop_map(|(user, app, life)| Step::Assign(user, app, life)),
        3 => (user(), some_app(), ago()).prop_map(|(user, app, ago)| Step::Ensure(user, app, ago)),
        2 => (user(), some_app()).prop_map(|(user, app)| Step::Release(user, app)),
        2 => (user(), some_app(), prop::bool::weighted(0.6)).prop_map(|(user, app, on)| Step::Protect(user, app, on)),
        8 => prop::collection::vec((user(), app(), ago()), 1..5).prop_map(Step::Open),
        3 => (user(), -100..400_i64, 1..200_i64).prop_map(|(user, ago, long)| Step::Leave(user, ago, long)),
        1 => (user(), 0..400_i64).prop_map(|(user, ago)| Step::NoLeave(user, ago)),
        3 => (group(), user(), prop::bool::weighted(0.7)).prop_map(|(group, user, on)| Step::Join(group, user, on)),
        1 => Just(Step::Restart),
        1 => Just(Step::Tend),
        8 => filter().prop_map(Step::Ask),
        5 => Just(Step::Look),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let user = prop::option::weighted(0.2, prop::sample::select(&USERS[..]));
    let filter = (
        prop::sample::select(&[0, 0, 1, 7, 29, 30, 31, 89, 90, 91, 120][..]),
        prop::bool::weighted(0.25),
        prop::option::weighted(0.3, prop::sample::select(&SeatType::ALL[..])),
        prop::option::weighted(0.3, prop::sample::select(&APPS[..])),
        prop::option::weighted(0.3, prop::sample::select(&GROUPS[..])),
        prop_oneof![
            2 => Just(Vec::new()),
            1 => prop::sample::subsequence(&IdleVerdict::ALL[..], 1..4),
        ],
        proptest::bool::ANY,
        1..5_usize,
    );
    (filter, user).prop_map(
        |((idle_days_min, never_used, seat_type, app, group, verdicts, longest_first, rows_max), user)| {
            Filter {
                user,
                idle_days_min,
                never_used,
                seat_type,
                app,
                group,
                verdicts,
                longest_first,
                rows_max,
            }
        },
    )
}

impl Filter {
    /// The question at `now_ms`.
    pub(super) fn query(self, ledger: &Ledger, now_ms: i64) -> IdleQuery {
        IdleQuery {
            never_used: self.never_used,
            seat_type: self.seat_type,
            namespace: self.app.map(namespace),
            group_key: self.group.map(|group| group.parse().unwrap()),
            user_id: self.user.map(user_id),
            verdicts: self.verdicts,
            order: if self.longest_first {
                IdleOrder::LongestIdleFirst
            } else {
                IdleOrder::User
            },
            rows_max: self.rows_max,
            ..question(ledger, self.idle_days_min, now_ms)
        }
    }
}

impl Step {
    /// Does the step. What does not fit just now does not happen.
    pub(super) async fn perform(self, ledger: &Ledger, now_ms: i64) {
        match self {
            Self::Tend => {
                // The engine knows time only from its callers, so two calls make half a day.
                for at_ms in [now_ms, now_ms + DAY_MS] {
                    ledger.store.tend(at_ms).await.unwrap();
                }
            }
            Self::Open(visits) => {
                let access =
                    |(user, app, ago): (i64, &str, i64)| ledger.access(user, app, now_ms - ago * QUARTER_MS);
                let accesses: Vec<Access> = visits.into_iter().map(access).collect();
                ledger.store.record(accesses).await.unwrap();
            }
            step => {
                if let Some(change) = step.change(ledger, now_ms) {
                    let _ = ledger.change(change, now_ms).await;
                }
            }
        }
    }

    /// The change that the step makes, if it makes one.
    fn change(self, ledger: &Ledger, now_ms: i64) -> Option<Change> {
        let tenant_id = ledger.tenant_id;
        let change = match self {
            Self::Tick(_) | Self::Restart | Self::Ask(_) | Self::Look | Self::Tend | Self::Open(_) => {
                return None;
            }
            Self::Assign(user, app, life) => Change::AssignSeat {
                tenant_id,
                seat_type: seat_type(app),
                user_id: user_id(user),
                namespace: app.map(namespace),
                expires_at_ms: life.map(|life| now_ms + life * QUARTER_MS),
            },
            Self::Ensure(user, app, ago) => Change::EnsureSeat {
                tenant_id,
                seat_type: seat_type(app),
                user_id: user_id(user),
                namespace: app.map(namespace),
                assigned_at_ms: Some(now_ms - ago * QUARTER_MS),
            },
            Self::Release(user, app) => Change::ReleaseSeat {
                tenant_id,
                seat_type: seat_type(app),
                user_id: user_id(user),
                namespace: app.map(namespace),
            },
            Self::Protect(user, app, on) => LedgerChange::Protect {
                seat: seat(ledger, user, app),
                reason: on.then(|| "the only deputy".to_owned()),
            }
            .into(),
            Self::Leave(user, ago, long) => LeaveChange::Put {
                tenant_id,
                user_id: user_id(user),
                leave: Leave {
                    from_ms: now_ms - ago * QUARTER_MS,
                    until_ms: now_ms + (long - ago) * QUARTER_MS,
                },
            }
            .into(),
            Self::NoLeave(user, ago) => LeaveChange::Remove {
                tenant_id,
                user_id: user_id(user),
                from_ms: now_ms - ago * QUARTER_MS,
            }
            .into(),
            Self::Join(group, user, true) => LedgerChange::JoinGroup {
                tenant_id,
                group_key: group.parse().unwrap(),
                user_id: user_id(user),
            }
            .into(),
            Self::Join(group, user, false) => LedgerChange::LeaveGroup {
                tenant_id,
                group_key: group.parse().unwrap(),
                user_id: user_id(user),
            }
            .into(),
        };
        Some(change)
    }
}

/// Names a seat.
pub(super) fn seat(ledger: &Ledger, user: i64, app: Option<&str>) -> SeatName {
    SeatName {
        pool: PoolName {
            tenant_id: ledger.tenant_id,
            seat_type: seat_type(app),
            namespace: app.map(namespace),
        },
        user_id: user_id(user),
    }
}

/// Makes a group.
pub(super) async fn make_group(ledger: &Ledger, group: &str, at_ms: i64) {
    let put = LedgerChange::PutGroup {
        tenant_id: ledger.tenant_id,
        group_key: group.parse().unwrap(),
        name: group.to_owned(),
    };
    ledger.change(put.into(), at_ms).await.unwrap();
}
