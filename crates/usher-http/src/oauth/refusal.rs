//! The one table of refusals of the token endpoints (feishu-open-platform.md, section 5.2).
//!
//! The newer endpoints answer flat, `{"error":..,"error_description":..,"code":..}`, in the words of RFC 6749; the
//! older ones say the same in their own words, which are in [`legacy_refusal`](super::legacy_refusal). A refusal carries
//! a note for the log, which never holds anything the caller sent.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use usher_identity::scope_list::ScopeListError;
use usher_store::{RateExceeded, Rejection, StoreError};

use crate::wire::{LogNote, Weight, WireError, json_response};

/// Every way in which a token endpoint can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OauthCode {
    /// A required parameter is missing or empty.
    ParameterMissing,
    /// The client's secret is not one of its secrets.
    SecretInvalid,
    /// No such code.
    CodeUnknown,
    /// The code's five minutes are over.
    CodeExpired,
    /// The person is gone.
    UserUnknown,
    /// The client is not installed in the person's tenant.
    NotInstalled,
    /// The client is another tenant's own.
    UserNotPermitted,
    /// The code or refresh token is another client's.
    ClientMismatch,
    /// No such refresh token, or one of a later generation.
    RefreshTokenInvalid,
    /// Not a grant type of this endpoint.
    GrantTypeUnsupported,
    /// The refresh token's time, or the year after the grant, is over.
    RefreshTokenExpired,
    /// No such client.
    ClientUnknown,
    /// The verifier is missing, malformed, not that of the challenge, or brought without one.
    ChallengeFailed,
    /// Something is wrong on our side; the log knows what.
    ServerError,
    /// The request cannot be read.
    Malformed,
    /// The family of the refresh token was revoked.
    RefreshTokenRevoked,
    /// The code was redeemed before.
    CodeUsed,
    /// The person or their tenant is switched off.
    UserDisabled,
    /// A scope is in the list twice.
    ScopeDuplicate,
    /// A scope is in the list that was not granted.
    ScopeNotPermitted,
    /// The client or the tenant that owns it is switched off.
    ClientDisabled,
    /// A secret in the body and one in the header.
    TwoSecrets,
    /// Not the address that the code was sent to.
    RedirectMismatch,
    /// The store cannot serve just now.
    Unavailable,
    /// The refresh token was used before.
    RefreshTokenUsed,
    /// The client's registration does not allow refreshing.
    RefreshNotAllowed,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthRow {
    /// The HTTP status of the flat form.
    pub status: StatusCode,
    /// `code` of the flat form.
    pub code: u32,
    /// `error`, from RFC 6749.
    pub error: &'static str,
    /// `error_description`.
    pub description: &'static str,
}

impl OauthCode {
    /// Every code, for tests and manuals.
    pub const ALL: [Self; 26] = [
        Self::ParameterMissing,
        Self::SecretInvalid,
        Self::CodeUnknown,
        Self::CodeExpired,
        Self::UserUnknown,
        Self::NotInstalled,
        Self::UserNotPermitted,
        Self::ClientMismatch,
        Self::RefreshTokenInvalid,
        Self::GrantTypeUnsupported,
        Self::RefreshTokenExpired,
        Self::ClientUnknown,
        Self::ChallengeFailed,
        Self::ServerError,
        Self::Malformed,
        Self::RefreshTokenRevoked,
        Self::CodeUsed,
        Self::UserDisabled,
        Self::ScopeDuplicate,
        Self::ScopeNotPermitted,
        Self::ClientDisabled,
        Self::TwoSecrets,
        Self::RedirectMismatch,
        Self::Unavailable,
        Self::RefreshTokenUsed,
        Self::RefreshNotAllowed,
    ];

