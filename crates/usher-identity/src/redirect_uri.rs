//! Addresses to which a browser is sent back with a code.
//!
//! A code that reaches the wrong place is an account lost, so the rules are narrow (RFC 9700, sections 2.1, 2.6, 4.1):
//!
//! - An offered address must be a registered one, byte for byte, from the scheme to the end of the path. There are no
//!   patterns. The query is not compared and stays as it was offered, because a known client adds one
//!   (client-behaviour.md, section 5); the fragment moves behind the query that is added.
//! - One exception, which RFC 8252 (section 7.3) asks for: an address on the loopback *number* registered without a port
//!   matches on any port, since a program on a desktop takes whichever port is free.
//! - `https` anywhere; `http` only on this machine, because a code must not travel in the clear; other schemes only in the
//!   reversed-domain form (`com.example.app:`), which programs on desktops and telephones register for themselves. That
//!   leaves out `javascript:`, `data:` and every other scheme in which an address would be a program.

/// Longest address in bytes: as long as the longest that all common browsers and servers take.
pub const REDIRECT_URI_BYTES_MAX: usize = 2_048;

/// Why a text is not such an address. The message is fit for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Too long, or with characters that no address has.
    #[error("redirect_uri must be an absolute address of at most 2048 visible ASCII characters")]
    Malformed,
    /// A scheme that is not taken, or `http` to another machine.
    #[error(
        "redirect_uri must begin with https://, with http:// and localhost or a loopback address, \
         or with a scheme such as com.example.app:"
    )]
    Scheme,
    /// No host, or a user name in front of it.
    #[error("redirect_uri must name a host, without a user name")]
    Host,
    /// A fragment in an address that is to be registered.
    #[error("a registered redirect_uri must not have a fragment (#...)")]
    Fragment,
}

/// An address that browsers may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    /// Where the scheme ends (its `:`).
    scheme_end: usize,
    /// Where the authority begins and ends; empty for schemes of programs.
    authority: (usize, usize),
    /// Where the path ends.
    path_end: usize,
    /// Where the query ends.
    query_end: usize,
}

impl RedirectUri {
    /// Reads an offered address.
    ///
    /// # Errors
    /// [`RedirectUriError`] naming the first rule it breaks.
    pub fn parse(text: &str) -> Result<Self, RedirectUriError> {
        if text.len() > REDIRECT_URI_BYTES_MAX || !text.bytes().all(is_address_byte) {
            return Err(RedirectUriError::Malformed);
        }
        let query_end = text.find('#').unwrap_or(text.len());
        let path_end = text.find(['?', '#']).unwrap_or(text.len());
        let scheme_end = text
            .find(':')
            .filter(|end| *end < path_end)
            .ok_or(RedirectUriError::Malformed)?;
        let authority = authority(text, scheme_end, path_end);
        let uri = Self {
            text: text.to_owned(),
            scheme_end,
            authority,
            path_end,
            query_end,
        };
        uri.check()?;
        Ok(uri)
    }

    /// Reads an address that is to be registered: the same, and without a fragment.
    ///
    /// # Errors
    /// [`RedirectUriError`] naming the first rule it breaks.
    pub fn parse_registration(text: &str) -> Result<Self, RedirectUriError> {
        let uri = Self::parse(text)?;
        if uri.query_end < uri.text.len() {
            return Err(RedirectUriError::Fragment);
        }
        Ok(uri)
    }

    fn check(&self) -> Result<(), RedirectUriError> {
        let secure = match self.scheme() {
            "https" => true,
            "http" => false,
            scheme if is_reversed_domain(scheme) => return Ok(()),
            _ => return Err(RedirectUriError::Scheme),
        };
        let (host, port) = split_port(self.authority());
        let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        if host.is_empty() || self.authority().contains('@') || !port_fits {
            return Err(RedirectUriError::Host);
        }
        if secure || is_this_machine(host) {
            Ok(())
        } else {
            Err(RedirectUriError::Scheme)
        }
    }

