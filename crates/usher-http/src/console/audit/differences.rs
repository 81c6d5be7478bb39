//! What a record of the audit log says of before and after, for people: field by field, and moments as moments.
//!
//! The names of the fields are those of the API, which gives the records as they are.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use usher_console::Cell;

use crate::console::desk::Desk;

/// What ends the name of a field that holds a moment in milliseconds.
const MILLISECONDS: &str = "_ms";

/// What is different, field by field; what was nothing and is nothing is left out.
pub(super) fn lines(desk: &Desk, before: Option<&str>, after: Option<&str>) -> Vec<Cell> {
    lines_of(before, after, &|time_ms| desk.moment(time_ms))
}

fn lines_of(before: Option<&str>, after: Option<&str>, moment: &impl Fn(i64) -> String) -> Vec<Cell> {
    let fields = |text: Option<&str>| match text.map(serde_json::from_str) {
        Some(Ok(Value::Object(fields))) => fields,
        Some(Ok(other)) => [("value".to_owned(), other)].into_iter().collect(),
        _ => Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let nothing = Value::Null;
    let lines = names.into_iter().filter_map(|name| {
        let was = before.get(name).unwrap_or(&nothing);
        let is = after.get(name).unwrap_or(&nothing);
        let said = |value| said(name, value, moment);
        let line = match (was, is) {
            _ if was == is => return None,
            (Value::Null, is) => format!("{}: {}", called(name), said(is)),
            (was, is) => format!("{}: {} → {}", called(name), said(was), said(is)),
        };
        Some(Cell::code(line))
    });
    lines.collect()
}

/// The name of a field; a moment is shown without the unit that it is kept in.
fn called(name: &str) -> &str {
    name.strip_suffix(MILLISECONDS).unwrap_or(name)
}

/// A value as JSON has it, with spaces between its parts so that lines may end there, and with moments for people.
fn said(name: &str, value: &Value, moment: &impl Fn(i64) -> String) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Number(number) if name.ends_with(MILLISECONDS) => {
            number.as_i64().map_or_else(|| number.to_string(), moment)
        }
        Value::Array(values) => {
            let parts = values.iter().map(|value| said(name, value, moment));
            format!("[{}]", joined(parts.collect()))
        }
        Value::Object(fields) => {
            let parts = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", called(name), said(name, value, moment)));
            format!("{{{}}}", joined(parts.collect()))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(before: &str, after: &str) -> Vec<String> {
        let cells = lines_of(Some(before), Some(after), &|time_ms| format!("<{time_ms}>"));
        cells.iter().map(|cell| cell.plain().into_owned()).collect()
    }

    #[test]
    fn only_what_differs_is_said_and_moments_are_moments() {
        assert_eq!(
            read(
                r#"{"held":true,"kept":null,"name":"a","released_at_ms":null}"#,
                r#"{"held":false,"kept":{"until_ms":7,"why":"x"},"name":"a","released_at_ms":5}"#
            ),
            [
                "held: true → false",
                r#"kept: {until: <7>, why: "x"}"#,
                "released_at: <5>"
            ]
        );
        assert_eq!(
            read(
                r#"{"scopes":["a"]}"#,
                r#"{"scopes":["a","b"],"history_ms":"no number"}"#
            ),
            [r#"history: "no number""#, r#"scopes: ["a"] → ["a", "b"]"#]
        );
    }

    #[test]
    fn what_is_no_object_is_shown_as_it_is_and_what_cannot_be_read_is_nothing() {
        assert_eq!(read("1", "[]"), ["value: 1 → []"]);
        assert!(read("{", "").is_empty());
        assert_eq!(read(r#"{"at_ms":1.5}"#, "{}"), ["at: 1.5 → null"]);
    }
}
