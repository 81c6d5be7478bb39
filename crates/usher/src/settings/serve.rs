//! The settings of a server, read into types that cannot be wrong.

use std::path::Path;

use ipnet::IpNet;
use tracing::level_filters::LevelFilter;
use usher_http::{EdgeSettings, WebOrigin};
use usher_identity::Secret;
use usher_store::InstanceName;

use super::{
    GATEWAY_SECRET, GATEWAY_SECRET_FILE, INSTANCE, LISTEN, LOG_FORMAT, LOG_LEVEL, Layers, METRICS_NETWORKS,
    Origin, PUBLIC_ORIGIN, Resolved, Setting, TRUSTED_PROXIES, USER_HEADER, away::AwaySettings,
    store::StoreSettings,
};
use crate::{failure::Failure, words};

/// Shortest gateway secret in bytes: 16 random letters and digits hold about 95 bits, beyond any guessing.
const GATEWAY_SECRET_BYTES_MIN: usize = 16;
/// Longest gateway secret in bytes: it travels as a header with every request.
const GATEWAY_SECRET_BYTES_MAX: usize = 1024;
/// Most networks in one setting: a list that long is a mistake, and each request walks it.
const NETWORKS_MAX: usize = 256;

/// How a list of networks says that it is empty; an empty value would count as not set.
const NO_NETWORKS: &str = "none";

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// For machines, one object per line.
    Json,
}

/// Everything `usher serve` is told.
#[derive(Debug, Clone)]
pub(crate) struct ServeSettings {
    /// Where the ledger is.
    pub(crate) store: StoreSettings,
    /// Host and port, not yet resolved.
    pub(crate) listen: String,
    /// The server's name among others, if the operator gives it one.
    pub(crate) instance: Option<InstanceName>,
    /// What is done while the database is away.
    pub(crate) away: AwaySettings,
    /// The form of the log.
    pub(crate) log_format: LogFormat,
    /// The least important entry to write.
    pub(crate) log_level: LevelFilter,
    /// What the routes are told.
    pub(crate) edge: EdgeSettings,
}

impl ServeSettings {
    /// Reads all settings of a server.
    ///
    /// # Errors
    /// A usage failure naming the setting, where its value came from, and what is allowed.
    pub(crate) fn read(layers: &Layers<impl Fn(&str) -> Option<String>>) -> Result<Self, Failure> {
        let log_format = layers.resolve(LOG_FORMAT);
        let log_level = layers.resolve(LOG_LEVEL);
        Ok(Self {
            store: StoreSettings::read(layers)?,
            listen: listen(&layers.resolve(LISTEN))?,
            instance: instance(&layers.resolve(INSTANCE))?,
            away: AwaySettings::read(layers)?,
            log_format: match text(&log_format) {
                "human" => LogFormat::Human,
                "json" => LogFormat::Json,
                _ => return Err(wrong(&log_format, "human, json")),
            },
            log_level: text(&log_level)
                .parse()
                .ok()
                .filter(|_| text(&log_level).bytes().all(|byte| byte.is_ascii_lowercase()))
                .ok_or_else(|| wrong(&log_level, "error, warn, info, debug, trace"))?,
            edge: EdgeSettings {
                trusted_proxies: networks(&layers.resolve(TRUSTED_PROXIES))?,
                user_header: header_name(&layers.resolve(USER_HEADER))?,
                gateway_secret: gateway_secret(layers)?,
                metrics_networks: networks(&layers.resolve(METRICS_NETWORKS))?,
                public_origin: public_origin(&layers.resolve(PUBLIC_ORIGIN))?,
            },
        })
    }
}

fn text(resolved: &Resolved) -> &str {
    resolved.text.as_deref().unwrap_or_default()
}

