//! A command's end of the control channel.
//!
//! [`Channel::reach`] finds the way: a running server's socket, else the folder's lock and a router in this process; to a
//! database always the latter, for nobody holds it alone.
//! Both may be a moment away (a server is starting or stopping, another command is at work), so it tries both again
//! and again, but for a bounded time, and then names the holder.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{Router, body::Body};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, body::Bytes, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;
use tower::ServiceExt;
use usher_http::EdgeSettings;
use usher_sqlite::Holder;

use super::{
    ANSWER_BYTES_MAX, managed,
    wire::{self, StatusAnswer, StatusQuestion},
};
use crate::{
    clock::Stopwatch,
    failure::{Failure, WireFailure},
    language::{Language, Words},
    ledger::{Ledger, Obstacle},
    ledger_place::LedgerPlace,
    output::Exit,
    words,
};

/// How long a command waits for a holder that cannot be spoken to: longer than a server's start or stop and than most
/// commands, short enough that nobody thinks it hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries; a person does not notice it.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one call may take. A chunk of an import on a slow disk takes a second or two.
const CALL_TIME_MAX: Duration = Duration::from_secs(120);

/// An open way to the ledger.
pub(crate) struct Channel {
    place: LedgerPlace,
    command: &'static str,
    way: Way,
}

enum Way {
    /// Through a running server.
    Server(SendRequest<Full<Bytes>>),
    /// In this process.
    Here(Router, Box<Ledger>),
}

