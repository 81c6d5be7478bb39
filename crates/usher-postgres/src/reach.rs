//! Whether the database is there, known to everybody at once.
//!
//! While a database is away, three things must not happen: that every request waits for a connection of its own until it
//! gives up, that a server which was stopped (and so neither answers nor hangs up) holds on to whoever asked it before, and that
//! many instances fall upon it the moment it is back. So one watcher per instance asks the simplest of questions over a line
//! of its own, every second and whenever somebody's line broke. When it gets no answer twice, the database is away: whoever
//! waits for an answer is told so, whoever asks hears it without asking the database, and every connection is thrown away. Then
//! only the watcher tries again, at first soon and later less often, each time a little earlier or later than the others.
//!
//! What this rules out: deciding by the failures of requests, of which a thousand may come from one moment; and a time-out
//! per statement alone, which would have to be longer than the longest statement.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Connect, Object, Pool, PoolError};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_postgres::{Client, Config, SimpleQueryMessage};

use crate::{
    asking::Asking,
    sql::{Answered, Failure, Sql},
};

/// How often the watcher asks while all is well: what breaks without anybody noticing is noticed after that.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long the watcher waits for the answer to the simplest of questions, twice: longer than a loaded server needs, and together
/// shorter than people wait.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long somebody waits for what the watcher finds: for what it has begun, and for a look of its own.
const LOOK_TIMEOUT: Duration = Duration::from_secs(9);
/// Pause before the first attempt to find the database again: a standby may be promoted already.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// Longest pause between two attempts: so late at most is a promoted standby found.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Draws a number each time it is asked, so that many instances do not come back at the same moment.
#[derive(Clone)]
pub struct Jitter(Arc<dyn Fn() -> u32 + Send + Sync>);

impl Jitter {
    /// Draws by this; every number should be as likely as any other.
    #[must_use]
    pub fn drawn_by(draw: impl Fn() -> u32 + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// Between half of a pause and all of it.
    fn shorten(&self, pause: Duration) -> Duration {
        let half = pause / 2;
        half + half.mul_f64(f64::from((self.0)()) / f64::from(u32::MAX))
    }
}

impl Default for Jitter {
    /// No chance at all, for an instance that is alone.
    fn default() -> Self {
        Self::drawn_by(|| u32::MAX)
    }
}

impl std::fmt::Debug for Jitter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Jitter")
    }
}

/// What everybody knows of the database.
#[derive(Debug)]
pub(crate) struct Reach {
    here: watch::Sender<bool>,
    /// Counts the watcher's findings.
    findings: watch::Sender<u64>,
    doubt: Notify,
}

impl Reach {
    fn new() -> Self {
        Self {
            here: watch::Sender::new(true),
            findings: watch::Sender::new(0),
            doubt: Notify::new(),
        }
    }

    /// False while the database is known to be away.
    pub(crate) fn is_here(&self) -> bool {
        *self.here.borrow()
    }

    /// Waits until the database is away.
    pub(crate) async fn until_away(&self) {
        self.until(false).await;
    }

    /// Waits until the database is there.
    pub(crate) async fn until_here(&self) {
        self.until(true).await;
    }

    async fn until(&self, here: bool) {
        let mut changes = self.here.subscribe();
        // The sender is ours, so it is not gone.
        let _ = changes.wait_for(|now| *now == here).await;
    }

    /// Lets the watcher look now: somebody's line broke.
    pub(crate) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Lets the watcher look now, and waits for what it finds; tells whether the database is there.
    pub(crate) async fn look(&self) -> bool {
        if !self.is_here() {
            return false;
        }
        let mut findings = self.findings.subscribe();
        let before = *findings.borrow_and_update();
        self.doubt();
        let found = tokio::time::timeout(LOOK_TIMEOUT, findings.wait_for(|count| *count > before)).await;
        found.is_ok() && self.is_here()
    }

    fn found(&self, here: bool) {
        self.here
            .send_if_modified(|now| std::mem::replace(now, here) != here);
        self.findings.send_modify(|count| *count += 1);
    }
}

/// The connections of an instance, and whether there is anything to connect to.
#[derive(Clone)]
pub(crate) struct Connections {
    pool: Pool,
    reach: Arc<Reach>,
    asking: Arc<Asking>,
    answer_timeout: Duration,
    watching: Arc<Watching>,
}

