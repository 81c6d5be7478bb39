//! `POST /consent`: the person allows a client or refuses it.
//!
//! The form brings back the client's request as it came, and everything is checked again as if it came for the first
//! time: between the page and the answer a client may have been switched off, and what a browser sends may not be what
//! the page held.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use usher_store::IdentityChange;

use super::{
    authorize::{Authorization, Reckoned, require_installed},
    authorize_request::Entry,
    destination::Destination,
    page::{self, ConsentPage},
    problem::Problem,
    scope_words,
    session::{FormKind, SignedIn, check_form, form_token, signed_in},
    visit::Visit,
};
use crate::edge::Edge;

/// What a person is asked.
pub(super) struct Asking<'a> {
    /// At which address the client asked.
    pub(super) entry: Entry,
    /// What the client asks.
    pub(super) authorization: &'a Authorization,
    /// Who is asked.
    pub(super) person: &'a SignedIn,
    /// What is new in it.
    pub(super) reckoned: &'a Reckoned,
}

/// The consent page.
pub(super) fn ask(
    edge: &Edge,
    visit: &Visit,
    asking: &Asking<'_>,
    destination: &Destination,
) -> Result<Response, Problem> {
    let Asking {
        entry,
        authorization,
        person,
        reckoned,
    } = asking;
    let client = &authorization.client;
    let redirect_uri = &authorization.request.redirect_uri;
    let shown = ConsentPage {
        frame: visit.frame(visit.texts().consent_title),
        form_token: &form_token(edge, FormKind::Consent, &person.cookie),
        entry: entry.name(),
        query: &visit.query,
        destination: &destination.address(),
        sign_out_token: &form_token(edge, FormKind::Account, &person.cookie),
        client: &client.name,
        foreign: client.tenant_id != person.tenant.tenant_id,
        person: &person.user.name,
        organisation: &person.tenant.name,
        asked: &scope_words::shown(&reckoned.new, visit.language),
        granted: &scope_words::shown(&reckoned.granted, visit.language),
        place: redirect_uri.place(),
    };
    Ok(page::html(
        StatusCode::OK,
        &shown,
        &[redirect_uri.policy_source()],
    ))
}

/// Takes the person's answer.
pub(super) async fn answer(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let person = signed_in(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Consent, Some(&person.cookie))?;
    let entry = Entry::named(visit.form.required("entry")?).ok_or(Problem::FormUnknown)?;
    let query = visit.form.required("query")?;
    let authorization = Authorization::check(&edge, entry, query).await?;
    if !authorization.is_for(&person) {
        return Err(Problem::FormUnknown);
    }
    require_installed(&edge, &authorization.client, &person).await?;
    match visit.form.required("decision")? {
        "allow" => allow(&edge, &visit, &authorization, &person).await,
        "deny" => page::see_other(&authorization.request.denied()),
        _ => Err(Problem::malformed("decision must be allow or deny")),
    }
}

async fn allow(
    edge: &Edge,
    visit: &Visit,
    authorization: &Authorization,
    person: &SignedIn,
) -> Result<Response, Problem> {
    let (tenant_id, user_id) = (person.tenant.tenant_id, person.user.user_id);
    let client_id = &authorization.client.client_id;
    let grant = edge.store.grant(tenant_id, user_id, client_id).await?;
    let reckoned = authorization.reckon(grant.as_ref(), visit.now_ms);
    let mut scopes = reckoned.granted;
    scopes.extend(reckoned.new);
    let granted = IdentityChange::GrantScopes {
        tenant_id,
        user_id,
        client_id: client_id.clone(),
        scopes: authorization.request.scopes.clone(),
    };
    let (location, issued) = authorization.code(edge, person, scopes, visit.now_ms);
    visit.change(edge, user_id, vec![granted.into(), issued]).await?;
    page::see_other(&location)
}
