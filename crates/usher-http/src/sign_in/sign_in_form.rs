//! `GET /sign-in` and `POST /sign-in`: name and password.
//!
//! An answer must not tell whether there is such an organisation, such a person, or such a person without a password:
//! whatever does not fit is answered with one sentence, one status, and after one hash. What is typed is slowed whether
//! or not it names somebody (`slowing` says how).
//!
//! Whoever has just chosen a password finds their number filled in. A number in the address signs nobody in, and whoever writes
//! a link with another's has only typed it for them.
//!
//! The organisation is not asked for where it is known: from the client that sends the person here, or because there is
//! only one.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use usher_identity::{Purpose, Secret, password::is_too_long};
use usher_seats::{Enablement, TenantId, TenantKey};
use usher_store::{Change, ClientKind, Tenant, User, identity::Credential};

use super::{
    destination::Destination,
    digits::{self, Pending},
    page::{self, Alert, SignInPage},
    problem::Problem,
    provider,
    session::{self, FormKind, check_form, form_cookie, form_token, signed_in},
    slowing::{AccountKey, TooEarly},
    visit::Visit,
};
use crate::edge::Edge;

/// The address of both.
pub(crate) const SIGN_IN_PATH: &str = "/sign-in";
/// Longest name or organisation that is looked at, in bytes; a longer one names nobody.
const TYPED_BYTES_MAX: usize = 256;

/// What a person typed, and why it did not fit.
#[derive(Debug, Default)]
struct Typed<'a> {
    organisation: &'a str,
    name: &'a str,
    alert: Option<Alert>,
}

/// What is known of the organisation before anybody types.
struct Asked {
    client: Option<String>,
    organisation: Option<Tenant>,
    form_targets: Vec<String>,
}

/// `GET /sign-in`.
pub(crate) async fn show(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    if signed_in(&edge, &visit).await?.is_some() {
        return page::see_other(&Destination::Account.address());
    }
    let texts = visit.texts();
    // Whoever writes two of one parameter is shown the empty form.
    let asked = |name| visit.asked.text(name).ok().flatten().unwrap_or_default();
    let short = |name| {
        Some(asked(name))
            .filter(|text| text.len() <= TYPED_BYTES_MAX)
            .unwrap_or_default()
    };
    let (notice, typed) = match asked("done") {
        "password" => {
            let typed = Typed {
                organisation: short("organisation"),
                name: short("name"),
                alert: None,
            };
            (Some(texts.done_password), typed)
        }
        "signed-out" => (Some(texts.done_signed_out), Typed::default()),
        _ => (None, Typed::default()),
    };
    let place = (&Destination::Account, notice);
    respond(&edge, &visit, StatusCode::OK, place, &typed).await
}

/// Where somebody signs in who has just chosen a password, with the number that the page before named filled in. A sign-in
/// name is typed: it is a mail address with most, which addresses of pages do not carry.
pub(super) fn address_after_choosing(organisation: &str, user: &User) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("done", "password");
    if user.external_id.is_none() {
        query.append_pair("organisation", organisation);
        query.append_pair("name", &user.user_id.to_string());
    }
    format!("{SIGN_IN_PATH}?{}", query.finish())
}

/// The sign-in page, for whoever has to sign in before going on to `destination`.
pub(crate) async fn ask(
    edge: &Edge,
    visit: &Visit,
    destination: &Destination,
    notice: Option<&'static str>,
) -> Result<Response, Problem> {
    respond(
        edge,
        visit,
        StatusCode::OK,
        (destination, notice),
        &Typed::default(),
    )
    .await
}

