//! Tales of sign-in, clients and OAuth: what works once works once, and what is over is over at once.
//!
//! The races here are real: many tasks make the same change at the same time.

use usher_seats::{ClientId, Enablement};
use usher_store::{
    Change, Client, ClientKind, Effect, IdentityChange as I, Rejection, Store, StoreError, Token, TokenHash,
    TokenKind,
    identity::{
        AuthorizationCode, ChallengeMethod, FamilyId, IssuedPair, Link, LinkPurpose, RefreshToken, Session,
    },
};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

/// How many try at once.
const RUNNERS: u8 = 8;
/// When things made at the start are over.
const END_MS: i64 = START_MS + 1_000;
/// The family of the tales.
const FAMILY: FamilyId = FamilyId([9; 16]);

pub(super) fn hash(byte: u8) -> TokenHash {
    TokenHash([byte; 32])
}

pub(super) fn client_id(text: &str) -> ClientId {
    text.parse().unwrap()
}

fn scopes(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(ToString::to_string).collect()
}

/// A tenant with a person (1), a client of its own and a store client.
pub(super) async fn acme(home: &dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    let client = |id, kind| {
        Change::PutClient(Client {
            tenant_id: ledger.tenant_id,
            client_id: client_id(id),
            name: "reports".to_owned(),
            kind,
            scopes: scopes(&["a", "b"]),
            enabled: true,
        })
    };
    let changes = vec![
        Change::PutUser(ledger.user(1)),
        client("cli_own", ClientKind::SelfBuilt),
        client("cli_store", ClientKind::Store),
    ];
    ledger.store.change(changes, START_MS).await.unwrap();
    ledger
}

pub(super) async fn make(ledger: &Ledger, change: I, at_ms: i64) -> Result<Effect, StoreError> {
    ledger.change(Change::from(change), at_ms).await
}

fn spent() -> Result<Effect, StoreError> {
    Err(StoreError::Rejected {
        index: 0,
        rejection: Rejection::Spent,
    })
}

/// Makes all changes at the same time, each from a task of its own; gives how many went through. The others must have
/// heard that somebody was faster.
async fn race(ledger: &Ledger, changes: impl IntoIterator<Item = I>, at_ms: i64) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for change in changes {
        let ledger = ledger.clone();
        tasks.spawn(async move { make(&ledger, change, at_ms).await });
    }
    let answers = tasks.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in lost {
        assert_eq!(answer, spent());
    }
    won.len()
}

fn code(ledger: &Ledger, byte: u8) -> AuthorizationCode {
    AuthorizationCode {
        code_hash: hash(byte),
        family_id: FAMILY,
        client_id: client_id("cli_own"),
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        redirect_uri: "https://client.example/callback?a=b".to_owned(),
        scopes: scopes(&["a", "offline_access"]),
        challenge: Some(("challenge".to_owned(), ChallengeMethod::S256)),
        expires_at_ms: END_MS,
        spent: false,
    }
}

/// Tokens told apart by a number.
fn pair(ledger: &Ledger, client: &str, number: u8) -> IssuedPair {
    let access = Token {
        token_hash: hash(100 + number),
        kind: TokenKind::User,
        tenant_id: Some(ledger.tenant_id),
        client_id: Some(client_id(client)),
        user_id: Some(user_id(1)),
        scopes: scopes(&["a"]),
        issued_at_ms: START_MS,
        expires_at_ms: END_MS,
        revoked: false,
    };
    let refresh = RefreshToken {
        token_hash: hash(200 + number),
        family_id: FAMILY,
        client_id: client_id(client),
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        scopes: scopes(&["a", "offline_access"]),
        expires_at_ms: END_MS,
        spent_at_ms: None,
        spent_key_hash: None,
        revoked: false,
    };
    IssuedPair {
        access,
        refresh: Some(refresh),
    }
}

/// A family with the first pair in it.
pub(super) async fn family(ledger: &Ledger, client: &str) {
    let code = AuthorizationCode {
        client_id: client_id(client),
        ..code(ledger, 1)
    };
    make(ledger, I::IssueCode(code), START_MS).await.unwrap();
    let redeem = I::RedeemCode {
        code_hash: hash(1),
        pair: pair(ledger, client, 0),
    };
    make(ledger, redeem, START_MS).await.unwrap();
}

