//! Settings: flags over environment over file over defaults.
//!
//! Every setting is one row of [`SETTINGS`]; the row gives it its flag, its variable, its key in the file and its
//! default, so that `usher config show` and the server cannot disagree. Values stay text, with where they came from,
//! until [`ServeSettings`] reads them; so a wrong value is explained with the place to mend.
//!
//! - [`layers`]: the four layers of one start
//! - [`file`]: the settings file
//! - [`away`]: what a server does while its database is away
//! - [`serve`]: the settings of a server, read into types that cannot be wrong
//! - [`store`], [`store_limits`]: where the ledger is, and how a database is used

pub(crate) mod away;
pub(crate) mod file;
pub(crate) mod layers;
pub(crate) mod serve;
pub(crate) mod store;
pub(crate) mod store_limits;

pub(crate) use layers::{Layers, Origin, Resolved};
pub(crate) use serve::{LogFormat, ServeSettings};

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name: the key in the file and in `usher config show`.
    pub(crate) name: &'static str,
    /// Its flag; none for a secret, because command lines are visible to other users of a machine.
    pub(crate) flag: Option<&'static str>,
    /// Its environment variable.
    pub(crate) variable: &'static str,
    /// True when it may stand in the settings file; secrets may not, because such files are copied about.
    pub(crate) in_file: bool,
    /// Its value when nobody sets it.
    pub(crate) default: Option<&'static str>,
}

impl Setting {
    const fn new(
        name: &'static str,
        flag: &'static str,
        variable: &'static str,
        default: Option<&'static str>,
    ) -> Self {
        Self {
            name,
            flag: Some(flag),
            variable,
            in_file: true,
            default,
        }
    }

    const fn secret_value(name: &'static str, variable: &'static str) -> Self {
        Self {
            name,
            flag: None,
            variable,
            in_file: false,
            default: None,
        }
    }

    /// True when its value is never shown.
    pub(crate) fn secret(&self) -> bool {
        !self.in_file
    }
}

/// The data folder.
pub(crate) const DATA: Setting = Setting::new("data", "--data", "USHER_DATA", Some("./usher-data"));
/// Where the ledger is.
pub(crate) const STORE: Setting = Setting::new("store", "--store", "USHER_STORE", None);
/// The password of the database itself.
pub(crate) const STORE_PASSWORD: Setting = Setting::secret_value("store_password", "USHER_STORE_PASSWORD");
/// The file with the password of the database.
pub(crate) const STORE_PASSWORD_FILE: Setting = Setting::new(
    "store_password_file",
    "--store-password-file",
    "USHER_STORE_PASSWORD_FILE",
    None,
);
/// Most connections to the database.
pub(crate) const STORE_CONNECTIONS: Setting = Setting::new(
    "store_connections",
    "--store-connections",
    "USHER_STORE_CONNECTIONS",
    Some("16"),
);
/// How long one server of the address may take to answer.
pub(crate) const STORE_CONNECT_TIMEOUT_SECONDS: Setting = Setting::new(
    "store_connect_timeout_seconds",
    "--store-connect-timeout-seconds",
    "USHER_STORE_CONNECT_TIMEOUT_SECONDS",
    Some("3"),
);
/// How long a statement may take in the database.
pub(crate) const STORE_STATEMENT_TIMEOUT_SECONDS: Setting = Setting::new(
    "store_statement_timeout_seconds",
    "--store-statement-timeout-seconds",
    "USHER_STORE_STATEMENT_TIMEOUT_SECONDS",
    Some("30"),
);
/// How long a statement may wait for a lock in the database.
pub(crate) const STORE_LOCK_TIMEOUT_SECONDS: Setting = Setting::new(
    "store_lock_timeout_seconds",
    "--store-lock-timeout-seconds",
    "USHER_STORE_LOCK_TIMEOUT_SECONDS",
    Some("10"),
);
/// The file with the key of a ledger in a database, where the operator keeps it.
pub(crate) const KEY_FILE: Setting = Setting::new("key_file", "--key-file", "USHER_KEY_FILE", None);
/// The address to listen on.
pub(crate) const LISTEN: Setting = Setting::new("listen", "--listen", "USHER_LISTEN", Some("127.0.0.1:8787"));
/// The server's name among those on one database.
pub(crate) const INSTANCE: Setting = Setting::new("instance", "--instance", "USHER_INSTANCE", None);
/// What the door does while the database is away.
pub(crate) const WHILE_STORE_IS_AWAY: Setting = Setting::new(
    "while_store_is_away",
    "--while-store-is-away",
    "USHER_WHILE_STORE_IS_AWAY",
    Some("closed"),
);
/// For how long somebody counts as seen recently.
pub(crate) const SPOOL_SEEN_WITHIN_HOURS: Setting = Setting::new(
    "spool_seen_within_hours",
    "--spool-seen-within-hours",
    "USHER_SPOOL_SEEN_WITHIN_HOURS",
    Some("24"),
);
/// Most bytes of the spool's file.
pub(crate) const SPOOL_BYTES_MAX: Setting = Setting::new(
    "spool_bytes_max",
    "--spool-bytes-max",
    "USHER_SPOOL_BYTES_MAX",
    Some("67108864"),
);
/// Networks whose gateways may name users.
pub(crate) const TRUSTED_PROXIES: Setting = Setting::new(
    "trusted_proxies",
    "--trusted-proxies",
    "USHER_TRUSTED_PROXIES",
    Some("127.0.0.0/8,::1/128"),
);
/// The header in which a gateway names the user.
pub(crate) const USER_HEADER: Setting = Setting::new(
    "user_header",
    "--user-header",
    "USHER_USER_HEADER",
    Some("X-Forwarded-User"),
);
/// The file with the gateway's secret.
pub(crate) const GATEWAY_SECRET_FILE: Setting = Setting::new(
    "gateway_secret_file",
    "--gateway-secret-file",
    "USHER_GATEWAY_SECRET_FILE",
    None,
);
/// The gateway's secret itself.
pub(crate) const GATEWAY_SECRET: Setting = Setting::secret_value("gateway_secret", "USHER_GATEWAY_SECRET");
/// Where the server is found from outside.
pub(crate) const PUBLIC_ORIGIN: Setting =
    Setting::new("public_origin", "--public-origin", "USHER_PUBLIC_ORIGIN", None);