async fn respond(
    edge: &Edge,
    visit: &Visit,
    status: StatusCode,
    (destination, notice): (&Destination, Option<&'static str>),
    typed: &Typed<'_>,
) -> Result<Response, Problem> {
    let asked = asked(edge, destination).await?;
    let (cookie, set) = form_cookie(edge, visit);
    let shown = SignInPage {
        frame: visit.frame(visit.texts().sign_in_title),
        form_token: &form_token(edge, FormKind::SignIn, &cookie),
        destination: &destination.address(),
        client: asked.client.as_deref(),
        organisation: asked.organisation.as_ref().map(|tenant| tenant.name.as_str()),
        asks_organisation: asked.organisation.is_none(),
        typed_organisation: typed.organisation,
        typed_name: typed.name,
        provider: provider::sign_in_choice(edge, visit, asked.organisation.as_ref(), destination).await?,
        notice,
        alert: typed.alert,
    };
    let mut response = page::html(status, &shown, &asked.form_targets);
    if let Some(set) = set {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    Ok(response)
}

/// What is known of where the person is going.
async fn asked(edge: &Edge, destination: &Destination) -> Result<Asked, Problem> {
    let Some(request) = destination.request() else {
        return Ok(Asked {
            client: None,
            organisation: only_tenant(edge).await?,
            form_targets: Vec::new(),
        });
    };
    let standing = edge.store.client_standing(&request.client_id).await?;
    let organisation = match &standing {
        Some(standing) if standing.client.kind == ClientKind::SelfBuilt => {
            edge.store.tenant_by_id(standing.client.tenant_id).await?
        }
        _ => only_tenant(edge).await?,
    };
    Ok(Asked {
        client: standing.map(|standing| standing.client.name),
        organisation,
        form_targets: vec![request.redirect_uri.policy_source()],
    })
}

/// The only tenant there is, if there is only one.
async fn only_tenant(edge: &Edge) -> Result<Option<Tenant>, Problem> {
    let mut tenants = edge.store.tenants(None, 2).await?;
    let only = tenants.pop().filter(|_| tenants.is_empty());
    Ok(only)
}

/// `POST /sign-in`.
pub(crate) async fn answer(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let cookie = visit.secret(super::cookies::Cookie::Form);
    check_form(&edge, &visit, FormKind::SignIn, cookie.as_ref())?;
    let destination = Destination::read(visit.form.text("destination")?.unwrap_or_default());
    let organisation = visit.form.text("organisation")?.unwrap_or_default().trim();
    let name = visit.form.text("name")?.unwrap_or_default().trim();
    let password = Secret::new(visit.form.text("password")?.unwrap_or_default());
    let typed = |alert| Typed {
        organisation,
        name,
        alert: Some(alert),
    };

    let tenant_id = tenant_typed(&edge, &destination, organisation).await?;
    let account = account_key(&edge, tenant_id, organisation, name);
    if let Err(TooEarly { wait_ms }) =
        edge.sign_in
            .slowing
            .begin(account, visit.reached.address.into(), visit.now_ms)
    {
        return slowed(&edge, &visit, &destination, &typed(Alert::Slow(seconds(wait_ms)))).await;
    }
    let credential = match tenant_id {
        Some(tenant_id) if name.len() <= TYPED_BYTES_MAX => edge.store.credential(tenant_id, name).await?,
        _ => None,
    };
    let Some(credential) = judged(&edge, credential, password).await? else {
        let alert = Alert::Sentence(visit.texts().sign_in_wrong);
        let place = (&destination, None);
        return respond(&edge, &visit, StatusCode::FORBIDDEN, place, &typed(alert)).await;
    };
    if credential.totp_sealed.is_some() {
        let pending = Pending::new(&credential, account, &destination, visit.now_ms);
        return digits::ask(&edge, &visit, &pending, None);
    }
    finish(&edge, &visit, &credential, account, &destination, Vec::new()).await
}

/// The credential if its person may sign in with this password; always after one hash.
async fn judged(
    edge: &Edge,
    credential: Option<Credential>,
    password: Secret,
) -> Result<Option<Credential>, Problem> {
    let phc = credential
        .as_ref()
        .and_then(|credential| credential.password_hash.clone());
    let too_long = is_too_long(&password);
    let phc = phc.filter(|_| !too_long);
    let password = if too_long { Secret::new("") } else { password };
    let matches = edge.sign_in.passwords.matches(password, phc).await?;
    let may = |credential: &Credential| {
        matches && credential.user.enabled && credential.tenant == Enablement::Enabled
    };
    Ok(credential.filter(may))
}

/// Signs the person in: a new session, made durable before the browser hears of it.
pub(crate) async fn finish(
    edge: &Edge,
    visit: &Visit,
    credential: &Credential,
    account: AccountKey,
    destination: &Destination,
    mut changes: Vec<Change>,
) -> Result<Response, Problem> {
    let user = &credential.user;
    let (opened, set) = session::open(edge, visit, (user.tenant_id, user));
    changes.extend(opened);
    visit.change(edge, user.user_id, changes).await?;
    edge.sign_in
        .slowing
        .forgive(&account, visit.reached.address.into(), visit.now_ms);
    let mut response = page::see_other(&destination.address())?;
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, set);
    headers.append(
        header::SET_COOKIE,
        super::cookies::Cookie::Form.forget(visit.reached.secure),
    );
    Ok(response)
}

async fn slowed(
    edge: &Edge,
    visit: &Visit,
    destination: &Destination,
    typed: &Typed<'_>,
) -> Result<Response, Problem> {
    let place = (destination, None);
    let mut response = respond(edge, visit, StatusCode::TOO_MANY_REQUESTS, place, typed).await?;
    if let Some(Alert::Slow(seconds)) = typed.alert {
        page::retry_after(&mut response, seconds);
    }
    Ok(response)
}

/// Whole seconds, never fewer than it takes.
pub(crate) fn seconds(wait_ms: i64) -> i64 {
    (wait_ms + 999) / 1_000
}

/// The tenant a person signs in to, if there is such a one.
async fn tenant_typed(
    edge: &Edge,
    destination: &Destination,
    organisation: &str,
) -> Result<Option<TenantId>, Problem> {
    if let Some(known) = asked(edge, destination).await?.organisation {
        return Ok(Some(known.tenant_id));
    }
    let Ok(tenant_key) = organisation.parse::<TenantKey>() else {
        return Ok(None);
    };
    let tenant = edge.store.tenant(&tenant_key).await?;
    Ok(tenant.map(|tenant| tenant.tenant_id))
}

/// What was typed as a hash; a known organisation by its number, however it came to be known.
fn account_key(edge: &Edge, tenant_id: Option<TenantId>, organisation: &str, name: &str) -> AccountKey {
    let number = tenant_id.map(|tenant_id| tenant_id.0.to_be_bytes());
    let organisation = number
        .as_ref()
        .map_or(organisation.as_bytes(), |number| number.as_slice());
    edge.keys
        .mac(Purpose::FormToken, &[b"account", organisation, name.as_bytes()])
}
