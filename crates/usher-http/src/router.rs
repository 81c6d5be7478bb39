//! All public routes, and what every answer has in common.
//!
//! Around every route lies one layer that names the request, catches a panic, turns a [`WireError`] into its envelope,
//! sets the headers every answer carries, counts, and writes the one log line of the request. An answer can leave the
//! server by no other way, except when hyper cannot read a request at all (malformed or oversized head): it then says
//! 400, 414 or 431 without a body and closes the connection.
//!
//! Header names are lower case inside the program; [`crate::serve`] spells them in Title-Case on the wire.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};

use crate::{
    access, console,
    edge::{Clock, Edge},
    health,
    log_id::{LOG_ID_RANDOM_BYTES, LogId},
    manage, oauth, open_apis, sign_in,
    telemetry::ROUTE_UNKNOWN,
    wire::{LogNote, Weight, WireCode, WireError, envelope},
};

/// Longest address in bytes, path and query together: the longest meaningful query of ours has some 400 bytes, and most
/// proxies stop at 8 KiB.
pub const URI_BYTES_MAX: usize = 8 * 1024;
/// The header of the log id.
const LOG_ID_HEADER: HeaderName = HeaderName::from_static("x-tt-logid");
/// A second header with the same value: some clients read this one first (client-behaviour.md, section 4).
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// All public routes.
pub fn router(edge: Arc<Edge>) -> Router {
    let routes = Router::new()
        .merge(open_apis::routes())
        .merge(access::routes())
        .merge(manage::routes())
        .merge(oauth::routes())
        .merge(sign_in::routes())
        .merge(console::routes())
        .merge(health::routes())
        .fallback(not_found);
    with_common_answers(routes, edge)
}

/// Puts the common layer around any routes; for other listeners of the same edge, such as a control socket.
pub fn with_common_answers(routes: Router<Arc<Edge>>, edge: Arc<Edge>) -> Router {
    routes
        .layer(from_fn_with_state(Arc::clone(&edge), answer))
        .with_state(edge)
}

/// What Feishu's gateway says to an unknown path: text, not JSON.
pub(crate) async fn not_found() -> Response {
    (
        StatusCode::NOT_FOUND,
        [(header::CONTENT_TYPE, "text/plain")],
        "404 page not found",
    )
        .into_response()
}

/// The common layer.
async fn answer(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let begun = Begun::now(&edge);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(begun.log_id);

    let mut response = if uri_bytes(&request) > URI_BYTES_MAX {
        WireError::from(WireCode::UriTooLong).into_response()
    } else {
        caught(next.run(request)).await
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response = wrong_method(&method, &response);
    }
    let route = route.as_ref().map_or(ROUTE_UNKNOWN, MatchedPath::as_str);
    begun.end(&edge, &method, route, response)
}

/// A request that is being answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    pub(crate) at_ms: i64,
    pub(crate) log_id: LogId,
}

impl Begun {
    /// Begins with the name of the request.
    pub(crate) fn now(edge: &Edge) -> Self {
        let at_ms = edge.clock.now_ms();
        let mut random = [0; LOG_ID_RANDOM_BYTES];
        edge.chance.fill_name(&mut random);
        Self {
            at_ms,
            log_id: LogId::new(at_ms, random),
        }
    }

    /// Gives an answer what every answer has, and counts it and writes it down.
    pub(crate) fn end(self, edge: &Edge, method: &Method, route: &str, mut response: Response) -> Response {
        let mut note = response.extensions_mut().remove::<LogNote>();
        if let Some(error) = response.extensions_mut().remove::<WireError>() {
            let own_headers = std::mem::take(response.headers_mut());
            response = envelope::error_response(&error, &self.log_id);
            note = Some(LogNote::from(&error));
            for (name, value) in &own_headers {
                response
                    .headers_mut()
                    .entry(name.clone())
                    .or_insert(value.clone());
            }
        }
        for name in [LOG_ID_HEADER, REQUEST_ID_HEADER] {
            response.headers_mut().insert(name, self.log_id.header_value());
        }
        self.note(edge, method, route, response.status(), note.as_ref());
        response
    }