async fn refresh_token(store: &dyn Store, number: u8) -> Option<RefreshToken> {
    let standing = store.refresh_token(hash(200 + number)).await.unwrap();
    standing.map(|standing| standing.what)
}

pub(super) async fn is_revoked(store: &dyn Store, number: u8) -> bool {
    let standing = store.token(hash(100 + number)).await.unwrap().unwrap();
    standing.token.revoked
}

/// Everything about a code comes back, with its person and tenant as they are now.
pub async fn a_code_is_found_with_everything_around_it(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let issued = code(&ledger, 1);
    make(&ledger, I::IssueCode(issued.clone()), START_MS)
        .await
        .unwrap();
    home.restart().await;
    let store = home.store();
    let standing = store.authorization_code(hash(1)).await.unwrap().unwrap();
    assert_eq!(standing.what, issued);
    assert_eq!((standing.tenant, standing.installed), (Enablement::Enabled, true));
    assert_eq!(standing.user.unwrap().user_id, user_id(1));
    assert_eq!(store.authorization_code(hash(2)).await, Ok(None));
}

/// Of any number who redeem a code, one gets tokens.
pub async fn a_code_is_redeemed_once_however_many_try(home: &mut dyn Home) {
    let ledger = acme(home).await;
    make(&ledger, I::IssueCode(code(&ledger, 1)), START_MS)
        .await
        .unwrap();
    let redeem = |number| I::RedeemCode {
        code_hash: hash(1),
        pair: pair(&ledger, "cli_own", number),
    };
    assert_eq!(race(&ledger, (0..RUNNERS).map(redeem), START_MS).await, 1);
    home.restart().await;
    let store = home.store();
    let mut tokens = 0;
    for number in 0..RUNNERS {
        let token = store.token(hash(100 + number)).await.unwrap().is_some();
        assert_eq!(
            refresh_token(&*store, number).await.is_some(),
            token,
            "a pair is one"
        );
        tokens += usize::from(token);
    }
    assert_eq!(tokens, 1);
    let again = Ledger {
        store: home.store(),
        ..ledger.clone()
    };
    assert_eq!(make(&again, redeem(20), START_MS).await, spent());
}

/// A code that nobody knows, or whose time is over, is like a spent one.
pub async fn a_code_is_too_late_at_its_end(home: &mut dyn Home) {
    let ledger = acme(home).await;
    make(&ledger, I::IssueCode(code(&ledger, 1)), START_MS)
        .await
        .unwrap();
    for (byte, at_ms) in [(1, END_MS), (2, START_MS)] {
        let redeem = I::RedeemCode {
            code_hash: hash(byte),
            pair: pair(&ledger, "cli_own", 0),
        };
        assert_eq!(make(&ledger, redeem, at_ms).await, spent());
    }
    assert_eq!(ledger.store.token(hash(100)).await, Ok(None));
}

/// Of any number who exchange a refresh token, one gets its successors, and what it was exchanged under is kept.
pub async fn a_refresh_token_is_rotated_once_however_many_try(home: &mut dyn Home) {
    let ledger = acme(home).await;
    family(&ledger, "cli_own").await;
    let rotate = |number| I::RotateRefreshToken {
        token_hash: hash(200),
        key_hash: Some(hash(number)),
        pair: pair(&ledger, "cli_own", number),
    };
    assert_eq!(race(&ledger, (1..=RUNNERS).map(rotate), START_MS + 5).await, 1);
    home.restart().await;
    let store = home.store();
    let mut live = Vec::new();
    for number in 0..=RUNNERS {
        let token = refresh_token(&*store, number).await;
        live.extend(token.filter(|token| token.spent_at_ms.is_none()).map(|_| number));
    }
    assert_eq!(live.len(), 1, "{live:?}");
    let first = refresh_token(&*store, 0).await.unwrap();
    assert_eq!(first.spent_at_ms, Some(START_MS + 5));
    assert_eq!(first.spent_key_hash, Some(hash(live[0])), "the winner's key");
    assert!(!first.revoked);
    assert!(!is_revoked(&*store, 0).await, "the old access token lives on");
    let late = I::RotateRefreshToken {
        token_hash: hash(200 + live[0]),
        key_hash: None,
        pair: pair(&ledger, "cli_own", 20),
    };
    let again = Ledger { store, ..ledger };
    assert_eq!(make(&again, late, END_MS).await, spent(), "too late is spent");
}

