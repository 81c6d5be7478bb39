//! HTTP/1.1 with connections that are kept: `POST /usher/v1/accesses`, a gateway's questions, and any page that is fetched with GET.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Heard, People, Speech, push_number};
use crate::chance::Chance;

/// Where the head of an answer ends.
const HEAD_END: &[u8] = b"\r\n\r\n";
/// What stands before the length of a body, in lower case.
const CONTENT_LENGTH: &[u8] = b"content-length:";
/// The status stands behind `HTTP/1.1 `.
const STATUS_PLACE: std::ops::Range<usize> = 9..12;

/// Reports that people open apps.
#[derive(Debug, Clone)]
pub struct Accesses {
    people: People,
    head: Vec<u8>,
    hoped_for: Vec<u8>,
}

impl Accesses {
    /// With a service token of the people's tenant. `hoped_for` must be in the body of a good answer, such as
    /// [`ADMITTED`](Self::ADMITTED); empty where any answer of status 200 is good.
    #[must_use]
    pub fn new(host: &str, token: &str, people: People, hoped_for: &[u8]) -> Self {
        let head = format!(
            "POST /usher/v1/accesses HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: "
        );
        Self {
            people,
            head: head.into_bytes(),
            hoped_for: hoped_for.to_vec(),
        }
    }

    /// What the answer says when the door lets somebody in.
    pub const ADMITTED: &'static [u8] = b"\"admitted\"";
}

impl Speech for Accesses {
    fn ask(&self, chance: &mut Chance, request: &mut Vec<u8>) {
        let (user, namespace) = self.people.draw(chance);
        let mut number = Vec::with_capacity(20);
        push_number(user, &mut number);
        let body_length = br#"{"user_id":,"namespace":""}"#.len() + number.len() + namespace.len();
        request.extend_from_slice(&self.head);
        push_number(u64::try_from(body_length).unwrap_or(0), request);
        request.extend_from_slice(b"\r\n\r\n{\"user_id\":");
        request.extend_from_slice(&number);
        request.extend_from_slice(b",\"namespace\":\"");
        request.extend_from_slice(namespace.as_bytes());
        request.extend_from_slice(b"\"}");
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        heard(answer, &self.hoped_for)
    }
}

/// Asks as a gateway does, in the lines that `deploy/nginx` makes nginx send. Each app has a host of its own.
#[derive(Debug, Clone)]
pub struct Questions {
    people: People,
}

impl Questions {
    /// About these people, who must not be [listed](People::listed).
    #[must_use]
    pub fn new(people: People) -> Self {
        Self { people }
    }

    /// The host of an app, without its number: `app-000007.example.com`.
    const HOST_END: &'static [u8] = b".example.com";
}

impl Speech for Questions {
    fn ask(&self, chance: &mut Chance, request: &mut Vec<u8>) {
        let (user, app) = self.people.draw_numbers(chance);
        request.extend_from_slice(
            b"GET /usher/v1/forward-auth HTTP/1.1\r\nHost: usher\r\nX-Forwarded-Host: app-",
        );
        let mut number = Vec::with_capacity(20);
        push_number(1_000_000 + app, &mut number);
        request.extend_from_slice(number.get(1..).unwrap_or_default());
        request.extend_from_slice(Self::HOST_END);
        request.extend_from_slice(
            b"\r\nX-Forwarded-Uri: /deals/2026/overview?tab=open&page=2\r\nX-Forwarded-Proto: https\r\n\
              X-Forwarded-Method: GET\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-User: ",
        );
        push_number(self.people.number_of(user), request);
        request.extend_from_slice(b"\r\n\r\n");
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        heard(answer, b"")
    }
}

/// Fetches pages, each bearer in turn: a bearer may ask only so often in a second.
#[derive(Debug)]
pub struct Pages {
    requests: Vec<Vec<u8>>,
    next: AtomicUsize,
}

