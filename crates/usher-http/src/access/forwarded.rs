//! What a gateway says about a request, read so that there is one way to read it.
//!
//! The gateway speaks in headers, and so does the person it speaks about: whatever a browser sends may travel along
//! beside what the gateway adds. The gateway overwrites its own names, but programs differ in what they take for the
//! same name (`X_Forwarded_User`, `X.Forwarded.User`) and in which of two values they believe. So a request is
//! refused as ambiguous when one of the names below is there twice or under an alias, when a value could be a list, or
//! when it is longer than any honest one.
//!
//! Read: `X-Forwarded-Host`, `X-Forwarded-Uri` and the user header (`X-Forwarded-User` unless the operator says
//! otherwise). Held to their form, but not decided upon: `X-Forwarded-Proto`, `X-Forwarded-Method`,
//! `X-Forwarded-For`. Other conventions (`X-Original-Uri`, `Forwarded`) are not looked at.

use std::ops::RangeInclusive;

use axum::http::HeaderMap;
use usher_seats::{Refusal, UserId};

use crate::access::{canonical_host::CanonicalHost, canonical_path::CanonicalPath, denial::Denial};

/// Longest host in bytes: the longest name, a trailing dot and a port.
const HOST_VALUE_BYTES_MAX: usize = 260;
/// Longest request target in bytes: what nginx takes by default in one buffer.
pub const URI_VALUE_BYTES_MAX: usize = 8 * 1024;
/// Longest user in bytes: a number has 16 digits; some room so that a foreign id is called unknown and not ambiguous.
const USER_VALUE_BYTES_MAX: usize = 128;
/// Longest scheme in bytes: `https`.
const PROTO_VALUE_BYTES_MAX: usize = 5;
/// Longest method in bytes: the longest registered one has 17 letters.
const METHOD_VALUE_BYTES_MAX: usize = 32;
/// Longest list of addresses in bytes: some forty proxies.
const FOR_VALUE_BYTES_MAX: usize = 2_048;

const HOST: &str = "x-forwarded-host";
const URI: &str = "x-forwarded-uri";
const PROTO: &str = "x-forwarded-proto";
const METHOD: &str = "x-forwarded-method";
const FOR: &str = "x-forwarded-for";
/// The header of the shared secret.
pub const SECRET_HEADER: &str = "x-usher-gateway-secret";

/// The lengths that the names above have.
const OUR_LENGTHS: RangeInclusive<usize> = URI.len()..=SECRET_HEADER.len();

/// Whom the gateway names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedUser {
    /// Nobody.
    Missing,
    /// Somebody with something that is no user id.
    Unknown,
    /// A user id; whether there is such a user is the store's to say.
    UserId(UserId),
}

impl NamedUser {
    /// The user id, or the denial for its absence.
    ///
    /// # Errors
    /// [`Denial::UserMissing`] or `user_unknown`.
    pub fn user_id(self) -> Result<UserId, Denial> {
        match self {
            Self::Missing => Err(Denial::UserMissing),
            Self::Unknown => Err(Refusal::UserUnknown.into()),
            Self::UserId(user_id) => Ok(user_id),
        }
    }
}

/// What the gateway says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedRequest {
    /// The host that was asked for.
    pub host: CanonicalHost,
    /// The path that was asked for; some gateways do not tell.
    pub path: Option<CanonicalPath>,
    /// Who asks.
    pub user: NamedUser,
}

/// Reads the headers of a request that came from a trusted gateway. `user_header` is in any case.
///
/// # Errors
/// [`Denial::RequestAmbiguous`].
pub fn read_forwarded(headers: &HeaderMap, user_header: &str) -> Result<ForwardedRequest, Denial> {
    Gathered::of(sent(headers), user_header).read()
}

/// Headers as they were sent: name and value, in any order.
pub(crate) fn sent(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// What was sent under one name.
#[derive(Clone, Copy, Default)]
struct Sent<'a> {
    first: Option<&'a [u8]>,
    more: bool,
}

