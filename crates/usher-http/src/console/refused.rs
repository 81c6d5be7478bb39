//! Why the ledger refuses something, in words for people.

use usher_console::{
    Block,
    texts::{Words, fill},
};
use usher_store::{Rejection, StoreError};

use crate::sign_in::problem::Problem;

/// A refusal as a sentence.
pub(super) fn sentence(words: &Words, rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::TenantUnknown => words.refused_tenant_unknown,
        Rejection::UserUnknown => words.refused_user_unknown,
        Rejection::AppUnknown | Rejection::SeatTypeAndNamespaceDisagree => words.refused_app_unknown,
        Rejection::ClientUnknown => words.refused_client_unknown,
        Rejection::GroupUnknown => words.refused_group_unknown,
        Rejection::RouteTaken => words.refused_route_taken,
        Rejection::TenantKeyTaken
        | Rejection::ClientIdTaken
        | Rejection::ExternalIdTaken
        | Rejection::UserIdTaken
        | Rejection::NamespaceTaken
        | Rejection::GroupKeyTaken
        | Rejection::SubjectTaken => words.refused_taken,
        Rejection::PoolExhausted => words.refused_pool_exhausted,
        Rejection::PoolTooSmall => words.refused_pool_too_small,
        Rejection::PoolNeverValid => words.refused_pool_never_valid,
        Rejection::SeatNotInUse => words.refused_not_in_use,
        Rejection::SeatHeld => words.refused_held,
        Rejection::SeatNotKept => words.refused_not_kept,
        Rejection::SeatProtected => words.refused_protected,
        Rejection::SeatUsed => words.refused_used,
        Rejection::EndInThePast => words.refused_end_past,
        Rejection::LeaveNeverBegins | Rejection::TooManyLeaves => words.refused_leave,
        _ => words.refused_other,
    }
}

/// A field that does not fit, as a sentence.
pub(super) fn field(words: &Words, label: &str, allowed: &str) -> String {
    fill(words.wrong_field, &[&label, &allowed])
}

/// Something that did not fit: what the person may mend as a notice on the page, the rest as a problem of its own.
///
/// # Errors
/// What only waiting or an operator can mend.
pub(super) fn notice(words: &Words, error: StoreError) -> Result<Block, Problem> {
    match error.rejection() {
        Some(rejection) => Ok(Block::alert(sentence(words, rejection))),
        None => Err(error.into()),
    }
}
