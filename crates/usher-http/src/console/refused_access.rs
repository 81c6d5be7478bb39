//! Why the door refused somebody, in words for people.

use usher_seats::Refusal;

use super::desk::Desk;
use crate::access::denial::Denial;

/// A refusal as the page of a gateway says it, in the language of this page.
pub(super) fn sentence(desk: &Desk, reason: Refusal) -> &'static str {
    Denial::from(reason).message(desk.language())
}
