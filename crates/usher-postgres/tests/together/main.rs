//! What instances agree on, by the database's clock: rates, jobs, watermarks, and what works once.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a surprise is the end"
)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use usher_conformance::ledger::{Ledger, START_MS, user_id};
use usher_postgres::{PostgresOptions, PostgresStore};
use usher_seats::TenantId;
use usher_store::{
    Change, ChangeRequest, Client, ClientKind, Coordination, Effect, Heard, IdentityChange, InstanceStanding,
    InstanceWord, Job, KeptAnswer, LeaseTerms, RateKey, RateLimit, Rejection, Retirement, Store, StoreError,
    Token, TokenHash, TokenKind,
    identity::{AuthorizationCode, FamilyId, IssuedPair, Link, LinkPurpose, RefreshToken},
};

use usher_testbed::postgres::{Database, Server};

const INSTANCES: usize = 3;
/// Far from what the database's clock shows, and different at each instance: no clock but the database's may matter.
const WRONG_CLOCKS_MS: [i64; INSTANCES] = [0, START_MS, 9_000_000_000_000];

/// Instances as they run in earnest.
async fn instances(home: &Database) -> Vec<Arc<PostgresStore>> {
    let mut stores = Vec::new();
    for _ in 0..INSTANCES {
        stores.push(instance(home).await);
    }
    stores
}

async fn instance(home: &Database) -> Arc<PostgresStore> {
    let options = PostgresOptions {
        connections_max: 4,
        ..PostgresOptions::default()
    };
    Arc::new(PostgresStore::open(&home.address(), &options).await.unwrap())
}

fn key() -> RateKey {
    RateKey {
        api: "seat_activities",
        client_id: "cli_1".parse().unwrap(),
        tenant_id: TenantId(1),
    }
}

/// In each second that was used up, exactly the limit passed, whoever asked and whatever their clocks show.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_limit_passes_in_a_second_over_all_instances() {
    let home = Database::empty();
    let stores = instances(&home).await;
    let watcher = Server::shared().connect(home.name()).await;
    watcher
        .batch_execute(
            "CREATE TABLE passed (second bigint, nth bigint);
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO passed VALUES (NEW.second, NEW.second_calls); RETURN NEW; END $$;
             CREATE TRIGGER note AFTER INSERT OR UPDATE ON rate_windows FOR EACH ROW EXECUTE FUNCTION note();",
        )
        .await
        .unwrap();
    let mut passed = 0;
    let mut seconds = BTreeMap::new();
    // Crowds of fifty at three instances at once, until three seconds were used up.
    while seconds.values().filter(|count| **count == 10).count() < 3 {
        let mut crowd = JoinSet::new();
        for number in 0..50 {
            let (store, now_ms) = (Arc::clone(&stores[number % 3]), WRONG_CLOCKS_MS[number % 3]);
            crowd.spawn(async move { store.count_call(key(), RateLimit::a_second(10), now_ms).await });
        }
        for counted in crowd.join_all().await {
            match counted.unwrap() {
                Ok(()) => passed += 1,
                Err(over) => assert_eq!((over.limit, over.reset_seconds), (10, 1)),
            }
        }
        let rows = watcher
            .query("SELECT second, nth FROM passed ORDER BY second, nth", &[])
            .await
            .unwrap();
        seconds.clear();
        for row in &rows {
            let count = seconds.entry(row.get::<_, i64>(0)).or_insert(0);
            *count += 1;
            assert_eq!(row.get::<_, i64>(1), *count, "each call has a number of its own");
        }
        assert_eq!(
            rows.len(),
            passed,
            "what passed was counted, and what did not was not"
        );
        assert!(seconds.values().all(|count| *count <= 10), "{seconds:?}");
    }
}

