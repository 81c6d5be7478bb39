//! `POST /sign-in/digits`: six digits after the password.
//!
//! Between password and digits nobody is signed in and the store knows nothing; what was shown so far travels sealed in
//! the form, good for a few minutes and in the browser that showed it. Digits are charged like passwords and nothing is
//! forgiven before both were right, so knowing the password buys no more guesses at the digits.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use usher_identity::{Purpose, Secret, one_time_password::OneTimeKey, sealed};
use usher_seats::{Enablement, TenantId, UserId};
use usher_store::{Change, IdentityChange, identity::Credential};

use super::{
    cookies::Cookie,
    destination::Destination,
    page::{self, Alert, DigitsPage},
    problem::Problem,
    session::{FormKind, check_form, form_token},
    sign_in_form::{finish, seconds},
    slowing::{AccountKey, TooEarly},
    visit::Visit,
};
use crate::edge::{Edge, draw};

/// How long the digits may take after the password, in milliseconds.
const PENDING_LIFE_MS: i64 = 5 * 60 * 1_000;

/// Somebody who has shown the right password.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    tenant_id: TenantId,
    user_id: UserId,
    account: AccountKey,
    destination: String,
    expires_at_ms: i64,
}

impl Pending {
    /// Somebody who has just shown it.
    pub(super) fn new(
        credential: &Credential,
        account: AccountKey,
        destination: &Destination,
        now_ms: i64,
    ) -> Self {
        Self {
            tenant_id: credential.user.tenant_id,
            user_id: credential.user.user_id,
            account,
            destination: destination.address(),
            expires_at_ms: now_ms.saturating_add(PENDING_LIFE_MS),
        }
    }

    fn seal(&self, edge: &Edge, cookie: &Secret) -> Result<String, Problem> {
        let content = serde_json::to_vec(self).map_err(Problem::internal)?;
        let key = edge.keys.key(Purpose::SecondFactor);
        let sealed = sealed::seal(&key, &content, &belonging(cookie), draw(edge.chance.as_ref()));
        sealed
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .map_err(Problem::internal)
    }

    fn open(edge: &Edge, cookie: &Secret, text: &str, now_ms: i64) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let key = edge.keys.key(Purpose::SecondFactor);
        let content = sealed::open(&key, &bytes, &belonging(cookie)).ok()?;
        let pending: Self = serde_json::from_slice(&content).ok()?;
        (now_ms < pending.expires_at_ms).then_some(pending)
    }
}

fn belonging(cookie: &Secret) -> [&[u8]; 2] {
    [b"pending sign-in", cookie.expose().as_bytes()]
}

/// The page for the digits.
pub(super) fn ask(
    edge: &Edge,
    visit: &Visit,
    pending: &Pending,
    alert: Option<Alert>,
) -> Result<Response, Problem> {
    let cookie = visit.secret(Cookie::Form).ok_or(Problem::FormUnknown)?;
    let shown = DigitsPage {
        frame: visit.frame(visit.texts().digits_title),
        form_token: &form_token(edge, FormKind::SignIn, &cookie),
        pending: &pending.seal(edge, &cookie)?,
        alert,
    };
    let target = Destination::read(&pending.destination).request();
    let targets: Vec<String> = target
        .iter()
        .map(|request| request.redirect_uri.policy_source())
        .collect();
    let status = match alert {
        None => StatusCode::OK,
        Some(Alert::Sentence(_)) => StatusCode::FORBIDDEN,
        Some(Alert::Slow(_)) => StatusCode::TOO_MANY_REQUESTS,
    };
    let mut response = page::html(status, &shown, &targets);
    if let Some(Alert::Slow(seconds)) = alert {
        page::retry_after(&mut response, seconds);
    }
    Ok(response)
}

/// Takes the digits.
pub(super) async fn answer(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let cookie = visit.secret(Cookie::Form).ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::SignIn, Some(&cookie))?;
    let sealed = visit.form.required("pending")?;
    let pending = Pending::open(&edge, &cookie, sealed, visit.now_ms).ok_or(Problem::FormUnknown)?;
    let address = visit.reached.address.into();
    if let Err(TooEarly { wait_ms }) = edge.sign_in.slowing.begin(pending.account, address, visit.now_ms) {
        return ask(&edge, &visit, &pending, Some(Alert::Slow(seconds(wait_ms))));
    }
    let credential = edge
        .store
        .credential_of(pending.tenant_id, pending.user_id)
        .await?;
    let may = |credential: &Credential| credential.user.enabled && credential.tenant == Enablement::Enabled;
    let credential = credential.filter(may).ok_or(Problem::FormUnknown)?;
    let digits = visit.form.text("digits")?.unwrap_or_default();
    let wrong = Some(Alert::Sentence(visit.texts().digits_wrong));
    let Some(spent) = spend(&edge, &credential, digits, visit.now_ms)? else {
        return ask(&edge, &visit, &pending, wrong);
    };
    let destination = Destination::read(&pending.destination);
    let finished = finish(
        &edge,
        &visit,
        &credential,
        pending.account,
        &destination,
        vec![spent],
    )
    .await;
    match finished {
        Err(Problem::Spent) => ask(&edge, &visit, &pending, wrong),
        finished => finished,
    }
}

/// The change that spends the step these digits belong to; none when they belong to none.
///
/// # Errors
/// [`Problem::Internal`] when the key does not open: the key file is not the one it was sealed under.
pub(super) fn spend(
    edge: &Edge,
    credential: &Credential,
    digits: &str,
    now_ms: i64,
) -> Result<Option<Change>, Problem> {
    let user = &credential.user;
    let Some(sealed) = &credential.totp_sealed else {
        return Ok(None);
    };
    let key = edge.keys.key(Purpose::SecondFactor);
    let opened = sealed::open(
        &key,
        sealed,
        &kept(user.tenant_id, user.user_id).each_ref().map(Vec::as_slice),
    );
    let bytes = opened.map_err(Problem::internal)?;
    let bytes = bytes
        .try_into()
        .map_err(|_| Problem::internal("a kept key has another length"))?;
    let step = OneTimeKey::new(bytes).step_of(&plain(digits), now_ms);
    Ok(step.map(|step| {
        IdentityChange::SpendTotpStep {
            tenant_id: user.tenant_id,
            user_id: user.user_id,
            step,
        }
        .into()
    }))
}

/// What a kept key belongs to: one person of one tenant.
pub(super) fn kept(tenant_id: TenantId, user_id: UserId) -> [Vec<u8>; 3] {
    [
        b"second factor".to_vec(),
        tenant_id.0.to_be_bytes().to_vec(),
        user_id.get().to_be_bytes().to_vec(),
    ]
}

/// Digits without the spaces that apps show between them.
pub(super) fn plain(digits: &str) -> String {
    digits
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}
