//! `/control/v1/accesses`: past accesses through the door.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_http::access::past::pass_past;
use usher_store::Access;

use super::{
    Control,
    wire::{AccessesAnswer, AccessesQuestion},
};
use crate::failure::Failure;

/// Passes the accesses, making what is missing when that is asked for.
pub(crate) async fn answer(
    State(control): State<Arc<Control>>,
    Json(question): Json<AccessesQuestion>,
) -> Result<Json<AccessesAnswer>, Failure> {
    let tenant = control.tenant(&question.tenant_key).await?;
    let accesses: Vec<Access> = question
        .accesses
        .into_iter()
        .map(|(accessed_at_ms, user_id, namespace)| Access {
            tenant_id: tenant.tenant_id,
            user_id,
            namespace,
            accessed_at_ms,
        })
        .collect();
    let past = pass_past(
        &control.door,
        &accesses,
        question.create_missing,
        async |changes| Ok::<_, Failure>(control.change(changes).await?),
    )
    .await?;
    Ok(Json(AccessesAnswer {
        outcomes: past.outcomes,
        created: past.created,
    }))
}
