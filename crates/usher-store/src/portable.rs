//! A whole ledger in a form that is no engine's, so that it can move from one engine to another.
//!
//! A ledger is a list of [`SECTIONS`], and a section a set of rows with typed columns. What an engine adds for its own use
//! (dense numbers of people, sums, journals) is in no section: it is made anew where a ledger arrives. An engine reads a
//! section page by page in whatever order is cheap for it, writes pages in any order, and nothing else; what must happen in
//! which order to move house safely is told once, in [`copying`].
//!
//! **Why the order does not matter.** Two engines keep the same rows in different orders: one keeps a day's people as a bitmap of
//! dense numbers, the other as rows by user. Sorting hundreds of millions of rows only to compare them would cost more than
//! moving them. So a section is recognized by a [`Digest`] that adds up the hashes of its rows, which commutes.
//!
//! - [`section`]: what belongs to a ledger
//! - [`value`]: one field of a row
//! - [`digest`]: what a section is recognized by
//! - [`house`]: what an engine offers so that a ledger can move out and in
//! - [`copying`]: the way from one to the other

pub mod copying;
pub mod digest;
pub mod house;
pub mod section;
pub mod value;

pub use copying::{CopyError, CopyReport, CopyStep, SectionReport, UnderWay, begin, copy};
pub use digest::Digest;
pub use house::{Mark, Place, Slice, Source, Target};
pub use section::{Column, SECTIONS, Section, SectionName};
pub use value::{Kind, Row, Value};
