//! A person's own link: shown, confirmed and taken away on their account page.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use usher_identity::{Purpose, Secret, sealed};
use usher_store::{
    Change, IdentityChange, Rejection,
    identity::{IdentityLink, IdentityProvider},
};

use super::{ACCOUNT_PATH, callback::same, exchange::Account, name_in, usable};
use crate::{
    edge::{Edge, draw},
    sign_in::{
        account,
        page::{self, AccountProvider, Alert, LinkPage},
        problem::Problem,
        session::{FormKind, SignedIn, check_form, form_token, signed_in},
        visit::Visit,
    },
};

/// How long a person may look at the confirmation, in milliseconds.
const CONFIRMATION_LIFE_MS: i64 = 10 * 60 * 1_000;

/// An account that a person may link, sealed into the form of this session.
#[derive(Serialize, Deserialize)]
struct Offer {
    issuer: String,
    subject: String,
    expires_at_ms: i64,
}

impl Offer {
    fn seal(&self, edge: &Edge, cookie: &Secret) -> Result<String, Problem> {
        let content = serde_json::to_vec(self).map_err(Problem::internal)?;
        let key = edge.keys.key(Purpose::IdentityProviderErrand);
        let bytes = sealed::seal(&key, &content, &belonging(cookie), draw(edge.chance.as_ref()));
        bytes
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .map_err(Problem::internal)
    }

    fn open(edge: &Edge, cookie: &Secret, text: &str, now_ms: i64) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let key = edge.keys.key(Purpose::IdentityProviderErrand);
        let content = sealed::open(&key, &bytes, &belonging(cookie)).ok()?;
        let offer: Self = serde_json::from_slice(&content).ok()?;
        (now_ms < offer.expires_at_ms).then_some(offer)
    }
}

fn belonging(cookie: &Secret) -> [&[u8]; 2] {
    [b"link offer", cookie.expose().as_bytes()]
}

/// What the account page says of the organisation's provider; none where there is none.
pub(in crate::sign_in) async fn choice_of(
    edge: &Edge,
    visit: &Visit,
    person: &SignedIn,
) -> Result<Option<AccountProvider>, Problem> {
    let Some(provider) = usable(edge, &person.tenant).await? else {
        return Ok(None);
    };
    let user = &person.user;
    let subject = edge
        .store
        .linked_subject(user.tenant_id, user.user_id, &provider.issuer)
        .await?;
    Ok(Some(AccountProvider {
        name: name_in(&provider, visit.language),
        href: ACCOUNT_PATH,
        linked: subject.is_some(),
    }))
}

/// Asks whether the account that came back is to be linked with the person who asked for it.
pub(super) async fn confirm(
    edge: &Edge,
    visit: &Visit,
    provider: &IdentityProvider,
    found: &Account,
    session_hash: &[u8; 32],
) -> Result<Response, Problem> {
    let person = signed_in(edge, visit).await?;
    let same_session = |person: &SignedIn| {
        same(session_hash, &person.cookie) && person.tenant.tenant_id == provider.tenant_id
    };
    let person = person.filter(same_session).ok_or(Problem::ProviderAnswer)?;
    let offer = Offer {
        issuer: provider.issuer.clone(),
        subject: found.subject.clone(),
        expires_at_ms: visit.now_ms.saturating_add(CONFIRMATION_LIFE_MS),
    };
    let shown = LinkPage {
        frame: visit.frame(visit.texts().provider_link_title),
        form_token: &form_token(edge, FormKind::Account, &person.cookie),
        offer: &offer.seal(edge, &person.cookie)?,
        provider: &name_in(provider, visit.language),
        account: &found.shown,
        person: &person.user.name,
        organisation: &person.tenant.name,
    };
    Ok(page::html(StatusCode::OK, &shown, &[]))
}

/// `POST /account/provider/link`.
pub(super) async fn link(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let person = signed_in(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Account, Some(&person.cookie))?;
    let offer = visit.form.required("offer")?;
    let offer = Offer::open(&edge, &person.cookie, offer, visit.now_ms).ok_or(Problem::FormUnknown)?;
    let link: Change = IdentityChange::LinkIdentity(IdentityLink {
        tenant_id: person.user.tenant_id,
        issuer: offer.issuer,
        subject: offer.subject,
        user_id: person.user.user_id,
    })
    .into();
    let texts = visit.texts();
    match visit.change(&edge, person.user.user_id, vec![link]).await {
        Ok(_) => page::see_other(account::ACCOUNT_PATH),
        Err(error) => match error.rejection() {
            Some(Rejection::SubjectTaken) => {
                account::respond(
                    &edge,
                    &visit,
                    &person,
                    Some(Alert::Sentence(texts.provider_taken)),
                )
                .await
            }
            Some(Rejection::IdentityProviderUnknown) => Err(Problem::ProviderMissing),
            _ => Err(error.into()),
        },
    }
}

/// `POST /account/provider/unlink`.
pub(super) async fn unlink(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let person = signed_in(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Account, Some(&person.cookie))?;
    let unlink = IdentityChange::UnlinkIdentity {
        tenant_id: person.user.tenant_id,
        user_id: person.user.user_id,
    };
    visit
        .change(&edge, person.user.user_id, vec![unlink.into()])
        .await?;
    page::see_other(account::ACCOUNT_PATH)
}
