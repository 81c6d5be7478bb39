//! A real PostgreSQL in a folder of its own, on a free port, for as long as the tests run.
//!
//! PostgreSQL does not run as root, so there the server belongs to the account that Debian's package makes. It is told to end
//! when the tests do: a small shell waits for the end of its input, which the system closes whatever becomes of us.
//!
//! - [`Server`]: one server
//! - [`Database`]: a database of a test's own
//! - [`Pair`]: a primary and the standby that takes its place
//! - `processes`: ending and halting a server without a word; `programs`: PostgreSQL's own programs, run as somebody who is not root

mod database;
mod pair;
mod processes;
mod programs;

use std::{
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

pub use database::Database;
pub use pair::Pair;
pub use programs::account;
use programs::run;
pub use programs::{ACCOUNT, Account, command, program};

/// Settings of a server that many tests share: nothing of it has to survive the machine, so nothing is forced to the disk.
const SHARED_SETTINGS: [&str; 4] = [
    "max_connections=800",
    "fsync=off",
    "shared_buffers=128MB",
    "max_wal_size=256MB",
];

/// One server with its data.
#[derive(Debug)]
pub struct Server {
    port: u16,
    data: PathBuf,
    settings: Vec<String>,
    account: Option<Account>,
    _folder: TempDir,
    keeper: Child,
}

impl Drop for Server {
    /// The folder goes after the server, which would otherwise run on without it.
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Server {
    /// The one server of this process for tests that only want a database, started when somebody first asks for it. It lives
    /// in memory where that is possible, and does not survive a power cut.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| {
            let memory = Path::new("/dev/shm");
            let place = if memory.is_dir() {
                memory
            } else {
                Path::new("/tmp")
            };
            Self::start(place, &SHARED_SETTINGS)
        })
    }

    /// A server of a test's own with its data in a new folder within `place`, durable unless `settings` (`name=value`) say
    /// otherwise.
    pub fn start(place: &Path, settings: &[&str]) -> Self {
        let (folder, account) = own_folder(place);
        let data = folder.path().join("data");
        let text = data.to_str().unwrap();
        let initdb = program("initdb");
        run(
            account,
            &[
                initdb.to_str().unwrap(),
                "-D",
                text,
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
        let server = Self {
            port: free_port(),
            settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            account,
            keeper: keeper(account, &data),
            data,
            _folder: folder,
        };
        server.resume();
        server
    }

    /// Starts the server again after [`Self::stop`] or a kill, on the same port with the same data, and waits until it answers.
    pub fn resume(&self) {
        let folder = self.data.parent().unwrap();
        let mut options = format!("-p {} -h 127.0.0.1 -k {}", self.port, folder.display());
        for setting in &self.settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let log = self.data.join("log");
        self.control(&["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops the server: `fast` in order, `immediate` as a crash would.
    pub fn stop(&self, mode: &str) {
        self.control(&["-w", "-m", mode, "stop"]);
    }

    /// Runs `pg_ctl` on the data of this server.
    pub fn control(&self, words: &[&str]) {
        let control = program("pg_ctl");
        let mut all = vec![control.to_str().unwrap(), "-D", self.data.to_str().unwrap()];
        all.extend_from_slice(words);
        run(self.account, &all);
    }

    /// The number of the server's first process, which the others end with.
    pub fn process_id(&self) -> u32 {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    /// Where the data is.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database.
    pub fn address(&self, database: &str) -> String {
        format!("postgres://{ACCOUNT}@127.0.0.1:{}/{database}", self.port)
    }

    /// A connection of the test's own.
    pub async fn connect(&self, database: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.address(database), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    /// Runs statements beside every database.
    pub async fn run(&self, statements: &str) {
        self.connect("postgres")
            .await
            .batch_execute(statements)
            .await
            .unwrap();
    }

    /// Waits until every connection to a database is gone, as it must be before the database is copied.
    pub async fn until_nobody_is_in(&self, database: &str) {
        let client = self.connect("postgres").await;
        let statement = "SELECT 1 FROM pg_stat_activity WHERE datname = $1";
        while !client.query(statement, &[&database]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A new folder that belongs to who runs the server.
pub(crate) fn own_folder(place: &Path) -> (TempDir, Option<Account>) {
    let folder = TempDir::new_in(place).unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let account = account();
    if let Some(Account { user, group }) = account {
        chown(folder.path(), Some(user), Some(group)).unwrap();
    }
    (folder, account)
}

/// Ends the server and takes its folder away when this process is gone.
fn keeper(account: Option<Account>, data: &Path) -> Child {
    let script = format!(
        "cat > /dev/null; {} -D {} -m immediate stop; rm -rf {}",
        program("pg_ctl").display(),
        data.display(),
        data.parent().unwrap().display()
    );
    command(account, &["sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
