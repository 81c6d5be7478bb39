//! Tales of idle seats and of leaves.

use usher_seats::{
    IdleVerdict, Leave, Refusal,
    SeatType::{PerUser, PerUserPerApp},
    idle::DAY_MS,
};
use usher_store::{
    Change, Effect, IdleOrder, IdleQuery, LeaveChange, LedgerChange, PoolName, Rejection, SeatName,
    idle::{IDLE_SEATS_READ_MAX, LEAVES_PER_USER_MAX},
};

use crate::{
    Home,
    idle::{MIDNIGHT_MS, question},
    ledger::{Ledger, START_MS, namespace, refused, user_id},
};

/// A year after the beginning, at 09:46:40.
const NOW_MS: i64 = START_MS + 365 * DAY_MS;

fn days_ago(days: i64) -> i64 {
    NOW_MS - days * DAY_MS
}

/// Five people with platform seats since the beginning, of whom the first three came so many days ago.
async fn five_people(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3, 4, 5], &["crm", "wiki"]).await;
    for user in 1..=5 {
        ledger.assign(user, None, None, START_MS).await;
    }
    for (user, days) in [(1, 10), (2, 200), (3, 100)] {
        ledger.open(user, "crm", days_ago(days)).await;
    }
    ledger
}

fn put_leave(ledger: &Ledger, user: i64, from_ms: i64, until_ms: i64) -> Change {
    let put = LeaveChange::Put {
        tenant_id: ledger.tenant_id,
        user_id: user_id(user),
        leave: Leave { from_ms, until_ms },
    };
    put.into()
}

fn remove_leave(ledger: &Ledger, user: i64, from_ms: i64) -> Change {
    let remove = LeaveChange::Remove {
        tenant_id: ledger.tenant_id,
        user_id: user_id(user),
        from_ms,
    };
    remove.into()
}

/// Who is listed, and for how many days they are idle.
async fn listed(ledger: &Ledger, query: IdleQuery) -> Vec<(i64, u32)> {
    let rows = ledger.idle_seats(query).await;
    rows.iter()
        .map(|row| (row.user_id.get(), row.idleness.days_idle))
        .collect()
}

/// The longest idle come first, each with what the judgement rests on; who came lately is not there.
pub async fn idle_seats_are_listed_with_their_evidence(home: &mut dyn Home) {
    let ledger = five_people(home).await;
    ledger.release(5, None, NOW_MS).await;
    let rows = ledger.idle_seats(question(&ledger, 90, NOW_MS)).await;
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            assert_eq!((row.seat_type, &row.namespace), (PerUser, &None));
            assert_eq!((row.assigned_at_ms, row.idleness.next_ms), (START_MS, None));
            let idleness = row.idleness;
            (
                row.user_name.as_str(),
                row.last_admitted_ms,
                idleness.days_idle,
                idleness.verdict,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("person 4", None, 365, IdleVerdict::NeverUsed),
            ("person 2", Some(days_ago(200)), 200, IdleVerdict::Idle),
            ("person 3", Some(days_ago(100)), 100, IdleVerdict::Idle),
        ]
    );
    let everybody = IdleQuery {
        order: IdleOrder::User,
        ..question(&ledger, 0, NOW_MS)
    };
    assert_eq!(
        listed(&ledger, everybody).await,
        [(1, 10), (2, 200), (3, 100), (4, 365)]
    );
}

/// What was admitted a moment ago counts, folded or not, and after a restart too.
pub async fn a_seat_used_a_moment_ago_is_not_idle(home: &mut dyn Home) {
    let mut ledger = five_people(home).await;
    ledger.open(4, "wiki", NOW_MS - 1).await;
    assert_eq!(
        listed(&ledger, question(&ledger, 90, NOW_MS)).await,
        [(5, 365), (2, 200), (3, 100)]
    );
    ledger.open(2, "wiki", NOW_MS - 1).await;
    assert_eq!(
        listed(&ledger, question(&ledger, 90, NOW_MS)).await,
        [(5, 365), (3, 100)]
    );
    home.restart().await;
    ledger.store = home.store();
    assert_eq!(
        listed(&ledger, question(&ledger, 90, NOW_MS)).await,
        [(5, 365), (3, 100)]
    );
    ledger.open(5, "wiki", NOW_MS - 1).await;
    assert_eq!(listed(&ledger, question(&ledger, 90, NOW_MS)).await, [(3, 100)]);
}

