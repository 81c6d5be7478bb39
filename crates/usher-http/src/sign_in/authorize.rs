//! `GET /open-apis/authen/v1/authorize` and its old form: a client sends a person here for a code.
//!
//! ```text
//! request ── malformed, client or address unknown, switched off, scope not opened ──> page with the reason
//!    │
//!    ├─ nobody signed in, or somebody of another organisation ──> sign-in page, then back here
//!    ├─ a store client that the person's organisation has not installed ──> page with the reason
//!    ├─ something new is asked, or asking is wanted ──> consent page ── refused ──> back with access_denied
//!    │                                                        └─ allowed ─┐
//!    └─ all of it was granted within the last year ───────────────────────┴─> back with a code
//! ```
//!
//! Grants accumulate, as the documents have it: a token carries everything the person has granted the client so far, as
//! far as the client still has it opened. One scope does not accumulate: `offline_access` must be asked for each time,
//! because a refresh token nobody asked for is one more thing to lose.
//!
//! A program without a secret that comes back to a port of the person's machine, or to a scheme of its own, may be any
//! program that says it is that one. So what was granted to it before is asked again each time: else whatever runs on
//! the machine could fetch tokens without anybody noticing (RFC 8252, section 8.6).

use std::sync::Arc;

use axum::response::Response;
use usher_identity::{redirect_uri::is_registered, scope_list::OFFLINE_ACCESS};
use usher_seats::Enablement;
use usher_store::{
    Change, Client, ClientKind, IdentityChange,
    identity::{AuthorizationCode, FamilyId, Grant},
};

use super::{
    authorize_request::{AuthorizeRequest, Entry},
    consent,
    destination::Destination,
    page,
    problem::Problem,
    session::{SignedIn, secret_hash, signed_in},
    sign_in_form,
    visit::{Visit, new_secret},
};
use crate::edge::{Edge, draw};

/// How long a code lives, in milliseconds (feishu-open-platform.md, section 5.1).
pub const CODE_LIFE_MS: i64 = 5 * 60 * 1_000;
/// How long a grant is remembered, in milliseconds: after 365 days the person is asked again, when refreshing ends too
/// (feishu-open-platform.md, section 5.2).
pub const GRANT_LIFE_MS: i64 = 365 * 24 * 60 * 60 * 1_000;

/// A request that the client may make.
#[derive(Debug)]
pub(super) struct Authorization {
    /// What is asked.
    pub(super) request: AuthorizeRequest,
    /// Who asks.
    pub(super) client: Client,
    /// True when any program of the person's machine could ask so.
    unproven: bool,
}

/// What a grant makes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reckoned {
    /// Scopes the person has not granted yet.
    pub(super) new: Vec<String>,
    /// Scopes granted before that a token will carry too.
    pub(super) granted: Vec<String>,
    /// True when the person has to be asked.
    pub(super) needs_consent: bool,
}

impl Authorization {
    /// Reads a request and makes sure that the client may make it.
    ///
    /// # Errors
    /// A [`Problem`] for the first thing that is not right.
    pub(super) async fn check(edge: &Edge, entry: Entry, query: &str) -> Result<Self, Problem> {
        let request = AuthorizeRequest::read(entry, query)?;
        let unknown = || Problem::RedirectUnknown {
            offered: request.redirect_uri.as_str().to_owned(),
        };
        let standing = edge.store.client_standing(&request.client_id).await?;
        let standing = standing.ok_or_else(unknown)?;
        let registered = standing.registration.redirect_uris.iter().map(String::as_str);
        if !is_registered(&request.redirect_uri, registered) {
            return Err(unknown());
        }
        if !standing.client.enabled || standing.tenant != Enablement::Enabled {
            return Err(Problem::ClientDisabled);
        }
        let unproven = standing.secrets.is_empty() && !request.redirect_uri.as_str().starts_with("https://");
        let client = standing.client;
        let not_opened = |scope: &&String| !client.scopes.contains(scope);
        let scopes: Vec<String> = request.scopes.iter().filter(not_opened).cloned().collect();
        if !scopes.is_empty() {
            return Err(Problem::ScopesNotOpened { scopes });
        }
        Ok(Self {
            request,
            client,
            unproven,
        })
    }

