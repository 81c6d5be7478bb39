//! How a request reached this server: under which address, over what, and from where. The one rule for all of it.
//!
//! An operator who says where the server is to be found (`public_origin`) is believed over everything in a request:
//! links, metadata, redirects and the guarding of cookies are then those of that address, whatever `Host` a caller
//! writes. Without that setting the address is the one the caller used, and what a gateway says about it counts from
//! `trusted_proxies` alone. A request without a peer (inside this process, or over a Unix socket) comes from this machine.
//!
//! Nothing is let in here, so what cannot be read is as if it had not been said.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::http::{
    HeaderMap, header,
    request::Parts,
    uri::{Authority, Scheme, Uri},
};

use crate::edge::{EdgeSettings, PeerAddress, lies_in};

/// Where a server is found: scheme, host and port and nothing else. One spelling each: in small letters and without the
/// port that goes without saying, as browsers write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebOrigin {
    text: String,
    secure: bool,
}

impl WebOrigin {
    /// Reads `http://...` or `https://...` with at most a slash after the host; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        // An empty query or a fragment leaves no trace in what was read.
        let bare = !text.contains(['?', '#']) && matches!(uri.path(), "" | "/");
        let secure = match uri.scheme()? {
            scheme if *scheme == Scheme::HTTP => false,
            scheme if *scheme == Scheme::HTTPS => true,
            _ => return None,
        };
        let authority = uri.authority().filter(|_| bare)?;
        Self::of(secure, authority)
    }

    /// Puts it together; none for an authority that is not a host with at most a port.
    fn of(secure: bool, authority: &Authority) -> Option<Self> {
        let written = authority.as_str();
        let host = authority.host().to_ascii_lowercase();
        let rest = written.get(host.len()..)?;
        let port = match rest.strip_prefix(':') {
            Some(_) => Some(authority.port_u16()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        if host.is_empty() || written.contains('@') {
            return None;
        }
        let (scheme, usual) = if secure { ("https", 443) } else { ("http", 80) };
        let port = port.filter(|port| *port != usual);
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        Some(Self {
            text: format!("{scheme}://{host}{port}"),
            secure,
        })
    }

    /// The text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// How a request reached this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Scheme, host and port under which this server is found; none when nothing names them.
    pub(crate) base: Option<String>,
    /// True when the person's connection is TLS.
    pub(crate) secure: bool,
    /// The person's address, as far as it is known.
    pub(crate) address: IpAddr,
}

impl Reached {
    /// Reads it from a request.
    pub(crate) fn by(request: &Parts, settings: &EdgeSettings) -> Self {
        let peer = request.extensions.get::<PeerAddress>();
        let peer = peer.map_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), |peer| peer.0);
        let behind = lies_in(peer, &settings.trusted_proxies);
        let address = peer.ip().to_canonical();
        let address = match farthest_known(&request.headers, settings) {
            Some(farther) if behind => farther,
            _ => address,
        };
        let (base, secure) = match &settings.public_origin {
            Some(public) => (Some(public.text.clone()), public.secure),
            None => asked(request, behind),
        };
        Self {
            base,
            secure,
            address,
        }
    }
}

/// The address that the caller used, and whether over TLS.
fn asked(request: &Parts, behind: bool) -> (Option<String>, bool) {
    let said = |name: &str| single(&request.headers, name).filter(|_| behind);
    let secure = said("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let authority = said("x-forwarded-host")
        .or_else(|| single(&request.headers, header::HOST.as_str()))
        .or_else(|| request.uri.authority().map(Authority::as_str))
        .and_then(|host| host.parse().ok());
    let origin = authority.and_then(|authority| WebOrigin::of(secure, &authority));
    (origin.map(|origin| origin.text), secure)
}

/// The last address of `X-Forwarded-For` that is not itself a trusted proxy: what stands before it anybody may have
/// written.
fn farthest_known(headers: &HeaderMap, settings: &EdgeSettings) -> Option<IpAddr> {
    let mut addresses: Vec<Option<IpAddr>> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|line| line.to_str().unwrap_or("?").split(','))
        .map(|text| text.trim().parse().ok())
        .collect();
    let mut found = None;
    while let Some(Some(address)) = addresses.pop() {
        found = Some(address);
        if !lies_in(SocketAddr::new(address, 0), &settings.trusted_proxies) {
            break;
        }
    }
    found.map(|address| address.to_canonical())
}

