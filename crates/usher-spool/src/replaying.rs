//! Bringing what waits into the ledger once it is back.
//!
//! Rows leave the file only after the ledger has them. Whoever ends in between, in whatever way, brings them in again at the
//! next start, and that changes nothing.

use std::{sync::Arc, time::Duration};

use crate::spool::Inner;

/// Rows brought in with one commit: few enough that the doors of their tenants are held for milliseconds.
const ROWS_PER_STEP: usize = 1_000;
/// Pause before another attempt, while the database is away: the engine knows without asking, so looking costs nothing.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause after a failure that waiting may not mend; it is logged each time.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Brings in whatever waits, for as long as it is not aborted.
pub(crate) async fn replay(inner: Arc<Inner>) {
    loop {
        if inner.standing().waiting == 0 {
            inner.bell.notified().await;
        } else if !inner.store.health().ready {
            tokio::time::sleep(PAUSE).await;
        } else if let Err(pause) = step(&inner).await {
            tokio::time::sleep(pause).await;
        }
    }
}

/// One transaction; tells how long to wait after one that failed.
async fn step(inner: &Arc<Inner>) -> Result<(), Duration> {
    let rows = inner.with_file(|file| file.oldest(ROWS_PER_STEP)).await;
    let rows = rows.map_err(|error| failed(&error))?;
    let admitted = rows.iter().map(|row| row.admitted.clone()).collect();
    match inner.store.replay(admitted).await {
        Ok(()) => {}
        Err(error) if error.is_unavailable() => return Err(PAUSE),
        Err(error) => return Err(failed(&error)),
    }
    let count = rows.len();
    let removed = inner.with_file(move |file| file.remove(&rows)).await;
    removed.map_err(|error| failed(&error))?;
    inner.note_replayed(count);
    Ok(())
}

fn failed(error: &dyn std::fmt::Display) -> Duration {
    tracing::error!(%error, "what waits in the spool cannot be brought into the ledger; it is tried again");
    PAUSE_AFTER_FAILURE
}