    /// The table (feishu-open-platform.md, section 5.2).
    #[must_use]
    #[rustfmt::skip]
    pub const fn row(self) -> OauthRow {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        let (status, code, error, description) = match self {
            Self::ParameterMissing     => (BAD, 20001, "invalid_request", "The request is missing a required parameter."),
            Self::SecretInvalid        => (BAD, 20002, "invalid_client", "The client secret is invalid."),
            Self::CodeUnknown          => (BAD, 20003, "invalid_grant", "The authorization code is not found. Please note that an authorization code can only be used once."),
            Self::CodeExpired          => (BAD, 20004, "invalid_grant", "The authorization code has expired."),
            Self::UserUnknown          => (BAD, 20008, "invalid_grant", "The user does not exist."),
            Self::NotInstalled         => (BAD, 20009, "unauthorized_client", "The specified app is not installed."),
            Self::UserNotPermitted     => (BAD, 20010, "access_denied", "The user does not have permission to use this app."),
            Self::ClientMismatch       => (BAD, 20024, "invalid_grant", "The provided authorization code or refresh token does not match the provided client ID."),
            Self::RefreshTokenInvalid  => (BAD, 20026, "invalid_grant", "The refresh token passed is invalid. Please check the value."),
            Self::GrantTypeUnsupported => (BAD, 20036, "unsupported_grant_type", "The specified grant_type is not supported."),
            Self::RefreshTokenExpired  => (BAD, 20037, "invalid_grant", "The refresh token passed has expired. Please generate a new one."),
            Self::ClientUnknown        => (BAD, 20048, "invalid_client", "The specified app does not exist."),
            Self::ChallengeFailed      => (BAD, 20049, "invalid_grant", "PKCE code challenge failed."),
            Self::ServerError          => (StatusCode::INTERNAL_SERVER_ERROR, 20050, "server_error", "An unexpected server error occurred. Please retry your request."),
            Self::Malformed            => (BAD, 20063, "invalid_request", "The request is malformed. Please check your request."),
            Self::RefreshTokenRevoked  => (BAD, 20064, "invalid_grant", "The refresh token has been revoked. Please note that a refresh token can only be used once."),
            Self::CodeUsed             => (BAD, 20065, "invalid_grant", "The authorization code has been used. Please note that an authorization code can only be used once."),
            Self::UserDisabled         => (BAD, 20066, "invalid_grant", "The user status is invalid."),
            Self::ScopeDuplicate       => (BAD, 20067, "invalid_scope", "The provided scope list contains duplicate scopes. Please ensure all scopes are unique."),
            Self::ScopeNotPermitted    => (BAD, 20068, "invalid_scope", "The provided scope list contains scopes that are not permitted. Please ensure all scopes are allowed."),
            Self::ClientDisabled       => (BAD, 20069, "unauthorized_client", "The specified app is not enabled."),
            Self::TwoSecrets           => (BAD, 20070, "invalid_request", "Multiple authentication methods were provided. Please only use one to proceed."),
            Self::RedirectMismatch     => (BAD, 20071, "invalid_grant", "The provided redirect URI does not match the one used during authorization."),
            Self::Unavailable          => (StatusCode::SERVICE_UNAVAILABLE, 20072, "temporarily_unavailable", "The server is temporarily unavailable. Please retry your request."),
            Self::RefreshTokenUsed     => (BAD, 20073, "invalid_grant", "The refresh token has been used. Please note that a refresh token can only be used once."),
            Self::RefreshNotAllowed    => (BAD, 20074, "unauthorized_client", "The specified app is not allowed to refresh token."),
        };
        OauthRow { status, code, error, description }
    }
}

/// A refusal of a token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthRefusal {
    /// The row of the table.
    pub code: OauthCode,
    /// For the log only.
    pub detail: Option<String>,
    /// The gateway's refusal, which is said instead of the row: there were too many calls.
    pub too_many: Option<RateExceeded>,
}

#[derive(Serialize)]
struct FlatBody {
    error: &'static str,
    error_description: &'static str,
    code: u32,
}

impl OauthRefusal {
    /// A row with a note for the log.
    pub(super) fn noted(code: OauthCode, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..code.into()
        }
    }

    /// The answer of the newer endpoints.
    #[must_use]
    pub fn flat(self) -> Response {
        if let Some(exceeded) = self.too_many {
            return WireError::rate_limited(exceeded).into_response();
        }
        let row = self.code.row();
        let body = FlatBody {
            error: row.error,
            error_description: row.description,
            code: row.code,
        };
        let note = LogNote {
            code: row.code,
            weight: self.weight(),
            detail: self.detail,
        };
        noted(json_response(row.status, &body), note)
    }

    /// Who has to act.
    pub(super) fn weight(&self) -> Weight {
        match self.code {
            OauthCode::ServerError => Weight::Internal,
            OauthCode::Unavailable => Weight::Busy,
            _ => Weight::Caller,
        }
    }
}

/// Adds what every refusal has: the note for the log, and when to come back if that helps.
pub(super) fn noted(response: Result<Response, WireError>, note: LogNote) -> Response {
    let mut response = match response {
        Ok(response) => response,
        Err(error) => return error.into_response(),
    };
    if note.weight == Weight::Busy {
        let soon = HeaderValue::from_static("1");
        response.headers_mut().insert(header::RETRY_AFTER, soon);
    }
    response.extensions_mut().insert(note);
    response
}

impl From<OauthCode> for OauthRefusal {
    fn from(code: OauthCode) -> Self {
        Self {
            code,
            detail: None,
            too_many: None,
        }
    }
}

impl From<RateExceeded> for OauthRefusal {
    fn from(exceeded: RateExceeded) -> Self {
        Self {
            too_many: Some(exceeded),
            ..OauthCode::Unavailable.into()
        }
    }
}

impl From<StoreError> for OauthRefusal {
    /// What vanished between reading and writing is refused as if it had not been there; any other rejection was not
    /// foreseen and is ours to mend.
    fn from(error: StoreError) -> Self {
        let code = match (&error, error.rejection()) {
            (StoreError::Unavailable { .. }, _) => OauthCode::Unavailable,
            (_, Some(Rejection::UserUnknown)) => OauthCode::UserUnknown,
            (_, Some(Rejection::ClientUnknown)) => OauthCode::ClientUnknown,
            _ => OauthCode::ServerError,
        };
        Self {
            code,
            detail: Some(error.to_string()),
            too_many: None,
        }
    }
}

impl From<ScopeListError> for OauthRefusal {
    fn from(error: ScopeListError) -> Self {
        match error {
            ScopeListError::Duplicate => OauthCode::ScopeDuplicate,
            ScopeListError::Malformed => OauthCode::Malformed,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_an_error_with_a_code_of_its_own() {
        let codes: HashSet<u32> = OauthCode::ALL.iter().map(|code| code.row().code).collect();
        assert_eq!(codes.len(), OauthCode::ALL.len());
        for code in OauthCode::ALL {
            let status = code.row().status;
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
        }
    }
}