/// The value of a header that is there exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use super::*;

    fn reached(peer: &str, pairs: &[(&str, &str)], settings: &EdgeSettings) -> Reached {
        let mut request = Request::get("/");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        let (mut parts, _) = request.body(Body::empty()).unwrap().into_parts();
        parts.extensions.insert(PeerAddress(peer.parse().unwrap()));
        Reached::by(&parts, settings)
    }

    fn connection(peer: &str, pairs: &[(&str, &str)]) -> (bool, String) {
        let reached = reached(peer, pairs, &EdgeSettings::default());
        (reached.secure, reached.address.to_string())
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, expected) in [
            ("https://usher.example.com", Some("https://usher.example.com")),
            (
                "https://Usher.Example.COM:443/",
                Some("https://usher.example.com"),
            ),
            ("http://127.0.0.1:8787", Some("http://127.0.0.1:8787")),
            ("http://localhost:80", Some("http://localhost")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("HTTPS://a", Some("https://a")),
            ("https://a/path", None),
            ("https://a?", None),
            ("https://a/#", None),
            ("https://user@a", None),
            ("https://a:", None),
            ("https://a:99999", None),
            ("ftp://a", None),
            ("usher.example.com", None),
            ("https://", None),
            ("", None),
        ] {
            let origin = WebOrigin::parse(text);
            assert_eq!(origin.as_ref().map(WebOrigin::as_str), expected, "{text}");
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        let said = [
            ("host", "inside:8787"),
            ("x-forwarded-host", "usher.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "192.0.2.1"),
        ];
        assert_eq!(connection("127.0.0.1:1", &said), (true, "192.0.2.1".to_owned()));
        assert_eq!(
            connection("198.51.100.7:1", &said),
            (false, "198.51.100.7".to_owned())
        );
        assert_eq!(connection("127.0.0.1:1", &[]), (false, "127.0.0.1".to_owned()));
        let base = |peer| reached(peer, &said, &EdgeSettings::default()).base;
        assert_eq!(base("127.0.0.1:1").as_deref(), Some("https://usher.example"));
        assert_eq!(base("198.51.100.7:1").as_deref(), Some("http://inside:8787"));
    }

    #[test]
    fn only_the_end_of_the_list_is_believed() {
        for (list, expected) in [
            ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 127.0.0.1", "192.0.2.1"),
            ("192.0.2.1, nonsense", "127.0.0.1"),
            ("nonsense, 127.0.0.1", "127.0.0.1"),
            ("", "127.0.0.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(
                connection("127.0.0.1:1", &[("x-forwarded-for", list)]).1,
                expected,
                "{list}"
            );
        }
    }

    #[test]
    fn a_scheme_said_twice_is_not_said() {
        let twice = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
        assert!(!connection("127.0.0.1:1", &twice).0);
        assert!(!connection("127.0.0.1:1", &[("x-forwarded-proto", "https, http")]).0);
        assert!(connection("127.0.0.1:1", &[("x-forwarded-proto", "HTTPS")]).0);
    }

    #[test]
    fn what_the_operator_says_outweighs_every_header() {
        let settings = EdgeSettings {
            public_origin: WebOrigin::parse("https://usher.example.com"),
            ..EdgeSettings::default()
        };
        let said = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-for", "192.0.2.1"),
        ];
        for peer in ["127.0.0.1:1", "198.51.100.7:1"] {
            let reached = reached(peer, &said, &settings);
            assert_eq!(reached.base.as_deref(), Some("https://usher.example.com"));
            assert!(reached.secure);
        }
        let reached = reached("127.0.0.1:1", &said, &settings);
        assert_eq!(
            reached.address.to_string(),
            "192.0.2.1",
            "of the person it says nothing"
        );
    }
}