    /// The whole address as it was offered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn part(&self, begin: usize, end: usize) -> &str {
        self.text.get(begin..end).unwrap_or_default()
    }

    fn scheme(&self) -> &str {
        self.part(0, self.scheme_end)
    }

    fn authority(&self) -> &str {
        self.part(self.authority.0, self.authority.1)
    }

    fn path(&self) -> &str {
        self.part(self.authority.1, self.path_end)
    }

    /// What people recognise of it: scheme, host and port; for a program, its scheme.
    #[must_use]
    pub fn place(&self) -> &str {
        if self.authority().is_empty() {
            self.part(0, self.scheme_end + 1)
        } else {
            self.part(0, self.authority.1)
        }
    }

    /// True when this offered address is the `registered` one.
    #[must_use]
    pub fn matches(&self, registered: &Self) -> bool {
        if self.part(0, self.path_end) == registered.part(0, registered.path_end) {
            return true;
        }
        let (host, _) = split_port(self.authority());
        let (registered_host, registered_port) = split_port(registered.authority());
        self.scheme() == "http"
            && registered.scheme() == "http"
            && registered_port.is_none()
            && is_loopback_number(host)
            && host == registered_host
            && self.path() == registered.path()
    }

    /// The address with parameters added behind its own query and before its fragment.
    #[must_use]
    pub fn with_query(&self, added: &str) -> String {
        let joint = match self.part(self.path_end, self.query_end) {
            "" => "?",
            "?" => "",
            query if query.ends_with('&') => "",
            _ => "&",
        };
        let before = self.part(0, self.query_end);
        let fragment = self.part(self.query_end, self.text.len());
        format!("{before}{joint}{added}{fragment}")
    }

    /// What a Content-Security-Policy must name so that a form may end at this address: its scheme. Not its host,
    /// because a browser holds the policy against every further redirect too, and where the client sends the person
    /// next (another host of its own, most often) is not ours to know.
    #[must_use]
    pub fn policy_source(&self) -> String {
        format!("{}:", self.scheme())
    }
}

/// True when `offered` is one of the `registered` addresses; a registered text that is no address matches nothing.
#[must_use]
pub fn is_registered<'a>(offered: &RedirectUri, registered: impl IntoIterator<Item = &'a str>) -> bool {
    registered.into_iter().any(|text| {
        RedirectUri::parse_registration(text).is_ok_and(|registered| offered.matches(&registered))
    })
}

/// RFC 3986, section 2: the characters of an address. Browsers take some others, each in its own way.
fn is_address_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Where the authority begins and ends: between `//` and the next slash, query or fragment.
fn authority(text: &str, scheme_end: usize, path_end: usize) -> (usize, usize) {
    let after = scheme_end + 1;
    let Some(rest) = text.get(after..path_end) else {
        return (after, after);
    };
    let Some(authority) = rest.strip_prefix("//") else {
        return (after, after);
    };
    let begin = after + 2;
    (begin, begin + authority.find('/').unwrap_or(authority.len()))
}

/// Host and port; the colons inside brackets are the host's.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_loopback_number(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]")
}

fn is_this_machine(host: &str) -> bool {
    is_loopback_number(host) || host == "localhost" || host.ends_with(".localhost")
}

