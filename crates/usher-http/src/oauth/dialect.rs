//! What distinguishes the endpoints that give user tokens, in one table (feishu-open-platform.md, sections 5.2, 5.3,
//! 5.6).

use usher_identity::RefreshGeneration;

/// How long a user token is good, in milliseconds: two hours (feishu-open-platform.md, section 5.2).
pub const USER_TOKEN_LIFE_MS: i64 = 2 * 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// One family of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `/open-apis/authen/v1/oidc/...`
    Legacy,
    /// `/open-apis/authen/v2/oauth/token`
    V2,
    /// `/oauth/v3/token`
    V3,
}

/// What to do with a verifier for a code that was asked for without a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrayVerifier {
    /// Leave it alone.
    Ignored,
    /// Refuse: somebody may have taken the challenge away on the way (RFC 9700, section 2.1.1).
    Refused,
}

/// One row of the table.
struct DialectRow {
    generation: RefreshGeneration,
    stray_verifier: StrayVerifier,
    refresh_life_days: i64,
}

impl Dialect {
    const fn row(self) -> DialectRow {
        match self {
            Self::Legacy => DialectRow {
                generation: RefreshGeneration::Second,
                stray_verifier: StrayVerifier::Ignored,
                refresh_life_days: 30,
            },
            Self::V2 => DialectRow {
                generation: RefreshGeneration::Second,
                stray_verifier: StrayVerifier::Ignored,
                refresh_life_days: 7,
            },
            Self::V3 => DialectRow {
                generation: RefreshGeneration::Third,
                stray_verifier: StrayVerifier::Refused,
                refresh_life_days: 7,
            },
        }
    }

    /// The name under which its calls are counted.
    #[must_use]
    pub const fn api(self) -> &'static str {
        match self {
            Self::Legacy => "oidc_token",
            Self::V2 => "token_v2",
            Self::V3 => "token_v3",
        }
    }

    /// The generation of its refresh tokens.
    #[must_use]
    pub const fn generation(self) -> RefreshGeneration {
        self.row().generation
    }

    /// What it does with a verifier that answers no challenge.
    #[must_use]
    pub const fn stray_verifier(self) -> StrayVerifier {
        self.row().stray_verifier
    }

    /// How long its refresh tokens are good, in milliseconds.
    #[must_use]
    pub const fn refresh_life_ms(self) -> i64 {
        self.row().refresh_life_days * DAY_MS
    }
}
