//! What a browser carries to a provider and back: sealed, in a cookie of this browser, good for one answer.
//!
//! Nothing is kept on the server for somebody who has only asked for the way, so asking a million times fills no
//! memory, and a restart loses nobody's errand.

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use usher_identity::{Purpose, Secret, sealed};
use usher_seats::TenantId;
use usher_store::identity::IdentityProvider;

use crate::{
    edge::{Edge, draw},
    sign_in::{
        cookies::Cookie,
        destination::Destination,
        problem::Problem,
        session::{SignedIn, secret_hash},
        visit::{Visit, new_secret},
    },
};

/// How long a person may take at the provider, in milliseconds: passwords are looked up, second factors fetched.
const ERRAND_LIFE_MS: i64 = 10 * 60 * 1_000;
/// Longest address to go on to, in bytes: a cookie holds some 4,000 bytes, and two thirds of them are left for it.
const DESTINATION_BYTES_MAX: usize = 2_000;
/// What is sealed here and nowhere else.
const BELONGING: &[u8] = b"errand";

/// What somebody goes to a provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Aim {
    /// To sign in and go on.
    SignIn {
        /// A page of ours.
        destination: String,
    },
    /// To link an account with the person of this session.
    Link {
        /// Its hash.
        session_hash: [u8; 32],
    },
}

impl Aim {
    /// To sign in and go on.
    ///
    /// # Errors
    /// [`Problem::Malformed`] when the address is longer than a cookie can hold.
    pub(super) fn sign_in(destination: &Destination) -> Result<Self, Problem> {
        let destination = destination.address();
        if destination.len() > DESTINATION_BYTES_MAX {
            return Err(Problem::malformed(format!(
                "the request is longer than {DESTINATION_BYTES_MAX} bytes, too long for signing in through a provider"
            )));
        }
        Ok(Self::SignIn { destination })
    }

    /// To link an account with a person.
    pub(super) fn link(person: &SignedIn) -> Self {
        Self::Link {
            session_hash: secret_hash(&person.cookie).0,
        }
    }
}

/// What must be known when the browser comes back.
#[derive(Serialize, Deserialize)]
pub(super) struct Errand {
    /// What for.
    pub(super) aim: Aim,
    /// In which tenant.
    pub(super) tenant_id: TenantId,
    /// At which provider.
    pub(super) issuer: String,
    /// Comes back in the address.
    pub(super) state: String,
    /// Comes back in the ID token.
    pub(super) nonce: String,
    /// Shown when the code is redeemed.
    pub(super) verifier: String,
    /// Where the browser was told to come back to.
    pub(super) redirect_uri: String,
    expires_at_ms: i64,
}

impl Errand {
    /// A new errand with fresh secrets.
    pub(super) fn new(
        edge: &Edge,
        visit: &Visit,
        provider: &IdentityProvider,
        aim: Aim,
        redirect_uri: String,
    ) -> Self {
        let secret = || new_secret(edge).expose().to_owned();
        Self {
            aim,
            tenant_id: provider.tenant_id,
            issuer: provider.issuer.clone(),
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            redirect_uri,
            expires_at_ms: visit.now_ms.saturating_add(ERRAND_LIFE_MS),
        }
    }

    /// The header that gives it to the browser.
    pub(super) fn set(&self, edge: &Edge, visit: &Visit) -> Result<HeaderValue, Problem> {
        let content = serde_json::to_vec(self).map_err(Problem::internal)?;
        let key = edge.keys.key(Purpose::IdentityProviderErrand);
        let bytes = sealed::seal(&key, &content, &[BELONGING], draw(edge.chance.as_ref()));
        let text = URL_SAFE_NO_PAD.encode(bytes.map_err(Problem::internal)?);
        Ok(Cookie::Errand.set(&text, Some(ERRAND_LIFE_MS / 1_000), visit.reached.secure))
    }

    /// The errand of this browser that an answer with this state belongs to, if there is one and it is in time.
    pub(super) fn of(edge: &Edge, visit: &Visit, state: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(visit.cookie(Cookie::Errand)?).ok()?;
        let key = edge.keys.key(Purpose::IdentityProviderErrand);
        let content = sealed::open(&key, &bytes, &[BELONGING]).ok()?;
        let errand: Self = serde_json::from_slice(&content).ok()?;
        let belongs = Secret::new(errand.state.as_str()).matches(state.as_bytes());
        (belongs && visit.now_ms < errand.expires_at_ms).then_some(errand)
    }
}
