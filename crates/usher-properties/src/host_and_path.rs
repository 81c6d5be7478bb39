//! Hosts and paths as gateways report them: one thing has one spelling, and no program behind Usher finds itself
//! elsewhere than where Usher saw it.
//!
//! The second is checked against readers written here, each as some real program reads paths. They share nothing
//! with the code they judge.

use usher_http::access::{
    canonical_host::CanonicalHost,
    canonical_path::{CanonicalPath, Readings},
};

/// Inputs worth starting from.
pub const SEEDS: &[&str] = &[
    "apps.example.com:8080",
    "EXAMPLE.com.",
    "[2001:DB8::1]:443",
    "127.0.0.1",
    "0x7f.1",
    "xn--fiqs8s.example",
    "/sales/orders/7?next=/admin",
    "/sales/%2e%2e/admin",
    "/a//b/../c;v=1/d%2Fe%252e",
    "/%C0%AE%C0%AE/admin",
    "/%E4%BD%A0/..%5C..%5Cadmin",
    "/sales/.;x/..;y/admin%00.html",
];

/// Asserts what must hold for any text offered as a host or as a path.
pub fn host_and_path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    host(&text);
    path(&text);
}

fn host(text: &str) {
    let Ok(canonical) = CanonicalHost::parse(text) else {
        return;
    };
    let spelled = canonical.as_str();
    assert_eq!(
        CanonicalHost::parse(spelled).as_ref(),
        Ok(&canonical),
        "the one spelling is its own spelling"
    );
    assert!(
        !spelled
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_control() || byte == b'/')
    );
    assert!(spelled.is_ascii() && !spelled.ends_with('.'), "{spelled:?}");
    assert_eq!(
        CanonicalHost::parse(&text.to_ascii_uppercase()).as_ref(),
        Ok(&canonical),
        "case means nothing"
    );
    assert_eq!(
        CanonicalHost::parse(&format!("{spelled}:8443")).as_ref(),
        Ok(&canonical),
        "a port means nothing"
    );
    for other in [
        format!("{spelled},{spelled}"),
        format!(" {spelled}"),
        format!("user@{spelled}"),
        format!("{spelled}:"),
    ] {
        assert!(CanonicalHost::parse(&other).is_err(), "{other:?} is not one host");
    }
}

fn path(text: &str) {
    let Ok(canonical) = CanonicalPath::parse(text) else {
        return;
    };
    let spelled = canonical.as_str();
    assert!(
        spelled.starts_with('/') && spelled.bytes().all(|byte| byte.is_ascii_graphic()),
        "{spelled:?}"
    );
    assert_eq!(
        CanonicalPath::parse(spelled).as_ref(),
        Ok(&canonical),
        "the one spelling is its own spelling"
    );
    let with_query = format!("{spelled}?a=/../b#c");
    assert_eq!(
        CanonicalPath::parse(&with_query).as_ref(),
        Ok(&canonical),
        "the query is left out"
    );
    letters_may_be_encoded(&canonical);
    let original = text.split('?').next().unwrap_or(text);
    if let Some(head) = canonical.shared_head() {
        assert!(
            spelled.starts_with(head) && !head.ends_with('/'),
            "{head:?} of {spelled:?}"
        );
        every_reader_finds_the_head(original, head);
    } else {
        assert_eq!(canonical.readings(), Readings::NothingShared);
    }
}

/// `%61` is `a` to everybody, so it must be to us.
fn letters_may_be_encoded(canonical: &CanonicalPath) {
    let mut encoded = String::new();
    let mut digits_of_an_encoding = 0;
    for character in canonical.as_str().chars() {
        let plain = digits_of_an_encoding == 0;
        digits_of_an_encoding = if character == '%' {
            2
        } else {
            usize::saturating_sub(digits_of_an_encoding, 1)
        };
        if plain && character.is_ascii_alphanumeric() {
            encoded.push_str(&format!("%{:02x}", u32::from(character)));
        } else {
            encoded.push(character);
        }
    }
    assert_eq!(
        CanonicalPath::parse(&encoded).as_ref(),
        Ok(canonical),
        "{encoded:?}"
    );
}

/// However a program reads the path, it ends up at or below the head.
fn every_reader_finds_the_head(original: &str, head: &str) {
    let wanted: Vec<Vec<u8>> = head
        .split('/')
        .skip(1)
        .map(|segment| decode(segment.as_bytes()))
        .collect();
    for (name, reader) in READERS {
        let found = reader(original.as_bytes());
        let begins =
            found.len() >= wanted.len() && found.iter().zip(&wanted).all(|(found, wanted)| found == wanted);
        assert!(
            begins,
            "{name} reads {original:?} as {found:?}, which is not below {head:?}"
        );
    }
}

type Segments = Vec<Vec<u8>>;
type Reader = fn(&[u8]) -> Segments;

/// How programs read paths.
const READERS: [(&str, Reader); 7] = [
    ("split, then resolve, then decode", |path| {
        decoded(&resolved(split(path, b"/")))
    }),
    ("split, decode, then resolve", |path| {
        resolved(decoded(&split(path, b"/")))
    }),
    ("decode, then split", |path| resolved(split(&decode(path), b"/"))),
    ("decode twice, then split", |path| {
        resolved(split(&decode(&decode(path)), b"/"))
    }),
    ("backslashes are slashes", |path| {
        resolved(split(&decode(path), b"/\\"))
    }),
    ("parameters are cut off", |path| {
        resolved(decoded(&cut(split(path, b"/"))))
    }),
    ("slashes are joined", |path| {
        let joined = split(&decode(path), b"/")
            .into_iter()
            .filter(|segment| !segment.is_empty())
            .collect();
        resolved(joined)
    }),
];

fn split(path: &[u8], at: &[u8]) -> Segments {
    path.split(|byte| at.contains(byte))
        .skip(1)
        .map(<[u8]>::to_vec)
        .collect()
}

/// `.` stays where it is, `..` goes up.
fn resolved(segments: Segments) -> Segments {
    let mut kept = Segments::new();
    for segment in segments {
        match segment.as_slice() {
            b"." => {}
            b".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    kept
}

/// Cuts each segment at its first `;`.
fn cut(segments: Segments) -> Segments {
    let first = |segment: Vec<u8>| segment.split(|byte| *byte == b';').next().map(<[u8]>::to_vec);
    segments.into_iter().filter_map(first).collect()
}

fn decoded(segments: &[Vec<u8>]) -> Segments {
    segments.iter().map(|segment| decode(segment)).collect()
}

/// Percent decoding, once; what is not an encoding stays.
fn decode(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Some((first, rest)) = bytes.split_first() {
        let pair = rest.split_first_chunk::<2>().filter(|_| *first == b'%');
        let value = pair.and_then(|(digits, rest)| Some((hexadecimal(digits)?, rest)));
        let (byte, rest) = value.unwrap_or((*first, rest));
        out.push(byte);
        bytes = rest;
    }
    out
}

fn hexadecimal(digits: &[u8; 2]) -> Option<u8> {
    let both = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| both)
        .and_then(|text| u8::from_str_radix(text, 16).ok())
}
