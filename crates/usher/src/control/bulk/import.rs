//! `/control/v1/import`: some rows of a table become so.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_store::{ChangeOutcome, ChangeRequest, Effect, Manner, Rejection};

use super::{
    Bulk,
    directory::{Directory, Obstacle},
    planning::{Plan, Role, Terms},
    wire::{ImportAnswer, ImportQuestion, Made, ROWS_MAX, Remedy, RowRefusal, RowVerdict},
};
use crate::{control::refusals, failure::Failure, words};

/// Looks up, plans and makes. Nobody else may change parts of things meanwhile: what a row leaves out is read first and
/// written again with what it says.
pub(super) async fn answer(
    State(bulk): State<Arc<Bulk>>,
    Json(question): Json<ImportQuestion>,
) -> Result<Json<ImportAnswer>, Failure> {
    if question.entries.len() > ROWS_MAX {
        return Err(Failure::failed(words!(
            "at most {ROWS_MAX} rows at once",
            "一次最多 {ROWS_MAX} 行"
        )));
    }
    let _turn = bulk.edge.management.lock().await;
    let control = &bulk.control;
    let tenant = control.tenant(&question.tenant_key).await?;
    let terms = Terms {
        now_ms: control.clock.now_ms(),
        may_wait: question.may_wait,
    };
    let mut directory = Directory::new(&*control.store, &*control.chance, tenant, question.create_missing);
    let mut refusals = Vec::with_capacity(question.entries.len());
    for (row, entry) in question.entries.into_iter().enumerate() {
        directory.plan.row = row;
        refusals.push(match directory.plan(entry, terms).await {
            Ok(()) => None,
            Err(Obstacle::Refused(refusal)) => Some(refusal),
            Err(Obstacle::Failed(failure)) => return Err(failure),
        });
    }
    let Plan { steps, changes, .. } = directory.plan;
    let outcome = if changes.is_empty() {
        ChangeOutcome::default()
    } else {
        let request = ChangeRequest {
            manner: Manner::Each,
            rehearsal: question.rehearsal,
            ..ChangeRequest::new(changes, terms.now_ms).by(control.author())
        };
        control.store.make(request).await?
    };
    Ok(Json(judged(refusals, &steps, &outcome, terms.may_wait)))
}

/// Turns results of changes into verdicts on rows.
fn judged(
    refusals: Vec<Option<RowRefusal>>,
    steps: &[(usize, Role)],
    outcome: &ChangeOutcome,
    may_wait: bool,
) -> ImportAnswer {
    let unchanged = |refusal: Option<RowRefusal>| refusal.map_or(RowVerdict::Unchanged, RowVerdict::Refused);
    let mut verdicts: Vec<RowVerdict> = refusals.into_iter().map(unchanged).collect();
    let mut made = Made::default();
    for ((row, role), result) in steps.iter().zip(&outcome.results) {
        if *result == Ok(Effect::Created) {
            match role {
                Role::Main => {}
                Role::User => made.users += 1,
                Role::App => made.apps += 1,
                Role::Group => made.groups += 1,
            }
        }
        let Some(verdict) = verdicts.get_mut(*row) else {
            continue;
        };
        let step = match result {
            Err(rejection) => RowVerdict::Refused(refusal(*rejection, may_wait)),
            Ok(_) if *role != Role::Main => continue,
            Ok(effect) => of_effect(*effect),
        };
        if weight(&step) > weight(verdict) {
            *verdict = step;
        }
    }
    ImportAnswer {
        verdicts,
        made,
        all_as_before: outcome.records.is_empty(),
    }
}

fn of_effect(effect: Effect) -> RowVerdict {
    match effect {
        Effect::Created | Effect::TenantCreated(_) => RowVerdict::Created,
        Effect::Updated => RowVerdict::Updated,
        Effect::Unchanged => RowVerdict::Unchanged,
        Effect::Waiting(place) => RowVerdict::Waiting { place },
    }
}

/// A row is what the weightiest of its changes is; of two refusals the first.
fn weight(verdict: &RowVerdict) -> u8 {
    match verdict {
        RowVerdict::Unchanged => 0,
        RowVerdict::Updated => 1,
        RowVerdict::Created => 2,
        RowVerdict::Waiting { .. } => 3,
        RowVerdict::Refused(_) => 4,
    }
}

fn refusal(rejection: Rejection, may_wait: bool) -> RowRefusal {
    let words = refusals::of_rejection(rejection);
    let waits = rejection == Rejection::PoolExhausted && !may_wait;
    let name = serde_json::to_value(rejection).ok();
    RowRefusal {
        reason: name
            .as_ref()
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        words: if waits {
            words.then(&words!(
                "; --wait puts the person on the waiting list",
                "；--wait 可让其排队等候"
            ))
        } else {
            words
        },
        remedy: waits.then_some(Remedy::Wait),
    }
}
