//! Tales of the audit log: every change leaves its record, nothing else does, and the chain holds.

mod deeds;

use std::sync::Arc;

use usher_seats::{ClientId, TenantId, TimeZoneName};
use usher_store::{
    Actor, AuditEntry, AuditObject, AuditOrder, AuditQuery, AuditRecord, Author, Change, ChangeOutcome,
    ChangeRequest, Effect, IdentityChange as I, Manner, Rejection, Store, Token, TokenHash, TokenKind, User,
    audit::{AUDIT_SLICE_ROWS_MAX, AuditVerdict, Verifier},
};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

/// Callers that change things at the same time, and how many changes each makes.
const RUNNERS: i64 = 16;
const CHANGES_EACH: i64 = 8;
/// Records read at once: few, so that every walk has several pages.
const PAGE_ROWS: usize = 3;

/// Secrets, each of which is easily found again wherever it turns up.
const PASSWORD_HASH: &str = "$argon2id$v=19$a-password-hash-that-nobody-may-see";
const SEALED: &[u8] = b"a-sealed-secret-that-nobody-may-see";
const SECRET: TokenHash = TokenHash(*b"a-hash-of-a-secret-nobody-may-se");

/// Somebody with everything that can be known of them.
fn clerk() -> Author {
    Author {
        actor: Actor::User(user_id(9)),
        client_id: Some(client_id("cli_console")),
        address: Some([192, 0, 2, 7].into()),
        reason: Some("a new colleague, see ticket 4711".to_owned()),
    }
}

fn client_id(text: &str) -> ClientId {
    text.parse().unwrap()
}

async fn make(store: &dyn Store, changes: Vec<Change>) -> ChangeOutcome {
    store
        .make(ChangeRequest::new(changes, START_MS).by(clerk()))
        .await
        .unwrap()
}

/// A whole log in order of number, read page by page.
async fn log(store: &dyn Store, tenant_id: Option<TenantId>) -> Vec<AuditEntry> {
    let query = AuditQuery {
        order: AuditOrder::OldestFirst,
        ..AuditQuery::of(tenant_id)
    };
    walk(store, query).await
}

async fn walk(store: &dyn Store, mut query: AuditQuery) -> Vec<AuditEntry> {
    query.rows_max = PAGE_ROWS;
    let mut found = Vec::new();
    loop {
        let page = store.audit_records(query.clone()).await.unwrap();
        query.after = page.last().map(AuditEntry::place);
        let is_last = page.len() < PAGE_ROWS;
        found.extend(page);
        if is_last {
            return found;
        }
    }
}

/// Walks along a log and judges it.
async fn verify(store: &dyn Store, tenant_id: Option<TenantId>) -> AuditVerdict {
    let mut verifier = Verifier::new(tenant_id);
    loop {
        let slice = store
            .audit_slice(tenant_id, verifier.sequence(), AUDIT_SLICE_ROWS_MAX)
            .await
            .unwrap();
        verifier.take(&slice);
        if slice.records.len() < AUDIT_SLICE_ROWS_MAX {
            return verifier.finish();
        }
    }
}

async fn assert_whole(store: &dyn Store, tenant_id: Option<TenantId>) {
    let verdict = verify(store, tenant_id).await;
    assert!(verdict.is_whole(), "{verdict:?}");
    assert_eq!(store.audit_head(tenant_id).await, Ok(verdict.head));
}

fn token(tenant_id: Option<TenantId>, kind: TokenKind, byte: u8) -> Token {
    Token {
        token_hash: TokenHash([byte; 32]),
        kind,
        tenant_id,
        client_id: None,
        user_id: None,
        scopes: Vec::new(),
        issued_at_ms: START_MS,
        expires_at_ms: START_MS + 1_000,
        revoked: false,
    }
}

