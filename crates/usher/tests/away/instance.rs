//! Runs the real `usher` program on a database.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Only ends a test that would otherwise hang for ever.
const START_SECONDS_MAX: u64 = 120;

/// A command line of `usher` on a database that knows nothing of the caller's own settings.
fn usher(store: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.args(arguments);
    for (name, _) in std::env::vars() {
        if name.starts_with("USHER_") {
            command.env_remove(name);
        }
    }
    command.env("USHER_STORE", store);
    command
}

/// Runs a command to its successful end and gives its standard output.
pub(crate) fn run(store: &str, arguments: &[&str], input: &str) -> String {
    let mut child = usher(store, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    assert!(
        output.status.success(),
        "usher {arguments:?}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Makes users with a seat each and one app.
pub(crate) fn fill(store: &str, users: u64, app: &str) {
    let mut lines = String::from("time_ms,user_id,namespace\n");
    for user in 1..=users {
        lines.push_str(&format!("1400000000000,{user},{app}\n"));
    }
    run(store, &["import", "accesses", "-", "--create-missing"], &lines);
}

/// Issues a token and gives it alone.
pub(crate) fn token(store: &str, arguments: &[&str]) -> String {
    let mut all = vec!["token", "issue"];
    all.extend_from_slice(arguments);
    run(store, &all, "").trim().to_owned()
}

/// A server that runs until it is killed.
pub(crate) struct Instance {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Instance {
    /// Starts `usher serve` on a free port with its data in a folder.
    pub(crate) fn start(store: &str, data: &Path, policy: &str) -> Self {
        let mut command = usher(
            store,
            &["serve", "--log-level", "info", "--listen", "127.0.0.1:0"],
        );
        command
            .args(["--while-store-is-away", policy, "--data"])
            .arg(data);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        // The thread reads on for ever, so that the server never finds its standard output full or closed.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    let _ = sender.send(address);
                }
            }
        });
        let Ok(address) = receiver.recv_timeout(Duration::from_secs(START_SECONDS_MAX)) else {
            let _ = child.kill();
            panic!("usher serve did not say where it listens: {:?}", child.wait());
        };
        Self { child, address }
    }

    /// Ends it without warning, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kilobytes of memory that the process has now.
    pub(crate) fn memory_kilobytes(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Instance {
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
