//! Query strings of `seat_activities` and `seat_assignments`.

use form_urlencoded::{Serializer, parse as pairs_of};
use usher_http::open_apis::parameters::{Parameters, parse};

/// The parameters the calls know.
const KNOWN: [&str; 3] = ["seat_type", "page_size", "page_token"];
/// The largest page (feishu-open-platform.md, section 1.1).
const PAGE_SIZE_MAX: usize = 500;

/// Inputs worth starting from.
pub const SEEDS: &[&str] = &[
    "seat_type=per_user&page_size=10",
    "seat_type=per_user_per_app&page_size=500&page_token=AbC-_9",
    "page_token=&page_size=0&seat_type=per_user",
    "seat%5Ftype=per%5Fuser&page%5fsize=%31&page=1&start_time=0",
    "seat_type=per_user&seat_type=per_user&page_size=1",
    "seat_type=per+user&page_size=+5&page_token=%FF%00",
    "seat_type=per_user&page_size=99999999999999999999&page_token=None",
];

/// Asserts what must hold for any query string.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = parse(&text);
    match &read {
        Ok(parameters) => {
            right_parameters_are_in_range(parameters);
            writing_and_reading_is_the_same(parameters);
            known_parameters_stand_once(&text);
        }
        Err(violations) => {
            let fields: Vec<&str> = violations
                .iter()
                .map(|violation| violation.field.as_str())
                .collect();
            let in_order: Vec<&str> = KNOWN.into_iter().filter(|name| fields.contains(name)).collect();
            assert_eq!(
                fields, in_order,
                "wrong fields are known ones, each once, in the order of the manual"
            );
            assert!(!fields.is_empty(), "a refusal names what is wrong");
        }
    }
    order_does_not_matter(&text, &read);
    unknown_parameters_do_not_matter(&text, &read);
}

fn right_parameters_are_in_range(parameters: &Parameters) {
    assert!(
        (1..=PAGE_SIZE_MAX).contains(&parameters.rows_max),
        "{parameters:?}"
    );
    assert_ne!(
        parameters.page_token.as_deref(),
        Some(""),
        "an empty page_token is none"
    );
}

fn writing_and_reading_is_the_same(parameters: &Parameters) {
    let mut written = Serializer::new(String::new());
    written.append_pair("seat_type", parameters.seat_type.wire_name());
    written.append_pair("page_size", &parameters.rows_max.to_string());
    if let Some(page_token) = &parameters.page_token {
        written.append_pair("page_token", page_token);
    }
    assert_eq!(
        parse(&written.finish()).as_ref(),
        Ok(parameters),
        "written and read again"
    );
}

fn known_parameters_stand_once(text: &str) {
    for name in KNOWN {
        let count = pairs_of(text.as_bytes())
            .filter(|(found, _)| found == name)
            .count();
        assert!(count <= 1, "{name} stands {count} times in {text:?}");
    }
}

fn order_does_not_matter(text: &str, read: &Result<Parameters, Vec<usher_http::wire::FieldViolation>>) {
    let mut parts: Vec<&str> = text.split('&').collect();
    parts.reverse();
    let reversed = parts.join("&");
    assert_eq!(parse(&reversed).is_ok(), read.is_ok(), "{reversed:?}");
    if let Ok(parameters) = read {
        assert_eq!(parse(&reversed).as_ref(), Ok(parameters), "{reversed:?}");
    }
}

fn unknown_parameters_do_not_matter(
    text: &str,
    read: &Result<Parameters, Vec<usher_http::wire::FieldViolation>>,
) {
    let more = format!("seat_types=per_seat&{text}&Page_Size=501&=&&x");
    assert_eq!(&parse(&more), read, "{more:?}");
}
