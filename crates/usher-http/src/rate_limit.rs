//! How many calls of a kind pass; counted by the store, because all instances of Usher count together.

use usher_store::rate::RateLimit;

/// Frequency level 4 of the platform, whichever trips first (feishu-open-platform.md, section 4): the level of the token
/// calls, and of the management calls of its other parts.
pub const LEVEL_4: RateLimit = RateLimit {
    per_second: 50,
    per_minute: Some(1_000),
};
