//! Posting a letter to a client.
//!
//! Nothing of the answer is read but its status: what a ticket address says is nobody's business here, and an
//! administrator who writes an inside address into a registration learns nothing from it.

use axum::{
    body::{Body, Bytes},
    http::{self, Request, StatusCode, header},
};

pub use crate::outbound::Address;
use crate::outbound::{Dialer, OutboundError};

/// What is posted.
pub(super) struct Letter {
    pub(super) headers: [(&'static str, String); 3],
    pub(super) body: Bytes,
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("the letter cannot be written: {0}")]
    Letter(#[from] http::Error),
    #[error("{0}")]
    Outbound(#[from] OutboundError),
    #[error("answered with {0}")]
    Refused(StatusCode),
}

/// Posts letters.
#[derive(Default)]
pub(super) struct Postman {
    dialer: Dialer,
}

impl Postman {
    /// Posts a letter; taken is what is answered with 2xx.
    pub(super) async fn post(&self, address: &Address, letter: &Letter) -> Result<(), PostError> {
        let answer = self.dialer.exchange(address, request(letter)?, None).await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(PostError::Refused(answer.status()))
        }
    }
}

fn request(letter: &Letter) -> Result<Request<Body>, PostError> {
    let mut request = Request::post("/").header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    for (name, value) in &letter.headers {
        request = request.header(*name, value);
    }
    Ok(request.body(Body::from(letter.body.clone()))?)
}
