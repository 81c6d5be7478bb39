//! The table of refusals (feishu-open-platform.md, section 5.2), written down a second time, so that a slip in the
//! product's own table is seen.

use crate::{
    oauth_support::{Fields, assert_flat},
    support::Answer,
};

/// A row: HTTP status, `code`, `error`, `error_description`.
pub type Row = (u16, i64, &'static str, &'static str);

pub const PARAMETER_MISSING: Row = (
    400,
    20001,
    "invalid_request",
    "The request is missing a required parameter.",
);
pub const SECRET_INVALID: Row = (400, 20002, "invalid_client", "The client secret is invalid.");
pub const CODE_UNKNOWN: Row = (
    400,
    20003,
    "invalid_grant",
    "The authorization code is not found. Please note that an authorization code can only be used once.",
);
pub const CODE_EXPIRED: Row = (400, 20004, "invalid_grant", "The authorization code has expired.");
pub const USER_UNKNOWN: Row = (400, 20008, "invalid_grant", "The user does not exist.");
pub const NOT_INSTALLED: Row = (
    400,
    20009,
    "unauthorized_client",
    "The specified app is not installed.",
);
pub const USER_NOT_PERMITTED: Row = (
    400,
    20010,
    "access_denied",
    "The user does not have permission to use this app.",
);
pub const CLIENT_MISMATCH: Row = (
    400,
    20024,
    "invalid_grant",
    "The provided authorization code or refresh token does not match the provided client ID.",
);
pub const REFRESH_INVALID: Row = (
    400,
    20026,
    "invalid_grant",
    "The refresh token passed is invalid. Please check the value.",
);
pub const GRANT_TYPE: Row = (
    400,
    20036,
    "unsupported_grant_type",
    "The specified grant_type is not supported.",
);
pub const REFRESH_EXPIRED: Row = (
    400,
    20037,
    "invalid_grant",
    "The refresh token passed has expired. Please generate a new one.",
);
pub const CLIENT_UNKNOWN: Row = (400, 20048, "invalid_client", "The specified app does not exist.");
pub const CHALLENGE_FAILED: Row = (400, 20049, "invalid_grant", "PKCE code challenge failed.");
pub const SERVER_ERROR: Row = (
    500,
    20050,
    "server_error",
    "An unexpected server error occurred. Please retry your request.",
);
pub const MALFORMED: Row = (
    400,
    20063,
    "invalid_request",
    "The request is malformed. Please check your request.",
);
pub const REFRESH_REVOKED: Row = (
    400,
    20064,
    "invalid_grant",
    "The refresh token has been revoked. Please note that a refresh token can only be used once.",
);
pub const CODE_USED: Row = (
    400,
    20065,
    "invalid_grant",
    "The authorization code has been used. Please note that an authorization code can only be used once.",
);
pub const USER_DISABLED: Row = (400, 20066, "invalid_grant", "The user status is invalid.");
pub const SCOPE_DUPLICATE: Row = (
    400,
    20067,
    "invalid_scope",
    "The provided scope list contains duplicate scopes. Please ensure all scopes are unique.",
);
pub const SCOPE_NOT_PERMITTED: Row = (
    400,
    20068,
    "invalid_scope",
    "The provided scope list contains scopes that are not permitted. Please ensure all scopes are allowed.",
);
pub const CLIENT_DISABLED: Row = (
    400,
    20069,
    "unauthorized_client",
    "The specified app is not enabled.",
);
pub const TWO_SECRETS: Row = (
    400,
    20070,
    "invalid_request",
    "Multiple authentication methods were provided. Please only use one to proceed.",
);
pub const REDIRECT_MISMATCH: Row = (
    400,
    20071,
    "invalid_grant",
    "The provided redirect URI does not match the one used during authorization.",
);
pub const UNAVAILABLE: Row = (
    503,
    20072,
    "temporarily_unavailable",
    "The server is temporarily unavailable. Please retry your request.",
);
pub const REFRESH_USED: Row = (
    400,
    20073,
    "invalid_grant",
    "The refresh token has been used. Please note that a refresh token can only be used once.",
);
pub const REFRESH_NOT_ALLOWED: Row = (
    400,
    20074,
    "unauthorized_client",
    "The specified app is not allowed to refresh token.",
);

#[track_caller]
pub fn assert_row(answer: &Answer, (status, code, error, description): Row) {
    assert_flat(answer);
    assert_eq!(answer.status.as_u16(), status, "{answer}");
    let expected = format!(r#"{{"error":"{error}","error_description":"{description}","code":{code}}}"#);
    assert_eq!(answer.text, expected);
}

pub fn with<'a>(mut fields: Fields<'a>, more: &[(&'a str, &'a str)]) -> Fields<'a> {
    fields.extend(more);
    fields
}
