//! The one spelling of a host.
//!
//! A gateway tells which host was asked for; which app that is depends on it, so two spellings of one host must not
//! mean two things, and a text that servers read differently must mean nothing. Hence: lower case, no port, no
//! trailing dot, and only names made of ordinary labels or addresses in their one strict form. Old forms of IPv4
//! (`127.1`, `0x7f000001`, leading zeros) are refused rather than guessed at.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// Longest host name in bytes, without port and trailing dot (RFC 1035, section 2.3.4, as text).
pub const HOST_BYTES_MAX: usize = 253;
/// Longest label of a host name (RFC 1035, section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;
/// Digits of the largest port.
const PORT_DIGITS_MAX: usize = 5;

/// A host in its one spelling: `example.com`, `192.0.2.7` or `[2001:db8::1]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalHost(String);

/// The text is not a host that everybody reads alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "host must be a name of ordinary labels (a-z, 0-9, '-', '_'), an IPv4 address or an IPv6 address in brackets, \
     with at most a port after it"
)]
pub struct HostError;

impl CanonicalHost {
    /// Reads the value of a `Host` or `X-Forwarded-Host` header.
    ///
    /// # Errors
    /// [`HostError`] for anything that is not exactly one host with at most a port.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if is_plain(text) {
            return Ok(Self(text.to_owned()));
        }
        Self::parse_in_full(text)
    }

    fn parse_in_full(text: &str) -> Result<Self, HostError> {
        let host = match text.strip_prefix('[') {
            Some(rest) => ipv6(rest)?,
            None => name_or_ipv4(text)?,
        };
        Ok(Self(host))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CanonicalHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for CanonicalHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// True for a host of which one look shows that it is in its one spelling, as nearly all are: short, lower case, labels of letters
/// and digits with hyphens and underscores inside, the last of letters alone.
fn is_plain(text: &str) -> bool {
    let mut before = b'.';
    let mut last_is_letters = false;
    for byte in text.bytes() {
        let fits = match byte {
            b'a'..=b'z' | b'0'..=b'9' => true,
            b'-' | b'_' | b'.' => before.is_ascii_alphanumeric(),
            _ => false,
        };
        if !fits {
            return false;
        }
        last_is_letters = byte.is_ascii_lowercase() && (last_is_letters || before == b'.');
        before = byte;
    }
    // As long as a whole host is no longer than a label may be, none of its labels is.
    last_is_letters && text.len() <= LABEL_BYTES_MAX
}

/// What follows the opening bracket. The address is printed anew, because it has many spellings.
fn ipv6(rest: &str) -> Result<String, HostError> {
    let (address, port) = rest.split_once(']').ok_or(HostError)?;
    match port.strip_prefix(':') {
        Some(port) => check_port(port)?,
        None if port.is_empty() => {}
        None => return Err(HostError),
    }
    let address: Ipv6Addr = address.parse().map_err(|_| HostError)?;
    Ok(format!("[{address}]"))
}

fn name_or_ipv4(text: &str) -> Result<String, HostError> {
    let host = match text.split_once(':') {
        Some((host, port)) => {
            check_port(port)?;
            host
        }
        None => text,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.len() > HOST_BYTES_MAX || !host.split('.').all(is_label) {
        return Err(HostError);
    }
    if ends_in_number(host) && host.parse::<Ipv4Addr>().is_err() {
        return Err(HostError);
    }
    Ok(host.to_ascii_lowercase())
}

fn check_port(port: &str) -> Result<(), HostError> {
    let digits =
        (1..=PORT_DIGITS_MAX).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    if digits && port.parse::<u16>().is_ok() {
        Ok(())
    } else {
        Err(HostError)
    }
}

/// Letters, digits, hyphens inside; and underscores, which names in container networks have.
fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// True for what some programs would read as an IPv4 address: the last label is a decimal or hexadecimal number.
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_host_are_one() {
        for (text, canonical) in [
            ("example.com", "example.com"),
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("example.com:8443", "example.com"),
            ("example.com.:1", "example.com"),
            ("localhost", "localhost"),
            ("my_service", "my_service"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("192.0.2.7:80", "192.0.2.7"),
            ("[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]"),
            ("[2001:db8::0001]:65535", "[2001:db8::1]"),
        ] {
            let host = CanonicalHost::parse(text).map(|host| host.to_string());
            assert_eq!(host.as_deref(), Ok(canonical), "{text:?}");
        }
    }

    #[test]
    fn most_hosts_are_plain_at_first_sight() {
        for (text, plain) in [
            ("crm.example.com", true),
            ("my-service_2.internal", true),
            ("localhost", true),
            ("crm.example.com:443", false),
            ("Crm.example.com", false),
            ("192.0.2.7", false),
            ("a.0x1", false),
            ("", false),
        ] {
            assert_eq!(is_plain(text), plain, "{text:?}");
        }
    }

    #[test]
    fn what_is_read_in_two_ways_is_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = format!("{}example", "abcdefg.".repeat(31));
        for text in [
            "",
            ".",
            "..",
            "example..com",
            ".example.com",
            "example.com..",
            ":80",
            "example.com:",
            "example.com:+80",
            "example.com:65536",
            "example.com:000080",
            "example.com:80:80",
            "user@example.com",
            "example.com/path",
            "example.com\\path",
            "example.com?q",
            "example.com#f",
            "example.com, evil.example",
            "a b",
            "a\tb",
            "a\u{0}b",
            "a%2eb",
            "-a.example",
            "a-.example",
            "bücher.example",
            "127.1",
            "127.0.0.01",
            "2130706433",
            "0x7f000001",
            "0X7F.1",
            "1.2.3.4.5",
            "example.123",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]:",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            "[]",
            &long_label,
            &long_name,
        ] {
            assert_eq!(CanonicalHost::parse(text), Err(HostError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_host_is_read_as_any_other(text in "[a-c019._-]{1,12}|[a-z]{60,66}|0x[0-9a-g]{1,3}|[a-zA-Z0-9._:\\[\\]-]{1,20}") {
            prop_assert_eq!(CanonicalHost::parse(&text), CanonicalHost::parse_in_full(&text));
        }

        #[test]
        fn canonical_of_canonical_is_itself(text in "[a-zA-Z0-9._:\\[\\]-]{1,40}|\\PC{0,20}") {
            if let Ok(host) = CanonicalHost::parse(&text) {
                prop_assert_eq!(CanonicalHost::parse(host.as_str()), Ok(host.clone()));
                prop_assert!(!host.as_str().bytes().any(|byte| byte.is_ascii_uppercase() || byte <= b' '));
                prop_assert!(!host.as_str().ends_with('.'));
            }
        }

        #[test]
        fn case_port_and_trailing_dot_make_no_difference(
            name in "[a-z]([a-z0-9-]{0,10}[a-z])?(\\.[a-z]{2,8}){0,3}",
            port: u16,
        ) {
            let canonical = CanonicalHost::parse(&name).unwrap();
            prop_assert_eq!(canonical.as_str(), &name);
            let shouted = format!("{}.:{port}", name.to_uppercase());
            prop_assert_eq!(CanonicalHost::parse(&shouted), Ok(canonical));
        }
    }
}
