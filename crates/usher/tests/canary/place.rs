//! The real program on a folder of its own: a server that logs everything, and commands beside it. With
//! `USHER_TEST_STORE=postgres` its ledger is in a database that it reaches with a password, and its key in a file.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use usher_testbed::postgres::{ACCOUNT, Database, Server as Postgres, program};

/// The password in the address of the database; its server asks for none, so it is there only to be kept.
pub(crate) const STORE_PASSWORD: &str = "sluice gate, nine hinges";
/// The same as an address writes it.
const STORE_PASSWORD_ENCODED: &str = "sluice%20gate%2C%20nine%20hinges";
/// The key of a ledger in a database.
const LEDGER_KEY: &[u8; 32] = b"thirty-two bytes that open seals";

/// A folder with what belongs to one Usher.
pub(crate) struct Place {
    folder: TempDir,
    starts: usize,
    database: Option<Database>,
}

/// A server that runs; killed at the end unless it was stopped.
pub(crate) struct Server {
    child: Child,
    pub(crate) announced: Value,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let on_database = std::env::var("USHER_TEST_STORE").as_deref() == Ok("postgres");
        let place = Self {
            folder,
            starts: 0,
            database: on_database.then(Database::empty),
        };
        if on_database {
            std::fs::write(place.ledger_key(), LEDGER_KEY).unwrap();
            std::fs::set_permissions(place.ledger_key(), PermissionsExt::from_mode(0o600)).unwrap();
        }
        place
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("log-{number}"))
    }

    /// Everything that any server of this place said to the log.
    pub(crate) fn logs(&self) -> Vec<u8> {
        (1..=self.starts)
            .flat_map(|number| std::fs::read(self.log(number)).unwrap())
            .collect()
    }

    /// Writes a file beside the data folder.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn ledger_key(&self) -> PathBuf {
        self.folder.path().join("ledger-key")
    }

    /// Lets the database's own program carry a statement out; gives what it printed.
    fn ask(&self, database: &Database, statement: &str) -> String {
        let port = Postgres::shared().port().to_string();
        let asked = Command::new(program("psql"))
            .args(["-h", "127.0.0.1", "-p", &port, "-U", ACCOUNT, "-At"])
            .args(["-v", "ON_ERROR_STOP=1", "-c", statement, database.name()])
            .output()
            .unwrap();
        assert!(asked.status.success(), "{asked:?}");
        String::from_utf8(asked.stdout).unwrap().trim().to_owned()
    }

    /// Does to what is kept what Usher never would; bytes that are none of ours are `NONSENSE` in the statements.
    pub(crate) fn vandalize(&self, statements: &str) {
        match &self.database {
            Some(database) => {
                let bytes = "'\\x00000000000000'::bytea";
                self.ask(database, &statements.replace("NONSENSE", bytes));
            }
            None => {
                let file = rusqlite::Connection::open(self.data().join("usher.db")).unwrap();
                let loose = format!("PRAGMA foreign_keys = OFF; {statements}");
                file.execute_batch(&loose.replace("NONSENSE", "zeroblob(7)"))
                    .unwrap();
            }
        }
    }

    /// Every file of the data folder, by name, or every file of the database with the key that is kept apart.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let Some(database) = &self.database else {
            return files_in(&self.data());
        };
        let place = "SELECT 'base/' || oid FROM pg_database WHERE datname = current_database()";
        self.ask(database, "CHECKPOINT");
        let data = Postgres::shared().data();
        let mut files = files_in(&data.join(self.ask(database, place)));
        let log = files_in(&data.join("pg_wal")).into_iter();
        files.extend(log.map(|(name, bytes)| (format!("{name}-wal"), bytes)));
        files.push(("usher.key".to_owned(), LEDGER_KEY.to_vec()));
        files
    }
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        let data = self.data();
        command.args(arguments).args(["--data", data.to_str().unwrap()]);
        command.env_clear().env("PATH", "/usr/bin:/bin");
        // Whatever there is to be said is to be said.
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        if let Some(database) = &self.database {
            let with_password = format!("{ACCOUNT}:{STORE_PASSWORD_ENCODED}@");
            let address = database.address().replace(&format!("{ACCOUNT}@"), &with_password);
            command.env("USHER_STORE", address);
            command.env("USHER_KEY_FILE", self.ledger_key());
        }
        command
    }

    /// Starts a server that logs all it can.
    pub(crate) fn serve(&mut self, form: &str, gateway_secret_file: &str) -> Server {
        self.starts += 1;
        let log = File::create(self.log(self.starts)).unwrap();
        let arguments = ["serve", "--json", "--log-level", "trace", "--log-format", form];
        let more = [
            "--listen",
            "127.0.0.1:0",
            "--gateway-secret-file",
            gateway_secret_file,
        ];
        let mut command = self.command(&[&arguments[..], &more].concat());
        let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = streams.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Server { child, announced }
    }

    /// Runs a command that must succeed; gives what it said on both streams.
    pub(crate) fn usher(&self, arguments: &[&str], input: &str) -> (String, String) {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input closes it; that is not the test's failure.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert!(output.status.success(), "usher {arguments:?}: {stdout}{stderr}");
        (stdout, stderr)
    }
}

/// Every file of a folder, by name.
fn files_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            let name = entry.file_name().to_str().unwrap().to_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

impl Server {
    /// Host and port.
    pub(crate) fn address(&self) -> String {
        let listening = self.announced["listening"].as_str().unwrap();
        listening.strip_prefix("http://").unwrap().to_owned()
    }

    /// What anybody on the machine can read about its process.
    pub(crate) fn command_line(&self) -> Vec<u8> {
        std::fs::read(format!("/proc/{}/cmdline", self.child.id())).unwrap()
    }

    /// Ends it the polite way.
    pub(crate) fn stop(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
