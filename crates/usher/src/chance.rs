//! Randomness, drawn here and nowhere else.

use std::cell::RefCell;

/// Bytes drawn at once for names: those of some hundred requests.
const STOCK_BYTES: usize = 1_024;

thread_local! {
    /// What is left of the stock, in front.
    static STOCK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

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
    /// To ask the system costs more than the rest of a name, so it is asked for many at once. Each byte is given once.
    fn fill_name(&self, bytes: &mut [u8]) {
        STOCK.with_borrow_mut(|stock| {
            if stock.len() < bytes.len() {
                stock.resize(STOCK_BYTES.max(bytes.len()), 0);
                self.fill(stock);
            }
            let left = stock.len() - bytes.len();
            let (_, drawn) = stock.split_at(left);
            bytes.copy_from_slice(drawn);
            stock.truncate(left);
        });
    }
}
