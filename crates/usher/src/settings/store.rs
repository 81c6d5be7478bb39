//! Where the ledger is: the settings of the store, read into one choice that cannot be wrong.
//!
//! | `store` | Meaning |
//! | --- | --- |
//! | not set | the file `usher.db` in the data folder |
//! | `sqlite:PATH` | that file, or `usher.db` in that folder; lock, key and socket lie beside it |
//! | `postgres://...` | a database; nothing is kept in the data folder |
//!
//! A command line is visible to everybody on the machine, so a password in the flag is refused. In a settings file it is
//! accepted only where nobody else may read the file.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use usher_postgres::{AddressError, DatabaseAddress, is_database};

use super::{
    DATA, KEY_FILE, Layers, Origin, Resolved, STORE, STORE_PASSWORD, STORE_PASSWORD_FILE, serve,
    store_limits::StoreLimits,
};
use crate::{failure::Failure, language::Language, words};

/// How a file is named.
const FILE_SCHEME: &str = "sqlite:";
/// Longest password in bytes: PostgreSQL's own programs take no longer one either.
const PASSWORD_BYTES_MAX: usize = 1_000;
/// Who may not read a file with a secret in it: everybody but its owner.
const OTHERS: u32 = 0o077;

/// Where the ledger is.
#[derive(Debug, Clone)]
pub(crate) enum StoreChoice {
    /// The file of a data folder.
    Folder(PathBuf),
    /// A file, or a folder with one.
    File(PathBuf),
    /// A database.
    Database(Box<DatabaseAddress>),
}

/// The key that all instances of a database share; never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LedgerKey(pub(crate) [u8; 32]);

impl std::fmt::Debug for LedgerKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LedgerKey")
    }
}

/// The choice, and what was said to make it.
#[derive(Debug, Clone)]
pub(crate) struct StoreSettings {
    /// Where the ledger is.
    pub(crate) choice: StoreChoice,
    /// How a database is used.
    pub(crate) limits: StoreLimits,
    /// The key of a database, where the operator keeps it in a file.
    pub(crate) key: Option<LedgerKey>,
    /// The `--store` of the command line, without a password, to be said again in a further command.
    pub(crate) flag: Option<String>,
}

impl StoreSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// A usage failure that names the setting and never shows a password.
    pub(crate) fn read(layers: &Layers<impl Fn(&str) -> Option<String>>) -> Result<Self, Failure> {
        let data = PathBuf::from(layers.resolve(DATA).text.unwrap_or_default());
        let store = layers.resolve(STORE);
        let flag = matches!(store.origin, Origin::Flag(_)).then(|| store.shown().unwrap_or_default());
        let choice = match store.text.as_deref() {
            None => StoreChoice::Folder(data),
            Some(text) if is_database(text) => {
                let address = address(&store, text)?;
                StoreChoice::Database(Box::new(with_password(layers, address)?))
            }
            Some(text) => match text.strip_prefix(FILE_SCHEME) {
                Some(path) if !path.is_empty() => StoreChoice::File(PathBuf::from(path)),
                _ => return Err(serve::wrong(&store, "sqlite:PATH, postgres://USER@HOST/DATABASE")),
            },
        };
        let limits = StoreLimits::read(layers)?;
        let key = key(&layers.resolve(KEY_FILE), &choice)?;
        Ok(Self {
            choice,
            limits,
            key,
            flag,
        })
    }
}

/// The key from its file. A file of the ledger has its key beside it, so there a further one would be a mistake.
fn key(resolved: &Resolved, choice: &StoreChoice) -> Result<Option<LedgerKey>, Failure> {
    let Some(path) = resolved.text.as_deref().map(Path::new) else {
        return Ok(None);
    };
    if !matches!(choice, StoreChoice::Database(_)) {
        return Err(Failure::usage(words!(
            "key_file is for a ledger in a database; the file of a ledger has its key, usher.key, beside it",
            "key_file 用于数据库中的账本；文件中的账本旁边自有其密钥 usher.key"
        )));
    }
    refuse_readable(path)?;
    let shown = path.display();
    let content = std::fs::read(path).map_err(|error| {
        Failure::usage(words!(
            "cannot read the key from {shown}: {error}",
            "无法从 {shown} 读取密钥：{error}"
        ))
    })?;
    let content = content.try_into().map_err(|_| {
        Failure::usage(words!(
            "{shown} is not a key file of 32 bytes",
            "{shown} 不是 32 字节的密钥文件"
        ))
        .next(words!(
            "(umask 077; head -c 32 /dev/urandom > {shown})",
            "(umask 077; head -c 32 /dev/urandom > {shown})"
        ))
    })?;
    Ok(Some(LedgerKey(content)))
}

fn address(store: &Resolved, text: &str) -> Result<DatabaseAddress, Failure> {
    let address: DatabaseAddress = text.parse().map_err(|error| wrong_address(store, &error))?;
    if address.has_password() {
        match &store.origin {
            Origin::Flag(_) => return Err(password_in_flag()),
            Origin::File(path) => refuse_readable(path)?,
            Origin::Environment(_) | Origin::Default => {}
        }
    }
    Ok(address)
}

fn with_password(
    layers: &Layers<impl Fn(&str) -> Option<String>>,
    address: DatabaseAddress,
) -> Result<DatabaseAddress, Failure> {
    let Some(password) = serve::secret(layers, STORE_PASSWORD, STORE_PASSWORD_FILE, password_from)? else {
        return Ok(address);
    };
    if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        return Err(Failure::usage(words!(
            "the password of the store must be 1 to {PASSWORD_BYTES_MAX} bytes",
            "存储的密码必须为 1 至 {PASSWORD_BYTES_MAX} 字节"
        )));
    }
    Ok(address.with_password(&password))
}

