//! Operators at the console.
//!
//! - `GET` and `POST /console/operator`: signing in with an operator token, and out again
//! - `GET` and `POST /console/organisations`: which organisation is looked at
//!
//! An operator is no person of any organisation, so there is no session to keep. The browser carries the hash of the token
//! and an end, sealed; whether the token is good is asked with every page, so a token that is revoked ends its visits at once.
//! The organisation looked at is another cookie: it grants nothing, and is looked up anew with every page.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use usher_identity::{Purpose, Secret, TokenForm, sealed, token::hash_token};
use usher_seats::{TenantKey, search::SearchText};
use usher_store::{Tenant, TokenHash, TokenKind};

use crate::{
    edge::{Edge, draw},
    sign_in::{
        cookies::Cookie,
        page::{self, Alert, OperatorPage, OrganisationsPage},
        problem::Problem,
        session::{FormKind, SESSION_LIFE_MS, check_form, form_cookie, form_token},
        visit::Visit,
    },
};

/// Where an operator signs in.
pub(super) const OPERATOR_PATH: &str = "/console/operator";
/// Where an operator chooses an organisation.
pub(super) const ORGANISATIONS_PATH: &str = "/console/organisations";
/// What is sealed here and nowhere else.
const BELONGING: &[u8] = b"operator visit";
/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// Organisations of a page.
const ROWS: usize = 50;
/// Most organisations that are looked at for a page of a search; the next page goes on.
const LOOKED_AT_MAX: usize = 2_000;
/// Organisations read at once.
const AT_ONCE: usize = 500;

/// An operator who is signed in.
#[derive(Debug)]
pub(crate) struct Operator {
    /// What the audit log calls them: the beginning of the token's hash.
    pub(crate) name: String,
    /// What the cookie holds.
    pub(crate) cookie: Secret,
}

impl Operator {
    /// The operator of this visit, if one is signed in.
    pub(crate) async fn of(edge: &Edge, visit: &Visit) -> Result<Option<Self>, Problem> {
        let Some(cookie) = visit.cookie(Cookie::Operator) else {
            return Ok(None);
        };
        let Some(token_hash) = unsealed(edge, visit, cookie) else {
            return Ok(None);
        };
        let good = is_good(edge, visit, token_hash).await?;
        Ok(good.then(|| Self {
            name: token_hash.token_id(),
            cookie: Secret::new(cookie),
        }))
    }

    /// The organisation this browser looks at.
    pub(super) async fn organisation(edge: &Edge, visit: &Visit) -> Result<Option<Tenant>, Problem> {
        let chosen = visit.cookie(Cookie::Organisation);
        match chosen.and_then(|text| text.parse::<TenantKey>().ok()) {
            Some(tenant_key) => Ok(edge.store.tenant(&tenant_key).await?),
            None => Ok(None),
        }
    }
}

fn unsealed(edge: &Edge, visit: &Visit, cookie: &str) -> Option<TokenHash> {
    let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let key = edge.keys.key(Purpose::OperatorVisit);
    let content = sealed::open(&key, &bytes, &[BELONGING]).ok()?;
    let (hash, end) = content.split_first_chunk::<HASH_BYTES>()?;
    let end_ms = i64::from_be_bytes(end.try_into().ok()?);
    (visit.now_ms < end_ms).then_some(TokenHash(*hash))
}

fn sealed_for(edge: &Edge, visit: &Visit, token_hash: TokenHash) -> Result<HeaderValue, Problem> {
    let end_ms = visit.now_ms.saturating_add(SESSION_LIFE_MS);
    let content = [&token_hash.0[..], &end_ms.to_be_bytes()].concat();
    let key = edge.keys.key(Purpose::OperatorVisit);
    let bytes = sealed::seal(&key, &content, &[BELONGING], draw(edge.chance.as_ref()));
    let text = URL_SAFE_NO_PAD.encode(bytes.map_err(Problem::internal)?);
    let life_seconds = Some(SESSION_LIFE_MS / 1_000);
    Ok(Cookie::Operator.set(&text, life_seconds, visit.reached.secure))
}

async fn is_good(edge: &Edge, visit: &Visit, token_hash: TokenHash) -> Result<bool, Problem> {
    let standing = edge.store.token(token_hash).await?;
    Ok(standing.is_some_and(|standing| {
        let token = standing.token;
        token.kind == TokenKind::Operator && !token.revoked && visit.now_ms < token.expires_at_ms
    }))
}

/// `GET /console/operator`.
pub(super) async fn show(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    ask(&edge, &visit, StatusCode::OK, None).await
}

