//! How the forward-auth entrance says no.
//!
//! A gateway understands 401 and 403 and nothing else, so everything finer is in `X-Usher-Reason` for programs and in
//! a short body for people, in English or Chinese, or as JSON for programs that show bodies. An answer of the door is of one
//! moment and of one person, hence `Cache-Control: no-store`.
//!
//! 401 comes without `WWW-Authenticate`: who the person is, is established by the site in front of Usher, and a
//! challenge of a scheme that the site does not use would only confuse browsers.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use usher_seats::Refusal;

use crate::{
    language::{Language, preferred_language},
    wire::{WireError, json_response},
};

/// The header that names the reason.
pub const REASON_HEADER: HeaderName = HeaderName::from_static("x-usher-reason");
/// Answers are of one moment and of one person.
pub(super) const NO_STORE: &str = "no-store";
const CONTENT_TYPE_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Why a gateway's question was answered with no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denial {
    /// The gateway named no user.
    UserMissing,
    /// The request did not come from a trusted gateway, or without its secret. Nothing else was looked at.
    RequestUntrusted,
    /// The request can be read in two ways, or in none.
    RequestAmbiguous,
    /// The rule of the door.
    Refused(Refusal),
}

#[derive(Serialize)]
struct DenialBody {
    verdict: &'static str,
    reason: &'static str,
    message: &'static str,
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Denial {
    /// Every denial, for tests and manuals.
    pub const ALL: [Self; 11] = [
        Self::UserMissing,
        Self::RequestUntrusted,
        Self::RequestAmbiguous,
        Self::Refused(Refusal::TenantUnknown),
        Self::Refused(Refusal::UserUnknown),
        Self::Refused(Refusal::UserDisabled),
        Self::Refused(Refusal::AppUnknown),
        Self::Refused(Refusal::AppDisabled),
        Self::Refused(Refusal::NoSeat),
        Self::Refused(Refusal::SeatReleased),
        Self::Refused(Refusal::SeatExpired),
    ];

    /// 401 without a user, else 403.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::UserMissing => StatusCode::UNAUTHORIZED,
            Self::RequestUntrusted | Self::RequestAmbiguous | Self::Refused(_) => StatusCode::FORBIDDEN,
        }
    }

    /// The word in `X-Usher-Reason`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::UserMissing => "user_missing",
            Self::RequestUntrusted => "request_untrusted",
            Self::RequestAmbiguous => "request_ambiguous",
            Self::Refused(refusal) => refusal.wire_name(),
        }
    }

    /// The sentence for the person who wanted to enter.
    pub(crate) fn message(self, language: Language) -> &'static str {
        let (english, chinese) = self.messages();
        match language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    #[rustfmt::skip]
    fn messages(self) -> (&'static str, &'static str) {
        match self {
            Self::UserMissing => ("Please sign in first.", "请先登录。"),
            Self::RequestUntrusted => ("This request did not come through a trusted gateway.", "该请求未经过受信任的网关。"),
            Self::RequestAmbiguous => ("The address of this request is ambiguous.", "该请求的地址存在歧义。"),
            Self::Refused(refusal) => match refusal {
                Refusal::TenantUnknown => ("The organisation does not exist or is disabled.", "企业不存在或已停用。"),
                Refusal::UserUnknown => ("Usher does not know this user.", "用户不存在。"),
                Refusal::UserDisabled => ("This user is disabled.", "用户已停用。"),
                Refusal::AppUnknown => ("No application is served at this address.", "该地址没有对应的应用。"),
                Refusal::AppDisabled => ("This application is disabled.", "应用已停用。"),
                Refusal::NoSeat => ("You have no seat for this application. Please ask your administrator for one.", "您没有该应用的席位，请联系管理员分配。"),
                Refusal::SeatReleased => ("Your seat for this application has been released. Please ask your administrator.", "您的应用席位已被释放，请联系管理员。"),
                Refusal::SeatExpired => ("Your seat for this application has expired. Please ask your administrator.", "您的应用席位已过期，请联系管理员。"),
            },
        }
    }

    /// The answer, in the form and language the request prefers.
    ///
    /// # Errors
    /// [`WireError`] 2320002 when the body has no JSON form.
    pub(crate) fn response(self, request_headers: &HeaderMap) -> Result<Response, WireError> {
        let message = self.message(preferred_language(request_headers));
        let mut response = if asks_for_json(request_headers) {
            let body = DenialBody {
                verdict: "refused",
                reason: self.reason(),
                message,
            };
            json_response(self.status(), &body)?
        } else {
            let content_type = [(header::CONTENT_TYPE, CONTENT_TYPE_TEXT)];
            (self.status(), content_type, format!("{message}\n")).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(REASON_HEADER, HeaderValue::from_static(self.reason()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
        Ok(response)
    }
}

fn asks_for_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT);
    accepted.iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.contains("application/json"))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_word_and_sentences() {
        let words: HashSet<_> = Denial::ALL.map(Denial::reason).into();
        let english: HashSet<_> = Denial::ALL.map(|denial| denial.message(Language::English)).into();
        let chinese: HashSet<_> = Denial::ALL.map(|denial| denial.message(Language::Chinese)).into();
        assert_eq!(
            [words.len(), english.len(), chinese.len()],
            [Denial::ALL.len(); 3]
        );
        assert!(
            Refusal::ALL
                .into_iter()
                .all(|refusal| words.contains(refusal.wire_name()))
        );
        assert!(english.iter().all(|sentence| sentence.is_ascii()));
        assert!(chinese.iter().all(|sentence| sentence.ends_with('。')));
    }
}
