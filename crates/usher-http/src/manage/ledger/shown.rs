//! What a change did, or in a rehearsal would have done.

use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use usher_store::{AuditObject, AuditRecord, Change, ChangeOutcome, Effect, Rejection};
use utoipa::ToSchema;

use super::super::{
    asked::Asked,
    refusals,
    schemas::{AnyObject, EffectText},
    values::Reason,
};
use crate::{
    open_apis::parameters,
    wire::{FieldViolation, WireError, success},
};

/// Most changes that a rehearsal shows: as many as a call has lines. One line can change more than one thing (a freed
/// seat goes to whoever waits), and a pool that grows can serve a long list, so there may be more; the total is said.
pub(super) const CHANGES_SHOWN_MAX: usize = 10_000;
const DRY_RUN_ALLOWED: &str = "dry_run must be true or false";

/// One thing that would be changed, as the audit log would keep it.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct ShownChange {
    /// What would be done, such as `seat.assigned`.
    action: String,
    /// What kind of thing it would be done to.
    #[schema(value_type = String)]
    object: AuditObject,
    /// Which one, such as `per_user:42`.
    object_name: String,
    /// The thing before; null when it was not there.
    #[schema(value_type = Option<AnyObject>, required = true)]
    before: Option<Value>,
    /// The thing after; null when it would be gone.
    #[schema(value_type = Option<AnyObject>, required = true)]
    after: Option<Value>,
}

/// Everything that would be changed.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct ShownChanges {
    /// In the order in which they would be made; the first ten thousand.
    #[schema(max_items = 10_000)]
    items: Vec<ShownChange>,
    /// How many there would be.
    total: usize,
}

impl ShownChanges {
    /// What a request that was rehearsed would have done.
    pub(super) fn of(records: Vec<AuditRecord>) -> Result<Self, WireError> {
        let total = records.len();
        let items = records.into_iter().take(CHANGES_SHOWN_MAX).map(shown);
        Ok(Self {
            items: items.collect::<Result<_, _>>()?,
            total,
        })
    }
}

fn shown(record: AuditRecord) -> Result<ShownChange, WireError> {
    let read = |json: Option<String>| {
        json.map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(WireError::internal)
    };
    Ok(ShownChange {
        action: record.action,
        object: record.object,
        object_name: record.object_name,
        before: read(record.before)?,
        after: read(record.after)?,
    })
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EffectName {
    Created,
    Updated,
    Unchanged,
    Waiting,
    Rejected,
}

impl EffectName {
    /// The name of a result, and the place in the waiting list of whoever stands there now.
    pub(super) fn of(result: Result<Effect, Rejection>) -> (Self, Option<u64>) {
        match result {
            Ok(Effect::Created | Effect::TenantCreated(_)) => (Self::Created, None),
            Ok(Effect::Updated) => (Self::Updated, None),
            Ok(Effect::Unchanged) => (Self::Unchanged, None),
            Ok(Effect::Waiting(position)) => (Self::Waiting, Some(position)),
            Err(_) => (Self::Rejected, None),
        }
    }
}

/// What became of a change of one thing.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Changed<Thing> {
    /// The thing as it is now; absent in a rehearsal, and when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    item: Option<Thing>,
    #[schema(value_type = EffectText)]
    effect: EffectName,
    /// True when nothing was kept.
    dry_run: bool,
    /// Everything that would be changed; in a rehearsal only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    changes: Option<ShownChanges>,
}

impl<Thing> Changed<Thing> {
    /// A thing that has just been made.
    pub(super) fn created(item: Thing) -> Self {
        Self {
            item: Some(item),
            effect: EffectName::Created,
            dry_run: false,
            changes: None,
        }
    }
}

/// Nothing more to say of a thing that is gone.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Gone {}

/// How a change of one thing is asked for: the query of every changing call that has no lines.
pub(super) struct Wish {
    /// Whether only to show.
    pub(super) dry_run: bool,
    reason: Option<String>,
}

impl Wish {
    /// Reads it.
    pub(super) fn read(asked: &Asked) -> Result<Self, WireError> {
        match (dry_run(asked.query()), reason(asked.query())) {
            (Ok(dry_run), Ok(reason)) => Ok(Self { dry_run, reason }),
            (dry_run, reason) => {
                let wrong = [dry_run.err(), reason.err()];
                Err(WireError::bad_request(wrong.into_iter().flatten().collect()))
            }
        }
    }

    /// Why, if they said so.
    pub(super) fn reason(&self) -> Option<String> {
        self.reason.clone()
    }

    /// Makes a change, or rehearses it.
    pub(super) async fn make(&self, asked: &Asked, change: impl Into<Change>) -> Result<Done, WireError> {
        let mut request = asked.request(vec![change.into()]);
        request.rehearsal = self.dry_run;
        request.author.reason.clone_from(&self.reason);
        let outcome = asked.make(request).await.map_err(refusals::of_store)?;
        let ChangeOutcome { results, records } = outcome;
        // In the whole manner a change that was rejected is the error above, and one change has one result.
        let effect = results.into_iter().flatten().next().unwrap_or(Effect::Unchanged);
        Ok(Done {
            effect,
            dry_run: self.dry_run,
            records,
        })
    }
}

/// A change that was made or rehearsed.
pub(super) struct Done {
    effect: Effect,
    dry_run: bool,
    records: Vec<AuditRecord>,
}

impl Done {
    /// Answers; `item` is the thing as it is now, and not asked for in a rehearsal.
    pub(super) async fn answer<Thing: Serialize>(
        self,
        item: impl Future<Output = Result<Thing, WireError>>,
    ) -> Result<Response, WireError> {
        let item = if self.dry_run { None } else { Some(item.await?) };
        self.say(item)
    }

    /// Answers for a thing that is gone; `missing` is said when it had not been there.
    pub(super) fn answer_gone(self, missing: impl Into<WireError>) -> Result<Response, WireError> {
        if self.effect == Effect::Unchanged {
            return Err(missing.into());
        }
        self.say(None::<Gone>)
    }

    /// What was rehearsed.
    pub(super) fn shown<Thing>(self) -> Result<Changed<Thing>, WireError> {
        self.with(None)
    }

    fn say<Thing: Serialize>(self, item: Option<Thing>) -> Result<Response, WireError> {
        success(self.with(item)?)
    }

    fn with<Thing>(self, item: Option<Thing>) -> Result<Changed<Thing>, WireError> {
        let changes = self.dry_run.then(|| ShownChanges::of(self.records)).transpose()?;
        Ok(Changed {
            item,
            effect: EffectName::of(Ok(self.effect)).0,
            dry_run: self.dry_run,
            changes,
        })
    }
}

fn dry_run(query: &str) -> Result<bool, FieldViolation> {
    match parameters::once(query, "dry_run")?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(parameters::violation("dry_run", DRY_RUN_ALLOWED, Some(other))),
    }
}

fn reason(query: &str) -> Result<Option<String>, FieldViolation> {
    let Some(text) = parameters::once(query, "reason")? else {
        return Ok(None);
    };
    Reason::try_from(text.clone().into_owned())
        .map(|reason| Some(reason.0))
        .map_err(|allowed| FieldViolation::new("reason", allowed).with_value(&text))
}
