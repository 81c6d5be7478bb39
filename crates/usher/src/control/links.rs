//! `/control/v1/links/make`: a one-time link with which somebody chooses a password.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_http::sign_in::{LINK_LIFE_MS, make_link};
use usher_store::User;

use super::{
    Control,
    wire::{LinkAnswer, LinkQuestion},
};
use crate::{failure::Failure, words};

/// Makes a link.
pub(crate) async fn answer_make(
    State(control): State<Arc<Control>>,
    Json(question): Json<LinkQuestion>,
) -> Result<Json<LinkAnswer>, Failure> {
    make(&control, &question).await.map(Json)
}

/// Makes a link and keeps its hash.
///
/// # Errors
/// A failure when there is no such tenant or person, or as the store.
pub(crate) async fn make(control: &Control, question: &LinkQuestion) -> Result<LinkAnswer, Failure> {
    let tenant = control.tenant(&question.tenant_key).await?;
    let user = match &question.login {
        Some(login) => {
            let credential = control.store.credential(tenant.tenant_id, login).await?;
            credential.map(|credential| credential.user)
        }
        None => control.store.first_administrator(tenant.tenant_id).await?,
    };
    let User { user_id, name, .. } = user.ok_or_else(|| nobody(question))?;
    let now_ms = control.clock.now_ms();
    let person = (tenant.tenant_id, user_id);
    let path = make_link(
        &*control.store,
        &*control.chance,
        person,
        (control.author(), now_ms),
    )
    .await?;
    Ok(LinkAnswer {
        path: path.expose().to_owned(),
        base: control.place.as_ref().map(|place| place.base.clone()),
        user_id,
        name,
        expires_at_ms: now_ms.saturating_add(LINK_LIFE_MS),
    })
}

fn nobody(question: &LinkQuestion) -> Failure {
    let LinkQuestion { tenant_key, login } = question;
    Failure::failed(match login {
        Some(login) => words!(
            "tenant \"{tenant_key}\" has no user \"{login}\"",
            "租户“{tenant_key}”没有用户“{login}”"
        ),
        None => words!(
            "tenant \"{tenant_key}\" has no enabled system administrator",
            "租户“{tenant_key}”没有启用的系统管理员"
        ),
    })
}
