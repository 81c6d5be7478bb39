//! The door: where single accesses become batches.
//!
//! Making one access durable costs one flush to disk; making four thousand durable in one commit costs the same
//! flush. So callers do not go to the engine themselves: they put their accesses into the open batch and wait.
//! One worker takes whatever is waiting, up to a limit, whenever it is free (DESIGN section 3). No timer is
//! involved: a lone access finds the worker idle and pays no delay, and a crowd gathers by itself while the
//! commit before it is on its way to the disk.
//!
//! Three goals pull against each other, and this is how they are settled:
//!
//! - *Nobody is admitted too early.* An answer leaves only after the engine has said that the whole batch is
//!   durable; when it fails, everybody of the batch hears the failure. Retrying is left to the caller, who may
//!   repeat an access at will because `active_time` is a maximum.
//! - *Memory stays bounded.* The queue is counted in accesses, not in calls, because a call may carry a thousand.
//!   A caller who finds it full hears [`DoorError::Full`] at once instead of waiting in a longer queue.
//! - *Reports know how complete they are.* The door knows the time of the oldest access that is not settled yet:
//!   that is the [watermark](Door::watermark_ms).
//!
//! What is *not* guaranteed: a caller who goes away has still passed, and accesses of different calls may be
//! recorded in any order. Both are harmless, since accesses commute.
//!
//! - [`Door`]: what callers hold
//! - [`DoorLimits`]: how much may wait, and how much is made durable at once
//! - [`Recorder`]: what the door needs of an engine
//! - [`VerdictSlot`]: where somebody who comes again and again hears each verdict
//! - `queue`: what waits, behind one lock
//! - `worker`: the one task that speaks to the engine

mod door;
mod error;
mod limits;
mod queue;
mod recorder;
mod verdict_slot;
mod worker;

pub use door::{Door, DoorCounters};
pub use error::DoorError;
pub use limits::{BATCH_ACCESSES_MAX, DoorLimits, QUEUE_ACCESSES_MAX};
pub use recorder::{Recorder, Spooled};
pub use verdict_slot::VerdictSlot;
