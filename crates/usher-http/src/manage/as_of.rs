//! Up to when a report is true.
//!
//! Every report carries the watermark, read before anything else is: all that happened before it is counted, whichever instance
//! let it in. The other instances are asked after our own door: one that is not known yet has let nobody in by then. A report that
//! could be wrong is refused instead, since somebody may lose a seat over it: when accesses have been waiting for long, as
//! while the disk is full, when the clock shows less than it did, and when it has jumped: a clock that runs ahead by a
//! quarter of a year would make everybody idle.

use crate::{
    edge::Edge,
    wire::{WireCode, WireError},
};

/// Oldest watermark of a report, in milliseconds. In good health it is milliseconds old; after five minutes something is
/// wrong that a person should look at.
const WATERMARK_AGE_MAX_MS: i64 = 5 * 60 * 1_000;
/// How far a clock may be set back without a word, in milliseconds: what a time service corrects day by day.
const CLOCK_STEP_MAX_MS: i64 = 1_000;
/// How far the clock may have been put forward or back since Usher started, in milliseconds. It may be many times a second
/// off after a year of small corrections; what is more was a jump, and days were counted that never were.
const CLOCK_JUMP_MAX_MS: i64 = 10 * 60 * 1_000;

/// The watermark of a report, in milliseconds.
///
/// # Errors
/// [`WireCode::ReportNotTrustworthy`] when a report would be wrong just now; as any call does that the store cannot serve.
pub(crate) async fn as_of(edge: &Edge, now_ms: i64) -> Result<i64, WireError> {
    let own_ms = edge.door.watermark_ms(now_ms);
    let others_ms = edge.store.others_watermark_ms(now_ms).await?;
    let watermark_ms = others_ms.map_or(own_ms, |others_ms| others_ms.min(own_ms));
    let latest_ms = edge.door.latest_ms().max(edge.store.health().newest_access_ms);
    let stepped_back_ms = latest_ms.map_or(0, |latest_ms| latest_ms - now_ms);
    let (began_ms, steady_began_ms) = edge.began_ms;
    let jumped_ms = (now_ms - began_ms) - (edge.clock.steady_ms() - steady_began_ms);
    let message = if now_ms - watermark_ms > WATERMARK_AGE_MAX_MS {
        "Accesses have been waiting to be recorded for more than five minutes, here or at another instance."
    } else if stepped_back_ms > CLOCK_STEP_MAX_MS {
        "The clock shows an earlier time than it has shown before."
    } else if jumped_ms.abs() > CLOCK_JUMP_MAX_MS {
        "The clock has been set by more than ten minutes since Usher started; restart Usher once it is right."
    } else {
        return Ok(watermark_ms);
    };
    Err(WireError::from(WireCode::ReportNotTrustworthy).with_message(message.to_owned()))
}
