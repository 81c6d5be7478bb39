//! The tag of a language, such as `zh-CN`: the shape of BCP 47 (RFC 5646, section 2.1), in one spelling.
//!
//! Tags are compared without regard to case, so each is kept in the spelling the RFC recommends (section 2.1.1):
//! `ZH-hans-cn` is `zh-Hans-CN`. Whether a well-shaped tag is registered is not asked; the registry changes, and a name
//! under a tag that nobody reads does no harm. Extensions and private use are refused: names of things need none.

use std::{fmt, iter::Peekable, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::identifiers::IdentifierError;

/// Longest tag in bytes: what RFC 5646 (section 4.4.1) asks every program to hold.
pub const LANGUAGE_TAG_BYTES_MAX: usize = 35;
/// Most subtags of an extended language (RFC 5646, section 2.1).
const EXTENDED_LANGUAGES_MAX: usize = 3;

/// The tag of a language.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageTag(Arc<str>);

impl LanguageTag {
    /// What the edge says when such a text is refused.
    pub const ALLOWED: &'static str =
        "the tag of a language, such as zh-CN or en (BCP 47; at most 35 characters, no extensions)";

    /// The tag in its one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without script, region and variants.
    #[must_use]
    pub fn primary(&self) -> &str {
        primary(&self.0)
    }
}

/// The first subtag of a text.
pub(crate) fn primary(tag: &str) -> &str {
    tag.split_once('-').map_or(tag, |(language, _)| language)
}

impl FromStr for LanguageTag {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let refused = IdentifierError {
            field: "language",
            allowed: Self::ALLOWED,
        };
        if text.len() > LANGUAGE_TAG_BYTES_MAX {
            return Err(refused);
        }
        canonical(text).map(|tag| Self(Arc::from(tag))).ok_or(refused)
    }
}

/// The one spelling of a tag; none when the text has not the shape of one.
fn canonical(text: &str) -> Option<String> {
    let mut parts = text.split('-').peekable();
    let language = parts.next()?;
    if !(2..=3).contains(&language.len()) || !alphabetic(language) {
        return None;
    }
    let mut tag = language.to_ascii_lowercase();
    let mut add = |part: &str| {
        tag.push('-');
        tag.push_str(part);
    };
    for _ in 0..EXTENDED_LANGUAGES_MAX {
        if let Some(part) = take(&mut parts, |part| part.len() == 3 && alphabetic(part)) {
            add(&part.to_ascii_lowercase());
        }
    }
    if let Some(script) = take(&mut parts, |part| part.len() == 4 && alphabetic(part)) {
        let lower = script.to_ascii_lowercase();
        let mut letters = lower.chars();
        let first = letters.next()?.to_ascii_uppercase();
        add(&format!("{first}{}", letters.as_str()));
    }
    if let Some(region) = take(&mut parts, is_region) {
        add(&region.to_ascii_uppercase());
    }
    while let Some(variant) = take(&mut parts, is_variant) {
        add(&variant.to_ascii_lowercase());
    }
    parts.next().is_none().then_some(tag)
}

fn take<'a>(
    parts: &mut Peekable<impl Iterator<Item = &'a str>>,
    wanted: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    parts.next_if(|part| wanted(part))
}

fn alphabetic(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_region(part: &str) -> bool {
    (part.len() == 2 && alphabetic(part))
        || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_variant(part: &str) -> bool {
    let digit_first = part.bytes().next().is_some_and(|first| first.is_ascii_digit());
    let long_enough = (5..=8).contains(&part.len()) || (part.len() == 4 && digit_first);
    long_enough && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl Serialize for LanguageTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LanguageTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for LanguageTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_one_spelling() {
        for (text, tag) in [
            ("en", "en"),
            ("ZH-cn", "zh-CN"),
            ("zh-hans-cn", "zh-Hans-CN"),
            ("ES-419", "es-419"),
            ("zh-YUE-HK", "zh-yue-HK"),
            ("sl-ROZAJ-biske-1994", "sl-rozaj-biske-1994"),
            ("de-ch-1901", "de-CH-1901"),
            ("gsw", "gsw"),
        ] {
            assert_eq!(text.parse::<LanguageTag>().unwrap().as_str(), tag);
        }
    }

    #[test]
    fn what_has_not_the_shape_is_refused() {
        let long = format!("en{}", "-variant1".repeat(5));
        for text in [
            "",
            "e",
            "中文",
            "english",
            "-en",
            "en-",
            "en--US",
            "en_US",
            "en-U",
            "en-USA-Latn-x",
            "x-private",
            "en-u-ca-gregory",
            "en-US-Latn",
            "en US",
            "2052",
            "en\0",
            &long,
        ] {
            assert!(text.parse::<LanguageTag>().is_err(), "{text:?}");
        }
    }
}