/// Networks that may read `/metrics`.
pub(crate) const METRICS_NETWORKS: Setting = Setting::new(
    "metrics_networks",
    "--metrics-networks",
    "USHER_METRICS_NETWORKS",
    Some("127.0.0.0/8,::1/128"),
);
/// The form of the log.
pub(crate) const LOG_FORMAT: Setting =
    Setting::new("log_format", "--log-format", "USHER_LOG_FORMAT", Some("human"));
/// The least important log entry to write.
pub(crate) const LOG_LEVEL: Setting =
    Setting::new("log_level", "--log-level", "USHER_LOG_LEVEL", Some("info"));

/// Every setting, in the order in which they are shown.
pub(crate) const SETTINGS: [Setting; 22] = [
    DATA,
    STORE,
    STORE_PASSWORD,
    STORE_PASSWORD_FILE,
    STORE_CONNECTIONS,
    STORE_CONNECT_TIMEOUT_SECONDS,
    STORE_STATEMENT_TIMEOUT_SECONDS,
    STORE_LOCK_TIMEOUT_SECONDS,
    KEY_FILE,
    LISTEN,
    INSTANCE,
    WHILE_STORE_IS_AWAY,
    SPOOL_SEEN_WITHIN_HOURS,
    SPOOL_BYTES_MAX,
    PUBLIC_ORIGIN,
    TRUSTED_PROXIES,
    USER_HEADER,
    GATEWAY_SECRET,
    GATEWAY_SECRET_FILE,
    METRICS_NETWORKS,
    LOG_FORMAT,
    LOG_LEVEL,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arguments::localize, language::Language};

    #[test]
    fn every_setting_has_its_flag_and_names_its_variable_and_default_in_help() {
        let parser = localize::parser(Language::English);
        let serve = parser.find_subcommand("serve").unwrap();
        for setting in SETTINGS {
            let Some(flag) = setting.flag else {
                continue;
            };
            let argument = serve
                .get_arguments()
                .find(|argument| argument.get_id() == setting.name)
                .unwrap_or_else(|| panic!("{} has no argument", setting.name));
            assert_eq!(format!("--{}", argument.get_long().unwrap()), flag);
            let help = argument.get_help().unwrap().to_string();
            assert!(help.contains(setting.variable), "{help}");
            if let Some(default) = setting.default {
                assert!(help.contains(&format!("default: {default}]")), "{help}");
            }
        }
    }

    #[test]
    fn the_manual_names_every_setting() {
        for manual in [
            include_str!("../../../../docs/commands.md"),
            include_str!("../../../../docs/commands.zh-CN.md"),
        ] {
            for setting in SETTINGS {
                for name in [
                    setting.flag,
                    Some(setting.variable),
                    setting.in_file.then_some(setting.name),
                    setting.default,
                ]
                .into_iter()
                .flatten()
                {
                    assert!(manual.contains(&format!("`{name}`")), "{name}");
                }
            }
        }
    }

    #[test]
    fn the_defaults_are_the_ones_of_the_edge() {
        assert_eq!(USER_HEADER.default, Some(usher_http::edge::USER_HEADER_DEFAULT));
    }
}