/// `com.example.app`: lower-case labels, at least two.
fn is_reversed_domain(scheme: &str) -> bool {
    let label = |label: &str| {
        label
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    scheme.contains('.') && scheme.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn good_addresses_are_read() {
        for (text, place, source) in [
            ("https://example.com/cb", "https://example.com", "https:"),
            ("https://example.com", "https://example.com", "https:"),
            (
                "https://a.example:8443/cb?x=1#/y",
                "https://a.example:8443",
                "https:",
            ),
            ("http://localhost:3000/callback", "http://localhost:3000", "http:"),
            ("http://app.localhost/", "http://app.localhost", "http:"),
            ("http://127.0.0.1/cb", "http://127.0.0.1", "http:"),
            ("http://[::1]:9/cb", "http://[::1]:9", "http:"),
            ("com.example.app:/cb", "com.example.app:", "com.example.app:"),
            (
                "com.example.app://cb/x",
                "com.example.app://cb",
                "com.example.app:",
            ),
        ] {
            let uri = uri(text);
            assert_eq!(
                (uri.as_str(), uri.place(), uri.policy_source().as_str()),
                (text, place, source)
            );
        }
    }

    #[test]
    fn dangerous_and_malformed_addresses_are_refused() {
        use RedirectUriError::{Host, Malformed, Scheme};
        for (text, error) in [
            ("", Malformed),
            ("/cb", Malformed),
            ("example.com/cb", Malformed),
            ("//example.com/cb", Malformed),
            ("?a:b", Malformed),
            ("https://example.com/ü", Malformed),
            ("https://example.com/a b", Malformed),
            ("https://example.com/\r\nSet-Cookie:", Malformed),
            ("https://example.com\\@evil.example", Malformed),
            ("https://example.com/<script>", Malformed),
            (
                &format!("https://example.com/{}", "a".repeat(REDIRECT_URI_BYTES_MAX)),
                Malformed,
            ),
            ("javascript:alert(1)", Scheme),
            ("JavaScript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("file:///etc/passwd", Scheme),
            ("myapp:/cb", Scheme),
            ("Https://example.com/", Scheme),
            ("http://example.com/cb", Scheme),
            ("http://127.0.0.1.example.com/cb", Scheme),
            ("http://localhost.example.com/cb", Scheme),
            ("https:", Host),
            ("https:/example.com", Host),
            ("https:///cb", Host),
            ("https://:443/cb", Host),
            ("https://user@example.com/", Host),
            ("https://example.com@evil.example/", Host),
            ("https://example.com:99999/", Host),
            ("https://example.com:/", Host),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(
            RedirectUri::parse_registration("https://a.example/#x"),
            Err(RedirectUriError::Fragment)
        );
        assert!(RedirectUri::parse_registration("https://a.example/?x=1").is_ok());
    }

    #[test]
    fn an_offered_address_must_be_the_registered_one() {
        let registered = [
            "http://localhost:3000/callback",
            "https://app.example/cb",
            "not an address",
        ];
        for (offered, expected) in [
            ("http://localhost:3000/callback", true),
            (
                "http://localhost:3000/callback?redirect_uri=http://localhost:3000/callback",
                true,
            ),
            ("https://app.example/cb", true),
            ("https://app.example/cb?tenant=1#/login", true),
            ("https://app.example/cb/", false),
            ("https://app.example/cb/x", false),
            ("https://app.example/CB", false),
            ("https://app.example/%63b", false),
            ("https://app.example/x/../cb", false),
            ("https://app.example:443/cb", false),
            ("https://app.example.evil.example/cb", false),
            ("https://App.example/cb", false),
            ("http://localhost:3001/callback", false),
            ("http://127.0.0.1:3000/callback", false),
        ] {
            assert_eq!(is_registered(&uri(offered), registered), expected, "{offered}");
        }
    }

    #[test]
    fn a_loopback_number_without_a_port_matches_on_any_port() {
        let registered = ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"];
        for (offered, expected) in [
            ("http://127.0.0.1:49152/cb", true),
            ("http://[::1]:49152/cb?x", true),
            ("http://127.0.0.1/cb", true),
            ("http://127.0.0.1:49152/other", false),
            ("https://127.0.0.1:49152/cb", false),
            ("http://localhost:49152/cb", false),
        ] {
            assert_eq!(is_registered(&uri(offered), registered), expected, "{offered}");
        }
        assert!(!is_registered(
            &uri("http://127.0.0.1:5/cb"),
            ["http://127.0.0.1:4/cb"]
        ));
    }

    #[test]
    fn parameters_go_behind_the_query_and_before_the_fragment() {
        for (offered, expected) in [
            ("https://a.example/cb", "https://a.example/cb?code=1"),
            ("https://a.example", "https://a.example?code=1"),
            ("https://a.example/cb?", "https://a.example/cb?code=1"),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=1"),
            ("https://a.example/cb?x=1&", "https://a.example/cb?x=1&code=1"),
            (
                "https://a.example/cb/#/login",
                "https://a.example/cb/?code=1#/login",
            ),
            (
                "https://a.example/cb?x=1#?y",
                "https://a.example/cb?x=1&code=1#?y",
            ),
        ] {
            assert_eq!(uri(offered).with_query("code=1"), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_an_answer_that_cannot_break_a_header(text in "(https?://)?[ -~\\PC]{0,40}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                let location = uri.with_query("code=1");
                proptest::prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
                let source = uri.policy_source();
                proptest::prop_assert!(!source.contains([';', ',', ' ', '\'', '*']));
                proptest::prop_assert!(uri.matches(&uri));
            }
        }
    }
}
