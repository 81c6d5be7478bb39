//! The suite every storage engine passes.
//!
//! It lives apart from the contract so that nothing of it is built into the product. An engine says how to make an
//! empty ledger ([`Home`]) and calls [`stories!`] and [`model::run`] from its own tests.
//!
//! - [`stories`](mod@stories): one small tale per promise of the contract
//! - [`model`]: random sequences against a small ledger in memory
//! - [`idle`]: random organisations, and the report on idle seats worked out by hand
//! - [`ledger`]: what tales and model begin with; [`history`]: asking who was active on which day
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "this crate is tests; a surprise ends them"
)]

pub mod history;
pub mod idle;
pub mod ledger;
pub mod model;
mod random;
pub mod stories;

use std::sync::Arc;

use async_trait::async_trait;
use usher_store::Store;

/// An engine's empty ledger that can be closed and opened again.
#[async_trait]
pub trait Home: Send {
    /// The open engine.
    fn store(&self) -> Arc<dyn Store>;

    /// Closes the engine as a planned stop would, and opens it again.
    async fn restart(&mut self);
}
