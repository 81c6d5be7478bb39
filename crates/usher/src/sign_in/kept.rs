//! The file with the tokens of one server, in the user's configuration folder.
//!
//! ```text
//! $XDG_CONFIG_HOME/usher/sign-ins/https-usher.example.com.json     mode 0600, in a folder of mode 0700
//! ```
//!
//! It is written beside its place, made durable and moved there, so whoever reads it finds the old or the new and never
//! a part; and it has its mode from the moment it exists. Commands that change it take turns (`.lock`): two that renew
//! at once would spend one refresh token twice.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use usher_http::WebOrigin;

use crate::{
    clock::Stopwatch,
    data_folder::{FOLDER_MODE, SECRET_FILE_MODE},
    failure::Failure,
    output::Exit,
    words,
};

/// Largest file in bytes: some twenty times what is written.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Bits of a mode that let others in.
const MODE_OF_OTHERS: u32 = 0o077;
/// Bits of a mode that let others write.
const MODE_OF_OTHER_WRITERS: u32 = 0o022;
/// How long a command waits for another one's turn: longer than all attempts to renew take together.
const TURN_PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two tries; a person does not notice it.
const TURN_PAUSE: Duration = Duration::from_millis(50);

/// A refresh token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptRefresh {
    /// The text.
    pub(crate) token: String,
    /// The first moment at which it is no longer good, in milliseconds.
    pub(crate) expires_at_ms: i64,
}

/// What is kept of being signed in at one server. It does not print itself: it is nearly all secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    /// The server's origin.
    pub(crate) server: String,
    /// As which client.
    pub(crate) client_id: String,
    /// A file of authorities that are trusted for this server beside those of the system.
    pub(crate) ca_file: Option<PathBuf>,
    /// The access token.
    pub(crate) access_token: String,
    /// The first moment at which it is no longer good, in milliseconds.
    pub(crate) expires_at_ms: i64,
    /// What renews it, where offline access was granted.
    pub(crate) refresh: Option<KeptRefresh>,
    /// The name of a renewal that was begun and whose answer has not been kept yet.
    pub(crate) renewal_key: Option<String>,
}

impl SignIn {
    /// Its tokens, in the order in which to give them back: the first takes the second along where there are two.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        let refresh = self.refresh.as_ref().map(|refresh| refresh.token.as_str());
        refresh.into_iter().chain([self.access_token.as_str()])
    }
}

/// The folder of all sign-ins.
pub(crate) struct SignIns {
    folder: PathBuf,
}

/// The turn of this command to change one sign-in; it ends when this is dropped.
pub(crate) struct Turn {
    folder: PathBuf,
    name: String,
    _lock: File,
}

impl SignIns {
    /// Finds the folder; it need not be there yet.
    ///
    /// # Errors
    /// A failure when neither `XDG_CONFIG_HOME` nor `HOME` says where configuration is kept.
    pub(crate) fn find(environment: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        // A relative path counts as not set, as the XDG specification has it.
        let absolute = |name: &str| {
            environment(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
        let home = home.ok_or_else(|| {
            Failure::usage(words!(
                "neither XDG_CONFIG_HOME nor HOME says where your configuration is kept",
                "XDG_CONFIG_HOME 与 HOME 均未指明配置文件夹的位置"
            ))
        })?;
        Ok(Self {
            folder: home.join("usher").join("sign-ins"),
        })
    }

    /// The servers with a sign-in, in order.
    ///
    /// # Errors
    /// A failure when the folder is there and cannot be read.
    pub(crate) fn servers(&self) -> Result<Vec<WebOrigin>, Failure> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| unusable(&self.folder, &error))?,
        };
        let mut servers = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unusable(&self.folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json")
                && let Some(sign_in) = read(&path)?
            {
                servers.extend(WebOrigin::parse(&sign_in.server));
            }
        }
        servers.sort();
        Ok(servers)
    }

    /// Waits for this command's turn to change the sign-in of a server; makes the folder if it is missing.
    ///
    /// # Errors
    /// A failure when the folder cannot be used or is open to others, or another command does not end.
    pub(crate) async fn turn(&self, server: &WebOrigin) -> Result<Turn, Failure> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&self.folder)
            .map_err(|error| unusable(&self.folder, &error))?;
        closed_to_others(&self.folder, MODE_OF_OTHER_WRITERS, "700")?;
        let name = file_name(server);
        let path = self.folder.join(format!("{name}.lock"));
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(SECRET_FILE_MODE)
            .open(&path)
            .map_err(|error| unusable(&path, &error))?;
        let patience = Stopwatch::start();
        while lock.try_lock().is_err() {
            if patience.elapsed() > TURN_PATIENCE {
                return Err(busy(&path));
            }
            tokio::time::sleep(TURN_PAUSE).await;
        }
        Ok(Turn {
            folder: self.folder.clone(),
            name,
            _lock: lock,
        })
    }
}