fn password_from(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    std::fs::read_to_string(path)
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .map_err(|error| {
            Failure::usage(words!(
                "cannot read the password of the store from {shown}: {error}",
                "无法从 {shown} 读取存储的密码：{error}"
            ))
        })
}

fn refuse_readable(path: &Path) -> Result<(), Failure> {
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::usage(words!(
        "{path} holds a secret and others may read it",
        "{path} 中有秘密，而其他人可以读取该文件"
    ))
    .next(words!("chmod 600 {path}", "chmod 600 {path}")))
}

fn password_in_flag() -> Failure {
    let (variable, file) = (STORE_PASSWORD.variable, "--store-password-file");
    Failure::usage(words!(
        "everybody on this machine can see a command line, so --store takes no password; put it into {variable}, or into a file for {file}",
        "本机所有人都能看到命令行，因此 --store 不接受密码；请将其放入 {variable}，或放入文件并用 {file} 指明"
    ))
}

/// What is wrong with an address; neither the address nor any part of a password is shown.
fn wrong_address(store: &Resolved, error: &AddressError) -> Failure {
    let origin = store.origin.words();
    let (from, from_chinese) = (origin.text(Language::English), origin.text(Language::Chinese));
    let words = match error {
        AddressError::TwoReadings => words!(
            "store ({from}) can be read in two ways; write special characters of a password with percent signs: %40 for @, %2F for /",
            "store（{from_chinese}）有两种解读；密码中的特殊字符请用百分号编码：@ 写作 %40，/ 写作 %2F"
        ),
        AddressError::NoHost => words!(
            "store ({from}) names no host; it must be postgres://USER@HOST/DATABASE",
            "store（{from_chinese}）没有指明主机；应为 postgres://USER@HOST/DATABASE"
        ),
        AddressError::NoUser => words!(
            "store ({from}) names no user; it must be postgres://USER@HOST/DATABASE",
            "store（{from_chinese}）没有指明用户；应为 postgres://USER@HOST/DATABASE"
        ),
        AddressError::Parameter(name) => words!(
            "store ({from}) has a parameter that Usher does not know or whose value is not allowed: {name}",
            "store（{from_chinese}）中的参数未知，或其值不可用：{name}"
        ),
        AddressError::Scheme | AddressError::Unreadable => words!(
            "store ({from}) cannot be read; it must be postgres://USER@HOST/DATABASE",
            "store（{from_chinese}）无法读取；应为 postgres://USER@HOST/DATABASE"
        ),
    };
    Failure::usage(words).next(words!("usher config show", "usher config show"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::SettingArguments;

    fn read(flag: Option<&str>, pairs: &[(&str, &str)]) -> Result<StoreSettings, Failure> {
        let environment = |name: &str| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let flags = SettingArguments {
            data: Some("/nowhere/at/all".to_owned()),
            store: flag.map(str::to_owned),
            ..SettingArguments::default()
        };
        StoreSettings::read(&Layers::new(flags, None, environment).unwrap())
    }

    fn complaint(flag: Option<&str>, pairs: &[(&str, &str)]) -> String {
        read(flag, pairs)
            .unwrap_err()
            .words
            .text(Language::English)
            .to_owned()
    }

    #[test]
    fn the_ledger_is_in_the_data_folder_in_a_file_or_in_a_database() {
        let choice = |flag| read(flag, &[]).unwrap().choice;
        assert!(matches!(choice(None), StoreChoice::Folder(path) if path == Path::new("/nowhere/at/all")));
        assert!(
            matches!(choice(Some("sqlite:/a/b.db")), StoreChoice::File(path) if path == Path::new("/a/b.db"))
        );
        let StoreChoice::Database(address) = choice(Some("postgres://usher@localhost/usher")) else {
            panic!("no database")
        };
        assert_eq!(address.to_string(), "postgres://usher@localhost/usher");
    }

    #[test]
    fn a_password_is_taken_from_where_nobody_sees_it_and_shown_nowhere() {
        let address = "postgres://usher:swordfish@localhost/usher";
        let settings = read(None, &[("USHER_STORE", address)]).unwrap();
        assert!(!format!("{settings:?}").contains("swordfish"));
        let separate = [
            ("USHER_STORE", "postgres://usher@localhost/usher"),
            ("USHER_STORE_PASSWORD", "swordfish"),
        ];
        let StoreChoice::Database(address) = read(None, &separate).unwrap().choice else {
            panic!("no database")
        };
        assert!(address.has_password());
        for complaint in [
            complaint(Some("postgres://usher:swordfish@localhost/usher"), &[]),
            complaint(
                None,
                &[("USHER_STORE", "postgres://usher:sword@fish@localhost/usher")],
            ),
            complaint(None, &[("USHER_STORE", "postgres://usher:swordfish@/usher")]),
            complaint(
                None,
                &[("USHER_STORE", "mysql://usher:swordfish@localhost/usher")],
            ),
            complaint(None, &[("USHER_STORE", "password=swordfish")]),
        ] {
            // The other half of it is in every `password`.
            assert!(!complaint.contains("fish"), "{complaint}");
        }
    }

    #[test]
    fn a_settings_file_with_a_password_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.toml");
        std::fs::write(&path, "store = \"postgres://usher:swordfish@localhost/usher\"\n").unwrap();
        let read = |mode| {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let flags = SettingArguments {
                data: Some(folder.path().display().to_string()),
                ..SettingArguments::default()
            };
            StoreSettings::read(&Layers::new(flags, None, |_: &str| None).unwrap())
        };
        assert!(read(0o600).is_ok());
        let failure = read(0o640).unwrap_err();
        assert!(
            failure
                .next
                .unwrap()
                .text(Language::English)
                .starts_with("chmod 600 ")
        );
    }
}
