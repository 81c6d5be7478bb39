//! What a change does, once for every engine.
//!
//! Two engines keep the ledger by very different means: one is a single writer on a file, the other any number of instances on
//! a server. What a change *means* must not differ between them by a hair: who gets the next seat, what a group gives and takes,
//! what the audit log says, what a rehearsal leaves behind. So the rules stand here and nowhere else, and an engine only has
//! statements: it reads what a rule asks for and writes what it decided ([`Book`]).
//!
//! The tension is between one engine that waits for a server at every step and one that never waits. The rules are written as
//! if every step were waited for; an engine whose answers are always ready polls them once and is done. That rules out
//! anything here that waits by itself: no timer, no channel, no lock. And since a server's answer costs a journey, rules ask
//! for what they look at in one question ([`Survey`]), and do not look at what a write gives back: an engine may
//! keep such writes and send them together with its next question.
//!
//! - [`Book`]: what an engine can be asked, and told
//! - [`carry_out`]: a request for changes, whatever becomes of it
//! - `changes`: which rule makes which change; `directory`, `leaves`, `seating`: the rules
//! - `noting`: what a change leaves in the audit log; `changing`: a transaction on its way; `audit_log`: how records hang together
//! - [`idle`]: which seats a page of idle seats lists
//! - [`words`], [`sweeping`]: what every engine writes alike

mod audit_log;
mod book;
mod changes;
mod changing;
mod directory;
pub mod idle;
mod leaves;
mod noting;
mod request;
mod seating;
pub mod sweeping;
pub mod words;

pub use book::{
    Answer, AuditLog, Book, Credentials, Directory, Engine, GroupName, Groups, LeaveCalendar, Outcome, Pools,
    Savepoints, Seats, SignIn, Survey, WaitingLists, WaysIn,
};
pub use request::{NotMade, carry_out};
pub use seating::{Holding, Kept, Place, Terms};
