//! Answers of the management API, for a person at the command line.

use serde::Deserialize;
use serde_json::Value;
use usher_http::WireCode;

use crate::{failure::Failure, language::Words, output::Exit};

/// The envelope, as far as a command reads it.
#[derive(Deserialize)]
struct Envelope {
    code: u32,
    msg: String,
    data: Option<Value>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    field_violations: Vec<Violation>,
}

#[derive(Deserialize)]
struct Violation {
    field: String,
    description: String,
}

/// The `data` of an answer, or its refusal in words; none for what is no answer of this API.
pub(crate) fn data(bytes: &[u8]) -> Option<Result<Value, Failure>> {
    let envelope: Envelope = serde_json::from_slice(bytes).ok()?;
    if envelope.code == 0 {
        return envelope.data.map(Ok);
    }
    let violations = envelope
        .error
        .map(|error| error.field_violations)
        .unwrap_or_default();
    let code = WireCode::ALL
        .into_iter()
        .find(|code| code.row().code == envelope.code);
    let exit = match code {
        Some(WireCode::Busy) => Exit::Unavailable,
        _ => Exit::Failed,
    };
    let mut english = envelope.msg;
    let mut chinese = code.map_or_else(|| english.clone(), |code| chinese(code).to_owned());
    for Violation { field, description } in violations {
        english.push_str(&format!(": {description}"));
        chinese.push_str(&format!("：{field}（{description}）"));
    }
    Some(Err(Failure::new(exit, Words::new(english, chinese))))
}

/// What a refusal means, in Chinese. Refusals of tokens cannot happen here, where no token is needed.
fn chinese(code: WireCode) -> &'static str {
    match code {
        WireCode::TenantUnknown => "租户不存在",
        WireCode::UserUnknown => "用户不存在",
        WireCode::AppUnknown => "应用不存在",
        WireCode::ClientUnknown => "客户端不存在",
        WireCode::ServiceTokenUnknown => "服务令牌不存在",
        WireCode::IdentityProviderUnknown => "租户没有身份提供方",
        WireCode::Taken => "已被占用",
        WireCode::BadRequest => "请求有误",
        WireCode::Busy => "Usher 正忙，请稍后重试",
        WireCode::Internal => "内部错误，详情见日志",
        _ => "请求被拒绝",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_refusal_is_told_in_both_languages_with_what_is_wrong() {
        let body = br#"{"code":2329013,"msg":"it is already taken","error":{"log_id":"x","field_violations":
            [{"field":"user_id","description":"user_id is already taken"}]}}"#;
        let failure = data(body).unwrap().unwrap_err();
        assert_eq!(
            failure.words.text(Language::English),
            "it is already taken: user_id is already taken"
        );
        assert!(
            failure
                .words
                .text(Language::Chinese)
                .starts_with("已被占用：user_id")
        );
        assert_eq!(data(b"404 page not found"), None);
    }
}
