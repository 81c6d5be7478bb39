//! The one table of wire errors.
//!
//! A [`WireCode`] can only be an error, so no answer can pair a failure with HTTP 200 or a code with the wrong text.
//! Codes of the gateway (9999....) and of aPaaS (2320...) and their texts are Feishu's, byte for byte
//! (feishu-open-platform.md, sections 1.1, 3.3, 3.4; DESIGN section 5). Codes 2329... are Usher's own, for what
//! Feishu does not document.

use axum::http::StatusCode;

/// Every way in which an answer can be an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireCode {
    /// No `Authorization: Bearer ...`.
    TokenMissing,
    /// An unknown, ended or unfit `t-` token; also a good one where only a user may ask.
    TenantTokenInvalid,
    /// Any other token that is unknown, taken back or unfit.
    TokenInvalid,
    /// A user token whose time is over.
    TokenExpired,
    /// The client was switched off or is gone.
    ClientDisabled,
    /// The client has not opened the scope.
    ScopeNotOpened,
    /// The user has not granted the scope.
    ScopeNotGranted,
    /// More calls in this second than allowed.
    RateLimited,
    /// The tenant is unknown or switched off.
    TenantUnknown,
    /// The user the token acts for is gone or switched off.
    UserUnknown,
    /// The user is not a system administrator, or the token may not do this.
    NotAllowed,
    /// Wrong method, parameter or body.
    BadRequest,
    /// Something is wrong on our side; the log knows what.
    Internal,
    /// Full queue, or the store cannot serve just now.
    Busy,
    /// The body is longer than we read.
    BodyTooLarge,
    /// The address is longer than we read.
    UriTooLong,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// There is no such app in the tenant.
    AppUnknown,
    /// There is no such client in the tenant.
    ClientUnknown,
    /// There is no such service token in the tenant.
    ServiceTokenUnknown,
    /// A name that must be somebody's alone is somebody else's.
    Taken,
    /// The idempotency key came with another request before.
    IdempotencyKeyReused,
    /// There is no such group in the tenant.
    GroupUnknown,
    /// There is no such pool in the tenant.
    PoolUnknown,
    /// There is no such seat in the tenant.
    SeatUnknown,
    /// The pool has no seat to give now.
    NoSeatFree,
    /// The change does not fit what is there; the field violations say why.
    Conflict,
    /// The tenant has no identity provider.
    IdentityProviderUnknown,
    /// A report would be wrong just now, because recorded activity is not complete or the clock has jumped.
    ReportNotTrustworthy,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireRow {
    /// The HTTP status.
    pub status: StatusCode,
    /// `code` in the body.
    pub code: u32,
    /// `msg` in the body; `{scopes}` and `{client_id}` stand for the scopes and the client concerned.
    pub msg: &'static str,
}

const TOKEN_INVALID: &str =
    "Invalid access token for authorization. Please make a request with token attached.";

impl WireCode {
    /// Every code, for tests and manuals.
    pub const ALL: [Self; 29] = [
        Self::TokenMissing,
        Self::TenantTokenInvalid,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::ClientDisabled,
        Self::ScopeNotOpened,
        Self::ScopeNotGranted,
        Self::RateLimited,
        Self::TenantUnknown,
        Self::UserUnknown,
        Self::NotAllowed,
        Self::BadRequest,
        Self::Internal,
        Self::Busy,
        Self::BodyTooLarge,
        Self::UriTooLong,
        Self::BodyTooSlow,
        Self::AppUnknown,
        Self::ClientUnknown,
        Self::ServiceTokenUnknown,
        Self::Taken,
        Self::IdempotencyKeyReused,
        Self::GroupUnknown,
        Self::PoolUnknown,
        Self::SeatUnknown,
        Self::NoSeatFree,
        Self::Conflict,
        Self::ReportNotTrustworthy,
        Self::IdentityProviderUnknown,
    ];

