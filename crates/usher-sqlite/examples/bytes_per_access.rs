//! Measures how many bytes one access writes to disk, by the kernel's own counter.
//!
//! ```text
//! cargo run -p usher-sqlite --example bytes_per_access -- FOLDER [ROWS]
//! ```
//!
//! Makes a store in FOLDER (on a real disk: a file system in memory writes nothing) with ROWS activity rows, a million
//! by default. Then it records accesses of uniformly random pairs in batches of 64, one batch after the other, from
//! the end of one fold to the end of the next, and closes the store, which brings the log into the file. All that the
//! process wrote meanwhile, divided by the accesses, must be at most [`BYTES_PER_ACCESS_MAX`]; else it ends with 1.
//! It counts bytes and not seconds, so it says the same on any machine.

use std::{error::Error, fs, path::Path, process::ExitCode};

use usher_seats::{LocalizedNames, Namespace, SeatType, TenantId, TenantKey, TimeZoneName, UserId, Verdict};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::{Access, App, Change, Effect, Store, User};

/// What an access may cost (issue 1); the row alone, written in place, would cost some eight thousand.
const BYTES_PER_ACCESS_MAX: u64 = 300;
/// Accesses per commit while measuring; the more callers come at once, the cheaper each becomes.
const BATCH: usize = 64;
/// Accesses and changes per call while filling.
const FILL_BATCH: usize = 4_000;
const ROWS: u64 = 1_000_000;
const APPS: u64 = 20;
const START_MS: i64 = 1_700_000_000_000;
/// The first rows are older than any access that is measured.
const FILL_MS: i64 = 1_600_000_000_000;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().ok_or("usage: bytes_per_access FOLDER [ROWS]")?;
    let rows = arguments.next().map_or(Ok(ROWS), |text| text.parse())?;
    let folder = tempfile::tempdir_in(parent)?;
    let store = open(folder.path())?;
    let ledger = Ledger::fill(&store, rows).await?;
    let mut chance = Chance(7);
    let mut time_ms = START_MS;
    // The measurement runs from the end of a fold to the end of the next, so that it holds one whole fold.
    ledger
        .record_until_folded(&store, &mut chance, &mut time_ms)
        .await?;
    let before = written_bytes()?;
    let accesses = ledger
        .record_until_folded(&store, &mut chance, &mut time_ms)
        .await?;
    store.close().await;
    let written = written_bytes()? - before;
    let per_access = written / accesses;
    println!(
        "{per_access} bytes per access: {written} bytes written for {accesses} accesses in batches of {BATCH}, \
         {rows} activity rows, uniformly random keys, one whole fold and the checkpoints included"
    );
    if written == 0 || per_access > BYTES_PER_ACCESS_MAX {
        println!("FAILED: bytes per access, which must be 1 to {BYTES_PER_ACCESS_MAX}");
        return Ok(ExitCode::FAILURE);
    }
    println!("ok: at most {BYTES_PER_ACCESS_MAX} bytes per access");
    Ok(ExitCode::SUCCESS)
}

fn open(folder: &Path) -> Result<SqliteStore, usher_sqlite::OpenError> {
    let holder = Holder {
        process_id: std::process::id(),
        command: "bytes_per_access".to_owned(),
        since_ms: START_MS,
        control_socket: None,
    };
    SqliteStore::open(&folder.join("usher.db"), &holder)
}

/// What this process has made the disk write so far, as the kernel counts it.
fn written_bytes() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/io")?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.ok_or("/proc/self/io has no write_bytes")?.parse()?)
}

/// One tenant whose users hold platform seats.
struct Ledger {
    tenant_id: TenantId,
    users: u64,
    apps: Vec<Namespace>,
}

impl Ledger {
    /// Makes the tenant, and one old activity row for every (user, app).
    async fn fill(store: &SqliteStore, rows: u64) -> Result<Self, Box<dyn Error>> {
        let create = Change::CreateTenant {
            tenant_key: "measured".parse::<TenantKey>()?,
            name: String::new(),
            time_zone: TimeZoneName::utc(),
        };
        let effects = store.change(vec![create], FILL_MS).await?;
        let Some(Effect::TenantCreated(tenant_id)) = effects.first().copied() else {
            return Err("no tenant was made".into());
        };
        let names = (0..APPS).map(|app| format!("package_{app:06}__c").parse::<Namespace>());
        let ledger = Self {
            tenant_id,
            users: rows / APPS,
            apps: names.collect::<Result<_, _>>()?,
        };
        let changes = ledger.changes()?;
        for some in changes.chunks(FILL_BATCH) {
            store.change(some.to_vec(), FILL_MS).await?;
        }
        let mut accesses = Vec::with_capacity(FILL_BATCH);
        for pair in 0..ledger.users * APPS {
            accesses.push(ledger.access(pair, FILL_MS)?);
            if accesses.len() == FILL_BATCH {
                store.record(std::mem::take(&mut accesses)).await?;
            }
        }
        store.record(accesses).await?;
        Ok(ledger)
    }

    fn changes(&self) -> Result<Vec<Change>, Box<dyn Error>> {
        let tenant_id = self.tenant_id;
        let mut changes: Vec<Change> = Vec::new();
        for namespace in self.apps.iter().cloned() {
            changes.push(Change::PutApp(App {
                tenant_id,
                namespace,
                name: String::new(),
                names: LocalizedNames::NONE,
                enabled: true,
            }));
        }
        for user in 0..self.users {
            let user_id = user_id(user)?;
            let (name, seat_type) = (String::new(), SeatType::PerUser);
            changes.push(Change::PutUser(User {
                tenant_id,
                user_id,
                name,
                enabled: true,
                system_administrator: false,
                external_id: None,
            }));
            changes.push(Change::AssignSeat {
                tenant_id,
                seat_type,
                user_id,
                namespace: None,
                expires_at_ms: None,
            });
        }
        Ok(changes)
    }

    /// The access of the pair with this number.
    fn access(&self, pair: u64, accessed_at_ms: i64) -> Result<Access, Box<dyn Error>> {
        let app = usize::try_from(pair % APPS)?;
        let namespace = self.apps.get(app).ok_or("no such app")?.clone();
        Ok(Access {
            tenant_id: self.tenant_id,
            user_id: user_id(pair / APPS)?,
            namespace,
            accessed_at_ms,
        })
    }

    /// Records random accesses until one more fold has ended; tells how many.
    async fn record_until_folded(
        &self,
        store: &SqliteStore,
        chance: &mut Chance,
        time_ms: &mut i64,
    ) -> Result<u64, Box<dyn Error>> {
        let folds = store.health().folds_completed;
        let mut recorded = 0;
        while store.health().folds_completed == folds {
            let mut accesses = Vec::with_capacity(BATCH);
            for _ in 0..BATCH {
                accesses.push(self.access(chance.below(self.users * APPS), *time_ms)?);
            }
            *time_ms += 1;
            let answers = store.record(accesses).await?;
            if answers
                .iter()
                .any(|answer| matches!(answer.verdict, Verdict::Refused { .. }))
            {
                return Err("an access was refused".into());
            }
            recorded += answers.len() as u64;
        }
        Ok(recorded)
    }
}

/// Numbers in the range of real ones: their length is part of what is measured.
fn user_id(user: u64) -> Result<UserId, Box<dyn Error>> {
    Ok(UserId::new(1_800_000_000_000_001 + 7 * i64::try_from(user)?)?)
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
