//! Large tables in little memory.

use std::{
    io::Read,
    process::{Child, Stdio},
};

use super::{columns, export};
use crate::program::{Site, command};

/// Rows of a table that would not fit into the limits if it were held whole.
const ROWS: usize = 100_000;
/// Bytes of remarks in each row, so that the file alone is larger than what the command may use.
const REMARK_BYTES: usize = 700;
/// Most memory of the command, in kilobytes: a part of the file, a question, an answer, and the program itself.
const COMMAND_KILOBYTES_MAX: u64 = 32 * 1024;
/// Most memory of the server, in kilobytes: the same and the engine's caches.
const SERVER_KILOBYTES_MAX: u64 = 96 * 1024;

/// The most memory a process has had so far, in kilobytes; none when it is gone.
fn most_memory(process_id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs a command to its end; gives its standard output and the most memory it was seen with.
fn watched(mut child: Child) -> (String, u64) {
    let mut stdout = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most_memory(child.id()).unwrap_or(0).max(most);
        std::thread::yield_now();
    }
    (reading.join().unwrap(), most)
}

#[test]
fn a_table_of_any_size_needs_no_more_memory_than_a_part_of_it() {
    let site = Site::served();
    let file = site.beside("large.csv");
    {
        use std::io::Write;
        let mut out = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
        let remark = "备".repeat(REMARK_BYTES / 3);
        writeln!(out, "工号,姓名,席位类型,开始,备注").unwrap();
        for user in 1..=ROWS {
            writeln!(out, "{user},Person {user},平台席位,2026-01-05,{remark}").unwrap();
        }
        out.flush().unwrap();
    }
    let data = site.data();
    let data = data.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--data", data]);
        let child = command(&all).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        watched(child.unwrap())
    };
    let (summary, import_kilobytes) = run(&["import", "seats", &file, "--create-missing", "--json"]);
    assert!(summary.contains(&format!("\"created\":{ROWS}")), "{summary}");
    let (table, export_kilobytes) = run(&["export", "seats"]);
    assert_eq!(table.lines().count(), ROWS + 1);
    let server_kilobytes = most_memory(site.server.as_ref().unwrap().process_id()).unwrap();
    println!(
        "{ROWS} rows in {summary}: import {import_kilobytes} kB, export {export_kilobytes} kB, server {server_kilobytes} kB"
    );
    assert!(
        import_kilobytes < COMMAND_KILOBYTES_MAX,
        "import: {import_kilobytes} kB"
    );
    assert!(
        export_kilobytes < COMMAND_KILOBYTES_MAX,
        "export: {export_kilobytes} kB"
    );
    assert!(
        server_kilobytes < SERVER_KILOBYTES_MAX,
        "server: {server_kilobytes} kB"
    );
    let users = columns(&export(&site, "users"), &["user_id"]);
    assert_eq!(users.len(), ROWS);
}
