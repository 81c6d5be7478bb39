//! A refusal on its way out.
//!
//! Handlers return a [`WireError`] and know nothing of log ids. As a response it is an empty body that carries the
//! error itself as an extension; [`crate::router()`] turns that into the envelope in one place, where the log id is known,
//! and writes the part that is only for the log. So `error.log_id`, `X-Tt-Logid` and the log line cannot disagree.

use std::{borrow::Cow, fmt};

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use usher_door::DoorError;
use usher_store::{RateExceeded, StoreError};
use utoipa::ToSchema;

use crate::wire::code::WireCode;

/// Most characters of an offending value that are repeated to the caller: enough to recognise it.
const VALUE_CHARACTERS_MAX: usize = 64;

/// A field of the request that is wrong, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldViolation {
    /// The name of the parameter, of the body's field, or `method`.
    pub field: String,
    /// The offending value, shortened; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is allowed.
    pub description: String,
}

impl FieldViolation {
    /// Names a field and what is allowed in it.
    #[must_use]
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            value: None,
            description: description.into(),
        }
    }

    /// Repeats what was offered, shortened.
    #[must_use]
    pub fn with_value(mut self, value: &str) -> Self {
        self.value = Some(value.chars().take(VALUE_CHARACTERS_MAX).collect());
        self
    }
}

/// A scope that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PermissionViolation {
    /// Who has to act: `action_scope_required` the client, `action_privilege_required` the user.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The scope.
    pub subject: String,
}

/// A refusal. Made by the functions below, which pair each code with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    /// The row of the table.
    pub code: WireCode,
    /// Everything else, in a box, because results with a refusal in them are passed through every check.
    pub notes: Box<WireNotes>,
}

/// What a refusal says beside its code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WireNotes {
    /// `msg`, with its places filled in.
    pub msg: Cow<'static, str>,
    /// `error.message`: a hint in newer answers.
    pub message: Option<String>,
    /// `error.field_violations`.
    pub field_violations: Vec<FieldViolation>,
    /// `error.permission_violations`.
    pub permission_violations: Vec<PermissionViolation>,
    /// The number of the method in troubleshooter links, for the Feishu calls.
    pub method_id: Option<&'static str>,
    /// For rate limits: the calls allowed in one second.
    pub rate_limit: Option<RateExceeded>,
    /// Others need the room more: whoever comes back before they were told to waits (`server::pause`).
    pub crowded: bool,
    /// For the log only; never leaves the process.
    pub detail: Option<String>,
}

impl From<WireCode> for WireError {
    fn from(code: WireCode) -> Self {
        let notes = WireNotes {
            msg: Cow::Borrowed(code.row().msg),
            ..WireNotes::default()
        };
        Self {
            code,
            notes: Box::new(notes),
        }
    }
}

impl WireError {
    /// 2320006 with every field that is wrong.
    #[must_use]
    pub fn bad_request(field_violations: Vec<FieldViolation>) -> Self {
        let mut error = Self::from(WireCode::BadRequest);
        error.notes.field_violations = field_violations;
        error
    }

    /// 2320006 for a method that a known path does not have.
    #[must_use]
    pub fn wrong_method(offered: &str, allowed: &str) -> Self {
        let violation = FieldViolation::new("method", format!("method must be {allowed}"));
        Self::bad_request(vec![violation.with_value(offered)])
    }

    /// 99991672: the client has not opened the scope.
    #[must_use]
    pub fn scope_not_opened(scope: &str, client_id: &str) -> Self {
        Self::about_scope(
            WireCode::ScopeNotOpened,
            "action_scope_required",
            scope,
            client_id,
        )
        .with_message(
            "Refer to the documentation to fix the error: https://open.feishu.cn/document/uAjLw4CM/\
             ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-fix-the-99991672-error",
        )
    }

    /// 99991679: the user has not granted the scope.
    #[must_use]
    pub fn scope_not_granted(scope: &str, client_id: &str) -> Self {
        Self::about_scope(
            WireCode::ScopeNotGranted,
            "action_privilege_required",
            scope,
            client_id,
        )
    }

