//! HTTP as far as a torture needs it: one connection, one question at a time.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Seconds to wait when a refusal does not say how many.
const PAUSE_SECONDS: u64 = 1;

/// The other end is not there any more; nobody knows what became of a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone;

/// A connection.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// An answer that came whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Null when it is no JSON.
    pub(super) body: Value,
    headers: HeaderMap,
}

impl Answer {
    /// What stands under `data`.
    pub(super) fn data(&self) -> &Value {
        self.body.get("data").unwrap_or(&Value::Null)
    }

    /// The elements of a list under `data`.
    pub(super) fn items(&self) -> &[Value] {
        let items = self.data().get("items").and_then(Value::as_array);
        items.map_or(&[], Vec::as_slice)
    }

    /// When to come back.
    pub(super) fn retry_after_seconds(&self) -> u64 {
        let header = self.headers.get(header::RETRY_AFTER);
        let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
        seconds.unwrap_or(PAUSE_SECONDS)
    }
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Gone> {
        let stream = TcpStream::connect(address).await.map_err(|_| Gone)?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Gone)?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Asks and waits for the whole answer.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        target: &str,
        token: &str,
        body: String,
    ) -> Result<Answer, Gone> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Gone)?;
        self.sender.ready().await.map_err(|_| Gone)?;
        let answer = self.sender.send_request(request).await.map_err(|_| Gone)?;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.map_err(|_| Gone)?.to_bytes();
        Ok(Answer {
            status: parts.status,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            headers: parts.headers,
        })
    }
}