/// Whatever is changed is in the log with who, when, from where, why, before and after; and no secret is.
pub async fn every_change_leaves_its_record(home: &mut dyn Home) {
    let store = home.store();
    let ledger = Ledger::found(home.store(), "acme").await;
    let mut told = log(&*store, Some(ledger.tenant_id)).await.len();
    for deeds::Deed { change, left } in deeds::every_kind(&ledger) {
        let said = format!("{change:?}");
        let outcome = make(&*store, vec![change]).await;
        let all = log(&*store, Some(ledger.tenant_id)).await;
        let found: Vec<AuditRecord> = all[told..].iter().map(|entry| entry.record.clone()).collect();
        told = all.len();
        assert_eq!(outcome.records, found, "{said}");
        let seen: Vec<_> = found
            .iter()
            .map(|record| {
                let (before, after) = (record.before.is_some(), record.after.is_some());
                (
                    record.action.as_str(),
                    record.object,
                    record.object_name.as_str(),
                    before,
                    after,
                )
            })
            .collect();
        assert_eq!(seen, left, "{said}");
        for record in &found {
            assert_eq!((record.at_ms, &record.author), (START_MS, &clerk()), "{said}");
            assert_ne!(
                (&record.before, record.action.ends_with("_set")),
                (&record.after, false),
                "{said}: what is different is shown, unless it is a secret"
            );
        }
    }
    assert_no_secret(&log(&*store, Some(ledger.tenant_id)).await);
    assert_whole(&*store, Some(ledger.tenant_id)).await;
}

/// No form in which a secret might have been written is in any record.
fn assert_no_secret(entries: &[AuditEntry]) {
    let text = format!("{entries:?}");
    for secret in [PASSWORD_HASH.as_bytes(), SEALED, &SECRET.0] {
        let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let numbers: Vec<String> = secret.iter().map(ToString::to_string).collect();
        for form in [
            String::from_utf8_lossy(secret).into_owned(),
            hexadecimal,
            numbers.join(","),
            numbers.join(", "),
        ] {
            assert!(!text.contains(&form), "{form} in {text}");
        }
    }
}

/// The record of a change shows the thing as it was and as it is.
pub async fn a_record_shows_before_and_after(home: &mut dyn Home) {
    let store = home.store();
    let ledger = Ledger::found(home.store(), "acme").await;
    make(&*store, vec![Change::CreateUser(ledger.user(1))]).await;
    let changed = User {
        system_administrator: true,
        name: "Ann \"A\" Lee".to_owned(),
        ..ledger.user(1)
    };
    let record = make(&*store, vec![Change::PutUser(changed)])
        .await
        .records
        .remove(0);
    let (before, after) = (record.before.unwrap(), record.after.unwrap());
    assert!(
        before.contains(r#""name":"person 1""#) && before.contains(r#""system_administrator":false"#),
        "{before}"
    );
    assert!(
        after.contains(r#""name":"Ann \"A\" Lee""#) && after.contains(r#""system_administrator":true"#),
        "{after}"
    );
}

/// What is rejected, only rehearsed, or so already leaves no record.
pub async fn what_changes_nothing_leaves_no_record(home: &mut dyn Home) {
    let store = home.store();
    let ledger = Ledger::found(home.store(), "acme").await;
    let tenant_id = Some(ledger.tenant_id);
    make(
        &*store,
        vec![
            Change::CreateUser(ledger.user(1)),
            Change::CreateApp(ledger.app("crm")),
        ],
    )
    .await;
    let before = log(&*store, tenant_id).await;
    let create = |user| Change::CreateUser(ledger.user(user));
    let rejected = store
        .make(ChangeRequest::new(vec![create(2), create(1)], START_MS))
        .await
        .unwrap_err();
    assert_eq!(rejected.rejection(), Some(Rejection::UserIdTaken));
    let rehearsal = ChangeRequest {
        rehearsal: true,
        ..ChangeRequest::new(vec![create(2)], START_MS).by(clerk())
    };
    let rehearsed = store.make(rehearsal).await.unwrap().records;
    assert_eq!(
        (rehearsed.len(), rehearsed[0].sequence),
        (1, 0),
        "it tells what would be there"
    );
    let same = vec![
        Change::PutUser(ledger.user(1)),
        Change::EnsureUser(User {
            name: "other".to_owned(),
            ..ledger.user(1)
        }),
        Change::PutApp(ledger.app("crm")),
        Change::SetTenantEnabled {
            tenant_id: ledger.tenant_id,
            enabled: true,
        },
        Change::RemoveAppRoute {
            host: "nowhere.example".to_owned(),
            path_prefix: "/".to_owned(),
        },
        I::SetPassword {
            tenant_id: ledger.tenant_id,
            user_id: user_id(1),
            password_hash: None,
        }
        .into(),
        I::SetTotp {
            tenant_id: ledger.tenant_id,
            user_id: user_id(1),
            totp_sealed: None,
        }
        .into(),
        Change::IssueToken(token(tenant_id, TokenKind::Tenant, 7)),
        Change::RevokeToken {
            tenant_id,
            token_hash: TokenHash([7; 32]),
        },
        Change::DeleteUser {
            tenant_id: ledger.tenant_id,
            user_id: user_id(99),
        },
    ];
    assert_eq!(make(&*store, same).await.records, []);
    assert_eq!(log(&*store, tenant_id).await, before);
}

/// Of several lines each made one leaves its record and no other does.
pub async fn of_many_lines_each_made_one_leaves_its_record(home: &mut dyn Home) {
    let store = home.store();
    let ledger = Ledger::found(home.store(), "acme").await;
    let create = |user| Change::CreateUser(ledger.user(user));
    make(&*store, vec![create(1)]).await;
    let lines = ChangeRequest {
        manner: Manner::Each,
        ..ChangeRequest::new(vec![create(1), create(2)], START_MS)
    };
    let records = store.make(lines).await.unwrap().records;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].object_name.as_str(), records[0].sequence), ("2", 3));
    assert_whole(&*store, Some(ledger.tenant_id)).await;
}

