//! Seats: the list, one seat, and changes of one or of all that a filter finds.

pub(super) mod action;
pub(super) mod bulk;
mod evidence;
pub(super) mod filter;
mod finding;
pub(super) mod list;
pub(super) mod one;
pub(super) mod round;
pub(super) mod undo;

pub(crate) use evidence::span;
