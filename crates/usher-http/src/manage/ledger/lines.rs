//! Calls of many lines: what they have in common, from the body to the answer.
//!
//! A line is one change. All lines are one transaction; in the whole manner the first that does not fit ends it and is
//! named, in the partial manner each has its own verdict. Under an idempotency key the verdicts are kept by the engine in
//! that very transaction, so a repeated call answers the same ones, whatever has happened since.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{GroupKey, TenantId, UserId};
use usher_store::{Change, ChangeOutcome, Effect, Manner, Rejection, StoreError, page::PAGE_ROWS_MAX};
use utoipa::ToSchema;

use super::{
    super::{asked::Asked, once::Once, refusals, schemas::EffectText, values::Reason},
    shown::{EffectName, ShownChanges},
};
use crate::wire::{FieldViolation, WireCode, WireError, success};

/// Most lines of a call: what an organisation keeps in a spreadsheet. The transaction takes about a second.
pub(super) const LINES_MAX: usize = 10_000;
const LINES_ALLOWED: &str = "must hold 1 to 10000 lines";
const GROUP_ALLOWED: &str =
    "the group has more than 10000 people; name them in items, ten thousand at a time";

/// What becomes of the other lines when one does not fit.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LineManner {
    /// Nothing is done.
    #[default]
    Whole,
    /// Whatever fits is done.
    Partial,
}

impl From<LineManner> for Manner {
    fn from(manner: LineManner) -> Self {
        match manner {
            LineManner::Whole => Self::Whole,
            LineManner::Partial => Self::Each,
        }
    }
}

/// How a call of many lines is to be carried out.
pub(super) struct Terms {
    pub(super) manner: LineManner,
    pub(super) dry_run: bool,
    pub(super) reason: Option<Reason>,
}

/// What became of a line.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Verdict<Thing> {
    #[serde(flatten)]
    thing: Thing,
    #[schema(value_type = EffectText)]
    effect: EffectName,
    /// The place in the waiting list, from 1; with the effect `waiting` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    position: Option<u64>,
    /// Why it was not done, for programs; with the effect `rejected` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    reason: Option<Rejection>,
    /// Why it was not done, for people; with the effect `rejected` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    message: Option<String>,
}

/// How many lines ended how.
#[derive(Default, Serialize, ToSchema)]
pub(in super::super) struct Counts {
    created: usize,
    updated: usize,
    unchanged: usize,
    waiting: usize,
    rejected: usize,
}

impl Counts {
    fn count(&mut self, effect: EffectName) {
        let counter = match effect {
            EffectName::Created => &mut self.created,
            EffectName::Updated => &mut self.updated,
            EffectName::Unchanged => &mut self.unchanged,
            EffectName::Waiting => &mut self.waiting,
            EffectName::Rejected => &mut self.rejected,
        };
        *counter += 1;
    }
}

/// What became of all lines.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct Verdicts<Thing> {
    /// In the order of the lines.
    #[schema(max_items = 10_000)]
    items: Vec<Verdict<Thing>>,
    counts: Counts,
    /// True when nothing was kept.
    dry_run: bool,
    /// True when this answer was given before.
    replayed: bool,
    /// Everything that would be changed; in a rehearsal only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    changes: Option<ShownChanges>,
}

/// A thing that a line is about.
pub(super) trait Subject {
    /// Its form in a verdict.
    type Shown: Serialize;
    /// The change that the line asks for.
    fn change(&self) -> Change;
    /// Its name in a refusal.
    fn name(&self) -> String;
    /// Its form in a verdict.
    fn shown(self) -> Self::Shown;
}

/// Checks how many lines there are.
pub(super) fn check_count(field: &str, lines: usize) -> Result<(), WireError> {
    if (1..=LINES_MAX).contains(&lines) {
        return Ok(());
    }
    Err(WireError::bad_request(vec![FieldViolation::new(
        field,
        format!("{field} {LINES_ALLOWED}"),
    )]))
}

