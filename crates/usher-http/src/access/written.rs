//! The shape of a reported access as somebody wrote it in JSON, before anything is checked.
//!
//! Hand-written instead of derived, because a derived reader stops at the first surprise with its own words and
//! forgets where it was. This one takes any JSON to its end and keeps what is needed to say which field of which
//! element is wrong.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::access::accesses_body::ACCESSES_MAX;

/// The body as written: its shape is known, its values are not checked.
pub(super) enum Written<'a> {
    One(Element<'a>),
    /// At most one more than allowed is kept.
    Many(Vec<Element<'a>>),
    Neither,
}

/// An element as written.
#[derive(Default)]
pub(super) struct Element<'a> {
    pub(super) is_object: bool,
    pub(super) user_id: Value<'a>,
    pub(super) namespace: Value<'a>,
    pub(super) tenant_key: Value<'a>,
    /// The first field that an access does not have.
    pub(super) unknown: Option<Cow<'a, str>>,
}

/// The value of a field as written.
#[derive(Default)]
pub(super) enum Value<'a> {
    #[default]
    Absent,
    Whole(i64),
    Text(Cow<'a, str>),
    /// A number that is not whole or does not fit, as it prints.
    OtherNumber(String),
    /// Null, a truth value, a list or an object; or the field is there twice.
    Unfit,
}

impl<'a> Element<'a> {
    fn read<Map: MapAccess<'a>>(mut map: Map) -> Result<Self, Map::Error> {
        let mut element = Self {
            is_object: true,
            ..Self::default()
        };
        while let Some(Key(key)) = map.next_key()? {
            let slot = match key.as_ref() {
                "user_id" => &mut element.user_id,
                "namespace" => &mut element.namespace,
                "tenant_key" => &mut element.tenant_key,
                _ => {
                    element.unknown.get_or_insert(key);
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value = map.next_value()?;
            *slot = if matches!(slot, Value::Absent) {
                value
            } else {
                Value::Unfit
            };
        }
        Ok(element)
    }
}

impl<'de> Deserialize<'de> for Written<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

/// Any JSON is read to its end, so that what is wrong is told in our words and not in a parser's.
macro_rules! other_kinds {
    ($value:ty, $other:expr, [$($method:ident($kind:ty)),*]) => {
        $(fn $method<E>(self, _value: $kind) -> Result<$value, E> { Ok($other) })*
        fn visit_unit<E>(self) -> Result<$value, E> { Ok($other) }
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("any JSON value")
        }
    };
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written<'de>;

    fn visit_map<Map: MapAccess<'de>>(self, map: Map) -> Result<Written<'de>, Map::Error> {
        Element::read(map).map(Written::One)
    }

    fn visit_seq<Seq: SeqAccess<'de>>(self, mut seq: Seq) -> Result<Written<'de>, Seq::Error> {
        let mut elements = Vec::new();
        while elements.len() <= ACCESSES_MAX {
            match seq.next_element()? {
                Some(element) => elements.push(element),
                None => return Ok(Written::Many(elements)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Written::Many(elements))
    }

    other_kinds!(
        Written<'de>,
        Written::Neither,
        [
            visit_bool(bool),
            visit_i64(i64),
            visit_u64(u64),
            visit_f64(f64),
            visit_str(&str)
        ]
    );
}

impl<'de> Deserialize<'de> for Element<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element<'de>;

    fn visit_map<Map: MapAccess<'de>>(self, map: Map) -> Result<Element<'de>, Map::Error> {
        Element::read(map)
    }

    fn visit_seq<Seq: SeqAccess<'de>>(self, mut seq: Seq) -> Result<Element<'de>, Seq::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element::default())
    }

    other_kinds!(
        Element<'de>,
        Element::default(),
        [
            visit_bool(bool),
            visit_i64(i64),
            visit_u64(u64),
            visit_f64(f64),
            visit_str(&str)
        ]
    );
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::OtherNumber(number.to_string()), Value::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::OtherNumber(number.to_string()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<Map: MapAccess<'de>>(self, mut map: Map) -> Result<Value<'de>, Map::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Unfit)
    }

    fn visit_seq<Seq: SeqAccess<'de>>(self, mut seq: Seq) -> Result<Value<'de>, Seq::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Unfit)
    }

    other_kinds!(Value<'de>, Value::Unfit, [visit_bool(bool)]);
}

/// A field's name, borrowed from the body unless it is written with escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }
}
