//! How much memory the bodies of all requests take together.
//!
//! One body may have a mebibyte, and four thousand connections may be there: without a bound on the sum they could make the
//! server take four gibibytes. Every connection has room for a short body of its own, so that the calls of every day never
//! meet this bound; what is longer takes its bytes from what is there for all. A caller who finds none left is told that Usher
//! is busy, and nothing of the body is kept. Memory is taken as bytes arrive, so a length that is only announced holds nothing.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::wire::WireError;

/// What all bodies together may take, in bytes, beyond [`SHORT_BODY_BYTES`] of each: a quarter of the memory that Usher
/// promises to keep to (512 MiB), and a dozen bodies of bulk calls.
pub const BODIES_BYTES_MAX: usize = 128 * 1024 * 1024;
/// What every body may take without asking, in bytes: 4,096 of them take 64 MiB. Forms, token requests and reports of two
/// hundred accesses are shorter.
pub const SHORT_BODY_BYTES: usize = 16 * 1024;

/// The room for all bodies of one server.
#[derive(Debug)]
pub struct BodyRoom(Arc<Semaphore>);

impl Default for BodyRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BODIES_BYTES_MAX)))
    }
}

impl BodyRoom {
    /// The place of a body of which nothing has come yet.
    #[must_use]
    pub fn place(&self) -> BodyPlace {
        BodyPlace {
            room: Arc::clone(&self.0),
            taken: None,
        }
    }
}

/// What one body has taken; given back when it is dropped.
#[derive(Debug)]
pub struct BodyPlace {
    room: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl BodyPlace {
    /// Makes the place large enough for so many bytes in all.
    ///
    /// # Errors
    /// 2329001 when the bodies of others leave too little; the place stays as it was.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), WireError> {
        let taken = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.saturating_sub(SHORT_BODY_BYTES).saturating_sub(taken);
        if missing == 0 {
            return Ok(());
        }
        let more = u32::try_from(missing)
            .ok()
            .and_then(|missing| Arc::clone(&self.room).try_acquire_many_owned(missing).ok())
            .ok_or_else(|| WireError::crowded("the bodies of all requests leave no room for another"))?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }

    /// The bytes of a body, whose place is kept as long as they are.
    #[must_use]
    pub fn keep(self, bytes: Vec<u8>) -> Bytes {
        if self.taken.is_none() {
            return bytes.into();
        }
        Bytes::from_owner(Kept { bytes, _place: self })
    }
}

/// A body and its place.
struct Kept {
    bytes: Vec<u8>,
    _place: BodyPlace,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::WireCode;

    #[test]
    fn a_long_body_takes_room_from_all_and_gives_it_back() {
        let room = BodyRoom::default();
        let mut first = room.place();
        first.grow_to(SHORT_BODY_BYTES).unwrap();
        assert_eq!(
            room.0.available_permits(),
            BODIES_BYTES_MAX,
            "a short one asks nobody"
        );
        first.grow_to(SHORT_BODY_BYTES + 1_000).unwrap();
        first.grow_to(SHORT_BODY_BYTES + 3_000).unwrap();
        first.grow_to(SHORT_BODY_BYTES + 2_000).unwrap();
        assert_eq!(room.0.available_permits(), BODIES_BYTES_MAX - 3_000);

        let mut second = room.place();
        second
            .grow_to(BODIES_BYTES_MAX + SHORT_BODY_BYTES - 3_000)
            .unwrap();
        let refused = first.grow_to(SHORT_BODY_BYTES + 3_001).unwrap_err();
        assert_eq!(refused.code, WireCode::Busy);
        room.place().grow_to(SHORT_BODY_BYTES).unwrap();
        drop(second);

        let kept = first.keep(vec![b'x'; SHORT_BODY_BYTES + 3_000]);
        let part = kept.slice(..10);
        drop(kept);
        assert_eq!(
            room.0.available_permits(),
            BODIES_BYTES_MAX - 3_000,
            "a part of it keeps all of it"
        );
        drop(part);
        assert_eq!(room.0.available_permits(), BODIES_BYTES_MAX);
    }
}
