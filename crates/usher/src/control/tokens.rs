//! `/control/v1/tokens/...`: tokens issued, listed and taken back by the operator.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use usher_http::{edge::draw, manage::token_id};
use usher_identity::{Secret, TokenForm, make_token, token::hash_token};
use usher_seats::{TenantId, TenantKey};
use usher_store::{Change, Client, Effect, Tenant, Token, TokenHash, TokenKind, User};

use super::{
    Control, refusals,
    wire::{
        BearerChoice, IssueAnswer, IssueQuestion, RevokeAnswer, RevokeQuestion, TokenLine, TokensAnswer,
        TokensQuestion,
    },
};
use crate::{failure::Failure, first_run, words};

/// How long a token is good unless somebody says otherwise, in milliseconds: Feishu's two hours.
pub(crate) const TOKEN_LIFE_MS_DEFAULT: i64 = 2 * 60 * 60 * 1_000;
/// How long a token may be good, in milliseconds: a year and time to notice, so that none lasts for ever.
pub(crate) const TOKEN_LIFE_MS_MAX: i64 = 400 * 24 * 60 * 60 * 1_000;
/// Most tokens in a list and most searched for an id; a person reads no more, and memory stays bounded.
const TOKENS_LISTED_MAX: usize = 10_000;
/// Tenants read at once when their keys are wanted.
const TENANTS_PAGE: usize = 500;

/// Issues a token.
pub(crate) async fn answer_issue(
    State(control): State<Arc<Control>>,
    Json(question): Json<IssueQuestion>,
) -> Result<Json<IssueAnswer>, Failure> {
    issue(&control, question).await.map(Json)
}

/// Makes a token and keeps its hash.
///
/// # Errors
/// A failure when the tenant, the user or the client is not there, or as the store.
pub(crate) async fn issue(control: &Control, question: IssueQuestion) -> Result<IssueAnswer, Failure> {
    let life_ms = question.life_ms.clamp(1, TOKEN_LIFE_MS_MAX);
    let tenant = match &question.tenant_key {
        Some(tenant_key) => Some(control.tenant(tenant_key).await?),
        None => None,
    };
    let (form, kind) = match question.bearer {
        BearerChoice::Service => (TokenForm::Service, TokenKind::Service),
        BearerChoice::Operator => (TokenForm::Operator, TokenKind::Operator),
        BearerChoice::Administrator | BearerChoice::User(_) => (TokenForm::User, TokenKind::User),
    };
    let (user, client) = match &tenant {
        Some(tenant) if kind == TokenKind::User => bearer(control, &question, tenant).await?,
        Some(_) => (None, None),
        None if kind != TokenKind::User => (None, None),
        None => return Err(only_service_tokens()),
    };
    let secret = make_token(form, &draw(control.chance.as_ref()));
    let now_ms = control.clock.now_ms();
    let token = Token {
        token_hash: TokenHash(hash_token(&secret)),
        kind,
        tenant_id: tenant.as_ref().map(|tenant| tenant.tenant_id),
        client_id: client.as_ref().map(|client| client.client_id.clone()),
        user_id: user.map(|user| user.user_id),
        scopes: question.scopes,
        issued_at_ms: now_ms,
        expires_at_ms: now_ms.saturating_add(life_ms),
        revoked: false,
    };
    change(control, Change::IssueToken(token.clone())).await?;
    let open = client.map(|client| client.scopes).unwrap_or_default();
    let not_open = token.scopes.iter().filter(|scope| !open.contains(scope));
    Ok(IssueAnswer {
        token: secret.expose().to_owned(),
        scopes_not_open: not_open.cloned().collect(),
        about: line(&token, tenant.map(|tenant| tenant.tenant_key)),
    })
}

/// Complains about a token for every tenant that is not a service token.
pub(crate) fn only_service_tokens() -> Failure {
    Failure::usage(words!(
        "only a service token can be good for every tenant",
        "只有服务令牌可以对所有租户有效"
    ))
}

/// The user and the client of a user token.
async fn bearer(
    control: &Control,
    question: &IssueQuestion,
    tenant: &Tenant,
) -> Result<(Option<User>, Option<Client>), Failure> {
    let tenant_id = tenant.tenant_id;
    let user = match question.bearer {
        BearerChoice::User(user_id) => control.store.user(tenant_id, user_id).await,
        BearerChoice::Administrator | BearerChoice::Service | BearerChoice::Operator => {
            control.store.first_administrator(tenant_id).await
        }
    };
    let user = user?;
    let Some(user) = user else {
        return Err(no_user(question.bearer, &tenant.tenant_key));
    };
    let client = match &question.client_id {
        Some(client_id) => {
            let client = control.store.client(tenant_id, client_id).await;
            client?.ok_or_else(|| {
                Failure::failed(refusals::of_rejection(usher_store::Rejection::ClientUnknown))
            })?
        }
        None => {
            let now_ms = control.clock.now_ms();
            first_run::built_in_client(&*control.store, tenant_id, &*control.chance, now_ms).await?
        }
    };
    Ok((Some(user), Some(client)))
}