/// An import moves seats within the list. Every page finds them where they belong now.
pub async fn accesses_of_the_past_move_a_seat_to_its_place(home: &mut dyn Home) {
    let ledger = five_people(home).await;
    for (user, days) in [(5, 150), (4, 120), (3, 95), (1, 300)] {
        ledger.open(user, "wiki", days_ago(days)).await;
        ledger.open(user, "crm", days_ago(days + 30)).await;
        let query = IdleQuery {
            rows_max: 1,
            ..question(&ledger, 90, NOW_MS)
        };
        let found = listed(&ledger, query).await;
        let mut in_order = found.clone();
        in_order.sort_by_key(|(_, days)| std::cmp::Reverse(*days));
        assert_eq!(found, in_order, "after the import of {user}");
    }
    assert_eq!(
        listed(&ledger, question(&ledger, 90, NOW_MS)).await,
        [(2, 200), (5, 150), (4, 120), (3, 95)]
    );
}

/// Beside the five: app seats of both apps for 2, who has a platform seat, and for 3, who lost theirs, uses the wiki and is
/// in the group.
async fn with_app_seats_and_a_group(home: &mut dyn Home) -> Ledger {
    let ledger = five_people(home).await;
    for user in [2, 3] {
        ledger.assign(user, Some("crm"), None, START_MS).await;
        ledger.assign(user, Some("wiki"), None, START_MS).await;
    }
    ledger.release(3, None, START_MS + 1).await;
    ledger.open(3, "wiki", days_ago(50)).await;
    let tenant_id = ledger.tenant_id;
    for change in [
        LedgerChange::PutGroup {
            tenant_id,
            group_key: "sales".parse().unwrap(),
            name: "Sales".to_owned(),
        },
        LedgerChange::JoinGroup {
            tenant_id,
            group_key: "sales".parse().unwrap(),
            user_id: user_id(3),
        },
    ] {
        ledger.change(change.into(), START_MS).await.unwrap();
    }
    ledger
}

