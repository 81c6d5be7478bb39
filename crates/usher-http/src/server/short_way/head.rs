//! What a question must look like to be answered on the short way.
//!
//! The first line must be exactly one of two, and no header may say anything about how the request is to be read, but for the
//! length of a body where there is one. Headers are read by the reader that hyper uses, with the settings that hyper uses, so
//! nothing is taken here that hyper would refuse.

use crate::{access::forwarded::Gathered, body::BODY_BYTES_MAX};

/// The first line of a gateway's question.
const FORWARD_AUTH: &[u8] = b"GET /usher/v1/forward-auth HTTP/1.1\r\n";
/// The first line of a back end's report.
const ACCESSES: &[u8] = b"POST /usher/v1/accesses HTTP/1.1\r\n";
/// Most headers of a question on the short way: browsers send some twenty, which gateways pass on with a few of their own.
/// More go to hyper.
const HEADERS_MAX: usize = 48;

/// What begins a buffer.
pub(super) enum Begins<'buffer> {
    /// A whole question, which takes so many bytes.
    Question(Question<'buffer>, usize),
    /// Perhaps a question, but not all of it.
    Part,
    /// The head of a report whose body is still to come.
    Report(Announced<'buffer>),
    /// Something else.
    Other,
}

/// A question, still where it was read.
pub(super) enum Question<'buffer> {
    /// Whether somebody may enter.
    ForwardAuth(Gathered<'buffer>),
    /// A report, with the value of the `Authorization` header if it is there exactly once.
    Accesses {
        authorization: Option<&'buffer [u8]>,
        body: &'buffer [u8],
    },
}

/// What the head of a report says.
pub(super) struct Announced<'buffer> {
    /// As in [`Question::Accesses`].
    pub(super) authorization: Option<&'buffer [u8]>,
    /// How many bytes the whole report takes, head and body.
    pub(super) bytes: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entrance {
    ForwardAuth,
    Accesses,
}

type Header<'buffer> = httparse::Header<'buffer>;

/// Reads what begins a buffer. `user_header` is the header in which a gateway names the user, in any case.
pub(super) fn read<'buffer>(buffer: &'buffer [u8], user_header: &str) -> Begins<'buffer> {
    let (entrance, line) = match first_line(buffer) {
        FirstLine::Of(entrance, line) => (entrance, line),
        FirstLine::Part => return Begins::Part,
        FirstLine::Other => return Begins::Other,
    };
    let rest = buffer.get(line..).unwrap_or_default();
    let mut room = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let (bytes, headers) = match httparse::parse_headers(rest, &mut room) {
        Ok(httparse::Status::Complete(read)) => read,
        Ok(httparse::Status::Partial) => return Begins::Part,
        Err(_) => return Begins::Other,
    };
    let after = rest.get(bytes..).unwrap_or_default();
    let Some(framing) = Framing::of(headers) else {
        return Begins::Other;
    };
    match (entrance, framing.body_bytes) {
        (Entrance::ForwardAuth, None) => {
            let sent = headers.iter().map(|header| (header.name, header.value));
            let question = Question::ForwardAuth(Gathered::of(sent, user_header));
            Begins::Question(question, line + bytes)
        }
        (Entrance::Accesses, Some(body_bytes)) => {
            let authorization = framing.authorization;
            let bytes = line + bytes + body_bytes;
            match after.get(..body_bytes) {
                Some(body) => Begins::Question(Question::Accesses { authorization, body }, bytes),
                None => Begins::Report(Announced { authorization, bytes }),
            }
        }
        _ => Begins::Other,
    }
}

/// The headers of a question that was read before, for the rare answer that depends on more of them.
pub(super) fn headers(buffer: &[u8]) -> axum::http::HeaderMap {
    let mut map = axum::http::HeaderMap::new();
    let FirstLine::Of(_, line) = first_line(buffer) else {
        return map;
    };
    let mut room = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let rest = buffer.get(line..).unwrap_or_default();
    if let Ok(httparse::Status::Complete((_, headers))) = httparse::parse_headers(rest, &mut room) {
        for header in headers {
            let name = axum::http::HeaderName::from_bytes(header.name.as_bytes());
            let value = axum::http::HeaderValue::from_bytes(header.value);
            if let (Ok(name), Ok(value)) = (name, value) {
                map.append(name, value);
            }
        }
    }
    map
}

enum FirstLine {
    /// Of a question, which takes so many bytes.
    Of(Entrance, usize),
    Part,
    Other,
}

fn first_line(buffer: &[u8]) -> FirstLine {
    let mut perhaps = false;
    for (line, entrance) in [
        (FORWARD_AUTH, Entrance::ForwardAuth),
        (ACCESSES, Entrance::Accesses),
    ] {
        if buffer.starts_with(line) {
            return FirstLine::Of(entrance, line.len());
        }
        perhaps |= line.starts_with(buffer);
    }
    if perhaps {
        FirstLine::Part
    } else {
        FirstLine::Other
    }
}

/// How a request is to be read.
#[derive(Default)]
struct Framing<'buffer> {
    body_bytes: Option<usize>,
    authorization: Option<&'buffer [u8]>,
    authorizations: usize,
}

