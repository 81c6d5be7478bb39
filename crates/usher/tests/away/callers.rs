//! Many callers at once, each remembering what it was told, for as long as they are let.

use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinHandle};

/// Pause of a caller who was told to come back later, or whose second was used up. It paces the load; nothing depends on it.
const PAUSE: Duration = Duration::from_millis(20);
/// The first user that changes make; those below are the crowd.
pub(crate) const FIRST_MADE: u64 = 1_000_000;

/// The crowd.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    /// Users `1 ..= users`.
    pub(crate) users: u64,
    /// The app that they open.
    pub(crate) app: &'static str,
    /// Callers who report accesses, each on its own connection.
    pub(crate) callers: u64,
}

/// What all callers were told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// For each user the newest `active_time` that was acknowledged.
    pub(crate) accesses: Mutex<HashMap<u64, i64>>,
    /// Users that were made.
    pub(crate) made: Mutex<BTreeSet<u64>>,
    /// Calls with verdicts.
    answered: AtomicU64,
    /// Calls with 503.
    busy: AtomicU64,
    /// Users that were made.
    changes: AtomicU64,
    /// When somebody last heard no verdict.
    last_busy: Mutex<Option<Instant>>,
    /// The longest that somebody waited to hear 503.
    slowest_busy: Mutex<Duration>,
    stop: AtomicBool,
}

