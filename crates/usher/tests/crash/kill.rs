//! `kill -9` at random moments under full load (invariant 1).

use std::time::Duration;

use crate::{
    dice::Dice,
    load::{Acknowledged, Load, Met, Width},
    program::{Server, fill, new_folder, service_token, token},
    readback::{assert_kept, exported, listed},
};

const ROUNDS: usize = 50;
const WIDTH: Width = Width {
    users: 400,
    apps: 5,
    connections: 32,
    accesses_per_call_max: 64,
};
/// A round ends after a number of answered calls drawn up to this one: some fall into the first commits after a start,
/// some long after it.
const ANSWERS_BEFORE_KILL_MAX: u64 = 400;
/// After the drawn answer a drawn pause follows, so that the blow does not always fall just behind an answer.
const PAUSE_MICROSECONDS_MAX: u64 = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let mut dice = Dice::thrown("kill");
    let folder = new_folder();
    fill(folder.path(), WIDTH.users, WIDTH.apps);
    let service = service_token(folder.path());
    let administrator = token(
        folder.path(),
        &["--administrator", "--scope", "app_engine:seat_activities:read"],
    );
    let mut acknowledged = Acknowledged::new();
    let mut calls = 0;
    for round in 0..ROUNDS {
        let mut server = Server::start(folder.path());
        let present = listed(server.address, &administrator).await;
        assert_kept(
            &acknowledged,
            &present,
            &format!("round {round}, through the new server"),
        );
        let load = Load::start(server.address, &service, WIDTH, &mut dice);
        load.met
            .until(Met::answered, 1 + dice.below(ANSWERS_BEFORE_KILL_MAX))
            .await;
        // This waits for nothing: it only moves the moment of the blow.
        tokio::time::sleep(Duration::from_micros(dice.below(PAUSE_MICROSECONDS_MAX))).await;
        server.kill();
        calls += load.gather(&mut acknowledged).await.answered();
        if round % 5 == 0 {
            assert_kept(
                &acknowledged,
                &exported(folder.path()),
                &format!("round {round}, read from the file"),
            );
        }
    }
    assert_kept(&acknowledged, &exported(folder.path()), "at the end");
    say!(
        "{ROUNDS} kills, {calls} acknowledged calls, {} pairs",
        acknowledged.len()
    );
    assert!(calls >= ROUNDS as u64, "each round acknowledged something");
}
