//! The address of a database: what it says, what it must not say aloud, and how much it trusts the way there.
//!
//! It is one of PostgreSQL's own, `postgres://user:password@one,two:5433/usher?sslmode=verify-full`. The driver reads most of
//! it; what it does not know is read here:
//!
//! | Parameter | Meaning |
//! | --- | --- |
//! | `sslmode` | `disable`, `prefer`, `require`, `verify-ca`, `verify-full` ([`TlsMode`]) |
//! | `sslrootcert` | a file with the authorities to believe, or `system` |
//! | `pooler` | `transaction` behind a pooler in that mode, `none` where there is none; found out by default |
//!
//! **The password.** An address is written into logs, errors and lists of settings, and its password must not be. So
//! [`DatabaseAddress`] keeps two forms apart: the one for the driver, which is never printed, and the one that is printed, made
//! by [`without_password`], which works for addresses that cannot be read, too. Of a password with a bare `@` or `/` a part
//! would be taken for the name of a host or database and shown by the server's own errors; such an address is refused.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    str::FromStr,
};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// How addresses begin.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What stands for a password.
const HIDDEN: &str = "***";
/// What stands for an address that has no form in which a password could be found.
const HIDDEN_WHOLLY: &str = "(not shown)";

/// How the way to the server is protected, as PostgreSQL's own programs have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never TLS.
    Disable,
    /// TLS where the server offers it; nobody's certificate is looked at. The default on this very machine.
    Prefer,
    /// TLS; the certificate is looked at only where `sslrootcert` names authorities.
    Require,
    /// TLS, and an authority vouches for the server.
    VerifyCa,
    /// TLS, and an authority vouches for the server under the name by which it was called. The default elsewhere.
    VerifyFull,
}

impl TlsMode {
    /// Every mode by its name.
    const NAMES: [(&str, Self); 5] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    fn for_the_driver(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }
}

/// Which authorities are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorities {
    /// Nothing was said.
    Unsaid,
    /// Those that the operating system trusts.
    System,
    /// Those of a file, in PEM.
    File(PathBuf),
}

/// Why an address cannot be used. No message shows the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address of PostgreSQL.
    #[error("an address begins with postgres:// or postgresql://")]
    Scheme,
    /// It could be read in two ways.
    #[error("what is special in a user name or password is written with percent signs: %40 for @, %2F for /")]
    TwoReadings,
    /// No server is named.
    #[error("it names no host")]
    NoHost,
    /// Nobody is named.
    #[error("it names no user")]
    NoUser,
    /// A parameter that PostgreSQL's own programs may know and Usher does not, or one with a wrong value.
    #[error("the parameter {0} is not known, or its value is not allowed")]
    Parameter(String),
    /// Anything else.
    #[error("it cannot be read")]
    Unreadable,
}

/// An address of a database; printed without its password.
#[derive(Clone)]
pub struct DatabaseAddress {
    config: Config,
    shown: String,
    tls_mode: TlsMode,
    authorities: Authorities,
    pooled: Option<bool>,
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl FromStr for DatabaseAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !is_database(text) {
            return Err(AddressError::Scheme);
        }
        refuse_two_readings(text)?;
        let parameters = Parameters::take(text)?;
        let mut config: Config = parameters.rest.parse().map_err(|_| AddressError::Unreadable)?;
        if config.get_hosts().is_empty() {
            return Err(AddressError::NoHost);
        }
        if config.get_user().is_none_or(str::is_empty) {
            return Err(AddressError::NoUser);
        }
        let tls_mode = parameters.tls_mode.unwrap_or_else(|| default_mode(&config));
        config.ssl_mode(tls_mode.for_the_driver());
        Ok(Self {
            config,
            shown: without_password(text),
            tls_mode,
            authorities: parameters.authorities,
            pooled: parameters.pooled,
        })
    }
}

