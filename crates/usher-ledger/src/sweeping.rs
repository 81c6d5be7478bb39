//! What has expired is swept away in passing, so that no table grows for ever and no job has to run.

/// What has expired is kept this long, so that its bearer hears "expired" or "used" and not "unknown": a week.
const EXPIRED_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Most rows swept away when one is added; more than one, so that sweeping keeps up.
pub const ROWS_SWEPT_MAX: i64 = 32;

/// What expired before this moment is swept away at `at_ms`; both in milliseconds.
#[must_use]
pub fn swept_before_ms(at_ms: i64) -> i64 {
    at_ms.saturating_sub(EXPIRED_KEPT_MS)
}

/// A table whose rows expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiring {
    /// Access, service and operator tokens.
    Tokens,
    /// Refresh tokens.
    RefreshTokens,
    /// Authorization codes.
    AuthorizationCodes,
    /// Signed-in browsers.
    Sessions,
    /// One-time links.
    Links,
    /// Answers under idempotency keys.
    KeptAnswers,
}

impl Expiring {
    /// The table, and the column that its rows are named by.
    #[must_use]
    pub fn table_and_key(self) -> (&'static str, &'static str) {
        match self {
            Self::Tokens => ("tokens", "token_hash"),
            Self::RefreshTokens => ("refresh_tokens", "token_hash"),
            Self::AuthorizationCodes => ("authorization_codes", "code_hash"),
            Self::Sessions => ("sessions", "session_hash"),
            Self::Links => ("links", "link_hash"),
            Self::KeptAnswers => ("kept_answers", "key_hash"),
        }
    }
}
