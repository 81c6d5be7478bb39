//! How much may wait, and how much is made durable at once.

/// Most accesses waiting for the worker: about two seconds of a busy engine (tens of thousands of accesses per
/// second), which is the longest wait that still helps somebody, and some 15 MB of memory.
pub const QUEUE_ACCESSES_MAX: usize = 65_536;

/// Most accesses in one commit: at this size the flush to disk is a vanishing share of the cost of an access, and
/// a batch still takes few enough milliseconds that nobody at its end notices.
pub const BATCH_ACCESSES_MAX: usize = 4_096;

/// The door's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorLimits {
    /// Most accesses that may wait; a call that would exceed it is refused.
    pub queue_accesses_max: usize,
    /// Most accesses handed to the engine at once. A single larger call is handed over alone, never split, so
    /// that one call gets one answer.
    pub batch_accesses_max: usize,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            queue_accesses_max: QUEUE_ACCESSES_MAX,
            batch_accesses_max: BATCH_ACCESSES_MAX,
        }
    }
}
