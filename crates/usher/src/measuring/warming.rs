//! Everybody comes once, in turn: from a server that has just started to one that remembers its people.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::runtime::Runtime;
use usher_bench::{
    crowd::{Crowd, End},
    speech::{Order, People},
};

use super::{
    access_speech, choice::Choice, counting, own_server::OwnServer, report::FirstVisits, unmeasurable,
};
use crate::failure::Failure;

/// With so many rows in memory a fold is due (`usher-sqlite` decides); with fewer none is waited for.
const FOLD_AFTER_ROWS: u64 = 1_000_000;
/// How often it is looked whether the fold is done, and how long between: two minutes in all, many times what one takes.
const FOLD_LOOKS: u32 = 240;
/// Between two looks.
const FOLD_PAUSE: Duration = Duration::from_millis(500);
/// Not the people of the slices, though it does not matter: the order is fixed.
const SEED: u64 = 1;

/// Lets everybody come once, and waits for the fold if that makes one due.
///
/// # Errors
/// A failure when the server does not answer.
pub(super) fn everybody_once(
    crowd: &Runtime,
    choice: &Choice,
    (address, token, people): (SocketAddr, &str, &People),
    server: &OwnServer,
) -> Result<FirstVisits, Failure> {
    let in_turn = People {
        order: Order::InTurn(Arc::default()),
        ..people.clone()
    };
    let speech = access_speech((address, token, &in_turn));
    let slice = crowd.block_on(async {
        let connections = choice.most_connections();
        let mut callers = Crowd::connect(address, connections, SEED, speech.as_ref()).await?;
        callers.drive(&speech, End::Requests(people.users)).await
    });
    let slice = slice.map_err(unmeasurable)?;
    wait_for_fold(crowd, server);
    Ok(FirstVisits {
        connections: choice.most_connections(),
        good: slice.good,
        bad: slice.bad,
        per_second: slice.per_second(),
        p50_us: slice.latencies.at_most_us(500),
        p99_us: slice.latencies.at_most_us(990),
    })
}

fn wait_for_fold(crowd: &Runtime, server: &OwnServer) {
    for _ in 0..FOLD_LOOKS {
        let rows = counting::moment(crowd, server).overlay_rows;
        if rows.is_none_or(|rows| rows < FOLD_AFTER_ROWS) {
            return;
        }
        crowd.block_on(tokio::time::sleep(FOLD_PAUSE));
    }
}