impl Told {
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }

    pub(crate) fn busy(&self) -> u64 {
        self.busy.load(Ordering::SeqCst)
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    pub(crate) fn last_busy(&self) -> Option<Instant> {
        *self.last_busy.lock().unwrap()
    }

    pub(crate) fn slowest_busy(&self) -> Duration {
        *self.slowest_busy.lock().unwrap()
    }

    fn note_refusal_of(&self, waited: Duration) {
        let mut slowest = self.slowest_busy.lock().unwrap();
        *slowest = waited.max(*slowest);
    }

    /// Forgets how long refusals took so far.
    pub(crate) fn measure_anew(&self) {
        *self.slowest_busy.lock().unwrap() = Duration::ZERO;
    }

    /// Waits until a count has grown by so many.
    pub(crate) async fn grown(&self, count: impl Fn(&Self) -> u64, by: u64) {
        let enough = count(self) + by;
        while count(self) < enough {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// A running load.
pub(crate) struct Callers {
    pub(crate) told: Arc<Told>,
    tasks: Vec<JoinHandle<()>>,
}

impl Callers {
    /// Everybody begins. One of them makes users, where there is an operator token for it.
    pub(crate) fn begin(
        address: SocketAddr,
        crowd: Crowd,
        (service, operator): (&str, Option<&str>),
        told: Arc<Told>,
    ) -> Self {
        told.stop.store(false, Ordering::SeqCst);
        let mut tasks: Vec<_> = (0..crowd.callers)
            .map(|number| {
                let (told, service) = (Arc::clone(&told), service.to_owned());
                tokio::spawn(visit(address, crowd, number, service, told))
            })
            .collect();
        if let Some(operator) = operator {
            tasks.push(tokio::spawn(make(
                address,
                operator.to_owned(),
                Arc::clone(&told),
            )));
        }
        Self { told, tasks }
    }

    /// Lets everybody end what they have begun.
    pub(crate) async fn end(self) {
        self.told.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// Reports accesses, three people at a time, again and again.
async fn visit(address: SocketAddr, crowd: Crowd, number: u64, token: String, told: Arc<Told>) {
    let mut line = Line::new(address);
    let mut next = number;
    while !told.stop.load(Ordering::SeqCst) {
        let users: Vec<u64> = (0..3).map(|step| 1 + (next + step * 7) % crowd.users).collect();
        next += crowd.callers;
        let body: Vec<Value> = users
            .iter()
            .map(|user| json!({"tenant_key": "default", "user_id": user, "namespace": crowd.app}))
            .collect();
        let began = now();
        match line.post("/usher/v1/accesses", &token, &Value::from(body)).await {
            Some((StatusCode::OK, answer)) => {
                remember(&users, &answer, &told);
                told.answered.fetch_add(1, Ordering::SeqCst);
            }
            Some((StatusCode::SERVICE_UNAVAILABLE, _)) => {
                told.busy.fetch_add(1, Ordering::SeqCst);
                *told.last_busy.lock().unwrap() = Some(now());
                told.note_refusal_of(began.elapsed());
                tokio::time::sleep(PAUSE).await;
            }
            Some((status, answer)) => panic!("neither verdicts nor 503: {status} {answer}"),
            None => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn remember(users: &[u64], answer: &Value, told: &Told) {
    let verdicts = answer["data"]["items"].as_array().unwrap();
    let mut accesses = told.accesses.lock().unwrap();
    for (user, verdict) in users.iter().zip(verdicts) {
        assert_eq!(verdict["verdict"], "admitted", "everybody here holds a seat");
        let active_time = verdict["active_time"].as_i64().unwrap();
        let newest = accesses.entry(*user).or_insert(active_time);
        *newest = active_time.max(*newest);
    }
}

/// Makes one user after the other. Of those whose making had no answer it makes no second.
async fn make(address: SocketAddr, token: String, told: Arc<Told>) {
    static NEXT: AtomicU64 = AtomicU64::new(FIRST_MADE);
    let mut line = Line::new(address);
    while !told.stop.load(Ordering::SeqCst) {
        let user = NEXT.fetch_add(1, Ordering::SeqCst);
        let body = json!({"user_id": user, "name": "somebody new"});
        match line
            .post("/usher/v1/users?tenant_key=default", &token, &body)
            .await
        {
            Some((StatusCode::OK | StatusCode::CREATED, _)) => {
                told.made.lock().unwrap().insert(user);
                told.changes.fetch_add(1, Ordering::SeqCst);
            }
            Some((StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, _)) | None => {
                tokio::time::sleep(PAUSE).await;
            }
            Some((status, answer)) => panic!("user {user}: {status} {answer}"),
        }
    }
}

/// A connection that is made anew when it was lost.
pub(crate) struct Line {
    address: SocketAddr,
    sender: Option<http1::SendRequest<Full<Bytes>>>,
}

impl Line {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            sender: None,
        }
    }

    /// Status and JSON of an answer; none when the connection was lost.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Option<(StatusCode, Value)> {
        let request = Request::post(path)
            .header("host", "127.0.0.1")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let (status, text) = self.ask(request).await?;
        Some((status, serde_json::from_slice(&text).unwrap()))
    }

    /// Status and text of an answer to a question without a body.
    pub(crate) async fn get(&mut self, path: &str) -> Option<(StatusCode, String)> {
        let request = Request::get(path)
            .header("host", "127.0.0.1")
            .body(Full::default())
            .unwrap();
        let (status, text) = self.ask(request).await?;
        Some((status, String::from_utf8(text.to_vec()).unwrap()))
    }

    async fn ask(&mut self, request: Request<Full<Bytes>>) -> Option<(StatusCode, Bytes)> {
        if self.sender.is_none() {
            let stream = TcpStream::connect(self.address).await.ok()?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
            tokio::spawn(connection);
            self.sender = Some(sender);
        }
        let sender = self.sender.as_mut()?;
        let calls = request.method() == hyper::Method::POST;
        let answered = async {
            sender.ready().await.ok()?;
            let answer: Response<_> = sender.send_request(request).await.ok()?;
            let (parts, body) = answer.into_parts();
            if calls && parts.status == StatusCode::SERVICE_UNAVAILABLE {
                assert!(
                    parts.headers.contains_key("retry-after"),
                    "503 says when to come back"
                );
            }
            let text = body.collect().await.ok()?.to_bytes();
            Some((parts.status, text))
        };
        let answer = answered.await;
        if answer.is_none() {
            self.sender = None;
        }
        answer
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long things took is what these tests measure"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
