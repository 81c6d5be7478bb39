//! Callers: as many connections, one request in flight on each.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    chance::Chance,
    latencies::Latencies,
    speech::{Heard, Speech},
};

/// Room for an answer to an access; a page makes it grow once.
const ANSWER_BYTES: usize = 4_096;
/// How long an answer may take before the measurement ends: a server under valgrind may need seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Why a slice could not be measured.
#[derive(Debug, Error)]
pub enum CrowdError {
    /// A connection could not be had, or broke.
    #[error("the connection to {address} broke: {source}")]
    Connection {
        /// Who was asked.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The other side closed a connection, or sent what is no answer.
    #[error("{address} sent what is no answer: {beginning}")]
    Nonsense {
        /// Who was asked.
        address: SocketAddr,
        /// How it began, made readable.
        beginning: String,
    },
    /// The other side does not do what it is asked for.
    #[error("{address} refused: {answer}")]
    Refused {
        /// Who was asked.
        address: SocketAddr,
        /// What it said, made readable.
        answer: String,
    },
    /// No answer came in two minutes.
    #[error("{address} did not answer in time")]
    Late {
        /// Who was asked.
        address: SocketAddr,
    },
    /// A task of the crowd ended by a panic.
    #[error("a caller ended early: {0}")]
    Panic(#[from] tokio::task::JoinError),
}

/// When a slice ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// After so long; requests in flight are waited for.
    After(Duration),
    /// After so many requests in all, shared evenly.
    Requests(u64),
}

/// What a slice came to.
#[derive(Debug, Clone, Default)]
pub struct Slice {
    /// Answers as hoped for.
    pub good: u64,
    /// Whole answers of another kind.
    pub bad: u64,
    /// From the first request to the last answer.
    pub took: Duration,
    /// How long the answers took.
    pub latencies: Latencies,
}

impl Slice {
    /// Good answers per second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
    pub fn per_second(&self) -> f64 {
        self.good as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Connections to one server, kept from slice to slice.
#[derive(Debug)]
pub struct Crowd {
    callers: Vec<Caller>,
}

impl Crowd {
    /// Connects so many callers and lets them say their greetings. Callers of different seeds ask about different people.
    ///
    /// # Errors
    /// [`CrowdError`] when a connection cannot be had or a greeting is not answered.
    pub async fn connect(
        address: SocketAddr,
        connections: usize,
        seed: u64,
        speech: &dyn Speech,
    ) -> Result<Self, CrowdError> {
        let mut callers = Vec::with_capacity(connections);
        for number in 0..connections {
            let place = u64::try_from(number).unwrap_or(0);
            let mut caller = Caller::connect(address, seed ^ (place << 32)).await?;
            for greeting in speech.greetings() {
                caller.request = greeting;
                caller.converse(speech).await?;
            }
            callers.push(caller);
        }
        Ok(Self { callers })
    }

    /// Lets every caller ask until the slice ends.
    ///
    /// # Errors
    /// [`CrowdError`] at the first connection that breaks; the crowd is gone then.
    pub async fn drive(&mut self, speech: &Arc<dyn Speech>, end: End) -> Result<Slice, CrowdError> {
        let connections = u64::try_from(self.callers.len()).unwrap_or(0);
        let mut tasks = JoinSet::new();
        let begun = Instant::now();
        for (number, caller) in (0_u64..).zip(self.callers.drain(..)) {
            let limit = match end {
                End::After(how_long) => Limit::Moment(begun + how_long),
                End::Requests(all) => {
                    Limit::Requests(all / connections + u64::from(number < all % connections))
                }
            };
            let speech = Arc::clone(speech);
            tasks.spawn(caller.ask_until(limit, speech));
        }
        let mut slice = Slice::default();
        while let Some(ended) = tasks.join_next().await {
            let (caller, part) = ended??;
            slice.good += part.good;
            slice.bad += part.bad;
            slice.latencies.join(&part.latencies);
            self.callers.push(caller);
        }
        slice.took = begun.elapsed();
        Ok(slice)
    }
}

/// Sends one request on a connection of its own and gives the whole answer.
///
/// # Errors
/// [`CrowdError`] when there is no whole answer.
pub async fn ask_once(address: SocketAddr, speech: &dyn Speech) -> Result<Vec<u8>, CrowdError> {
    let mut caller = Caller::connect(address, 0).await?;
    for greeting in speech.greetings() {
        caller.request = greeting;
        caller.converse(speech).await?;
    }
    caller.request.clear();
    speech.ask(&mut caller.chance, &mut caller.request);
    caller.converse(speech).await?;
    Ok(caller.answer)
}

#[derive(Debug, Clone, Copy)]
enum Limit {
    Moment(Instant),
    Requests(u64),
}

/// One connection with its buffers.
#[derive(Debug)]
struct Caller {
    address: SocketAddr,
    stream: TcpStream,
    chance: Chance,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Caller {
    async fn connect(address: SocketAddr, seed: u64) -> Result<Self, CrowdError> {
        let broken = |source| CrowdError::Connection { address, source };
        let stream = TcpStream::connect(address).await.map_err(broken)?;
        // A request is one write; waiting to fill a packet would only delay it.
        stream.set_nodelay(true).map_err(broken)?;
        Ok(Self {
            address,
            stream,
            chance: Chance::new(seed),
            request: Vec::new(),
            answer: Vec::with_capacity(ANSWER_BYTES),
        })
    }

    async fn ask_until(mut self, limit: Limit, speech: Arc<dyn Speech>) -> Result<(Self, Slice), CrowdError> {
        let mut slice = Slice::default();
        loop {
            let now = Instant::now();
            let ended = match limit {
                Limit::Moment(moment) => now >= moment,
                Limit::Requests(requests) => slice.good + slice.bad >= requests,
            };
            if ended {
                return Ok((self, slice));
            }
            self.request.clear();
            speech.ask(&mut self.chance, &mut self.request);
            if self.converse(speech.as_ref()).await? {
                slice.good += 1;
            } else {
                slice.bad += 1;
            }
            slice.latencies.note(now.elapsed());
        }
    }

    /// Sends the request and reads its answer; true when it is as hoped for.
    async fn converse(&mut self, speech: &dyn Speech) -> Result<bool, CrowdError> {
        let address = self.address;
        match timeout(ANSWER_TIMEOUT, self.exchange(speech)).await {
            Ok(Ok(Heard::Whole(good))) => Ok(good),
            Ok(Ok(_)) => Err(CrowdError::Nonsense {
                address,
                beginning: String::from_utf8_lossy(self.answer.get(..200).unwrap_or(&self.answer))
                    .escape_debug()
                    .to_string(),
            }),
            Ok(Err(source)) => Err(CrowdError::Connection { address, source }),
            Err(_) => Err(CrowdError::Late { address }),
        }
    }

    async fn exchange(&mut self, speech: &dyn Speech) -> io::Result<Heard> {
        self.answer.clear();
        self.stream.write_all(&self.request).await?;
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Ok(Heard::Nonsense);
            }
            match speech.heard(&self.answer) {
                Heard::More => {}
                heard => return Ok(heard),
            }
        }
    }
}
