//! `usher torture`: proof on the owner's own disk that nothing acknowledged is lost.
//!
//! A real server (this very program, started anew) is driven by many connections and killed without warning, again and again,
//! always on the same growing ledger. What everybody was told is recorded and judged by `usher-checker`, which shares no code
//! with anything here. A seed draws every choice: who asks for what, how many answers come before the blow, how long after them
//! it falls. How the system weaves the connections together is its own affair, so the same seed gives the same choices and not
//! the same history.
//!
//! A round is a load, a blow, a new start and a reading while all is quiet; the server of the reading serves the next load.
//!
//! - `plan`: how wide it all is, and the dice
//! - `program`: this program as a child: commands, servers, blows
//! - `place`: where the ledger is, and who else is there
//! - `world`: the organisation in which it happens
//! - `connection`: HTTP as far as it is needed; `recorder`: the one order of beginnings and ends
//! - `callers`: the load; `readings`: lists, seats and pools as they are shown
//! - `rounds`: one after the other; `words`: what is wrong, for people and programs

mod callers;
mod connection;
pub(crate) mod place;
mod plan;
mod program;
mod readings;
mod recorder;
mod rounds;
mod words;
mod world;

pub(crate) use place::TorturePlace;
pub(crate) use rounds::{Figures, Outcome, Run};
pub(crate) use words::{machine, shown};
