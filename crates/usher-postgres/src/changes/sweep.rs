//! What has expired is swept away in passing, so that no table grows for ever and no job has to run.

use crate::sql::{Answered, Sql};
/// What has expired is kept this long, so that its bearer hears "expired" or "used" and not "unknown": a week.
const EXPIRED_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Most rows swept away when one is added; more than one, so that sweeping keeps up.
const ROWS_SWEPT_MAX: i64 = 32;

/// A table whose rows expire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expiring {
    Tokens,
    RefreshTokens,
    AuthorizationCodes,
    Sessions,
    Links,
    KeptAnswers,
}

impl Expiring {
    fn statement(self) -> &'static str {
        match self {
            Self::Tokens => {
                "DELETE FROM tokens WHERE (tenant_id, token_hash) IN (SELECT tenant_id, token_hash FROM tokens
                 WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
            }
            Self::RefreshTokens => {
                "DELETE FROM refresh_tokens WHERE (tenant_id, token_hash) IN (SELECT tenant_id, token_hash FROM refresh_tokens
                 WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
            }
            Self::AuthorizationCodes => {
                "DELETE FROM authorization_codes WHERE (tenant_id, code_hash) IN (SELECT tenant_id, code_hash FROM authorization_codes
                 WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
            }
            Self::Sessions => {
                "DELETE FROM sessions WHERE (tenant_id, session_hash) IN (SELECT tenant_id, session_hash FROM sessions
                 WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
            }
            Self::Links => {
                "DELETE FROM links WHERE (tenant_id, link_hash) IN (SELECT tenant_id, link_hash FROM links
                 WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
            }
            Self::KeptAnswers => {
                "DELETE FROM kept_answers WHERE (tenant_id, key_hash) IN (SELECT tenant_id, key_hash FROM kept_answers
                 WHERE expires_at_ms < $1 ORDER BY expires_at_ms LIMIT $2)"
            }
        }
    }
}

/// Takes some long-expired rows out of a table.
pub(super) async fn sweep(connection: &Sql, table: Expiring, at_ms: i64) -> Answered<()> {
    let before_ms = at_ms.saturating_sub(EXPIRED_KEPT_MS);
    connection
        .execute(table.statement(), (before_ms, ROWS_SWEPT_MAX))
        .await
        .map(|_| ())
}
