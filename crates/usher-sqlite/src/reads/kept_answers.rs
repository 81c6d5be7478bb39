//! Answers under idempotency keys.

use rusqlite::{Connection, OptionalExtension};
use usher_store::{KeptAnswer, TokenHash};

use crate::numbers::ResultsText;

/// Finds an answer whose time is not over.
pub(crate) fn kept_answer(
    connection: &Connection,
    key_hash: TokenHash,
    now_ms: i64,
) -> rusqlite::Result<Option<KeptAnswer>> {
    connection
        .prepare_cached(
            "SELECT request_hash, answer, results, expires_at_ms FROM kept_answers
             WHERE key_hash = ?1 AND expires_at_ms > ?2",
        )?
        .query_row((key_hash.0, now_ms), |row| {
            Ok(KeptAnswer {
                key_hash,
                request_hash: TokenHash(row.get(0)?),
                answer: row.get(1)?,
                results: row.get::<_, ResultsText>(2)?.0,
                expires_at_ms: row.get(3)?,
            })
        })
        .optional()
}
