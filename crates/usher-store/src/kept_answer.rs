//! Answers kept so that a call may be repeated.
//!
//! Whoever creates something and does not hear the answer asks again under the same idempotency key and must neither
//! make a second thing nor hear "taken". The answer is kept in the very transaction that makes the thing, so there is
//! no moment at which one is durable without the other.

use usher_seats::TenantId;

use crate::{change::Effect, directory::TokenHash, error::Rejection};

/// An answer that was given under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The tenant that the call was about; none for one that concerns none, such as making one.
    pub tenant_id: Option<TenantId>,
    /// SHA-256 of who asked, what for, and the key.
    pub key_hash: TokenHash,
    /// SHA-256 of the whole request, so that another request under the same key is noticed.
    pub request_hash: TokenHash,
    /// What was answered, without its secrets.
    pub answer: String,
    /// What the changes that were made with it did, one result each, in order: known only to the engine when it keeps
    /// the answer, so whoever asks for an answer to be kept leaves this empty.
    pub results: Vec<Result<Effect, Rejection>>,
    /// The first moment at which the key is free again, in milliseconds.
    pub expires_at_ms: i64,
}
