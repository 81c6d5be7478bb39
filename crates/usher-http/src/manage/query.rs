//! Parameters that may be left out, read in one way wherever they narrow a list or a report.

use std::str::FromStr;

use usher_seats::{IdentifierError, SeatType};

use super::refusals;
use crate::{
    open_apis::parameters::{once, violation},
    wire::FieldViolation,
};

const SEAT_TYPE_ALLOWED: &str = "seat_type, options: [per_user,per_user_per_app]; leave it out for any";

/// An identifier; none when it is left out.
pub(super) fn optional<Value>(query: &str, name: &'static str) -> Result<Option<Value>, FieldViolation>
where
    Value: FromStr<Err = IdentifierError>,
{
    let Some(text) = once(query, name)? else {
        return Ok(None);
    };
    let parsed = text.parse().map(Some);
    parsed.map_err(|error: IdentifierError| refusals::violation(name, &error).with_value(&text))
}

/// A seat type; none when it is left out, which means any.
pub(super) fn seat_type(query: &str) -> Result<Option<SeatType>, FieldViolation> {
    let Some(text) = once(query, "seat_type")? else {
        return Ok(None);
    };
    SeatType::from_wire_name(&text)
        .map(Some)
        .ok_or_else(|| violation("seat_type", SEAT_TYPE_ALLOWED, Some(&text)))
}
