//! What a gateway says in headers, and what travels along beside it from the person it speaks about.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use usher_http::access::forwarded::{ForwardedRequest, NamedUser, read_forwarded};

const USER_HEADER: &str = "X-Forwarded-User";
/// Every name that Usher reads or holds to its form.
const NAMES: [&str; 7] = [
    "x-forwarded-host",
    "x-forwarded-uri",
    "x-forwarded-user",
    "x-forwarded-proto",
    "x-forwarded-method",
    "x-forwarded-for",
    "x-usher-gateway-secret",
];

/// Inputs worth starting from: one header a line.
pub const SEEDS: &[&str] = &[
    "x-forwarded-host: apps.example.com\nx-forwarded-uri: /sales/7?a=b\nx-forwarded-user: 1800000000000001",
    "x-forwarded-host: a\nx-forwarded-user: 7\nx-forwarded-user: 8",
    "x-forwarded-host: a\nx-forwarded-user: 7\nx_forwarded_user: 8",
    "x-forwarded-host: a\nx-forwarded-uri: /\nx.forwarded.uri: /admin\nx-forwarded-user: 7,8",
    "x-forwarded-host: a, b\nx-forwarded-proto: https\nx-forwarded-method: GET\nx-forwarded-for: 192.0.2.1, 10.0.0.1",
    "x-forwarded-host: a\nx-forwarded-user: 007\nx-forwarded-proto: gopher\nforwarded: for=_x",
];

/// Asserts what must hold for any headers from a trusted gateway.
pub fn forwarded_headers(bytes: &[u8]) {
    let lines = lines_of(bytes);
    let read = read_forwarded(&headers_of(&lines), USER_HEADER);
    let reversed: Vec<_> = lines.iter().rev().cloned().collect();
    assert_eq!(
        read_forwarded(&headers_of(&reversed), USER_HEADER),
        read,
        "the order of headers means nothing"
    );
    foreign_headers_mean_nothing(&lines, &read);
    if let Ok(request) = &read {
        nobody_else_is_heard(&lines);
        the_user_is_the_one_written(&lines, request);
        meddling_is_noticed(&lines);
    }
}

/// Headers as anybody may send them: what no server would let in is left out.
fn lines_of(bytes: &[u8]) -> Vec<(HeaderName, HeaderValue)> {
    let pairs = bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = value.get(1..)?.trim_ascii();
        Some((
            HeaderName::from_bytes(name).ok()?,
            HeaderValue::from_bytes(value).ok()?,
        ))
    });
    pairs.collect()
}

fn headers_of(lines: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name, value.clone());
    }
    headers
}

fn with(lines: &[(HeaderName, HeaderValue)], name: &str, value: &'static str) -> HeaderMap {
    let mut headers = headers_of(lines);
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        headers.append(name, HeaderValue::from_static(value));
    }
    headers
}

fn foreign_headers_mean_nothing<E: std::fmt::Debug>(
    lines: &[(HeaderName, HeaderValue)],
    read: &Result<ForwardedRequest, E>,
) {
    for name in [
        "x-original-uri",
        "forwarded",
        "x-forwarded-users",
        "x-forwarded",
        "host",
        "x-real-ip",
    ] {
        let again = read_forwarded(&with(lines, name, "2, /admin"), USER_HEADER);
        assert_eq!(again.ok().as_ref(), read.as_ref().ok(), "{name}");
    }
}

/// What was accepted holds each of our names at most once, under no other spelling.
fn nobody_else_is_heard(lines: &[(HeaderName, HeaderValue)]) {
    for ours in NAMES {
        let alike = lines
            .iter()
            .filter(|(name, _)| name.as_str().replace(['_', '.'], "-") == ours);
        let names: Vec<&str> = alike.map(|(name, _)| name.as_str()).collect();
        assert!(names.is_empty() || names == [ours], "{names:?}");
    }
}

fn the_user_is_the_one_written(lines: &[(HeaderName, HeaderValue)], request: &ForwardedRequest) {
    let written = lines
        .iter()
        .find(|(name, _)| name == "x-forwarded-user")
        .map(|(_, value)| value.as_bytes());
    match request.user {
        NamedUser::Missing => assert!(written.is_none_or(<[u8]>::is_empty), "{written:?}"),
        NamedUser::Unknown => assert!(written.is_some()),
        NamedUser::UserId(user_id) => {
            assert_eq!(
                written,
                Some(user_id.get().to_string().as_bytes()),
                "one user has one spelling"
            );
        }
    }
}

/// Whoever adds to what was accepted makes it ambiguous.
fn meddling_is_noticed(lines: &[(HeaderName, HeaderValue)]) {
    for ours in NAMES {
        for alias in [
            ours.replace('-', "_"),
            ours.replace('-', "."),
            ours.replacen('-', "_", 1),
        ] {
            let read = read_forwarded(&with(lines, &alias, "1"), USER_HEADER);
            assert!(read.is_err(), "{alias} beside {lines:?}");
        }
        if lines.iter().any(|(name, _)| name == ours) {
            let read = read_forwarded(&with(lines, ours, "1"), USER_HEADER);
            assert!(read.is_err(), "{ours} twice in {lines:?}");
        }
    }
}
