//! `GET /account/password` and `POST /account/password`: another password in place of a person's own.
//!
//! A session is not proof enough: whoever finds a browser open must not be able to shut its owner out. So the present
//! password is asked for, and wrong ones are slowed like those of signing in. Every session of the person ends with the
//! change, since one of them may be why the password is changed; this browser gets a new one in the same transaction.
//!
//! Who never chose a password signs in through their organisation and has nothing to show here; an administrator's link
//! (`link.rs`) is their way to one.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use usher_identity::{
    Purpose, Secret,
    password::{PasswordFlaw, are_same, is_too_long, judge},
};
use usher_store::{Change, IdentityChange, Tenant, User};

use super::{
    account::{ACCOUNT_PATH, PASSWORD_CHANGED},
    page::{self, Alert, ChangePasswordPage},
    problem::Problem,
    session::{self, FormKind, SignedIn, check_form, form_token, signed_in},
    sign_in_form::{SIGN_IN_PATH, seconds},
    slowing::TooEarly,
    visit::Visit,
};
use crate::edge::{Edge, draw};

/// The address of both.
pub(super) const PASSWORD_PATH: &str = "/account/password";

/// `GET`: the page.
pub(super) async fn show(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let Some(person) = signed_in(&edge, &visit).await? else {
        return page::see_other(SIGN_IN_PATH);
    };
    if present_hash(&edge, &person.user).await?.is_none() {
        return page::see_other(ACCOUNT_PATH);
    }
    Ok(respond(&edge, &visit, &person, None))
}

fn respond(edge: &Edge, visit: &Visit, person: &SignedIn, refused: Option<(StatusCode, Alert)>) -> Response {
    let shown = ChangePasswordPage {
        frame: visit.frame(visit.texts().change_title),
        form_token: &form_token(edge, FormKind::Account, &person.cookie),
        login: &login_of(&person.user),
        alert: refused.map(|(_, alert)| alert),
    };
    let status = refused.map_or(StatusCode::OK, |(status, _)| status);
    let mut response = page::html(status, &shown, &[]);
    if let Some((_, Alert::Slow(seconds))) = refused {
        page::retry_after(&mut response, seconds);
    }
    response
}

/// `POST`: the change.
pub(super) async fn change(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let person = signed_in(&edge, &visit).await?.ok_or(Problem::FormUnknown)?;
    check_form(&edge, &visit, FormKind::Account, Some(&person.cookie))?;
    let read = |name| {
        visit
            .form
            .text(name)
            .map(|text| Secret::new(text.unwrap_or_default()))
    };
    let (current, password, again) = (read("current")?, read("password")?, read("again")?);
    let texts = visit.texts();
    let user = &person.user;
    let flaw = flaw(&visit, (user, &person.tenant), &password, &again)
        .or_else(|| are_same(&current, &password).then_some(texts.change_same));
    if let Some(flaw) = flaw {
        let refused = (StatusCode::UNPROCESSABLE_ENTITY, Alert::Sentence(flaw));
        return Ok(respond(&edge, &visit, &person, Some(refused)));
    }
    let account = account_key(&edge, user);
    let address = visit.reached.address.into();
    if let Err(TooEarly { wait_ms }) = edge.sign_in.slowing.begin(account, address, visit.now_ms) {
        let refused = (StatusCode::TOO_MANY_REQUESTS, Alert::Slow(seconds(wait_ms)));
        return Ok(respond(&edge, &visit, &person, Some(refused)));
    }
    if !is_present(&edge, user, current).await? {
        let refused = (StatusCode::FORBIDDEN, Alert::Sentence(texts.change_wrong));
        return Ok(respond(&edge, &visit, &person, Some(refused)));
    }
    let desk = &edge.sign_in.passwords;
    let phc = desk.hash(password, draw(edge.chance.as_ref())).await?;
    let (opened, set) = session::open(&edge, &visit, (user.tenant_id, user));
    let changed: Change = IdentityChange::SetPassword {
        tenant_id: user.tenant_id,
        user_id: user.user_id,
        password_hash: Some(phc),
    }
    .into();
    let changes = std::iter::once(changed).chain(opened).collect();
    visit.change(&edge, user.user_id, changes).await?;
    edge.sign_in.slowing.forgive(&account, address, visit.now_ms);
    let mut response = page::see_other(&format!("{ACCOUNT_PATH}?{PASSWORD_CHANGED}"))?;
    response.headers_mut().append(header::SET_COOKIE, set);
    Ok(response)
}

/// The hash of the person's password; none when they have none.
async fn present_hash(edge: &Edge, user: &User) -> Result<Option<String>, Problem> {
    let credential = edge.store.credential_of(user.tenant_id, user.user_id).await?;
    Ok(credential.and_then(|credential| credential.password_hash))
}

/// True when this is the password the person has; always after one hash.
async fn is_present(edge: &Edge, user: &User, password: Secret) -> Result<bool, Problem> {
    let phc = present_hash(edge, user)
        .await?
        .filter(|_| !is_too_long(&password));
    let password = if phc.is_some() { password } else { Secret::new("") };
    edge.sign_in.passwords.matches(password, phc).await
}

/// Whose guesses are counted.
fn account_key(edge: &Edge, user: &User) -> [u8; 32] {
    let parts = [
        b"present password".as_slice(),
        &user.tenant_id.0.to_be_bytes(),
        &user.user_id.get().to_be_bytes(),
    ];
    edge.keys.mac(Purpose::FormToken, &parts)
}

/// What a person signs in with.
pub(super) fn login_of(user: &User) -> String {
    let external_id = user.external_id.clone();
    external_id.unwrap_or_else(|| user.user_id.to_string())
}

/// Why a new password is not taken, if it is not.
pub(super) fn flaw(
    visit: &Visit,
    (user, tenant): (&User, &Tenant),
    password: &Secret,
    again: &Secret,
) -> Option<&'static str> {
    let texts = visit.texts();
    if !are_same(password, again) {
        return Some(texts.choose_different);
    }
    let login = login_of(user);
    let about = [&user.name, &login, &tenant.name, tenant.tenant_key.as_str()];
    judge(password, &about).err().map(|flaw| match flaw {
        PasswordFlaw::TooShort => texts.choose_short,
        PasswordFlaw::TooLong => texts.choose_long,
        PasswordFlaw::Guessable => texts.choose_guessable,
    })
}
