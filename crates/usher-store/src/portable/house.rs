//! What an engine offers so that a ledger can move out and in.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    digest::Digest,
    section::Section,
    value::{Row, Value},
};
use crate::error::StoreError;

/// Where in a section a reader stands; only the engine that gave it can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(pub Vec<Value>);

/// A page of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The rows; there may be a few more or fewer than asked for, even none.
    pub rows: Vec<Row>,
    /// Where the next page begins; none at the end of the section.
    pub next: Option<Place>,
}

/// What stands in a target for as long as it is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The address of the source, without anything secret.
    pub source: String,
    /// How the source stood when the copy began.
    pub standing: String,
    /// The section that is being written; those before it are written.
    pub section: String,
    /// How far it is; none at its beginning.
    pub place: Option<Place>,
}

/// A ledger that moves out. Nobody else changes it meanwhile.
#[async_trait]
pub trait Source: Send {
    /// The address, without anything secret.
    fn address(&self) -> String;

    /// How many rows a section has.
    async fn count(&mut self, section: &'static Section) -> Result<u64, StoreError>;

    /// Reads the page of a section that begins at a place; without one the first.
    async fn read(&mut self, section: &'static Section, from: Option<&Place>) -> Result<Slice, StoreError>;

    /// Fails when somebody has begun to work on the ledger since it was opened for moving.
    async fn require_quiet(&mut self) -> Result<(), StoreError>;
}

/// A place for a ledger to move into. What is in it counts only when it is [finished](Target::finish); until then whoever would
/// serve it is refused.
#[async_trait]
pub trait Target: Source {
    /// The mark of a copy that has not ended.
    async fn mark(&mut self) -> Result<Option<Mark>, StoreError>;

    /// Takes everything out that belongs to a ledger, and sets the mark, at once.
    async fn begin(&mut self, mark: &Mark) -> Result<(), StoreError>;

    /// Writes a page and moves the mark, at once.
    async fn write(
        &mut self,
        section: &'static Section,
        rows: Vec<Row>,
        mark: &Mark,
    ) -> Result<(), StoreError>;

    /// Takes the mark away and lets numbers that the engine gives out go on after those that are there, at once.
    async fn finish(&mut self) -> Result<(), StoreError>;
}

/// Adds up a whole section.
///
/// # Errors
/// As the engine.
pub async fn digest<House: Source + ?Sized>(
    house: &mut House,
    section: &'static Section,
    mut seen: impl FnMut(u64) + Send,
) -> Result<Digest, StoreError> {
    let mut digest = Digest::default();
    let mut from = None;
    loop {
        let Slice { rows, next } = house.read(section, from.as_ref()).await?;
        digest.add_all(&rows);
        seen(rows.len() as u64);
        if next.is_none() {
            return Ok(digest);
        }
        from = next;
    }
}
