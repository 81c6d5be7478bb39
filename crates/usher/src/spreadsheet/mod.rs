//! Tables as people keep them, read into what they say.
//!
//! A spreadsheet is written for people: its columns are called as its owner likes, stand in any order, and come in the
//! encoding and with the separator that the owner's program happens to write. So this is lenient where there is one
//! reading and strict where there are two: a column that nobody knows is named and ignored, but two columns for the
//! same thing are refused, and so is a number that a spreadsheet has shortened.
//!
//! - [`text`]: bytes become UTF-8
//! - [`records`]: text falls into rows of cells, under limits
//! - [`columns`]: what the header means; `names`: what people call columns
//! - [`cells`]: what a cell says
//! - [`entries`]: what a row says
//! - [`problems`]: why a row says nothing

pub mod cells;
pub mod columns;
pub mod entries;
mod names;
pub mod problems;
pub mod records;
pub mod text;

pub use columns::{Column, Header, Kind};
pub use entries::{Entry, Person, WrittenMoment};
pub use problems::{HeaderProblem, RowProblem};
pub use records::{Records, Row};
