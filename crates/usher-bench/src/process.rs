//! What the kernel has counted about a process, as far as it tells (Linux: `/proc`).

use std::{fs, io};

/// Counts since a process began; none where the kernel does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes that the process has made the disk write. A file system in memory writes none.
    pub written_bytes: Option<u64>,
    /// Bytes in memory now.
    pub resident_bytes: Option<u64>,
    /// The most bytes that were in memory.
    pub resident_bytes_max: Option<u64>,
    /// Ticks of processor time, in user space and in the kernel together; [`TICKS_PER_SECOND`] make a second.
    pub processor_ticks: Option<u64>,
}

/// What Linux has told programs for decades, whatever it counts by inside.
pub const TICKS_PER_SECOND: u64 = 100;
/// `/proc/PID/stat` behind the name in brackets: user time is the twelfth word, system time the one after.
const USER_TICKS_PLACE: usize = 11;

impl Counts {
    /// Reads what is told about a process; everything is none when it is gone or another system runs.
    #[must_use]
    pub fn read(process_id: u32) -> Self {
        let file = |name: &str| fs::read_to_string(format!("/proc/{process_id}/{name}"));
        let status = file("status");
        Self {
            written_bytes: line(&file("io"), "write_bytes:"),
            resident_bytes: line(&status, "VmRSS:").map(|kibibytes| kibibytes * 1_024),
            resident_bytes_max: line(&status, "VmHWM:").map(|kibibytes| kibibytes * 1_024),
            processor_ticks: file("stat").ok().and_then(|text| ticks(&text)),
        }
    }
}

/// The first number behind a word at the beginning of a line.
fn line(text: &io::Result<String>, name: &str) -> Option<u64> {
    let lines = text.as_ref().ok()?.lines();
    let value = lines.into_iter().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

/// The name may hold anything, brackets included; what follows its last bracket may not.
fn ticks(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut words = behind.split_whitespace().skip(USER_TICKS_PLACE);
    let user: u64 = words.next()?.parse().ok()?;
    let system: u64 = words.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_behind_a_name_with_brackets() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0 20 0 5";
        assert_eq!(ticks(stat), Some(100));
        assert_eq!(ticks(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_known() {
        let counts = Counts::read(std::process::id());
        assert!(counts.resident_bytes.is_some_and(|bytes| bytes > 100_000));
        assert!(counts.resident_bytes_max >= counts.resident_bytes);
        assert!(counts.processor_ticks.is_some());
    }

    #[test]
    fn of_a_process_that_is_not_there_nothing_is_told() {
        assert_eq!(Counts::read(u32::MAX), Counts::default());
    }
}
