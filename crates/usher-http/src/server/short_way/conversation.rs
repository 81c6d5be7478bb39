//! The loop of one connection.
//!
//! It reads once and writes once for each question, keeps its buffers, and has one timer, which is not touched while
//! questions come. Time is counted in rounds of [`PATIENCE`]: a round without a question is a round of silence.
//!
//! Under overload nearly all work is that of refusing, so a refusal must be cheap: a report is refused by its head when the
//! door is full, and its body is thrown away unread. And it must not come too often (`pause`).

use std::{future::poll_fn, io, pin::pin, task::Poll, time::Duration};

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use http_body_util::{BodyExt as _, Collected};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    time::sleep,
};
use usher_door::VerdictSlot;

use super::{
    Onward,
    head::{self, Announced, Begins, Question},
    reply::Reply,
    waiting::{Beside, Happened},
};
use crate::{
    access::{
        accesses::{self, Told},
        forward_auth::{self, Outside},
        service_callers::{LastCaller, Reach},
    },
    body_room::BodyPlace,
    edge::{Edge, PeerAddress},
    open_apis::gateway::bearer_text,
    router::Begun,
    server::{HEAD_BYTES_MAX, HEAD_READ_TIMEOUT, pause::PAUSE, places::Place},
    wire::WireError,
};

/// How long a part of a question may wait for its rest before hyper goes on: longer than any network between a gateway and us
/// takes for a second packet.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Rounds of silence after which a connection ends, within the time it may be silent: one round fewer than fill it, since timers
/// ring a little late.
const SILENT_ROUNDS_MAX: u64 = HEAD_READ_TIMEOUT.as_secs() / PATIENCE.as_secs() - 1;
/// Room for the next read: more than a question has, so that one read takes it whole and leaves some, which tells the runtime
/// that there is nothing more to read just now.
const READ_ROOM: usize = 2 * 1024;

/// Most room made for one read of a long report; more comes with the next read.
const LONG_READ_ROOM_MAX: usize = 64 * 1024;

/// Most room that a connection keeps while it waits, so that `CONNECTIONS_MAX` of them keep 64 MiB, as with hyper. A report of
/// two hundred accesses is read at once in it.
const ROOM_KEPT_MAX: usize = HEAD_BYTES_MAX;

/// What comes next.
enum Next {
    /// More has to be read.
    Read,
    /// Somebody else goes on.
    Onward,
    /// Nothing.
    End,
}

/// Answers the questions of one connection. What is left when something else comes is given back; nothing when the connection
/// is at its end.
pub(in crate::server) async fn converse<Stream>(
    edge: &Edge,
    mut stream: Stream,
    (peer, place): (Option<PeerAddress>, &Place),
    stopping: &watch::Receiver<bool>,
) -> Option<Onward<Stream>>
where
    Stream: AsyncRead + AsyncWrite + Unpin,
{
    let mut pause = pin!(sleep(Duration::ZERO));
    let mut silent_rounds = 0;
    let mut read = Vec::new();
    let mut desk = Desk::new(edge, (peer, place), stopping);
    let mut beside = Beside {
        place,
        // Polled after the stream: what was there already has been taken before the connection counts as waiting.
        leave: pin!(async {
            place.wait_unless_at_work();
            place.must_leave().await;
        }),
        stopping,
        stopped: pin!(stopped(stopping.clone())),
        round: pin!(sleep(PATIENCE)),
        wakes: None,
    };
    loop {
        make_room(&mut read, desk.wanted);
        let came = poll_fn(|context| {
            let client = if desk.pausing {
                pause.as_mut().poll(context).map(|()| Came::PauseOver)
            } else {
                pin!(stream.read_buf(&mut read)).poll(context).map(Came::Bytes)
            };
            match client {
                Poll::Pending => beside.poll(context).map(Came::Else),
                came => came,
            }
        });
        match came.await {
            Came::Bytes(Ok(0) | Err(_)) => return None,
            Came::Bytes(Ok(_)) => {}
            Came::PauseOver => desk.pausing = false,
            Came::Else(Happened::MustLeave) => {
                tracing::debug!("a connection that said nothing has left its place to another");
                return None;
            }
            Came::Else(Happened::Stopped) => {
                return (!read.is_empty()).then(|| Onward::new(read, stream));
            }
            Came::Else(Happened::RoundOver) => {
                beside.begin_round(sleep(PATIENCE));
                silent_rounds += 1;
                match desk.after_silence(silent_rounds, read.len()) {
                    Next::Read => continue,
                    Next::Onward => return Some(Onward::new(read, stream)),
                    Next::End => return None,
                }
            }
        }
        match desk.answer_all(&mut read, &mut stream, &mut silent_rounds).await {
            Next::Read if desk.pausing => pause.set(sleep(PAUSE)),
            Next::Read => {}
            Next::Onward => return Some(Onward::new(read, stream)),
            Next::End => return None,
        }
    }
}