impl<'buffer> Framing<'buffer> {
    /// None when anything is said that the short way does not do.
    fn of(headers: &[Header<'buffer>]) -> Option<Self> {
        let mut framing = Self::default();
        for header in headers {
            framing.note(header)?;
        }
        if framing.authorizations != 1 {
            framing.authorization = None;
        }
        Some(framing)
    }

    /// Names are told apart by their length first, because nearly all are none of these.
    fn note(&mut self, header: &Header<'buffer>) -> Option<()> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        match header.name.len() {
            2 if is("te") => None,
            6 if is("expect") => None,
            7 if is("upgrade") || is("trailer") => None,
            10 if is("connection") => header.value.eq_ignore_ascii_case(b"keep-alive").then_some(()),
            13 if is("authorization") => {
                self.authorization = Some(header.value);
                self.authorizations += 1;
                Some(())
            }
            14 if is("content-length") => {
                let bytes = body_bytes(header.value)?;
                // Said twice, it is not said.
                self.body_bytes.replace(bytes).is_none().then_some(())
            }
            17 if is("transfer-encoding") => None,
            _ => Some(()),
        }
    }
}

/// A length in plain decimal digits, of a body that may be read.
fn body_bytes(value: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(value).ok()?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = text.parse().ok().filter(|_| digits)?;
    (bytes <= BODY_BYTES_MAX).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER_HEADER: &str = "X-Forwarded-User";
    const GATEWAY: &str = "GET /usher/v1/forward-auth HTTP/1.1\r\nX-Forwarded-Host: crm.example.com\r\n";
    const BACK_END: &str = "POST /usher/v1/accesses HTTP/1.1\r\nAuthorization: Bearer s-1\r\n";

    /// `question`, `part` or `other`.
    fn kind(text: &str) -> &'static str {
        match read(text.as_bytes(), USER_HEADER) {
            Begins::Question(_, bytes) if bytes <= text.len() => "question",
            Begins::Question(..) => "a question longer than the buffer",
            Begins::Part => "part",
            Begins::Report(announced) if announced.bytes > text.len() => "report",
            Begins::Report(_) => "a report that is there",
            Begins::Other => "other",
        }
    }

    #[test]
    fn every_beginning_of_a_question_is_a_part_of_it() {
        let whole = format!("{BACK_END}Content-Length: 2\r\n\r\n{{}}");
        for question in [format!("{GATEWAY}\r\n"), whole] {
            for bytes in 0..question.len() {
                let (begin, _) = question.split_at(bytes);
                let expected = if begin.ends_with("\r\n\r\n") || begin.ends_with('{') {
                    "report"
                } else {
                    "part"
                };
                assert_eq!(kind(begin), expected, "{begin}");
            }
            assert_eq!(kind(&question), "question");
            assert_eq!(kind(&format!("{question}GET / HTTP/1.1\r\n")), "question");
        }
    }

    #[test]
    fn whatever_is_not_plain_goes_on() {
        for (title, text) in [
            (
                "another path",
                "GET /usher/v1/forward-auth?a HTTP/1.1\r\n\r\n".to_owned(),
            ),
            (
                "another method",
                "HEAD /usher/v1/forward-auth HTTP/1.1\r\n\r\n".to_owned(),
            ),
            (
                "another version",
                "GET /usher/v1/forward-auth HTTP/1.0\r\n\r\n".to_owned(),
            ),
            (
                "a whole address",
                "GET http://a/usher/v1/forward-auth HTTP/1.1\r\n\r\n".to_owned(),
            ),
            (
                "bare line feeds",
                "GET /usher/v1/forward-auth HTTP/1.1\nA: b\n\n".to_owned(),
            ),
            ("a body", format!("{GATEWAY}Content-Length: 2\r\n\r\n{{}}")),
            ("an empty body", format!("{GATEWAY}Content-Length: 0\r\n\r\n")),
            ("chunks", format!("{BACK_END}Transfer-Encoding: chunked\r\n\r\n")),
            ("no length", format!("{BACK_END}\r\n")),
            (
                "two lengths",
                format!("{BACK_END}Content-Length: 2\r\ncontent-length: 2\r\n\r\n{{}}"),
            ),
            (
                "a signed length",
                format!("{BACK_END}Content-Length: +2\r\n\r\n{{}}"),
            ),
            (
                "a body that is too long",
                format!("{BACK_END}Content-Length: {}\r\n\r\n", BODY_BYTES_MAX + 1),
            ),
            ("the last request", format!("{GATEWAY}Connection: close\r\n\r\n")),
            ("an upgrade", format!("{GATEWAY}Upgrade: h2c\r\n\r\n")),
            (
                "a caller who waits",
                format!("{BACK_END}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            ),
            ("a broken header", format!("{GATEWAY}A : b\r\n\r\n")),
            ("a folded header", format!("{GATEWAY}A: b\r\n c\r\n\r\n")),
            ("many headers", format!("{GATEWAY}{}\r\n", "A: b\r\n".repeat(48))),
        ] {
            assert_eq!(kind(&text), "other", "{title}");
        }
    }

    #[test]
    fn an_authorization_said_twice_is_not_said() {
        let once = format!("{BACK_END}Content-Length: 2\r\n\r\n{{}}");
        let twice = once.replace("\r\nContent", "\r\nauthorization: Bearer s-2\r\nContent");
        for (text, expected) in [(once, Some(&b"Bearer s-1"[..])), (twice, None)] {
            let Begins::Question(Question::Accesses { authorization, body }, _) =
                read(text.as_bytes(), USER_HEADER)
            else {
                panic!("{text}");
            };
            assert_eq!((authorization, body), (expected, &b"{}"[..]));
        }
    }
}