/// Revoking a family ends all of it at once, also while others are at work on it.
pub async fn a_revoked_family_has_nothing_left(home: &mut dyn Home) {
    let ledger = acme(home).await;
    family(&ledger, "cli_own").await;
    make(&ledger, I::IssueCode(code(&ledger, 2)), START_MS)
        .await
        .unwrap();
    let rotate = |number| I::RotateRefreshToken {
        token_hash: hash(200),
        key_hash: None,
        pair: pair(&ledger, "cli_own", number),
    };
    make(&ledger, rotate(1), START_MS).await.unwrap();
    let revoke = || I::RevokeFamily { family_id: FAMILY };
    assert_eq!(make(&ledger, revoke(), START_MS).await, Ok(Effect::Updated));
    assert_eq!(make(&ledger, revoke(), START_MS).await, Ok(Effect::Unchanged));
    home.restart().await;
    let store = home.store();
    for number in [0, 1] {
        assert!(is_revoked(&*store, number).await);
        assert!(refresh_token(&*store, number).await.unwrap().revoked);
    }
    let ledger = Ledger { store, ..ledger };
    let redeem = I::RedeemCode {
        code_hash: hash(2),
        pair: pair(&ledger, "cli_own", 2),
    };
    let rotate = I::RotateRefreshToken {
        token_hash: hash(201),
        key_hash: None,
        pair: pair(&ledger, "cli_own", 2),
    };
    for change in [redeem, rotate] {
        assert_eq!(make(&ledger, change, START_MS).await, spent());
    }
    assert_eq!(ledger.store.token(hash(102)).await, Ok(None));
}

/// Grants only add up; the time of the last one is kept.
pub async fn grants_only_add_up(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let grant = |scopes: &[&str]| I::GrantScopes {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        client_id: client_id("cli_own"),
        scopes: self::scopes(scopes),
    };
    let known = async |store: &dyn Store| {
        store
            .grant(ledger.tenant_id, user_id(1), &client_id("cli_own"))
            .await
    };
    assert_eq!(known(&*ledger.store).await, Ok(None));
    assert_eq!(
        make(&ledger, grant(&["b", "a"]), START_MS).await,
        Ok(Effect::Created)
    );
    make(&ledger, grant(&["b"]), START_MS + 1).await.unwrap();
    make(&ledger, grant(&["c"]), START_MS + 2).await.unwrap();
    home.restart().await;
    let grant = known(&*home.store()).await.unwrap().unwrap();
    assert_eq!(grant.scopes, ["a", "b", "c"]);
    assert_eq!(grant.granted_at_ms, START_MS + 2);
}

/// A link works once, in time, for one of many.
pub async fn a_link_works_once_and_in_time(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let link = |byte| Link {
        link_hash: hash(byte),
        purpose: LinkPurpose::ChoosePassword,
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        expires_at_ms: END_MS,
    };
    for byte in [1, 2] {
        make(&ledger, I::MakeLink(link(byte)), START_MS).await.unwrap();
    }
    assert_eq!(ledger.store.link(hash(1)).await, Ok(Some(link(1))));
    let spend = |byte| I::SpendLink {
        link_hash: hash(byte),
    };
    assert_eq!(race(&ledger, (0..RUNNERS).map(|_| spend(1)), START_MS).await, 1);
    assert_eq!(ledger.store.link(hash(1)).await, Ok(None));
    for byte in [2, 3] {
        assert_eq!(make(&ledger, spend(byte), END_MS).await, spent());
    }
}

/// A one-time password's step is spent once, and with it every earlier one.
pub async fn a_one_time_password_works_once(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let set = I::SetTotp {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        totp_sealed: Some(vec![1, 2, 3]),
    };
    make(&ledger, set, START_MS).await.unwrap();
    let spend = |step| I::SpendTotpStep {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        step,
    };
    assert_eq!(race(&ledger, (0..RUNNERS).map(|_| spend(50)), START_MS).await, 1);
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger.clone()
    };
    for step in [49, 50] {
        assert_eq!(make(&ledger, spend(step), START_MS).await, spent(), "step {step}");
    }
    assert!(make(&ledger, spend(51), START_MS).await.is_ok());
}

fn session(ledger: &Ledger, byte: u8) -> Session {
    Session {
        session_hash: hash(byte),
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        created_at_ms: START_MS,
        expires_at_ms: END_MS,
    }
}