/// A filter, and whose seats it finds.
type Filtered = (fn(&mut IdleQuery), &'static str);

/// Each filter alone; an unknown name finds nothing.
pub async fn idle_seats_are_filtered(home: &mut dyn Home) {
    let ledger = with_app_seats_and_a_group(home).await;
    let filters: [Filtered; 8] = [
        (
            |query| query.seat_type = Some(PerUserPerApp),
            "2 crm, 2 wiki, 3 crm, 3 wiki",
        ),
        (
            |query| query.namespace = Some(namespace("wiki")),
            "2 wiki, 3 wiki",
        ),
        (|query| query.namespace = Some(namespace("erp")), ""),
        (
            |query| query.group_key = Some("sales".parse().unwrap()),
            "3 crm, 3 wiki",
        ),
        (|query| query.group_key = Some("nobody".parse().unwrap()), ""),
        (|query| query.never_used = true, "2 crm, 2 wiki, 3 crm, 4, 5"),
        (
            |query| query.verdicts = vec![IdleVerdict::Redundant],
            "2 crm, 2 wiki",
        ),
        (
            |query| query.verdicts = vec![IdleVerdict::InUse, IdleVerdict::Idle],
            "1, 2, 3 wiki",
        ),
    ];
    for (filter, expected) in filters {
        let mut query = question(&ledger, 1, NOW_MS);
        filter(&mut query);
        for order in [IdleOrder::User, IdleOrder::LongestIdleFirst] {
            let mut found = ledger
                .idle_seats(IdleQuery {
                    order,
                    ..query.clone()
                })
                .await;
            found.sort_by_key(|row| (row.user_id, row.namespace.clone()));
            assert_eq!(Ledger::names(&found), expected, "{order:?}, {query:?}");
        }
    }
}

/// Leaves are kept as they were said, and go with the person.
pub async fn leaves_are_kept_per_person(home: &mut dyn Home) {
    let ledger = five_people(home).await;
    let leaves = async || ledger.store.leaves(ledger.tenant_id, user_id(2)).await.unwrap();
    let put = |from_ms, until_ms| ledger.change(put_leave(&ledger, 2, from_ms, until_ms), NOW_MS);
    assert_eq!(put(200, 300).await, Ok(Effect::Created));
    assert_eq!(put(100, 200).await, Ok(Effect::Created));
    assert_eq!(put(100, 200).await, Ok(Effect::Unchanged));
    assert_eq!(put(100, 250).await, Ok(Effect::Updated));
    let said = [
        Leave {
            from_ms: 100,
            until_ms: 250,
        },
        Leave {
            from_ms: 200,
            until_ms: 300,
        },
    ];
    assert_eq!(leaves().await, said);
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger
    };
    let leaves = async || ledger.store.leaves(ledger.tenant_id, user_id(2)).await.unwrap();
    assert_eq!(leaves().await, said);
    for (change, rejection) in [
        (put_leave(&ledger, 2, 400, 400), Rejection::LeaveNeverBegins),
        (put_leave(&ledger, 77, 1, 2), Rejection::UserUnknown),
        (remove_leave(&ledger, 77, 1), Rejection::UserUnknown),
    ] {
        let error = ledger.change(change, NOW_MS).await.unwrap_err();
        assert_eq!(error.rejection(), Some(rejection));
    }
    assert_eq!(
        ledger.change(remove_leave(&ledger, 2, 100), NOW_MS).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.change(remove_leave(&ledger, 2, 100), NOW_MS).await,
        Ok(Effect::Unchanged)
    );
    assert_eq!(leaves().await, said[1..]);
    let more = (1..LEAVES_PER_USER_MAX).map(|number| {
        let from_ms = 1_000 + i64::try_from(number).unwrap();
        put_leave(&ledger, 2, from_ms, from_ms + 1)
    });
    ledger.store.change(more.collect(), NOW_MS).await.unwrap();
    let error = ledger
        .change(put_leave(&ledger, 2, 5_000, 6_000), NOW_MS)
        .await
        .unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::TooManyLeaves));
    assert_eq!(
        ledger.change(put_leave(&ledger, 2, 200, 301), NOW_MS).await,
        Ok(Effect::Updated)
    );
    let delete = Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(2),
    };
    ledger.change(delete, NOW_MS).await.unwrap();
    assert_eq!(leaves().await, []);
}

/// Who is on leave is excused, and who comes back has as many days as before.
pub async fn time_on_leave_is_not_idle_time(home: &mut dyn Home) {
    let ledger = five_people(home).await;
    ledger
        .change(put_leave(&ledger, 2, days_ago(190), days_ago(20)), NOW_MS)
        .await
        .unwrap();
    ledger
        .change(put_leave(&ledger, 3, days_ago(5), NOW_MS + 1), NOW_MS)
        .await
        .unwrap();
    let query = IdleQuery {
        order: IdleOrder::User,
        ..question(&ledger, 0, NOW_MS)
    };
    let rows = ledger.idle_seats(query).await;
    let judged: Vec<_> = rows[1..3]
        .iter()
        .map(|row| (row.idleness.verdict, row.idleness.days_idle, row.idleness.next_ms))
        .collect();
    assert_eq!(
        judged,
        [
            (IdleVerdict::InUse, 30, Some(NOW_MS + 60 * DAY_MS)),
            (IdleVerdict::OnLeave, 95, Some(NOW_MS + 1)),
        ]
    );
    assert_eq!(
        listed(&ledger, question(&ledger, 90, NOW_MS)).await,
        [(4, 365), (5, 365), (3, 95)]
    );
}

