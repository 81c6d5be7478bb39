//! Tales of what instances agree on: rates, leases, and knowing of each other. The time is set by hand.

use usher_seats::TenantId;
use usher_store::{
    Change, ChangeRequest, Effect, Heard, InstanceStanding, InstanceWord, Job, LeaseTerms, RateExceeded,
    RateKey, RateLimit, Retirement, StoreError, instances::SILENT_AFTER_MS,
};

use crate::{
    Home,
    ledger::{Ledger, START_MS},
};

const TERMS: LeaseTerms = LeaseTerms {
    lasts_ms: 1_000,
    every_ms: 5_000,
};

fn key(tenant: i64, client: &str, api: &'static str) -> RateKey {
    RateKey {
        api,
        client_id: client.parse().unwrap(),
        tenant_id: TenantId(tenant),
    }
}

fn word(watermark_ms: i64) -> InstanceWord {
    InstanceWord {
        watermark_ms,
        may_spool: false,
    }
}

/// So many calls pass in a second for each API, client and tenant; refused ones use nothing up.
pub async fn calls_pass_up_to_the_limit_of_a_second(home: &mut dyn Home) {
    let store = home.store();
    let limit = RateLimit::a_second(3);
    let over = RateExceeded {
        limit: 3,
        reset_seconds: 1,
    };
    for key in [
        key(1, "cli_1", "a"),
        key(1, "cli_1", "b"),
        key(1, "cli_2", "a"),
        key(2, "cli_1", "a"),
    ] {
        let call = |after_ms| store.count_call(key.clone(), limit, START_MS + after_ms);
        for after_ms in 0..3 {
            assert_eq!(call(after_ms).await, Ok(Ok(())), "{key:?}");
        }
        for _ in 0..5 {
            assert_eq!(call(999).await, Ok(Err(over)), "{key:?}");
        }
        for after_ms in 0..3 {
            assert_eq!(call(1_000 + after_ms).await, Ok(Ok(())), "the next second");
        }
        assert_eq!(call(1_003).await, Ok(Err(over)));
        assert_eq!(call(-3_600_000).await, Ok(Ok(())), "a clock set back begins anew");
    }
}

/// A minute may be used up while its seconds are not, and is named then.
pub async fn calls_pass_up_to_the_limit_of_a_minute(home: &mut dyn Home) {
    let store = home.store();
    let limit = RateLimit {
        per_second: 3,
        per_minute: Some(4),
    };
    let begin_ms = START_MS - START_MS % 60_000;
    let call = |after_ms| store.count_call(key(1, "cli_1", "a"), limit, begin_ms + after_ms);
    let over = |limit, reset_seconds| Ok(Err(RateExceeded { limit, reset_seconds }));
    for _ in 0..3 {
        assert_eq!(call(0).await, Ok(Ok(())));
    }
    assert_eq!(call(0).await, over(3, 1));
    assert_eq!(call(1_000).await, Ok(Ok(())));
    assert_eq!(call(1_000).await, over(4, 59));
    assert_eq!(call(59_999).await, over(4, 1));
    assert_eq!(call(60_000).await, Ok(Ok(())));
}

/// A job has one holder, until it is done or its holder says nothing for too long; then it is due again in its time.
pub async fn a_job_is_done_by_one_at_a_time(home: &mut dyn Home) {
    let store = home.store();
    let take = |after_ms| store.take_lease(Job::SettleSeats, TERMS, START_MS + after_ms);
    let first = take(0).await.unwrap().unwrap();
    assert_eq!(take(999).await, Ok(None), "somebody has it");
    let other = store.take_lease(Job::SendTickets, TERMS, START_MS).await.unwrap();
    assert!(other.is_some(), "another job has nothing to do with it");
    assert_eq!(store.renew_lease(first, START_MS + 999).await, Ok(true));
    assert_eq!(take(1_998).await, Ok(None), "it was renewed");
    let second = take(1_999).await.unwrap().unwrap();
    assert!(second.term > first.term);
    assert_eq!(
        store.renew_lease(first, START_MS + 2_000).await,
        Ok(false),
        "lost"
    );
    store.end_lease(first, START_MS + 2_000).await.unwrap();
    assert_eq!(take(2_500).await, Ok(None), "who lost it cannot give it back");
    store.end_lease(second, START_MS + 2_500).await.unwrap();
    assert_eq!(take(7_499).await, Ok(None), "it was done a moment ago");
    assert!(take(7_500).await.unwrap().is_some(), "it is due");
}

/// Whoever lost a lease while stalled changes nothing under it, however sure of it they are.
pub async fn who_lost_a_lease_changes_nothing_under_it(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let store = &ledger.store;
    let request = |user, lease| {
        let changes = vec![Change::CreateUser(ledger.user(user))];
        ChangeRequest::new(changes, START_MS + 1_000).under(lease)
    };
    let stalled = store.take_lease(Job::SettleSeats, TERMS, START_MS).await;
    let stalled = stalled.unwrap().unwrap();
    let made = store.make(request(1, stalled)).await.unwrap();
    assert_eq!(made.results, [Ok(Effect::Created)]);
    let late_ms = START_MS + 60_000;
    let holder = store.take_lease(Job::SettleSeats, TERMS, late_ms).await;
    let holder = holder.unwrap().unwrap();
    let lost = store.make(request(2, stalled)).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
    let nobody = store.user(ledger.tenant_id, ledger.user(2).user_id).await;
    assert_eq!(nobody, Ok(None));
    let made = store.make(request(2, holder)).await.unwrap();
    assert_eq!(made.results, [Ok(Effect::Created)]);
}

/// An instance is listed with its last word from entering to leaving.
pub async fn an_instance_is_known_while_it_is_there(home: &mut dyn Home) {
    let store = home.store();
    let name: usher_store::InstanceName = "usher-1".parse().unwrap();
    assert_eq!(store.instances(START_MS).await, Ok(Vec::new()));
    store.enter(name.clone(), word(START_MS), START_MS).await.unwrap();
    let said = store.say(word(START_MS + 900), START_MS + 1_000).await;
    assert_eq!(said, Ok(Heard::Kept));
    let listed = store.instances(START_MS + 1_500).await.unwrap();
    let [instance] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!((&instance.name, instance.own), (&name, true));
    assert_eq!((instance.since_ms, instance.silent_ms), (START_MS, 500));
    assert_eq!(instance.word, word(START_MS + 900));
    assert_eq!(instance.standing(), InstanceStanding::Living);
    assert_eq!(store.others_watermark_ms(START_MS + 1_500).await, Ok(None));
    let retired = store.retire_instance(&name, START_MS + 1_500).await;
    assert_eq!(retired, Ok(Retirement::Living), "who speaks is not retired");
    let unknown = "nobody".parse().unwrap();
    assert_eq!(
        store.retire_instance(&unknown, START_MS).await,
        Ok(Retirement::Unknown)
    );
    let late_ms = START_MS + 1_000 + SILENT_AFTER_MS;
    let silent = &store.instances(late_ms).await.unwrap()[0];
    assert_eq!(silent.standing(), InstanceStanding::Gone);
    store.leave().await.unwrap();
    assert_eq!(store.instances(late_ms).await, Ok(Vec::new()));
}
