//! What a caller of a token endpoint sent.
//!
//! JSON or a form, told apart by the body itself: one SDK sends JSON without any Content-Type (client-behaviour.md,
//! rule 3), and a form never begins with a brace. A parameter without a value counts as omitted, and one that is there
//! twice, or is not text, as unreadable; parameters that nobody asks for may be anything (RFC 6749, section 3.2).

use std::{collections::HashMap, fmt};

use axum::body::{Body, Bytes};
use serde_json::Value;

use crate::{
    body,
    body_room::BodyRoom,
    oauth::refusal::{OauthCode, OauthRefusal},
    wire::WireCode,
};

/// The parameters of a body. `Debug` does not print them: nearly all are secrets.
pub(super) struct Fields(HashMap<String, Field>);

enum Field {
    Text(String),
    /// There twice, or not a text.
    Unreadable,
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fields")
    }
}

impl Fields {
    /// Reads a body, for which there must be room.
    pub(super) async fn read(body: Body, room: &BodyRoom) -> Result<Self, OauthRefusal> {
        let bytes = body::read(body, room).await.map_err(|error| {
            let code = match error.code {
                WireCode::Busy => OauthCode::Unavailable,
                _ => OauthCode::Malformed,
            };
            OauthRefusal::noted(code, error.notes.msg)
        })?;
        Self::parse(&bytes).ok_or_else(|| OauthCode::Malformed.into())
    }

    fn parse(bytes: &Bytes) -> Option<Self> {
        match bytes.trim_ascii_start().first() {
            Some(b'{') => Self::from_json(bytes),
            // Any other JSON is not a set of parameters.
            Some(b'[' | b'"') => None,
            _ => Some(Self::from_form(bytes)),
        }
    }

    fn from_json(bytes: &[u8]) -> Option<Self> {
        let object: HashMap<String, Value> = serde_json::from_slice(bytes).ok()?;
        let field = |value| match value {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(Field::Text(text)),
            _ => Some(Field::Unreadable),
        };
        let fields = object
            .into_iter()
            .filter_map(|(name, value)| Some((name, field(value)?)));
        Some(Self(fields.collect()))
    }

    fn from_form(bytes: &[u8]) -> Self {
        let mut fields = HashMap::new();
        let pairs = form_urlencoded::parse(bytes).filter(|(_, value)| !value.is_empty());
        for (name, value) in pairs {
            fields
                .entry(name.into_owned())
                .and_modify(|field| *field = Field::Unreadable)
                .or_insert_with(|| Field::Text(value.into_owned()));
        }
        Self(fields)
    }

    /// A parameter that may be missing.
    ///
    /// # Errors
    /// 20063 when it is there but unreadable.
    pub(super) fn optional(&self, name: &str) -> Result<Option<&str>, OauthRefusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Field::Text(text)) => Ok(Some(text)),
            Some(Field::Unreadable) => Err(OauthCode::Malformed.into()),
        }
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// 20001 when it is missing, 20063 when it is unreadable.
    pub(super) fn required(&self, name: &str) -> Result<&str, OauthRefusal> {
        self.optional(name)?
            .ok_or_else(|| OauthCode::ParameterMissing.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &'static str) -> Option<Fields> {
        Fields::parse(&Bytes::from_static(body.as_bytes()))
    }

    fn code<T>(result: Result<T, OauthRefusal>) -> Option<OauthCode> {
        result.err().map(|refusal| refusal.code)
    }

    #[test]
    fn json_and_forms_say_the_same() {
        for body in [
            r#"{"code":"a b+c","scope":"","other":{"x":1},"none":null}"#,
            " \n {\"code\":\"a b+c\"}",
            "code=a+b%2Bc&scope=&other=1",
            "code=a%20b%2Bc",
        ] {
            let fields = parsed(body).unwrap();
            assert_eq!(fields.required("code"), Ok("a b+c"), "{body}");
            assert_eq!(fields.optional("scope"), Ok(None), "{body}");
            assert_eq!(
                code(fields.required("scope")),
                Some(OauthCode::ParameterMissing),
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_no_text_or_there_twice_is_unreadable_only_where_it_is_asked_for() {
        for body in [
            r#"{"code":1,"scope":"x"}"#,
            r#"{"code":["a"],"scope":"x"}"#,
            "code=a&code=b&scope=x",
            "code=a&scope=x&code=a&code=a",
        ] {
            let fields = parsed(body).unwrap();
            assert_eq!(
                code(fields.required("code")),
                Some(OauthCode::Malformed),
                "{body}"
            );
            assert_eq!(fields.required("scope"), Ok("x"), "{body}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for body in ["{", r#"{"code""#, "[]", r#"["code"]"#, r#""code""#, "{]"] {
            assert!(parsed(body).is_none(), "{body}");
        }
        assert_eq!(parsed("").unwrap().optional("code"), Ok(None));
    }

    #[test]
    fn fields_do_not_print_themselves() {
        assert_eq!(format!("{:?}", parsed("client_secret=canary").unwrap()), "Fields");
    }
}
