//! Who is signed in, and proofs that a form is ours.
//!
//! A session is 32 random bytes in a cookie and their hash in the store; a new one is made whenever somebody signs in, so
//! a session planted in a browser beforehand is worth nothing afterwards. What the person may do is read anew with every
//! page: switching off a person or a tenant ends their sessions at once.
//!
//! A form token is an HMAC over what the form is for and the cookie of this browser (the session, or before anybody is
//! signed in the form cookie). Another site can make a browser send a form, but can read neither.

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use usher_identity::{Purpose, Secret, hash_secret};
use usher_seats::{Enablement, TenantId};
use usher_store::{Change, IdentityChange, Tenant, TokenHash, User, identity::Session};

use super::{
    cookies::Cookie,
    problem::Problem,
    visit::{Visit, new_secret},
};
use crate::edge::Edge;

/// How long a session lasts, in milliseconds: a working day, so that people sign in once a day.
pub const SESSION_LIFE_MS: i64 = 12 * 60 * 60 * 1_000;

/// A person who is signed in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// Their tenant.
    pub(crate) tenant: Tenant,
    /// The person.
    pub(crate) user: User,
    /// What the cookie holds.
    pub(crate) cookie: Secret,
}

/// The person of this visit, if somebody is signed in.
pub(crate) async fn signed_in(edge: &Edge, visit: &Visit) -> Result<Option<SignedIn>, Problem> {
    let Some(cookie) = visit.secret(Cookie::Session) else {
        return Ok(None);
    };
    let Some(standing) = edge.store.session(secret_hash(&cookie)).await? else {
        return Ok(None);
    };
    let user = standing.user.filter(|user| user.enabled);
    let over = visit.now_ms >= standing.session.expires_at_ms;
    let (Some(user), Enablement::Enabled, false) = (user, standing.tenant, over) else {
        return Ok(None);
    };
    let tenant = edge.store.tenant_by_id(standing.session.tenant_id).await?;
    Ok(tenant.map(|tenant| SignedIn { tenant, user, cookie }))
}

/// SHA-256 of a secret of ours, as the store knows it.
pub(crate) fn secret_hash(secret: &Secret) -> TokenHash {
    // Every secret that reaches this place was made here or has its form.
    TokenHash(hash_secret(secret.expose()).unwrap_or_default())
}

/// A new session for a person: what the store keeps, and the cookie. A session this browser had before ends.
pub(crate) fn open(
    edge: &Edge,
    visit: &Visit,
    (tenant_id, user): (TenantId, &User),
) -> (Vec<Change>, HeaderValue) {
    let cookie = new_secret(edge);
    let session = Session {
        session_hash: secret_hash(&cookie),
        tenant_id,
        user_id: user.user_id,
        created_at_ms: visit.now_ms,
        expires_at_ms: visit.now_ms.saturating_add(SESSION_LIFE_MS),
    };
    let mut changes = end_change(visit);
    changes.push(IdentityChange::OpenSession(session).into());
    let set = Cookie::Session.set(
        cookie.expose(),
        Some(SESSION_LIFE_MS / 1_000),
        visit.reached.secure,
    );
    (changes, set)
}

/// Ends the session of this browser in the store, if it has one.
pub(crate) fn end_change(visit: &Visit) -> Vec<Change> {
    let cookie = visit.secret(Cookie::Session);
    let end = cookie.map(|cookie| {
        IdentityChange::EndSession {
            session_hash: secret_hash(&cookie),
        }
        .into()
    });
    end.into_iter().collect()
}

/// What a form is for; a token for one is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormKind {
    /// Name and password, and the digits after them.
    SignIn,
    /// Choosing a password.
    ChoosePassword,
    /// Allowing a client.
    Consent,
    /// Everything of the person's own account.
    Account,
    /// Everything of the console.
    Console,
}

impl FormKind {
    fn name(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign in",
            Self::ChoosePassword => b"choose password",
            Self::Consent => b"consent",
            Self::Account => b"account",
            Self::Console => b"console",
        }
    }
}

/// The token of a form for the browser that holds `cookie`.
pub(crate) fn form_token(edge: &Edge, kind: FormKind, cookie: &Secret) -> String {
    let parts = [kind.name(), cookie.expose().as_bytes()];
    URL_SAFE_NO_PAD.encode(edge.keys.mac(Purpose::FormToken, &parts))
}

/// Makes sure that the form came from a page made for the browser that holds `cookie`.
///
/// # Errors
/// [`Problem::FormUnknown`].
pub(crate) fn check_form(
    edge: &Edge,
    visit: &Visit,
    kind: FormKind,
    cookie: Option<&Secret>,
) -> Result<(), Problem> {
    let cookie = cookie.ok_or(Problem::FormUnknown)?;
    let offered = visit.form.text("form_token")?.unwrap_or_default();
    let offered = URL_SAFE_NO_PAD.decode(offered).unwrap_or_default();
    let parts = [kind.name(), cookie.expose().as_bytes()];
    if edge.keys.mac_matches(Purpose::FormToken, &parts, &offered) {
        Ok(())
    } else {
        Err(Problem::FormUnknown)
    }
}

/// The form cookie of this browser, or a new one with the header that sets it.
pub(crate) fn form_cookie(edge: &Edge, visit: &Visit) -> (Secret, Option<HeaderValue>) {
    if let Some(cookie) = visit.secret(Cookie::Form) {
        return (cookie, None);
    }
    let cookie = new_secret(edge);
    let set = Cookie::Form.set(cookie.expose(), None, visit.reached.secure);
    (cookie, Some(set))
}
