//! People and their seats, brought in by the product's own import, which is measured on the way.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    process::Stdio,
};

use usher_bench::speech::People;

use super::{own_server::program, report::Import};
use crate::{clock::Stopwatch, failure::Failure, words};

/// When everybody was there first: older than whatever is measured.
const FIRST_TIME_MS: u64 = 1_600_000_000_000;
/// When everybody was there again: a day later.
const AGAIN_MS: u64 = FIRST_TIME_MS + 24 * 60 * 60 * 1_000;

/// Imports one access of each of the people, which makes them and their seats, and then a second one.
///
/// # Errors
/// A failure when the folder cannot be written or the import ends badly.
pub(crate) fn fill(folder: &Path, people: &People) -> Result<Import, Failure> {
    let making_missing = import(folder, people, FIRST_TIME_MS, &["--create-missing"])?;
    let known = import(folder, people, AGAIN_MS, &[])?;
    Ok(Import {
        rows: people.users,
        making_missing_per_second: making_missing,
        known_per_second: known,
    })
}

/// Rows per second.
fn import(folder: &Path, people: &People, time_ms: u64, more: &[&str]) -> Result<f64, Failure> {
    let table = folder.join("accesses.csv");
    write(&table, people, time_ms).map_err(|error| failed(&error))?;
    let watch = Stopwatch::start();
    let status = program(&[])?
        .args(["import", "accesses"])
        .arg(&table)
        .args(more)
        .arg("--data")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let took = watch.elapsed();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(failed(&status)),
        Err(error) => return Err(failed(&error)),
    }
    std::fs::remove_file(&table).map_err(|error| failed(&error))?;
    #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
    Ok(people.users as f64 / took.as_secs_f64())
}

fn write(table: &Path, people: &People, time_ms: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(table)?);
    writeln!(file, "time_ms,user_id,namespace")?;
    let mut namespaces = people.namespaces.iter().cycle();
    for user in 0..people.users {
        let user_id = people.first_user + people.step * user;
        let namespace = namespaces.next().map_or("", String::as_str);
        writeln!(file, "{time_ms},{user_id},{namespace}")?;
    }
    file.flush()
}

fn failed(reason: &dyn std::fmt::Display) -> Failure {
    Failure::failed(words!(
        "the people could not be imported: {reason}",
        "无法导入用户：{reason}"
    ))
}
