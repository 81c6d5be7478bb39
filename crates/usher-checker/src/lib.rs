//! Judges what a ledger answered, from the outside.
//!
//! `usher torture` drives a server, kills it, starts it again and writes down what everybody was told and when. This crate says
//! whether that can be true. It depends on nothing: no code of an engine, of the rules or of the wire is in here, so a mistake
//! there cannot hide itself by being made here, too.
//!
//! **Goals in tension.** A history of many callers at once has many explanations, and finding whether *any* of them fits is hard
//! in general. A checker that demands too little overlooks a loss; one that demands too much cries over what is allowed. The
//! choice: each seat is changed by one caller at a time (who breaks that is told so), while everybody opens apps at once. Then
//! what a seat may be at a moment is a set of at most two states, known without a search, and a judgement costs one walk over
//! the history.
//!
//! **What is known of a moment.** A call has a beginning and an end in one order of all callers. A change takes effect somewhere
//! between the two; one that was never answered (the server died) takes effect or does not, and from its beginning on both are
//! possible, until somebody looks while all is quiet. So:
//!
//! - what was acknowledged is there, and what was acknowledged as refused is not ([`Violation::LostSeat`] and its like);
//! - a time never goes below the newest acknowledged one, and never above the latest attempt;
//! - seats that are *certainly* in use at one moment are never more than were bought, and nobody is refused for want of a seat
//!   while fewer than that are *possibly* in use;
//! - a verdict fits some moment of its call; a walk has every row that was there throughout, once, in order.
//!
//! - `history`: what is recorded; `violation`: what can be wrong
//! - `seats`: what a seat may be; `pools`: how many are in use; `activity`: the newest times
//! - [`Checker`]: all of it over the rounds of a run

mod activity;
mod checker;
mod history;
mod pools;
mod seats;
mod violation;

pub use checker::Checker;
pub use history::{
    Access, ActivityRow, AssignAnswer, Change, ChangeKind, Kind, Load, Pair, PoolCount, Quiet, ReleaseAnswer,
    Seat, SeatLook, SeatRow, Tick, Verdict, Walk, Window,
};
pub use violation::Violation;

#[cfg(test)]
mod tests;