    /// The table.
    #[must_use]
    #[rustfmt::skip]
    pub const fn row(self) -> WireRow {
        let (status, code, msg) = match self {
            Self::TokenMissing       => (StatusCode::BAD_REQUEST, 99991661, "Missing access token for authorization. Please make a request with token attached."),
            Self::ClientDisabled     => (StatusCode::BAD_REQUEST, 99991662, "app not in use"),
            Self::TenantTokenInvalid => (StatusCode::BAD_REQUEST, 99991663, TOKEN_INVALID),
            Self::TokenInvalid       => (StatusCode::BAD_REQUEST, 99991668, TOKEN_INVALID),
            Self::ScopeNotOpened     => (StatusCode::BAD_REQUEST, 99991672, "Access denied. One of the following scopes is required: [{scopes}].应用尚未开通所需的用户身份权限：[{scopes}]，点击链接申请并开通任一权限即可：https://open.feishu.cn/app/{client_id}/auth?q={scopes}&op_from=openapi&token_type=user"),
            Self::TokenExpired       => (StatusCode::UNAUTHORIZED, 99991677, "Authentication token expired. Please request a new one."),
            Self::ScopeNotGranted    => (StatusCode::BAD_REQUEST, 99991679, "Unauthorized. You do not have permission to perform the requested operation on the resource. Please request user re-authorization and try again. required one of these privileges under the user identity: [{scopes}].应用未获取所需的用户授权：[{scopes}]，点击链接查看解决方案：https://open.feishu.cn/document/uAjLw4CM/ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-resolve-error-99991679"),
            Self::RateLimited        => (StatusCode::TOO_MANY_REQUESTS, 99991400, "request trigger frequency limit"),
            Self::Internal           => (StatusCode::INTERNAL_SERVER_ERROR, 2320002, "internal error"),
            Self::TenantUnknown      => (StatusCode::NOT_FOUND, 2320003, "tenant does not exist"),
            Self::UserUnknown        => (StatusCode::NOT_FOUND, 2320004, "user does not exist"),
            Self::NotAllowed         => (StatusCode::FORBIDDEN, 2320005, "insufficient permissions"),
            Self::BadRequest         => (StatusCode::BAD_REQUEST, 2320006, "bad request or invalid parameter"),
            Self::Busy               => (StatusCode::SERVICE_UNAVAILABLE, 2329001, "usher is busy, please retry later"),
            Self::BodyTooLarge       => (StatusCode::PAYLOAD_TOO_LARGE, 2329002, "request body is too large"),
            Self::UriTooLong         => (StatusCode::URI_TOO_LONG, 2329003, "request uri is too long"),
            Self::BodyTooSlow        => (StatusCode::REQUEST_TIMEOUT, 2329004, "request body did not arrive in time"),
            Self::AppUnknown         => (StatusCode::NOT_FOUND, 2329010, "app does not exist"),
            Self::ClientUnknown      => (StatusCode::NOT_FOUND, 2329011, "client does not exist"),
            Self::ServiceTokenUnknown => (StatusCode::NOT_FOUND, 2329012, "service token does not exist"),
            Self::Taken              => (StatusCode::CONFLICT, 2329013, "it is already taken"),
            Self::IdempotencyKeyReused => (StatusCode::CONFLICT, 2329014, "the idempotency key came with another request before"),
            Self::GroupUnknown       => (StatusCode::NOT_FOUND, 2329015, "group does not exist"),
            Self::PoolUnknown        => (StatusCode::NOT_FOUND, 2329016, "pool does not exist"),
            Self::SeatUnknown        => (StatusCode::NOT_FOUND, 2329017, "seat does not exist"),
            Self::NoSeatFree         => (StatusCode::CONFLICT, 2329018, "no seat is free in the pool"),
            Self::Conflict           => (StatusCode::CONFLICT, 2329019, "the change does not fit what is there"),
            Self::ReportNotTrustworthy => (StatusCode::SERVICE_UNAVAILABLE, 2329020, "the report would be wrong just now, because recorded activity is not complete or the clock has jumped"),
            Self::IdentityProviderUnknown => (StatusCode::NOT_FOUND, 2329021, "identity provider does not exist"),
        };
        WireRow { status, code, msg }
    }

    /// True for the codes that Feishu does not have.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        self.row().code / 1_000 == 2_329
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_an_error_with_a_code_of_its_own() {
        let codes: HashSet<u32> = WireCode::ALL.iter().map(|code| code.row().code).collect();
        assert_eq!(codes.len(), WireCode::ALL.len());
        for code in WireCode::ALL {
            let status = code.row().status;
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
        }
    }
}