impl Pages {
    /// Pages of a server, each a path with its query and the token of who asks for it.
    pub fn new<'a>(host: &str, pages: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let request = |(path, token)| {
            let text =
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
            text.into_bytes()
        };
        Self {
            requests: pages.into_iter().map(request).collect(),
            next: AtomicUsize::new(0),
        }
    }
}

impl Speech for Pages {
    fn ask(&self, _: &mut Chance, request: &mut Vec<u8>) {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let place = next.checked_rem(self.requests.len()).unwrap_or(0);
        request.extend_from_slice(self.requests.get(place).map_or(b"", Vec::as_slice));
    }

    fn heard(&self, answer: &[u8]) -> Heard {
        heard(answer, b"")
    }
}

/// The body of a whole answer; empty when there is none.
#[must_use]
pub fn body(answer: &[u8]) -> &[u8] {
    let end = place_of(HEAD_END, answer).map_or(answer.len(), |place| place + HEAD_END.len());
    answer.get(end..).unwrap_or_default()
}

fn heard(answer: &[u8], hoped_for: &[u8]) -> Heard {
    let Some(head_end) = place_of(HEAD_END, answer) else {
        return Heard::More;
    };
    let Some(body_length) = answer.get(..head_end).and_then(content_length) else {
        return Heard::Nonsense;
    };
    let whole = head_end + HEAD_END.len() + body_length;
    match answer.len().cmp(&whole) {
        std::cmp::Ordering::Less => Heard::More,
        std::cmp::Ordering::Greater => Heard::Nonsense,
        std::cmp::Ordering::Equal => {
            let good = answer.get(STATUS_PLACE) == Some(b"200")
                && (hoped_for.is_empty() || place_of(hoped_for, body(answer)).is_some());
            Heard::Whole(good)
        }
    }
}

/// The length that a head announces; none when it does not.
fn content_length(head: &[u8]) -> Option<usize> {
    let line = head.split(|byte| *byte == b'\n').find(|line| {
        line.get(..CONTENT_LENGTH.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(CONTENT_LENGTH))
    })?;
    let value = line.get(CONTENT_LENGTH.len()..)?;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn place_of(wanted: &[u8], text: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 10\r\n\r\n\"admitted\"";

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        for end in 0..ANSWER.len() {
            assert_eq!(heard(&ANSWER[..end], Accesses::ADMITTED), Heard::More, "{end}");
        }
        assert_eq!(heard(ANSWER, Accesses::ADMITTED), Heard::Whole(true));
        assert_eq!(heard(ANSWER, b"refused"), Heard::Whole(false));
        assert_eq!(body(ANSWER), b"\"admitted\"");
        let longer = [ANSWER, b"!"].concat();
        assert_eq!(heard(&longer, b""), Heard::Nonsense);
        assert_eq!(heard(b"HTTP/1.1 200 OK\r\n\r\n", b""), Heard::Nonsense);
        let refused = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(heard(refused, b""), Heard::Whole(false));
    }

    #[test]
    fn a_request_announces_the_length_of_its_body() {
        let accesses = Accesses::new("localhost", "s-secret", People::new(1, 1), b"");
        let mut request = Vec::new();
        accesses.ask(&mut Chance::new(1), &mut request);
        let length = content_length(&request).unwrap();
        assert_eq!(body(&request).len(), length);
        assert_eq!(
            body(&request),
            br#"{"user_id":1800000000000001,"namespace":"package_000000__c"}"#
        );
    }

    #[test]
    fn a_question_names_the_host_of_the_app() {
        let mut request = Vec::new();
        Questions::new(People::new(1, 1)).ask(&mut Chance::new(1), &mut request);
        for line in [
            "X-Forwarded-Host: app-000000.example.com\r\n",
            "X-Forwarded-User: 1800000000000001\r\n\r\n",
        ] {
            assert!(place_of(line.as_bytes(), &request).is_some(), "{line}");
        }
    }
}