impl<'a> Sent<'a> {
    fn note(&mut self, value: &'a [u8]) {
        self.more = self.first.is_some();
        self.first.get_or_insert(value);
    }

    /// The value of a header that is there exactly once.
    fn only(self) -> Option<&'a [u8]> {
        self.first.filter(|_| !self.more)
    }

    /// The value of a header that is there at most once, not too long, and made of visible ASCII and inner spaces. An
    /// empty value is as none: that is how some gateways clear a header.
    fn single(self, bytes_max: usize) -> Result<Option<&'a str>, Denial> {
        match self.first {
            None => Ok(None),
            Some(value) if !self.more && value.len() <= bytes_max => {
                let text = readable(value).ok_or(Denial::RequestAmbiguous)?;
                Ok(Some(text).filter(|text| !text.is_empty()))
            }
            Some(_) => Err(Denial::RequestAmbiguous),
        }
    }
}

/// What a request says under the names that matter here, gathered in one pass and not read yet: whether its sender is to be
/// believed is another question, and comes first.
#[derive(Clone, Copy, Default)]
pub(crate) struct Gathered<'a> {
    host: Sent<'a>,
    uri: Sent<'a>,
    user: Sent<'a>,
    proto: Sent<'a>,
    method: Sent<'a>,
    forwarded_for: Sent<'a>,
    secret: Sent<'a>,
    /// One of the names was there under an alias.
    alias: bool,
}

impl<'a> Gathered<'a> {
    /// Gathers from headers as they were sent, names in any case. `user_header` is in any case.
    pub(crate) fn of(headers: impl Iterator<Item = (&'a str, &'a [u8])>, user_header: &str) -> Self {
        let mut gathered = Self::default();
        for (name, value) in headers {
            gathered.note(name, value, user_header);
        }
        gathered
    }

    fn note(&mut self, name: &str, value: &'a [u8], user_header: &str) {
        // Neither a name nor an alias of it has another length, and most headers are of another.
        if !OUR_LENGTHS.contains(&name.len()) && name.len() != user_header.len() {
            return;
        }
        if name.eq_ignore_ascii_case(user_header) {
            self.user.note(value);
        } else if is_alias(name, user_header) {
            self.alias = true;
        }
        let slots = [
            (HOST, &mut self.host),
            (URI, &mut self.uri),
            (PROTO, &mut self.proto),
            (METHOD, &mut self.method),
            (FOR, &mut self.forwarded_for),
            (SECRET_HEADER, &mut self.secret),
        ];
        for (ours, slot) in slots {
            if name.eq_ignore_ascii_case(ours) {
                slot.note(value);
            }
        }
    }

    /// The host as it was named, for whoever looks why somebody was not let in.
    pub(crate) fn host_named(&self) -> &'a str {
        named(self.host)
    }

    /// The path as it was named, likewise.
    pub(crate) fn uri_named(&self) -> &'a str {
        named(self.uri)
    }

    /// The gateway's secret, if it was shown exactly once.
    pub(crate) fn secret(&self) -> Option<&'a [u8]> {
        self.secret.only()
    }

    /// Reads what was gathered.
    ///
    /// # Errors
    /// [`Denial::RequestAmbiguous`].
    pub(crate) fn read(&self) -> Result<ForwardedRequest, Denial> {
        if self.alias {
            return Err(Denial::RequestAmbiguous);
        }
        self.check_unread()?;
        self.secret.single(usize::MAX)?;
        let host = self.host.single(HOST_VALUE_BYTES_MAX)?;
        let host = host.ok_or(Denial::RequestAmbiguous)?;
        let path = self.uri.single(URI_VALUE_BYTES_MAX)?.map(CanonicalPath::parse);
        let user = self.user.single(USER_VALUE_BYTES_MAX)?;
        Ok(ForwardedRequest {
            host: CanonicalHost::parse(host).map_err(|_| Denial::RequestAmbiguous)?,
            path: path.transpose().map_err(|_| Denial::RequestAmbiguous)?,
            user: read_user(user)?,
        })
    }

    /// The headers that nothing is decided upon still have to be in order: where they are not, somebody meddles.
    fn check_unread(&self) -> Result<(), Denial> {
        let proto = self.proto.single(PROTO_VALUE_BYTES_MAX)?;
        let method = self.method.single(METHOD_VALUE_BYTES_MAX)?;
        self.forwarded_for.single(FOR_VALUE_BYTES_MAX)?;
        let proto_fits = proto
            .is_none_or(|proto| proto.eq_ignore_ascii_case("http") || proto.eq_ignore_ascii_case("https"));
        let method_fits = method.is_none_or(|method| {
            method
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        });
        if proto_fits && method_fits {
            Ok(())
        } else {
            Err(Denial::RequestAmbiguous)
        }
    }
}