impl Channel {
    /// Finds the way to the ledger at a place, for `command`.
    ///
    /// # Errors
    /// [`Exit::Held`] naming the holder when nobody answered and nobody let go in time; others as [`Ledger::open`].
    pub(crate) async fn reach(place: &LedgerPlace, command: &'static str) -> Result<Self, Failure> {
        Ok(Self {
            way: find(place, command).await?,
            place: place.clone(),
            command,
        })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// The call's own failure, or [`Exit::Unavailable`] when the server went away.
    pub(crate) async fn call<Answer: DeserializeOwned>(
        &mut self,
        route: &str,
        question: &impl Serialize,
    ) -> Result<Answer, Failure> {
        let question = serde_json::to_vec(question).map_err(|_| other_version())?;
        let (success, bytes) = self.ask(Method::POST, route, question).await?;
        if success {
            return serde_json::from_slice(&bytes).map_err(|_| other_version());
        }
        let failure: WireFailure = serde_json::from_slice(&bytes).map_err(|_| other_version())?;
        Err(failure.into())
    }

    /// Makes a call of the management API, as operator, and gives its `data`.
    ///
    /// # Errors
    /// The refusal in words ([`managed`]), or [`Exit::Unavailable`] when the server went away.
    pub(crate) async fn manage(
        &mut self,
        method: Method,
        target: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Failure> {
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|_| other_version())?.unwrap_or_default();
        let (_, bytes) = self.ask(method, target, body).await?;
        managed::data(&bytes).unwrap_or_else(|| Err(other_version()))
    }

    async fn ask(&mut self, method: Method, target: &str, body: Vec<u8>) -> Result<(bool, Bytes), Failure> {
        let exchanged = async {
            self.refresh().await?;
            exchange(&mut self.way, method, target, body).await
        };
        let asked = tokio::time::timeout(CALL_TIME_MAX, exchanged).await;
        asked.map_err(|_| gone())?
    }

    /// Finds the way anew when the server closed the connection between two calls: it closes silent ones, and an
    /// import may wait long for its next line; or it was restarted.
    async fn refresh(&mut self) -> Result<(), Failure> {
        if let Way::Server(sender) = &mut self.way
            && sender.ready().await.is_err()
        {
            self.way = find(&self.place, self.command).await?;
        }
        Ok(())
    }

    /// Ends the work: lets go of the folder, if this process held it.
    pub(crate) async fn close(self) {
        if let Way::Here(_, ledger) = self.way {
            ledger.close().await;
        }
    }
}

/// One question and its answer: whether it is one or a failure, and its body.
async fn exchange(
    way: &mut Way,
    method: Method,
    target: &str,
    question: Vec<u8>,
) -> Result<(bool, Bytes), Failure> {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("Host", "usher")
        .header("Content-Type", "application/json")
        .body(Full::new(Bytes::from(question)))
        .map_err(|_| other_version())?;
    match way {
        Way::Server(sender) => {
            let response = sender.send_request(request).await.map_err(|_| gone())?;
            let success = response.status().is_success();
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
            let body = body.collect().await.map_err(|_| gone())?;
            Ok((success, body.to_bytes()))
        }
        Way::Here(router, _) => {
            let Ok(response) = router.clone().oneshot(request.map(Body::new)).await;
            let success = response.status().is_success();
            let body = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
            Ok((success, body.map_err(|_| other_version())?))
        }
    }
}

async fn find(place: &LedgerPlace, command: &str) -> Result<Way, Failure> {
    let patience = Stopwatch::start();
    loop {
        let holder = match Ledger::open(place, command, None).await {
            Ok(ledger) => return Ok(here(ledger)),
            Err(Obstacle::Failure(failure)) => return Err(failure),
            Err(Obstacle::Held(holder)) => holder,
        };
        let socket = holder
            .as_ref()
            .and_then(|holder| holder.control_socket.as_deref());
        if let Some(sender) = connect(socket).await {
            return Ok(Way::Server(sender));
        }
        if patience.elapsed() > PATIENCE {
            return Err(held(place, holder.as_ref(), None));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The calls in this process, on a ledger that it has opened.
fn here(ledger: Ledger) -> Way {
    let edge = ledger.edge(EdgeSettings::default());
    Way::Here(super::router(ledger.control(None), edge), Box::new(ledger))
}

/// Opens the ledger for a server that will be reached at `control_socket`. Another server is no reason to wait; a
/// command is, for a bounded time. Whoever has the folder is the inner error.
///
/// # Errors
/// As [`Ledger::open`].
pub(crate) async fn open_when_free(
    place: &LedgerPlace,
    command: &str,
    control_socket: Option<PathBuf>,
) -> Result<Result<Ledger, Option<Holder>>, Failure> {
    let patience = Stopwatch::start();
    loop {
        let holder = match Ledger::open(place, command, control_socket.clone()).await {
            Ok(ledger) => return Ok(Ok(ledger)),
            Err(Obstacle::Failure(failure)) => return Err(failure),
            Err(Obstacle::Held(holder)) => holder,
        };
        let is_server = holder
            .as_ref()
            .is_some_and(|holder| holder.control_socket.is_some());
        if is_server || patience.elapsed() > PATIENCE {
            return Ok(Err(holder));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Speaks to a server's socket; none when nobody answers there now.
async fn connect(socket: Option<&Path>) -> Option<SendRequest<Full<Bytes>>> {
    let stream = UnixStream::connect(socket?).await.ok()?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()?;
    tokio::spawn(connection);
    Some(sender)
}

/// What a holder says of itself, if it is a server and answers.
pub(crate) async fn status(holder: &Holder) -> Option<StatusAnswer> {
    let mut way = Way::Server(connect(holder.control_socket.as_deref()).await?);
    let question = serde_json::to_vec(&StatusQuestion {}).ok()?;
    let asked =
        tokio::time::timeout(PATIENCE, exchange(&mut way, Method::POST, wire::STATUS, question)).await;
    let (_, bytes) = asked.ok()?.ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Where a holder listens, if it is a server and says so.
pub(crate) async fn listening(holder: Option<&Holder>) -> Option<String> {
    status(holder?).await?.listening
}

/// Somebody has the folder; `listening` is where it can be reached, if that is known.
pub(crate) fn held(place: &LedgerPlace, holder: Option<&Holder>, listening: Option<&str>) -> Failure {
    let Some(Holder {
        process_id,
        command,
        since_ms,
        ..
    }) = holder
    else {
        return Failure::new(
            Exit::Held,
            words!(
                "{place} is held by another Usher",
                "{place} 正被另一个 Usher 占用"
            ),
        );
    };
    let since = crate::moments::shown(*since_ms);
    let at = listening.map_or_else(
        || Words::same(""),
        |address| words!(", listening on {address}", "，监听 {address}"),
    );
    let (at, at_chinese) = (at.text(Language::English), at.text(Language::Chinese));
    Failure::new(
        Exit::Held,
        Words::new(
            format!("{place} is held by process {process_id} (`{command}`, since {since}{at})"),
            format!("{place} 正被进程 {process_id} 占用（`{command}`，自 {since} 起{at_chinese}）"),
        ),
    )
    .next(words!(
        "wait for it, or stop it in an orderly way: kill {process_id}",
        "等待其结束，或有序停止它：kill {process_id}"
    ))
}

fn gone() -> Failure {
    Failure::new(
        Exit::Unavailable,
        words!(
            "the server went away while it was asked; run the same command again",
            "询问时服务器已离开；请重新运行同一命令"
        ),
    )
}

fn other_version() -> Failure {
    let version = env!("CARGO_PKG_VERSION");
    Failure::failed(words!(
        "the running server does not understand this command; it is not version {version}",
        "正在运行的服务器不理解此命令；其版本不是 {version}"
    ))
    .next(words!("usher --version", "usher --version"))
}
