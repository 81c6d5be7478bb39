//! Answers under idempotency keys.

use crate::sql::{Answered, Sql};
use usher_store::{KeptAnswer, TokenHash};

use crate::numbers::ResultsText;

/// Finds an answer whose time is not over.
pub(crate) async fn kept_answer(
    connection: &Sql,
    key_hash: TokenHash,
    now_ms: i64,
) -> Answered<Option<KeptAnswer>> {
    connection
        .optional(
            "SELECT request_hash, answer, results, expires_at_ms FROM kept_answers
             WHERE key_hash = $1 AND expires_at_ms > $2",
            (key_hash.0.as_slice(), now_ms),
            |row| {
                Ok(KeptAnswer {
                    key_hash,
                    request_hash: row.hash(0)?,
                    answer: row.get(1)?,
                    results: row.get::<ResultsText>(2)?.0,
                    expires_at_ms: row.get(3)?,
                })
            },
        )
        .await
}