/// Makes room for the rest of what is wanted, and a little more.
fn make_room(read: &mut Vec<u8>, wanted: usize) {
    let missing = wanted.saturating_sub(read.len()).min(LONG_READ_ROOM_MAX);
    if read.capacity() - read.len() < missing + READ_ROOM / 2 {
        read.reserve(missing + READ_ROOM);
    }
}

/// What a connection that waited has to go on with.
enum Came {
    Bytes(io::Result<usize>),
    PauseOver,
    Else(Happened),
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // The sender going away means the same as its word.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// What answers the questions of one connection.
struct Desk<'edge> {
    edge: &'edge Edge,
    peer: Option<PeerAddress>,
    place: &'edge Place,
    /// Changes, unseen, when the server stops.
    stopping: &'edge watch::Receiver<bool>,
    last_caller: Option<LastCaller>,
    /// Where the door's verdicts are heard.
    slot: VerdictSlot,
    reply: Reply,
    /// How many bytes the report takes that has begun to come; it is looked at again when they are there.
    wanted: usize,
    /// The place of a report that has begun to come.
    body_place: Option<BodyPlace>,
    /// How many bytes are still to come of a body that is thrown away.
    unread: usize,
    /// True when somebody was just told that there is no room.
    pausing: bool,
}

impl<'edge> Desk<'edge> {
    fn new(
        edge: &'edge Edge,
        (peer, place): (Option<PeerAddress>, &'edge Place),
        stopping: &'edge watch::Receiver<bool>,
    ) -> Self {
        Self {
            edge,
            peer,
            place,
            stopping,
            last_caller: None,
            slot: VerdictSlot::default(),
            reply: Reply::new(),
            wanted: 0,
            body_place: None,
            unread: 0,
            pausing: false,
        }
    }

    /// What comes after so many rounds of silence with so many bytes read: one round is forgiven.
    fn after_silence(&self, rounds: u64, read_bytes: usize) -> Next {
        let has_begun = rounds > 1 && read_bytes > 0;
        let throws_away = rounds > 1 && self.unread > 0;
        if throws_away || (rounds >= SILENT_ROUNDS_MAX && !has_begun) {
            Next::End
        } else if has_begun {
            Next::Onward
        } else {
            Next::Read
        }
    }

    /// Answers every question that is there as a whole, and leaves the rest.
    async fn answer_all<Stream: AsyncWrite + Unpin>(
        &mut self,
        read: &mut Vec<u8>,
        stream: &mut Stream,
        silent_rounds: &mut u64,
    ) -> Next {
        let mut done = self.unread.min(read.len());
        self.unread -= done;
        let next = loop {
            let rest = read.get(done..).unwrap_or_default();
            if rest.is_empty() || self.pausing {
                break Next::Read;
            }
            if rest.len() < self.wanted {
                // Its body still arrives: it waits for its client since now.
                self.place.wait();
                break Next::Read;
            }
            let bytes = match head::read(rest, &self.edge.settings.user_header) {
                Begins::Question(question, bytes) => {
                    self.place.work();
                    self.answer(question, rest).await;
                    bytes
                }
                Begins::Report(announced) => match self.room(&announced).await {
                    None => break Next::Onward,
                    Some(Ok(place)) => {
                        self.wanted = announced.bytes;
                        self.body_place = Some(place);
                        continue;
                    }
                    Some(Err(busy)) => {
                        self.unread = announced.bytes - rest.len();
                        self.refuse(busy).await;
                        rest.len()
                    }
                },
                Begins::Part if rest.len() < HEAD_BYTES_MAX => break Next::Read,
                Begins::Part | Begins::Other => break Next::Onward,
            };
            let closing = self.closing();
            let written = stream.write_all(self.reply.bytes()).await;
            self.place.wait();
            if written.is_err() || closing {
                break Next::End;
            }
            done += bytes;
            self.wanted = 0;
            self.body_place = None;
            *silent_rounds = 0;
        };
        read.drain(..done);
        if read.is_empty() && read.capacity() > ROOM_KEPT_MAX {
            // One long question must not cost its room for as long as the connection lives.
            *read = Vec::new();
        }
        next
    }

    /// True when an answer is the last of its connection.
    fn closing(&self) -> bool {
        self.stopping.has_changed().unwrap_or(true)
    }

    /// Answers one question, which begins `buffer`.
    async fn answer(&mut self, question: Question<'_>, buffer: &[u8]) {
        let begun = Begun::now(self.edge);
        match question {
            Question::ForwardAuth(gathered) => {
                let path = forward_auth::PATH;
                let asked = (self.peer, begun.at_ms);
                match forward_auth::enter(self.edge, asked, &gathered, &mut self.slot).await {
                    Ok(admission) => {
                        self.reply.begin_good();
                        admission.tell(|named, text| self.reply.header(named.on_the_wire, text));
                        self.end_good(begun, &Method::GET, path);
                    }
                    Err(Outside::Denied(denial)) => {
                        let response = denial.response(&head::headers(buffer));
                        let response = response.unwrap_or_else(WireError::into_response);
                        self.end(begun, &Method::GET, path, response).await;
                    }
                    Err(Outside::Failed(error)) => {
                        self.end(begun, &Method::GET, path, error.into_response()).await;
                    }
                }
            }
            Question::Accesses { authorization, body } => {
                let told = self.report(authorization, body, begun.at_ms).await;
                let written = told.and_then(|told| {
                    self.reply.body.clear();
                    told.write(&mut self.reply.body)
                });
                match written {
                    Ok(()) => {
                        self.reply.begin_good();
                        self.reply
                            .header("\r\nContent-Type: ", "application/json; charset=utf-8");
                        self.end_good(begun, &Method::POST, accesses::PATH);
                    }
                    Err(error) => {
                        self.reply.body.clear();
                        self.end_bad_report(begun, error).await;
                    }
                }
            }
        }
    }

    async fn report(
        &mut self,
        authorization: Option<&[u8]>,
        body: &[u8],
        now_ms: i64,
    ) -> Result<Told, WireError> {
        let reach = self.admit(authorization, now_ms).await?;
        self.edge.door.require_room()?;
        accesses::answer(self.edge, reach, body, &mut self.slot).await
    }

    async fn admit(&mut self, authorization: Option<&[u8]>, now_ms: i64) -> Result<Reach, WireError> {
        let text = bearer_text(authorization.into_iter())?;
        let callers = &self.edge.access_memory.callers;
        let store = self.edge.store.as_ref();
        callers
            .admit_again(store, text, &mut self.last_caller, now_ms)
            .await
    }

    /// Whether there is room for a report whose head is there; nothing where somebody else has to say why not.
    async fn room(&mut self, announced: &Announced<'_>) -> Option<Result<BodyPlace, WireError>> {
        let now_ms = self.edge.clock.now_ms();
        self.admit(announced.authorization, now_ms).await.ok()?;
        let mut place = self.edge.bodies.place();
        let room = self.edge.door.require_room().map_err(WireError::from);
        Some(room.and_then(|()| place.grow_to(announced.bytes)).map(|()| place))
    }

    /// Answers a report by its head.
    async fn refuse(&mut self, busy: WireError) {
        let begun = Begun::now(self.edge);
        self.end_bad_report(begun, busy).await;
    }

    /// Ends the answer to a report that came to nothing.
    async fn end_bad_report(&mut self, begun: Begun, error: WireError) {
        self.pausing = error.notes.crowded;
        let response = error.into_response();
        self.end(begun, &Method::POST, accesses::PATH, response).await;
    }

    /// Ends an answer with HTTP 200 whose own headers are said.
    fn end_good(&mut self, begun: Begun, method: &Method, path: &'static str) {
        let closing = self.closing();
        begun.note(self.edge, method, path, StatusCode::OK, None);
        self.reply.log_id(&begun.log_id);
        self.reply.end_good(begun.at_ms, closing);
    }

    /// Ends an answer that was made as the routes make theirs.
    async fn end(&mut self, begun: Begun, method: &Method, path: &'static str, response: Response) {
        let closing = self.closing();
        let response = begun.end(self.edge, method, path, response);
        let (parts, body) = response.into_parts();
        // Bodies of refusals are there as a whole, so this neither waits nor fails.
        let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
        let head = (parts.status, &parts.headers);
        self.reply.whole(head, &body, begun.at_ms, closing);
    }
}
