//! Failures of the calls: from the store and the door into words, and over the channel.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use usher_door::DoorError;
use usher_seats::Refusal;
use usher_store::{Rejection, StoreError};

use crate::{
    failure::{Failure, WireFailure},
    language::Words,
    output::Exit,
    words,
};

impl IntoResponse for Failure {
    /// The status only tells answers from failures; the words and the exit code travel in the body.
    fn into_response(self) -> Response {
        let status = match self.exit {
            Exit::Unavailable | Exit::Held => StatusCode::SERVICE_UNAVAILABLE,
            Exit::Done | Exit::Failed | Exit::Usage | Exit::LinesRefused => StatusCode::BAD_REQUEST,
        };
        (status, Json(WireFailure::from(self))).into_response()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        of_store(&error)
    }
}

impl From<DoorError> for Failure {
    fn from(error: DoorError) -> Self {
        of_door(&error)
    }
}

/// A failed call to the store. The detail is for the log.
fn of_store(error: &StoreError) -> Failure {
    match error {
        StoreError::Rejected { rejection, .. } => Failure::failed(of_rejection(*rejection)),
        StoreError::Unavailable { detail } => {
            tracing::warn!(detail, "the store is unavailable");
            Failure::new(
                Exit::Unavailable,
                words!(
                    "the store cannot serve just now; try again in a moment",
                    "存储暂时无法服务，请稍后重试"
                ),
            )
        }
        StoreError::Broken { detail } => {
            tracing::error!(detail, "the store is broken");
            Failure::failed(words!(
                "the store is broken; the log says more",
                "存储已损坏，详情见日志"
            ))
        }
    }
}

/// Accesses that got no verdict.
fn of_door(error: &DoorError) -> Failure {
    match error {
        DoorError::Full => Failure::new(
            Exit::Unavailable,
            words!(
                "too many accesses are waiting at the door; try again in a moment",
                "门前等待的访问过多，请稍后重试"
            ),
        ),
        DoorError::Closed => Failure::new(
            Exit::Unavailable,
            words!(
                "the server is stopping; try again in a moment",
                "服务器正在停止，请稍后重试"
            ),
        ),
        DoorError::Undecided => Failure::new(
            Exit::Unavailable,
            words!(
                "the database is away; try again when it is back",
                "数据库不可用；请待其恢复后重试"
            ),
        ),
        DoorError::Store(error) => of_store(error),
    }
}

/// Why a change does not fit.
pub(crate) fn of_rejection(rejection: Rejection) -> Words {
    let chinese = match rejection {
        Rejection::TenantUnknown => "租户不存在",
        Rejection::TenantKeyTaken => "tenant_key 已被占用",
        Rejection::UserUnknown => "用户不存在",
        Rejection::AppUnknown => "应用不存在",
        Rejection::SeatTypeAndNamespaceDisagree => "应用席位需要 namespace，平台席位则不能有",
        Rejection::ClientUnknown => "客户端不存在",
        Rejection::ClientIdTaken => "client_id 已被占用",
        Rejection::RouteTaken => "该主机与路径前缀已属于另一个应用",
        Rejection::ExternalIdTaken => "external_id 已被占用",
        Rejection::UserIdTaken => "user_id 已被占用",
        Rejection::NamespaceTaken => "namespace 已被占用",
        Rejection::IdempotencyKeyTaken => "幂等键已被占用",
        Rejection::IdentityProviderUnknown => "身份提供方不存在",
        Rejection::SubjectTaken => "身份提供方的该账号已与另一位用户关联",
        Rejection::PoolExhausted => "席位池已无空闲席位",
        Rejection::PoolTooSmall => "在用席位多于购买数量；请先释放一些，或使用 allow_overdraft",
        Rejection::PoolNeverValid => "valid_until 必须晚于 valid_from",
        Rejection::SeatNotInUse => "该席位不在使用中",
        Rejection::SeatHeld => "另一位用户已持有该席位池的席位",
        Rejection::SeatNotKept => "该席位（已）不再为原持有人保留",
        Rejection::SeatProtected => "该席位受保护",
        Rejection::SeatUsed => "该席位在此期间被使用过",
        Rejection::EndInThePast => "席位的结束时间必须在将来",
        Rejection::GroupKeyTaken => "group_key 已被占用",
        Rejection::GroupUnknown => "用户组不存在",
        Rejection::LeaveNeverBegins => "休假的结束必须晚于开始",
        Rejection::TooManyLeaves => "该用户已有 100 段休假；请先删除旧的",
        Rejection::Spent => "已被使用过或已过期",
    };
    Words::new(rejection.to_string(), chinese)
}

/// Why the door refuses, for a person.
pub(crate) fn of_door_refusal(refusal: Refusal) -> Words {
    match refusal {
        Refusal::TenantUnknown => words!(
            "tenant_unknown: the tenant is switched off or gone",
            "tenant_unknown：租户已停用或不存在"
        ),
        Refusal::UserUnknown => words!("user_unknown: there is no such user", "user_unknown：没有该用户"),
        Refusal::UserDisabled => words!(
            "user_disabled: the user is switched off",
            "user_disabled：用户已停用"
        ),
        Refusal::AppUnknown => words!("app_unknown: there is no such app", "app_unknown：没有该应用"),
        Refusal::AppDisabled => words!(
            "app_disabled: the app is switched off",
            "app_disabled：应用已停用"
        ),
        Refusal::NoSeat => words!(
            "no_seat: the user never had a seat for this app",
            "no_seat：用户从未持有此应用的席位"
        ),
        Refusal::SeatReleased => words!(
            "seat_released: the seat was given back",
            "seat_released：席位已释放"
        ),
        Refusal::SeatExpired => words!("seat_expired: the seat had run out", "seat_expired：席位已过期"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_refusal_of_the_door_begins_with_its_wire_name() {
        for refusal in Refusal::ALL {
            for language in Language::ALL {
                let words = of_door_refusal(refusal);
                assert!(words.text(language).starts_with(refusal.wire_name()), "{words:?}");
            }
        }
    }
}