    fn about_scope(code: WireCode, kind: &'static str, scope: &str, client_id: &str) -> Self {
        let mut error = Self::from(code);
        let msg = error
            .notes
            .msg
            .replace("{scopes}", scope)
            .replace("{client_id}", client_id);
        error.notes.msg = Cow::Owned(msg);
        error.notes.permission_violations = vec![PermissionViolation {
            kind,
            subject: scope.to_owned(),
        }];
        error
    }

    /// 99991400 with the calls allowed in the window, and when it ends.
    #[must_use]
    pub fn rate_limited(exceeded: RateExceeded) -> Self {
        let mut error = Self::from(WireCode::RateLimited);
        error.notes.rate_limit = Some(exceeded);
        error
    }

    /// 2320002; `detail` is for the log.
    #[must_use]
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self::from(WireCode::Internal).with_detail(detail)
    }

    /// 2329001; `detail` is for the log.
    #[must_use]
    pub fn busy(detail: impl fmt::Display) -> Self {
        Self::from(WireCode::Busy).with_detail(detail)
    }

    /// 2329001 because too many ask at once; `detail` is for the log.
    #[must_use]
    pub fn crowded(detail: impl fmt::Display) -> Self {
        let mut error = Self::busy(detail);
        error.notes.crowded = true;
        error
    }

    /// Adds a hint for the caller as `error.message`.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.notes.message = Some(message.into());
        self
    }

    /// Adds what only the log may know.
    #[must_use]
    pub fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.notes.detail = Some(detail.to_string());
        self
    }

    /// Names the Feishu call for the troubleshooter link.
    #[must_use]
    pub fn with_method_id(mut self, method_id: &'static str) -> Self {
        self.notes.method_id = Some(method_id);
        self
    }
}

impl From<StoreError> for WireError {
    /// Waiting helps: busy. Anything else is ours to mend: a rejection that reaches this place was not foreseen by the
    /// route, which ought to have said it in its own words.
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            Self::busy(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<DoorError> for WireError {
    /// A full or closing door is busy; a failed batch is as its store error.
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Store(error) => error.into(),
            DoorError::Full => Self::crowded(error),
            DoorError::Closed | DoorError::Undecided => Self::busy(error),
        }
    }
}

impl IntoResponse for WireError {
    fn into_response(self) -> Response {
        let mut response = self.code.row().status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_texts_name_scope_and_client() {
        let opened = WireError::scope_not_opened("a:b:read", "cli_1");
        assert_eq!(
            opened.notes.msg,
            "Access denied. One of the following scopes is required: [a:b:read].\
             应用尚未开通所需的用户身份权限：[a:b:read]，点击链接申请并开通任一权限即可：\
             https://open.feishu.cn/app/cli_1/auth?q=a:b:read&op_from=openapi&token_type=user"
        );
        let granted = WireError::scope_not_granted("a:b:read", "cli_1");
        assert!(granted.notes.msg.ends_with(
            "[a:b:read].应用未获取所需的用户授权：[a:b:read]，点击链接查看解决方案：https://open.feishu.cn/document/\
             uAjLw4CM/ugTN1YjL4UTN24CO1UjN/trouble-shooting/how-to-resolve-error-99991679"
        ));
    }

    #[test]
    fn a_long_value_is_shortened_by_characters() {
        let violation = FieldViolation::new("seat_type", "-").with_value(&"席".repeat(1_000));
        assert_eq!(violation.value, Some("席".repeat(VALUE_CHARACTERS_MAX)));
    }

    #[test]
    fn store_failures_become_busy_or_internal_and_keep_their_detail_to_the_log() {
        let detail = "disk I/O error at /data".to_owned();
        let busy = WireError::from(StoreError::Unavailable {
            detail: detail.clone(),
        });
        assert_eq!(busy.code, WireCode::Busy);
        let broken = WireError::from(StoreError::Broken { detail });
        assert_eq!(broken.code, WireCode::Internal);
        assert_eq!(broken.notes.msg, "internal error");
        assert_eq!(
            broken.notes.detail.as_deref(),
            Some("the store is broken: disk I/O error at /data")
        );
    }
}
