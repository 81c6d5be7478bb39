//! What does not fit, in the words of this API.

use usher_seats::IdentifierError;
use usher_store::{Rejection, StoreError};

use crate::wire::{FieldViolation, WireCode, WireError};

/// Names a field that is no identifier.
pub(super) fn violation(field: &str, error: &IdentifierError) -> FieldViolation {
    FieldViolation::new(field, format!("{field} must be {}", error.allowed))
}

/// A failed change.
pub(super) fn of_store(error: StoreError) -> WireError {
    match error.rejection() {
        Some(rejection) => of_rejection(rejection),
        None => error.into(),
    }
}

/// A line of a call that does not fit, and with it the whole call.
pub(super) fn of_line(rejection: Rejection, field: String, thing: &str) -> WireError {
    let mut error = of_rejection(rejection);
    error.notes.field_violations = vec![FieldViolation::new(field, rejection.to_string()).with_value(thing)];
    error
}

/// A change that does not fit. What is taken is named; by whom is not.
fn of_rejection(rejection: Rejection) -> WireError {
    let code = match rejection {
        Rejection::TenantUnknown => WireCode::TenantUnknown,
        Rejection::UserUnknown => WireCode::UserUnknown,
        Rejection::AppUnknown => WireCode::AppUnknown,
        Rejection::ClientUnknown => WireCode::ClientUnknown,
        Rejection::TenantKeyTaken => return taken("tenant_key", rejection),
        Rejection::UserIdTaken => return taken("user_id", rejection),
        Rejection::ExternalIdTaken => return taken("external_id", rejection),
        Rejection::NamespaceTaken => return taken("namespace", rejection),
        Rejection::ClientIdTaken => return taken("client_id", rejection),
        Rejection::RouteTaken => return taken("routes", rejection),
        Rejection::GroupKeyTaken => return taken("group_key", rejection),
        Rejection::GroupUnknown => WireCode::GroupUnknown,
        Rejection::PoolExhausted => WireCode::NoSeatFree,
        Rejection::PoolTooSmall
        | Rejection::SeatNotInUse
        | Rejection::SeatHeld
        | Rejection::SeatNotKept
        | Rejection::SeatProtected
        | Rejection::SeatUsed
        | Rejection::TooManyLeaves => return conflict(rejection),
        Rejection::SeatTypeAndNamespaceDisagree => return misfit("namespace", rejection),
        Rejection::PoolNeverValid => return misfit("valid_until", rejection),
        Rejection::LeaveNeverBegins => return misfit("ends_at", rejection),
        Rejection::EndInThePast => return misfit("expires_at", rejection),
        Rejection::IdentityProviderUnknown => WireCode::IdentityProviderUnknown,
        Rejection::SubjectTaken => return taken("subject", rejection),
        Rejection::Spent | Rejection::IdempotencyKeyTaken => return WireError::internal(rejection),
    };
    code.into()
}

fn taken(field: &'static str, rejection: Rejection) -> WireError {
    let mut error = WireError::from(WireCode::Taken);
    error.notes.field_violations = vec![FieldViolation::new(field, rejection.to_string())];
    error
}

/// What is asked for is possible, but not as things stand.
fn conflict(rejection: Rejection) -> WireError {
    let mut error = WireError::from(WireCode::Conflict);
    error.notes.field_violations = vec![FieldViolation::new("seat", rejection.to_string())];
    error
}

fn misfit(field: &'static str, rejection: Rejection) -> WireError {
    WireError::bad_request(vec![FieldViolation::new(field, rejection.to_string())])
}