    /// Counts an answer and writes it down.
    pub(crate) fn note(
        &self,
        edge: &Edge,
        method: &Method,
        route: &str,
        status: StatusCode,
        note: Option<&LogNote>,
    ) {
        edge.telemetry.answered(route, status.as_u16());
        let line = Line {
            log_id: &self.log_id,
            method,
            route,
            status,
            began_ms: self.at_ms,
            clock: edge.clock.as_ref(),
        };
        line.write(note);
    }
}

/// Bytes of path and query as they arrived.
fn uri_bytes(request: &Request) -> usize {
    request
        .uri()
        .path_and_query()
        .map_or(0, |path_and_query| path_and_query.as_str().len())
}

/// A known path with another method: axum has said which methods it has.
fn wrong_method(method: &Method, response: &Response) -> Response {
    let allowed = response
        .headers()
        .get(header::ALLOW)
        .and_then(|allow| allow.to_str().ok())
        .unwrap_or("another")
        .replace(',', " or ");
    WireError::wrong_method(method.as_str(), &allowed).into_response()
}

/// Runs a handler; a panic becomes an answer. The handler's own state is gone with it, and what is shared is behind
/// locks that recover, so going on is safe.
async fn caught(handler: impl Future<Output = Response>) -> Response {
    let mut handler = pin!(handler);
    let outcome =
        poll_fn(
            |context| match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => std::task::Poll::Ready(Err(panic)),
            },
        );
    outcome
        .await
        .unwrap_or_else(|panic| WireError::internal(panic_text(panic.as_ref())).into_response())
}

/// What a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", said.unwrap_or("without a message"))
}

/// The log line of one request. It names the route and never the address, whose query may hold a page token.
struct Line<'a> {
    log_id: &'a LogId,
    method: &'a Method,
    route: &'a str,
    status: StatusCode,
    began_ms: i64,
    /// Read only where a line is written.
    clock: &'a dyn Clock,
}

impl Line<'_> {
    fn duration_ms(&self) -> i64 {
        self.clock.now_ms().saturating_sub(self.began_ms)
    }

    /// `error` where somebody should act, `warn` where the server refuses for load, `info` else; and `debug` for whoever came
    /// through the door. That is in the ledger and in the counters already, and a line for each of a crowd costs as much as
    /// letting them in, and fills disks.
    fn write(&self, note: Option<&LogNote>) {
        let Self {
            log_id,
            method,
            route,
            status,
            ..
        } = self;
        let status = status.as_u16();
        let code = note.map_or(0, |note| note.code);
        let detail = note.and_then(|note| note.detail.as_deref());
        match note.map(|note| note.weight) {
            Some(Weight::Internal) => tracing::error!(
                %log_id, http.method = %method, http.route = route, http.status = status, wire.code = code,
                duration_ms = self.duration_ms(), detail, "request failed inside"
            ),
            Some(Weight::Busy) => tracing::warn!(
                %log_id, http.method = %method, http.route = route, http.status = status, wire.code = code,
                duration_ms = self.duration_ms(), detail, "request refused because the server is busy"
            ),
            Some(Weight::Outside) => tracing::warn!(
                %log_id, http.method = %method, http.route = route, http.status = status, wire.code = code,
                duration_ms = self.duration_ms(), detail, "another server failed us"
            ),
            Some(Weight::Caller) => tracing::info!(
                %log_id, http.method = %method, http.route = route, http.status = status, wire.code = code,
                duration_ms = self.duration_ms(), detail, "request refused"
            ),
            None if status == 200 && access::PATHS.contains(route) => tracing::debug!(
                %log_id, http.method = %method, http.route = route, http.status = status,
                duration_ms = self.duration_ms(),
                "request answered"
            ),
            None => tracing::info!(
                %log_id, http.method = %method, http.route = route, http.status = status,
                duration_ms = self.duration_ms(),
                "request answered"
            ),
        }
    }
}
