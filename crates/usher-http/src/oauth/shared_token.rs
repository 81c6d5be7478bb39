//! Tokens that clients get for a tenant, or for themselves, without any person (feishu-open-platform.md, sections 5.5
//! and 6).
//!
//! Within a window of 90 minutes everybody who asks gets the same token, which then has 30 minutes to two hours left;
//! after it a new one, while the old one lives on to its end. A tenant token is derived and kept as a hash like any
//! other; one that was taken back in the meantime is not given again. An app token of a store client is not kept at all.

use usher_identity::{
    Secret, TokenForm,
    derived::{AppToken, TokenWindow, tenant_token},
    make_token,
    token::hash_token,
};
use usher_seats::TenantId;
use usher_store::{Change, StoreError, Token, TokenHash, TokenKind, identity::ClientStanding};

use crate::{
    edge::{Edge, draw},
    oauth::pair::seconds_until,
};

/// Most derived tokens of one window that are tried: taking a tenant token back is rare, and doing it eight times in 90
/// minutes means that somebody wants another kind of help. A drawn token comes after that.
const ATTEMPTS_MAX: u32 = 8;

/// A token and the seconds it has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) token: Secret,
    pub(super) expires_in_seconds: i64,
}

/// The client's token for a tenant; the caller has checked that the client may act there.
pub(super) async fn for_tenant(
    edge: &Edge,
    standing: &ClientStanding,
    tenant_id: TenantId,
) -> Result<Shared, StoreError> {
    let now_ms = edge.clock.now_ms();
    let window = TokenWindow::at(now_ms);
    let client_id = &standing.client.client_id;
    // The newest secret stands first, so whoever rotates it gets another token.
    let epoch = standing
        .secrets
        .first()
        .map_or([0; 32], |secret| secret.secret_hash.0);
    for attempt in 0..ATTEMPTS_MAX {
        let token = tenant_token(&edge.keys, (tenant_id, client_id), &epoch, window, attempt);
        if ensure(edge, standing, tenant_id, &token, window).await? {
            return Ok(shared(token, window, now_ms));
        }
    }
    let token = make_token(TokenForm::Tenant, &draw(edge.chance.as_ref()));
    ensure(edge, standing, tenant_id, &token, window).await?;
    Ok(shared(token, window, now_ms))
}

/// Makes sure that the store knows a token; false when it was taken back.
async fn ensure(
    edge: &Edge,
    standing: &ClientStanding,
    tenant_id: TenantId,
    token: &Secret,
    window: TokenWindow,
) -> Result<bool, StoreError> {
    let token_hash = TokenHash(hash_token(token));
    if let Some(known) = edge.store.token(token_hash).await? {
        return Ok(!known.token.revoked);
    }
    let token = Token {
        token_hash,
        kind: TokenKind::Tenant,
        tenant_id: Some(tenant_id),
        client_id: Some(standing.client.client_id.clone()),
        user_id: None,
        scopes: Vec::new(),
        issued_at_ms: window.begins_at_ms,
        expires_at_ms: window.tokens_expire_at_ms(),
        revoked: false,
    };
    // Somebody else may do the same at the same time: the store keeps one.
    let now_ms = edge.clock.now_ms();
    edge.store.change(vec![Change::IssueToken(token)], now_ms).await?;
    Ok(true)
}

/// A store client's token for itself.
pub(super) fn for_app(edge: &Edge, standing: &ClientStanding) -> Shared {
    let now_ms = edge.clock.now_ms();
    let window = TokenWindow::at(now_ms);
    let token = AppToken {
        client_id: standing.client.client_id.clone(),
        expires_at_ms: window.tokens_expire_at_ms(),
    };
    shared(token.seal(&edge.keys), window, now_ms)
}

fn shared(token: Secret, window: TokenWindow, now_ms: i64) -> Shared {
    Shared {
        token,
        expires_in_seconds: seconds_until(window.tokens_expire_at_ms(), now_ms),
    }
}
