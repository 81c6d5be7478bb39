//! A server of its own: a child process of the same program.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use usher_bench::process::{Counts, TICKS_PER_SECOND};

use super::report::Start;
use crate::{clock::Stopwatch, failure::Failure, words};

/// Until it is dropped.
pub(crate) struct OwnServer {
    child: Child,
    address: SocketAddr,
    took: Duration,
    processor_ticks: Option<u64>,
}

impl OwnServer {
    /// Starts a server on a folder, behind the words of a program that watches it, and waits until it listens.
    ///
    /// # Errors
    /// A failure when it does not.
    pub(crate) fn start(folder: &Path, watched_by: &[&str]) -> Result<Self, Failure> {
        let watch = Stopwatch::start();
        let mut command = program(watched_by)?;
        command
            .args([
                "serve",
                "--json",
                "--log-level",
                "error",
                "--listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| not_started(&error))?;
        let said = child.stdout.take().and_then(|stdout| {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).ok()?;
            serde_json::from_str::<Value>(&line).ok()
        });
        let took = watch.elapsed();
        let address = said.as_ref().and_then(|said| {
            let listening = said.get("listening")?.as_str()?;
            listening.strip_prefix("http://")?.parse().ok()
        });
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(not_started(&"it said nothing of where it listens"));
        };
        let processor_ticks = Counts::read(child.id()).processor_ticks;
        Ok(Self {
            child,
            address,
            took,
            processor_ticks,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// What the kernel has counted about it.
    pub(crate) fn counts(&self) -> Counts {
        Counts::read(self.child.id())
    }

    /// Stops it in order; tells how it had started.
    ///
    /// # Errors
    /// A failure when it did not end well.
    pub(crate) fn stop(&mut self) -> Result<Start, Failure> {
        self.ask_to_stop();
        match self.child.wait() {
            Ok(status) if status.success() => Ok(Start {
                took_ms: self.took.as_secs_f64() * 1e3,
                processor_ms: self.processor_ticks.map(|ticks| ticks * 1_000 / TICKS_PER_SECOND),
            }),
            Ok(status) => Err(not_started(&status)),
            Err(error) => Err(not_started(&error)),
        }
    }

    fn ask_to_stop(&self) {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(process) = process {
            // One that has ended already has done what is asked.
            let _ = kill_process(process, Signal::TERM);
        }
    }
}

impl Drop for OwnServer {
    /// Nothing of a measurement is left, however it ended.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ask_to_stop();
            let _ = self.child.wait();
        }
    }
}

/// This program, behind another's words, without any setting of its surroundings: what is measured is the product as it comes.
///
/// # Errors
/// A failure when the system does not say where it is.
pub(crate) fn program(watched_by: &[&str]) -> Result<Command, Failure> {
    let own = std::env::current_exe().map_err(|error| not_started(&error))?;
    let mut words = watched_by.iter().map(PathBuf::from).chain([own]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("USHER_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

fn not_started(reason: &dyn std::fmt::Display) -> Failure {
    Failure::failed(words!(
        "the server to be measured failed: {reason}",
        "被测量的服务器出错：{reason}"
    ))
}
