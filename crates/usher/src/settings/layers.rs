//! The layers of one start, and where a value came from.

use std::path::PathBuf;

use super::{
    STORE, Setting,
    file::{self, CONFIG_VARIABLE, SettingsFile},
};
use crate::{
    arguments::{DataArguments, SettingArguments},
    failure::Failure,
    language::Words,
    words,
};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// The settings file.
    File(PathBuf),
    /// Nobody set it.
    Default,
}

impl Origin {
    /// The word in `--json`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Environment(_) => "environment",
            Self::File(_) => "file",
            Self::Default => "default",
        }
    }

    /// The very place, where there is one.
    pub(crate) fn place(&self) -> Option<String> {
        match self {
            Self::Flag(name) | Self::Environment(name) => Some((*name).to_owned()),
            Self::File(path) => Some(path.display().to_string()),
            Self::Default => None,
        }
    }

    /// For a person.
    pub(crate) fn words(&self) -> Words {
        match self {
            Self::Flag(name) => words!("flag {name}", "参数 {name}"),
            Self::Environment(name) => words!("environment {name}", "环境变量 {name}"),
            Self::File(path) => {
                let path = path.display();
                words!("file {path}", "文件 {path}")
            }
            Self::Default => words!("default", "默认值"),
        }
    }
}

/// A setting's value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// Which.
    pub(crate) setting: Setting,
    /// The value; none when it is not set and has no default.
    pub(crate) text: Option<String>,
    /// From where.
    pub(crate) origin: Origin,
}

impl Resolved {
    /// The value as it may be shown: none for a secret, and an address of a database without its password.
    pub(crate) fn shown(&self) -> Option<String> {
        let text = self.text.as_deref().filter(|_| !self.setting.secret())?;
        if self.setting == STORE && !text.starts_with("sqlite:") {
            return Some(usher_postgres::without_password(text));
        }
        Some(text.to_owned())
    }
}

/// The layers.
#[derive(Debug)]
pub(crate) struct Layers<Environment> {
    flags: SettingArguments,
    environment: Environment,
    file: SettingsFile,
}

impl<Environment: Fn(&str) -> Option<String>> Layers<Environment> {
    /// Puts the layers together and reads the settings file; `config` is the value of `--config`.
    ///
    /// # Errors
    /// A usage failure when the settings file cannot be read or holds what does not belong there.
    pub(crate) fn new(
        flags: SettingArguments,
        config: Option<PathBuf>,
        environment: Environment,
    ) -> Result<Self, Failure> {
        let named = config.or_else(|| {
            environment(CONFIG_VARIABLE)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        });
        let mut layers = Self {
            flags,
            environment,
            file: SettingsFile::default(),
        };
        layers.file = file::find(named, &layers.resolve(super::DATA))?;
        Ok(layers)
    }

    /// The value of a setting from the highest layer that has one. An empty variable counts as not set.
    pub(crate) fn resolve(&self, setting: Setting) -> Resolved {
        let from_flag = || {
            let text = self.flag(setting.name)?;
            Some((text.to_owned(), Origin::Flag(setting.flag?)))
        };
        let from_environment = || {
            let text = (self.environment)(setting.variable).filter(|text| !text.is_empty())?;
            Some((text, Origin::Environment(setting.variable)))
        };
        let found = from_flag()
            .or_else(from_environment)
            .or_else(|| self.file.get(setting.name));
        match found {
            Some((text, origin)) => Resolved {
                setting,
                text: Some(text),
                origin,
            },
            None => Resolved {
                setting,
                text: setting.default.map(str::to_owned),
                origin: Origin::Default,
            },
        }
    }

