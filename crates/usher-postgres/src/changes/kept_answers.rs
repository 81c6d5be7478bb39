//! Answers under idempotency keys.

use crate::sql::Sql;
use usher_store::{Effect, KeptAnswer, Rejection, audit::chain::log_number};

use usher_ledger::sweeping::Expiring;

use crate::numbers::ResultsText;

use super::{Outcome, sweep::sweep};

/// Keeps an answer. A key whose time is over is free again.
pub(crate) async fn keep(connection: &Sql, kept: &KeptAnswer, at_ms: i64) -> Outcome {
    sweep(connection, Expiring::KeptAnswers, at_ms).await?;
    connection
        .execute(
            "DELETE FROM kept_answers WHERE tenant_id = $1 AND key_hash = $2 AND expires_at_ms <= $3",
            (log_number(kept.tenant_id), kept.key_hash.0.as_slice(), at_ms),
        )
        .await?;
    let added = connection
        .execute(
            "INSERT INTO kept_answers (tenant_id, key_hash, request_hash, answer, results, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, key_hash) DO NOTHING",
            (
                log_number(kept.tenant_id),
                kept.key_hash.0.as_slice(),
                kept.request_hash.0.as_slice(),
                &kept.answer,
                ResultsText(kept.results.clone()),
                kept.expires_at_ms,
            ),
        )
        .await?;
    if added == 0 {
        return Err(Rejection::IdempotencyKeyTaken.into());
    }
    Ok(Effect::Created)
}
