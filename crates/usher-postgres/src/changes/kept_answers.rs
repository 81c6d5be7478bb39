//! Answers under idempotency keys.

use crate::sql::Sql;
use usher_store::{Effect, KeptAnswer, Rejection};

use crate::changing::as_json;

use super::{
    Outcome,
    sweep::{Expiring, sweep},
};

/// Keeps an answer. A key whose time is over is free again.
pub(super) async fn keep(connection: &Sql, kept: &KeptAnswer, at_ms: i64) -> Outcome {
    sweep(connection, Expiring::KeptAnswers, at_ms).await?;
    connection
        .execute(
            "DELETE FROM kept_answers WHERE key_hash = $1 AND expires_at_ms <= $2",
            (kept.key_hash.0.as_slice(), at_ms),
        )
        .await?;
    let added = connection
        .execute(
            "INSERT INTO kept_answers (key_hash, request_hash, answer, results, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, key_hash) DO NOTHING",
            (
                kept.key_hash.0.as_slice(),
                kept.request_hash.0.as_slice(),
                &kept.answer,
                as_json(&kept.results)?,
                kept.expires_at_ms,
            ),
        )
        .await?;
    if added == 0 {
        return Err(Rejection::IdempotencyKeyTaken.into());
    }
    Ok(Effect::Created)
}
