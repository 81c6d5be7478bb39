//! Speaking to other servers: one HTTP/1.1 request on a connection of its own.
//!
//! A handful of requests an hour needs no pool, no redirects and no cookies, so this is a connection, a handshake and
//! one request. TLS is rustls with the authorities the operating system trusts (and those of `SSL_CERT_FILE` and
//! `SSL_CERT_DIR`, as everywhere), so an operator's own authority works without a setting; a command may add those of a
//! file. There is no way to go without proof of who answers. A redirect is an answer like any other: whoever is asked may
//! not send us elsewhere.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, Uri, header, uri::Scheme},
};
use http_body_util::{BodyExt as _, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, CertificateError, ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

/// How long one exchange may take from the first packet to the end of the answer: a handshake around the world takes a
/// second, and whoever waits behind it is a person or an hourly errand.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where requests can be sent: an `http` or `https` address with a host and without a name or password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    host: String,
    port: u16,
    secure: bool,
}

impl Address {
    /// Reads an address; none when nothing can be sent there.
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

    /// True for `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// True when the host is this machine by its very name, which nobody else can answer to.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback())
    }

    fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |found| found.as_str())
    }
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nothing came within ten seconds.
    #[error("no answer in time")]
    Timeout,
    /// There is no connection, or it broke.
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    /// Whoever answered could not prove to be the host, or by nobody who is trusted here.
    #[error("the certificate is not trusted: {0:?}")]
    Certificate(CertificateError),
    /// What came is no HTTP, or nothing came.
    #[error("the request failed: {0}")]
    Request(#[from] hyper::Error),
    /// The request is no HTTP.
    #[error("the request cannot be written: {0}")]
    Unwritable(#[from] axum::http::Error),
    /// No certificate could be for such a host.
    #[error("the host cannot be verified: {0}")]
    Host(#[from] rustls::pki_types::InvalidDnsNameError),
    /// TLS does not work here.
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// Longer than the caller wants, or broken off.
    #[error("the answer is too long or broke off: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

/// A text without any certificate in PEM form, or with a broken one.
#[derive(Debug, thiserror::Error)]
#[error("there is no certificate in PEM form in it")]
pub struct NoCertificate;

/// Speaks to other servers.
#[derive(Default)]
pub struct Dialer {
    /// Trusted beside those of the operating system.
    authorities: Vec<CertificateDer<'static>>,
    /// Made when the first connection needs it: reading the system's certificates takes a while.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Dialer {
    /// One that also trusts the authorities (or single servers) whose certificates are in `pem`.
    ///
    /// # Errors
    /// [`NoCertificate`] when there is none, or one that cannot be read.
    pub fn also_trusting(pem: &[u8]) -> Result<Self, NoCertificate> {
        let authorities: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| NoCertificate)?;
        let mut roots = RootCertStore::empty();
        let (_, unreadable) = roots.add_parsable_certificates(authorities.iter().cloned());
        if roots.is_empty() || unreadable > 0 {
            return Err(NoCertificate);
        }
        Ok(Self {
            authorities,
            tls: OnceLock::new(),
        })
    }

    /// Sends a request to an address and reads the answer; none of its body when `body_bytes_max` is none. The request's
    /// own address counts for nothing; `Host` and `Connection` are set here.
    ///
    /// # Errors
    /// [`OutboundError`]; an answer of any status is an answer.
    pub async fn exchange(
        &self,
        address: &Address,
        request: Request<Body>,
        body_bytes_max: Option<usize>,
    ) -> Result<Response<Bytes>, OutboundError> {
        let exchange = self.exchange_at_leisure(address, request, body_bytes_max);
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange)
            .await
            .map_err(|_| OutboundError::Timeout)?
    }

    async fn exchange_at_leisure(
        &self,
        address: &Address,
        mut request: Request<Body>,
        body_bytes_max: Option<usize>,
    ) -> Result<Response<Bytes>, OutboundError> {
        *request.uri_mut() = address
            .path_and_query()
            .parse()
            .map_err(axum::http::Error::from)?;
        let host = HeaderValue::from_str(address.authority()).map_err(axum::http::Error::from)?;
        request.headers_mut().insert(header::HOST, host);
        request
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        if !address.secure {
            return send(stream, request, body_bytes_max).await;
        }
        let name = ServerName::try_from(address.host.clone())?;
        let connecting = TlsConnector::from(self.tls()?).connect(name, stream);
        let stream = connecting.await.map_err(handshake_failed)?;
        send(stream, request, body_bytes_max).await
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, OutboundError> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        // A certificate that cannot be read is one that is not trusted.
        let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let _ = roots.add_parsable_certificates(self.authorities.iter().cloned());
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(config))))
    }
}

/// Tells a certificate that is not trusted from a connection that broke: the one needs somebody to act.
fn handshake_failed(error: io::Error) -> OutboundError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(rustls::Error::InvalidCertificate(reason)) => OutboundError::Certificate(reason.clone()),
        _ => OutboundError::Connection(error),
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
    body_bytes_max: Option<usize>,
) -> Result<Response<Bytes>, OutboundError> {
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await?;
    let answer = async {
        let answer = sender.send_request(request).await?;
        read(answer, body_bytes_max).await
    };
    // The connection has to be driven beside the request, and ends with it: its future is dropped with this function.
    // When it ends first, what it has read is still there for the answer.
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => {
            ended?;
            answer.await
        }
    }
}

async fn read(
    answer: Response<Incoming>,
    body_bytes_max: Option<usize>,
) -> Result<Response<Bytes>, OutboundError> {
    let (parts, body) = answer.into_parts();
    let bytes = match body_bytes_max {
        None => Bytes::new(),
        Some(bytes_max) => {
            let collected = Limited::new(body, bytes_max).collect().await;
            collected.map_err(OutboundError::Body)?.to_bytes()
        }
    };
    Ok(Response::from_parts(parts, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_http_and_https_addresses_without_credentials() {
        for (text, expected) in [
            ("http://example.com/tickets", Some(("example.com", 80, false))),
            ("https://example.com", Some(("example.com", 443, true))),
            (
                "https://example.com:8443/a?b=c",
                Some(("example.com", 8443, true)),
            ),
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

    #[test]
    fn this_machine_is_known_by_its_names_only() {
        for (text, expected) in [
            ("http://localhost:8080/", true),
            ("http://LOCALHOST/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]:1/", true),
            ("http://[::ffff:127.0.0.1]:1/", true),
            ("http://localhost.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(Address::parse(text).unwrap().is_loopback(), expected, "{text}");
        }
    }
}
