//! Lets many callers race for one seat, and reclaiming race with opening an app; writes down every call.
//!
//! ```text
//! cargo run -p usher-door --example seat_races -- ROUNDS [RACERS] | python3 tests/races/check.py --history -
//! ```
//!
//! Whether the ledger counted right is not decided here: each call becomes one line of JSON with its place in one order
//! of beginnings and ends, and `tests/races/check.py`, which shares no code with Usher, judges them. A round is
//!
//! 1. RACERS callers ask at once for the one seat that was bought, while others look how many are in use;
//! 2. the winner's seat is reclaimed as idle by some callers at once ("unless it admitted anybody since"), while its holder
//!    opens an app through the real door, some times before, some times after, often never;
//! 3. whatever is left of the seat is taken back for the next round.

use std::{
    error::Error,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use tokio::task::JoinSet;
use usher_door::{Door, DoorLimits};
use usher_seats::{LocalizedNames, Namespace, SeatType, TenantId, TimeZoneName, UserId, Verdict};
use usher_sqlite::{Holder, SqliteStore};
use usher_store::{
    Access, App, Change, Effect, LedgerChange, PoolName, Rejection, SeatName, Store, StoreError, User,
};

type Failure = Box<dyn Error + Send + Sync>;

const RACERS: i64 = 1_000;
/// Callers that look at the pool during a race.
const OBSERVERS: u64 = 4;
/// Callers that reclaim the same seat.
const RECLAIMERS: u64 = 3;
/// Most openings of an app in a round.
const ACCESSES_MAX: u64 = 4;
/// Most times that a caller steps aside before its call, so that who comes first differs from round to round.
const STEPS_ASIDE_MAX: u64 = 12;
const START_MS: i64 = 1_700_000_000_000;
const APP: &str = "crm";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let rounds: u64 = arguments
        .next()
        .ok_or("usage: seat_races ROUNDS [RACERS]")?
        .parse()?;
    let racers = arguments.next().map_or(Ok(RACERS), |text| text.parse())?;
    let folder = tempfile::tempdir_in(std::env::var("SEAT_RACES_FOLDER").unwrap_or_else(|_| ".".to_owned()))?;
    let place = Arc::new(Place::open(folder.path(), racers).await?);
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut chance = Chance(rounds ^ 0x9E37_79B9_7F4A_7C15);
    for round in 1..=rounds {
        let lines = place.round(round, racers, &mut chance).await?;
        for line in lines {
            writeln!(output, "{line}")?;
        }
    }
    output.flush()?;
    place.door.close().await;
    place.store.close().await;
    Ok(())
}

/// Numbers that look drawn and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

struct Place {
    store: Arc<dyn Store>,
    door: Door,
    tenant_id: TenantId,
    /// Gives each beginning and each end of a call its place in one order.
    order: AtomicU64,
    now_ms: AtomicI64,
}

