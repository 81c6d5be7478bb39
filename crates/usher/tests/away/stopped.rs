//! The database is stopped for a while under load.

use std::{sync::Arc, time::Duration};

use hyper::StatusCode;
use serde_json::json;
use usher_testbed::postgres::Server;

use crate::{
    callers::{Callers, Crowd, Line, Told},
    instance::{Instance, fill, token},
    kept::{assert_chained, assert_kept},
    long, place,
};

const CROWD: Crowd = Crowd {
    users: 200,
    app: "package_0001__c",
    callers: 8,
};
/// Processes end here, and no machine loses its memory.
const SETTINGS: [&str; 3] = ["fsync=off", "shared_buffers=64MB", "max_connections=100"];
/// Longest that somebody who is refused may wait. Far longer than it takes, and far shorter than any time-out that would be waited
/// for; the figure is printed.
const AT_ONCE: Duration = Duration::from_millis(1_500);
/// Memory that a server may need more while its database is away, in kilobytes.
const MORE_MEMORY_KILOBYTES_MAX: u64 = 200_000;

/// How long the database is away.
fn away_for() -> Duration {
    Duration::from_secs(if long() { 60 } else { 4 })
}

struct House {
    database: Server,
    store: String,
    folder: tempfile::TempDir,
    service: String,
    told: Arc<Told>,
}

impl House {
    async fn new() -> Self {
        let database = Server::start(place(), &SETTINGS);
        database.run("CREATE DATABASE usher").await;
        let store = database.address("usher");
        fill(&store, CROWD.users, CROWD.app);
        let service = token(&store, &["--service", "--tenant", "default"]);
        Self {
            database,
            store,
            folder: tempfile::tempdir_in(place()).unwrap(),
            service,
            told: Arc::new(Told::default()),
        }
    }

    fn usher(&self, policy: &str) -> Instance {
        Instance::start(&self.store, self.folder.path(), policy)
    }

    fn callers(&self, usher: &Instance) -> Callers {
        Callers::begin(
            usher.address,
            CROWD,
            (&self.service, None),
            Arc::clone(&self.told),
        )
    }

    async fn one(&self, usher: &Instance, user: u64) -> StatusCode {
        let access = json!({"tenant_key": "default", "user_id": user, "namespace": CROWD.app});
        let mut line = Line::new(usher.address);
        let (status, _) = line
            .post("/usher/v1/accesses", &self.service, &access)
            .await
            .unwrap();
        status
    }

    async fn ready(&self, usher: &Instance) -> (StatusCode, String) {
        Line::new(usher.address).get("/readyz").await.unwrap()
    }

    /// The first call passes a moment before readiness says so, which looks by itself less than twice a second.
    async fn until_ready(&self, usher: &Instance) {
        while self.ready(usher).await != (StatusCode::OK, "ready\n".to_owned()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn metric(&self, usher: &Instance, name: &str) -> u64 {
        let (_, text) = Line::new(usher.address).get("/metrics").await.unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap().parse().unwrap()
    }

    /// Once more in peace: the database goes and comes, and Usher stays.
    async fn goes_and_comes(&self, usher: &Instance) {
        let callers = self.callers(usher);
        self.until(usher, "usher_spool_people_remembered", |people| {
            people == CROWD.users
        })
        .await;
        self.database.stop("immediate");
        self.until(usher, "usher_spooling", |spooling| spooling == 1)
            .await;
        self.told.grown(Told::answered, 200).await;
        self.database.resume();
        self.until(usher, "usher_spooling", |spooling| spooling == 0)
            .await;
        self.told.grown(Told::answered, 200).await;
        callers.end().await;
        self.until(usher, "usher_spool_waiting", |waiting| waiting == 0)
            .await;
        assert_kept(&self.database, "usher", &self.told, "the database is back").await;
    }

    async fn until(&self, usher: &Instance, name: &str, wanted: impl Fn(u64) -> bool) {
        while !wanted(self.metric(usher, name).await) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_closed_door_refuses_at_once_and_opens_again() {
    let house = House::new().await;
    let usher = house.usher("closed");
    let callers = house.callers(&usher);
    house.told.grown(Told::answered, 100).await;
    house.database.stop("fast");
    house.told.grown(Told::busy, 20).await;
    house.told.measure_anew();
    let answered = house.told.answered();
    assert_eq!(
        house.ready(&usher).await,
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned())
    );
    tokio::time::sleep(away_for()).await;
    house.told.grown(Told::busy, 100).await;
    let slowest = house.told.slowest_busy();
    assert_eq!(house.told.answered(), answered, "nobody was admitted meanwhile");
    assert!(slowest < AT_ONCE, "{slowest:?}");
    house.database.resume();
    house.told.grown(Told::answered, 200).await;
    house.until_ready(&usher).await;
    callers.end().await;
    assert_kept(&house.database, "usher", &house.told, "closed").await;
    say!(
        "closed: {} refusals, the slowest after {} ms",
        house.told.busy(),
        slowest.as_millis()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spool_admits_who_was_seen_and_loses_nothing_even_when_usher_is_killed() {
    let house = House::new().await;
    let mut usher = house.usher("spool");
    let callers = house.callers(&usher);
    house
        .until(&usher, "usher_spool_people_remembered", |people| {
            people == CROWD.users
        })
        .await;
    house.database.stop("fast");
    house
        .until(&usher, "usher_spooling", |spooling| spooling == 1)
        .await;
    let memory = usher.memory_kilobytes();
    let answered = house.told.answered();
    tokio::time::sleep(away_for()).await;
    house.told.grown(Told::answered, 200).await;
    let admitted = house.told.answered() - answered;
    assert_eq!(
        house.ready(&usher).await,
        (StatusCode::OK, "spooling\n".to_owned())
    );
    assert_eq!(
        house.one(&usher, CROWD.users + 1).await,
        StatusCode::SERVICE_UNAVAILABLE,
        "who was not seen is not refused either"
    );
    let more = usher.memory_kilobytes().saturating_sub(memory);
    assert!(more < MORE_MEMORY_KILOBYTES_MAX, "{more} kB more");
    let bytes = house.metric(&usher, "usher_spool_bytes").await;
    assert!(bytes <= house.metric(&usher, "usher_spool_bytes_max").await);

    // Usher dies in the middle of it, and again while it brings in what waits.
    usher.kill();
    callers.end().await;
    house.database.resume();
    let mut usher = house.usher("closed");
    usher.kill();
    let usher = house.usher("spool");
    house
        .until(&usher, "usher_spool_waiting", |waiting| waiting == 0)
        .await;
    assert_kept(&house.database, "usher", &house.told, "after kill -9").await;
    assert_chained(&house.store);

    house.goes_and_comes(&usher).await;
    say!(
        "spool: {admitted} calls admitted from memory meanwhile, {more} kB more memory, {bytes} bytes of spool"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_halted_server_holds_on_to_nobody() {
    let house = House::new().await;
    let usher = house.usher("closed");
    let callers = house.callers(&usher);
    house.told.grown(Told::answered, 100).await;
    house.database.halt();
    house.told.grown(Told::busy, 50).await;
    house.told.measure_anew();
    house.told.grown(Told::busy, 100).await;
    let slowest = house.told.slowest_busy();
    house.database.go_on();
    house.told.grown(Told::answered, 200).await;
    callers.end().await;
    assert!(slowest < AT_ONCE, "{slowest:?}");
    assert_kept(&house.database, "usher", &house.told, "halted").await;
}
