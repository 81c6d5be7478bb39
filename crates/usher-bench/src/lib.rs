//! Measuring: a crowd of callers that costs the machine as little as it can, and statistics that admit what they do not know.
//!
//! The goals in tension: a crowd and the server it asks share the same few processors, so every instruction of the crowd is
//! taken from what is measured; yet each caller must behave as a real one, with one request in flight and the answer read to its
//! last byte. Therefore the crowd speaks over raw sockets, one task per connection on one thread, makes each request in a buffer
//! that it keeps, and understands of an answer only where it ends and whether it is good. That rules out a general HTTP client:
//! what this one does not need to understand (chunks, compression, redirects) is an error.
//!
//! The same crowd speaks to whatever an Usher is compared with, so that the difference between two figures is not the crowd's.
//!
//! - [`crowd`]: the callers
//! - [`speech`]: what they say: HTTP, Redis, PostgreSQL
//! - [`no_op`], [`rivals`]: what Usher is compared with: a bare hyper server, and a Redis and a PostgreSQL made ready
//! - [`latencies`]: how long they waited
//! - [`statistics`]: medians, their spread, and whether it allows a conclusion
//! - [`process`]: what the kernel has counted about a process
//! - [`chance`]: who is asked about

pub mod chance;
pub mod crowd;
pub mod latencies;
pub mod no_op;
pub mod process;
pub mod rivals;
pub mod speech;
pub mod statistics;
