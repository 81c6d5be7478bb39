//! What the kernel, strace and valgrind count about the server. Where they do not tell, nothing is guessed.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;
use usher_bench::{
    crowd::{Crowd, CrowdError, End, ask_once},
    speech::{
        People, Speech,
        http::{Pages, body},
    },
};

use super::{
    TRACED_ACCESSES, access_speech,
    own_server::OwnServer,
    report::{Counted, SystemCalls, Written},
};
use crate::words;

/// Accesses of the shorter and of the longer run under valgrind; what both do alike drops out of the difference.
const ALLOCATION_ACCESSES: [u64; 2] = [2_000, 12_000];
/// How often it is looked whether strace has begun, and how long between.
const ATTACH_LOOKS: u32 = 100;
/// Between two looks.
const ATTACH_PAUSE: Duration = Duration::from_millis(50);

/// Counts of one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment {
    written_bytes: Option<u64>,
    batches: Option<u64>,
    accesses: Option<u64>,
    /// Rows that are in memory and not yet folded into the file.
    pub(super) overlay_rows: Option<u64>,
}

/// What the server has counted and what the kernel has counted about it, now.
pub(crate) fn moment(crowd: &Runtime, server: &OwnServer) -> Moment {
    let host = server.address().to_string();
    let metrics = Pages::new(&host, [("/metrics", "nobody")]);
    let answer = crowd.block_on(ask_once(server.address(), &metrics));
    let text = answer
        .map(|answer| String::from_utf8_lossy(body(&answer)).into_owned())
        .unwrap_or_default();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    Moment {
        written_bytes: server.counts().written_bytes,
        batches: number("usher_door_batches_total "),
        accesses: number("usher_door_accesses_total "),
        overlay_rows: number("usher_store_overlay_rows "),
    }
}

/// What was counted between pairs of moments.
#[derive(Debug, Default)]
pub(crate) struct Traced {
    written_bytes: u64,
    batches: u64,
    accesses: u64,
    blind: bool,
}

impl Traced {
    /// Adds what lies between two moments.
    pub(crate) fn add(&mut self, before: Moment, after: Moment) {
        let gained = |before: Option<u64>, after: Option<u64>| Some(after?.saturating_sub(before?));
        let counts = (
            gained(before.written_bytes, after.written_bytes),
            gained(before.batches, after.batches),
            gained(before.accesses, after.accesses),
        );
        let (Some(written_bytes), Some(batches), Some(accesses)) = counts else {
            self.blind = true;
            return;
        };
        self.written_bytes += written_bytes;
        self.batches += batches;
        self.accesses += accesses;
    }

    /// Bytes that the disk was made to write, per access.
    pub(crate) fn per_access(&self) -> Counted<Written> {
        if self.blind || self.accesses == 0 {
            return Counted::not(words!("the system does not tell", "系统未提供"));
        }
        Counted::Counted(Written {
            bytes_per_access: ratio(self.written_bytes, self.accesses),
            accesses_per_batch: ratio(self.accesses, self.batches.max(1)),
        })
    }
}

/// System calls and forced writes of the server while it is asked, by `strace -c`.
pub(crate) fn system_calls(
    crowd: &Runtime,
    server: &OwnServer,
    speech: &Arc<dyn Speech>,
    connections: usize,
) -> Counted<SystemCalls> {
    match strace(crowd, server, speech, connections) {
        Ok(calls) => Counted::Counted(calls),
        Err(reason) => Counted::not(words!("strace: {reason}", "strace：{reason}")),
    }
}

fn strace(
    crowd: &Runtime,
    server: &OwnServer,
    speech: &Arc<dyn Speech>,
    connections: usize,
) -> Result<SystemCalls, String> {
    let summary = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let mut callers = crowd
        .block_on(Crowd::connect(server.address(), connections, 1, speech.as_ref()))
        .map_err(|error| error.to_string())?;
    let mut strace = Command::new("strace")
        .args(["-f", "-c", "-p", &server.process_id().to_string(), "-o"])
        .arg(summary.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let attached = crowd.block_on(attached(server.process_id()));
    let before = moment(crowd, server);
    let asked = crowd.block_on(callers.drive(speech, End::Requests(TRACED_ACCESSES)));
    let after = moment(crowd, server);
    end(&mut strace, Signal::INT);
    asked.map_err(|error| error.to_string())?;
    if !attached {
        return Err("it may not look at the server".to_owned());
    }
    let mut traced = Traced::default();
    traced.add(before, after);
    let text = std::fs::read_to_string(summary.path()).map_err(|error| error.to_string())?;
    let calls = |wanted: &[&str]| -> u64 { counted_calls(&text, wanted) };
    let forced = calls(&["fsync", "fdatasync"]);
    Ok(SystemCalls {
        per_access: ratio(calls(&["total"]), traced.accesses.max(1)),
        forced_writes_per_batch: ratio(forced, traced.batches.max(1)),
        accesses_per_batch: ratio(traced.accesses, traced.batches.max(1)),
    })
}

/// Waits until somebody traces a process; false when nobody does.
async fn attached(process_id: u32) -> bool {
    for _ in 0..ATTACH_LOOKS {
        let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).unwrap_or_default();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        if tracer.is_some_and(|tracer| tracer.trim() != "0") {
            return true;
        }
        tokio::time::sleep(ATTACH_PAUSE).await;
    }
    false
}

