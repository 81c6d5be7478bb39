//! One request for a page: who asks, in which language, and what was sent along.
//!
//! Every page goes through [`page`], which reads the request once, lets the handler answer, turns a [`Problem`] into its
//! page, and puts the headers on that every answer of a page carries.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header},
    response::Response,
};
use usher_identity::{Secret, hash_secret, kept_secret::SECRET_RANDOM_BYTES, make_secret};
use usher_seats::UserId;
use usher_store::{Actor, Author, Change, Effect, StoreError};

use super::{
    cookies::Cookie, fields::Fields, page::Frame, problem::Problem, provider::CALLBACK_PATH, texts::Texts,
};
use crate::{
    body,
    edge::{Edge, draw},
    language::Language,
    log_id::LogId,
    reached::Reached,
};

/// Longest form in bytes: the longest address of ours (8 KiB), percent-encoded, and some room.
const FORM_BYTES_MAX: usize = 32 * 1024;
/// The parameter that switches the language.
const LANGUAGE_PARAMETER: &str = "language";

/// One request for a page.
#[derive(Debug)]
pub(super) struct Visit {
    /// Under which address, over what and from where.
    pub(super) reached: Reached,
    /// The time.
    pub(super) now_ms: i64,
    /// The name of the request.
    pub(super) log_id: LogId,
    /// Which language the page is in.
    pub(super) language: Language,
    /// The query as it came, without the language parameter.
    pub(super) query: String,
    /// What a form sent; empty for a GET.
    pub(super) form: Fields,
    /// Where the other language is to be had; none where the page answers a form, and none on the way back from a
    /// provider: that address works once, and its code is nothing to be written onto a page.
    pub(super) here: Option<String>,
    headers: HeaderMap,
    language_chosen: bool,
}

impl Visit {
    async fn of(edge: &Edge, request: Request) -> (Self, Result<(), Problem>) {
        let log_id = request.extensions().get::<LogId>().cloned();
        let now_ms = edge.clock.now_ms();
        let (parts, request_body) = request.into_parts();
        let reached = Reached::by(&parts, &edge.settings);
        let asked = parts.uri.query().unwrap_or_default();
        let chosen = asked
            .split('&')
            .rev()
            .find_map(|pair| pair.strip_prefix("language=").and_then(Language::of_tag));
        let query = without_language(asked);
        let posted = parts.method == Method::POST;
        let mut visit = Self {
            now_ms,
            log_id: log_id.unwrap_or_else(|| LogId::new(now_ms, draw(edge.chance.as_ref()))),
            language: chosen.unwrap_or_else(|| remembered_language(&parts.headers, reached.secure)),
            here: (!posted && parts.uri.path() != CALLBACK_PATH).then(|| here(parts.uri.path(), &query)),
            query,
            reached,
            form: Fields::default(),
            headers: parts.headers,
            language_chosen: chosen.is_some(),
        };
        let read = if posted {
            visit.read_form(request_body).await
        } else {
            body::discard(request_body).await;
            Ok(())
        };
        (visit, read)
    }

    /// Reads a form that a page of ours may have sent. Browsers say where a form comes from; another site's is refused
    /// before its token is looked at.
    async fn read_form(&mut self, request_body: axum::body::Body) -> Result<(), Problem> {
        let bytes = body::read(request_body).await?;
        let site = self.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
            return Err(Problem::FormUnknown);
        }
        let is_form = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !is_form {
            return Err(Problem::malformed(
                "a form must be application/x-www-form-urlencoded",
            ));
        }
        if bytes.len() > FORM_BYTES_MAX {
            return Err(Problem::malformed("the form is too long"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::malformed("the form is not in UTF-8"))?;
        self.form = Fields::read(text);
        Ok(())
    }

    /// Makes changes that a person wants on these pages, all or none.
    pub(super) async fn change(
        &self,
        edge: &Edge,
        person: UserId,
        changes: Vec<Change>,
    ) -> Result<Vec<Effect>, StoreError> {
        let author = Author {
            actor: Actor::User(person),
            client_id: None,
            address: Some(self.reached.address),
            reason: None,
        };
        edge.store.change_by(author, changes, self.now_ms).await
    }

    /// The sentences in the visitor's language.
    pub(super) fn texts(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    /// What every page has around it.
    pub(super) fn frame(&self, title: &'static str) -> Frame {
        let texts = self.texts();
        let other = self.here.as_ref().map(|here| {
            let joint = if here.contains('?') { '&' } else { '?' };
            format!("{here}{joint}{LANGUAGE_PARAMETER}={}", texts.other_tag)
        });
        Frame {
            texts,
            title,
            other_language: other,
        }
    }

    /// The value of a cookie, whatever it holds.
    pub(super) fn cookie(&self, cookie: Cookie) -> Option<&str> {
        cookie.read(&self.headers, self.reached.secure)
    }

    /// The value of a cookie that [`Visit::new_secret`] may have made.
    pub(super) fn secret(&self, cookie: Cookie) -> Option<Secret> {
        let value = cookie.read(&self.headers, self.reached.secure)?;
        hash_secret(value).map(|_| Secret::new(value))
    }
}

/// A new secret for a cookie, a code or a link.
pub(super) fn new_secret(edge: &Edge) -> Secret {
    make_secret(&draw::<SECRET_RANDOM_BYTES>(edge.chance.as_ref()))
}

/// The address of a page, to be asked for again.
fn here(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// A query without the language parameter; the rest as it came, byte for byte.
fn without_language(query: &str) -> String {
    let is_language = |pair: &&str| pair.split('=').next() != Some(LANGUAGE_PARAMETER);
    query.split('&').filter(is_language).collect::<Vec<_>>().join("&")
}

/// The language of the cookie, else the one the browser prefers.
fn remembered_language(headers: &HeaderMap, secure: bool) -> Language {
    Cookie::Language
        .read(headers, secure)
        .and_then(Language::of_tag)
        .unwrap_or_else(|| Language::preferred(headers))
}

/// Answers a request for a page.
pub(super) async fn page<Answering>(
    edge: Arc<Edge>,
    request: Request,
    handler: impl FnOnce(Arc<Edge>, Arc<Visit>) -> Answering,
) -> Response
where
    Answering: Future<Output = Result<Response, Problem>>,
{
    let (visit, read) = Visit::of(&edge, request).await;
    let visit = Arc::new(visit);
    let answered = match read {
        Ok(()) => handler(edge, Arc::clone(&visit)).await,
        Err(problem) => Err(problem),
    };
    let mut response = answered.unwrap_or_else(|problem| problem.response(&visit));
    let headers = response.headers_mut();
    for (name, value) in super::page::PAGE_GUARDS {
        headers.entry(name).or_insert(value);
    }
    if visit.language_chosen {
        let tag = visit.texts().tag;
        headers.append(
            header::SET_COOKIE,
            Cookie::remember_language(tag, visit.reached.secure),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_parameter_is_taken_out_and_nothing_else_is_touched() {
        for (query, expected) in [
            ("", ""),
            ("language=zh-CN", ""),
            ("a=1&language=en&b=%2B+", "a=1&b=%2B+"),
            ("language=en&language=zh", ""),
            ("languages=en&x", "languages=en&x"),
        ] {
            assert_eq!(without_language(query), expected, "{query}");
        }
    }
}
