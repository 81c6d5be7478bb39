//! `/control/v1/status`: who holds the folder and how it is doing.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{
    Control,
    wire::{StatusAnswer, StatusQuestion},
};

/// Answers; never waits for the store.
pub(crate) async fn answer(
    State(control): State<Arc<Control>>,
    Json(StatusQuestion {}): Json<StatusQuestion>,
) -> Json<StatusAnswer> {
    let holder = &control.holder;
    let answer = StatusAnswer {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process_id: holder.process_id,
        command: holder.command.clone(),
        since_ms: holder.since_ms,
        listening: control.place.as_ref().map(|place| place.listening.clone()),
        ready: false,
        journal_accesses: 0,
        waiting_accesses: control.door.waiting(),
        watermark_ms: control.door.watermark_ms(control.clock.now_ms()),
    };
    Json(answer.with_health(control.store.health()))
}
