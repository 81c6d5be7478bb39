//! The six cookies and how they are kept safe.
//!
//! | Cookie | Holds | Lives |
//! | --- | --- | --- |
//! | `usher_session` | 32 random bytes; the store knows their hash | as long as the session |
//! | `usher_form` | 32 random bytes that bind a form to this browser before anybody is signed in | until the browser closes |
//! | `usher_errand` | what the browser carries to an identity provider and back, sealed | ten minutes |
//! | `usher_operator` | the hash of an operator token and an end, sealed | a working day |
//! | `usher_organisation` | which organisation an operator looks at; grants nothing | until the browser closes |
//! | `usher_language` | `en` or `zh` | a year |
//!
//! All are `HttpOnly` (no script reads them; there is none) and `SameSite=Lax` (no other site's form brings them along).
//! Where the connection outside is TLS they are `Secure` and bear the prefix `__Host-`, with which a browser takes them
//! from this very host only: a neighbouring host or a plain connection cannot plant one. Only the names of the kind of
//! connection at hand are read, so a plain cookie is never taken for a guarded one.

use axum::http::{HeaderMap, HeaderValue, header};

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is signed in.
    Session,
    /// Which browser asked for a form.
    Form,
    /// What the browser is sent to an identity provider for.
    Errand,
    /// Which operator is signed in.
    Operator,
    /// Which organisation the operator looks at.
    Organisation,
    /// Which language was chosen.
    Language,
}

/// A year, in seconds: how long a chosen language is remembered.
const LANGUAGE_LIFE_SECONDS: i64 = 365 * 24 * 60 * 60;

impl Cookie {
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-usher_session",
            (Self::Session, false) => "usher_session",
            (Self::Form, true) => "__Host-usher_form",
            (Self::Form, false) => "usher_form",
            (Self::Errand, true) => "__Host-usher_errand",
            (Self::Errand, false) => "usher_errand",
            (Self::Operator, true) => "__Host-usher_operator",
            (Self::Operator, false) => "usher_operator",
            (Self::Organisation, true) => "__Host-usher_organisation",
            (Self::Organisation, false) => "usher_organisation",
            (Self::Language, true) => "__Host-usher_language",
            (Self::Language, false) => "usher_language",
        }
    }

    /// The value a request brings, if any. Where the name is there twice the first counts, as browsers put the more
    /// specific path first; a planted second one changes nothing.
    pub(crate) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        let lines = headers.get_all(header::COOKIE).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The `Set-Cookie` header that keeps `value`, which must be of characters a cookie may hold. `life_seconds`: none
    /// means until the browser closes.
    pub(crate) fn set(self, value: &str, life_seconds: Option<i64>, secure: bool) -> HeaderValue {
        let name = self.name(secure);
        let age = life_seconds.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
        let guarded = if secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{guarded}{age}");
        // Our values are base64url and language names, which a header always takes.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The `Set-Cookie` header that makes a browser forget it.
    pub(crate) fn forget(self, secure: bool) -> HeaderValue {
        self.set("", Some(0), secure)
    }

    /// The `Set-Cookie` header that remembers a language.
    pub(crate) fn remember_language(tag: &str, secure: bool) -> HeaderValue {
        Self::Language.set(tag, Some(LANGUAGE_LIFE_SECONDS), secure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = headers(&[
            "a=1; xusher_session=2; usher_session=3",
            "__Host-usher_session=4; usher_session=5",
        ]);
        assert_eq!(Cookie::Session.read(&headers, false), Some("3"));
        assert_eq!(Cookie::Session.read(&headers, true), Some("4"));
        assert_eq!(Cookie::Form.read(&headers, false), None);
    }

    #[test]
    fn the_attributes_are_those_of_the_connection() {
        assert_eq!(
            Cookie::Session.set("abc", Some(60), true),
            "__Host-usher_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
        assert_eq!(
            Cookie::Form.set("abc", None, false),
            "usher_form=abc; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            Cookie::Session.forget(false),
            "usher_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }
}
