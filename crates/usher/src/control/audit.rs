//! `/control/v1/audit/verify`: walks along an audit log, some thousand records at a time.
//!
//! A long log takes longer than a call may, and whoever waits wants to see how far it is. So a call walks a stretch and
//! gives the walk back, and the next call takes it up: nothing is kept here between the two.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_store::audit::{AUDIT_SLICE_ROWS_MAX, Verifier};

use super::{
    Control,
    wire::{AuditVerifyAnswer, AuditVerifyQuestion, AuditWalk},
};
use crate::failure::Failure;

/// Slices of one call: fifty thousand records, less than a second on a slow machine.
const SLICES_PER_CALL: usize = 50;

/// Walks a stretch.
pub(crate) async fn answer_verify(
    State(control): State<Arc<Control>>,
    Json(question): Json<AuditVerifyQuestion>,
) -> Result<Json<AuditVerifyAnswer>, Failure> {
    let (tenant_id, mut verifier) = match question.walk {
        AuditWalk::Begin { tenant_key, expected } => {
            let tenant_id = match &tenant_key {
                Some(tenant_key) => Some(control.tenant(tenant_key).await?.tenant_id),
                None => None,
            };
            (tenant_id, Verifier::new(tenant_id).expecting(expected))
        }
        AuditWalk::GoOn(verifier) => (verifier.tenant_id(), *verifier),
    };
    let head = control.store.audit_head(tenant_id).await?;
    let records_expected = head.map_or(0, |head| head.sequence);
    for _ in 0..SLICES_PER_CALL {
        let slice = control
            .store
            .audit_slice(tenant_id, verifier.sequence(), AUDIT_SLICE_ROWS_MAX)
            .await?;
        verifier.take(&slice);
        if slice.records.len() < AUDIT_SLICE_ROWS_MAX {
            return Ok(Json(AuditVerifyAnswer::Verdict(verifier.finish())));
        }
    }
    Ok(Json(AuditVerifyAnswer::Stretch {
        records: verifier.records(),
        records_expected,
        walk: Box::new(verifier),
    }))
}
