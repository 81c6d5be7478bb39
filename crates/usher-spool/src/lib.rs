//! The spool: what the door does while the database is away, if the operator wants it to go on.
//!
//! Without it, people wait outside while the database is away. With it, whoever was admitted recently is admitted again from
//! memory, and their accesses are made durable in a small file of this instance until the database is back. Four goals pull
//! against each other, and this is how they are settled:
//!
//! - *Nobody enters who should not.* Memory holds only what the ledger itself admitted, for a stated time, never beyond the end
//!   of a seat, and forgets whatever the audit log says was changed, within seconds ([`memory`], [`listening`]).
//!   What remains is the trade: a seat taken away during the last second before the database went away, or elsewhere
//!   while it was away, still admits here until it is back. Who is not remembered is not refused either: nobody knows.
//! - *Nothing that was acknowledged is lost.* An access is in the file, with one flush to the disk for the whole batch, before
//!   anybody hears "admitted". It leaves the file after the ledger has it. In between it may be brought in twice, which
//!   changes nothing: times are maxima, days are sets ([`replaying`]).
//! - *Memory and disk stay bounded.* People are remembered up to a number, the file grows up to a number of bytes; then those
//!   outside wait ([`file`]). Accesses of one person to one app within a quarter of an hour are one row, so the file grows with
//!   people and not with their clicks.
//! - *Reports stay true.* The oldest access in the file holds the watermark back.
//!
//! - [`Spool`]: stands between the door and the engine
//! - [`memory`]: who was seen recently; [`listening`]: what makes it forget
//! - [`file`]: what waits; [`replaying`]: how it reaches the ledger

mod file;
mod listening;
mod memory;
mod replaying;
mod spool;

pub use file::{BYTES_MIN, SpoolError};
pub use spool::{Spool, SpoolOptions};
