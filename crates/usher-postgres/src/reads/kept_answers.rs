//! Answers under idempotency keys.

use crate::sql::{Answered, Sql};
use usher_seats::TenantId;
use usher_store::{KeptAnswer, TokenHash, audit::chain::log_number};

use crate::numbers::ResultsText;

/// Finds an answer whose time is not over.
pub(crate) async fn kept_answer(
    connection: &Sql,
    tenant_id: Option<TenantId>,
    key_hash: TokenHash,
    now_ms: i64,
) -> Answered<Option<KeptAnswer>> {
    connection
        .optional(
            "SELECT request_hash, answer, results, expires_at_ms FROM kept_answers
             WHERE tenant_id = $1 AND key_hash = $2 AND expires_at_ms > $3",
            (log_number(tenant_id), key_hash.0.as_slice(), now_ms),
            |row| {
                Ok(KeptAnswer {
                    tenant_id,
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
