//! Posting a letter: one HTTP/1.1 request on a connection of its own.
//!
//! A handful of letters an hour needs no pool, no redirects and no cookies, so this is a connection, a handshake and one
//! request. TLS is rustls with the certificates the operating system trusts, so an operator's own authority works
//! without a setting. Nothing of the answer is read but its status: what a ticket address says is nobody's business here,
//! and an administrator who writes an inside address into a registration learns nothing from it.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, Uri, header, uri::Scheme},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// How long one letter may take from the first packet to the answer: the platform gives its receivers three seconds,
/// and a handshake around the world takes one.
const POST_TIMEOUT: Duration = Duration::from_secs(10);

/// Where letters can be sent: an `http` or `https` address with a host and without a name or password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    host: String,
    port: u16,
    secure: bool,
}

impl Address {
    /// Reads an address; none when no letter can be sent there.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let secure = match uri.scheme()? {
            scheme if *scheme == Scheme::HTTP => false,
            scheme if *scheme == Scheme::HTTPS => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        // Brackets belong to the text of an IPv6 address, not to the address.
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Some(Self {
            uri,
            host,
            port,
            secure,
        })
    }
}

/// What is posted.
pub(super) struct Letter {
    pub(super) headers: [(&'static str, String); 3],
    pub(super) body: Bytes,
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("no answer in time")]
    Timeout,
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the request failed: {0}")]
    Request(#[from] hyper::Error),
    #[error("the letter cannot be written: {0}")]
    Letter(#[from] axum::http::Error),
    #[error("the host cannot be verified: {0}")]
    Host(#[from] tokio_rustls::rustls::pki_types::InvalidDnsNameError),
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    #[error("answered with {0}")]
    Refused(StatusCode),
}

/// Posts letters.
#[derive(Default)]
pub(super) struct Postman {
    /// Made when the first letter needs it: reading the system's certificates takes a while.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Postman {
    /// Posts a letter; taken is what is answered with 2xx.
    pub(super) async fn post(&self, address: &Address, letter: &Letter) -> Result<(), PostError> {
        let status = tokio::time::timeout(POST_TIMEOUT, self.exchange(address, letter))
            .await
            .map_err(|_| PostError::Timeout)??;
        if status.is_success() {
            Ok(())
        } else {
            Err(PostError::Refused(status))
        }
    }

    async fn exchange(&self, address: &Address, letter: &Letter) -> Result<StatusCode, PostError> {
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        let request = request(address, letter)?;
        if !address.secure {
            return send(stream, request).await;
        }
        let name = ServerName::try_from(address.host.clone())?;
        let stream = TlsConnector::from(self.tls()?).connect(name, stream).await?;
        send(stream, request).await
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, PostError> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        // A certificate that cannot be read is one that is not trusted.
        let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(config))))
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<StatusCode, PostError> {
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await?;
    // The connection has to be driven beside the request, and ends with it: its task is dropped with this function.
    let mut connection = std::pin::pin!(connection);
    let answer = sender.send_request(request);
    tokio::select! {
        answer = answer => Ok(answer?.status()),
        ended = &mut connection => {
            ended?;
            Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
        }
    }
}

fn request(address: &Address, letter: &Letter) -> Result<Request<Body>, PostError> {
    let path = address
        .uri
        .path_and_query()
        .map_or("/", |path_and_query| path_and_query.as_str());
    let host = address
        .uri
        .authority()
        .map_or_else(String::new, ToString::to_string);
    let mut request = Request::post(path)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CONNECTION, "close");
    for (name, value) in &letter.headers {
        request = request.header(*name, value);
    }
    Ok(request.body(Body::from(letter.body.clone()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_to_http_and_https_addresses_without_credentials() {
        for (text, expected) in [
            ("http://example.com/tickets", Some(("example.com", 80, false))),
            ("https://example.com", Some(("example.com", 443, true))),
            ("https://example.com:8443/a?b=c", Some(("example.com", 8443, true))),
            ("http://[2001:db8::1]:81/", Some(("2001:db8::1", 81, false))),
            ("ftp://example.com/", None),
            ("https://user:secret@example.com/", None),
            ("/tickets", None),
            ("example.com", None),
            ("", None),
        ] {
            let address = Address::parse(text);
            let read = address
                .as_ref()
                .map(|address| (address.host.as_str(), address.port, address.secure));
            assert_eq!(read, expected, "{text}");
        }
    }
}