/// A value that is not allowed, with the place to mend.
pub(super) fn wrong(resolved: &Resolved, allowed: &str) -> Failure {
    let name = resolved.setting.name;
    let value = resolved.shown().unwrap_or_default();
    let english = resolved.origin.words();
    let origin = |language| english.text(language).to_owned();
    let (from, from_chinese) = (
        origin(crate::language::Language::English),
        origin(crate::language::Language::Chinese),
    );
    Failure::usage(crate::language::Words::new(
        format!("{name} = \"{value}\" ({from}) is not allowed; it must be {allowed}"),
        format!("{name} = \"{value}\"（{from_chinese}）不可用；应为 {allowed}"),
    ))
    .next(words!("usher config show", "usher config show"))
}

fn instance(resolved: &Resolved) -> Result<Option<InstanceName>, Failure> {
    let name = resolved.text.as_deref().map(str::parse).transpose();
    name.map_err(|_| wrong(resolved, "1 to 64 of a-z, A-Z, 0-9, \".\", \"-\", \"_\""))
}

/// Host and port; the port is a number, the host is resolved when the server binds.
pub(crate) fn listen(resolved: &Resolved) -> Result<String, Failure> {
    let value = text(resolved);
    let valid = value
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if valid {
        Ok(value.to_owned())
    } else {
        Err(wrong(resolved, "HOST:PORT, 127.0.0.1:8787, [::1]:0"))
    }
}

/// Scheme, host and port under which the server is found from outside, if the operator says it.
///
/// # Errors
/// A usage failure naming the value and where it came from.
pub(crate) fn public_origin(resolved: &Resolved) -> Result<Option<WebOrigin>, Failure> {
    let Some(text) = &resolved.text else {
        return Ok(None);
    };
    let origin = WebOrigin::parse(text);
    let origin =
        origin.ok_or_else(|| wrong(resolved, "https://HOST, https://HOST:PORT, http://HOST:PORT"))?;
    Ok(Some(origin))
}

fn networks(resolved: &Resolved) -> Result<Vec<IpNet>, Failure> {
    let refused = || wrong(resolved, "10.0.0.0/8,192.0.2.7,::1/128");
    if text(resolved) == NO_NETWORKS {
        return Ok(Vec::new());
    }
    let names = text(resolved)
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let networks: Vec<IpNet> = names
        .map(|name| {
            name.parse::<IpNet>()
                .or_else(|_| name.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| refused())
        })
        .collect::<Result<_, _>>()?;
    if networks.len() > NETWORKS_MAX {
        return Err(refused());
    }
    Ok(networks)
}

fn header_name(resolved: &Resolved) -> Result<String, Failure> {
    let name = text(resolved);
    let valid = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if valid {
        Ok(name.to_owned())
    } else {
        Err(wrong(resolved, "A-Z a-z 0-9 -"))
    }
}

/// A secret itself or the content of its file, whichever stands in the higher layer.
pub(super) fn secret(
    layers: &Layers<impl Fn(&str) -> Option<String>>,
    direct: Setting,
    file: Setting,
    read: impl Fn(&Path) -> Result<String, Failure>,
) -> Result<Option<String>, Failure> {
    let direct = layers.resolve(direct);
    let file = layers.resolve(file);
    let file_is_higher = matches!(file.origin, Origin::Flag(_));
    match (direct.text, file.text) {
        (Some(secret), None) => Ok(Some(secret)),
        (Some(secret), Some(_)) if !file_is_higher => Ok(Some(secret)),
        (_, Some(path)) => read(Path::new(&path)).map(Some),
        (None, None) => Ok(None),
    }
}

fn gateway_secret(layers: &Layers<impl Fn(&str) -> Option<String>>) -> Result<Option<Secret>, Failure> {
    let Some(secret) = secret(layers, GATEWAY_SECRET, GATEWAY_SECRET_FILE, secret_from)? else {
        return Ok(None);
    };
    let allowed = GATEWAY_SECRET_BYTES_MIN..=GATEWAY_SECRET_BYTES_MAX;
    let printable = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if !allowed.contains(&secret.len()) || !printable {
        return Err(Failure::usage(words!(
            "the gateway secret must be {GATEWAY_SECRET_BYTES_MIN} to {GATEWAY_SECRET_BYTES_MAX} visible ASCII characters",
            "网关密钥必须是 {GATEWAY_SECRET_BYTES_MIN} 至 {GATEWAY_SECRET_BYTES_MAX} 个可见 ASCII 字符"
        )));
    }
    Ok(Some(Secret::new(secret)))
}

