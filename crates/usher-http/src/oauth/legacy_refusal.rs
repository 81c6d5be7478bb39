//! How the older endpoints refuse: `{"code":..,"msg":..}` with HTTP 200, because their clients look only at `code`.
//!
//! There is no object `error` as in the other APIs: one SDK cannot read it here and would lose the code
//! (client-behaviour.md, section 5). Only when the fault is ours is the status an error, which no client should take for
//! an answer. Codes and texts are those of feishu-open-platform.md, sections 5.4 to 6, and of the platform's pages for
//! the calls; where those have no word for a case, it is the newer endpoints' word.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use usher_store::{RateExceeded, StoreError};

use crate::{
    oauth::refusal::{OauthCode, OauthRefusal, noted},
    wire::{LogNote, Weight, WireError, json_response},
};

/// Every way in which an older endpoint can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegacyCode {
    /// As a newer endpoint, in the older words.
    Oauth(OauthCode),
    /// The user token is missing its mark, unknown, over, or taken back.
    UserTokenInvalid,
    /// The app or tenant token by which a client proves itself is not good.
    AppTokenInvalid,
    /// A parameter is missing or cannot be read.
    ParameterInvalid,
    /// The ticket is not good, or the client has no use for one.
    TicketInvalid,
    /// The client cannot act in that tenant.
    TenantTokenFailed,
    /// No such client.
    AppUnknown,
    /// The client's secret is not one of its secrets.
    AppSecretInvalid,
    /// The client may not do this, or is switched off.
    AppUnauthorized,
    /// Tickets are only for store clients.
    ResendFailed,
}

impl LegacyCode {
    /// The table: HTTP status, `code` and `msg`.
    #[must_use]
    #[rustfmt::skip]
    pub const fn row(self) -> (StatusCode, u32, &'static str) {
        let (code, msg) = match self {
            Self::Oauth(code)       => return oauth_row(code),
            Self::ParameterInvalid  => (10003, "invalid param"),
            Self::TicketInvalid     => (10012, "get app access token fail"),
            Self::TenantTokenFailed => (10013, "get tenant access token fail"),
            Self::AppUnknown        => (10014, "app id not exists"),
            Self::AppSecretInvalid  => (10014, "app secret invalid"),
            Self::AppUnauthorized   => (10014, "app unauthorized"),
            Self::ResendFailed      => (10016, "app resend fail"),
            Self::UserTokenInvalid  => (20005, "The user access token passed is invalid. Please check the value"),
            Self::AppTokenInvalid   => (20014, "The app access token passed is invalid. Please check the value"),
        };
        (StatusCode::OK, code, msg)
    }
}

/// The older words for a newer refusal.
#[rustfmt::skip]
const fn oauth_row(oauth: OauthCode) -> (StatusCode, u32, &'static str) {
    let row = oauth.row();
    let (code, msg) = match oauth {
        OauthCode::ParameterMissing | OauthCode::Malformed => (20001, "Invalid request. Please check request param"),
        OauthCode::CodeUnknown | OauthCode::CodeUsed       => (20003, "The code passed is invalid. Please note that the code could only be used once"),
        OauthCode::CodeExpired          => (20004, "The code passed has expired. Please generate a new one"),
        OauthCode::UserUnknown          => (20008, "User not exist"),
        OauthCode::UserDisabled         => (20022, "User frozen"),
        OauthCode::ClientMismatch       => (20024, "App id in user_access_token or refresh_token diff with app id in app_access_token or tenant_access_token. Please keep the app id consistent"),
        OauthCode::RefreshTokenInvalid | OauthCode::RefreshTokenRevoked | OauthCode::RefreshTokenUsed => (20026, "The refresh token passed is invalid. Please check the value"),
        OauthCode::ClientUnknown        => (20028, "Invalid app id"),
        OauthCode::RedirectMismatch     => (20029, "Invalid redirect uri"),
        OauthCode::GrantTypeUnsupported => (20036, "The grant_type passed is not supported"),
        OauthCode::RefreshTokenExpired  => (20037, "The refresh token passed has expired. Please generate a new one"),
        OauthCode::ClientDisabled       => (20042, "App disabled"),
        OauthCode::ServerError          => (20050, "System error"),
        _                               => (row.code, row.description),
    };
    let status = match oauth {
        OauthCode::ServerError | OauthCode::Unavailable => row.status,
        _ => StatusCode::OK,
    };
    (status, code, msg)
}

/// A refusal of an older endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyRefusal {
    /// The row of the table.
    pub code: LegacyCode,
    /// For the log only.
    pub detail: Option<String>,
    /// The gateway's refusal, which is said instead of the row: there were too many calls.
    pub too_many: Option<RateExceeded>,
}

#[derive(Serialize)]
struct Body {
    code: u32,
    /// Seen in one answer and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Empty>,
    msg: &'static str,
}

#[derive(Serialize)]
struct Empty {}

impl From<LegacyCode> for LegacyRefusal {
    fn from(code: LegacyCode) -> Self {
        Self {
            code,
            detail: None,
            too_many: None,
        }
    }
}

impl From<OauthCode> for LegacyRefusal {
    fn from(code: OauthCode) -> Self {
        LegacyCode::Oauth(code).into()
    }
}

impl From<OauthRefusal> for LegacyRefusal {
    fn from(refusal: OauthRefusal) -> Self {
        Self {
            code: LegacyCode::Oauth(refusal.code),
            detail: refusal.detail,
            too_many: refusal.too_many,
        }
    }
}

impl From<StoreError> for LegacyRefusal {
    fn from(error: StoreError) -> Self {
        OauthRefusal::from(error).into()
    }
}

impl IntoResponse for LegacyRefusal {
    fn into_response(self) -> Response {
        if let Some(exceeded) = self.too_many {
            return WireError::rate_limited(exceeded).into_response();
        }
        let (status, code, msg) = self.code.row();
        let body = Body {
            code,
            data: (self.code == LegacyCode::ParameterInvalid).then_some(Empty {}),
            msg,
        };
        let weight = match self.code {
            LegacyCode::Oauth(code) => OauthRefusal::from(code).weight(),
            _ => Weight::Caller,
        };
        let detail = self.detail;
        noted(json_response(status, &body), LogNote { code, weight, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_200_unless_the_fault_is_ours() {
        for code in OauthCode::ALL {
            let ours = matches!(code, OauthCode::ServerError | OauthCode::Unavailable);
            assert_eq!(
                LegacyCode::Oauth(code).row().0 == StatusCode::OK,
                !ours,
                "{code:?}"
            );
        }
    }
}
