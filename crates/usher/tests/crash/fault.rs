//! The disk takes no more in the middle of load: a real refusal of the kernel (a limit on the size of files, lowered
//! and lifted while the server runs), not a stand-in.

use crate::{
    dice::Dice,
    load::{Acknowledged, Load, Met, Width, connect, record},
    program::{Server, fill, namespace, new_folder, on_database, service_token},
    readback::{assert_kept, exported},
};

const WIDTH: Width = Width {
    users: 400,
    apps: 5,
    connections: 16,
    accesses_per_call_max: 64,
};
/// Enough calls on each side of the fault that every connection has had several.
const ANSWERS_ENOUGH: u64 = 200;
/// No write fits: with a few pages of room a small commit could still succeed, and rightly be answered.
const FILE_BYTES_MAX: u64 = 0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_no_more_admits_nobody_and_recovers() {
    if on_database() {
        say!("the disk is the database's own; how it fails is told in usher-postgres");
        return;
    }
    let mut dice = Dice::thrown("fault");
    let folder = new_folder();
    fill(folder.path(), WIDTH.users, WIDTH.apps);
    let service = service_token(folder.path());
    let mut server = Server::start_ignoring_file_size_signal(folder.path());
    let load = Load::start(server.address, &service, WIDTH, &mut dice);
    load.met.until(Met::answered, ANSWERS_ENOUGH).await;

    server.limit_file_size(Some(FILE_BYTES_MAX));
    load.met.until(Met::busy, ANSWERS_ENOUGH).await;
    let answered_under_fault = load.met.answered();
    load.met.until(Met::busy, 2 * ANSWERS_ENOUGH).await;
    assert_eq!(
        load.met.answered(),
        answered_under_fault,
        "nobody is told a verdict that the disk did not take"
    );
    assert!(server.lives(), "a failing disk does not end the server");

    server.limit_file_size(None);
    load.met
        .until(Met::answered, answered_under_fault + ANSWERS_ENOUGH)
        .await;
    let mut sender = connect(server.address).await.unwrap();
    let (status, _) = record(&mut sender, &service, &[(1, namespace(0))]).await.unwrap();
    assert_eq!(status, 200, "a new caller is served as before");

    server.kill();
    let mut acknowledged = Acknowledged::new();
    load.gather(&mut acknowledged).await;
    assert_kept(&acknowledged, &exported(folder.path()), "after the fault");
}
