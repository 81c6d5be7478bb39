//! How providers are spoken to: the shared dialer behind the trait of the OpenID Connect library.

use std::{error::Error, pin::Pin};

use axum::body::Body;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use super::settings::may_be_asked;
use crate::outbound::{Address, Dialer, OutboundError};

/// Longest answer in bytes: a discovery document has some 5 KiB, the keys of a large provider some 20.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Why a provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("it names an address that is neither https nor of this machine")]
    Address,
    #[error("{0}")]
    Outbound(#[from] OutboundError),
}

/// Speaks to one provider.
pub(super) struct ProviderClient<'a> {
    dialer: &'a Dialer,
    /// True when the issuer itself is on this machine; no other may send us to an address here.
    loopback: bool,
}

impl<'a> ProviderClient<'a> {
    /// For the provider with this issuer.
    pub(super) fn new(dialer: &'a Dialer, issuer: &str) -> Self {
        let loopback = Address::parse(issuer).is_some_and(|address| address.is_loopback());
        Self { dialer, loopback }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, AskError> {
        let address = Address::parse(&request.uri().to_string())
            .filter(|address| may_be_asked(address) && (self.loopback || !address.is_loopback()))
            .ok_or(AskError::Address)?;
        let answer = self
            .dialer
            .exchange(&address, request.map(Body::from), Some(ANSWER_BYTES_MAX));
        Ok(answer.await?.map(Vec::from))
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderClient<'_> {
    type Error = AskError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AskError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

/// An error with what caused it, in one line. The causes of causes are in the cause's own words already.
pub(super) fn with_cause(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