/// Of many that ask for a job, one has it; a holder who lost it changes nothing, and cannot be overtaken in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_one_holder_over_all_instances() {
    let home = Database::empty();
    let stores = instances(&home).await;
    let ledger = Ledger::found(stores[0].clone(), "acme").await;
    let terms = LeaseTerms {
        lasts_ms: 0,
        every_ms: 0,
    };
    let long = LeaseTerms {
        lasts_ms: 60_000,
        every_ms: 60_000,
    };
    let mut asking = JoinSet::new();
    for number in 0..12 {
        let store = Arc::clone(&stores[number % 3]);
        asking.spawn(async move {
            store
                .take_lease(Job::SendTickets, long, WRONG_CLOCKS_MS[number % 3])
                .await
                .unwrap()
        });
    }
    let given = asking.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    let [lease] = given.as_slice() else {
        panic!("{given:?}")
    };
    stores[0].end_lease(*lease, START_MS).await.unwrap();
    for store in &stores {
        let again = store.take_lease(Job::SendTickets, long, START_MS).await;
        assert_eq!(again, Ok(None), "it is done for now");
    }
    let stalled = stores[0].take_lease(Job::SettleSeats, terms, START_MS).await;
    let stalled = stalled.unwrap().unwrap();
    let holder = stores[1].take_lease(Job::SettleSeats, terms, START_MS).await;
    let holder = holder.unwrap().unwrap();
    let request =
        |user, lease| ChangeRequest::new(vec![Change::CreateUser(ledger.user(user))], START_MS).under(lease);
    let lost = stores[0].make(request(1, stalled)).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
    // Somebody in the middle of a transaction under the lease.
    let mut client = Server::shared().connect(home.name()).await;
    let transaction = client.transaction().await.unwrap();
    let held = "SELECT 1 FROM leases WHERE job = 'settle_seats' AND term = $1 FOR SHARE";
    assert_eq!(transaction.query(held, &[&holder.term]).await.unwrap().len(), 1);
    let other = Arc::clone(&stores[2]);
    let taking = tokio::spawn(async move { other.take_lease(Job::SettleSeats, terms, START_MS).await });
    let watcher = Server::shared().connect(home.name()).await;
    let waits = "SELECT 1 FROM pg_locks WHERE NOT granted";
    while watcher.query(waits, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(
        !taking.is_finished(),
        "nobody takes the lease in the middle of it"
    );
    transaction.commit().await.unwrap();
    assert!(taking.await.unwrap().unwrap().unwrap().term > holder.term);
    let lost = stores[1].make(request(1, holder)).await;
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
}

fn word(watermark_ms: i64, may_spool: bool) -> InstanceWord {
    InstanceWord {
        watermark_ms,
        may_spool,
    }
}

/// The smallest watermark counts of whoever is alive, and of whoever is silent and may have a spool.
#[tokio::test]
async fn the_watermark_is_the_smallest_of_those_that_count() {
    let home = Database::empty();
    let stores = instances(&home).await;
    let silent = async |name: &str| {
        Server::shared()
            .connect(home.name())
            .await
            .execute(
                "UPDATE instances SET heard_at_ms = heard_at_ms - 15000 WHERE name = $1",
                &[&name],
            )
            .await
            .unwrap();
    };
    let names = ["one", "two", "three"];
    for (store, (name, watermark_ms)) in stores.iter().zip(names.into_iter().zip([300, 200, 100])) {
        let word = word(watermark_ms, name == "three");
        store.enter(name.parse().unwrap(), word, START_MS).await.unwrap();
    }
    let others = async |number: usize| stores[number].others_watermark_ms(START_MS).await.unwrap();
    assert_eq!(others(0).await, Some(100));
    assert_eq!(others(2).await, Some(200), "its own it knows better");
    silent("two").await;
    assert_eq!(
        others(2).await,
        Some(300),
        "nothing that it acknowledged is missing"
    );
    assert_eq!(stores[1].say(word(250, false), START_MS).await, Ok(Heard::Kept));
    assert_eq!(others(2).await, Some(250), "it is back");
    silent("three").await;
    assert_eq!(others(0).await, Some(100), "it may have a spool");
    let three = "three".parse().unwrap();
    let listed = stores[0].instances(START_MS).await.unwrap();
    let standing = listed.iter().find(|instance| instance.name == three).unwrap();
    assert_eq!(standing.standing(), InstanceStanding::HoldingBack);
    // It starts anew under its name, and has not yet looked into its spool.
    let again = instance(&home).await;
    again
        .enter(three.clone(), word(900, true), START_MS)
        .await
        .unwrap();
    assert_eq!(others(0).await, Some(100), "until it says otherwise");
    assert_eq!(
        stores[2].say(word(950, true), START_MS).await,
        Ok(Heard::NameTaken),
        "the older process is told"
    );
    assert_eq!(again.say(word(400, true), START_MS).await, Ok(Heard::Kept));
    assert_eq!(others(0).await, Some(250));
    assert_eq!(
        stores[0].retire_instance(&three, START_MS).await,
        Ok(Retirement::Living)
    );
    silent("three").await;
    assert_eq!(
        stores[0].retire_instance(&three, START_MS).await,
        Ok(Retirement::Retired)
    );
    stores[1].leave().await.unwrap();
    assert_eq!(others(0).await, None, "one is alone");
    assert_eq!(stores[0].say(word(500, false), START_MS).await, Ok(Heard::Kept));
    let health = stores[0].health();
    assert_eq!((health.instances_living, health.others_watermark_ms), (1, None));
}

