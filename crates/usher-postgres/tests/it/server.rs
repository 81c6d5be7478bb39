//! A real PostgreSQL in a folder of its own, on a free port, for as long as the tests run.
//!
//! PostgreSQL does not run as root, so there the server belongs to the account that Debian's package makes. It is told to end
//! when the tests do: a small shell waits for the end of its input, which the system closes whatever becomes of us.

use std::{
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// Where Debian keeps the programs of a version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The account of Debian's package.
const ACCOUNT: &str = "postgres";

/// The one server of this process.
pub(crate) struct Server {
    port: u16,
    _folder: TempDir,
    _keeper: Child,
}

impl Server {
    /// The server, started when somebody first asks for it.
    pub(crate) fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = if Path::new("/dev/shm").is_dir() {
            TempDir::new_in("/dev/shm").unwrap()
        } else {
            TempDir::new().unwrap()
        };
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
        let account = account();
        if let Some((user, group)) = account {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let data = folder.path().join("data");
        run(
            account,
            &[
                program("initdb").to_str().unwrap(),
                "-D",
                data.to_str().unwrap(),
                "-U",
                ACCOUNT,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let settings = format!(
            "-p {port} -h 127.0.0.1 -k {} -c max_connections=400 -c fsync=off -c shared_buffers=128MB -c max_wal_size=256MB",
            folder.path().display()
        );
        let control = program("pg_ctl");
        run(
            account,
            &[
                control.to_str().unwrap(),
                "-D",
                data.to_str().unwrap(),
                "-w",
                "-l",
                data.join("log").to_str().unwrap(),
                "-o",
                &settings,
                "start",
            ],
        );
        let keeper = keeper(account, &control, &data);
        Self {
            port,
            _folder: folder,
            _keeper: keeper,
        }
    }

    /// The address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgres://{ACCOUNT}@127.0.0.1:{}/{database}", self.port)
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self, database: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.address(database), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    /// Runs statements beside every database.
    pub(crate) async fn run(&self, statements: &str) {
        self.connect("postgres")
            .await
            .batch_execute(statements)
            .await
            .unwrap();
    }

    /// Waits until every connection to a database is gone.
    pub(crate) async fn until_nobody_is_in(&self, database: &str) {
        let client = self.connect("postgres").await;
        let statement = "SELECT 1 FROM pg_stat_activity WHERE datname = $1";
        while !client.query(statement, &[&database]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

/// Ends the server when this process is gone.
fn keeper(account: Option<(u32, u32)>, control: &Path, data: &Path) -> Child {
    let folder = data.parent().unwrap();
    let script = format!(
        "cat > /dev/null; {} -D {} -m immediate stop; rm -rf {}",
        control.display(),
        data.display(),
        folder.display()
    );
    command(account, &["sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A program of the newest version that is there.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(VERSIONS)
        .unwrap_or_else(|_| panic!("PostgreSQL is not installed; scripts/install-test-tools installs it"))
        .map(|entry| entry.unwrap().path())
        .collect();
    versions.sort();
    versions.last().unwrap().join("bin").join(name)
}

/// The account to run the server as, where we are root.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let fields: Vec<&str> = accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&ACCOUNT))
        .unwrap();
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

fn command(account: Option<(u32, u32)>, words: &[&str]) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir("/");
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}

fn run(account: Option<(u32, u32)>, words: &[&str]) {
    let status = command(account, words).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{words:?}");
}
