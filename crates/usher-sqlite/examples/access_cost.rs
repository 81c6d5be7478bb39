//! What one access costs the engine, a whole cycle of journal and fold included: for counting instructions, bytes written
//! and memory.
//!
//! ```text
//! cargo build --release -p usher-sqlite --example access_cost
//! target/release/examples/access_cost FOLDER SEATS WHAT [BATCH [FOLD_AFTER]]
//! ```
//!
//! Makes a store of SEATS people in FOLDER, unless there is one: each holds a platform seat and opens one of twenty apps,
//! so there are as many activity rows. Then it does WHAT:
//!
//! - `cycle`: everybody comes in once, so that what is remembered is warm. Then it records accesses of uniformly random people
//!   in batches of BATCH (64 by default), from the end of one fold to the end of the next, and prints what the process wrote
//!   meanwhile and holds. A fold begins after FOLD_AFTER accesses (as a server has it by default).
//! - `pause`: the same, but it waits for a line before and after the counted part, so that a script can turn
//!   `valgrind --tool=callgrind --instr-atstart=no` on and off.
//! - `leave`: records as many accesses as the journals can hold, and ends without closing, as if it had been killed.
//! - `open`: opens the store, and prints what that cost.

#![expect(clippy::print_stdout, reason = "a measurement is there to be printed")]

use std::{
    cell::{Cell, RefCell},
    error::Error,
    fs, io,
    path::Path,
    process,
};

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
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: access_cost FOLDER SEATS cycle|pause|leave|open [BATCH [FOLD_AFTER]]";
    let folder = arguments.next().ok_or(usage)?;
    let seats: u64 = arguments.next().ok_or(usage)?.parse()?;
    let what = arguments.next().ok_or(usage)?;
    let batch = arguments.next().map_or(Ok(BATCH), |text| text.parse())?;
    let mut options = SqliteOptions::default();
    if let Some(text) = arguments.next() {
        options.fold_after_accesses = text.parse()?;
    }
    let folder = Path::new(&folder);
    if !folder.join("usher.db").exists() {
        fill(folder, seats).await?;
    }
    let before_ticks = cpu_ticks()?;
    let crowd = Crowd {
        store: open(folder, options)?,
        seats,
        apps: apps()?,
        time_ms: Cell::new(START_MS),
        chance: RefCell::new(Chance(7)),
    };
    let opened = cpu_ticks()? - before_ticks;
    println!(
        "open: {} KiB resident, {} journalled, {opened} hundredths of a second of CPU",
        resident_kib()?,
        crowd.store.health().journal_accesses
    );
    match what.as_str() {
        "cycle" => crowd.cycle(batch, false).await,
        "pause" => crowd.cycle(batch, true).await,
        "leave" => crowd.leave(batch, &options).await,
        "open" => {
            crowd.store.close().await;
            Ok(())
        }
        _ => Err(usage.into()),
    }
}

/// Lets whoever counts begin or end.
fn wait(pauses: bool) -> io::Result<()> {
    if pauses {
        println!("waiting for a line");
        io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

fn open(folder: &Path, options: SqliteOptions) -> Result<SqliteStore, usher_sqlite::OpenError> {
    let holder = Holder {
        process_id: process::id(),
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

/// What this process has used of the processors so far, in hundredths of a second.
fn cpu_ticks() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name of the program may hold spaces; user and system time are the 12th and 13th words after it.
    let rest = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum())
}

/// The people and their store.
struct Crowd {
    store: SqliteStore,
    seats: u64,
    apps: Vec<Namespace>,
    time_ms: Cell<i64>,
    chance: RefCell<Chance>,
}

impl Crowd {
    async fn cycle(&self, batch: usize, pauses: bool) -> Result<(), Box<dyn Error>> {
        self.everybody_once().await?;
        self.record_until_folded(batch).await?;
        println!("steady: {} KiB resident", resident_kib()?);
        wait(pauses)?;
        let before = written_bytes()?;
        let accesses = self.record_until_folded(batch).await?;
        wait(pauses)?;
        println!("at the end of a cycle: {} KiB resident", resident_kib()?);
        self.store.close().await;
        let written = written_bytes()?.saturating_sub(before);
        let seats = self.seats;
        println!(
            "{accesses} accesses of {seats} people in batches of {batch}, one whole fold included: {} bytes written per access",
            written / accesses.max(1)
        );
        Ok(())
    }

    async fn leave(&self, batch: usize, options: &SqliteOptions) -> Result<(), Box<dyn Error>> {
        self.record_until_folded(batch).await?;
        let folds = self.store.health().folds_completed;
        while self.store.health().journal_accesses + 2 * (batch as u64) < options.fold_after_accesses
            && self.store.health().folds_completed == folds
        {
            self.some(batch).await?;
        }
        let health = self.store.health();
        println!(
            "left: {} accesses in the journal, {} rows in memory, {} KiB resident",
            health.journal_accesses,
            health.overlay_rows,
            resident_kib()?
        );
        process::exit(0)
    }

    fn next_ms(&self) -> i64 {
        self.time_ms.set(self.time_ms.get() + 1);
        self.time_ms.get()
    }

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

    async fn everybody_once(&self) -> Result<(), Box<dyn Error>> {
        for first in (0..self.seats).step_by(usize::try_from(WARM_BATCH)?) {
            let now_ms = self.next_ms();
            let people = first..self.seats.min(first + WARM_BATCH);
            let accesses = people.map(|person| self.access(person, now_ms));
            self.record(accesses.collect::<Result<_, _>>()?).await?;
        }
        Ok(())
    }

    /// Records a batch of random accesses.
    async fn some(&self, batch: usize) -> Result<(), Box<dyn Error>> {
        let now_ms = self.next_ms();
        let draw = || self.chance.borrow_mut().below(self.seats);
        let accesses = (0..batch).map(|_| self.access(draw(), now_ms));
        let accesses = accesses.collect::<Result<_, _>>()?;
        self.record(accesses).await
    }

    /// Records random accesses until one more fold has ended; tells how many.
    async fn record_until_folded(&self, batch: usize) -> Result<u64, Box<dyn Error>> {
        let folds = self.store.health().folds_completed;
        let mut recorded = 0;
        while self.store.health().folds_completed == folds {
            self.some(batch).await?;
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