impl DatabaseAddress {
    /// True when the address itself brings a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// The same address with a password from elsewhere.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self
    }

    /// How the way to the server is protected.
    #[must_use]
    pub fn tls_mode(&self) -> TlsMode {
        self.tls_mode
    }

    /// Who is believed.
    pub(crate) fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Whether a pooler in transaction mode is in between; none when the address does not say.
    pub(crate) fn pooled(&self) -> Option<bool> {
        self.pooled
    }

    /// For the driver.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }
}

/// True for a text that is meant to be an address of PostgreSQL.
#[must_use]
pub fn is_database(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

/// The text with what is or may be a password hidden, whether or not it is an address that can be used.
#[must_use]
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return HIDDEN_WHOLLY.to_owned();
    };
    // Up to the last @, so that of a password with one in it nothing stays.
    let (credentials, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => (Some(credentials), rest),
        None => (None, rest),
    };
    let mut shown = format!("{scheme}://");
    if let Some(credentials) = credentials {
        match credentials.split_once(':') {
            Some((user, _)) => shown.push_str(&format!("{user}:{HIDDEN}@")),
            None => shown.push_str(&format!("{credentials}@")),
        }
    }
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    shown.push_str(place);
    if let Some(query) = query {
        let pairs: Vec<String> = query.split('&').map(pair_without_password).collect();
        shown.push('?');
        shown.push_str(&pairs.join("&"));
    }
    shown
}

fn pair_without_password(pair: &str) -> String {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    if decoded(name).eq_ignore_ascii_case("password") {
        format!("{name}={HIDDEN}")
    } else {
        pair.to_owned()
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Refuses what would end the user name and password elsewhere than meant.
fn refuse_two_readings(text: &str) -> Result<(), AddressError> {
    let (_, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
    let (credentials, place) = match rest.split_once('@') {
        Some((credentials, place)) => (credentials, place),
        None => ("", rest),
    };
    let ends_early = credentials.contains(['/', '?', '#']);
    if ends_early || place.contains('@') {
        return Err(AddressError::TwoReadings);
    }
    Ok(())
}

/// The parameters of an address that are read here, and the address without them.
struct Parameters {
    tls_mode: Option<TlsMode>,
    authorities: Authorities,
    pooled: Option<bool>,
    rest: String,
}

impl Parameters {
    fn take(text: &str) -> Result<Self, AddressError> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let mut taken = Self {
            tls_mode: None,
            authorities: Authorities::Unsaid,
            pooled: None,
            rest: String::new(),
        };
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| AddressError::Parameter(decoded(pair)))?;
            let value = decoded(value);
            match decoded(name).as_str() {
                "sslmode" => taken.tls_mode = Some(mode(&value)?),
                "pooler" => taken.pooled = Some(pooled(&value)?),
                "sslrootcert" if value == "system" => taken.authorities = Authorities::System,
                "sslrootcert" => taken.authorities = Authorities::File(PathBuf::from(value)),
                known => {
                    known_by_the_driver(known, pair)?;
                    others.push(pair);
                }
            }
        }
        let joint = if others.is_empty() { "" } else { "?" };
        taken.rest = format!("{place}{joint}{}", others.join("&"));
        Ok(taken)
    }
}

fn pooled(value: &str) -> Result<bool, AddressError> {
    match value {
        "transaction" => Ok(true),
        "none" => Ok(false),
        _ => Err(AddressError::Parameter("pooler".to_owned())),
    }
}

fn mode(value: &str) -> Result<TlsMode, AddressError> {
    TlsMode::NAMES
        .iter()
        .find(|(name, _)| *name == value)
        .map(|(_, mode)| *mode)
        .ok_or_else(|| AddressError::Parameter("sslmode".to_owned()))
}

/// Lets the driver read one parameter alone, so that a wrong one can be named.
fn known_by_the_driver(name: &str, pair: &str) -> Result<(), AddressError> {
    let alone = format!("postgres://?{pair}");
    alone
        .parse::<Config>()
        .map(|_| ())
        .map_err(|_| AddressError::Parameter(name.to_owned()))
}