/// Each tenant has its own chain, numbered from 1; what concerns no tenant is in none of them.
pub async fn one_log_shows_nothing_of_another(home: &mut dyn Home) {
    let store = home.store();
    let acme = Ledger::found(home.store(), "acme").await;
    let other = Ledger::found(home.store(), "other").await;
    let service_of_all = Change::IssueToken(token(None, TokenKind::Service, 3));
    let mixed = vec![
        Change::CreateUser(acme.user(1)),
        Change::CreateUser(other.user(1)),
        service_of_all,
        Change::CreateUser(acme.user(2)),
        Change::IssueToken(token(Some(other.tenant_id), TokenKind::Service, 4)),
    ];
    make(&*store, mixed).await;
    for (tenant_id, expected) in [
        (Some(acme.tenant_id), vec!["acme", "1", "2"]),
        (Some(other.tenant_id), vec!["other", "1", "0404040404040404"]),
        (None, vec!["0303030303030303"]),
    ] {
        let entries = log(&*store, tenant_id).await;
        let names: Vec<_> = entries
            .iter()
            .map(|entry| entry.record.object_name.as_str())
            .collect();
        assert_eq!(names, expected);
        let sequences: Vec<_> = entries.iter().map(|entry| entry.record.sequence).collect();
        let numbers: Vec<i64> = (1..).take(expected.len()).collect();
        assert_eq!(sequences, numbers);
        assert!(entries.iter().all(|entry| entry.record.tenant_id == tenant_id));
        assert_whole(&*store, tenant_id).await;
    }
    let missing = TenantId(4_711);
    assert_eq!(log(&*store, Some(missing)).await, []);
    assert_eq!(store.audit_head(Some(missing)).await, Ok(None));
    assert_whole(&*store, Some(missing)).await;
}

/// The chain goes on where it ended, and what was noted of it once stays true.
pub async fn a_chain_goes_on_after_a_restart(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let tenant_id = Some(ledger.tenant_id);
    let mut noted = home.store().audit_head(tenant_id).await.unwrap();
    for round in 1..=4 {
        let store = home.store();
        make(&*store, vec![Change::CreateUser(ledger.user(round))]).await;
        drop(store);
        home.restart().await;
        let store = home.store();
        let mut verifier = Verifier::new(tenant_id).expecting(noted);
        verifier.take(
            &store
                .audit_slice(tenant_id, 0, AUDIT_SLICE_ROWS_MAX)
                .await
                .unwrap(),
        );
        let verdict = verifier.finish();
        assert!(verdict.is_whole(), "{verdict:?}");
        assert_eq!(verdict.head.map(|head| head.sequence), Some(round + 1));
        noted = verdict.head;
    }
}

/// However many change things at once, there is one chain without a gap, and everybody's record is in it.
pub async fn changes_at_the_same_time_make_one_chain(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let store: Arc<dyn Store> = home.store();
    let mut tasks = tokio::task::JoinSet::new();
    for runner in 0..RUNNERS {
        let (store, ledger) = (Arc::clone(&store), ledger.clone());
        tasks.spawn(async move {
            for number in 1..=CHANGES_EACH {
                let user = ledger.user(runner * CHANGES_EACH + number);
                let author = Author {
                    actor: Actor::User(user.user_id),
                    ..Author::default()
                };
                let request =
                    ChangeRequest::new(vec![Change::CreateUser(user)], START_MS - number).by(author);
                assert_eq!(store.make(request).await.unwrap().results, [Ok(Effect::Created)]);
            }
        });
    }
    tasks.join_all().await;
    let verdict = verify(&*store, Some(ledger.tenant_id)).await;
    assert!(verdict.is_whole(), "{verdict:?}");
    assert_eq!(
        verdict.head.map(|head| head.sequence),
        Some(RUNNERS * CHANGES_EACH + 1)
    );
    for entry in log(&*store, Some(ledger.tenant_id)).await {
        if let Actor::User(user_id) = entry.record.author.actor {
            assert_eq!(entry.record.object_name, user_id.to_string());
        }
    }
}