/// Everybody who is in a group now.
pub(super) async fn everybody(
    asked: &Asked,
    tenant_id: TenantId,
    group_key: &GroupKey,
) -> Result<Vec<UserId>, WireError> {
    let store = &asked.edge.store;
    if store.group(tenant_id, group_key).await?.is_none() {
        return Err(WireCode::GroupUnknown.into());
    }
    let mut people: Vec<UserId> = Vec::new();
    loop {
        let after = people.last().copied();
        let more = store
            .group_members(tenant_id, group_key, after, PAGE_ROWS_MAX)
            .await?;
        let last_page = more.len() < PAGE_ROWS_MAX;
        people.extend(more);
        if people.len() > LINES_MAX {
            let violation = FieldViolation::new("group_key", GROUP_ALLOWED).with_value(group_key.as_str());
            return Err(WireError::bad_request(vec![violation]));
        }
        if last_page {
            return Ok(people);
        }
    }
}

/// A call of many lines, ready to be carried out.
pub(super) struct Lines<Line> {
    /// What they are about.
    pub(super) lines: Vec<Line>,
    /// The field of the body in which they stand; `None` when a group stands for them.
    pub(super) field: Option<&'static str>,
    /// What has to be kept besides the verdicts to give the answer again.
    pub(super) kept: String,
}

impl<Line: Subject> Lines<Line> {
    /// Carries the lines out and answers.
    pub(super) async fn carry_out(
        self,
        asked: &Asked,
        once: &Once,
        terms: Terms,
    ) -> Result<Response, WireError> {
        let mut changes: Vec<Change> = self.lines.iter().map(Line::change).collect();
        if !terms.dry_run {
            changes.extend(once.keeping(asked, self.kept.clone()));
        }
        let mut request = asked.request(changes);
        request.manner = terms.manner.into();
        request.rehearsal = terms.dry_run;
        let own = terms.reason.map(|reason| reason.0);
        request.author.reason = own.or(request.author.reason);
        match asked.make(request).await {
            Ok(ChangeOutcome { results, records }) => {
                let changes = terms.dry_run.then(|| ShownChanges::of(records)).transpose()?;
                self.answer(results, changes, false)
            }
            Err(StoreError::Rejected {
                rejection: Rejection::IdempotencyKeyTaken,
                ..
            }) => match once.kept(asked).await? {
                // Somebody was faster with the same call. Its lines may be other people where a group stands for them,
                // so the caller is asked to come again and will be given that answer.
                Some(kept) if self.field.is_some() => self.answer(kept.results, None, true),
                _ => Err(WireError::busy("the same call is being answered just now")),
            },
            Err(StoreError::Rejected { index, rejection }) => Err(self.refused(index, rejection)),
            Err(error) => Err(error.into()),
        }
    }

    fn refused(&self, index: usize, rejection: Rejection) -> WireError {
        let field = self
            .field
            .map_or_else(|| "group_key".to_owned(), |field| format!("{field}[{index}]"));
        let name = self.lines.get(index).map(Line::name).unwrap_or_default();
        refusals::of_line(rejection, field, &name)
    }

    /// Answers with what was done. The results may end with that of keeping the answer, which is nobody's line.
    pub(super) fn answer(
        self,
        results: Vec<Result<Effect, Rejection>>,
        changes: Option<ShownChanges>,
        replayed: bool,
    ) -> Result<Response, WireError> {
        let mut counts = Counts::default();
        let verdict = |(line, result): (Line, Result<Effect, Rejection>)| {
            let (effect, position) = EffectName::of(result);
            counts.count(effect);
            Verdict {
                thing: line.shown(),
                effect,
                position,
                reason: result.err(),
                message: result.err().map(|rejection| rejection.to_string()),
            }
        };
        let items = self.lines.into_iter().zip(results).map(verdict).collect();
        success(Verdicts {
            items,
            counts,
            dry_run: changes.is_some(),
            replayed,
            changes,
        })
    }
}