impl Turn {
    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// The sign-in, if there is one.
    ///
    /// # Errors
    /// A failure when the file is open to others or cannot be read.
    pub(crate) fn read(&self) -> Result<Option<SignIn>, Failure> {
        read(&self.path())
    }

    /// Keeps a sign-in in place of what is there. It is durable when this returns.
    ///
    /// # Errors
    /// A failure naming the file and the system's reason; then what was there is there still.
    pub(crate) fn keep(&self, sign_in: &SignIn) -> Result<(), Failure> {
        self.write(sign_in)
            .map_err(|error| unusable(&self.path(), &error))
    }

    fn write(&self, sign_in: &SignIn) -> io::Result<()> {
        let unfinished = self.folder.join(format!("{}.new", self.name));
        forget(&unfinished)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(SECRET_FILE_MODE)
            .open(&unfinished)?;
        let mut text = serde_json::to_vec_pretty(sign_in)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, self.path())?;
        File::open(&self.folder)?.sync_all()
    }

    /// Forgets the sign-in.
    ///
    /// # Errors
    /// A failure naming the file and the system's reason.
    pub(crate) fn forget(&self) -> Result<(), Failure> {
        let path = self.path();
        forget(&path)
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|error| unusable(&path, &error))
    }
}

/// Removes a file, if it is there.
fn forget(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// One name for one origin: neither `_` nor a bracket is in a host name, and a colon is only in an address of IPv6.
fn file_name(server: &WebOrigin) -> String {
    let text = server.as_str().replace("://", "-");
    let plain = |character: char| match character {
        ':' => '_',
        other if other.is_ascii_alphanumeric() || matches!(other, '.' | '-') => other,
        _ => '~',
    };
    text.chars().map(plain).collect()
}

fn read(path: &Path) -> Result<Option<SignIn>, Failure> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| unusable(path, &error))?,
    };
    closed_to_others(path, MODE_OF_OTHERS, "600")?;
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(|error| unusable(path, &error))?;
    // What is wrong in it is not said, because that might quote a token.
    serde_json::from_slice(&text).map(Some).map_err(|_| {
        let path = path.display();
        Failure::failed(words!(
            "{path} is not a sign-in that this Usher has kept; remove it and sign in again",
            "{path} 不是本版本 Usher 保存的登录信息；请删除后重新登录"
        ))
        .next(words!("usher login", "usher login"))
    })
}

/// Refuses what others may read or write: tokens that lay open are no longer one's own.
fn closed_to_others(path: &Path, forbidden: u32, mode: &str) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| unusable(path, &error))?;
    if metadata.mode() & forbidden == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(
        Failure::failed(words!("{path} is open to others", "{path} 对其他用户开放"))
            .next(words!("chmod {mode} {path}", "chmod {mode} {path}")),
    )
}

