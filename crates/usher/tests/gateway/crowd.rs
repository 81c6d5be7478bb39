//! More than ten thousand requests of two hundred people through nginx.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use usher_seats::SeatType;

use crate::{
    app,
    browser::{Browser, signed_in},
    people::{CRM, Standing, account, activities, fill, standing, user_id, verdicts},
    program::{Server, new_folder},
    site::{Account, HOST, PAGE, REPORT, Site},
};

const PEOPLE: usize = 200;
const CONNECTIONS: usize = 32;
const REQUESTS_PER_CONNECTION: usize = 325;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seat_holders_get_the_page_and_their_activity_and_others_neither() {
    let folder = new_folder();
    fill(folder.path(), HOST, PEOPLE);
    let usher = Server::start(folder.path());
    let accounts: Vec<Account> = (0..PEOPLE).map(account).collect();
    let site = Site::open(usher.address, app::open().await, &accounts);

    let began_ms = now_ms();
    let signed_in: Arc<Vec<String>> = Arc::new(accounts.iter().map(signed_in).collect());
    let crowd: Vec<_> = (0..CONNECTIONS)
        .map(|connection| tokio::spawn(visit(site.address, connection, Arc::clone(&signed_in))))
        .collect();
    let mut visits = BTreeMap::new();
    for visitor in crowd {
        for (number, count) in visitor.await.unwrap() {
            *visits.entry(number).or_insert(0) += count;
        }
    }
    let ended_ms = now_ms();
    let total: u64 = visits.values().sum();
    assert!(total >= 10_000, "{total}");
    assert_eq!(visits.len(), PEOPLE, "everybody came");
    println!(
        "{total} requests of {PEOPLE} people through nginx in {} ms",
        ended_ms - began_ms
    );

    let found = activities(folder.path(), usher.address).await;
    let expected = (0..PEOPLE).filter_map(|number| match standing(number) {
        Standing::Holds(seat_type) => Some((user_id(number), CRM.to_owned(), seat_type.wire_name())),
        Standing::Lacks(_) => None,
    });
    assert_eq!(
        found.keys().cloned().collect::<Vec<_>>(),
        expected.collect::<Vec<_>>()
    );
    for (key, active_time) in &found {
        assert!(
            (began_ms..=ended_ms).contains(active_time),
            "{key:?}: {active_time}"
        );
    }
    assert_every_visit_was_decided(usher.address, &visits).await;
}

/// One connection's share: everybody in turn, each standing met by each page.
async fn visit(address: SocketAddr, connection: usize, signed_in: Arc<Vec<String>>) -> BTreeMap<usize, u64> {
    let mut browser = Browser::open(address).await;
    let mut visits = BTreeMap::new();
    for round in 0..REQUESTS_PER_CONNECTION {
        let number = (connection * 13 + round * 7) % PEOPLE;
        let (path, page) = if round % 2 == 0 {
            ("/", PAGE)
        } else {
            ("/reports/q3.html?x=/../y", REPORT)
        };
        let answer = browser.get(path, &[("authorization", &signed_in[number])]).await;
        match standing(number) {
            Standing::Holds(_) => {
                assert_eq!(
                    (answer.status, answer.body.as_str()),
                    (200, page),
                    "person {number}"
                );
            }
            Standing::Lacks(refusal) => {
                let reason = answer.header("x-usher-reason");
                assert_eq!(
                    (answer.status, reason),
                    (403, refusal.wire_name()),
                    "person {number}"
                );
                assert!(!answer.body.contains(page), "person {number}");
            }
        }
        *visits.entry(number).or_insert(0) += 1;
    }
    visits
}

/// Not one request went by the door or through it twice.
async fn assert_every_visit_was_decided(usher: SocketAddr, visits: &BTreeMap<usize, u64>) {
    let mut expected = BTreeMap::new();
    for (number, count) in visits {
        let row = match standing(*number) {
            Standing::Holds(SeatType::PerUser) => ("admitted", "per_user"),
            Standing::Holds(SeatType::PerUserPerApp) => ("admitted", "per_user_per_app"),
            Standing::Lacks(refusal) => ("refused", refusal.wire_name()),
        };
        *expected.entry(row).or_insert(0) += count;
    }
    assert_eq!(expected.len(), 5, "every standing was met");
    for ((verdict, reason), count) in expected {
        assert_eq!(
            verdicts(usher, verdict, reason).await,
            count,
            "{verdict} {reason}"
        );
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the story compares the server's times with the wall's"
)]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
