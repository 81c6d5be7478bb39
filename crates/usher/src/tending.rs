//! The minutely round through the store: what time alone makes due there.
//!
//! Expiry acts on time at the door without this. What the round adds is that seats which ran out are written down as free,
//! so that whoever waits gets them although nobody has asked for one.

use std::{sync::Arc, time::Duration};

use usher_http::Clock;
use usher_store::{Effect, LedgerChange, Store, StoreError};

/// Pause between two rounds. What is due is due by the hour or the day, so a minute late is on time; and a round in which
/// nothing is due costs next to nothing.
const PAUSE: Duration = Duration::from_secs(60);

/// Seats settled in one transaction: few enough that no access waits longer than for a slice of a fold.
const SEATS_SETTLED_AT_ONCE: usize = 256;

/// Tends the store now and every minute; ends only by being dropped. A round that fails is logged and comes again.
pub(crate) async fn every_minute(store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    loop {
        if let Err(error) = store.tend(clock.now_ms()).await {
            tracing::warn!(%error, "the store could not be tended; the next round tries again");
        }
        if let Err(error) = settle(&*store, &*clock).await {
            tracing::warn!(%error, "seats that ran out could not be settled; the next round tries again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Settles seats that ran out, a few at a time, until none is left.
async fn settle(store: &dyn Store, clock: &dyn Clock) -> Result<(), StoreError> {
    let slice = LedgerChange::SettleExpired {
        seats_max: SEATS_SETTLED_AT_ONCE,
    };
    while store.change(vec![slice.clone().into()], clock.now_ms()).await? != [Effect::Unchanged] {
        tokio::task::yield_now().await;
    }
    Ok(())
}
