//! The names of one thing in several languages, beside the name it has for everybody else.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};

use crate::{
    identifiers::IdentifierError,
    language_tag::{LanguageTag, primary},
    names::check_name,
};

/// Most languages of a thing: more than an organisation translates for, and few enough that a page of 500
/// apps stays within some million characters at worst.
pub const LANGUAGES_MAX: usize = 32;

/// What such names must be.
pub const LOCALIZED_NAMES_ALLOWED: &str = "at most 32 names by the tag of their language, each 1 to 256 characters without control characters, each language once";

/// Names by language, at most [`LANGUAGES_MAX`], each as [`check_name`] wants it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct LocalizedNames(BTreeMap<LanguageTag, String>);

impl LocalizedNames {
    /// No names.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Takes names.
    ///
    /// # Errors
    /// [`IdentifierError`] when a name is none, a language comes twice, or there are too many.
    pub fn new(names: impl IntoIterator<Item = (LanguageTag, String)>) -> Result<Self, IdentifierError> {
        let mut taken = Self::NONE;
        for (language, name) in names {
            taken.add(language, name)?;
        }
        Ok(taken)
    }

    fn add(&mut self, language: LanguageTag, name: String) -> Result<(), IdentifierError> {
        let twice = self.0.contains_key(&language);
        if twice || self.0.len() >= LANGUAGES_MAX || check_name(&name).is_err() {
            return Err(refused());
        }
        self.0.insert(language, name);
        Ok(())
    }

    /// These names with some set and some taken away (none); languages that are not named stay.
    ///
    /// # Errors
    /// As [`LocalizedNames::new`], for what would be left.
    pub fn patched(
        mut self,
        changes: impl IntoIterator<Item = (LanguageTag, Option<String>)>,
    ) -> Result<Self, IdentifierError> {
        for (language, name) in changes {
            match name {
                Some(name) => self.0.insert(language, name),
                None => self.0.remove(&language),
            };
        }
        Self::new(self.0)
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in order of their language.
    pub fn iter(&self) -> impl Iterator<Item = (&LanguageTag, &str)> {
        self.0.iter().map(|(language, name)| (language, name.as_str()))
    }

    /// The name for a reader of a language: of the tag itself, else of the script that is written there, else of the tag
    /// with its ends cut off one by one (RFC 4647, section 3.4), else the first of the same language. None when the
    /// language has no name.
    #[must_use]
    pub fn for_reader(&self, reader: &str) -> Option<&str> {
        let cut = std::iter::successors(shorter(reader), |range| shorter(range));
        let language = primary(reader);
        let tagged = || self.0.iter();
        std::iter::once(reader)
            .chain(chinese_script(reader))
            .chain(cut)
            .find_map(|range| tagged().find(|(tag, _)| tag.as_str().eq_ignore_ascii_case(range)))
            .or_else(|| tagged().find(|(tag, _)| tag.primary().eq_ignore_ascii_case(language)))
            .map(|(_, name)| name.as_str())
    }
}

/// A tag without its last part.
fn shorter(range: &str) -> Option<&str> {
    range.rsplit_once('-').map(|(shorter, _)| shorter)
}

/// Chinese is written in two scripts, and tags mostly leave out which: it follows from the place. A reader of one should
/// not get the other while there is a choice.
fn chinese_script(reader: &str) -> Option<&'static str> {
    match reader.to_ascii_lowercase().as_str() {
        "zh" | "zh-cn" | "zh-sg" => Some("zh-Hans"),
        "zh-tw" | "zh-hk" | "zh-mo" => Some("zh-Hant"),
        _ => None,
    }
}

fn refused() -> IdentifierError {
    IdentifierError {
        field: "names",
        allowed: LOCALIZED_NAMES_ALLOWED,
    }
}

impl<'de> Deserialize<'de> for LocalizedNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

/// Reads name by name, so that a language that comes twice is noticed and a huge object is refused early.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = LocalizedNames;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(LOCALIZED_NAMES_ALLOWED)
    }

    fn visit_map<Map: MapAccess<'de>>(self, mut map: Map) -> Result<LocalizedNames, Map::Error> {
        let mut names = LocalizedNames::NONE;
        while let Some((language, name)) = map.next_entry()? {
            names.add(language, name).map_err(Map::Error::custom)?;
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pairs: &[(&str, &str)]) -> Result<LocalizedNames, IdentifierError> {
        let pair = |(language, name): &(&str, &str)| (language.parse().unwrap(), (*name).to_owned());
        LocalizedNames::new(pairs.iter().map(pair))
    }

    #[test]
    fn a_reader_gets_the_nearest_name() {
        let named = names(&[
            ("en", "Sales"),
            ("zh-Hant-TW", "銷售"),
            ("zh-CN", "销售"),
            ("de-AT", "Verkauf"),
        ])
        .unwrap();
        for (reader, name) in [
            ("zh-CN", Some("销售")),
            ("zh-cn", Some("销售")),
            ("en-GB", Some("Sales")),
            ("zh", Some("销售")),
            ("zh-Hant-TW", Some("銷售")),
            ("de", Some("Verkauf")),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(named.for_reader(reader), name, "{reader:?}");
        }
        let scripts = names(&[("zh-HK", "銷售"), ("zh-Hans", "销售")]).unwrap();
        assert_eq!(scripts.for_reader("zh-CN"), Some("销售"));
        assert_eq!(scripts.for_reader("zh-TW"), Some("銷售"));
    }

    #[test]
    fn names_keep_to_their_limits() {
        let language = |number: usize| {
            let letter = |part: usize| char::from(b'a' + u8::try_from(part).unwrap());
            format!("{}{}", letter(number / 26), letter(number % 26))
        };
        let languages: Vec<String> = (0..=LANGUAGES_MAX).map(language).collect();
        let many: Vec<(&str, &str)> = languages
            .iter()
            .map(|language| (language.as_str(), "n"))
            .collect();
        assert!(names(&many[..LANGUAGES_MAX]).is_ok());
        assert!(names(&many).is_err());
        assert!(
            names(&[("zh-CN", "一"), ("zh-cn", "二")]).is_err(),
            "one language, two spellings"
        );
        assert!(names(&[("en", "")]).is_err());
        assert!(names(&[("en", "a\nb")]).is_err());
    }

    #[test]
    fn a_patch_sets_and_takes_away() {
        let named = names(&[("en", "Sales"), ("de", "Verkauf")]).unwrap();
        let changes = [("de", None), ("zh-CN", Some("销售"))];
        let changes = changes.map(|(language, name)| (language.parse().unwrap(), name.map(str::to_owned)));
        assert_eq!(
            named.patched(changes),
            names(&[("en", "Sales"), ("zh-CN", "销售")])
        );
    }
}
