//! Answers under idempotency keys.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::TenantId;
use usher_store::{KeptAnswer, TokenHash, audit::chain::log_number};

use crate::numbers::ResultsText;

/// Finds an answer whose time is not over. Those kept before it was known whose they are have no tenant; their keys tell
/// tenants apart all the same.
pub(crate) fn kept_answer(
    connection: &Connection,
    tenant_id: Option<TenantId>,
    key_hash: TokenHash,
    now_ms: i64,
) -> rusqlite::Result<Option<KeptAnswer>> {
    connection
        .prepare_cached(
            "SELECT request_hash, answer, results, expires_at_ms FROM kept_answers
             WHERE key_hash = ?1 AND expires_at_ms > ?2 AND tenant_id IN (0, ?3)",
        )?
        .query_row((key_hash.0, now_ms, log_number(tenant_id)), |row| {
            Ok(KeptAnswer {
                tenant_id,
                key_hash,
                request_hash: TokenHash(row.get(0)?),
                answer: row.get(1)?,
                results: row.get::<_, ResultsText>(2)?.0,
                expires_at_ms: row.get(3)?,
            })
        })
        .optional()
}
