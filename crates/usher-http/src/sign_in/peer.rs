//! What a trusted proxy says about the person's connection: whether it is TLS, and from where it comes.
//!
//! Believed only from `trusted_proxies`, like everything a gateway says. Nothing is decided here but a cookie's
//! attributes and whose failures are counted together, so what cannot be read is as if it had not been said.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::HeaderMap;

use crate::edge::{EdgeSettings, lies_in};

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// True when the person's connection is TLS.
    pub(super) secure: bool,
    /// The person's address, as far as it is known.
    pub(super) address: IpAddr,
}

impl Origin {
    /// Reads it. Without a peer (inside this process, or over a Unix socket) it is this machine.
    pub(super) fn of(peer: Option<SocketAddr>, headers: &HeaderMap, settings: &EdgeSettings) -> Self {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = peer.map_or(here, |peer| peer.ip().to_canonical());
        let trusted = peer.is_none_or(|peer| lies_in(peer, &settings.trusted_proxies));
        if !trusted {
            return Self {
                secure: false,
                address,
            };
        }
        Self {
            secure: single(headers, "x-forwarded-proto")
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
            address: farthest_known(headers, settings).unwrap_or(address),
        }
    }
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
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn origin(peer: &str, pairs: &[(&str, &str)]) -> (bool, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let origin = Origin::of(Some(peer.parse().unwrap()), &headers, &EdgeSettings::default());
        (origin.secure, origin.address.to_string())
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        let said = [("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(origin("127.0.0.1:1", &said), (true, "192.0.2.1".to_owned()));
        assert_eq!(
            origin("198.51.100.7:1", &said),
            (false, "198.51.100.7".to_owned())
        );
        assert_eq!(origin("127.0.0.1:1", &[]), (false, "127.0.0.1".to_owned()));
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
                origin("127.0.0.1:1", &[("x-forwarded-for", list)]).1,
                expected,
                "{list}"
            );
        }
    }

    #[test]
    fn a_scheme_said_twice_is_not_said() {
        let twice = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
        assert!(!origin("127.0.0.1:1", &twice).0);
        assert!(!origin("127.0.0.1:1", &[("x-forwarded-proto", "https, http")]).0);
        assert!(origin("127.0.0.1:1", &[("x-forwarded-proto", "HTTPS")]).0);
    }
}
