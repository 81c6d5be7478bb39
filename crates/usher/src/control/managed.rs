//! Answers of the management API, for a person at the command line.

use serde::Deserialize;
use serde_json::Value;
use usher_http::WireCode;
use usher_store::Rejection;

use super::refusals;
use crate::{
    failure::Failure,
    language::{
        Language::{Chinese, English},
        Words,
    },
    output::Exit,
};

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
    #[serde(default)]
    value: Option<String>,
    description: String,
}

impl Violation {
    /// What is wrong in both languages. A line of many is told by what it is about.
    fn words(&self) -> Words {
        let Self {
            field,
            value,
            description,
        } = self;
        let about = value.as_deref().filter(|_| field.contains('['));
        let known = LEDGER_REJECTIONS
            .into_iter()
            .find(|rejection| rejection.to_string() == *description);
        let chinese = known.map(|rejection| refusals::of_rejection(rejection).text(Chinese).to_owned());
        let english = about.map_or_else(|| description.clone(), |about| format!("{about}: {description}"));
        let chinese = match (chinese, about) {
            (Some(chinese), Some(about)) => format!("{about}：{chinese}"),
            (Some(chinese), None) => chinese,
            (None, _) => format!("{field}（{description}）"),
        };
        Words::new(english, chinese)
    }
}

/// What the ledger may have against a change of seats; these have words of their own.
const LEDGER_REJECTIONS: [Rejection; 16] = [
    Rejection::UserUnknown,
    Rejection::AppUnknown,
    Rejection::GroupUnknown,
    Rejection::GroupKeyTaken,
    Rejection::SeatTypeAndNamespaceDisagree,
    Rejection::PoolExhausted,
    Rejection::PoolTooSmall,
    Rejection::PoolNeverValid,
    Rejection::SeatNotInUse,
    Rejection::SeatHeld,
    Rejection::SeatNotKept,
    Rejection::SeatProtected,
    Rejection::SeatUsed,
    Rejection::EndInThePast,
    Rejection::LeaveNeverBegins,
    Rejection::TooManyLeaves,
];

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
        Some(WireCode::Busy | WireCode::ReportNotTrustworthy) => Exit::Unavailable,
        _ => Exit::Failed,
    };
    let mut english = envelope.msg;
    let mut chinese = code.map_or_else(|| english.clone(), |code| chinese(code).to_owned());
    for violation in violations {
        let words = violation.words();
        english.push_str(&format!(": {}", words.text(English)));
        chinese.push_str(&format!("：{}", words.text(Chinese)));
    }
    let failure = Failure::new(exit, Words::new(english, chinese));
    Some(Err(match code.and_then(next) {
        Some(command) => failure.next(Words::same(command)),
        None => failure,
    }))
}

/// The command that shows what is there instead.
fn next(code: WireCode) -> Option<&'static str> {
    match code {
        WireCode::GroupUnknown => Some("usher group list"),
        WireCode::PoolUnknown | WireCode::NoSeatFree | WireCode::Conflict => Some("usher pool list"),
        WireCode::SeatUnknown => Some("usher seat list per_user"),
        _ => None,
    }
}

/// What a refusal means, in Chinese. Refusals of tokens cannot happen here, where no token is needed.
fn chinese(code: WireCode) -> &'static str {
    match code {
        WireCode::TenantUnknown => "租户不存在",
        WireCode::UserUnknown => "用户不存在",
        WireCode::AppUnknown => "应用不存在",
        WireCode::ClientUnknown => "客户端不存在",
        WireCode::ServiceTokenUnknown => "服务令牌不存在",
        WireCode::GroupUnknown => "用户组不存在",
        WireCode::PoolUnknown => "席位池不存在",
        WireCode::SeatUnknown => "席位不存在",
        WireCode::NoSeatFree => "席位池已无空闲席位",
        WireCode::Conflict => "该更改与现状不符",
        WireCode::IdentityProviderUnknown => "租户没有身份提供方",
        WireCode::Taken => "已被占用",
        WireCode::BadRequest => "请求有误",
        WireCode::ReportNotTrustworthy => "报表此刻可能有误：记录的活动不完整，或时钟发生了跳变",
        WireCode::Busy => "Usher 正忙，请稍后重试",
        WireCode::Internal => "内部错误，详情见日志",
        _ => "请求被拒绝",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_both_languages_with_what_is_wrong() {
        let body = br#"{"code":2329013,"msg":"it is already taken","error":{"log_id":"x","field_violations":
            [{"field":"user_id","description":"user_id is already taken"}]}}"#;
        let failure = data(body).unwrap().unwrap_err();
        assert_eq!(
            failure.words.text(English),
            "it is already taken: user_id is already taken"
        );
        assert!(failure.words.text(Chinese).starts_with("已被占用：user_id"));
        assert_eq!(data(b"404 page not found"), None);
    }

    #[test]
    fn a_line_of_many_is_told_by_its_seat() {
        let body =
            br#"{"code":2329018,"msg":"no seat is free in the pool","error":{"log_id":"x","field_violations":
            [{"field":"items[2]","value":"per_user:3","description":"no seat is free in the pool"}]}}"#;
        let failure = data(body).unwrap().unwrap_err();
        assert_eq!(
            failure.words.text(English),
            "no seat is free in the pool: per_user:3: no seat is free in the pool"
        );
        assert_eq!(
            failure.words.text(Chinese),
            "席位池已无空闲席位：per_user:3：席位池已无空闲席位"
        );
        assert_eq!(failure.next.unwrap().text(English), "usher pool list");
    }
}
