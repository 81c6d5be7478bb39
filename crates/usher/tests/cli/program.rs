//! Running the binary.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Standard output, from a command that must have done everything.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// The last line of standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The complaint of a command run with `--json`.
    pub(crate) fn complaint(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        value["error"].clone()
    }
}

/// The binary in an environment of its own: nothing of the caller's settings or language reaches it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
    command
}

/// Runs the binary to its end.
pub(crate) fn usher(arguments: &[&str]) -> Ended {
    ended(&mut command(arguments))
}

/// Runs a prepared command to its end.
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the binary with a text on its standard input.
pub(crate) fn usher_reading(arguments: &[&str], input: &str) -> Ended {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses before it reads closes its end; that is not the test's failure.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server that listens; killed at the end of the test unless it was stopped.
pub(crate) struct Running {
    child: Child,
    /// The line it announced itself with.
    pub(crate) announced: Value,
}

impl Running {
    /// Starts `usher serve` on a data folder and a free port.
    pub(crate) fn serve(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        Self::start(command(&[
            "serve",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data,
        ]))
    }

    /// Starts any command that announces where it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, announced }
    }

    /// Where it listens, as host and port.
    pub(crate) fn address(&self) -> &str {
        self.announced["listening"]
            .as_str()
            .unwrap()
            .strip_prefix("http://")
            .unwrap()
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A data folder, with a server working on it or without one.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) server: Option<Running>,
}

impl Site {
    /// A folder nobody works on; it does not exist yet.
    pub(crate) fn alone() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: None,
        }
    }

    /// A folder with a running server.
    pub(crate) fn served() -> Self {
        let mut site = Self::alone();
        site.server = Some(Running::serve(&site.data()));
        site
    }

    /// The data folder's path.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data folder.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file beside the data folder and gives its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.beside(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs a command on the folder.
    pub(crate) fn usher(&self, arguments: &[&str]) -> Ended {
        let data = self.data();
        let mut all = arguments.to_vec();
        all.extend(["--data", data.to_str().unwrap()]);
        usher(&all)
    }

    /// Runs a command on the folder with a text on its standard input.
    pub(crate) fn usher_reading(&self, arguments: &[&str], input: &str) -> Ended {
        let data = self.data();
        let mut all = arguments.to_vec();
        all.extend(["--data", data.to_str().unwrap()]);
        usher_reading(&all, input)
    }
}

/// Tells a story twice: without a server, and beside a running one. What the story gives must be the same.
pub(crate) fn both_ways<Outcome: PartialEq + std::fmt::Debug>(story: impl Fn(&Site) -> Outcome) -> Outcome {
    let alone = story(&Site::alone());
    let served = story(&Site::served());
    assert_eq!(alone, served, "a running server makes a difference");
    alone
}
