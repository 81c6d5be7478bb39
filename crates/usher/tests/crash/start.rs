//! The server is there again at once, however much it keeps: a start reads the journal and nothing else.

use std::time::Duration;

use crate::{
    dice::Dice,
    load::{Acknowledged, Load, Met, Width},
    long,
    program::{Server, fill, new_folder, service_token},
    readback::{assert_kept, exported},
};

const APPS: u64 = 20;
/// A million activity rows in `./test --long`; elsewhere a twentieth, without a figure asked for.
const USERS_LONG: u64 = 50_000;
const USERS: u64 = 2_500;
/// Each start follows a blow under load, so that there is a journal to read.
const STARTS: usize = 5;
const ANSWERS_BEFORE_KILL: u64 = 300;
/// Asked of the best start only: another program that holds the disk or the processor says nothing about ours.
const BEST_START_MAX: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_soon_back_after_a_kill_with_many_rows() {
    let mut dice = Dice::thrown("start");
    let users = if long() { USERS_LONG } else { USERS };
    let width = Width {
        users,
        apps: APPS,
        connections: 16,
        accesses_per_call_max: 1_000,
    };
    let folder = new_folder();
    fill(folder.path(), users, APPS);
    let service = service_token(folder.path());
    let mut acknowledged = Acknowledged::new();
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let mut server = Server::start(folder.path());
        starts.push(server.started_in);
        let load = Load::start(server.address, &service, width, &mut dice);
        load.met.until(Met::answered, ANSWERS_BEFORE_KILL).await;
        server.kill();
        load.gather(&mut acknowledged).await;
    }
    let mut last = Server::start(folder.path());
    starts.push(last.started_in);
    last.kill();
    say!(
        "{} activity rows; start to listening after kill -9: {starts:?}",
        users * APPS
    );
    let present = exported(folder.path());
    assert_eq!(present.len() as u64, users * APPS, "every row is there");
    assert_kept(&acknowledged, &present, "after the last start");
    // The first start follows an import in order, not a blow.
    let best = starts.iter().skip(1).min().unwrap();
    assert!(!long() || *best < BEST_START_MAX, "the best start took {best:?}");
}
