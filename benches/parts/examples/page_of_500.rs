//! A page of 500 rows, and SQLite's own scan of the same rows beside it, for `benches/page-instructions` to count.
//!
//! ```text
//! cargo run --release -p usher-parts --example page_of_500 -- FOLDER ROWS fill
//! cargo run --release -p usher-parts --example page_of_500 -- FOLDER ROWS serve
//! cargo run --release -p usher-parts --example page_of_500 -- FOLDER ROWS SCAN TIMES
//! ```
//!
//! `fill` makes a ledger of ROWS people with a platform seat and a row of activity each, straight into the tables. `serve` answers
//! over HTTP as the product does, with a clock that goes a second further each time somebody looks, so that no rate limit stands
//! in the way; it says where it listens, whose token may ask, and which addresses the first and the last page have, and ends
//! with its input. A SCAN steps a bare prepared statement over the rows of a page so many TIMES and reads four columns of each:
//!
//! - `status-first`, `status-last`: what the page says: user, app, whether the seat is in use, time. The seat is another table.
//! - `times-first`, `times-last`: user, app, kind of seat and time, from the table of times alone, and so without the status
//!
//! The page itself holds all rows in the file and none in the overlay, as after a fold.

use std::{
    error::Error,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use rusqlite::Connection;
use tokio::net::TcpListener;
use usher_door::{Door, DoorLimits};
use usher_http::{Chance, Clock, Edge, EdgeSettings, Served, open_apis::Call};
use usher_identity::{KeyRing, PageBinding, PagePlace, TokenForm, make_token, token::hash_token};
use usher_seats::{ClientId, SeatType, TenantId, UserId};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::{Change, Client, ClientKind, Store, Token, TokenHash, TokenKind, User};

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: page_of_500 FOLDER ROWS fill|serve|(status|times)-(first|last) [TIMES]";
const PAGE_ROWS: i64 = 500;
const APPS: i64 = 20;
const FIRST_MS: i64 = 1_700_000_000_000;
/// Tokens of the measurement last until then.
const LAST_MS: i64 = FIRST_MS + (1 << 40);
/// As usher-bench numbers people: as long as real numbers.
const FIRST_USER: i64 = 1_800_000_000_000_001;
const USER_STEP: i64 = 7;
const TENANT: TenantId = TenantId(1);
const CLIENT: &str = "cli_9b445f5258795107";

/// What the rows of a page say, as one would ask SQLite for it.
const STATUS: &str =
    "SELECT activity.user_id, activity.namespace, held AND coalesce(expires_at_ms > ?3, 1), active_time_ms
     FROM activity
     LEFT JOIN seats ON seats.tenant_id = 1 AND seats.seat_type = 0
                    AND seats.user_id = activity.user_id AND seats.namespace = ''
     WHERE activity.tenant_id = 1 AND activity.seat_type = 0
       AND (activity.user_id, activity.namespace) > (?1, '')
     ORDER BY activity.user_id, activity.namespace LIMIT ?2";
/// As little as a page of rows can be.
const TIMES: &str = "SELECT user_id, namespace, seat_type, active_time_ms FROM activity
     WHERE tenant_id = 1 AND seat_type = 0 AND user_id > ?1 AND ?3 > 0
     ORDER BY user_id, namespace LIMIT ?2";

/// A clock that goes a second each time somebody looks.
struct RestlessClock(AtomicI64);

impl Clock for RestlessClock {
    fn now_ms(&self) -> i64 {
        self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

#[derive(Default)]
struct CountingChance(AtomicU64);

impl Chance for CountingChance {
    fn fill(&self, bytes: &mut [u8]) {
        let draw = self.0.fetch_add(1, Ordering::Relaxed);
        for (byte, digit) in bytes.iter_mut().rev().zip(draw.to_le_bytes()) {
            *byte = digit;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let mut next = || words.next().ok_or(USAGE);
    let (folder, rows, what): (_, i64, _) = (next()?, next()?.parse()?, next()?);
    let folder = Path::new(&folder);
    let (statement, page) = match what.split_once('-') {
        None if what == "fill" => return fill(folder, rows).await,
        None if what == "serve" => return serve(folder, rows).await,
        Some(("status", page)) => (STATUS, page),
        Some(("times", page)) => (TIMES, page),
        _ => return Err(USAGE.into()),
    };
    let after = if page == "last" { before_last(rows) } else { 0 };
    scan(folder, statement, after, next()?.parse()?)
}

/// The user whose row comes right before the last page.
fn before_last(rows: i64) -> i64 {
    FIRST_USER + USER_STEP * (rows - PAGE_ROWS - 1)
}

fn scan(folder: &Path, statement: &str, after: i64, times: usize) -> Outcome<()> {
    let connection = Connection::open(folder.join("usher.db"))?;
    let mut statement = connection.prepare(statement)?;
    for _ in 0..times {
        let mut rows = statement.query((after, PAGE_ROWS, FIRST_MS))?;
        let (mut count, mut sum, mut bytes) = (0, 0_i64, 0);
        while let Some(row) = rows.next()? {
            for column in [0, 2, 3] {
                sum = sum.wrapping_add(row.get(column)?);
            }
            bytes += row.get_ref(1)?.as_str()?.len();
            count += 1;
        }
        if count != PAGE_ROWS || std::hint::black_box((sum, bytes)).1 == 0 {
            return Err("the page is not there".into());
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "whoever starts it wants to know what to ask")]
async fn serve(folder: &Path, rows: i64) -> Outcome<()> {
    let store: Arc<dyn Store> = Arc::new(open(folder)?);
    let keys = KeyRing::from_key_file(&[7; 32]);
    let first = format!(
        "{}?seat_type=per_user&page_size={PAGE_ROWS}",
        Call::SeatActivities.path()
    );
    println!("token {}", secret());
    println!(
        "last {first}&page_token={}",
        page_token(&keys, before_last(rows))?
    );
    println!("first {first}");
    let edge = Arc::new(Edge::new(
        Arc::clone(&store),
        Door::open(Arc::clone(&store), DoorLimits::default()),
        Arc::new(RestlessClock(AtomicI64::new(FIRST_MS))),
        Arc::new(CountingChance::default()),
        keys,
        EdgeSettings::default(),
    ));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let input_ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let shutdown = async {
        // Whether it ended or broke: nobody wants to know any more.
        let _ = input_ended.await;
    };
    usher_http::serve(listener, Served::public(edge), shutdown).await;
    store.close().await;
    Ok(())
}

fn page_token(keys: &KeyRing, after: i64) -> Outcome<String> {
    let place = PagePlace {
        user_id: UserId::new(after)?,
        namespace: Some("z".parse()?),
    };
    let binding = PageBinding {
        tenant_id: TENANT,
        client_id: &CLIENT.parse()?,
        endpoint: Call::SeatActivities.name(),
        seat_type: SeatType::PerUser,
    };
    let sealed = keys.page_sealer().seal(&place, &binding, FIRST_MS, [1; 24]);
    sealed.map_err(|error| error.to_string().into())
}

fn secret() -> String {
    make_token(TokenForm::User, &[3; 32]).expose().to_owned()
}

fn open(folder: &Path) -> Outcome<SqliteStore> {
    let holder = Holder {
        process_id: std::process::id(),
        command: "page_of_500".to_owned(),
        since_ms: FIRST_MS,
        control_socket: None,
    };
    Ok(SqliteStore::open(&folder.join("usher.db"), &holder)?)
}

/// Writes the organisation straight into the tables, and whoever asks by changes.
async fn fill(folder: &Path, rows: i64) -> Outcome<()> {
    fs::create_dir_all(folder)?;
    open(folder)?.close().await;
    let connection = Connection::open(folder.join("usher.db"))?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = OFF; BEGIN; DROP TRIGGER seats_tally_insert;
         INSERT INTO tenants (tenant_id, tenant_key, name, enabled, people_numbered) VALUES (1, 'measured', '', 1, {rows});
         WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {rows})
         INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator, person_number)
         SELECT 1, {FIRST_USER} + {USER_STEP} * n, '', 1, 0, n FROM counted;
         INSERT INTO activity SELECT 1, 0, user_id, format('package_%06d__c', person_number % {APPS}), {FIRST_MS} + person_number
         FROM users ORDER BY user_id;
         INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms)
         SELECT 1, 0, user_id, '', 1, {FIRST_MS} FROM users ORDER BY user_id;
         COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    drop(connection);
    let store = open(folder)?;
    store.change(who_asks()?, FIRST_MS).await?;
    store.close().await;
    Ok(())
}

/// An administrator, a client of the tenant, and a token for both.
fn who_asks() -> Outcome<Vec<Change>> {
    let scope = Call::SeatActivities.scope().to_owned();
    let client_id: ClientId = CLIENT.parse()?;
    let administrator = UserId::new(1)?;
    let token = Token {
        token_hash: TokenHash(hash_token(&make_token(TokenForm::User, &[3; 32]))),
        kind: TokenKind::User,
        tenant_id: Some(TENANT),
        client_id: Some(client_id.clone()),
        user_id: Some(administrator),
        scopes: vec![scope.clone()],
        issued_at_ms: FIRST_MS,
        expires_at_ms: LAST_MS,
        revoked: false,
    };
    Ok(vec![
        Change::PutClient(Client {
            tenant_id: TENANT,
            client_id,
            name: String::new(),
            kind: ClientKind::SelfBuilt,
            scopes: vec![scope],
            enabled: true,
        }),
        Change::PutUser(User {
            tenant_id: TENANT,
            user_id: administrator,
            name: String::new(),
            enabled: true,
            system_administrator: true,
            external_id: None,
        }),
        Change::IssueToken(token),
    ])
}
