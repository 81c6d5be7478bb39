//! `/control/v1/instances/...`: which servers work on the ledger, and forgetting one that will not come back.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_store::{Instance, InstanceName, InstanceStanding, Retirement};

use super::{
    Control,
    wire::{InstanceLine, InstanceState, InstancesAnswer, InstancesQuestion, RetireAnswer, RetireQuestion},
};
use crate::{failure::Failure, words};

/// Lists them.
pub(crate) async fn answer_list(
    State(control): State<Arc<Control>>,
    Json(InstancesQuestion {}): Json<InstancesQuestion>,
) -> Result<Json<InstancesAnswer>, Failure> {
    let instances = control.store.instances(control.clock.now_ms()).await?;
    let instances = instances.iter().map(line).collect();
    Ok(Json(InstancesAnswer { instances }))
}

/// Forgets one that is silent. It leaves no record in the audit log, which is about the ledger; this is about a machine.
pub(crate) async fn answer_retire(
    State(control): State<Arc<Control>>,
    Json(RetireQuestion { name }): Json<RetireQuestion>,
) -> Result<Json<RetireAnswer>, Failure> {
    let Ok(known) = name.parse::<InstanceName>() else {
        return Err(unknown(&name));
    };
    let now_ms = control.clock.now_ms();
    match control.store.retire_instance(&known, now_ms).await? {
        Retirement::Retired => {
            tracing::warn!(instance = %known, "retired by hand");
            Ok(Json(RetireAnswer { name }))
        }
        Retirement::Unknown => Err(unknown(&name)),
        Retirement::Living => Err(Failure::failed(words!(
            "{name} is alive; stop it first, then it needs no retiring",
            "{name} 仍在线；请先停止它，之后无需再退役"
        ))),
    }
}

fn line(instance: &Instance) -> InstanceLine {
    InstanceLine {
        state: match instance.standing() {
            InstanceStanding::Living => InstanceState::Living,
            InstanceStanding::HoldingBack => InstanceState::HoldingBack,
            InstanceStanding::Gone => InstanceState::Gone,
        },
        name: instance.name.to_string(),
        since_ms: instance.since_ms,
        silent_ms: instance.silent_ms,
        watermark_ms: instance.word.watermark_ms,
        may_spool: instance.word.may_spool,
    }
}

fn unknown(name: &str) -> Failure {
    Failure::failed(words!(
        "there is no server \"{name}\" on this ledger",
        "此账本上没有服务器“{name}”"
    ))
    .next(words!("usher store instances", "usher store instances"))
}
