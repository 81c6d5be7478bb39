//! The way that is compared with: a statement and a commit for every access.

use std::{error::Error, fs, process::Command};

use usher_testbed::postgres::{ACCOUNT, Server, program};

use crate::{
    CONNECTIONS,
    population::{APPS, DATABASE, DAY, DAY_MS, FIRST_USER, NOON_MS, Population, TENANT, namespace},
    processor,
};

/// What a slice came to.
pub(crate) struct Slice {
    /// Without the time that connecting takes.
    pub(crate) per_second: f64,
    /// Time of the processors per access, in microseconds.
    pub(crate) processor_us: f64,
}

/// Runs `pgbench` for so many seconds.
///
/// There is a script per app, of which it draws one for every access: so the name of the app is a constant, as a program
/// would send it, and costs the server nothing.
pub(crate) fn slice(server: &Server, population: &Population, seconds: u64) -> Result<Slice, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program("pgbench"));
    command
        .args([
            "--no-vacuum",
            "--protocol=prepared",
            "--host=127.0.0.1",
            "--jobs=2",
        ])
        .arg(format!("--port={}", server.port()))
        .arg(format!("--username={ACCOUNT}"))
        .arg(format!("--client={CONNECTIONS}"))
        .arg(format!("--time={seconds}"));
    for app in 0..APPS {
        let file = folder.path().join(format!("{app}.sql"));
        fs::write(&file, script(app, population))?;
        command.arg("--file").arg(file);
    }
    let before = processor::seconds(server)?;
    let output = command.arg(DATABASE).output()?;
    let spent_seconds = processor::seconds(server)? - before;
    let said = String::from_utf8_lossy(&output.stdout);
    let number_after = |words: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(words))?;
        line.split(' ').next()?.parse::<f64>().ok()
    };
    let rate = number_after("tps = ");
    let accesses = number_after("number of transactions actually processed: ");
    match (rate, accesses) {
        (Some(per_second), Some(accesses)) if output.status.success() => Ok(Slice {
            per_second,
            processor_us: spent_seconds * 1e6 / accesses,
        }),
        _ => Err(format!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

fn script(app: u64, population: &Population) -> String {
    format!(
        "\\set person random(0, {})\n\\set at_ms random({DAY_MS}, {NOON_MS} - 1)\n\
         INSERT INTO activity (tenant_id, seat_type, user_id, namespace, active_time_ms, noted_day) \
         VALUES ({TENANT}, 0, {FIRST_USER} + 7 * :person, '{}', :at_ms, {DAY}) \
         ON CONFLICT (tenant_id, seat_type, user_id, namespace) \
         DO UPDATE SET active_time_ms = GREATEST(activity.active_time_ms, excluded.active_time_ms);\n",
        population.users - 1,
        namespace(app)
    )
}
