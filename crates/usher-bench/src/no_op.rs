//! The bare hyper server: the limit for any HTTP service on hyper. It answers every request with the same bytes, as many as
//! Usher's answer to an access has, and looks at nothing.
//!
//! The runtime, the allocator and the settings of HTTP/1.1 are hyper's and tokio's own; header names are spelled as Usher spells
//! them. The body of a request is not asked for: hyper reads past it.

use std::{convert::Infallible, io};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// As long as the answer to an admitted access.
const BODY: &[u8] = br#"{"code":0,"msg":"success","data":{"verdict":"admitted","seat_type":"per_user","active_time":1795398016227}}"#;
/// As long as a log id.
const LOG_ID: &str = "2026112309401635AF030D769D57E97E23";

/// Serves until a connection cannot be accepted, or until it is dropped.
///
/// # Errors
/// What the system says of a connection that cannot be accepted.
pub async fn serve(listener: TcpListener) -> io::Result<Infallible> {
    serve_body(listener, Bytes::from_static(BODY)).await
}

/// The same with another body: as many bytes as some other answer has.
///
/// # Errors
/// As [`serve`].
pub async fn serve_body(listener: TcpListener, body: Bytes) -> io::Result<Infallible> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(stream, body.clone()));
    }
}

async fn converse(stream: TcpStream, body: Bytes) {
    let service = service_fn(|request| {
        let answered = answer(&request, body.clone());
        async move { Ok::<_, Infallible>(answered) }
    });
    let connection = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    // A caller that breaks off is none of ours.
    let _ = connection.await;
}

fn answer(_: &Request<Incoming>, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(
        HeaderName::from_static("x-tt-logid"),
        HeaderValue::from_static(LOG_ID),
    );
    headers.insert(
        HeaderName::from_static("x-request-id"),
        HeaderValue::from_static(LOG_ID),
    );
    response
}
