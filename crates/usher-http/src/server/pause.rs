//! A pause after "busy", for callers who do not keep to `Retry-After`.
//!
//! Refusing a report costs a fiftieth of what serving it costs, and so a crowd of callers who come back at once keeps the server
//! busy with nothing but refusing. To refuse them later does not help anybody: what they are told they should be told at once.
//! But they were told to come back after a second. So a connection whose report was refused because there is no room is
//! answered right away, and its next report is not looked at before that second is over. Who keeps to it notices nothing, and
//! who does not is slowed down by the network's own means and costs no more than the others.
//!
//! Only a crowd is slowed down. While the database is away nobody else is served with what refusing costs, and callers are told so
//! at once, however often they ask.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::wire::envelope::RETRY_AFTER_SECONDS;

/// How long the next report of a connection is not looked at after one was refused: as long as its caller was told to wait.
pub(super) const PAUSE: Duration = Duration::from_secs(RETRY_AFTER_SECONDS);

/// The pause of one connection.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// A plain lock, held for one statement.
    until: Mutex<Option<Instant>>,
}

impl Pause {
    /// Begins now.
    pub(super) fn begin(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
    }

    /// Waits until it is over, if there is one.
    pub(super) async fn over(&self) {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(until) = until {
            sleep_until(until).await;
        }
    }
}
