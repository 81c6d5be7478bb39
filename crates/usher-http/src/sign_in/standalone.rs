//! A page that needs nothing but itself, for a command that shows one and is gone the next moment.
//!
//! Its style is inside, so there is nothing to load from a port that may be closed by then; the policy names that style
//! by its hash and allows nothing else. It says its sentence in both languages, because nobody can be asked.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::page::PAGE_GUARDS;

/// The same as everywhere.
const STYLE: &str = include_str!("../../templates/usher.css");

/// Nothing is loaded, sent or framed.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    // Base64 is what a header takes. Without a policy of its own the page would have the stricter one of no style.
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

/// A page with one sentence in English and in Chinese, which are fixed texts of ours.
#[must_use]
pub fn standalone_page(status: StatusCode, english: &'static str, chinese: &'static str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Usher</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><span class=\"brand\">Usher</span></header>\n\
         <main>\n<p>{english}</p>\n<p lang=\"zh-CN\">{chinese}</p>\n</main>\n</body>\n</html>\n"
    );
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    let mut response = (status, PAGE_GUARDS, kind, html).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}
