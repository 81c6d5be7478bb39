//! Runs the real `usher` program, under a layer or without one.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::layer::Layer;

/// Only ends a test that would otherwise hang for ever.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);
/// So few that the journal is folded several times in a script.
const FOLD_AFTER_ACCESSES: &str = "4";

fn usher(words: &[&str], data: &Path, layer: Option<&Layer>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.args(words).arg("--data").arg(data);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("USHER_")) {
        command.env_remove(name);
    }
    command.env("USHER_FOLD_AFTER_ACCESSES", FOLD_AFTER_ACCESSES);
    command.envs(layer.map(Layer::environment).into_iter().flatten());
    command
}

/// Runs a command to its end.
pub(crate) fn ended(words: &[&str], data: &Path, input: &str) -> Output {
    let mut child = usher(words, data, None)
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
    output
}

/// Runs a command to its successful end and gives its standard output.
pub(crate) fn run(words: &[&str], data: &Path, input: &str) -> String {
    let output = ended(words, data, input);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "usher {words:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one; the complaint of one that refuses.
    pub(crate) fn start(data: &Path, layer: Option<&Layer>) -> Result<Self, String> {
        let words = [
            "serve",
            "--json",
            "--log-level",
            "warn",
            "--listen",
            "127.0.0.1:0",
        ];
        let mut child = usher(&words, data, layer)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let complaint = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        match receiver.recv_timeout(ANSWER_TIME_MAX) {
            Ok(line) => {
                let announced: Value = serde_json::from_str(&line).unwrap();
                let listening = announced["listening"].as_str().unwrap();
                let address = listening.strip_prefix("http://").unwrap().parse().unwrap();
                Ok(Self { child, address })
            }
            Err(_) => {
                let _ = child.kill();
                let status = child.wait().unwrap();
                let complaint = complaint.join().unwrap();
                assert!(status.code().is_some(), "{status}: {complaint}");
                Err(complaint)
            }
        }
    }

    /// One that must start.
    pub(crate) fn started(data: &Path, layer: Option<&Layer>) -> Self {
        Self::start(data, layer).unwrap_or_else(|complaint| panic!("{complaint}"))
    }

    /// Asks; none when no whole answer came.
    pub(crate) fn ask(&self, method: &str, target: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(ANSWER_TIME_MAX)).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }

    /// True while the process lives.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it without warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        let process = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status().unwrap();
        assert!(asked.success());
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