fn hash(byte: u8) -> TokenHash {
    TokenHash([byte; 32])
}

fn pair(ledger: &Ledger, byte: u8) -> IssuedPair {
    IssuedPair {
        access: Token {
            token_hash: hash(byte),
            kind: TokenKind::User,
            tenant_id: Some(ledger.tenant_id),
            client_id: Some("cli_1".parse().unwrap()),
            user_id: Some(user_id(1)),
            scopes: Vec::new(),
            issued_at_ms: START_MS,
            expires_at_ms: START_MS + 1_000,
            revoked: false,
        },
        refresh: Some(RefreshToken {
            token_hash: hash(byte + 100),
            family_id: FamilyId([1; 16]),
            client_id: "cli_1".parse().unwrap(),
            tenant_id: ledger.tenant_id,
            user_id: user_id(1),
            scopes: Vec::new(),
            expires_at_ms: START_MS + 1_000,
            spent_at_ms: None,
            spent_key_hash: None,
            revoked: false,
        }),
    }
}

/// A client, and for the first person a code, a link and a second factor.
fn prepared(ledger: &Ledger) -> Vec<Change> {
    let tenant_id = ledger.tenant_id;
    let code = AuthorizationCode {
        code_hash: hash(1),
        family_id: FamilyId([1; 16]),
        client_id: "cli_1".parse().unwrap(),
        tenant_id,
        user_id: user_id(1),
        redirect_uri: "http://127.0.0.1/callback".to_owned(),
        scopes: Vec::new(),
        challenge: None,
        expires_at_ms: START_MS + 1_000,
        spent: false,
    };
    let link = Link {
        link_hash: hash(2),
        purpose: LinkPurpose::ChoosePassword,
        tenant_id,
        user_id: user_id(1),
        expires_at_ms: START_MS + 1_000,
    };
    let totp = IdentityChange::SetTotp {
        tenant_id,
        user_id: user_id(1),
        totp_sealed: Some(vec![1]),
    };
    let client = Client {
        tenant_id,
        client_id: "cli_1".parse().unwrap(),
        name: "client".to_owned(),
        kind: ClientKind::SelfBuilt,
        scopes: Vec::new(),
        enabled: true,
    };
    vec![
        Change::PutClient(client),
        Change::from(IdentityChange::IssueCode(code)),
        Change::from(IdentityChange::MakeLink(link)),
        Change::from(totp),
    ]
}

