//! The short way in: how nearly everybody comes through the door.
//!
//! A gateway asks before each page, over connections that it keeps, always in the same few lines. What a general server does
//! for a request (a task's worth of protocol state, a map of headers, a route looked up, layers around it, an answer built and
//! taken apart again) costs several times what the door does. So each connection begins here: a loop that knows the two
//! entrances of the door, reads their requests where they lie in the buffer, and writes answers straight into bytes.
//!
//! - *Rules stay where they are.* Who is believed, what the headers mean, who may enter, how a refusal reads: all of that is
//!   asked of `access`, `wire` and `router`, which the routes ask as well. Here is only HTTP/1.1, and little of it.
//! - *Anything else goes on to hyper.* A request that is not plainly one of the two (another path or method, a body where none is
//!   expected, `Expect`, `Connection: close`, chunks, a head that is too long, malformed or slow) is handed on with every
//!   byte read so far, and the connection stays there ([`Onward`]). So there is no second opinion about difficult
//!   requests: heads are read by hyper's own reader, and what it finds hard to read, hyper reads.
//! - *Limits hold.* A head grows up to [`HEAD_BYTES_MAX`](crate::server::HEAD_BYTES_MAX), a connection that says nothing ends in
//!   [`HEAD_READ_TIMEOUT`](crate::server::HEAD_READ_TIMEOUT) at the latest, a request that is not there as a whole within
//!   [`conversation::PATIENCE`] goes to hyper, whose time-outs then hold, and the stream's own limit for answers that nobody
//!   takes holds here as there. A connection that waits here gives its place up as one that waits there does.
//!
//! ```text
//! waiting --a whole question of the door--> answered --> waiting
//!    |--anything else, or a part for too long--> Onward (hyper goes on)
//!    '--closed, silent for too long, or the server stops--> ended
//! ```
//!
//! - `head`: what a question must look like to be answered here
//! - `conversation`: the loop of one connection
//! - `reply`: answers as bytes
//! - `waiting`: what else may happen to a connection that waits
//! - `onward`: the rest of a connection, with what was read already in front

mod conversation;
mod head;
mod onward;
mod reply;
mod waiting;

pub(super) use conversation::converse;
pub(super) use onward::Onward;