fn password(ledger: &Ledger, hash: Option<&str>) -> I {
    I::SetPassword {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        password_hash: hash.map(str::to_owned),
    }
}

/// Whoever was signed in with the old password is no longer.
pub async fn a_new_password_ends_the_sessions(home: &mut dyn Home) {
    let ledger = acme(home).await;
    for byte in [1, 2, 3] {
        make(&ledger, I::OpenSession(session(&ledger, byte)), START_MS)
            .await
            .unwrap();
    }
    make(
        &ledger,
        I::EndSession {
            session_hash: hash(3),
        },
        START_MS,
    )
    .await
    .unwrap();
    home.restart().await;
    let store = home.store();
    let standing = store.session(hash(1)).await.unwrap().unwrap();
    assert_eq!(standing.session, session(&ledger, 1));
    assert_eq!(standing.user.map(|user| user.user_id), Some(user_id(1)));
    assert_eq!(store.session(hash(3)).await, Ok(None));

    let ledger = Ledger { store, ..ledger };
    make(&ledger, password(&ledger, Some("$argon2id$new")), START_MS)
        .await
        .unwrap();
    for byte in [1, 2] {
        assert_eq!(ledger.store.session(hash(byte)).await, Ok(None));
    }
    let credential = ledger
        .store
        .credential(ledger.tenant_id, "1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(credential.password_hash.as_deref(), Some("$argon2id$new"));
}

/// With a person goes everything that lets them, or a client of theirs, act.
pub async fn a_deleted_person_leaves_nothing_that_acts(home: &mut dyn Home) {
    let ledger = acme(home).await;
    family(&ledger, "cli_own").await;
    make(&ledger, I::IssueCode(code(&ledger, 2)), START_MS)
        .await
        .unwrap();
    make(&ledger, password(&ledger, Some("$argon2id$x")), START_MS)
        .await
        .unwrap();
    make(&ledger, I::OpenSession(session(&ledger, 1)), START_MS)
        .await
        .unwrap();
    let grant = I::GrantScopes {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
        client_id: client_id("cli_own"),
        scopes: scopes(&["a"]),
    };
    make(&ledger, grant, START_MS).await.unwrap();
    let delete = Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
    };
    assert_eq!(ledger.change(delete.clone(), START_MS).await, Ok(Effect::Updated));
    assert_eq!(ledger.change(delete, START_MS).await, Ok(Effect::Unchanged));

    // Somebody else who gets the number gets nothing with it.
    ledger
        .change(Change::PutUser(ledger.user(1)), START_MS)
        .await
        .unwrap();
    home.restart().await;
    let store = home.store();
    assert!(is_revoked(&*store, 0).await);
    assert!(refresh_token(&*store, 0).await.unwrap().revoked);
    assert!(
        store
            .authorization_code(hash(2))
            .await
            .unwrap()
            .unwrap()
            .what
            .spent
    );
    assert_eq!(store.session(hash(1)).await, Ok(None));
    let grant = store
        .grant(ledger.tenant_id, user_id(1), &client_id("cli_own"))
        .await;
    assert_eq!(grant, Ok(None));
    let credential = store.credential(ledger.tenant_id, "1").await.unwrap().unwrap();
    assert_eq!(credential.password_hash, None);
}

/// Two callers may derive the same token at the same time; it is kept once, and taking it back is for good.
pub async fn a_token_kept_twice_is_kept_once(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let token = Token {
        kind: TokenKind::Tenant,
        user_id: None,
        ..pair(&ledger, "cli_own", 0).access
    };
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..RUNNERS {
        let (ledger, token) = (ledger.clone(), token.clone());
        tasks.spawn(async move { ledger.change(Change::IssueToken(token), START_MS).await.unwrap() });
    }
    let effects = tasks.join_all().await;
    let created = effects.iter().filter(|effect| **effect == Effect::Created);
    assert_eq!(created.count(), 1, "{effects:?}");
    let revoke = Change::RevokeToken {
        tenant_id: Some(ledger.tenant_id),
        token_hash: token.token_hash,
    };
    ledger.change(revoke, START_MS).await.unwrap();
    assert_eq!(
        ledger.change(Change::IssueToken(token), START_MS).await,
        Ok(Effect::Unchanged)
    );
    assert!(is_revoked(&*ledger.store, 0).await);
}
