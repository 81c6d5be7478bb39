//! `kill -9` of the primary under load; the standby takes its place, and Usher finds it by itself.

use std::{sync::Arc, time::Duration};

use usher_testbed::postgres::Pair;

use crate::{
    callers::{Callers, Crowd, Told, now},
    instance::{Instance, fill, token},
    kept::{assert_chained, assert_kept},
    long, place,
};

const CROWD: Crowd = Crowd {
    users: 300,
    app: "package_0001__c",
    callers: 16,
};
/// Only tells an Usher that does not find its way back from a machine that is slow. The promise of five seconds is of a machine of its
/// own; the figure is printed.
const BACK_SECONDS_MAX: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_dies_and_nothing_acknowledged_is_lost_or_doubled() {
    let rounds = if long() { 20 } else { 3 };
    let mut pair = Pair::start(place()).await;
    pair.primary().run("CREATE DATABASE usher").await;
    let store = pair.address("usher");
    let folder = tempfile::tempdir_in(place()).unwrap();
    fill(&store, CROWD.users, CROWD.app);
    let service = token(&store, &["--service", "--tenant", "default"]);
    let operator = token(&store, &["--operator"]);
    let usher = Instance::start(&store, folder.path(), "closed");
    let told = Arc::new(Told::default());
    let mut slowest = Duration::ZERO;
    for round in 1..=rounds {
        let tokens = (service.as_str(), Some(operator.as_str()));
        let callers = Callers::begin(usher.address, CROWD, tokens, Arc::clone(&told));
        told.grown(Told::answered, 100).await;
        told.grown(Told::changes, 5).await;
        let busy_before = told.busy();
        pair.primary().kill();
        // Somebody has noticed: from here on nobody is acknowledged by the dead one.
        told.grown(Told::busy, 1).await;
        pair.promote();
        let promoted = now();
        let answered = async {
            told.grown(Told::answered, 200).await;
            told.grown(Told::changes, 5).await;
        };
        let waited = tokio::time::timeout(Duration::from_secs(BACK_SECONDS_MAX), answered).await;
        assert!(waited.is_ok(), "round {round}: no service after the promotion");
        let back = told
            .last_busy()
            .map_or(Duration::ZERO, |last| last.saturating_duration_since(promoted));
        slowest = slowest.max(back);
        callers.end().await;
        let when = format!("round {round}");
        assert_kept(pair.primary(), "usher", &told, &when).await;
        say!(
            "{when}: full service {} ms after the promotion; {} calls without a verdict",
            back.as_millis(),
            told.busy() - busy_before
        );
        pair.rebuild().await;
    }
    assert_chained(&store);
    say!(
        "{rounds} promotions, slowest back after {} ms; {} calls and {} changes acknowledged, none lost, none doubled",
        slowest.as_millis(),
        told.answered(),
        told.changes()
    );
}
