//! What is asked.
//!
//! Parameters are examined each for itself, so that a caller hears of all that is wrong at once. The rules are DESIGN
//! section 5's: `page_size` is decimal ASCII digits from 0 to 500 and 0 means the default; a known parameter given twice
//! is refused, because two readers could take different ones; unknown ones are ignored, because SDKs send some; an empty
//! `page_token=` counts as absent, because one SDK sends it for "none". `+` and `%20` are both a space; bytes that are
//! not UTF-8 become U+FFFD, which no good value holds.

use std::borrow::Cow;

use usher_seats::SeatType;
use usher_store::page::PAGE_ROWS_MAX;

use crate::wire::FieldViolation;

/// Rows of a page when `page_size` is 0: the reference's own example value.
pub const PAGE_ROWS_DEFAULT: usize = 10;

const SEAT_TYPE_ALLOWED: &str = "seat_type is required, options: [per_user,per_user_per_app]";
const PAGE_SIZE_ALLOWED: &str =
    "page_size is required, a whole number from 0 to 500 in decimal digits (0 means 10)";
/// What a caller hears of any page token that does not open; the reason is not told.
pub const PAGE_TOKEN_ALLOWED: &str = "page_token must be the one of the previous page of this very list, at most 24 hours old; \
     leave it out for the first page";

/// Parameters that are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// Which kind of seat.
    pub seat_type: SeatType,
    /// Most rows, `1 ..= PAGE_ROWS_MAX`.
    pub rows_max: usize,
    /// The page token, not yet opened; never empty.
    pub page_token: Option<String>,
}

/// Parameters each with its own outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Which kind of seat.
    pub seat_type: Result<SeatType, FieldViolation>,
    /// Most rows, `1 ..= PAGE_ROWS_MAX`.
    pub rows_max: Result<usize, FieldViolation>,
    /// The page token, not yet opened; never empty.
    pub page_token: Result<Option<String>, FieldViolation>,
}

/// Reads a query string (without its `?`).
///
/// # Errors
/// Every field that is wrong, in the order `seat_type`, `page_size`, `page_token`.
pub fn parse(query: &str) -> Result<Parameters, Vec<FieldViolation>> {
    match examine(query) {
        Examined {
            seat_type: Ok(seat_type),
            rows_max: Ok(rows_max),
            page_token: Ok(page_token),
        } => Ok(Parameters {
            seat_type,
            rows_max,
            page_token,
        }),
        examined => Err(examined.violations()),
    }
}

/// Reads a query string (without its `?`) and judges each parameter for itself.
#[must_use]
pub fn examine(query: &str) -> Examined {
    Examined {
        seat_type: once(query, "seat_type").and_then(|value| seat_type(value.as_deref())),
        rows_max: once(query, "page_size").and_then(|value| rows_max(value.as_deref())),
        page_token: once(query, "page_token")
            .map(|value| value.filter(|text| !text.is_empty()).map(Cow::into_owned)),
    }
}

impl Examined {
    /// Every field that is wrong, in the order `seat_type`, `page_size`, `page_token`.
    #[must_use]
    pub fn violations(self) -> Vec<FieldViolation> {
        [self.seat_type.err(), self.rows_max.err(), self.page_token.err()]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// The value of a parameter that may stand in the query at most once.
pub(crate) fn once<'a>(query: &'a str, name: &'static str) -> Result<Option<Cow<'a, str>>, FieldViolation> {
    let mut values = form_urlencoded::parse(query.as_bytes())
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value);
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(FieldViolation::new(
            name,
            format!("{name} must be given only once"),
        )),
    }
}

fn seat_type(value: Option<&str>) -> Result<SeatType, FieldViolation> {
    value
        .and_then(SeatType::from_wire_name)
        .ok_or_else(|| violation("seat_type", SEAT_TYPE_ALLOWED, value))
}

fn rows_max(value: Option<&str>) -> Result<usize, FieldViolation> {
    let rows = value.and_then(|text| page_rows(text, PAGE_ROWS_MAX));
    rows.ok_or_else(|| violation("page_size", PAGE_SIZE_ALLOWED, value))
}