/// On the way to this very machine nobody else listens; on any other somebody may.
fn default_mode(config: &Config) -> TlsMode {
    let here = config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<IpAddr>()
                    .unwrap_or(Ipv4Addr::UNSPECIFIED.into())
                    .is_loopback()
        }
    });
    let elsewhere = config
        .get_hostaddrs()
        .iter()
        .any(|address| !address.is_loopback());
    if here && !elsewhere {
        TlsMode::Prefer
    } else {
        TlsMode::VerifyFull
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DatabaseAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn an_address_is_shown_without_its_password_in_every_form() {
        for (text, shown) in [
            ("postgres://a:secret@h/d", "postgres://a:***@h/d"),
            ("postgres://a@h/d", "postgres://a@h/d"),
            ("postgresql://h/d", "postgresql://h/d"),
            ("postgres://a:sec@ret@h/d", "postgres://a:***@h/d"),
            ("postgres://a:sec/r@et?x@h/d", "postgres://a:***@h/d"),
            (
                "postgres://a@h/d?password=secret&sslmode=require",
                "postgres://a@h/d?password=***&sslmode=require",
            ),
            (
                "postgres://a@h/d?pass%77ord=secret",
                "postgres://a@h/d?pass%77ord=***",
            ),
            ("host=h password=secret", "(not shown)"),
        ] {
            assert_eq!(without_password(text), shown);
        }
        let address = read("postgres://a:secret@localhost/d").unwrap();
        assert_eq!(format!("{address} {address:?}").matches("secret").count(), 0);
        assert!(address.has_password());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for text in [
            "postgres://a:sec@ret@h/d",
            "postgres://a:se/cret@h/d",
            "postgres://a:se?cret@h/d",
            "postgres://a:se#cret@h/d",
            "postgres://h/d?user=a@b",
        ] {
            assert_eq!(read(text).unwrap_err(), AddressError::TwoReadings, "{text}");
        }
        let address = read("postgres://a:se%2Fc%40ret@localhost/d").unwrap();
        assert_eq!(address.config().get_password(), Some(b"se/c@ret".as_slice()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let parameter = |name: &str| AddressError::Parameter(name.to_owned());
        for (text, error) in [
            ("mysql://a@h/d", AddressError::Scheme),
            ("postgres://a@/d", AddressError::NoHost),
            ("postgres://h/d", AddressError::NoUser),
            ("postgres://a@h/d?sslcert=x", parameter("sslcert")),
            ("postgres://a@h/d?sslmode=allow", parameter("sslmode")),
            (
                "postgres://a@h/d?connect_timeout=soon",
                parameter("connect_timeout"),
            ),
            ("postgres://a@h/d?sslmode", parameter("sslmode")),
            ("postgres://a@h/d?pooler=session", parameter("pooler")),
            ("postgres://a@h:port/d", AddressError::Unreadable),
        ] {
            assert_eq!(read(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn the_way_to_elsewhere_is_verified_unless_the_address_says_otherwise() {
        for (text, mode) in [
            ("postgres://a@localhost/d", TlsMode::Prefer),
            ("postgres://a@127.0.0.1,[::1]/d", TlsMode::Prefer),
            ("postgres://a@%2Frun%2Fpostgresql/d", TlsMode::Prefer),
            ("postgres://a@db.example.com/d", TlsMode::VerifyFull),
            ("postgres://a@127.0.0.1,10.0.0.1/d", TlsMode::VerifyFull),
            ("postgres://a@localhost/d?hostaddr=10.0.0.1", TlsMode::VerifyFull),
            ("postgres://a@db.example.com/d?sslmode=require", TlsMode::Require),
            ("postgres://a@localhost/d?sslmode=verify-ca", TlsMode::VerifyCa),
        ] {
            assert_eq!(read(text).unwrap().tls_mode(), mode, "{text}");
        }
        let own =
            read("postgres://a@h/d?sslrootcert=%2Fetc%2Froot.pem&sslmode=verify-full&connect_timeout=3");
        assert_eq!(
            own.unwrap().authorities(),
            &Authorities::File(PathBuf::from("/etc/root.pem"))
        );
    }
}
