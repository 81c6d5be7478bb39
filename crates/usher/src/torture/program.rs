//! This program as a child: commands that end, and servers that are killed.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::sync::oneshot;

use super::{place::TorturePlace, plan::FOLD_AFTER_ACCESSES};
use crate::{failure::Failure, ledger::FOLD_AFTER_VARIABLE, words};

/// Only ends a run that would otherwise hang for ever; a start takes far less than a second.
const START_TIME_MAX: Duration = Duration::from_secs(120);
/// What every setting in the environment begins with; none of the caller's own may reach a child.
const SETTINGS_PREFIX: &str = "USHER_";
/// The password of the database is the exception: a child needs it, and its environment is as private as ours.
const PASSWORD_VARIABLE: &str = "USHER_STORE_PASSWORD";

/// Runs a command to its successful end and gives what it prints.
///
/// # Errors
/// A failure with what it complained about.
pub(super) fn run(place: &TorturePlace, words: &[&str], input: &str) -> Result<String, Failure> {
    let mut child = command(place, words)?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_run(&error))?;
    let input = input.to_owned();
    let stdin = child.stdin.take();
    let writer = thread::spawn(move || stdin.map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes())));
    let ended = child.wait_with_output().map_err(|error| cannot_run(&error))?;
    let _ = writer.join();
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    let command = words.join(" ");
    let complaint = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
    Err(Failure::failed(words!(
        "usher {command} failed: {complaint}",
        "usher {command} 失败：{complaint}"
    )))
}

/// A server that runs until it is killed.
pub(super) struct Server {
    child: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// A failure when it does not come to listen.
    pub(super) async fn start(place: &TorturePlace) -> Result<Self, Failure> {
        let mut words = vec![
            "serve",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "warn",
        ];
        if place.is_database() {
            words.extend(["--instance", "torture"]);
        }
        let log = OpenOptions::new().create(true).append(true).open(place.log());
        let mut child = command(place, &words)?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from))
            .spawn()
            .map_err(|error| cannot_run(&error))?;
        let (sender, receiver) = oneshot::channel();
        if let Some(stdout) = child.stdout.take() {
            // The thread reads on to the end, so that the server never finds its standard output full.
            thread::spawn(move || {
                let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
                let address = lines.by_ref().find_map(|line| listening(&line));
                let _ = address.map(|address| sender.send(address));
                lines.for_each(drop);
            });
        }
        match tokio::time::timeout(START_TIME_MAX, receiver).await {
            Ok(Ok(address)) => Ok(Self { child, address }),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                let log = place.log();
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                let last = log.lines().last().unwrap_or_default().to_owned();
                Err(Failure::failed(words!(
                    "the server did not start: {last}",
                    "服务器未能启动：{last}"
                )))
            }
        }
    }

    /// Kills it without warning (SIGKILL) and waits until the system has taken it away. False when it had ended by itself.
    pub(super) fn kill(&mut self) -> bool {
        let lived = matches!(self.child.try_wait(), Ok(None));
        let _ = self.child.kill();
        let _ = self.child.wait();
        lived
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(place: &TorturePlace, words: &[&str]) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| cannot_run(&error))?;
    let mut command = Command::new(program);
    command.args(words).arg("--data").arg(place.data());
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_setting(name)) {
        command.env_remove(name);
    }
    command
        .env(FOLD_AFTER_VARIABLE, FOLD_AFTER_ACCESSES.to_string())
        .envs(place.environment());
    Ok(command)
}

fn is_setting(name: &OsString) -> bool {
    name.to_string_lossy().starts_with(SETTINGS_PREFIX) && name != PASSWORD_VARIABLE
}

fn listening(line: &str) -> Option<SocketAddr> {
    let announced: Value = serde_json::from_str(line).ok()?;
    announced
        .get("listening")?
        .as_str()?
        .strip_prefix("http://")?
        .parse()
        .ok()
}

fn cannot_run(error: &std::io::Error) -> Failure {
    Failure::failed(words!("cannot run usher: {error}", "无法运行 usher：{error}"))
}
