//! Signing in through an organisation's own identity provider, by OpenID Connect.
//!
//! - `GET /sign-in/provider`: asks which organisation, and shows the way to its provider
//! - `GET /sign-in/provider/start`: sends the browser there to sign in
//! - `GET /account/provider`: sends the browser there so that the signed-in person can link an account
//! - `GET /sign-in/provider/callback`: the browser comes back from either
//! - `POST /account/provider/link`, `POST /account/provider/unlink`: the person confirms a link, or takes it away
//!
//! ```text
//! start ── sealed errand in a cookie ──> provider ── code, state, iss ──> callback
//!                                                                           │ code + PKCE verifier -> ID token, checked
//!            signing in: the subject is linked ── second factor, if any ──> signed in, on to where they were going
//!                        the subject is not linked ──> page that says what to do
//!            linking:    the same session ──> page that names both accounts ── confirmed ──> linked
//! ```
//!
//! # Who is who
//! A person of the provider is known by its issuer and the subject it gives them, in one tenant. An e-mail address is
//! never looked at: at many providers people choose it themselves, and addresses change hands. So the first time nobody
//! is known, and somebody has to say who is who. Two ways were open: an unknown subject asks for the password of the
//! account it wants, in the same flow; or whoever is signed in links an account to their own. The second is taken, because
//! there is one place where a link is made, the person sees both names there, and an unknown subject holds nothing
//! that could be carried on. A link is made only in the session in which it was asked for and after a confirmation with
//! a form of ours: without it, somebody who signs a victim's browser in at the provider as themselves could link
//! their own account with the victim's person.
//!
//! # What keeps a stranger out
//! The errand (`errand`) is sealed and sits in this browser's cookie only: state, nonce, PKCE verifier, tenant, issuer, and
//! where to go afterwards. An answer counts once, for ten minutes, in the browser that asked, from the issuer that was
//! asked (`iss` is compared when it is there and required when the provider promises it), and only while that issuer is
//! still the tenant's provider and on. Links are looked up in the errand's tenant, so a tenant's provider can
//! never say who somebody is in another tenant, even where two tenants use the same provider.
//!
//! A person's second factor is asked for here too: they turned it on for their account, not for one way into it.

mod account;
mod callback;
mod client;
mod desk;
mod errand;
mod exchange;
pub mod settings;
mod start;

use std::sync::Arc;

use axum::{Router, routing::get, routing::post};
use usher_store::{Tenant, identity::IdentityProvider};

pub use desk::ProviderDesk;

pub(super) use account::choice_of as account_choice;
pub(super) use start::choice_of as sign_in_choice;

use super::{problem::Problem, visit::page as visited};
use crate::{edge::Edge, language::Language};

/// Where an organisation is asked for.
const PROVIDER_PATH: &str = "/sign-in/provider";
/// Where signing in begins.
const START_PATH: &str = "/sign-in/provider/start";
/// Where linking begins.
const ACCOUNT_PATH: &str = "/account/provider";
/// Where the provider sends the browser back to. Registered at providers: **never change it**.
pub const CALLBACK_PATH: &str = "/sign-in/provider/callback";

/// Makes a route's handler of one that answers a visit.
macro_rules! visited {
    ($handler:path) => {
        |axum::extract::State(edge): axum::extract::State<Arc<Edge>>, request: axum::extract::Request| {
            visited(edge, request, $handler)
        }
    };
}

/// The routes of this room.
pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route(PROVIDER_PATH, get(visited!(start::show)))
        .route(START_PATH, get(visited!(start::sign_in)))
        .route(ACCOUNT_PATH, get(visited!(start::link)))
        .route(CALLBACK_PATH, get(visited!(callback::answer)))
        .route("/account/provider/link", post(visited!(account::link)))
        .route("/account/provider/unlink", post(visited!(account::unlink)))
}

/// The provider of a tenant through which somebody may sign in now.
async fn usable(edge: &Edge, tenant: &Tenant) -> Result<Option<IdentityProvider>, Problem> {
    if !tenant.enabled {
        return Ok(None);
    }
    let provider = edge.store.identity_provider(tenant.tenant_id).await?;
    Ok(provider.filter(|provider| provider.enabled))
}

/// Its name in a language.
fn name_in(provider: &IdentityProvider, language: Language) -> String {
    match (language, &provider.name_chinese) {
        (Language::Chinese, Some(name)) => name.clone(),
        _ => provider.name.clone(),
    }
}
