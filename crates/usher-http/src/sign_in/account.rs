//! `GET /account` and `POST /sign-out`: a person's own account.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::Response,
};

use super::{
    cookies::Cookie,
    destination::Destination,
    page::{self, AccountPage, Alert},
    problem::Problem,
    provider,
    session::{FormKind, SignedIn, check_form, end_change, form_token, signed_in},
    sign_in_form::SIGN_IN_PATH,
    visit::Visit,
};
use crate::edge::Edge;

/// The address of the account page.
pub(crate) const ACCOUNT_PATH: &str = "/account";

/// The query under which the account page says that the password was changed.
pub(crate) const PASSWORD_CHANGED: &str = "done=password";

/// `GET /account`.
pub(crate) async fn show(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    match signed_in(&edge, &visit).await? {
        Some(person) => respond(&edge, &visit, &person, None).await,
        None => page::see_other(SIGN_IN_PATH),
    }
}

/// The account page.
pub(crate) async fn respond(
    edge: &Edge,
    visit: &Visit,
    person: &SignedIn,
    alert: Option<Alert>,
) -> Result<Response, Problem> {
    let user = &person.user;
    let credential = edge.store.credential_of(user.tenant_id, user.user_id).await?;
    let credential = credential.as_ref();
    let shown = AccountPage {
        frame: visit.frame(visit.texts().account_title),
        form_token: &form_token(edge, FormKind::Account, &person.cookie),
        person: &user.name,
        user_number: user.user_id.to_string(),
        organisation: &person.tenant.name,
        administrator: user.system_administrator,
        has_password: credential.is_some_and(|credential| credential.password_hash.is_some()),
        has_second_factor: credential.is_some_and(|credential| credential.totp_sealed.is_some()),
        provider: provider::account_choice(edge, visit, person).await?,
        notice: (visit.query == PASSWORD_CHANGED).then_some(visit.texts().account_password_changed),
        alert,
    };
    let status = match alert {
        None => StatusCode::OK,
        Some(Alert::Sentence(_)) => StatusCode::FORBIDDEN,
        Some(Alert::Slow(_)) => StatusCode::TOO_MANY_REQUESTS,
    };
    let mut response = page::html(status, &shown, &[]);
    if let Some(Alert::Slow(seconds)) = alert {
        page::retry_after(&mut response, seconds);
    }
    Ok(response)
}

/// `POST /sign-out`: ends the session, here and in the store.
pub(crate) async fn sign_out(edge: Arc<Edge>, visit: Arc<Visit>) -> Result<Response, Problem> {
    let cookie = visit.secret(Cookie::Session);
    check_form(&edge, &visit, FormKind::Account, cookie.as_ref())?;
    edge.store.change(end_change(&visit), visit.now_ms).await?;
    let destination = Destination::read(visit.form.text("destination")?.unwrap_or_default());
    let mut response = match &destination {
        Destination::Account => page::see_other("/sign-in?done=signed-out")?,
        Destination::Console(_) | Destination::Authorize { .. } => page::see_other(&destination.address())?,
    };
    let forget = Cookie::Session.forget(visit.reached.secure);
    response.headers_mut().append(header::SET_COOKIE, forget);
    Ok(response)
}
