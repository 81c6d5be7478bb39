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
    cookies::Cookie, fields::Fields, multipart, page::Frame, problem::Problem, provider::CALLBACK_PATH,
    session::signed_in, texts::Texts,
};
use crate::{
    body,
    body_room::BodyRoom,
    console::operator::Operator,
    edge::{Edge, draw},
    language::{Language, preferred_language},
    log_id::LogId,
    reached::Reached,
};

/// Longest form in bytes: the longest address of ours (8 KiB), percent-encoded, and some room.
const FORM_BYTES_MAX: usize = 32 * 1024;
/// The parameter that switches the language.
const LANGUAGE_PARAMETER: &str = "language";

/// One request for a page.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Under which address, over what and from where.
    pub(crate) reached: Reached,
    /// The time.
    pub(crate) now_ms: i64,
    /// The name of the request.
    pub(crate) log_id: LogId,
    /// Which language the page is in.
    pub(crate) language: Language,
    /// The query as it came, without the language parameter.
    pub(crate) query: String,
    /// The same query, read.
    pub(crate) asked: Fields,
    /// How it asks.
    pub(crate) method: Method,
    /// What a form sent; empty for a GET.
    pub(crate) form: Fields,
    /// Where the other language is to be had; none where the page answers a form, and none on the way back from a
    /// provider: that address works once, and its code is nothing to be written onto a page.
    pub(crate) here: Option<String>,
    headers: HeaderMap,
    language_chosen: bool,
}

impl Visit {
    async fn of(edge: &Edge, request: Request, files: bool) -> (Self, Result<(), Problem>) {
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
            asked: Fields::read(&query),
            query,
            method: parts.method.clone(),
            reached,
            form: Fields::default(),
            headers: parts.headers,
            language_chosen: chosen.is_some(),
        };
        let read = if posted && files && visit.may_send_files(edge).await {
            visit.read_files(request_body, &edge.bodies).await
        } else if posted {
            visit.read_form(request_body, &edge.bodies).await
        } else {
            body::discard(request_body).await;
            Ok(())
        };
        (visit, read)
    }

    /// True for a system administrator and an operator: only their bodies are read beyond the length of a usual form.
    async fn may_send_files(&self, edge: &Edge) -> bool {
        let person = signed_in(edge, self).await.ok().flatten();
        person.is_some_and(|person| person.user.system_administrator)
            || matches!(Operator::of(edge, self).await, Ok(Some(_)))
    }

    /// Reads a form with a file in it. Whether it is ours its token says, which is looked at before anything is done.
    async fn read_files(&mut self, request_body: axum::body::Body, room: &BodyRoom) -> Result<(), Problem> {
        let bytes = body::read_within(request_body, &body::BULK, room).await?;
        self.require_same_site()?;
        let kind = self.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        self.form = match multipart::boundary(kind) {
            Some(boundary) => multipart::read(boundary, &bytes).ok_or_else(|| {
                Problem::malformed("the form is not multipart/form-data as browsers write it")
            })?,
            None => Fields::read(
                std::str::from_utf8(&bytes).map_err(|_| Problem::malformed("the form is not in UTF-8"))?,
            ),
        };
        Ok(())
    }

    /// Browsers say where a form comes from; another site's is refused before its token is looked at.
    fn require_same_site(&self) -> Result<(), Problem> {
        let site = self.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
            return Err(Problem::FormUnknown);
        }
        Ok(())
    }

    /// Reads a form that a page of ours may have sent.
    async fn read_form(&mut self, request_body: axum::body::Body, room: &BodyRoom) -> Result<(), Problem> {
        let bytes = body::read(request_body, room).await?;
        self.require_same_site()?;
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
    pub(crate) async fn change(
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
    pub(crate) fn texts(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    /// What every page has around it.
    pub(crate) fn frame(&self, title: &'static str) -> Frame {
        Frame {
            texts: self.texts(),
            title,
            other_language: self.other_language(),
        }
    }

    /// Where the other language of this page is to be had.
    pub(crate) fn other_language(&self) -> Option<String> {
        self.here.as_ref().map(|here| {
            let joint = if here.contains('?') { '&' } else { '?' };
            format!("{here}{joint}{LANGUAGE_PARAMETER}={}", self.texts().other_tag)
        })
    }

    /// The value of a cookie, whatever it holds.
    pub(crate) fn cookie(&self, cookie: Cookie) -> Option<&str> {
        cookie.read(&self.headers, self.reached.secure)
    }

    /// The value of a cookie that [`Visit::new_secret`] may have made.
    pub(crate) fn secret(&self, cookie: Cookie) -> Option<Secret> {
        let value = cookie.read(&self.headers, self.reached.secure)?;
        hash_secret(value).map(|_| Secret::new(value))
    }
}

/// A new secret for a cookie, a code or a link.
pub(crate) fn new_secret(edge: &Edge) -> Secret {
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
        .unwrap_or_else(|| preferred_language(headers))
}

/// Answers a request for a page.
pub(crate) async fn page<Answering>(
    edge: Arc<Edge>,
    request: Request,
    handler: impl FnOnce(Arc<Edge>, Arc<Visit>) -> Answering,
) -> Response
where
    Answering: Future<Output = Result<Response, Problem>>,
{
    let asked = Visit::of(&edge, request, false).await;
    answered(edge, asked, handler).await
}

/// Answers a request for a page whose form may bring a file, if a system administrator sends it.
pub(crate) async fn page_with_files<Answering>(
    edge: Arc<Edge>,
    request: Request,
    handler: impl FnOnce(Arc<Edge>, Arc<Visit>) -> Answering,
) -> Response
where
    Answering: Future<Output = Result<Response, Problem>>,
{
    let asked = Visit::of(&edge, request, true).await;
    answered(edge, asked, handler).await
}

async fn answered<Answering>(
    edge: Arc<Edge>,
    (visit, read): (Visit, Result<(), Problem>),
    handler: impl FnOnce(Arc<Edge>, Arc<Visit>) -> Answering,
) -> Response
where
    Answering: Future<Output = Result<Response, Problem>>,
{
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