async fn ask(
    edge: &Edge,
    visit: &Visit,
    status: StatusCode,
    alert: Option<Alert>,
) -> Result<Response, Problem> {
    let (cookie, set) = form_cookie(edge, visit);
    let shown = OperatorPage {
        frame: visit.frame(visit.texts().operator_title),
        form_token: &form_token(edge, FormKind::SignIn, &cookie),
        signed_in: Operator::of(edge, visit).await?.is_some(),
        prefix: TokenForm::Operator.prefix(),
        alert,
    };
    let mut response = page::html(status, &shown, &[]);
    if let Some(set) = set {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    Ok(response)
}

/// `POST /console/operator`: signs in, or out where the form says so.
pub(super) async fn answer(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let cookie = visit.secret(Cookie::Form);
    check_form(&edge, &visit, FormKind::SignIn, cookie.as_ref())?;
    let secure = visit.reached.secure;
    if visit.form.text("leave")?.is_some() {
        let mut response = page::see_other(OPERATOR_PATH)?;
        for cookie in [Cookie::Operator, Cookie::Organisation] {
            response
                .headers_mut()
                .append(header::SET_COOKIE, cookie.forget(secure));
        }
        return Ok(response);
    }
    let offered = Secret::new(visit.form.text("token")?.unwrap_or_default().trim());
    let token_hash = TokenHash(hash_token(&offered));
    if !is_good(&edge, &visit, token_hash).await? {
        let alert = Some(Alert::Sentence(visit.texts().operator_wrong));
        return ask(&edge, &visit, StatusCode::FORBIDDEN, alert).await;
    }
    let mut response = page::see_other(ORGANISATIONS_PATH)?;
    let set = sealed_for(&edge, &visit, token_hash)?;
    response.headers_mut().append(header::SET_COOKIE, set);
    Ok(response)
}

/// `GET /console/organisations`.
pub(super) async fn list(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let Some(operator) = Operator::of(&edge, &visit).await? else {
        return page::see_other(OPERATOR_PATH);
    };
    let wanted = visit.asked.text("q")?.unwrap_or_default().trim().to_owned();
    let after = visit.asked.text("after")?.and_then(|text| text.parse().ok());
    let (tenants, next) = found(&edge, SearchText::parse(&wanted), after).await?;
    let next = next
        .map(|key| super::address::address(ORGANISATIONS_PATH, &[("q", &wanted), ("after", key.as_str())]));
    let shown = OrganisationsPage {
        frame: visit.frame(visit.texts().organisations_title),
        form_token: &form_token(&edge, FormKind::Console, &operator.cookie),
        wanted: &wanted,
        tenants,
        next,
    };
    Ok(page::html(StatusCode::OK, &shown, &[]))
}

/// Organisations whose key or name fits, in order of the key, and where the next page begins.
async fn found(
    edge: &Edge,
    text: Option<SearchText>,
    mut after: Option<TenantKey>,
) -> Result<(Vec<Tenant>, Option<TenantKey>), Problem> {
    let mut fitting = Vec::new();
    for _ in 0..LOOKED_AT_MAX / AT_ONCE {
        let tenants = edge.store.tenants(after.clone(), AT_ONCE).await?;
        let all_seen = tenants.len() < AT_ONCE;
        for tenant in tenants {
            if fitting.len() >= ROWS {
                return Ok((fitting, after));
            }
            after = Some(tenant.tenant_key.clone());
            let fits = |text: &SearchText| text.fits(&tenant.name, Some(tenant.tenant_key.as_str()));
            if text.as_ref().is_none_or(fits) {
                fitting.push(tenant);
            }
        }
        if all_seen {
            return Ok((fitting, None));
        }
    }
    Ok((fitting, after))
}

/// `POST /console/organisations`: looks at one.
pub(super) async fn choose(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let operator = Operator::of(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Console, Some(&operator.cookie))?;
    let wanted = visit.form.text("organisation")?.unwrap_or_default();
    let tenant = match wanted.parse::<TenantKey>() {
        Ok(tenant_key) => edge.store.tenant(&tenant_key).await?,
        Err(_) => None,
    };
    let Some(tenant) = tenant else {
        return page::see_other(ORGANISATIONS_PATH);
    };
    let mut response = page::see_other("/console")?;
    let set = Cookie::Organisation.set(tenant.tenant_key.as_str(), None, visit.reached.secure);
    response.headers_mut().append(header::SET_COOKIE, set);
    Ok(response)
}