/// What many try at once at all instances works for one of them.
async fn works_once(stores: &[Arc<PostgresStore>], tries: Vec<Vec<Change>>, rejection: Rejection) {
    let count = tries.len();
    let mut racing = JoinSet::new();
    for (number, changes) in tries.into_iter().enumerate() {
        let store = Arc::clone(&stores[number % stores.len()]);
        racing.spawn(async move { store.change(changes, START_MS).await });
    }
    let outcomes = racing.join_all().await;
    let worked = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(worked, 1, "{outcomes:?}");
    let rejected = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err()?.rejection());
    assert_eq!(rejected.filter(|met| *met == rejection).count(), count - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_works_once_works_once_over_all_instances() {
    let home = Database::empty();
    let stores = instances(&home).await;
    let ledger = Ledger::found(stores[0].clone(), "acme").await;
    let tenant_id = ledger.tenant_id;
    ledger.people_and_apps(&[1], &[]).await;
    let identity = |change: IdentityChange| Change::from(change);
    stores[0].change(prepared(&ledger), START_MS).await.unwrap();
    let redeemed = (0..12).map(|byte| {
        vec![identity(IdentityChange::RedeemCode {
            code_hash: hash(1),
            pair: pair(&ledger, 10 + byte),
        })]
    });
    works_once(&stores, redeemed.collect(), Rejection::Spent).await;
    let mut refresh = None;
    for byte in 0..12 {
        let found = stores[0].refresh_token(hash(110 + byte)).await.unwrap();
        refresh = found.map(|_| hash(110 + byte)).or(refresh);
    }
    let rotated = (0..12).map(|byte| {
        vec![identity(IdentityChange::RotateRefreshToken {
            token_hash: refresh.unwrap(),
            key_hash: None,
            pair: pair(&ledger, 30 + byte),
        })]
    });
    works_once(&stores, rotated.collect(), Rejection::Spent).await;
    let spent = || vec![identity(IdentityChange::SpendLink { link_hash: hash(2) })];
    works_once(&stores, vec![spent(); 12], Rejection::Spent).await;
    let step = || {
        vec![identity(IdentityChange::SpendTotpStep {
            tenant_id,
            user_id: user_id(1),
            step: 7,
        })]
    };
    works_once(&stores, vec![step(); 12], Rejection::Spent).await;
    let made = (0..12).map(|number| {
        let kept = KeptAnswer {
            tenant_id: Some(tenant_id),
            key_hash: hash(3),
            request_hash: hash(3),
            answer: number.to_string(),
            results: Vec::new(),
            expires_at_ms: START_MS + 1_000,
        };
        vec![
            Change::CreateUser(ledger.user(100 + number)),
            Change::KeepAnswer(kept),
        ]
    });
    works_once(&stores, made.collect(), Rejection::IdempotencyKeyTaken).await;
    let people = stores[1].users(tenant_id, Some(user_id(99)), 50).await.unwrap();
    assert_eq!(people.len(), 1, "nothing was made beside the taken key");
    let kept = stores[2].kept_answer(Some(tenant_id), hash(3), START_MS).await;
    assert_eq!(kept.unwrap().unwrap().results, [Ok(Effect::Created)]);
}

/// What is announced costs the same to hear among many tenants, and a change never waits to announce itself.
#[tokio::test(flavor = "multi_thread")]
async fn changes_are_announced_without_waiting_for_each_other() {
    let home = Database::empty();
    let stores = instances(&home).await;
    let first = Ledger::found(stores[0].clone(), "first").await;
    let second = Ledger::found(stores[1].clone(), "second").await;
    // A change of the first tenant that is under way holds a counter.
    let mut client = Server::shared().connect(home.name()).await;
    let transaction = client.transaction().await.unwrap();
    transaction
        .batch_execute("SELECT 1 FROM announcements FOR UPDATE")
        .await
        .unwrap();
    second
        .change(Change::PutApp(second.app("crm")), START_MS)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for number in 0..20 {
        let app = first.app(&format!("app{number}"));
        first.change(Change::PutApp(app), START_MS).await.unwrap();
    }
    let watcher = Server::shared().connect(home.name()).await;
    let rows = watcher.query("SELECT 1 FROM announcements", &[]).await.unwrap();
    assert!(
        rows.len() <= 4,
        "{} counters for changes one after the other",
        rows.len()
    );
    let before = stores[2].configuration_version();
    first
        .change(Change::PutApp(first.app("wiki")), START_MS)
        .await
        .unwrap();
    let heard = async {
        while stores[2].configuration_version() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard)
        .await
        .unwrap();
}

/// Tending is done by one instance, once in its time.
#[tokio::test]
async fn tending_is_done_once_over_all_instances() {
    let home = Database::empty();
    let stores = instances(&home).await;
    for store in &stores {
        store.tend(START_MS).await.unwrap();
    }
    let watcher = Server::shared().connect(home.name()).await;
    let terms = "SELECT term FROM leases WHERE job = 'tend'";
    let term: i64 = watcher.query_one(terms, &[]).await.unwrap().get(0);
    assert_eq!(term, 1);
}
