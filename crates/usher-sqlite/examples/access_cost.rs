//! What one access costs the engine, a whole cycle of journal and fold included: for counting instructions, bytes written
//! and memory.
//!
//! ```text
//! cargo build --release -p usher-sqlite --example access_cost
//! target/release/examples/access_cost FOLDER SEATS [BATCH [FOLD_AFTER [pause]]]
//! ```
//!
//! Makes a store of SEATS people in FOLDER, unless there is one: each holds a platform seat and opens one of twenty apps,
//! so there are as many activity rows. Everybody comes in once, so that what is remembered is warm. Then it records accesses
//! of uniformly random people in batches of BATCH (64 by default), from the end of one fold to the end of the next, and
//! prints what the process wrote meanwhile and holds. Before and after the counted part it waits for a line when the last
//! argument is `pause`, so that a script can turn `valgrind --tool=callgrind --instr-atstart=no` on and off
//! (`benches/engine-instructions`).

use std::{error::Error, fs, io, path::Path};

use rusqlite::Connection;
use usher_seats::{Namespace, TenantId, UserId, Verdict};
use usher_sqlite::{Holder, SqliteOptions, SqliteStore};
use usher_store::{Access, Store};

/// Accesses per commit; the more callers come at once, the cheaper each becomes.
const BATCH: usize = 64;
/// Accesses per call while everybody comes in once.
const WARM_BATCH: u64 = 4_096;
const APPS: u64 = 20;
const START_MS: i64 = 1_700_000_000_000;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: access_cost FOLDER SEATS [BATCH [FOLD_AFTER [pause]]]";
    let folder = arguments.next().ok_or(usage)?;
    let seats: u64 = arguments.next().ok_or(usage)?.parse()?;
    let batch = arguments.next().map_or(Ok(BATCH), |text| text.parse())?;
    let options = match arguments.next() {
        Some(text) => SqliteOptions {
            fold_after_accesses: text.parse()?,
        },
        None => SqliteOptions::default(),
    };
    let pauses = arguments.next().is_some();
    let folder = Path::new(&folder);
    if !folder.join("usher.db").exists() {
        fill(folder, seats).await?;
    }
    let crowd = Crowd {
        store: open(folder, options)?,
        seats,
        apps: apps()?,
    };
    println!("open: {} KiB resident", resident_kib()?);
    let mut place = Place {
        chance: Chance(7),
        time_ms: START_MS,
    };
    crowd.everybody_once(&mut place).await?;
    crowd.record_until_folded(batch, &mut place).await?;
    println!("steady: {} KiB resident", resident_kib()?);
    wait(pauses)?;
    let before = written_bytes()?;
    let accesses = crowd.record_until_folded(batch, &mut place).await?;
    wait(pauses)?;
    println!("at the end of a cycle: {} KiB resident", resident_kib()?);
    crowd.store.close().await;
    let written = written_bytes()?.saturating_sub(before);
    println!(
        "{accesses} accesses of {seats} people in batches of {batch}, one whole fold included: {} bytes written per access",
        written / accesses.max(1)
    );
    Ok(())
}

