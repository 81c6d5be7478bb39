//! `GET /sign-in/provider/callback`: the browser comes back.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use usher_identity::{Purpose, Secret};
use usher_seats::Enablement;
use usher_store::identity::{Credential, IdentityProvider};

use super::{
    account,
    errand::{Aim, Errand},
    exchange::{Account, Answer},
    name_in, usable,
};
use crate::{
    edge::Edge,
    sign_in::{
        cookies::Cookie,
        destination::Destination,
        digits::{self, Pending},
        fields::Fields,
        page::{self, NotLinkedPage},
        problem::Problem,
        session,
        visit::Visit,
    },
};

/// Answers, and takes the errand away from the browser once its answer was looked at, whatever came of it.
pub(super) async fn answer(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let fields = Fields::read(&visit.query);
    let state = fields.text("state")?.unwrap_or_default();
    let errand = Errand::of(&edge, &visit, state).ok_or(Problem::ProviderAnswer)?;
    let mut response = match settle(&edge, &visit, &fields, errand).await {
        Ok(response) => response,
        Err(problem) => problem.response(&visit),
    };
    let forget = Cookie::Errand.forget(visit.reached.secure);
    response.headers_mut().append(header::SET_COOKIE, forget);
    Ok(response)
}

async fn settle(edge: &Edge, visit: &Visit, fields: &Fields, errand: Errand) -> Result<Response, Problem> {
    let tenant = edge.store.tenant_by_id(errand.tenant_id).await?;
    let tenant = tenant.ok_or(Problem::ProviderMissing)?;
    let provider = usable(edge, &tenant).await?;
    let provider = provider
        .filter(|provider| provider.issuer == errand.issuer)
        .ok_or(Problem::ProviderMissing)?;
    let issuer = fields.text("iss")?;
    if issuer.is_some_and(|issuer| issuer != provider.issuer) {
        return Err(Problem::ProviderAnswer);
    }
    if let Some(error) = fields.text("error")? {
        return Err(Problem::ProviderRefused {
            error: error.to_owned(),
        });
    }
    let code = fields.required("code")?;
    let answer = Answer { code, issuer };
    let desk = &edge.sign_in.providers;
    let found = desk
        .redeem(edge, &provider, (&errand, &answer), visit.now_ms)
        .await?;
    match &errand.aim {
        Aim::SignIn { destination } => {
            sign_in(edge, visit, &provider, &found, &Destination::read(destination)).await
        }
        Aim::Link { session_hash } => account::confirm(edge, visit, &provider, &found, session_hash).await,
    }
}

/// Signs in whoever is linked with the account.
async fn sign_in(
    edge: &Edge,
    visit: &Visit,
    provider: &IdentityProvider,
    found: &Account,
    destination: &Destination,
) -> Result<Response, Problem> {
    let linked = edge
        .store
        .linked_person(provider.tenant_id, &provider.issuer, &found.subject)
        .await?;
    let may = |credential: &Credential| credential.user.enabled && credential.tenant == Enablement::Enabled;
    let Some(credential) = linked.filter(may) else {
        return Ok(not_linked(visit, provider, found, destination));
    };
    let user = &credential.user;
    if credential.totp_sealed.is_some() {
        let parts = [
            b"digits".as_slice(),
            &user.tenant_id.0.to_be_bytes(),
            &user.user_id.get().to_be_bytes(),
        ];
        let account = edge.keys.mac(Purpose::FormToken, &parts);
        let pending = Pending::new(&credential, account, destination, visit.now_ms);
        return digits::ask(edge, visit, &pending, None);
    }
    let (changes, set) = session::open(edge, visit, (user.tenant_id, user));
    visit.change(edge, user.user_id, changes).await?;
    let mut response = page::found(&destination.address())?;
    response.headers_mut().append(header::SET_COOKIE, set);
    Ok(response)
}

/// Nobody here has this account, or nobody who may sign in: the two look the same.
fn not_linked(
    visit: &Visit,
    provider: &IdentityProvider,
    found: &Account,
    destination: &Destination,
) -> Response {
    let back = match destination {
        Destination::Account => None,
        Destination::Console(_) | Destination::Authorize { .. } => Some(destination.address()),
    };
    let shown = NotLinkedPage {
        frame: visit.frame(visit.texts().provider_unlinked_title),
        provider: &name_in(provider, visit.language),
        account: &found.shown,
        back: back.as_deref(),
    };
    page::html(StatusCode::FORBIDDEN, &shown, &[])
}

/// True when two hashes of a session are the same.
pub(super) fn same(hash: &[u8; 32], cookie: &Secret) -> bool {
    session::secret_hash(cookie).0 == *hash
}