/// The watcher; ends with whoever needs it.
struct Watching(JoinHandle<()>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How the watcher gets a line of its own.
pub(crate) struct Dialer {
    /// Makes connections.
    pub(crate) connect: Arc<dyn Connect>,
    /// Whereto.
    pub(crate) config: Config,
    /// Spreads the attempts of many instances.
    pub(crate) jitter: Jitter,
}

/// The pool makes connections in the same way as the watcher.
pub(crate) struct Shared(pub(crate) Arc<dyn Connect>);

impl Connect for Shared {
    fn connect(
        &self,
        config: &Config,
    ) -> std::pin::Pin<
        Box<dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>,
    > {
        self.0.connect(config)
    }
}

impl Connections {
    /// Begins to watch over the database. `answer_timeout` is how long an answer may take before the line counts as broken.
    pub(crate) fn new(pool: Pool, dialer: Dialer, asking: Asking, answer_timeout: Duration) -> Self {
        let reach = Arc::new(Reach::new());
        let watching = tokio::spawn(watch_over(dialer, pool.clone(), Arc::clone(&reach)));
        Self {
            pool,
            reach,
            asking: Arc::new(asking),
            answer_timeout,
            watching: Arc::new(Watching(watching)),
        }
    }

    /// What everybody knows of the database.
    pub(crate) fn reach(&self) -> &Arc<Reach> {
        &self.reach
    }

    /// The first connection, with the pool's own words for why there is none.
    pub(crate) async fn first(&self) -> Result<Sql, PoolError> {
        let client = self.pool.get().await?;
        Ok(self.given(client))
    }

    fn given(&self, client: Object) -> Sql {
        let (reach, asking) = (Arc::clone(&self.reach), Arc::clone(&self.asking));
        Sql::new(client, reach, asking, self.answer_timeout)
    }

    /// A connection; at once an error while the database is away.
    pub(crate) async fn sql(&self) -> Answered<Sql> {
        let checked_out = async {
            if self.reach.is_here() {
                self.pool.get().await.map_err(Failure::from)
            } else {
                Err(Failure::Lost("the database is away".to_owned()))
            }
        };
        let client = tokio::select! {
            biased;
            client = checked_out => client,
            () = self.reach.until_away() => Err(Failure::Lost("the database is away".to_owned())),
        };
        match client {
            Ok(client) => Ok(self.given(client)),
            Err(failure) => {
                self.reach.doubt();
                Err(failure)
            }
        }
    }

    /// Gives up every connection and stops watching.
    pub(crate) fn close(&self) {
        self.watching.0.abort();
        self.pool.close();
    }
}

/// A line of the watcher's own.
struct Line {
    client: Client,
    served: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// Watches over the database; ends only by being aborted.
async fn watch_over(dialer: Dialer, pool: Pool, reach: Arc<Reach>) {
    let mut line = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(PROBE_EVERY) => {}
            () = reach.doubt.notified() => {}
        }
        // A line may break alone; so a fresh one is tried before anything is concluded.
        if probe(&dialer, &mut line).await || probe(&dialer, &mut line).await {
            reach.found(true);
            continue;
        }
        tracing::warn!("the database is away; it is looked for until it is found");
        reach.found(false);
        // Whatever is still connected is connected to what is no longer the database.
        pool.retain(|_, _| false);
        let mut pause = PAUSE_MIN;
        loop {
            tokio::time::sleep(dialer.jitter.shorten(pause)).await;
            if probe(&dialer, &mut line).await {
                break;
            }
            pause = (pause * 2).min(PAUSE_MAX);
            reach.found(false);
        }
        pool.retain(|_, _| false);
        reach.found(true);
        tracing::info!("the database is back");
    }
}

/// Whether a server answers that takes writes.
async fn probe(dialer: &Dialer, line: &mut Option<Line>) -> bool {
    let asked = async {
        let open = match line.take().filter(|line| !line.client.is_closed()) {
            Some(line) => line,
            None => {
                let (client, served) = dialer.connect.connect(&dialer.config).await?;
                Line { client, served }
            }
        };
        let answer = open.client.simple_query("SHOW transaction_read_only").await?;
        let takes_writes = answer
            .iter()
            .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("off")));
        Ok::<_, tokio_postgres::Error>(takes_writes.then_some(open))
    };
    *line = match tokio::time::timeout(PROBE_TIMEOUT, asked).await {
        Ok(Ok(open)) => open,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the database does not answer");
            None
        }
        Err(_) => None,
    };
    line.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_shortened_by_half_at_most() {
        let pause = Duration::from_millis(100);
        assert_eq!(Jitter::drawn_by(|| 0).shorten(pause), Duration::from_millis(50));
        assert_eq!(Jitter::default().shorten(pause), pause);
    }

    #[tokio::test]
    async fn everybody_hears_when_the_database_goes_and_comes() {
        let reach = Reach::new();
        assert!(reach.is_here());
        reach.found(false);
        reach.until_away().await;
        assert!(!reach.is_here());
        reach.found(true);
        reach.until_here().await;
    }
}
