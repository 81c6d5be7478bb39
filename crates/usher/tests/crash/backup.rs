//! A backup taken under full load holds everything that was acknowledged before it began, and nothing that was not.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use hyper::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{
    dice::Dice,
    load::{connect, record},
    program::{Server, fill, namespace, new_folder, on_database, run, service_token},
    readback::{Activities, exported},
};

const USERS: u64 = 400;
const APPS: u64 = 5;
const CONNECTIONS: usize = 32;
const ACCESSES_PER_CALL: u64 = 32;
/// Answered calls before the backup begins, and again after it has ended.
const CALLS: u64 = 300;
/// What [`fill`] writes.
const BEFORE_ALL_MS: i64 = 1_400_000_000_000;

/// An access that was acknowledged.
struct Told {
    pair: (u64, String),
    active_time_ms: i64,
    before_the_backup: bool,
}

/// What all callers share.
#[derive(Default)]
struct Shared {
    begun: AtomicBool,
    stop: AtomicBool,
    calls: AtomicU64,
}

impl Shared {
    async fn more_calls(&self) {
        let enough = self.calls.load(Ordering::SeqCst) + CALLS;
        while self.calls.load(Ordering::SeqCst) < enough {
            tokio::task::yield_now().await;
        }
    }
}

/// Records accesses one call after the other, until it is to stop; gives what it was told, in order.
async fn caller(address: SocketAddr, token: String, mut dice: Dice, shared: Arc<Shared>) -> Vec<Told> {
    let mut history = Vec::new();
    let mut sender = connect(address).await.unwrap();
    while !shared.stop.load(Ordering::SeqCst) {
        let accesses: Vec<_> = (0..ACCESSES_PER_CALL)
            .map(|_| (1 + dice.below(USERS), namespace(dice.below(APPS))))
            .collect();
        let (status, answer) = record(&mut sender, &token, &accesses).await.unwrap();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            continue;
        }
        // Read after the answer: whoever finds it false was answered before the backup began.
        let before_the_backup = !shared.begun.load(Ordering::SeqCst);
        let verdicts = answer["data"]["items"].as_array().unwrap();
        for (pair, verdict) in accesses.into_iter().zip(verdicts) {
            history.push(Told {
                pair,
                active_time_ms: verdict["active_time"].as_i64().unwrap(),
                before_the_backup,
            });
        }
        shared.calls.fetch_add(1, Ordering::SeqCst);
    }
    history
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_restores_to_what_was_acknowledged() {
    if on_database() {
        // There pg_dump does this.
        return;
    }
    let mut dice = Dice::thrown("backup");
    let (folder, elsewhere) = (new_folder(), new_folder());
    fill(folder.path(), USERS, APPS);
    let token = service_token(folder.path());
    let mut server = Server::start(folder.path());
    let shared = Arc::new(Shared::default());
    let callers: Vec<JoinHandle<Vec<Told>>> = (0..CONNECTIONS)
        .map(|_| {
            let shared = Arc::clone(&shared);
            tokio::spawn(caller(server.address, token.clone(), dice.split(), shared))
        })
        .collect();
    shared.more_calls().await;

    let data = folder.path().to_str().unwrap().to_owned();
    let file = elsewhere.path().join("usher.backup").to_str().unwrap().to_owned();
    shared.begun.store(true, Ordering::SeqCst);
    let taking = {
        let (file, data) = (file.clone(), data.clone());
        tokio::task::spawn_blocking(move || run(&["backup", &file, "--json", "--data", &data], ""))
    };
    let said: Value = serde_json::from_str(taking.await.unwrap().trim()).unwrap();
    shared.more_calls().await;
    shared.stop.store(true, Ordering::SeqCst);
    let mut histories = Vec::new();
    for caller in callers {
        histories.push(caller.await.unwrap());
    }
    server.kill();

    let restored = elsewhere.path().join("data");
    let to = restored.to_str().unwrap();
    run(&["restore", &file, "--data", to], "");
    run(&["doctor", "--deep", "--data", to], "");
    let present = exported(&restored);
    let watermark_ms = said["watermark_ms"].as_i64().unwrap();
    assert_everything_before(&histories, &present, watermark_ms);
    assert_nothing_invented(&histories, &present);
    assert_no_hole(&histories, &present);
    let told: usize = histories.iter().map(Vec::len).sum();
    say!("{told} acknowledged accesses, {} rows restored", present.len());
}

/// What was acknowledged before the backup began is in it, and what was let in up to its watermark.
fn assert_everything_before(histories: &[Vec<Told>], present: &Activities, watermark_ms: i64) {
    let mut before = 0;
    for told in histories.iter().flatten() {
        if told.before_the_backup || told.active_time_ms <= watermark_ms {
            before += 1;
            let kept = present.get(&told.pair);
            assert!(
                kept.is_some_and(|kept| *kept >= told.active_time_ms),
                "{:?} was told {}, {} the backup, which is complete up to {watermark_ms}; it has {kept:?}",
                told.pair,
                told.active_time_ms,
                if told.before_the_backup { "before" } else { "after" },
            );
        }
    }
    assert!(before > 0, "the load was there before the backup");
}

/// Every row is one that somebody was told, or was there before.
fn assert_nothing_invented(histories: &[Vec<Told>], present: &Activities) {
    let told: HashSet<_> = histories
        .iter()
        .flatten()
        .map(|told| (&told.pair, told.active_time_ms))
        .collect();
    for (pair, active_time_ms) in present {
        assert!(
            *active_time_ms == BEFORE_ALL_MS || told.contains(&(pair, *active_time_ms)),
            "{pair:?} has {active_time_ms}, which nobody was told"
        );
    }
    assert_eq!(present.len() as u64, USERS * APPS);
}

/// A caller asks one thing after the other; so when an access is in the backup, all those of earlier calls are.
fn assert_no_hole(histories: &[Vec<Told>], present: &Activities) {
    let mut others = 0;
    let per_call = usize::try_from(ACCESSES_PER_CALL).unwrap();
    for history in histories {
        let calls: Vec<_> = history.chunks(per_call).collect();
        let newest = |told: &Told| present.get(&told.pair) == Some(&told.active_time_ms);
        // Two callers may have been told the same millisecond for one pair; a whole call is never all coincidence.
        let last = calls
            .iter()
            .rposition(|call| call.iter().filter(|told| newest(told)).count() > per_call / 2);
        for told in calls.iter().take(last.unwrap_or_default()).copied().flatten() {
            others += 1;
            assert!(
                present[&told.pair] >= told.active_time_ms,
                "{:?} at {} is missing, though later accesses of its caller are there",
                told.pair,
                told.active_time_ms
            );
        }
    }
    say!("{others} accesses precede one that is in the backup");
}
