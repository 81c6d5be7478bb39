//! What a back end writes into `POST /usher/v1/accesses`, read strictly.
//!
//! One object or an array of up to a thousand, each `{"user_id": 1803710089388154, "namespace": "package_35f605__c"}`
//! with an optional `"tenant_key"`. Nothing is guessed: a number in quotes, a fraction, a repeated or unknown field is
//! a mistake in the caller's program, and the caller hears which field of which element it is. Unknown fields are
//! refused and not ignored, because a caller who writes `time_ms` or misspells `tenant_key` would otherwise believe
//! that it had an effect. The reader keeps three fields per element and never builds a tree, so the memory it
//! takes is bounded by the body's. (`written` reads the shape, this file the meaning.)

use std::str::FromStr;

use usher_seats::{Namespace, TenantKey, UserId};

use crate::{
    access::written::{Element, Value, Written},
    wire::FieldViolation,
};

/// Most accesses in one call: as many as one commit comfortably takes several of, and a body of some 250 KiB at most.
pub const ACCESSES_MAX: usize = 1_000;
/// Most violations named in one answer: whoever mends these has found the pattern.
const VIOLATIONS_MAX: usize = 20;
/// What the body must be.
const BODY_ALLOWED: &str = "body must be JSON: one object or an array of 1 to 1000 objects";
/// What an element must be.
const ELEMENT_ALLOWED: &str = "an access must be an object with user_id, namespace and perhaps tenant_key";
/// What the fields of an element are.
const FIELDS_ALLOWED: &str = "an access has no such field; it has user_id, namespace and perhaps tenant_key";

/// One access as reported, still without tenant and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedAccess {
    /// Who.
    pub user_id: UserId,
    /// What.
    pub namespace: Namespace,
    /// Where; none means the tenant of the token.
    pub tenant_key: Option<TenantKey>,
}

/// The whole body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessesBody {
    /// One object: the answer is one verdict.
    One(ReportedAccess),
    /// An array: the answer is a list of verdicts in its order.
    Many(Vec<ReportedAccess>),
}

/// Reads the body.
///
/// # Errors
/// Every violation found, at most twenty, in the order of the body; never none.
pub fn parse_accesses_body(bytes: &[u8]) -> Result<AccessesBody, Vec<FieldViolation>> {
    match plain_access(bytes) {
        Some(access) => Ok(AccessesBody::One(access)),
        None => parse_in_full(bytes),
    }
}

/// Reads a lone access written as nearly all are: a number and a name in this order, with a space after colon and comma or
/// without. None for anything else, right or wrong, which is then read in full.
fn plain_access(bytes: &[u8]) -> Option<ReportedAccess> {
    let rest = skip_space(bytes.strip_prefix(br#"{"user_id":"#)?);
    let (user_id, rest) = plain_number(rest)?;
    let rest = skip_space(rest.strip_prefix(b",")?);
    let rest = skip_space(rest.strip_prefix(br#""namespace":"#)?);
    let namespace = rest.strip_prefix(b"\"")?.strip_suffix(b"\"}")?;
    Some(ReportedAccess {
        user_id: UserId::new(user_id).ok()?,
        namespace: std::str::from_utf8(namespace).ok()?.parse().ok()?,
        tenant_key: None,
    })
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b" ").unwrap_or(bytes)
}

/// Takes the digits of a number that has one spelling, and what follows.
fn plain_number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number: i64 = 0;
    let mut rest = bytes;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
        rest = after;
    }
    let has_one_spelling = bytes.first() != Some(&b'0');
    has_one_spelling.then_some((number, rest))
}

fn parse_in_full(bytes: &[u8]) -> Result<AccessesBody, Vec<FieldViolation>> {
    let written: Written<'_> = serde_json::from_slice(bytes)
        .map_err(|error| vec![FieldViolation::new("body", format!("{BODY_ALLOWED}: {error}"))])?;
    let mut violations = Vec::new();
    let body = match written {
        Written::One(element) => element.check("", &mut violations).map(AccessesBody::One),
        Written::Many(elements) if (1..=ACCESSES_MAX).contains(&elements.len()) => {
            check_all(elements, &mut violations).map(AccessesBody::Many)
        }
        Written::Many(_) | Written::Neither => None,
    };
    match body {
        Some(body) if violations.is_empty() => Ok(body),
        _ if violations.is_empty() => Err(vec![FieldViolation::new("body", BODY_ALLOWED)]),
        _ => Err(violations),
    }
}

fn check_all(
    elements: Vec<Element<'_>>,
    violations: &mut Vec<FieldViolation>,
) -> Option<Vec<ReportedAccess>> {
    let mut reported = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        reported.extend(element.check(&format!("[{index}]"), violations));
        if violations.len() >= VIOLATIONS_MAX {
            violations.truncate(VIOLATIONS_MAX);
            return None;
        }
    }
    Some(reported)
}

