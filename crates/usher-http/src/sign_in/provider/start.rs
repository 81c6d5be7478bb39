//! The way to a provider.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use form_urlencoded::Serializer;
use usher_seats::TenantKey;
use usher_store::{Tenant, identity::IdentityProvider};

use super::{
    CALLBACK_PATH, PROVIDER_PATH, START_PATH,
    errand::{Aim, Errand},
    name_in, usable,
};
use crate::{
    edge::Edge,
    sign_in::{
        destination::Destination,
        fields::Fields,
        page::{self, Alert, ProviderChoice, ProviderPage},
        problem::Problem,
        session::{form_cookie, signed_in},
        sign_in_form::SIGN_IN_PATH,
        visit::Visit,
    },
};

/// What the sign-in page offers besides a password: the provider of the organisation, or, where that is not known yet,
/// the way to name it.
pub(in crate::sign_in) async fn choice_of(
    edge: &Edge,
    visit: &Visit,
    organisation: Option<&Tenant>,
    destination: &Destination,
) -> Result<Option<ProviderChoice>, Problem> {
    let Some(tenant) = organisation else {
        let pairs = [("destination", destination.address())];
        return Ok(Some(ProviderChoice {
            href: address(PROVIDER_PATH, &pairs),
            name: None,
        }));
    };
    let provider = usable(edge, tenant).await?;
    Ok(provider.map(|provider| choice(visit, tenant, &provider, destination)))
}

fn choice(
    visit: &Visit,
    tenant: &Tenant,
    provider: &IdentityProvider,
    destination: &Destination,
) -> ProviderChoice {
    let pairs = [
        ("organisation", tenant.tenant_key.to_string()),
        ("destination", destination.address()),
    ];
    ProviderChoice {
        href: address(START_PATH, &pairs),
        name: Some(name_in(provider, visit.language)),
    }
}

fn address(path: &str, pairs: &[(&str, String)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

/// What the address says: where to go, and which organisation, if there is such a one.
async fn asked(edge: &Edge, fields: &Fields) -> Result<(Destination, Option<Tenant>), Problem> {
    let destination = Destination::read(fields.text("destination")?.unwrap_or_default());
    let tenant_key = fields.text("organisation")?.unwrap_or_default().trim();
    let tenant = match tenant_key.parse::<TenantKey>() {
        Ok(tenant_key) => edge.store.tenant(&tenant_key).await?,
        Err(_) => None,
    };
    Ok((destination, tenant))
}

/// `GET /sign-in/provider`. An organisation that does not exist looks like one without a provider.
pub(super) async fn show(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let fields = Fields::read(&visit.query);
    let typed = fields.text("organisation")?.unwrap_or_default();
    let (destination, tenant) = asked(&edge, &fields).await?;
    let choice = match &tenant {
        Some(tenant) => choice_of(&edge, &visit, Some(tenant), &destination).await?,
        None => None,
    };
    let missing = choice.is_none() && !typed.is_empty();
    let texts = visit.texts();
    let shown = ProviderPage {
        frame: visit.frame(texts.provider_title),
        destination: &destination.address(),
        typed_organisation: typed,
        choice,
        alert: missing.then_some(Alert::Sentence(texts.provider_missing)),
    };
    let status = if missing {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::OK
    };
    Ok(page::html(status, &shown, &[]))
}

/// `GET /sign-in/provider/start`.
pub(super) async fn sign_in(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let (destination, tenant) = asked(&edge, &Fields::read(&visit.query)).await?;
    let tenant = tenant.ok_or(Problem::ProviderMissing)?;
    let aim = Aim::sign_in(&destination)?;
    send(&edge, &visit, &tenant, aim).await
}

/// `GET /account/provider`.
pub(super) async fn link(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    match signed_in(&edge, &visit).await? {
        Some(person) => send(&edge, &visit, &person.tenant, Aim::link(&person)).await,
        None => page::see_other(SIGN_IN_PATH),
    }
}

/// Sends the browser to the tenant's provider with an errand.
async fn send(edge: &Edge, visit: &Visit, tenant: &Tenant, aim: Aim) -> Result<Response, Problem> {
    let provider = usable(edge, tenant).await?.ok_or(Problem::ProviderMissing)?;
    let base = visit.reached.base.as_ref();
    let base = base.ok_or_else(|| Problem::malformed("Host must name this server"))?;
    let errand = Errand::new(edge, visit, &provider, aim, format!("{base}{CALLBACK_PATH}"));
    let desk = &edge.sign_in.providers;
    let location = desk
        .authorization_address(&provider, &errand, visit.now_ms)
        .await?;
    let mut response = page::found(&location)?;
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, errand.set(edge, visit)?);
    // Six digits may have to be asked for when the browser comes back, and their form needs this cookie.
    if let (_, Some(set)) = form_cookie(edge, visit) {
        headers.append(header::SET_COOKIE, set);
    }
    Ok(response)
}
