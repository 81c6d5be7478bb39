//! What the log line of a request says about a refusal.
//!
//! A refusal that is not in the envelope of a [`WireError`](super::WireError), as those of the token endpoints, carries
//! one of these as an extension of its response; [`crate::router()`] takes it out and writes it down.

use super::{WireCode, WireError};

/// Who has to act on a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The caller.
    Caller,
    /// Nobody: it passes.
    Busy,
    /// Whoever runs another server that ours depends on for this answer, such as an identity provider.
    Outside,
    /// Whoever runs the server.
    Internal,
}

/// What the log line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogNote {
    /// The code in the body.
    pub code: u32,
    /// Who has to act.
    pub weight: Weight,
    /// What only the log may know.
    pub detail: Option<String>,
}

impl From<&WireError> for LogNote {
    fn from(error: &WireError) -> Self {
        Self {
            code: error.code.row().code,
            weight: match error.code {
                WireCode::Internal => Weight::Internal,
                WireCode::Busy => Weight::Busy,
                _ => Weight::Caller,
            },
            detail: error.notes.detail.clone(),
        }
    }
}
