//! A person's own second factor: turning it on and taking it away.
//!
//! - `GET /account/second-factor`: a new key, as a picture, as letters and as an address
//! - `POST /account/second-factor`: turns it on, once the digits prove that the app has the key
//! - `POST /account/second-factor/remove`: takes it away, against digits
//!
//! Until the digits prove it the key is nobody's: it travels sealed in the form, bound to the session. Whoever lost the
//! app asks an administrator for a link (`link.rs`).

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcodegen::{QrCode, QrCodeEcc};
use usher_identity::{Purpose, one_time_password::OneTimeKey, sealed};
use usher_store::{Change, IdentityChange, identity::Credential};

use super::{
    account::{self, ACCOUNT_PATH},
    digits::{kept, plain, spend},
    page::{self, Alert, EnrolPage},
    problem::Problem,
    session::{FormKind, SignedIn, check_form, form_token, signed_in},
    sign_in_form::{SIGN_IN_PATH, seconds},
    slowing::TooEarly,
    visit::Visit,
};
use crate::edge::{Edge, draw};

/// The address of the first two.
pub(super) const SECOND_FACTOR_PATH: &str = "/account/second-factor";
/// Light squares around the picture, which readers need (ISO/IEC 18004).
const PICTURE_MARGIN: i32 = 4;

/// `GET /account/second-factor`.
pub(super) async fn show(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let Some(person) = signed_in(&edge, &visit).await? else {
        return page::see_other(SIGN_IN_PATH);
    };
    if credential(&edge, &person).await?.totp_sealed.is_some() {
        return page::see_other(ACCOUNT_PATH);
    }
    let key = OneTimeKey::new(draw(edge.chance.as_ref()));
    respond(&edge, &visit, &person, &key, None)
}

async fn credential(edge: &Edge, person: &SignedIn) -> Result<Credential, Problem> {
    let user = &person.user;
    let found = edge.store.credential_of(user.tenant_id, user.user_id).await?;
    found.ok_or(Problem::FormUnknown)
}

fn respond(
    edge: &Edge,
    visit: &Visit,
    person: &SignedIn,
    key: &OneTimeKey,
    alert: Option<Alert>,
) -> Result<Response, Problem> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let user = &person.user;
    let login = user
        .external_id
        .clone()
        .unwrap_or_else(|| user.user_id.to_string());
    let address = key.address("Usher", &encoded(&login));
    let sealing = edge.keys.key(Purpose::SecondFactor);
    let belonging = [b"new second factor".as_slice(), person.cookie.expose().as_bytes()];
    let sealed = sealed::seal(&sealing, key.expose(), &belonging, draw(edge.chance.as_ref()))
        .map_err(Problem::internal)?;
    let shown = EnrolPage {
        frame: visit.frame(visit.texts().enrol_title),
        form_token: &form_token(edge, FormKind::Account, &person.cookie),
        sealed_key: &URL_SAFE_NO_PAD.encode(sealed),
        key: &in_groups(&key.text()),
        address: &address,
        picture: picture(&address),
        alert,
    };
    let status = if alert.is_some() {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    Ok(page::html(status, &shown, &[]))
}

/// Groups of four letters, for typing.
fn in_groups(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// The dark squares of the picture of a text as an SVG path, and the length of a side; none when it does not fit one.
fn picture(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in 0..size {
            if code.get_module(x, y) {
                path.push_str(&format!("M{} {}h1v1h-1z", x + PICTURE_MARGIN, y + PICTURE_MARGIN));
            }
        }
    }
    Some((size + 2 * PICTURE_MARGIN, path))
}

/// `POST /account/second-factor`.
pub(super) async fn turn_on(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let person = signed_in(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Account, Some(&person.cookie))?;
    let key = offered_key(&edge, &visit, &person)?;
    let user = &person.user;
    if credential(&edge, &person).await?.totp_sealed.is_some() {
        return Err(Problem::FormUnknown);
    }
    let digits = visit.form.text("digits")?.unwrap_or_default();
    let Some(step) = key.step_of(&plain(digits), visit.now_ms) else {
        let alert = Alert::Sentence(visit.texts().digits_wrong);
        return respond(&edge, &visit, &person, &key, Some(alert));
    };
    let belonging = kept(user.tenant_id, user.user_id);
    let sealed = sealed::seal(
        &edge.keys.key(Purpose::SecondFactor),
        key.expose(),
        &belonging.each_ref().map(Vec::as_slice),
        draw(edge.chance.as_ref()),
    );
    let (tenant_id, user_id) = (user.tenant_id, user.user_id);
    let changes: Vec<Change> = vec![
        IdentityChange::SetTotp {
            tenant_id,
            user_id,
            totp_sealed: Some(sealed.map_err(Problem::internal)?),
        }
        .into(),
        IdentityChange::SpendTotpStep {
            tenant_id,
            user_id,
            step,
        }
        .into(),
    ];
    match visit.change(&edge, user_id, changes).await.map_err(Problem::from) {
        Err(Problem::Spent) => {
            let alert = Alert::Sentence(visit.texts().digits_wrong);
            respond(&edge, &visit, &person, &key, Some(alert))
        }
        Err(problem) => Err(problem),
        Ok(_) => page::see_other(ACCOUNT_PATH),
    }
}

fn offered_key(edge: &Edge, visit: &Visit, person: &SignedIn) -> Result<OneTimeKey, Problem> {
    let bytes = URL_SAFE_NO_PAD
        .decode(visit.form.required("sealed_key")?)
        .map_err(|_| Problem::FormUnknown)?;
    let belonging = [b"new second factor".as_slice(), person.cookie.expose().as_bytes()];
    let opened = sealed::open(&edge.keys.key(Purpose::SecondFactor), &bytes, &belonging);
    let key = opened.ok().and_then(|bytes| bytes.try_into().ok());
    key.map(OneTimeKey::new).ok_or(Problem::FormUnknown)
}

/// `POST /account/second-factor/remove`.
pub(super) async fn remove(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let person = signed_in(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Account, Some(&person.cookie))?;
    let user = &person.user;
    let parts = [
        b"digits".as_slice(),
        &user.tenant_id.0.to_be_bytes(),
        &user.user_id.get().to_be_bytes(),
    ];
    let account = edge.keys.mac(Purpose::FormToken, &parts);
    let address = visit.reached.address.into();
    if let Err(TooEarly { wait_ms }) = edge.sign_in.slowing.begin(account, address, visit.now_ms) {
        return account::respond(&edge, &visit, &person, Some(Alert::Slow(seconds(wait_ms)))).await;
    }
    let digits = visit.form.text("digits")?.unwrap_or_default();
    let wrong = Some(Alert::Sentence(visit.texts().digits_wrong));
    let Some(spent) = spend(&edge, &credential(&edge, &person).await?, digits, visit.now_ms)? else {
        return account::respond(&edge, &visit, &person, wrong).await;
    };
    let taken: Change = IdentityChange::SetTotp {
        tenant_id: user.tenant_id,
        user_id: user.user_id,
        totp_sealed: None,
    }
    .into();
    match visit
        .change(&edge, user.user_id, vec![spent, taken])
        .await
        .map_err(Problem::from)
    {
        Err(Problem::Spent) => account::respond(&edge, &visit, &person, wrong).await,
        Err(problem) => Err(problem),
        Ok(_) => {
            edge.sign_in.slowing.forgive(&account, address, visit.now_ms);
            page::see_other(ACCOUNT_PATH)
        }
    }
}