/// A seat that an import had to make is as old as the access that needed it, and never younger than now.
pub async fn an_ensured_seat_may_have_begun_earlier(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2], &["crm"]).await;
    for (user, began_ms, expected_ms) in [(1, days_ago(400), days_ago(400)), (2, NOW_MS + 5, NOW_MS)] {
        let ensure = |assigned_at_ms| Change::EnsureSeat {
            tenant_id: ledger.tenant_id,
            seat_type: PerUser,
            user_id: user_id(user),
            namespace: None,
            assigned_at_ms: Some(assigned_at_ms),
        };
        assert_eq!(ledger.change(ensure(began_ms), NOW_MS).await, Ok(Effect::Created));
        assert_eq!(ledger.change(ensure(5), NOW_MS).await, Ok(Effect::Unchanged));
        let pool = PoolName {
            tenant_id: ledger.tenant_id,
            seat_type: PerUser,
            namespace: None,
        };
        let seat = SeatName {
            pool,
            user_id: user_id(user),
        };
        let kept = ledger.store.seat(seat).await.unwrap().unwrap();
        assert_eq!((kept.assigned_at_ms, kept.held), (expected_ms, true));
    }
    assert_eq!(listed(&ledger, question(&ledger, 90, NOW_MS)).await, [(1, 400)]);
}

/// Whoever was turned away wanted to come in: that is told beside the days.
pub async fn refused_attempts_are_evidence(home: &mut dyn Home) {
    let ledger = five_people(home).await;
    let mut disabled = ledger.user(2);
    disabled.enabled = false;
    ledger.change(Change::PutUser(disabled), NOW_MS).await.unwrap();
    for app in ["crm", "crm", "wiki"] {
        assert_eq!(ledger.open(2, app, NOW_MS).await, refused(Refusal::UserDisabled));
    }
    let rows = ledger.idle_seats(question(&ledger, 90, NOW_MS)).await;
    let counted: Vec<_> = rows
        .iter()
        .map(|row| (row.user_id.get(), row.refused_attempts))
        .collect();
    assert_eq!(counted, [(4, 0), (5, 0), (2, 3), (3, 0)]);
}

/// Where nothing fits, an engine does not look on and on: it says where to go on.
pub async fn a_page_looks_at_a_bounded_number_of_seats(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[], &["crm"]).await;
    let people = i64::try_from(IDLE_SEATS_READ_MAX).unwrap() + 200;
    let assign = |user| Change::AssignSeat {
        tenant_id: ledger.tenant_id,
        seat_type: PerUser,
        user_id: user_id(user),
        namespace: None,
        expires_at_ms: None,
    };
    let changes = (1..=people).flat_map(|user| [Change::PutUser(ledger.user(user)), assign(user)]);
    ledger.store.change(changes.collect(), MIDNIGHT_MS).await.unwrap();
    for order in [IdleOrder::LongestIdleFirst, IdleOrder::User] {
        let query = IdleQuery {
            verdicts: vec![IdleVerdict::Protected],
            order,
            ..question(&ledger, 30, MIDNIGHT_MS + 40 * DAY_MS)
        };
        let page = ledger.idle_page(query.clone()).await;
        assert_eq!(page.rows, []);
        let after = page.next.clone().unwrap();
        assert_eq!(after.user_id.get(), i64::try_from(IDLE_SEATS_READ_MAX).unwrap());
        let page = ledger
            .idle_page(IdleQuery {
                after: page.next,
                ..query
            })
            .await;
        assert_eq!((page.rows.len(), page.next), (0, None));
    }
    let query = IdleQuery {
        rows_max: 200,
        ..question(&ledger, 30, MIDNIGHT_MS + 40 * DAY_MS)
    };
    assert_eq!(
        ledger.idle_seats(query).await.len(),
        usize::try_from(people).unwrap()
    );
}