    fn flag(&self, name: &str) -> Option<&str> {
        let flags = &self.flags;
        let value = match name {
            "data" => &flags.data,
            "store" => &flags.store,
            "store_password_file" => &flags.store_password_file,
            "store_connections" => &flags.store_connections,
            "store_connect_timeout_seconds" => &flags.store_connect_timeout_seconds,
            "store_statement_timeout_seconds" => &flags.store_statement_timeout_seconds,
            "store_lock_timeout_seconds" => &flags.store_lock_timeout_seconds,
            "key_file" => &flags.key_file,
            "listen" => &flags.listen,
            "instance" => &flags.instance,
            "while_store_is_away" => &flags.while_store_is_away,
            "spool_seen_within_hours" => &flags.spool_seen_within_hours,
            "spool_bytes_max" => &flags.spool_bytes_max,
            "public_origin" => &flags.public_origin,
            "trusted_proxies" => &flags.trusted_proxies,
            "user_header" => &flags.user_header,
            "gateway_secret_file" => &flags.gateway_secret_file,
            "metrics_networks" => &flags.metrics_networks,
            "log_format" => &flags.log_format,
            "log_level" => &flags.log_level,
            _ => &None,
        };
        value.as_deref()
    }
}

impl From<DataArguments> for SettingArguments {
    /// What says where the ledger is means the same to a command as to the server.
    fn from(arguments: DataArguments) -> Self {
        Self {
            data: arguments.data,
            store: arguments.store,
            store_password_file: arguments.store_password_file,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{GATEWAY_SECRET, LISTEN, LOG_LEVEL, SETTINGS};

    fn no_environment(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn flags_outweigh_the_environment_which_outweighs_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("usher.toml"),
            "listen = \"file:1\"\nlog_level = \"debug\"",
        )
        .unwrap();
        let data = folder.path().display().to_string();
        let flags = |listen: Option<&str>| SettingArguments {
            data: Some(data.clone()),
            listen: listen.map(str::to_owned),
            ..SettingArguments::default()
        };
        let environment = |name: &str| (name == "USHER_LISTEN").then(|| "environment:1".to_owned());

        let all = Layers::new(flags(Some("flag:1")), None, environment).unwrap();
        assert_eq!(all.resolve(LISTEN).text.as_deref(), Some("flag:1"));
        assert_eq!(all.resolve(LISTEN).origin, Origin::Flag("--listen"));
        assert_eq!(all.resolve(LOG_LEVEL).text.as_deref(), Some("debug"));

        let without_flag = Layers::new(flags(None), None, environment).unwrap();
        assert_eq!(
            without_flag.resolve(LISTEN).text.as_deref(),
            Some("environment:1")
        );

        let only_file = Layers::new(flags(None), None, no_environment).unwrap();
        assert_eq!(only_file.resolve(LISTEN).text.as_deref(), Some("file:1"));
        assert_eq!(only_file.resolve(LISTEN).origin.name(), "file");
    }

    #[test]
    fn without_anything_the_defaults_hold() {
        let layers = Layers::new(SettingArguments::default(), None, |name: &str| {
            (name == "USHER_DATA").then(|| "/nowhere/at/all".to_owned())
        })
        .unwrap();
        assert_eq!(layers.resolve(LISTEN).text.as_deref(), Some("127.0.0.1:8787"));
        assert_eq!(layers.resolve(LISTEN).origin, Origin::Default);
        assert_eq!(layers.resolve(GATEWAY_SECRET).text, None);
    }

    #[test]
    fn every_setting_with_a_flag_reads_its_flag() {
        let value = || Some("value".to_owned());
        let flags = SettingArguments {
            data: value(),
            store: value(),
            store_password_file: value(),
            store_connections: value(),
            store_connect_timeout_seconds: value(),
            store_statement_timeout_seconds: value(),
            store_lock_timeout_seconds: value(),
            key_file: value(),
            listen: value(),
            instance: value(),
            while_store_is_away: value(),
            spool_seen_within_hours: value(),
            spool_bytes_max: value(),
            public_origin: value(),
            trusted_proxies: value(),
            user_header: value(),
            gateway_secret_file: value(),
            metrics_networks: value(),
            log_format: value(),
            log_level: value(),
        };
        let layers = Layers::new(flags, None, no_environment).unwrap();
        for setting in SETTINGS.into_iter().filter(|setting| setting.flag.is_some()) {
            assert_eq!(layers.resolve(setting).origin.name(), "flag", "{}", setting.name);
        }
    }

    #[test]
    fn a_named_file_must_be_there() {
        let missing = Some(PathBuf::from("/nowhere/at/all/usher.toml"));
        assert!(Layers::new(SettingArguments::default(), missing, no_environment).is_err());
    }
}