/// Reads a `page_size`: decimal ASCII digits up to `most`; 0 means the default.
pub(crate) fn page_rows(text: &str, most: usize) -> Option<usize> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match text.parse().ok()? {
        0 => Some(PAGE_ROWS_DEFAULT),
        rows if rows <= most => Some(rows),
        _ => None,
    }
}

pub(crate) fn violation(field: &str, allowed: &str, value: Option<&str>) -> FieldViolation {
    let violation = FieldViolation::new(field, allowed);
    match value {
        Some(value) => violation.with_value(value),
        None => violation,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(query: &str) -> Vec<String> {
        let violations = parse(query).expect_err(query);
        violations.into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn page_sizes_are_decimal_digits_up_to_500() {
        for (text, rows) in [
            ("0", 10),
            ("1", 1),
            ("10", 10),
            ("500", 500),
            ("007", 7),
            ("%31", 1),
        ] {
            let parameters = parse(&format!("seat_type=per_user&page_size={text}")).unwrap();
            assert_eq!(parameters.rows_max, rows, "{text}");
        }
        for text in [
            "",
            "+5",
            "%2B5",
            " 5",
            "%205",
            "5%20",
            "5.0",
            "5e0",
            "-1",
            "-0",
            "501",
            "0x5",
            "٥",
            "%D9%A5",
            "５",
            "1_0",
            "99999999999999999999",
            "None",
            "%",
            "%ff",
            "1%00",
        ] {
            let query = format!("seat_type=per_user&page_size={text}");
            assert_eq!(fields(&query), ["page_size"], "{text:?}");
        }
    }

    #[test]
    fn seat_types_are_exact() {
        for text in [
            "",
            "per_User",
            "per_user ",
            "per_user%00",
            "per%5Fuser%5Fper_apps",
            "platform",
        ] {
            let query = format!("seat_type={text}&page_size=1");
            assert_eq!(fields(&query), ["seat_type"], "{text:?}");
        }
        let parameters = parse("page_size=1&seat%5Ftype=per%5Fuser_per_app").unwrap();
        assert_eq!(parameters.seat_type, SeatType::PerUserPerApp);
    }

    #[test]
    fn every_wrong_field_is_named_and_unknown_ones_are_not() {
        assert_eq!(fields(""), ["seat_type", "page_size"]);
        assert_eq!(fields("&&=&a=b&page=3&start_time=1"), ["seat_type", "page_size"]);
        assert_eq!(
            fields("page_token=a&page_token=a&page_size=1&page_size=1&seat_type=per_user&seat_type=per_user"),
            ["seat_type", "page_size", "page_token"]
        );
    }

    #[test]
    fn an_empty_page_token_is_absent_and_a_literal_none_is_a_token() {
        let token = |query: &str| {
            parse(&format!("seat_type=per_user&page_size=1{query}"))
                .unwrap()
                .page_token
        };
        assert_eq!(token(""), None);
        assert_eq!(token("&page_token="), None);
        assert_eq!(token("&page_token"), None);
        assert_eq!(token("&page_token=None"), Some("None".to_owned()));
        assert_eq!(token("&page_token=a%2Bb+c%20d"), Some("a+b c d".to_owned()));
    }

    proptest! {
        #[test]
        fn any_query_gives_parameters_in_range_or_violations(query in "(seat_type|page_size|page_token|&|=|per_user|_per_app|[0-9]|%[0-9a-f]{2}|\\PC){0,40}") {
            match parse(&query) {
                Ok(parameters) => {
                    prop_assert!((1..=PAGE_ROWS_MAX).contains(&parameters.rows_max));
                    prop_assert!(parameters.page_token.is_none_or(|token| !token.is_empty()));
                }
                Err(violations) => prop_assert!((1..=3).contains(&violations.len())),
            }
        }

        #[test]
        fn what_is_written_is_read(seat_type in prop::sample::select(&SeatType::ALL[..]), rows in 1..=PAGE_ROWS_MAX, token in "\\PC{1,50}") {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("page_token", &token)
                .append_pair("page_size", &rows.to_string())
                .append_pair("seat_type", seat_type.wire_name())
                .finish();
            let expected = Parameters { seat_type, rows_max: rows, page_token: Some(token) };
            prop_assert_eq!(parse(&query), Ok(expected));
        }
    }
}
