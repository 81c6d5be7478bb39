//! Randomness, drawn here and nowhere else.

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemChance;

impl usher_http::Chance for SystemChance {
    /// Fills the bytes. A system that has no randomness to give cannot make a token that nobody guesses, so the
    /// process ends rather than go on with predictable ones.
    #[expect(clippy::disallowed_methods, reason = "this is the edge that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