/// Lets whoever counts begin or end.
#[expect(clippy::print_stdout, reason = "a script waits for this line")]
fn wait(pauses: bool) -> io::Result<()> {
    if pauses {
        println!("waiting for a line");
        io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

fn open(folder: &Path, options: SqliteOptions) -> Result<SqliteStore, usher_sqlite::OpenError> {
    let holder = Holder {
        process_id: std::process::id(),
        command: "access_cost".to_owned(),
        since_ms: START_MS,
        control_socket: None,
    };
    SqliteStore::open_with(&folder.join("usher.db"), &holder, options)
}

fn apps() -> Result<Vec<Namespace>, usher_seats::IdentifierError> {
    (0..APPS)
        .map(|app| format!("package_{app:06}__c").parse())
        .collect()
}

/// Writes the organisation straight into the tables: one change after another would take hours for ten million.
async fn fill(folder: &Path, seats: u64) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    open(folder, SqliteOptions::default())?.close().await;
    let connection = Connection::open(folder.join("usher.db"))?;
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'seats'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let without: String = triggers
        .iter()
        .map(|(name, _)| format!("DROP TRIGGER {name};"))
        .collect();
    let with: String = triggers.iter().map(|(_, sql)| format!("{sql};")).collect();
    connection.execute_batch(&format!(
        "PRAGMA synchronous = OFF; BEGIN; {without}
         INSERT INTO tenants (tenant_id, tenant_key, name, enabled, people_numbered) VALUES (1, 'measured', '', 1, {seats});
         WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {APPS})
         INSERT INTO apps (tenant_id, namespace, name, enabled) SELECT 1, format('package_%06d__c', n), '', 1 FROM counted;
         WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {seats})
         INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator, person_number)
         SELECT 1, 1800000000000001 + 7 * n, '', 1, 0, n FROM counted;
         INSERT INTO activity SELECT 1, 0, user_id, format('package_%06d__c', person_number % {APPS}), 1600000000000
         FROM users ORDER BY user_id;
         INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms, last_admitted_ms, idle_since_ms)
         SELECT 1, 0, user_id, '', 1, 1500000000000, 1600000000000, 1600000000000 FROM users ORDER BY user_id;
         INSERT INTO pools (tenant_id, seat_type, namespace, bought, held) VALUES (1, 0, '', {seats}, {seats});"
    ))?;
    connection.execute_batch(include_str!("../migrations/0014_fill_seat_tallies.sql"))?;
    connection.execute_batch(&format!("{with} COMMIT; ANALYZE;"))?;
    Ok(())
}

/// What this process has made the disk write so far, as the kernel counts it; nothing on a file system in memory.
fn written_bytes() -> Result<u64, Box<dyn Error>> {
    field("/proc/self/io", "write_bytes:")
}

fn resident_kib() -> Result<u64, Box<dyn Error>> {
    field("/proc/self/status", "VmRSS:")
}

fn field(path: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the kernel does not say")?.parse()?)
}

/// Where the sequence of accesses is.
struct Place {
    chance: Chance,
    time_ms: i64,
}

/// The people and their store.
struct Crowd {
    store: SqliteStore,
    seats: u64,
    apps: Vec<Namespace>,
}

impl Crowd {
    fn access(&self, person: u64, accessed_at_ms: i64) -> Result<Access, Box<dyn Error>> {
        let app = usize::try_from(person % APPS)?;
        Ok(Access {
            tenant_id: TenantId(1),
            user_id: UserId::new(1_800_000_000_000_001 + 7 * i64::try_from(person)?)?,
            namespace: self.apps.get(app).ok_or("no such app")?.clone(),
            accessed_at_ms,
        })
    }

    async fn record(&self, accesses: Vec<Access>) -> Result<(), Box<dyn Error>> {
        let answers = self.store.record(accesses).await?;
        let refused = |verdict| matches!(verdict, Verdict::Refused { .. });
        if answers.iter().any(|answer| refused(answer.verdict)) {
            return Err("an access was refused".into());
        }
        Ok(())
    }

    async fn everybody_once(&self, place: &mut Place) -> Result<(), Box<dyn Error>> {
        for first in (0..self.seats).step_by(usize::try_from(WARM_BATCH)?) {
            let people = first..self.seats.min(first + WARM_BATCH);
            place.time_ms += 1;
            let accesses = people.map(|person| self.access(person, place.time_ms));
            self.record(accesses.collect::<Result<_, _>>()?).await?;
        }
        Ok(())
    }

    /// Records random accesses until one more fold has ended; tells how many.
    async fn record_until_folded(&self, batch: usize, place: &mut Place) -> Result<u64, Box<dyn Error>> {
        let folds = self.store.health().folds_completed;
        let mut recorded = 0;
        while self.store.health().folds_completed == folds {
            place.time_ms += 1;
            let accesses = (0..batch).map(|_| self.access(place.chance.below(self.seats), place.time_ms));
            self.record(accesses.collect::<Result<_, _>>()?).await?;
            recorded += batch as u64;
        }
        Ok(recorded)
    }
}

/// The same sequence on every run (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}
