//! `GET /link/{secret}` and `POST /link/{secret}`: choosing a password with a one-time link.
//!
//! The link is the proof: an administrator, or whoever starts the server, hands it to the person. So it also takes away a
//! second factor whose device is lost, if the person asks for that. Looking at it does not spend it, because mail
//! programs look at links; choosing the password does, in one transaction with the password.
//!
//! A link that was used, is too old or never was looks the same, and its secret part is in no log: log lines name the
//! route and never the address.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use usher_identity::{Secret, hash_secret};
use usher_seats::{Enablement, TenantId, UserId};
use usher_store::{
    Author, Change, IdentityChange, Store, StoreError, Tenant, TokenHash,
    identity::{Credential, Link, LinkPurpose},
};

use super::{
    cookies::Cookie,
    page::{self, Alert, ChoosePasswordPage},
    password::{flaw, login_of},
    problem::Problem,
    session::{FormKind, check_form, form_cookie, form_token, secret_hash},
    sign_in_form,
    visit::Visit,
};
use crate::edge::{Chance, Edge, draw};

/// How long a link works, in milliseconds.
pub const LINK_LIFE_MS: i64 = 30 * 60 * 1_000;
/// The route; the secret part is 43 characters of base64url.
pub(super) const LINK_ROUTE: &str = "/link/{secret}";

/// Makes a link with which a person may choose a password, for `author` at `now_ms`, and gives its path.
///
/// # Errors
/// As the store's; [`usher_store::Rejection::UserUnknown`] when there is no such person.
pub async fn make_link(
    store: &dyn Store,
    chance: &dyn Chance,
    (tenant_id, user_id): (TenantId, UserId),
    (author, now_ms): (Author, i64),
) -> Result<Secret, StoreError> {
    let secret = usher_identity::make_secret(&draw(chance));
    let link = Link {
        link_hash: secret_hash(&secret),
        purpose: LinkPurpose::ChoosePassword,
        tenant_id,
        user_id,
        expires_at_ms: now_ms.saturating_add(LINK_LIFE_MS),
    };
    store
        .change_by(author, vec![IdentityChange::MakeLink(link).into()], now_ms)
        .await?;
    Ok(Secret::new(format!("/link/{}", secret.expose())))
}

/// A link that works, with the person it is for.
struct Offered {
    link_hash: TokenHash,
    path: String,
    tenant: Tenant,
    credential: Credential,
}

/// Finds the link.
///
/// # Errors
/// [`Problem::LinkOver`] whatever is the matter with it, or with its person.
async fn offered(edge: &Edge, secret: &str, now_ms: i64) -> Result<Offered, Problem> {
    let link_hash = TokenHash(hash_secret(secret).ok_or(Problem::LinkOver)?);
    let link = edge.store.link(link_hash).await?;
    let link = link
        .filter(|link| link.purpose == LinkPurpose::ChoosePassword && now_ms < link.expires_at_ms)
        .ok_or(Problem::LinkOver)?;
    let credential = edge.store.credential_of(link.tenant_id, link.user_id).await?;
    let may = |credential: &Credential| credential.user.enabled && credential.tenant == Enablement::Enabled;
    let tenant = edge.store.tenant_by_id(link.tenant_id).await?;
    Ok(Offered {
        link_hash,
        path: format!("/link/{secret}"),
        tenant: tenant.ok_or(Problem::LinkOver)?,
        credential: credential.filter(may).ok_or(Problem::LinkOver)?,
    })
}

/// `GET`: the page.
pub(super) async fn show(edge: Arc<Edge>, visit: Arc<Visit>, secret: String) -> Result<Response, Problem> {
    let offered = offered(&edge, &secret, visit.now_ms).await?;
    respond(&edge, &visit, &offered, None)
}

fn respond(
    edge: &Edge,
    visit: &Visit,
    offered: &Offered,
    flaw: Option<&'static str>,
) -> Result<Response, Problem> {
    let (cookie, set) = form_cookie(edge, visit);
    let shown = ChoosePasswordPage {
        frame: visit.frame(visit.texts().choose_title),
        form_token: &form_token(edge, FormKind::ChoosePassword, &cookie),
        action: &offered.path,
        person: &offered.credential.user.name,
        organisation: offered.tenant.tenant_key.as_str(),
        login: &login_of(&offered.credential.user),
        has_second_factor: offered.credential.totp_sealed.is_some(),
        alert: flaw.map(Alert::Sentence),
    };
    let status = if flaw.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = page::html(status, &shown, &[]);
    if let Some(set) = set {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    Ok(response)
}

/// `POST`: the password.
pub(super) async fn choose(edge: Arc<Edge>, visit: Arc<Visit>, secret: String) -> Result<Response, Problem> {
    let cookie = visit.secret(Cookie::Form);
    check_form(&edge, &visit, FormKind::ChoosePassword, cookie.as_ref())?;
    let offered = offered(&edge, &secret, visit.now_ms).await?;
    let user = &offered.credential.user;
    let password = Secret::new(visit.form.text("password")?.unwrap_or_default());
    let again = Secret::new(visit.form.text("again")?.unwrap_or_default());
    if let Some(flaw) = flaw(&visit, (user, &offered.tenant), &password, &again) {
        return respond(&edge, &visit, &offered, Some(flaw));
    }
    let phc = edge
        .sign_in
        .passwords
        .hash(password, draw(edge.chance.as_ref()))
        .await?;
    let (tenant_id, user_id) = (user.tenant_id, user.user_id);
    let mut changes: Vec<Change> = vec![
        IdentityChange::SpendLink {
            link_hash: offered.link_hash,
        }
        .into(),
        IdentityChange::SetPassword {
            tenant_id,
            user_id,
            password_hash: Some(phc),
        }
        .into(),
    ];
    if visit.form.text("remove_second_factor")?.is_some() {
        changes.push(
            IdentityChange::SetTotp {
                tenant_id,
                user_id,
                totp_sealed: None,
            }
            .into(),
        );
    }
    match visit.change(&edge, user_id, changes).await.map_err(Problem::from) {
        Err(Problem::Spent) => Err(Problem::LinkOver),
        Err(problem) => Err(problem),
        Ok(_) => {
            let tenant_key = offered.tenant.tenant_key.as_str();
            page::see_other(&sign_in_form::address_after_choosing(tenant_key, user))
        }
    }
}
