//! Time that the processors have spent on the measurement, as the kernel counts it: whatever else runs on the machine, an access
//! costs what it costs.

use std::{error::Error, fs};

use usher_testbed::postgres::Server;

/// Ticks of the kernel's counters in a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds spent so far by the server and its children and by this process and those it waited for.
#[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
pub(crate) fn seconds(server: &Server) -> Result<f64, Box<dyn Error>> {
    let first = server.process_id();
    let mut ticks = spent(&stat(std::process::id())?, true)? + spent(&stat(first)?, true)?;
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // Whoever ends meanwhile is counted by who waited for it.
        let Ok(text) = stat(process) else { continue };
        if field(&text, 1)? == u64::from(first) {
            ticks += spent(&text, false)?;
        }
    }
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// What the kernel says of a process, after its name, which may hold anything.
fn stat(process: u32) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, after) = text.rsplit_once(") ").ok_or("no name")?;
    Ok(after.to_owned())
}

fn spent(text: &str, with_children: bool) -> Result<u64, Box<dyn Error>> {
    let fields = if with_children { 11..=14 } else { 11..=12 };
    fields.map(|number| field(text, number)).sum()
}

/// A field, counted from the state of the process.
fn field(text: &str, number: usize) -> Result<u64, Box<dyn Error>> {
    Ok(text.split(' ').nth(number).ok_or("no such field")?.parse()?)
}
