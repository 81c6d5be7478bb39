//! Every sentence of the console, in both languages side by side, so that none exists in one only.
//!
//! One table per part of the console. A sentence may have places, `{0}` and `{1}` and so on, which [`fill`] fills; a test
//! holds that both languages have the same ones.

use std::fmt::Display;

/// Makes the struct and its two values from one table.
macro_rules! texts {
    ($(#[$documentation:meta])* $part:ident { $($name:ident: $english:literal, $chinese:literal;)* }) => {
        $(#[$documentation])*
        #[derive(Debug)]
        pub struct $part {
            $(#[doc = $english] pub $name: &'static str,)*
        }

        impl $part {
            /// The sentences in a language.
            #[must_use]
            pub fn of(language: $crate::language::Language) -> &'static Self {
                static ENGLISH: $part = $part { $($name: $english,)* };
                static CHINESE: $part = $part { $($name: $chinese,)* };
                match language {
                    $crate::language::Language::English => &ENGLISH,
                    $crate::language::Language::Chinese => &CHINESE,
                }
            }

            /// Every sentence: its name, and both languages.
            #[cfg(test)]
            pub(crate) const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($name), $english, $chinese),)*];
        }
    };
}

mod acts;
mod directory;
mod gateway;
mod report;
mod seats;
mod shell;
mod words;

pub use acts::Acts;
pub use directory::Directory;
pub use gateway::Gateway;
pub use report::Reports;
pub use seats::Seats;
pub use shell::Shell;
pub use words::Words;

/// A sentence with its places filled; a place without a value stays as it is.
#[must_use]
pub fn fill(text: &str, values: &[&dyn Display]) -> String {
    // Split first, so that a value that looks like a place is none.
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}');
        let value = place.and_then(|(place, _)| value_at(place, values));
        match (value, place) {
            (Some(value), Some((_, behind))) => {
                filled.push_str(&value);
                rest = behind;
            }
            _ => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// What stands at a place: the value with its number, or for `0|one|many` the word that goes with it.
fn value_at(place: &str, values: &[&dyn Display]) -> Option<String> {
    let (number, words) = place.split_once('|').unwrap_or((place, ""));
    let value = values.get(number.parse::<usize>().ok()?)?.to_string();
    Some(match words.split_once('|') {
        Some((one, _)) if value == "1" => one.to_owned(),
        Some((_, many)) => many.to_owned(),
        None => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and marks that are the same in every language.
    const SAME: [&str; 5] = ["tag", "other_tag", "other_language", "csv_name", "seat_title"];

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<_> = text
            .split('{')
            .skip(1)
            .filter_map(|part| part.split(['}', '|']).next())
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    #[test]
    fn every_sentence_is_in_its_own_language_and_has_the_same_places() {
        let chinese = |text: &str| {
            text.chars()
                .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
        };
        let tables = [
            Shell::ALL,
            Words::ALL,
            Seats::ALL,
            Acts::ALL,
            Directory::ALL,
            Gateway::ALL,
            Reports::ALL,
        ];
        for (name, in_english, in_chinese) in tables.into_iter().flatten() {
            assert_eq!(places(in_english), places(in_chinese), "{name}");
            if SAME.contains(name) {
                continue;
            }
            assert!(
                !chinese(in_english) && !in_english.is_empty(),
                "{name}: {in_english}"
            );
            assert!(chinese(in_chinese), "{name}: {in_chinese}");
        }
    }

    #[test]
    fn places_are_filled_once() {
        assert_eq!(fill("{1} of {0}", &[&"{1}", &2]), "2 of {1}");
        assert_eq!(fill("{2} { {x} }", &[&1]), "{2} { {x} }");
    }

    #[test]
    fn one_is_not_many() {
        let text = "{0} {0|seat was|seats were} released.";
        assert_eq!(fill(text, &[&1]), "1 seat was released.");
        assert_eq!(fill(text, &[&"1,001"]), "1,001 seats were released.");
        assert_eq!(fill("{0|a} {3|a|b}", &[&7]), "7 {3|a|b}");
    }
}
