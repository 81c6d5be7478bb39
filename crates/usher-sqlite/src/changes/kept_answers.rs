//! Answers under idempotency keys.

use rusqlite::Connection;
use usher_store::{Effect, KeptAnswer, Rejection, audit::chain::log_number};

use usher_ledger::sweeping::Expiring;

use crate::numbers::ResultsText;

use super::{Outcome, sweep::sweep};

/// Keeps an answer. A key whose time is over is free again.
pub(crate) fn keep(connection: &Connection, kept: &KeptAnswer, at_ms: i64) -> Outcome {
    sweep(connection, Expiring::KeptAnswers, at_ms)?;
    connection
        .prepare_cached("DELETE FROM kept_answers WHERE key_hash = ?1 AND expires_at_ms <= ?2")?
        .execute((kept.key_hash.0, at_ms))?;
    let added = connection
        .prepare_cached(
            "INSERT INTO kept_answers (key_hash, request_hash, answer, results, expires_at_ms, tenant_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key_hash) DO NOTHING",
        )?
        .execute((
            kept.key_hash.0,
            kept.request_hash.0,
            &kept.answer,
            ResultsText(kept.results.clone()),
            kept.expires_at_ms,
            log_number(kept.tenant_id),
        ))?;
    if added == 0 {
        return Err(Rejection::IdempotencyKeyTaken.into());
    }
    Ok(Effect::Created)
}
