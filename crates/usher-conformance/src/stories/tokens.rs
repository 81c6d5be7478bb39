//! Tales of tokens.

use usher_seats::Enablement;
use usher_store::{Change, Client, ClientKind, Effect, Token, TokenHash, TokenKind, User};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

const SCOPE: &str = "app_engine:seat_activities:read";

/// A tenant with an administrator (1) and a client.
async fn acme(home: &mut dyn Home) -> (Ledger, Client) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let administrator = User {
        system_administrator: true,
        ..ledger.user(1)
    };
    let client = Client {
        tenant_id: ledger.tenant_id,
        client_id: "cli_0123456789abcdef".parse().unwrap(),
        name: "reports".to_owned(),
        kind: ClientKind::SelfBuilt,
        scopes: vec![SCOPE.to_owned(), "app_engine:seat_assignments:read".to_owned()],
        enabled: true,
    };
    let changes = vec![Change::PutUser(administrator), Change::PutClient(client.clone())];
    ledger.store.change(changes, START_MS).await.unwrap();
    (ledger, client)
}

fn token(ledger: &Ledger, client: &Client, byte: u8, issued_at_ms: i64) -> Token {
    Token {
        token_hash: TokenHash([byte; 32]),
        kind: TokenKind::User,
        tenant_id: Some(ledger.tenant_id),
        client_id: Some(client.client_id.clone()),
        user_id: Some(user_id(1)),
        scopes: vec![SCOPE.to_owned()],
        issued_at_ms,
        expires_at_ms: issued_at_ms + 1_000,
        revoked: false,
    }
}

/// One read tells everything the gateway must know.
pub async fn a_token_is_found_with_everything_around_it(home: &mut dyn Home) {
    let (ledger, client) = acme(home).await;
    let issued = token(&ledger, &client, 7, START_MS);
    assert_eq!(
        ledger.change(Change::IssueToken(issued.clone()), START_MS).await,
        Ok(Effect::Created)
    );
    assert_eq!(ledger.store.token(TokenHash([8; 32])).await, Ok(None));
    let standing = ledger.store.token(TokenHash([7; 32])).await.unwrap().unwrap();
    assert_eq!(standing.token, issued);
    assert_eq!(standing.tenant, Enablement::Enabled);
    assert_eq!(standing.client, Some(client.clone()));
    assert!(standing.user.unwrap().system_administrator);

    let disabled = Client {
        enabled: false,
        ..client
    };
    let changes = vec![
        Change::PutClient(disabled.clone()),
        Change::SetTenantEnabled {
            tenant_id: ledger.tenant_id,
            enabled: false,
        },
    ];
    ledger.store.change(changes, START_MS).await.unwrap();
    let standing = ledger.store.token(TokenHash([7; 32])).await.unwrap().unwrap();
    assert_eq!(
        (standing.tenant, standing.client),
        (Enablement::Disabled, Some(disabled))
    );
}

/// Taken back is taken back, also after a restart.
pub async fn a_revoked_token_stays_revoked(home: &mut dyn Home) {
    let (ledger, client) = acme(home).await;
    ledger
        .change(Change::IssueToken(token(&ledger, &client, 7, START_MS)), START_MS)
        .await
        .unwrap();
    let revoke = || Change::RevokeToken {
        tenant_id: None,
        token_hash: TokenHash([7; 32]),
    };
    assert_eq!(ledger.change(revoke(), START_MS).await, Ok(Effect::Updated));
    assert_eq!(ledger.change(revoke(), START_MS).await, Ok(Effect::Unchanged));
    home.restart().await;
    let standing = home.store().token(TokenHash([7; 32])).await.unwrap().unwrap();
    assert!(standing.token.revoked);
}

/// Another tenant's revocation is like that of a token that does not exist.
pub async fn nobody_revokes_a_foreign_token(home: &mut dyn Home) {
    let (ledger, client) = acme(home).await;
    let other = Ledger::found(home.store(), "other").await;
    ledger
        .change(Change::IssueToken(token(&ledger, &client, 7, START_MS)), START_MS)
        .await
        .unwrap();
    for token_hash in [TokenHash([7; 32]), TokenHash([8; 32])] {
        let revoke = Change::RevokeToken {
            tenant_id: Some(other.tenant_id),
            token_hash,
        };
        assert_eq!(other.change(revoke, START_MS).await, Ok(Effect::Unchanged));
    }
    assert!(
        !ledger
            .store
            .token(TokenHash([7; 32]))
            .await
            .unwrap()
            .unwrap()
            .token
            .revoked
    );
    let foreign = Client {
        tenant_id: other.tenant_id,
        ..client
    };
    assert!(
        other.change(Change::PutClient(foreign), START_MS).await.is_err(),
        "a client id has one owner"
    );
}

/// What an operator sees.
pub async fn tokens_are_listed_newest_first_while_they_are_good(home: &mut dyn Home) {
    let (ledger, client) = acme(home).await;
    for (byte, issued_at_ms) in [(1, START_MS), (2, START_MS + 500), (3, START_MS + 600)] {
        let issue = Change::IssueToken(token(&ledger, &client, byte, issued_at_ms));
        ledger.change(issue, issued_at_ms).await.unwrap();
    }
    let revoke = Change::RevokeToken {
        tenant_id: Some(ledger.tenant_id),
        token_hash: TokenHash([3; 32]),
    };
    ledger.change(revoke, START_MS + 700).await.unwrap();
    let listed = async |tenant_id, now_ms| -> Vec<u8> {
        let tokens = ledger.store.tokens(tenant_id, now_ms, 10).await.unwrap();
        tokens.iter().map(|token| token.token_hash.0[0]).collect()
    };
    assert_eq!(listed(Some(ledger.tenant_id), START_MS + 700).await, [2, 1]);
    assert_eq!(listed(None, START_MS + 1_000).await, [2]);
    assert_eq!(
        listed(Some(usher_seats::TenantId(999)), START_MS + 700).await,
        Vec::<u8>::new()
    );
}