fn named(sent: Sent<'_>) -> &str {
    sent.first.and_then(readable).unwrap_or_default()
}

/// True for a name that some program takes for one of ours, but is not.
fn is_alias(name: &str, user_header: &str) -> bool {
    name.bytes().any(|byte| matches!(byte, b'_' | b'.'))
        && [HOST, URI, PROTO, METHOD, FOR, SECRET_HEADER, user_header]
            .into_iter()
            .any(|ours| name.len() == ours.len() && name.bytes().map(bare).eq(ours.bytes().map(bare)))
}

fn bare(byte: u8) -> u8 {
    if matches!(byte, b'_' | b'.') {
        b'-'
    } else {
        byte.to_ascii_lowercase()
    }
}

fn readable(value: &[u8]) -> Option<&str> {
    // All bytes are looked at, the good ones together, since nearly all values are good.
    let visible = value
        .iter()
        .fold(true, |visible, byte| visible & (b' '..=b'~').contains(byte));
    std::str::from_utf8(value).ok().filter(|_| visible)
}

/// A comma or a space could make two users of one.
fn read_user(text: Option<&str>) -> Result<NamedUser, Denial> {
    match text {
        None => Ok(NamedUser::Missing),
        Some(text) if text.contains([',', ';', ' ']) => Err(Denial::RequestAmbiguous),
        Some(text) => Ok(text.parse().map_or(NamedUser::Unknown, NamedUser::UserId)),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const USER: &str = "X-Forwarded-User";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    const PLAIN: [(&str, &str); 7] = [
        ("X-Forwarded-Host", "CRM.example.com:443"),
        ("X-Forwarded-Uri", "/a?b=c"),
        ("X-Forwarded-User", "1803710089388154"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-For", "192.0.2.1, 192.0.2.2"),
        ("Accept", "*/*"),
    ];

    #[test]
    fn an_honest_request_is_read() {
        let request = read_forwarded(&headers(&PLAIN), USER).unwrap();
        assert_eq!(request.host.as_str(), "crm.example.com");
        assert_eq!(request.path.unwrap().as_str(), "/a");
        assert_eq!(request.user.user_id().unwrap().get(), 1_803_710_089_388_154);
        let bare = read_forwarded(&headers(&PLAIN[..1]), USER).unwrap();
        assert_eq!((bare.path, bare.user), (None, NamedUser::Missing));
    }

    #[test]
    fn anything_twice_or_under_an_alias_is_ambiguous() {
        let names = PLAIN[..6]
            .iter()
            .map(|(name, _)| *name)
            .chain(["X-Usher-Gateway-Secret"]);
        for name in names {
            for added in [
                name.to_owned(),
                name.replace('-', "_"),
                name.replace('-', "."),
                name.replacen('-', "_", 1),
            ] {
                let mut pairs = PLAIN.to_vec();
                pairs.push((&added, "1"));
                pairs.push(("X-Usher-Gateway-Secret", "s"));
                assert_eq!(
                    read_forwarded(&headers(&pairs), USER),
                    Err(Denial::RequestAmbiguous),
                    "{added}"
                );
            }
        }
        let mut pairs = PLAIN.to_vec();
        pairs.push(("X-Forwarded-User-Name", "x"));
        pairs.push(("X_Something_Else", "x"));
        assert!(
            read_forwarded(&headers(&pairs), USER).is_ok(),
            "other names are nobody's business"
        );
    }

    #[test]
    fn a_user_header_of_the_operators_choice_may_have_underscores() {
        let pairs = [("X-Forwarded-Host", "a"), ("remote_user", "7")];
        let request = read_forwarded(&headers(&pairs), "Remote_User").unwrap();
        assert_eq!(request.user.user_id().unwrap().get(), 7);
        let pairs = [
            ("X-Forwarded-Host", "a"),
            ("remote_user", "7"),
            ("remote-user", "8"),
        ];
        assert_eq!(
            read_forwarded(&headers(&pairs), "Remote-User"),
            Err(Denial::RequestAmbiguous)
        );
    }

    #[test]
    fn values_that_could_be_two_or_are_too_long_are_ambiguous() {
        let long_path = format!("/{}", "a".repeat(URI_VALUE_BYTES_MAX));
        let (long_user, long_host) = ("1".repeat(129), "a.".repeat(131));
        for (name, value) in [
            ("X-Forwarded-Host", "a, b"),
            ("X-Forwarded-Host", "a b"),
            ("X-Forwarded-Host", "user@a"),
            ("X-Forwarded-Host", ""),
            ("X-Forwarded-Host", "é"),
            ("X-Forwarded-Host", &long_host),
            ("X-Forwarded-Uri", "a"),
            ("X-Forwarded-Uri", "/%00"),
            ("X-Forwarded-Uri", "/a\tb"),
            ("X-Forwarded-Uri", "/é"),
            ("X-Forwarded-Uri", &long_path),
            ("X-Forwarded-User", "1,2"),
            ("X-Forwarded-User", "1, 2"),
            ("X-Forwarded-User", "1 2"),
            ("X-Forwarded-User", "1;2"),
            ("X-Forwarded-User", "٥"),
            ("X-Forwarded-User", &long_user),
            ("X-Forwarded-Proto", "ftp"),
            ("X-Forwarded-Proto", "https, http"),
            ("X-Forwarded-Method", "GET, POST"),
        ] {
            let mut pairs = PLAIN.to_vec();
            pairs.retain(|(kept, _)| *kept != name);
            pairs.push((name, value));
            assert_eq!(
                read_forwarded(&headers(&pairs), USER),
                Err(Denial::RequestAmbiguous),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_user_is_a_number_or_unknown_or_missing() {
        for (value, expected) in [
            ("", Err(Denial::UserMissing)),
            ("7", Ok(7)),
            ("007", Err(Refusal::UserUnknown.into())),
            ("0", Err(Refusal::UserUnknown.into())),
            ("+7", Err(Refusal::UserUnknown.into())),
            ("-7", Err(Refusal::UserUnknown.into())),
            ("9007199254740992", Err(Refusal::UserUnknown.into())),
            ("alice@example.com", Err(Refusal::UserUnknown.into())),
        ] {
            let request =
                read_forwarded(&headers(&[("X-Forwarded-Host", "a"), (USER, value)]), USER).unwrap();
            assert_eq!(request.user.user_id().map(UserId::get), expected, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_headers_give_an_answer(pairs in prop::collection::vec(("[xX]-[a-zA-Z_.-]{1,20}", "\\PC{0,30}"), 0..6)) {
            let mut all = HeaderMap::new();
            for (name, value) in PLAIN.iter().map(|(n, v)| (n.to_string(), v.to_string())).chain(pairs) {
                if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
                    all.append(name, value);
                }
            }
            if let Ok(request) = read_forwarded(&all, USER) {
                prop_assert_eq!(request.host.as_str(), "crm.example.com");
                prop_assert_eq!(request.user.user_id().map(UserId::get), Ok(1_803_710_089_388_154));
            }
        }
    }
}