impl Place {
    async fn open(folder: &Path, racers: i64) -> Result<Self, Failure> {
        let holder = Holder {
            process_id: std::process::id(),
            command: "seat_races".to_owned(),
            since_ms: START_MS,
            control_socket: None,
        };
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("usher.db"), &holder)?);
        let create = Change::CreateTenant {
            tenant_key: "acme".parse()?,
            name: "Acme".to_owned(),
            time_zone: TimeZoneName::utc(),
        };
        let made = store.change(vec![create], START_MS).await?;
        let Some(Effect::TenantCreated(tenant_id)) = made.first().copied() else {
            return Err("no tenant was made".into());
        };
        let place = Self {
            door: Door::open(Arc::clone(&store), DoorLimits::default()),
            store,
            tenant_id,
            order: AtomicU64::new(0),
            now_ms: AtomicI64::new(START_MS),
        };
        place.fill(racers).await?;
        Ok(place)
    }

    async fn fill(&self, racers: i64) -> Result<(), Failure> {
        let tenant_id = self.tenant_id;
        let mut changes = vec![Change::PutApp(App {
            tenant_id,
            namespace: APP.parse()?,
            name: APP.to_owned(),
            names: LocalizedNames::NONE,
            enabled: true,
        })];
        for number in 1..=racers {
            changes.push(Change::PutUser(User {
                tenant_id,
                user_id: UserId::new(number)?,
                name: format!("person {number}"),
                enabled: true,
                system_administrator: false,
                external_id: None,
            }));
        }
        changes.push(
            LedgerChange::PutPool {
                pool: self.pool(),
                bought: Some(1),
                valid_from_ms: None,
                valid_until_ms: None,
                overdraft_allowed: false,
            }
            .into(),
        );
        self.store.change(changes, START_MS).await?;
        Ok(())
    }

    fn pool(&self) -> PoolName {
        PoolName {
            tenant_id: self.tenant_id,
            seat_type: SeatType::PerUser,
            namespace: None,
        }
    }

    fn seat(&self, user: i64) -> Result<SeatName, Failure> {
        Ok(SeatName {
            pool: self.pool(),
            user_id: UserId::new(user)?,
        })
    }

    fn next(&self) -> u64 {
        self.order.fetch_add(1, Ordering::SeqCst)
    }

    fn now_ms(&self) -> i64 {
        self.now_ms.fetch_add(1, Ordering::SeqCst)
    }

    async fn round(
        self: &Arc<Self>,
        round: u64,
        racers: i64,
        chance: &mut Chance,
    ) -> Result<Vec<String>, Failure> {
        let mut race = JoinSet::new();
        for user in 1..=racers {
            race.spawn(Arc::clone(self).assign(user));
        }
        for _ in 0..OBSERVERS {
            race.spawn(Arc::clone(self).observe(chance.below(STEPS_ASIDE_MAX)));
        }
        let mut calls = gathered(race).await?;
        let winner = calls.iter().find(|call| call.answer == "created");
        let winner = winner.map_or(1, |call| call.user);
        calls.push(Arc::clone(self).observe(0).await?);
        let since_ms = self.now_ms();
        let mut reclaiming = JoinSet::new();
        for _ in 0..chance.below(ACCESSES_MAX + 1) {
            let aside = chance.below(STEPS_ASIDE_MAX);
            reclaiming.spawn(Arc::clone(self).access(winner, aside));
        }
        for _ in 0..RECLAIMERS {
            let aside = chance.below(STEPS_ASIDE_MAX);
            reclaiming.spawn(Arc::clone(self).reclaim(winner, since_ms, aside));
        }
        calls.extend(gathered(reclaiming).await?);
        calls.push(Arc::clone(self).take_back(winner).await?);
        calls.push(Arc::clone(self).observe(0).await?);
        let lines = calls.iter().map(|call| call.line(round));
        Ok(lines
            .chain([format!(r#"{{"round":{round},"call":"end"}}"#)])
            .collect())
    }

    async fn assign(self: Arc<Self>, user: i64) -> Result<Call, Failure> {
        let change = LedgerChange::RequestSeat {
            seat: self.seat(user)?,
            expires_at_ms: None,
            wait: false,
        };
        self.change("assign", user, None, change).await
    }

    async fn reclaim(self: Arc<Self>, user: i64, since_ms: i64, aside: u64) -> Result<Call, Failure> {
        step_aside(aside).await;
        let change = LedgerChange::Release {
            seat: self.seat(user)?,
            even_protected: false,
            unless_admitted_since_ms: Some(since_ms),
        };
        self.change("reclaim", user, Some(since_ms), change).await
    }

    async fn take_back(self: Arc<Self>, user: i64) -> Result<Call, Failure> {
        let change = LedgerChange::Release {
            seat: self.seat(user)?,
            even_protected: false,
            unless_admitted_since_ms: None,
        };
        self.change("take_back", user, None, change).await
    }

    async fn change(
        &self,
        name: &'static str,
        user: i64,
        time_ms: Option<i64>,
        change: LedgerChange,
    ) -> Result<Call, Failure> {
        let begin = self.next();
        let made = self.store.change(vec![change.into()], self.now_ms()).await;
        let end = self.next();
        let answer = match made.as_deref() {
            Ok([Effect::Created]) => "created",
            Ok([Effect::Updated]) => "updated",
            Ok([Effect::Unchanged]) => "unchanged",
            Err(StoreError::Rejected { rejection, .. }) => match rejection {
                Rejection::PoolExhausted => "pool_exhausted",
                Rejection::SeatUsed => "seat_used",
                other => return Err(other.to_string().into()),
            },
            other => return Err(format!("{other:?}").into()),
        };
        // A seat that comes back to somebody who had it before is changed, not made; for this history it is won.
        let answer = if name == "assign" && answer == "updated" {
            "created"
        } else {
            answer
        };
        Ok(Call {
            name,
            user,
            time_ms,
            in_use: None,
            order: (begin, end),
            answer,
        })
    }

    async fn access(self: Arc<Self>, user: i64, aside: u64) -> Result<Call, Failure> {
        step_aside(aside).await;
        let begin = self.next();
        let time_ms = self.now_ms();
        let access = Access {
            tenant_id: self.tenant_id,
            user_id: UserId::new(user)?,
            namespace: APP.parse::<Namespace>()?,
            accessed_at_ms: time_ms,
        };
        let recorded = self.door.pass(vec![access]).await?;
        let end = self.next();
        let answer = match recorded.first().map(|recorded| recorded.verdict) {
            Some(Verdict::Admitted { .. }) => "admitted",
            Some(Verdict::Refused { .. }) => "refused",
            None => return Err("an access without a verdict".into()),
        };
        Ok(Call {
            name: "access",
            user,
            time_ms: Some(time_ms),
            in_use: None,
            order: (begin, end),
            answer,
        })
    }

    async fn observe(self: Arc<Self>, aside: u64) -> Result<Call, Failure> {
        step_aside(aside).await;
        let begin = self.next();
        let pool = self.store.pool(self.pool(), self.now_ms()).await?;
        let end = self.next();
        let pool = pool.ok_or("the pool is gone")?;
        Ok(Call {
            name: "observe",
            user: 0,
            time_ms: None,
            in_use: Some(pool.pool.in_use),
            order: (begin, end),
            answer: "seen",
        })
    }
}

async fn step_aside(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

async fn gathered(mut race: JoinSet<Result<Call, Failure>>) -> Result<Vec<Call>, Failure> {
    let mut calls = Vec::new();
    while let Some(call) = race.join_next().await {
        calls.push(call??);
    }
    Ok(calls)
}

/// A call that has been answered.
struct Call {
    name: &'static str,
    user: i64,
    /// When the access happened, or until when the seat was seen idle.
    time_ms: Option<i64>,
    in_use: Option<u64>,
    /// Its beginning and its end in the order of all.
    order: (u64, u64),
    answer: &'static str,
}

impl Call {
    fn line(&self, round: u64) -> String {
        let Self {
            name,
            user,
            order: (begin, end),
            answer,
            ..
        } = self;
        let number = |number: Option<String>| number.unwrap_or_else(|| "null".to_owned());
        let time_ms = number(self.time_ms.map(|time_ms| time_ms.to_string()));
        let in_use = number(self.in_use.map(|in_use| in_use.to_string()));
        format!(
            r#"{{"round":{round},"call":"{name}","user":{user},"time":{time_ms},"in_use":{in_use},"begin":{begin},"end":{end},"answer":"{answer}"}}"#
        )
    }
}
