//! Finding people as somebody types.
//!
//! Somebody types the beginning of a given name, of a family name, of a sign-in name, a number, or a character out of the middle
//! of a Chinese name. Two wishes pull apart: a few keystrokes must find a person among a million, and a name must not cost
//! more to keep than it is worth. So a person is kept under a few [`keys`]: their name from the beginning of each word on, where
//! every Chinese character begins a word, and their sign-in name; all in small letters and cut after
//! [`KEY_CHARACTERS_MAX`] characters. What begins with the typed text is found by one range of an index. What the cut has
//! lost is checked on the name itself ([`SearchText::matches`]), so an engine never gives a person who does not fit.
//!
//! Signs mean nothing: `%`, `_` and `*` stand for themselves.

use crate::identifiers::UserId;

/// Characters of a key that are kept: enough to tell most people of a large organisation apart.
pub const KEY_CHARACTERS_MAX: usize = 16;
/// Words of a name under which a person is found. Names of more words are not names of people.
pub const WORDS_MAX: usize = 16;
/// Longest text that is looked for, in characters: as long as a name may be.
pub const TEXT_CHARACTERS_MAX: usize = crate::names::NAME_CHARACTERS_MAX;
/// Most keys of one person, those of [`WORDS_MAX`] words and that of the sign-in name.
pub const KEYS_MAX: usize = WORDS_MAX + 1;

/// What may be typed.
pub const TEXT_ALLOWED: &str = "1 to 256 characters, not all of them white space";

/// A text that somebody typed to find people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    text: String,
    number: Option<UserId>,
}

impl SearchText {
    /// Takes a text as typed; none when it is blank or too long to fit anybody.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().nth(TEXT_CHARACTERS_MAX).is_some() {
            return None;
        }
        let number = text.trim().parse().ok();
        let text = plain(text);
        (!text.is_empty()).then_some(Self { text, number })
    }

    /// What the keys of everybody who fits begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        cut(&self.text)
    }

    /// The person whose number this is, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<UserId> {
        self.number
    }

    /// Whether a person fits: a word of the name, or the sign-in name, begins with the text, or it is their number.
    #[must_use]
    pub fn matches(&self, user_id: UserId, name: &str, external_id: Option<&str>) -> bool {
        self.number == Some(user_id) || self.fits(name, external_id)
    }

    /// Whether it is meant by something with a name, and perhaps another for programs: a word of the one, or the other, begins
    /// with the text.
    #[must_use]
    pub fn fits(&self, name: &str, external_id: Option<&str>) -> bool {
        from_words(&plain(name)).any(|rest| rest.starts_with(&self.text))
            || external_id.is_some_and(|external_id| plain(external_id).starts_with(&self.text))
    }
}

/// The keys under which a person is kept, each once, in order.
#[must_use]
pub fn keys(name: &str, external_id: Option<&str>) -> Vec<String> {
    let name = plain(name);
    let mut keys: Vec<String> = from_words(&name)
        .map(cut)
        .chain(external_id.map(|external_id| cut(&plain(external_id))))
        .filter(|key| !key.is_empty())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Small letters, one space where there was any amount of white space or signs that nobody sees.
fn plain(text: &str) -> String {
    let seen = |character: char| !(character.is_whitespace() || character.is_control());
    let lower = text.to_lowercase();
    let words = lower
        .split(|character| !seen(character))
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A text from the beginning of each of its first words on.
fn from_words(text: &str) -> impl Iterator<Item = &str> {
    let mut before = None;
    text.char_indices()
        .filter(move |(_, character)| begins_word(before.replace(*character), *character))
        .filter_map(|(place, _)| text.get(place..))
        .take(WORDS_MAX)
}

fn begins_word(before: Option<char>, character: char) -> bool {
    match before {
        None => true,
        Some(before) => {
            character.is_alphanumeric()
                && (!before.is_alphanumeric() || is_ideograph(before) || is_ideograph(character))
        }
    }
}

/// A character that is a word by itself: Han, in all blocks that names are written with.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn cut(text: &str) -> String {
    text.chars().take(KEY_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(text: &str, name: &str, external_id: Option<&str>) -> bool {
        let user_id = UserId::new(42).unwrap();
        SearchText::parse(text).is_some_and(|text| text.matches(user_id, name, external_id))
    }

    #[test]
    fn the_beginning_of_any_word_finds_a_person() {
        for text in [
            "anna",
            "ANNA",
            "ann",
            "müll",
            "MÜLLER",
            "anna m",
            "  anna   müller-l",
            "lü",
            "42",
        ] {
            assert!(fits(text, "Anna Müller-Lüdenscheidt", None), "{text:?}");
        }
        for text in ["nna", "4", "ller", "muller", "müller anna", ""] {
            assert!(!fits(text, "Anna Müller-Lüdenscheidt", None), "{text:?}");
        }
    }

    #[test]
    fn every_character_of_a_chinese_name_begins_a_word() {
        for text in ["李", "雷", "李雷", "lei"] {
            assert!(fits(text, "李雷Lei", Some("x")), "{text:?}");
        }
        assert!(!fits("ei", "李雷Lei", None));
    }

    #[test]
    fn a_sign_in_name_is_found_by_its_beginning_only() {
        assert!(fits("li.lei@EX", "Somebody", Some("li.lei@example.com")));
        assert!(!fits("example", "Somebody", Some("li.lei@example.com")));
    }

    #[test]
    fn signs_stand_for_themselves_and_the_blank_finds_nobody() {
        for text in ["%", "_", "*", "\"", "a%", "' OR 1=1"] {
            assert!(!fits(text, "anna", Some("anna")), "{text:?}");
        }
        assert!(fits("100% s", "100% Sure", None));
        assert!(fits("%x", "%x", None));
        assert_eq!(SearchText::parse(" \t\u{0}"), None);
        assert_eq!(SearchText::parse(&"a".repeat(TEXT_CHARACTERS_MAX + 1)), None);
    }

    #[test]
    fn keys_are_few_and_short() {
        let keys = keys(&"wort ".repeat(50), Some(&"é".repeat(100)));
        assert!(keys.len() <= KEYS_MAX);
        assert!(keys.iter().all(|key| key.chars().count() <= KEY_CHARACTERS_MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whoever fits and is not found by number has a key that the index finds.
        #[test]
        fn whoever_fits_is_found_by_a_key(name in "[aA%李雷 \u{130}ß.-]{1,30}", text in "[aA%李雷 \u{130}ß.-]{1,20}") {
            let user_id = UserId::new(42).unwrap();
            if let Some(text) = SearchText::parse(&text).filter(|text| text.matches(user_id, &name, Some("ab"))) {
                let prefix = text.prefix();
                prop_assert!(keys(&name, Some("ab")).iter().any(|key| key.starts_with(&prefix)));
            }
        }
    }
}
