//! Tales of managing: things made once, answers kept, lists read by key.

use usher_seats::LocalizedNames;
use usher_store::{
    App, AppRoute, Change, Client, ClientKind, Effect, IdentityChange, KeptAnswer, Rejection, StoreError,
    Token, TokenHash, TokenKind,
};

use crate::{
    Home,
    ledger::{Ledger, START_MS},
};

fn app(ledger: &Ledger, namespace: &str) -> App {
    App {
        tenant_id: ledger.tenant_id,
        namespace: namespace.parse().unwrap(),
        name: namespace.to_owned(),
        names: LocalizedNames::NONE,
        enabled: true,
    }
}

fn kept(ledger: &Ledger, key: u8, request: u8) -> KeptAnswer {
    KeptAnswer {
        tenant_id: Some(ledger.tenant_id),
        key_hash: TokenHash([key; 32]),
        request_hash: TokenHash([request; 32]),
        answer: "{}".to_owned(),
        results: Vec::new(),
        expires_at_ms: START_MS + 1_000,
    }
}

/// Creating is not overwriting.
pub async fn whatever_is_created_was_not_there_before(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    for (change, rejection) in [
        (Change::CreateUser(ledger.user(7)), Rejection::UserIdTaken),
        (Change::CreateApp(app(&ledger, "crm")), Rejection::NamespaceTaken),
    ] {
        assert_eq!(ledger.change(change.clone(), START_MS).await, Ok(Effect::Created));
        assert_eq!(
            ledger.change(change, START_MS).await,
            Err(StoreError::Rejected { index: 0, rejection })
        );
    }
}

/// An answer and what it tells of are durable together or not at all, and the key is free again in time.
pub async fn an_answer_is_kept_with_what_it_tells_of(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let store = &ledger.store;
    let whose = Some(ledger.tenant_id);
    let first = kept(&ledger, 1, 1);
    let changes = vec![
        Change::CreateUser(ledger.user(7)),
        Change::KeepAnswer(first.clone()),
    ];
    store.change(changes, START_MS).await.unwrap();
    assert_eq!(
        store.kept_answer(whose, first.key_hash, START_MS).await,
        Ok(Some(KeptAnswer {
            results: vec![Ok(Effect::Created)],
            ..first.clone()
        })),
        "with what the changes before it did"
    );
    assert_eq!(
        store.kept_answer(whose, TokenHash([2; 32]), START_MS).await,
        Ok(None)
    );
    let other = Ledger::found(home.store(), "other").await.tenant_id;
    for another in [None, Some(other)] {
        let found = store.kept_answer(another, first.key_hash, START_MS).await;
        assert_eq!(found, Ok(None), "{another:?} has kept nothing");
    }
    let again = vec![
        Change::CreateUser(ledger.user(8)),
        Change::KeepAnswer(kept(&ledger, 1, 2)),
    ];
    assert_eq!(
        store.change(again.clone(), START_MS).await,
        Err(StoreError::Rejected {
            index: 1,
            rejection: Rejection::IdempotencyKeyTaken
        })
    );
    assert_eq!(
        store.user(ledger.tenant_id, ledger.user(8).user_id).await,
        Ok(None),
        "nothing was made beside the taken key"
    );
    let late_ms = first.expires_at_ms;
    assert_eq!(store.kept_answer(whose, first.key_hash, late_ms).await, Ok(None));
    store.change(again, late_ms).await.unwrap();
}

/// Lists of clients, installs and service tokens go on after a key.
pub async fn clients_and_service_tokens_are_read_page_by_page(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let tenant_id = ledger.tenant_id;
    let store = &ledger.store;
    let client = |id: &str| Client {
        tenant_id,
        client_id: id.parse().unwrap(),
        name: id.to_owned(),
        kind: ClientKind::Store,
        scopes: Vec::new(),
        enabled: true,
    };
    let (one, two) = (client("cli_1"), client("cli_2"));
    let install = |client: &Client| {
        Change::from(IdentityChange::InstallClient {
            tenant_id,
            client_id: client.client_id.clone(),
        })
    };
    let token = |byte: u8, kind: TokenKind| Token {
        token_hash: TokenHash([byte; 32]),
        kind,
        tenant_id: Some(tenant_id),
        client_id: None,
        user_id: None,
        scopes: Vec::new(),
        issued_at_ms: START_MS,
        expires_at_ms: START_MS + i64::from(byte),
        revoked: false,
    };
    let changes = vec![
        Change::PutClient(one.clone()),
        Change::PutClient(two.clone()),
        install(&one),
        install(&two),
        Change::IssueToken(token(3, TokenKind::Service)),
        Change::IssueToken(token(4, TokenKind::Service)),
        Change::IssueToken(token(5, TokenKind::Operator)),
    ];
    store.change(changes, START_MS).await.unwrap();
    let after = Some(one.client_id.clone());
    assert_eq!(store.clients(tenant_id, None, 1).await, Ok(vec![one.clone()]));
    assert_eq!(
        store.clients(tenant_id, after.clone(), 9).await,
        Ok(vec![two.clone()])
    );
    assert_eq!(store.installed_clients(tenant_id, None, 1).await, Ok(vec![one]));
    assert_eq!(store.installed_clients(tenant_id, after, 9).await, Ok(vec![two]));
    let tokens = |after: Option<u8>, now_ms: i64| {
        store.service_tokens(tenant_id, after.map(|byte| TokenHash([byte; 32])), now_ms, 9)
    };
    let hashes = |tokens: Vec<Token>| {
        tokens
            .iter()
            .map(|token| token.token_hash.0[0])
            .collect::<Vec<_>>()
    };
    assert_eq!(hashes(tokens(None, START_MS).await.unwrap()), [3, 4]);
    assert_eq!(hashes(tokens(Some(3), START_MS).await.unwrap()), [4]);
    assert_eq!(
        hashes(tokens(None, START_MS + 3).await.unwrap()),
        [4],
        "3 is over"
    );
}

/// A page of apps has the routes of these apps and no others.
pub async fn routes_are_read_for_some_apps(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let route = |namespace: &str| AppRoute {
        host: format!("{namespace}.example.com"),
        path_prefix: "/".to_owned(),
        tenant_id: ledger.tenant_id,
        namespace: namespace.parse().unwrap(),
    };
    for namespace in ["a", "b", "c"] {
        ledger
            .change(Change::CreateApp(app(&ledger, namespace)), START_MS)
            .await
            .unwrap();
        ledger
            .change(Change::PutAppRoute(route(namespace)), START_MS)
            .await
            .unwrap();
    }
    let (first, last) = ("b".parse().unwrap(), "c".parse().unwrap());
    assert_eq!(
        ledger
            .store
            .app_routes_between(ledger.tenant_id, &first, &last)
            .await,
        Ok(vec![route("b"), route("c")])
    );
}
