//! Runs the real `usher` program as a user would. With `USHER_TEST_STORE=postgres` every data folder stands for a database of a
//! real PostgreSQL, and everything else stays as it is.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use usher_testbed::postgres::Database;

/// Only ends a test that would otherwise hang for ever.
const START_SECONDS_MAX: u64 = 60;

/// The databases that stand for data folders.
static DATABASES: Mutex<Option<HashMap<PathBuf, Database>>> = Mutex::new(None);

/// True when databases stand for data folders.
pub(crate) fn on_database() -> bool {
    std::env::var("USHER_TEST_STORE").as_deref() == Ok("postgres")
}

/// The address of the database that stands for a data folder, where that is what is tested.
fn database_of(data: &Path) -> Option<String> {
    if !on_database() {
        return None;
    }
    let mut databases = DATABASES.lock().unwrap();
    let databases = databases.get_or_insert_with(HashMap::new);
    let database = databases.entry(data.to_owned()).or_insert_with(Database::empty);
    Some(database.address())
}

/// A new folder on the disk of the build directory; a folder in memory could not show what a disk does.
pub(crate) fn new_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A command line of `usher` that knows nothing of the caller's own settings.
fn usher(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.args(arguments);
    without_settings(&mut command);
    let named = arguments.iter().position(|argument| *argument == "--data");
    if let Some(store) = named.and_then(|place| database_of(Path::new(arguments[place + 1]))) {
        command.env("USHER_STORE", store);
    }
    command
}

fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars() {
        if name.starts_with("USHER_") {
            command.env_remove(name);
        }
    }
}

/// Runs a command to its successful end and gives its standard output.
pub(crate) fn run(arguments: &[&str], input: &str) -> String {
    let mut child = usher(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    assert!(
        output.status.success(),
        "usher {arguments:?}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    written.unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Makes users, apps, seats and one old activity row each for every pair, through the import a user would use.
pub(crate) fn fill(data: &Path, users: u64, apps: u64) {
    let mut lines = String::from("time_ms,user_id,namespace\n");
    for user in 1..=users {
        for app in 0..apps {
            lines.push_str(&format!("1400000000000,{user},{}\n", namespace(app)));
        }
    }
    run(
        &[
            "import",
            "accesses",
            "-",
            "--create-missing",
            "--data",
            data.to_str().unwrap(),
        ],
        &lines,
    );
}

/// The name of the app with this number.
pub(crate) fn namespace(app: u64) -> String {
    format!("package_{app:04}__c")
}

/// Issues a token and gives it alone.
pub(crate) fn token(data: &Path, arguments: &[&str]) -> String {
    let mut all = vec!["token", "issue", "--data", data.to_str().unwrap()];
    all.extend_from_slice(arguments);
    run(&all, "").trim().to_owned()
}

/// A token for recording accesses in the tenant `default`.
pub(crate) fn service_token(data: &Path) -> String {
    token(data, &["--service", "--tenant", "default"])
}

/// A server that runs until it is killed.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its address on standard output.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts `usher serve` on a free port.
    pub(crate) fn start(data: &Path) -> Self {
        Self::wait(usher(&[
            "serve",
            "--log-level",
            "warn",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data.to_str().unwrap(),
        ]))
    }

    /// The same from a shell that ignores SIGXFSZ, so that a file that may not grow answers with an error, as a full
    /// disk does, instead of ending the process.
    pub(crate) fn start_ignoring_file_size_signal(data: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap '' XFSZ; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_usher"),
        ]);
        command.args([
            "serve",
            "--log-level",
            "warn",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data.to_str().unwrap(),
        ]);
        without_settings(&mut command);
        Self::wait(command)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "start-up time is what one of these tests measures"
    )]
    fn wait(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Through a pipe, because a limit on the size of files would also hit a log that goes into one.
        let mut stderr = child.stderr.take().unwrap();
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::stderr()));
        let stdout = child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        // The thread reads on for ever, so that the server never finds its standard output full or closed.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    let _ = sender.send((address, began.elapsed()));
                }
            }
        });
        let Ok((address, started_in)) = receiver.recv_timeout(Duration::from_secs(START_SECONDS_MAX)) else {
            let _ = child.kill();
            panic!("usher serve did not say where it listens: {:?}", child.wait());
        };
        Self {
            child,
            address,
            started_in,
        }
    }

    /// Ends it without warning, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets no file of the server grow past this many bytes; none lifts the limit again.
    pub(crate) fn limit_file_size(&self, bytes: Option<u64>) {
        let soft = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let process_id = self.child.id().to_string();
        let limit = format!("--fsize={soft}:unlimited");
        let status = Command::new("prlimit")
            .args(["--pid", &process_id, &limit])
            .status()
            .unwrap();
        assert!(status.success(), "prlimit: {status}");
    }

    /// True while the process lives.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let after = line.split("http://").nth(1)?;
    let end =
        after.find(|character: char| !character.is_ascii_digit() && character != '.' && character != ':');
    after[..end.unwrap_or(after.len())].parse().ok()
}