fn busy(path: &Path) -> Failure {
    let path = path.display();
    Failure::new(
        Exit::Held,
        words!(
            "another usher command is at work ({path})",
            "另一个 usher 命令正在运行（{path}）"
        ),
    )
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::failed(words!("cannot use {path}: {error}", "无法使用 {path}：{error}"))
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn server() -> WebOrigin {
        WebOrigin::parse("https://usher.example.com:8443").unwrap()
    }

    fn sign_in() -> SignIn {
        SignIn {
            server: server().to_string(),
            client_id: "cli_usher_login".to_owned(),
            ca_file: None,
            access_token: "u-canary".to_owned(),
            expires_at_ms: 7,
            refresh: None,
            renewal_key: None,
        }
    }

    fn sign_ins(home: &Path) -> SignIns {
        let home = home.to_str().unwrap().to_owned();
        SignIns::find(|name| (name == "XDG_CONFIG_HOME").then(|| home.clone())).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn what_is_kept_is_found_again_and_closed_to_others() {
        let home = tempfile::tempdir().unwrap();
        let sign_ins = sign_ins(home.path());
        assert_eq!(sign_ins.servers().unwrap(), []);
        let turn = sign_ins.turn(&server()).await.unwrap();
        assert!(turn.read().unwrap().is_none());
        turn.keep(&sign_in()).unwrap();
        assert!(turn.read().unwrap() == Some(sign_in()));
        assert_eq!(sign_ins.servers().unwrap(), [server()]);
        let folder = home.path().join("usher/sign-ins");
        assert_eq!((mode(&folder), mode(&home.path().join("usher"))), (0o700, 0o700));
        let file = folder.join("https-usher.example.com_8443.json");
        assert_eq!(mode(&file), 0o600);
        turn.forget().unwrap();
        assert!(!file.exists());
        turn.forget().unwrap();
    }

    #[tokio::test]
    async fn an_unfinished_file_of_a_crash_is_in_nobodys_way() {
        let home = tempfile::tempdir().unwrap();
        let turn = sign_ins(home.path()).turn(&server()).await.unwrap();
        let unfinished = home
            .path()
            .join("usher/sign-ins/https-usher.example.com_8443.new");
        std::fs::write(&unfinished, "{").unwrap();
        turn.keep(&sign_in()).unwrap();
        assert!(turn.read().unwrap() == Some(sign_in()) && !unfinished.exists());
    }

    #[tokio::test]
    async fn what_others_can_read_or_change_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let sign_ins = sign_ins(home.path());
        let turn = sign_ins.turn(&server()).await.unwrap();
        turn.keep(&sign_in()).unwrap();
        std::fs::set_permissions(turn.path(), Permissions::from_mode(0o640)).unwrap();
        let failure = turn.read().err().unwrap();
        assert!(failure.next.is_some(), "{failure:?}");
        drop(turn);
        std::fs::set_permissions(&sign_ins.folder, Permissions::from_mode(0o770)).unwrap();
        assert!(sign_ins.turn(&server()).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_sign_in_is_not_quoted() {
        let home = tempfile::tempdir().unwrap();
        let turn = sign_ins(home.path()).turn(&server()).await.unwrap();
        turn.keep(&sign_in()).unwrap();
        std::fs::write(turn.path(), "{\"access_token\": \"u-canary").unwrap();
        let failure = format!("{:?}", turn.read().err().unwrap());
        assert!(!failure.contains("canary"), "{failure}");
    }

    #[test]
    fn configuration_is_where_the_xdg_specification_says() {
        let found = |pairs: &[(&str, &str)]| {
            let environment = |name: &str| {
                let pair = pairs.iter().find(|(known, _)| *known == name)?;
                Some(pair.1.to_owned())
            };
            SignIns::find(environment).map(|sign_ins| sign_ins.folder.display().to_string())
        };
        let both = [("XDG_CONFIG_HOME", "/c"), ("HOME", "/h")];
        assert_eq!(found(&both).unwrap(), "/c/usher/sign-ins");
        let relative = [("XDG_CONFIG_HOME", "c"), ("HOME", "/h")];
        assert_eq!(found(&relative).unwrap(), "/h/.config/usher/sign-ins");
        assert!(found(&[]).is_err());
    }
}