/// The calls of some names in the table of `strace -c`: the name is the last word of a line, the count the fourth.
fn counted_calls(table: &str, wanted: &[&str]) -> u64 {
    table
        .lines()
        .filter(|line| {
            line.split_whitespace()
                .next_back()
                .is_some_and(|name| wanted.contains(&name))
        })
        .filter_map(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok())
        .sum()
}

/// Allocations of the server per access, by `valgrind --tool=dhat`: two runs, their difference divided by theirs in accesses.
pub(crate) fn allocations(
    crowd: &Runtime,
    folder: &Path,
    people: &People,
    token: &str,
    connections: usize,
) -> Counted<f64> {
    let run = |accesses| dhat(crowd, folder, (people, token), connections, accesses);
    let [fewer, more] = ALLOCATION_ACCESSES;
    match run(fewer).and_then(|blocks| Ok((blocks, run(more)?))) {
        Ok((before, after)) => Counted::Counted(ratio(after.saturating_sub(before), more - fewer)),
        Err(reason) => Counted::not(words!("valgrind: {reason}", "valgrind：{reason}")),
    }
}

/// Blocks that a server has asked for in its whole life with so many accesses.
fn dhat(
    crowd: &Runtime,
    folder: &Path,
    (people, token): (&People, &str),
    connections: usize,
    accesses: u64,
) -> Result<u64, String> {
    let log = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let log_file = format!("--log-file={}", log.path().display());
    let watched_by = ["valgrind", "--tool=dhat", "--dhat-out-file=/dev/null", &log_file];
    let mut server = OwnServer::start(folder, &watched_by).map_err(|failure| failed(&failure))?;
    let speech = access_speech((server.address(), token, people));
    let asked = crowd.block_on(async {
        let mut callers = Crowd::connect(server.address(), connections, 1, speech.as_ref()).await?;
        callers.drive(&speech, End::Requests(accesses)).await
    });
    asked.map_err(|error: CrowdError| error.to_string())?;
    server.stop().map_err(|failure| failed(&failure))?;
    let text = std::fs::read_to_string(log.path()).map_err(|error| error.to_string())?;
    total_blocks(&text).ok_or_else(|| "no total".to_owned())
}

/// `==1== Total:     1,234 bytes in 56 blocks`
fn total_blocks(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains(" Total: "))?;
    let (_, behind) = line.split_once(" in ")?;
    behind.split_whitespace().next()?.replace(',', "").parse().ok()
}

fn failed(failure: &crate::failure::Failure) -> String {
    failure.words.text(crate::language::Language::English).to_owned()
}

/// Tells a child to end and waits for it.
fn end(child: &mut Child, signal: Signal) {
    if let Some(process) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // One that has ended already has done what is asked.
        let _ = kill_process(process, signal);
    }
    let _ = child.wait();
}

#[expect(clippy::cast_precision_loss, reason = "a ratio is rounded anyway")]
fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_strace_is_read_by_its_columns() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                      60.00    0.000600           6       100        12 recvfrom\n\
                      40.00    0.000400           4        10           fdatasync\n\
                     100.00    0.001000           5       110        12 total\n";
        assert_eq!(counted_calls(table, &["total"]), 110);
        assert_eq!(counted_calls(table, &["fsync", "fdatasync"]), 10);
    }

    #[test]
    fn the_total_of_valgrind_is_read_with_its_commas() {
        let log =
            "==7== Total:     28,151,017 bytes in 1,234,567 blocks\n==7== At t-gmax: 1 bytes in 1 blocks\n";
        assert_eq!(total_blocks(log), Some(1_234_567));
        assert_eq!(total_blocks(""), None);
    }

    #[test]
    fn what_the_system_does_not_tell_is_not_guessed() {
        let mut traced = Traced::default();
        traced.add(Moment::default(), Moment::default());
        assert!(matches!(traced.per_access(), Counted::NotCounted { .. }));
    }
}
