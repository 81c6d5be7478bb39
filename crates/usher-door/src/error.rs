//! Why an access got no verdict.

use usher_store::StoreError;

/// A call that got no verdicts. Nobody of it may be let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// Too many accesses are waiting. Nothing of this call was recorded; it may be repeated soon.
    #[error("too many accesses are waiting")]
    Full,
    /// The door has been closed. Nothing of this call was recorded.
    #[error("the door is closed")]
    Closed,
    /// The database is away, and whether this access would be admitted is not known. It may be repeated later.
    #[error("the database is away, and nobody of these was seen recently")]
    Undecided,
    /// The engine failed while it recorded the batch this call was in. Some of it may have become durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DoorError {
    /// True when the same call may succeed later, here or on a server that takes this one's place.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Full | Self::Closed | Self::Undecided => true,
            Self::Store(error) => error.is_unavailable(),
        }
    }
}
