//! The console's pages: what is to be shown in, HTML, SVG and CSV out.
//!
//! Nothing here asks, decides or knows of HTTP. A page is a [`Frame`](page::Frame) and a list of [`Block`](block::Block)s;
//! whoever composes one chooses the blocks, and this crate says how they look. So every table looks like every other, can
//! be read on a telephone, and becomes CSV by the same model.
//!
//! Three rules hold everywhere. Every text is escaped by the templates, and text that people have stored stands in an
//! element of its own, so that a right-to-left mark in a name turns nothing around but that name. Nothing brings a
//! style or a script of its own into a page, because the policy forbids both. And every sentence is in [`texts`], in both
//! languages side by side.
//!
//! - [`page`]: a page around its blocks
//! - [`report`]: the same as one file that somebody mails
//! - [`block`]: what a page may consist of
//! - [`table`]: tables, as HTML and as CSV
//! - [`form`]: forms and filters
//! - [`chart`]: charts drawn as SVG, each with the table behind it
//! - [`calendar`]: a year of days
//! - [`number`]: numbers as people read them
//! - [`texts`]: every sentence
//! - [`language`]: which languages there are

pub mod block;
pub mod calendar;
pub mod chart;
pub mod form;
pub mod language;
pub mod number;
pub mod page;
pub mod report;
pub mod table;
pub mod texts;

pub use block::{Block, Fact, Link, NoticeKind, Step, Tile};
pub use calendar::Calendar;
pub use chart::{Chart, ChartKind, Point, range_labels};
pub use form::{Choice, Field, FieldKind, Filters, Form};
pub use language::Language;
pub use number::grouped;
pub use page::{Frame, Page, Section};
pub use report::Report;
pub use table::{Cell, Column, Row, Table, Tone};

/// The stylesheet of the console, to be loaded after the one that all pages share.
pub const STYLESHEET: &str = include_str!("../assets/console.css");