impl<'a> Element<'a> {
    /// Checks every field; `place` is `[3]` in an array and empty for a lone object.
    fn check(self, place: &str, violations: &mut Vec<FieldViolation>) -> Option<ReportedAccess> {
        if !self.is_object {
            let field = if place.is_empty() { "body" } else { place };
            violations.push(FieldViolation::new(field, ELEMENT_ALLOWED));
            return None;
        }
        let name = |field: &str| {
            if place.is_empty() {
                field.to_owned()
            } else {
                format!("{place}.{field}")
            }
        };
        if let Some(unknown) = self.unknown {
            let shortened: String = unknown.chars().take(64).collect();
            violations.push(FieldViolation::new(name(&shortened), FIELDS_ALLOWED));
        }
        let user_id = self.user_id.user_id(name("user_id"), violations);
        let namespace = self
            .namespace
            .text(name("namespace"), Namespace::ALLOWED, violations);
        let tenant_key = match self.tenant_key {
            Value::Absent => Some(None),
            value => value
                .text(name("tenant_key"), TenantKey::ALLOWED, violations)
                .map(Some),
        };
        Some(ReportedAccess {
            user_id: user_id?,
            namespace: namespace?,
            tenant_key: tenant_key?,
        })
    }
}

impl Value<'_> {
    fn user_id(self, field: String, violations: &mut Vec<FieldViolation>) -> Option<UserId> {
        if let Self::Whole(number) = self
            && let Ok(user_id) = UserId::new(number)
        {
            return Some(user_id);
        }
        violations.push(self.violation(field, "user_id", UserId::ALLOWED));
        None
    }

    fn text<T: FromStr>(
        self,
        field: String,
        allowed: &str,
        violations: &mut Vec<FieldViolation>,
    ) -> Option<T> {
        if let Self::Text(text) = &self
            && let Ok(parsed) = text.parse()
        {
            return Some(parsed);
        }
        let word = field.rsplit('.').next().unwrap_or(&field).to_owned();
        violations.push(self.violation(field, &word, allowed));
        None
    }

    fn violation(self, field: String, word: &str, allowed: &str) -> FieldViolation {
        let violation = FieldViolation::new(field, format!("{word} must be {allowed}"));
        match self {
            Self::Absent | Self::Unfit => violation,
            Self::Whole(number) => violation.with_value(&number.to_string()),
            Self::Text(text) => violation.with_value(&text),
            Self::OtherNumber(text) => violation.with_value(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<AccessesBody, Vec<(String, String)>> {
        parse_accesses_body(text.as_bytes()).map_err(|violations| {
            let pairs = violations
                .into_iter()
                .map(|violation| (violation.field, violation.description));
            pairs.collect()
        })
    }

    fn access(user_id: i64, namespace: &str, tenant_key: Option<&str>) -> ReportedAccess {
        ReportedAccess {
            user_id: UserId::new(user_id).unwrap(),
            namespace: namespace.parse().unwrap(),
            tenant_key: tenant_key.map(|key| key.parse().unwrap()),
        }
    }

    #[test]
    fn one_object_or_an_array_is_read() {
        assert_eq!(
            parse(r#" {"namespace":"a","user_id":9007199254740991} "#),
            Ok(AccessesBody::One(access(9_007_199_254_740_991, "a", None)))
        );
        assert_eq!(
            parse(
                r#"[{"user_id":1,"namespace":"a","tenant_key":"t"},{"user\u005fid":2,"namespace":"\u0062"}]"#
            ),
            Ok(AccessesBody::Many(vec![
                access(1, "a", Some("t")),
                access(2, "b", None)
            ]))
        );
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let user_id = "user_id must be a whole number from 1 to 9007199254740991";
        let cases = [
            (r#"{"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":"1","namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":1.0,"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":1e3,"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":-0,"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":0,"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":-1,"namespace":"a"}"#, "user_id", user_id),
            (
                r#"{"user_id":9007199254740992,"namespace":"a"}"#,
                "user_id",
                user_id,
            ),
            (
                r#"{"user_id":18446744073709551616,"namespace":"a"}"#,
                "user_id",
                user_id,
            ),
            (r#"{"user_id":null,"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":[1],"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":{"id":1},"namespace":"a"}"#, "user_id", user_id),
            (r#"{"user_id":1,"user_id":1,"namespace":"a"}"#, "user_id", user_id),
            (
                r#"{"user_id":1,"namespace":"a","time_ms":5}"#,
                "time_ms",
                FIELDS_ALLOWED,
            ),
            (
                r#"[{"user_id":1,"namespace":"a"},{"user_id":true,"namespace":"a"}]"#,
                "[1].user_id",
                user_id,
            ),
            (
                r#"[{"user_id":1,"namespace":"a","User_id":2}]"#,
                "[0].User_id",
                FIELDS_ALLOWED,
            ),
            (r#"[{"user_id":1,"namespace":"a"},[]]"#, "[1]", ELEMENT_ALLOWED),
            (r#"[7]"#, "[0]", ELEMENT_ALLOWED),
            ("[]", "body", BODY_ALLOWED),
            ("null", "body", BODY_ALLOWED),
            ("7", "body", BODY_ALLOWED),
            (r#""text""#, "body", BODY_ALLOWED),
        ];
        for (text, field, description) in cases {
            assert_eq!(
                parse(text),
                Err(vec![(field.to_owned(), description.to_owned())]),
                "{text}"
            );
        }
    }

    #[test]
    fn namespaces_and_tenant_keys_are_held_to_their_alphabets() {
        for text in [
            r#"{"user_id":1}"#,
            r#"{"user_id":1,"namespace":""}"#,
            r#"{"user_id":1,"namespace":7}"#,
            r#"{"user_id":1,"namespace":"a b"}"#,
            r#"{"user_id":1,"namespace":null}"#,
        ] {
            let violations = parse(text).unwrap_err();
            let description = format!("namespace must be {}", Namespace::ALLOWED);
            assert_eq!(violations, [("namespace".to_owned(), description)], "{text}");
        }
        for text in ["null", "7", "\"\"", "\"ä\"", "[]"] {
            let text = format!(r#"[{{"user_id":1,"namespace":"a","tenant_key":{text}}}]"#);
            let violations = parse(&text).unwrap_err();
            let description = format!("tenant_key must be {}", TenantKey::ALLOWED);
            assert_eq!(violations, [("[0].tenant_key".to_owned(), description)], "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_named_as_the_body() {
        for text in [
            "",
            "{",
            "[{}",
            "{}{}",
            "user_id=1",
            "{\"user_id\":01}",
            "{'user_id':1}",
            "\u{feff}{}",
        ] {
            let violations = parse(text).unwrap_err();
            assert_eq!(violations[0].0, "body", "{text}");
            assert!(violations[0].1.starts_with(BODY_ALLOWED), "{text}");
        }
        assert_eq!(
            parse_accesses_body(b"{\"user_id\":1,\"namespace\":\"\xff\"}").unwrap_err()[0].field,
            "body"
        );
        assert_eq!(
            parse(&"[".repeat(100_000)).unwrap_err()[0].0,
            "body",
            "depth is bounded"
        );
    }

    #[test]
    fn a_call_has_at_most_a_thousand_accesses_and_an_answer_twenty_violations() {
        let good = r#"{"user_id":1,"namespace":"a"}"#;
        let many = |element: &str, count: usize| format!("[{}]", vec![element; count].join(","));
        assert!(matches!(parse(&many(good, 1_000)), Ok(AccessesBody::Many(all)) if all.len() == 1_000));
        assert_eq!(
            parse(&many(good, 1_001)).unwrap_err(),
            [("body".to_owned(), BODY_ALLOWED.to_owned())]
        );
        assert_eq!(parse(&many("{}", 1_000)).unwrap_err().len(), VIOLATIONS_MAX);
    }

    #[test]
    fn offending_values_are_repeated() {
        let violations = parse_accesses_body(br#"{"user_id":1.5,"namespace":"a b"}"#).unwrap_err();
        let values: Vec<_> = violations.into_iter().map(|violation| violation.value).collect();
        assert_eq!(values, [Some("1.5".to_owned()), Some("a b".to_owned())]);
    }

    #[test]
    fn most_bodies_are_plain_at_first_sight() {
        for (text, plain) in [
            (
                r#"{"user_id":1803710089388154,"namespace":"package_35f605__c"}"#,
                true,
            ),
            (r#"{"user_id": 7, "namespace": "a"}"#, true),
            (r#"{"namespace":"a","user_id":7}"#, false),
            (r#"{"user_id":07,"namespace":"a"}"#, false),
            (r#"{"user_id":,"namespace":"a"}"#, false),
            (r#"{"user_id":9007199254740992,"namespace":"a"}"#, false),
            (r#"{"user_id":7,"namespace":"a","tenant_key":"t"}"#, false),
            (r#"{"user_id":7,"namespace":"\u0061"}"#, false),
            (r#"{"user_id":7,"namespace":"a"} "#, false),
        ] {
            assert_eq!(plain_access(text.as_bytes()).is_some(), plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_body_is_read_as_any_other(
            user_id in "-?[0-9]{0,20}|9007199254740991",
            spaces in prop::collection::vec(" {0,2}", 3),
            namespace in "[a-z0-9_.-]{0,4}|[a\"\\\\{},: ]{0,6}",
            end in "(,\"tenant_key\":\"t\"|,\"user_id\":1)?[} ]{0,3}",
        ) {
            let text = format!(
                r#"{{"user_id":{}{user_id},{}"namespace":{}"{namespace}"{end}"#,
                spaces[0], spaces[1], spaces[2]
            );
            let bytes = text.as_bytes();
            prop_assert_eq!(parse_accesses_body(bytes), parse_in_full(bytes));
        }

        #[test]
        fn any_bytes_give_an_answer(bytes: Vec<u8>) {
            if let Err(violations) = parse_accesses_body(&bytes) {
                prop_assert!((1..=VIOLATIONS_MAX).contains(&violations.len()));
            }
        }

        #[test]
        fn what_is_written_is_read(user_id in 1i64..=9_007_199_254_740_991, namespace in "[a-z_][a-z0-9_.-]{0,20}") {
            let text = format!(r#"{{"user_id":{user_id},"namespace":"{namespace}"}}"#);
            prop_assert_eq!(parse(&text), Ok(AccessesBody::One(access(user_id, &namespace, None))));
        }
    }
}
