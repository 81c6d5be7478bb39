//! What a change costs in journeys to the server, counted by a relay that stands in between.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};
use usher_postgres::{PostgresOptions, PostgresStore};
use usher_seats::SeatType::PerUser;
use usher_store::{Change, ChangeRequest, Effect, LedgerChange, Manner, PoolName, SeatName, Store};
use usher_testbed::postgres::Server;

use crate::home::PostgresHome;

/// Lines of the bulk.
const LINES: i64 = 400;
/// For beginning, the end of the log and the commit, and for what the server answers while a machine that stalls is still in
/// the middle of sending, which looks like a journey more. A second journey for each line would be twice as much.
const JOURNEYS_BESIDE: u64 = 20;

/// Passes everything on, and counts on each connection how often somebody speaks after the server has answered.
#[derive(Default)]
struct Relay {
    journeys: Mutex<Vec<Arc<AtomicU64>>>,
}

impl Relay {
    /// Begins to pass on to the tests' server; gives the port to connect to.
    async fn begin(self: &Arc<Self>) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", Server::shared().port()))
                    .await
                    .unwrap();
                relay.pass_on(caller, server);
            }
        });
        port
    }

    fn pass_on(self: &Arc<Self>, caller: TcpStream, server: TcpStream) {
        let answered = Arc::new(AtomicBool::new(true));
        let (from_caller, to_caller) = caller.into_split();
        let (from_server, to_server) = server.into_split();
        let (journeys, heard) = (Arc::new(AtomicU64::new(0)), Arc::clone(&answered));
        self.connections().push(Arc::clone(&journeys));
        tokio::spawn(copied(from_caller, to_server, move || {
            let first = heard.swap(false, Ordering::SeqCst);
            journeys.fetch_add(u64::from(first), Ordering::SeqCst);
        }));
        tokio::spawn(copied(from_server, to_caller, move || {
            answered.store(true, Ordering::SeqCst);
        }));
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Arc<AtomicU64>>> {
        self.journeys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journeys since somebody asked last, on the connection that had most: others watch the database meanwhile.
    fn counted(&self) -> u64 {
        let connections = self.connections();
        let counted = connections
            .iter()
            .map(|journeys| journeys.swap(0, Ordering::SeqCst));
        counted.max().unwrap_or(0)
    }
}

async fn copied(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, note: impl Fn()) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        note();
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

fn give(ledger: &Ledger, user: i64) -> Change {
    let pool = PoolName {
        tenant_id: ledger.tenant_id,
        seat_type: PerUser,
        namespace: None,
    };
    let seat = SeatName {
        pool,
        user_id: user_id(user),
    };
    LedgerChange::RequestSeat {
        seat,
        expires_at_ms: None,
        wait: false,
    }
    .into()
}

#[tokio::test]
async fn each_line_of_a_bulk_costs_one_journey() {
    let home = PostgresHome::new().await;
    let ledger = Ledger::found(home.store(), "acme").await;
    let people: Vec<i64> = (1..=LINES + 1).collect();
    ledger.people_and_apps(&people, &["crm"]).await;

    let relay = Arc::new(Relay::default());
    let port = relay.begin().await;
    let address = Server::shared().address(home.database());
    let address = address.replace(&format!(":{}/", Server::shared().port()), &format!(":{port}/"));
    let store = PostgresStore::open(&address, &PostgresOptions::default())
        .await
        .unwrap();
    // Statements are prepared once per connection.
    let first = ChangeRequest {
        manner: Manner::Each,
        ..ChangeRequest::new(vec![give(&ledger, LINES + 1)], START_MS)
    };
    store.make(first).await.unwrap();

    relay.counted();
    let lines = (1..=LINES).map(|user| give(&ledger, user)).collect();
    let bulk = ChangeRequest {
        manner: Manner::Each,
        ..ChangeRequest::new(lines, START_MS + 1)
    };
    let outcome = store.make(bulk).await.unwrap();
    assert!(
        outcome
            .results
            .iter()
            .all(|result| *result == Ok(Effect::Created))
    );
    let journeys = relay.counted();
    assert!(
        journeys <= LINES.unsigned_abs() + JOURNEYS_BESIDE,
        "{journeys} journeys for {LINES} lines"
    );
    store.close().await;
}
