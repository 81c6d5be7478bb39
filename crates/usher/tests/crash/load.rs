//! Many callers at once, each on its own connection, each remembering what it was told.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Notify, task::JoinHandle};

use crate::{dice::Dice, program::namespace};

/// What was acknowledged: for each (user, app) the newest `active_time` a caller was told.
pub(crate) type Acknowledged = HashMap<(u64, String), i64>;

/// How wide the load is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Width {
    /// Users `1 ..= users`.
    pub(crate) users: u64,
    /// Apps `0 .. apps`.
    pub(crate) apps: u64,
    /// Connections at once.
    pub(crate) connections: usize,
    /// Most accesses in one call; the calls draw a number up to it.
    pub(crate) accesses_per_call_max: u64,
}

/// What all callers have met together.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Calls answered with verdicts.
    answered: AtomicU64,
    /// Calls answered with 503.
    busy: AtomicU64,
    changed: Notify,
}

impl Met {
    /// How many calls were answered with verdicts so far.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }

    /// How many calls were answered with 503 so far.
    pub(crate) fn busy(&self) -> u64 {
        self.busy.load(Ordering::SeqCst)
    }

    /// Waits until a count has grown to `enough`.
    pub(crate) async fn until(&self, count: impl Fn(&Self) -> u64, enough: u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the count is read, so that no change between the two is missed.
            changed.as_mut().enable();
            if count(self) >= enough {
                return;
            }
            changed.await;
        }
    }

    fn note(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }
}

/// A running load.
pub(crate) struct Load {
    /// What the callers have met so far.
    pub(crate) met: Arc<Met>,
    callers: Vec<JoinHandle<Acknowledged>>,
}

impl Load {
    /// Starts every caller.
    pub(crate) fn start(address: SocketAddr, token: &str, width: Width, dice: &mut Dice) -> Self {
        let met = Arc::new(Met::default());
        let callers = (0..width.connections)
            .map(|_| {
                tokio::spawn(caller(
                    address,
                    token.to_owned(),
                    width,
                    dice.split(),
                    Arc::clone(&met),
                ))
            })
            .collect();
        Self { met, callers }
    }

    /// Waits until every caller has lost its connection, and adds what they were told.
    pub(crate) async fn gather(self, all: &mut Acknowledged) -> Arc<Met> {
        for caller in self.callers {
            for (key, active_time) in caller.await.unwrap() {
                let newest = all.entry(key).or_insert(active_time);
                *newest = active_time.max(*newest);
            }
        }
        self.met
    }
}

/// Records accesses until the connection is gone.
async fn caller(
    address: SocketAddr,
    token: String,
    width: Width,
    mut dice: Dice,
    met: Arc<Met>,
) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    let Ok(mut sender) = connect(address).await else {
        return acknowledged;
    };
    loop {
        let accesses = draw(width, &mut dice);
        let Ok((status, answer)) = record(&mut sender, &token, &accesses).await else {
            return acknowledged;
        };
        match status {
            StatusCode::OK => {
                remember(&accesses, &answer, &mut acknowledged);
                met.note(&met.answered);
            }
            StatusCode::SERVICE_UNAVAILABLE => met.note(&met.busy),
            _ => panic!("neither verdicts nor 503: {status} {answer}"),
        }
    }
}

/// A connection of its own.
pub(crate) async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, hyper::Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn draw(width: Width, dice: &mut Dice) -> Vec<(u64, String)> {
    let count = 1 + dice.below(width.accesses_per_call_max);
    (0..count)
        .map(|_| (1 + dice.below(width.users), namespace(dice.below(width.apps))))
        .collect()
}

/// One call of `POST /usher/v1/accesses`; an error means that the connection ended first.
pub(crate) async fn record(
    sender: &mut SendRequest<Full<Bytes>>,
    token: &str,
    accesses: &[(u64, String)],
) -> Result<(StatusCode, Value), hyper::Error> {
    let body: Vec<Value> = accesses
        .iter()
        .map(|(user_id, namespace)| json!({"tenant_key": "default", "user_id": user_id, "namespace": namespace}))
        .collect();
    let request = Request::post("/usher/v1/accesses")
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(Value::from(body).to_string())))
        .unwrap();
    sender.ready().await?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        assert_eq!(answer.headers()["retry-after"], "1", "503 says when to come back");
    }
    let text = answer.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&text).unwrap()))
}

fn remember(accesses: &[(u64, String)], answer: &Value, acknowledged: &mut Acknowledged) {
    let verdicts = answer["data"]["items"].as_array().unwrap();
    assert_eq!(verdicts.len(), accesses.len(), "each access has its own verdict");
    for (key, verdict) in accesses.iter().zip(verdicts) {
        assert_eq!(
            verdict["verdict"], "admitted",
            "everybody here holds a seat: {verdict}"
        );
        let active_time = verdict["active_time"].as_i64().unwrap();
        let newest = acknowledged.entry(key.clone()).or_insert(active_time);
        *newest = active_time.max(*newest);
    }
}
