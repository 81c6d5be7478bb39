//! The JSON around every answer, and the headers that go with it.
//!
//! `{"code":0,"msg":"success","data":{...}}` or `{"code":..,"msg":"..","error":{"log_id":..,"troubleshooter":..,...}}`.
//! Header names are written in lower case here, as the `http` crate wants them; the connection spells them in
//! Title-Case on the wire (`server.rs`), which Feishu's Python SDK needs (client-behaviour.md, rule 1).

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    log_id::LogId,
    wire::{
        code::WireCode,
        error::{FieldViolation, PermissionViolation, WireError},
    },
};

/// The content type of every JSON answer.
pub const CONTENT_TYPE_JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// Seconds until a caller who was refused for load may try again.
pub(crate) const RETRY_AFTER_SECONDS: u64 = 1;
/// Stands at an answer to somebody for whom there was no room, for the connection to see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowded;

/// The calls allowed in a window.
const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ogw-ratelimit-limit");
/// Seconds until the window ends.
const RATE_RESET: HeaderName = HeaderName::from_static("x-ogw-ratelimit-reset");

/// The body of every success.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuccessBody<Data> {
    /// Always 0.
    #[schema(maximum = 0)]
    code: u32,
    /// Always `success`.
    #[schema(pattern = "^success$")]
    msg: &'static str,
    data: Data,
}

/// The body of every refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    /// Which refusal; the HTTP status alone does not tell.
    #[schema(minimum = 1)]
    code: u32,
    msg: &'a str,
    error: ErrorObject<'a>,
}

/// What else a refusal says.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorObject<'a> {
    log_id: &'a str,
    troubleshooter: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    permission_violations: &'a [PermissionViolation],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    field_violations: &'a [FieldViolation],
}

/// The body of a success, at the end of what is there already.
///
/// # Errors
/// [`WireError`] 2320002 when `data` has no JSON form.
pub(crate) fn write_success(into: &mut Vec<u8>, data: impl Serialize) -> Result<(), WireError> {
    let body = SuccessBody {
        code: 0,
        msg: "success",
        data,
    };
    serde_json::to_writer(into, &body).map_err(WireError::internal)
}

/// HTTP 200 with `data`.
///
/// # Errors
/// [`WireError`] 2320002 when `data` has no JSON form.
pub fn success(data: impl Serialize) -> Result<Response, WireError> {
    let body = SuccessBody {
        code: 0,
        msg: "success",
        data,
    };
    json_response(StatusCode::OK, &body)
}

/// Any JSON body under any status.
///
/// # Errors
/// [`WireError`] 2320002 when `body` has no JSON form.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Result<Response, WireError> {
    let bytes = serde_json::to_vec(body).map_err(WireError::internal)?;
    Ok((status, [(header::CONTENT_TYPE, CONTENT_TYPE_JSON)], bytes).into_response())
}

/// The whole answer for an error, once the log id is known.
#[must_use]
pub fn error_response(error: &WireError, log_id: &LogId) -> Response {
    let row = error.code.row();
    let body = ErrorBody {
        code: row.code,
        msg: &error.notes.msg,
        error: ErrorObject {
            log_id: log_id.as_str(),
            troubleshooter: troubleshooter(error, log_id),
            message: error.notes.message.as_deref(),
            permission_violations: &error.notes.permission_violations,
            field_violations: &error.notes.field_violations,
        },
    };
    // Texts and numbers always have a JSON form; an empty body is what would be left if they had not.
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = (row.status, Body::from(bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE_JSON);
    if let Some(exceeded) = error.notes.rate_limit {
        headers.insert(RATE_LIMIT, exceeded.limit.into());
        headers.insert(RATE_RESET, exceeded.reset_seconds.into());
        headers.insert(header::RETRY_AFTER, exceeded.reset_seconds.into());
    }
    if error.code == WireCode::Busy {
        headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
    }
    if error.notes.crowded {
        response.extensions_mut().insert(Crowded);
    }
    response
}

/// Where to look next. Feishu's codes get Feishu's link, which explains them; our own codes point to our own log,
/// because nobody else knows them.
fn troubleshooter(error: &WireError, log_id: &LogId) -> String {
    let label = "排查建议查看(Troubleshooting suggestions):";
    if error.code.is_ours() {
        return format!("{label} 在 Usher 日志中查找 (search Usher's log for) log_id={log_id}");
    }
    let code = error.code.row().code;
    let link = format!("https://open.feishu.cn/search?from=openapi&log_id={log_id}&code={code}");
    match error.notes.method_id {
        Some(method_id) => format!("{label} {link}&method_id={method_id}"),
        None => format!("{label} {link}"),
    }
}
