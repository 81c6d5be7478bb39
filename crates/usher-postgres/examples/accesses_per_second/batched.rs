//! Accesses through the engine, as many batches in flight as there are connections.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};
use tokio_postgres::Client;
use usher_postgres::{PostgresOptions, PostgresStore};
use usher_store::Store;
use usher_testbed::postgres::Server;

use crate::{
    CONNECTIONS,
    figures::Figures,
    population::{Chance, DATABASE, NOON_MS, Population},
    processor,
};

/// What a slice came to.
pub(crate) struct Slice {
    pub(crate) per_second: f64,
    pub(crate) hot_percent: f64,
    /// Bytes of log per access.
    pub(crate) log_bytes: f64,
    /// Time of the processors per access, in microseconds.
    pub(crate) processor_us: f64,
}

impl fmt::Display for Slice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            per_second,
            hot_percent,
            log_bytes,
            processor_us,
        } = self;
        write!(
            formatter,
            "{per_second:.0} accesses/s of {processor_us:.1} µs, {hot_percent:.2} % HOT, {log_bytes:.0} bytes of log"
        )
    }
}

/// Keeps the time going from slice to slice, so that every access is newer than those before.
pub(crate) struct Batches {
    clock_ms: Arc<AtomicI64>,
    seed: u64,
    /// True when nobody is remembered, so that everybody is looked up.
    pub(crate) strangers: bool,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            clock_ms: Arc::new(AtomicI64::new(NOON_MS)),
            seed: 7,
            strangers: false,
        }
    }
}

type Mishap = Box<dyn Error + Send + Sync>;

impl Batches {
    /// Records batches of a size for so many seconds; `beside` is somebody else's connection, which ends with the slice.
    pub(crate) async fn slice(
        &mut self,
        server: &Server,
        population: &Population,
        (size, seconds): (usize, u64),
        beside: Option<Client>,
    ) -> Result<Slice, Box<dyn Error>> {
        let mut options = PostgresOptions {
            connections_max: CONNECTIONS + 1,
            ..PostgresOptions::default()
        };
        if self.strangers {
            options.people_remembered = 0;
        }
        let store = Arc::new(PostgresStore::open(&server.address(DATABASE), &options).await?);
        // Every connection is there and has its statements before the time begins, as pgbench has it.
        self.run(&store, population, size, Duration::from_millis(300))
            .await?;
        let before = Figures::read(server).await?;
        let (spent_before, begun) = (processor::seconds(server)?, Instant::now());
        let accesses = self
            .run(&store, population, size, Duration::from_secs(seconds))
            .await?;
        let took = begun.elapsed();
        let spent_seconds = processor::seconds(server)? - spent_before;
        store.close().await;
        drop((store, beside));
        // What a connection has counted is told at its end at the latest.
        server.until_nobody_is_in(DATABASE).await;
        let gained = Figures::read(server).await? - before;
        #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
        Ok(Slice {
            per_second: accesses as f64 / took.as_secs_f64(),
            hot_percent: gained.hot_percent(),
            log_bytes: gained.log_bytes as f64 / accesses as f64,
            processor_us: spent_seconds * 1e6 / accesses as f64,
        })
    }

    async fn run(
        &mut self,
        store: &Arc<PostgresStore>,
        population: &Population,
        size: usize,
        how_long: Duration,
    ) -> Result<u64, Box<dyn Error>> {
        let until = Instant::now() + how_long;
        let mut tasks = JoinSet::new();
        for _ in 0..CONNECTIONS {
            self.seed += 1;
            let (store, clock_ms) = (Arc::clone(store), Arc::clone(&self.clock_ms));
            let (population, chance) = (population.clone(), Chance(self.seed << 32));
            tasks.spawn(
                async move { record_until(until, &store, &population, (size, chance, &clock_ms)).await },
            );
        }
        let mut accesses = 0;
        while let Some(ended) = tasks.join_next().await {
            accesses += ended?.map_err(|mishap| mishap.to_string())?;
        }
        Ok(accesses)
    }
}

async fn record_until(
    until: Instant,
    store: &PostgresStore,
    population: &Population,
    (size, mut chance, clock_ms): (usize, Chance, &AtomicI64),
) -> Result<u64, Mishap> {
    let (mut recorded, mut moved) = (0, 0);
    while Instant::now() < until {
        let at_ms = clock_ms.fetch_add(1, Ordering::Relaxed);
        let accesses = (0..size).map(|_| population.access(chance.below(population.rows), at_ms));
        let answers = store.record(accesses.collect::<Result<_, _>>()?).await?;
        recorded += answers.len() as u64;
        moved += answers.iter().filter(|answer| answer.moved).count() as u64;
    }
    // All but those of one row in two batches at once, of which the newer may be written first.
    if moved * 100 < recorded * 98 {
        return Err(format!("only {moved} of {recorded} accesses moved anything").into());
    }
    Ok(recorded)
}