    /// True when people of this tenant may use the client: its own, or any for a store client, which then must be
    /// installed there.
    pub(super) fn is_for(&self, person: &SignedIn) -> bool {
        self.client.kind == ClientKind::Store || self.client.tenant_id == person.tenant.tenant_id
    }

    /// What the person has granted so far makes of the request.
    pub(super) fn reckon(&self, grant: Option<&Grant>, now_ms: i64) -> Reckoned {
        let known: &[String] = grant.map_or(&[], |grant| &grant.scopes);
        let asked = &self.request.scopes;
        let new: Vec<String> = asked
            .iter()
            .filter(|scope| !known.contains(scope))
            .cloned()
            .collect();
        let carried = |scope: &&String| {
            self.client.scopes.contains(scope) && (scope.as_str() != OFFLINE_ACCESS || asked.contains(scope))
        };
        let granted = known.iter().filter(carried).cloned().collect();
        let remembered =
            grant.is_some_and(|grant| now_ms.saturating_sub(grant.granted_at_ms) < GRANT_LIFE_MS);
        Reckoned {
            needs_consent: !remembered || !new.is_empty() || self.request.consent_forced || self.unproven,
            new,
            granted,
        }
    }

    /// A new code for the person, and the change that keeps it.
    pub(super) fn code(
        &self,
        edge: &Edge,
        person: &SignedIn,
        scopes: Vec<String>,
        now_ms: i64,
    ) -> (String, Change) {
        let code = new_secret(edge);
        let kept = AuthorizationCode {
            code_hash: secret_hash(&code),
            family_id: FamilyId(draw(edge.chance.as_ref())),
            client_id: self.client.client_id.clone(),
            tenant_id: person.tenant.tenant_id,
            user_id: person.user.user_id,
            redirect_uri: self.request.redirect_uri.as_str().to_owned(),
            scopes,
            challenge: self.request.challenge.clone(),
            expires_at_ms: now_ms.saturating_add(CODE_LIFE_MS),
            spent: false,
        };
        (
            self.request.accepted(code.expose()),
            IdentityChange::IssueCode(kept).into(),
        )
    }
}

/// Makes sure that a store client may act in the person's tenant.
///
/// # Errors
/// [`Problem::NotInstalled`].
pub(super) async fn require_installed(
    edge: &Edge,
    client: &Client,
    person: &SignedIn,
) -> Result<(), Problem> {
    let installed = edge
        .store
        .client_installed(person.tenant.tenant_id, &client.client_id)
        .await?;
    if installed {
        Ok(())
    } else {
        Err(Problem::NotInstalled)
    }
}

/// Answers the request.
pub(super) async fn answer(entry: Entry, edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let authorization = Authorization::check(&edge, entry, &visit.query).await?;
    let destination = Destination::Authorize {
        entry,
        query: visit.query.clone(),
    };
    let person = signed_in(&edge, &visit).await?;
    let person = match person {
        Some(person) if authorization.is_for(&person) => person,
        other => {
            let notice = other.map(|_| visit.texts().sign_in_other_organisation);
            return sign_in_form::ask(&edge, &visit, &destination, notice).await;
        }
    };
    require_installed(&edge, &authorization.client, &person).await?;
    let grant = edge
        .store
        .grant(
            person.tenant.tenant_id,
            person.user.user_id,
            &authorization.client.client_id,
        )
        .await?;
    let reckoned = authorization.reckon(grant.as_ref(), visit.now_ms);
    if reckoned.needs_consent {
        let asking = consent::Asking {
            entry,
            authorization: &authorization,
            person: &person,
            reckoned: &reckoned,
        };
        return consent::ask(&edge, &visit, &asking, &destination);
    }
    let (location, change) = authorization.code(&edge, &person, reckoned.granted, visit.now_ms);
    visit.change(&edge, person.user.user_id, vec![change]).await?;
    page::found(&location)
}