fn no_user(bearer: BearerChoice, tenant_key: &TenantKey) -> Failure {
    let words = match bearer {
        BearerChoice::User(user_id) => words!(
            "tenant \"{tenant_key}\" has no user {user_id}",
            "租户“{tenant_key}”没有用户 {user_id}"
        ),
        BearerChoice::Administrator | BearerChoice::Service | BearerChoice::Operator => words!(
            "tenant \"{tenant_key}\" has no enabled system administrator",
            "租户“{tenant_key}”没有启用的系统管理员"
        ),
    };
    Failure::failed(words).next(words!(
        r#"echo '{{"change":"user","user_id":1,"name":"...","system_administrator":true}}' | usher apply - --tenant {tenant_key}"#,
        r#"echo '{{"change":"user","user_id":1,"name":"...","system_administrator":true}}' | usher apply - --tenant {tenant_key}"#
    ))
}

/// Lists the tokens that are good now.
pub(crate) async fn answer_list(
    State(control): State<Arc<Control>>,
    Json(question): Json<TokensQuestion>,
) -> Result<Json<TokensAnswer>, Failure> {
    let tenant_id = match &question.tenant_key {
        Some(tenant_key) => Some(control.tenant(tenant_key).await?.tenant_id),
        None => None,
    };
    let (tokens, has_more) = good_tokens(&control, tenant_id).await?;
    let keys = tenant_keys(&control).await?;
    let tokens = tokens.iter().map(|token| {
        let tenant_key = token
            .tenant_id
            .and_then(|tenant_id| keys.get(&tenant_id).cloned());
        line(token, tenant_key)
    });
    Ok(Json(TokensAnswer {
        tokens: tokens.collect(),
        has_more,
    }))
}

async fn good_tokens(control: &Control, tenant_id: Option<TenantId>) -> Result<(Vec<Token>, bool), Failure> {
    let now_ms = control.clock.now_ms();
    let tokens = control
        .store
        .tokens(tenant_id, now_ms, TOKENS_LISTED_MAX + 1)
        .await;
    let mut tokens = tokens?;
    let has_more = tokens.len() > TOKENS_LISTED_MAX;
    tokens.truncate(TOKENS_LISTED_MAX);
    Ok((tokens, has_more))
}

/// The keys of all tenants by number.
async fn tenant_keys(control: &Control) -> Result<BTreeMap<TenantId, TenantKey>, Failure> {
    let mut keys = BTreeMap::new();
    let mut after = None;
    loop {
        let page = control.store.tenants(after, TENANTS_PAGE).await;
        let page = page?;
        after = page.last().map(|tenant| tenant.tenant_key.clone());
        let whole = page.len() == TENANTS_PAGE;
        keys.extend(
            page.into_iter()
                .map(|tenant| (tenant.tenant_id, tenant.tenant_key)),
        );
        if !whole {
            return Ok(keys);
        }
    }
}

/// Takes a token back.
pub(crate) async fn answer_revoke(
    State(control): State<Arc<Control>>,
    Json(question): Json<RevokeQuestion>,
) -> Result<Json<RevokeAnswer>, Failure> {
    let token_hash = if TokenForm::ISSUED.contains(&TokenForm::of(&question.token)) {
        TokenHash(hash_token(&Secret::new(question.token)))
    } else {
        find(&control, &question.token).await?
    };
    match change(
        &control,
        Change::RevokeToken {
            tenant_id: None,
            token_hash,
        },
    )
    .await?
    {
        Effect::Unchanged => Err(no_token()),
        Effect::Created | Effect::TenantCreated(_) | Effect::Updated | Effect::Waiting(_) => {
            Ok(Json(RevokeAnswer {
                token_id: token_id(&token_hash),
            }))
        }
    }
}

/// Finds a good token by its id.
async fn find(control: &Control, wanted: &str) -> Result<TokenHash, Failure> {
    let (tokens, _) = good_tokens(control, None).await?;
    let found = tokens.iter().find(|token| token_id(&token.token_hash) == wanted);
    found.map(|token| token.token_hash).ok_or_else(no_token)
}

fn no_token() -> Failure {
    Failure::failed(words!(
        "there is no such token, or it is over already",
        "没有该令牌，或其已失效"
    ))
    .next(words!("usher token list", "usher token list"))
}

async fn change(control: &Control, change: Change) -> Result<Effect, Failure> {
    let effects = control.change(vec![change]).await;
    let effects = effects?;
    Ok(effects.first().copied().unwrap_or(Effect::Unchanged))
}

fn line(token: &Token, tenant_key: Option<TenantKey>) -> TokenLine {
    TokenLine {
        token_id: token_id(&token.token_hash),
        kind: token.kind,
        tenant_key,
        client_id: token.client_id.clone(),
        user_id: token.user_id,
        scopes: token.scopes.clone(),
        issued_at_ms: token.issued_at_ms,
        expires_at_ms: token.expires_at_ms,
    }
}
