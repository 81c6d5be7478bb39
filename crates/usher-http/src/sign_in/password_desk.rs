//! Where passwords are hashed: on threads that may block, two at a time.
//!
//! A hash is made to be expensive, so whoever may ask for hashes may ask for much. At most [`HASHES_AT_ONCE`] are computed
//! at a time, which bounds memory (19 MiB each) and leaves cores to everybody else; at most [`HASHES_WAITING_MAX`] wait
//! for their turn, and whoever comes then is told that the server is busy.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use usher_identity::{
    Secret,
    password::{SALT_BYTES, hash_password, match_nothing, password_matches},
};

use super::problem::Problem;

/// Hashes computed at the same time.
pub const HASHES_AT_ONCE: usize = 2;
/// Hashes that wait or are computed: at some 30 ms each the last waits half a second.
pub const HASHES_WAITING_MAX: usize = 32;

/// Computes hashes.
#[derive(Debug)]
pub struct PasswordDesk {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    hashes_begun: AtomicU64,
}

impl Default for PasswordDesk {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            queue: Arc::new(Semaphore::new(HASHES_WAITING_MAX)),
            hashes_begun: AtomicU64::new(0),
        }
    }
}

impl PasswordDesk {
    /// True when `password` is the one `phc` was made of. Without a hash it takes as long and is false.
    pub(super) async fn matches(&self, password: Secret, phc: Option<String>) -> Result<bool, Problem> {
        self.compute(move || match phc {
            Some(phc) => password_matches(&password, &phc),
            None => {
                match_nothing(&password);
                false
            }
        })
        .await
    }

    /// The PHC form of a new password.
    pub(super) async fn hash(&self, password: Secret, salt: [u8; SALT_BYTES]) -> Result<String, Problem> {
        self.compute(move || hash_password(&password, &salt))
            .await?
            .map_err(Problem::internal)
    }

    /// Hashes begun since the start.
    #[must_use]
    pub fn hashes_begun(&self) -> u64 {
        self.hashes_begun.load(Ordering::Relaxed)
    }

    async fn compute<Done: Send + 'static>(
        &self,
        work: impl FnOnce() -> Done + Send + 'static,
    ) -> Result<Done, Problem> {
        let busy = |_| Problem::busy("too many passwords wait to be hashed");
        let in_queue = Arc::clone(&self.queue).try_acquire_owned().map_err(busy)?;
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(Problem::internal)?;
        self.hashes_begun.fetch_add(1, Ordering::Relaxed);
        // The permits go along: a caller who hangs up does not make room while the thread still works.
        tokio::task::spawn_blocking(move || with_permits(work, &[in_queue, place]))
            .await
            .map_err(Problem::internal)
    }
}

fn with_permits<Done>(work: impl FnOnce() -> Done, _held: &[OwnedSemaphorePermit]) -> Done {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_to_a_full_queue_is_told_at_once() {
        let desk = PasswordDesk::default();
        let _all = Arc::clone(&desk.queue)
            .acquire_many_owned(u32::try_from(HASHES_WAITING_MAX).unwrap())
            .await
            .unwrap();
        let refused = desk.matches(Secret::new("x"), None).await;
        assert!(matches!(refused, Err(Problem::Busy { .. })), "{refused:?}");
        assert_eq!(desk.hashes_begun(), 0);
    }

    #[tokio::test]
    async fn nobody_costs_a_hash_too() {
        let desk = PasswordDesk::default();
        assert!(!desk.matches(Secret::new("x"), None).await.unwrap());
        let phc = desk
            .hash(Secret::new("correct horse battery"), [1; SALT_BYTES])
            .await
            .unwrap();
        assert!(
            desk.matches(Secret::new("correct horse battery"), Some(phc))
                .await
                .unwrap()
        );
        assert_eq!(desk.hashes_begun(), 3);
    }
}
