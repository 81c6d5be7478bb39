//! The settings file: TOML, one key per setting, nothing nested.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{Origin, Resolved, SETTINGS};
use crate::{failure::Failure, words};

/// The variable that names the settings file.
pub(crate) const CONFIG_VARIABLE: &str = "USHER_CONFIG";
/// The settings file inside the data folder, read when no other is named.
pub(crate) const DEFAULT_NAME: &str = "usher.toml";
/// Largest settings file in bytes: a hundred times what all settings need; a larger one is some other file.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// A settings file as read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SettingsFile {
    /// Where it is; none when there is none.
    pub(crate) path: Option<PathBuf>,
    /// Its values as text.
    pub(crate) values: BTreeMap<String, String>,
}

/// Finds and reads the settings file: the named one, which must be there, else the one in the data folder if it is.
///
/// # Errors
/// A usage failure naming the file and what is wrong in it.
pub(crate) fn find(named: Option<PathBuf>, data: &Resolved) -> Result<SettingsFile, Failure> {
    if let Some(path) = named {
        let text = read(&path)?;
        return parse(&path, &text);
    }
    let path = Path::new(data.text.as_deref().unwrap_or_default()).join(DEFAULT_NAME);
    if !path.is_file() {
        return Ok(SettingsFile::default());
    }
    let text = read(&path)?;
    let file = parse(&path, &text)?;
    if file.values.contains_key(super::DATA.name) {
        let path = path.display();
        return Err(Failure::usage(words!(
            "{path}: `data` cannot be set in the file that is found through it; use --config to name a file",
            "{path}：通过 data 找到的文件中不能设置 `data`；请用 --config 指明文件"
        )));
    }
    Ok(file)
}

fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let too_large = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > FILE_BYTES_MAX);
    if too_large {
        return Err(Failure::usage(words!(
            "{shown} is larger than {FILE_BYTES_MAX} bytes and so not a settings file",
            "{shown} 大于 {FILE_BYTES_MAX} 字节，不是设置文件"
        )));
    }
    std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(words!(
            "cannot read the settings file {shown}: {error}",
            "无法读取设置文件 {shown}：{error}"
        ))
    })
}

/// Reads the text of a settings file.
fn parse(path: &Path, text: &str) -> Result<SettingsFile, Failure> {
    let shown = path.display();
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let error = error.to_string();
        let error = error.trim_end();
        Failure::usage(words!(
            "{shown} is not a settings file: {error}",
            "{shown} 不是设置文件：{error}"
        ))
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == key) else {
            let known = known_keys();
            return Err(Failure::usage(words!(
                "{shown}: no setting is called `{key}`; there are {known}",
                "{shown}：没有名为 `{key}` 的设置；可用的设置有 {known}"
            )));
        };
        if !setting.in_file {
            let variable = setting.variable;
            return Err(Failure::usage(words!(
                "{shown}: `{key}` is a secret and does not belong in this file; use {key}_file or {variable}",
                "{shown}：`{key}` 是密钥，不应写在此文件中；请使用 {key}_file 或 {variable}"
            )));
        }
        let Some(text) = as_text(&value) else {
            return Err(Failure::usage(words!(
                "{shown}: `{key}` must be a text or a list of texts",
                "{shown}：`{key}` 必须是文本或文本列表"
            )));
        };
        values.insert(key, text);
    }
    Ok(SettingsFile {
        path: Some(path.to_owned()),
        values,
    })
}

fn known_keys() -> String {
    SETTINGS
        .iter()
        .filter(|setting| setting.in_file)
        .map(|setting| setting.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A text as it is; a list of texts joined by commas, as the flag would have it.
fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Array(values) => {
            let texts: Option<Vec<_>> = values.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

impl SettingsFile {
    /// A value of the file with its origin.
    pub(crate) fn get(&self, name: &str) -> Option<(String, Origin)> {
        let text = self.values.get(name)?.clone();
        Some((text, Origin::File(self.path.clone()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{language::Language, output::Exit};

    fn complaint(text: &str) -> String {
        let failure = parse(Path::new("usher.toml"), text).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        failure.words.text(Language::English).to_owned()
    }

    #[test]
    fn a_file_holds_texts_and_lists_of_texts() {
        let file = parse(
            Path::new("usher.toml"),
            "listen = \"127.0.0.1:1\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1/128\"]\n",
        )
        .unwrap();
        assert_eq!(file.values.get("listen").map(String::as_str), Some("127.0.0.1:1"));
        assert_eq!(
            file.values.get("trusted_proxies").map(String::as_str),
            Some("10.0.0.0/8,::1/128")
        );
    }

    #[test]
    fn what_does_not_belong_is_named() {
        assert!(
            complaint("lisen = \"x\"")
                .contains("no setting is called `lisen`; there are data, store, store_password_file, ")
        );
        assert!(complaint("gateway_secret = \"x\"").contains("is a secret"));
        assert!(complaint("listen = 8787").contains("`listen` must be a text"));
        assert!(complaint("listen = ").contains("is not a settings file"));
    }
}
