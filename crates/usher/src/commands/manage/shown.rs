//! A thing as one line.

use serde_json::Value;

use crate::language::{Language, Words};
use crate::words;

/// The fields of a line, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns(pub(super) &'static [&'static str]);

impl Columns {
    /// The line in both languages. What a thing has not is left out, and so is what goes without saying.
    pub(super) fn line(self, thing: &Value) -> Words {
        let line = |language| {
            let parts = self
                .0
                .iter()
                .filter_map(|field| part(field, thing.get(field)?, language));
            parts.collect::<Vec<_>>().join("  ")
        };
        Words::new(line(Language::English), line(Language::Chinese))
    }
}

fn part(field: &str, value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(is) => flag(field, *is).map(|words| words.text(language).to_owned()),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(element).collect();
            Some(texts.join(",")).filter(|text| !text.is_empty())
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Object(pairs) => {
            let pair = |(name, value): (&String, &Value)| format!("{name}={}", element(value));
            let texts: Vec<String> = pairs.iter().map(pair).collect();
            Some(texts.join(",")).filter(|text| !text.is_empty())
        }
    }
}

/// An element of a list; a route is its host and path.
fn element(value: &Value) -> String {
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    match (value.as_str(), text("host"), text("path_prefix")) {
        (Some(text), ..) => text.to_owned(),
        (None, Some(host), Some(path_prefix)) => format!("{host}{path_prefix}"),
        _ => value.to_string(),
    }
}

/// What a switch is worth saying.
fn flag(field: &str, is: bool) -> Option<Words> {
    match (field, is) {
        ("enabled", false) => Some(words!("disabled", "已停用")),
        ("system_administrator", true) => Some(words!("system administrator", "系统管理员")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_what_is_worth_saying_in_both_languages() {
        let columns = Columns(&[
            "user_id",
            "name",
            "external_id",
            "system_administrator",
            "enabled",
            "routes",
        ]);
        let thing = json!({
            "user_id": 7, "name": "李雷", "external_id": null, "system_administrator": true, "enabled": false,
            "routes": [{"host": "a.example.com", "path_prefix": "/x"}],
        });
        let line = columns.line(&thing);
        assert_eq!(
            line.text(Language::English),
            "7  李雷  system administrator  disabled  a.example.com/x"
        );
        assert_eq!(
            line.text(Language::Chinese),
            "7  李雷  系统管理员  已停用  a.example.com/x"
        );
    }
}
