//! Answers as bytes, header names in Title-Case as everywhere on the wire.

use std::cell::RefCell;

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

use crate::log_id::LogId;

/// Room for an answer of the usual length, so that it is made once for a connection.
const USUAL_BYTES: usize = 512;

thread_local! {
    /// The date of answers, made once a second by each thread.
    static DATE: RefCell<Date> = const { RefCell::new(Date::NONE) };
}

/// The answers of one connection, one after the other in the same place.
///
/// Lines are written from their beginning, the end of the line before included, to the end of their text, because each piece costs
/// as much as many bytes.
pub(super) struct Reply {
    bytes: Vec<u8>,
    /// The body of a good answer, whose length stands before it.
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(USUAL_BYTES),
            body: Vec::new(),
        }
    }

    /// The answer.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins a good answer in place of the last.
    pub(super) fn begin_good(&mut self) {
        self.bytes.clear();
        self.bytes.extend_from_slice(b"HTTP/1.1 200 OK");
    }

    /// Says a header. `line` is how its line begins: the end of the line before, the name as it goes over the wire, a colon and a
    /// space.
    pub(super) fn header(&mut self, line: &'static str, value: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// Says the name of the request.
    pub(super) fn log_id(&mut self, log_id: &LogId) {
        self.bytes.extend_from_slice(b"\r\nX-Tt-Logid: ");
        self.bytes.extend_from_slice(log_id.as_bytes());
        self.bytes.extend_from_slice(b"\r\nX-Request-Id: ");
        self.bytes.extend_from_slice(log_id.as_bytes());
    }

    /// Ends a good answer with the body that was put aside for it, if any.
    pub(super) fn end_good(&mut self, now_ms: i64, closing: bool) {
        let body = std::mem::take(&mut self.body);
        self.end(now_ms, closing, &body);
        self.body = body;
        self.body.clear();
    }

    /// Writes an answer that was made elsewhere in place of the last.
    pub(super) fn whole(
        &mut self,
        (status, headers): (StatusCode, &HeaderMap),
        body: &Bytes,
        now_ms: i64,
        closing: bool,
    ) {
        self.bytes.clear();
        let reason = status.canonical_reason().unwrap_or_default();
        for part in ["HTTP/1.1 ", status.as_str(), " ", reason] {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        for (name, value) in headers {
            if name == header::CONTENT_LENGTH {
                continue;
            }
            self.bytes.extend_from_slice(b"\r\n");
            let mut first = true;
            for byte in name.as_str().bytes() {
                self.bytes
                    .push(if first { byte.to_ascii_uppercase() } else { byte });
                first = byte == b'-';
            }
            self.bytes.extend_from_slice(b": ");
            self.bytes.extend_from_slice(value.as_bytes());
        }
        self.end(now_ms, closing, body);
    }

    fn end(&mut self, now_ms: i64, closing: bool, body: &[u8]) {
        self.header("\r\nContent-Length: ", itoa::Buffer::new().format(body.len()));
        if closing {
            self.header("\r\nConnection: ", "close");
        }
        DATE.with_borrow_mut(|date| self.header("\r\nDate: ", date.at(now_ms)));
        self.bytes.extend_from_slice(b"\r\n\r\n");
        self.bytes.extend_from_slice(body);
    }
}

/// A date as answers have it, made once a second.
struct Date {
    second: Option<i64>,
    text: String,
}

impl Date {
    const NONE: Self = Self {
        second: None,
        text: String::new(),
    };

    fn at(&mut self, now_ms: i64) -> &str {
        let second = now_ms.div_euclid(1_000);
        if self.second != Some(second) {
            self.second = Some(second);
            let moment = Timestamp::from_second(second).unwrap_or_default();
            let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&moment);
            self.text = printed.unwrap_or_default();
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const MOMENT_MS: i64 = 1_767_323_045_999;

    #[test]
    fn a_good_answer_is_written_in_place_of_the_last() {
        let mut reply = Reply::new();
        for body in [&b"{}"[..], b""] {
            reply.begin_good();
            reply.header("\r\nCache-Control: ", "no-store");
            reply.body.extend_from_slice(body);
            reply.end_good(MOMENT_MS, false);
            let expected = format!(
                "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: {}\r\n\
                 Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n{}",
                body.len(),
                String::from_utf8_lossy(body)
            );
            assert_eq!(String::from_utf8_lossy(reply.bytes()), expected);
        }
    }

    #[test]
    fn an_answer_from_elsewhere_is_spelled_in_title_case() {
        let mut reply = Reply::new();
        let mut headers = HeaderMap::new();
        headers.insert("x-usher-reason", HeaderValue::from_static("no_seat"));
        headers.insert("content-length", HeaderValue::from_static("7"));
        let status = StatusCode::FORBIDDEN;
        reply.whole((status, &headers), &Bytes::from_static(b"no"), MOMENT_MS, true);
        assert_eq!(
            String::from_utf8_lossy(reply.bytes()),
            "HTTP/1.1 403 Forbidden\r\nX-Usher-Reason: no_seat\r\nContent-Length: 2\r\nConnection: close\r\n\
             Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\nno"
        );
    }
}