/// Records are found by thing, by actor and by time, in both directions, page by page.
pub async fn records_are_found_by_thing_actor_and_time(home: &mut dyn Home) {
    let store = home.store();
    let ledger = Ledger::found(home.store(), "acme").await;
    let actors = [
        Actor::System,
        Actor::CommandLine("ann".to_owned()),
        Actor::User(user_id(9)),
    ];
    for number in 0..60_i64 {
        let user = User {
            name: format!("name {number}"),
            ..ledger.user(number % 5 + 1)
        };
        let actor = actors[usize::try_from(number % 3).unwrap()].clone();
        let author = Author {
            actor,
            ..Author::default()
        };
        // The clock of whoever asks may stand still or step back.
        let at_ms = START_MS + number / 2 - 5 * (number % 7);
        store
            .make(ChangeRequest::new(vec![Change::PutUser(user)], at_ms).by(author))
            .await
            .unwrap();
    }
    let mut all = log(&*store, Some(ledger.tenant_id)).await;
    assert_eq!(all.len(), 61);
    all.sort_by_key(AuditEntry::place);
    let object = Some((AuditObject::User, "3".to_owned()));
    for object in [None, object, Some((AuditObject::Seat, "3".to_owned()))] {
        for actor in [
            None,
            Some(actors[0].clone()),
            Some(actors[1].clone()),
            Some(Actor::System),
        ] {
            for (from_ms, until_ms) in [
                (None, None),
                (Some(START_MS), None),
                (None, Some(START_MS + 3)),
                (Some(START_MS + 1), Some(START_MS + 9)),
                (Some(START_MS + 9), Some(START_MS)),
            ] {
                let query = AuditQuery {
                    object: object.clone(),
                    actor: actor.clone(),
                    from_ms,
                    until_ms,
                    ..AuditQuery::of(Some(ledger.tenant_id))
                };
                assert_found(&*store, &all, query).await;
            }
        }
    }
}

async fn assert_found(store: &dyn Store, all: &[AuditEntry], query: AuditQuery) {
    let fits = |entry: &&AuditEntry| {
        let AuditRecord {
            at_ms,
            object,
            object_name,
            author,
            ..
        } = &entry.record;
        query
            .object
            .as_ref()
            .is_none_or(|(kind, name)| (kind, name) == (object, object_name))
            && query.actor.as_ref().is_none_or(|actor| *actor == author.actor)
            && query.from_ms.is_none_or(|from_ms| *at_ms >= from_ms)
            && query.until_ms.is_none_or(|until_ms| *at_ms < until_ms)
    };
    let mut expected: Vec<AuditEntry> = all.iter().filter(fits).cloned().collect();
    let oldest_first = AuditQuery {
        order: AuditOrder::OldestFirst,
        ..query.clone()
    };
    assert_eq!(walk(store, oldest_first).await, expected, "{query:?}");
    expected.reverse();
    assert_eq!(walk(store, query.clone()).await, expected, "{query:?}");
}

/// A tenant's first record is that of the tenant itself.
pub async fn a_log_begins_with_its_tenant(home: &mut dyn Home) {
    let store = home.store();
    let create = Change::CreateTenant {
        tenant_key: "acme".parse().unwrap(),
        name: "Acme".to_owned(),
        time_zone: TimeZoneName::utc(),
    };
    let outcome = make(&*store, vec![create]).await;
    let [record] = &outcome.records[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (
            record.action.as_str(),
            record.object_name.as_str(),
            record.sequence
        ),
        ("tenant.created", "acme", 1)
    );
    let Ok(Effect::TenantCreated(tenant_id)) = outcome.results[0] else {
        panic!("{outcome:?}")
    };
    assert_eq!(record.tenant_id, Some(tenant_id));
    assert_eq!(record.before, None);
}