fn secret_from(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    std::fs::read_to_string(path)
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .map_err(|error| {
            Failure::usage(words!(
                "cannot read the gateway secret from {shown}: {error}",
                "无法从 {shown} 读取网关密钥：{error}"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arguments::SettingArguments, language::Language};

    fn read(pairs: &[(&str, &str)]) -> Result<ServeSettings, Failure> {
        let environment = |name: &str| {
            let own = (name == "USHER_DATA").then_some("/nowhere/at/all");
            pairs
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
                .or(own)
                .map(str::to_owned)
        };
        ServeSettings::read(&Layers::new(SettingArguments::default(), None, environment).unwrap())
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.listen, "127.0.0.1:8787");
        assert_eq!(settings.log_format, LogFormat::Human);
        assert_eq!(settings.log_level, LevelFilter::INFO);
        assert_eq!(settings.edge.trusted_proxies, usher_http::edge::loopback());
        assert_eq!(settings.edge.metrics_networks, usher_http::edge::loopback());
        assert!(settings.edge.gateway_secret.is_none());
        assert!(settings.edge.public_origin.is_none());
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        for (name, value) in [
            ("USHER_LISTEN", "8787"),
            ("USHER_LISTEN", ":8787"),
            ("USHER_LISTEN", "localhost:99999"),
            ("USHER_TRUSTED_PROXIES", "10.0.0.0/33"),
            ("USHER_PUBLIC_ORIGIN", "usher.example.com"),
            ("USHER_PUBLIC_ORIGIN", "https://usher.example.com/door"),
            ("USHER_METRICS_NETWORKS", "everybody"),
            ("USHER_USER_HEADER", "X User"),
            ("USHER_LOG_FORMAT", "xml"),
            ("USHER_LOG_LEVEL", "loud"),
            ("USHER_LOG_LEVEL", "INFO"),
        ] {
            let failure = read(&[(name, value)]).unwrap_err();
            let text = failure.words.text(Language::English);
            assert!(
                text.contains(value) && text.contains(&format!("environment {name}")),
                "{text}"
            );
        }
    }

    #[test]
    fn networks_may_be_single_addresses_and_may_be_none() {
        let settings = read(&[("USHER_TRUSTED_PROXIES", "192.0.2.7, 10.0.0.0/8")]).unwrap();
        assert_eq!(
            settings.edge.trusted_proxies,
            [
                "192.0.2.7/32".parse::<IpNet>().unwrap(),
                "10.0.0.0/8".parse().unwrap()
            ]
        );
        assert!(
            read(&[("USHER_TRUSTED_PROXIES", "none")])
                .unwrap()
                .edge
                .trusted_proxies
                .is_empty()
        );
    }

    #[test]
    fn the_gateway_secret_comes_from_the_environment_or_a_file_and_is_never_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "from-the-file-0123\n").unwrap();
        let path = path.display().to_string();
        let secret = |pairs: &[(&str, &str)]| {
            read(pairs).map(|settings| {
                settings
                    .edge
                    .gateway_secret
                    .map(|secret| secret.expose().to_owned())
            })
        };
        let from_file = secret(&[("USHER_GATEWAY_SECRET_FILE", &path)]);
        assert_eq!(from_file.unwrap().as_deref(), Some("from-the-file-0123"));
        let both = [
            ("USHER_GATEWAY_SECRET_FILE", path.as_str()),
            ("USHER_GATEWAY_SECRET", "from-the-environment"),
        ];
        assert_eq!(secret(&both).unwrap().as_deref(), Some("from-the-environment"));
        assert!(secret(&[("USHER_GATEWAY_SECRET", "short")]).is_err());
        assert!(secret(&[("USHER_GATEWAY_SECRET_FILE", "/nowhere/at/all")]).is_err());
    }
}
