//! English and Chinese for everything a person reads.
//!
//! A text is made once in both languages ([`Words`], by the [`words!`](crate::words) macro) and the language is
//! chosen where it is printed. So a text cannot exist in one language only, the two stand side by side in the code,
//! and a text that travels (from a running server to a command) is read in the language of its reader.

use std::{borrow::Cow, ffi::OsStr};

use serde::{Deserialize, Serialize};

/// The environment variable that chooses the language.
pub(crate) const LANGUAGE_VARIABLE: &str = "USHER_LANGUAGE";

/// The languages of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// English.
    #[value(name = "en")]
    English,
    /// Simplified Chinese.
    #[value(name = "zh")]
    Chinese,
}

impl Language {
    /// Both, for tests and tables.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The language with this name: `en` and `zh`, alone or with a country (`zh_CN.UTF-8`, `en-GB`).
    fn from_name(name: &str) -> Option<Self> {
        let beginning = name
            .split(['_', '-', '.', '@'])
            .next()
            .unwrap_or(name)
            .to_ascii_lowercase();
        match beginning.as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// Chooses: the flag, else `USHER_LANGUAGE`, else the first set one of `LC_ALL`, `LC_MESSAGES` and `LANG` (the
    /// order of POSIX) when it begins with `zh`, else English.
    pub(crate) fn choose(flag: Option<&str>, environment: impl Fn(&str) -> Option<String>) -> Self {
        let said = flag.map(str::to_owned).or_else(|| environment(LANGUAGE_VARIABLE));
        if let Some(language) = said.as_deref().and_then(Self::from_name) {
            return language;
        }
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(environment)
            .find(|value| !value.is_empty())
            .and_then(|value| Self::from_name(&value))
            .unwrap_or(Self::English)
    }

    /// Chooses before the command line is parsed, because the parser's own complaints and `--help` are texts too.
    pub(crate) fn before_parsing<Argument: AsRef<OsStr>>(
        arguments: &[Argument],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut flag = None;
        let mut words = arguments
            .iter()
            .map(|argument| argument.as_ref().to_string_lossy())
            .take_while(|word| word != "--");
        while let Some(word) = words.next() {
            if word == "--language" {
                flag = words.next().map(Cow::into_owned);
            } else if let Some(value) = word.strip_prefix("--language=") {
                flag = Some(value.to_owned());
            }
        }
        Self::choose(flag.as_deref(), environment)
    }
}

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    english: String,
    chinese: String,
}

impl Words {
    /// Joins the two; use [`words!`](crate::words).
    pub(crate) fn new(english: impl Into<String>, chinese: impl Into<String>) -> Self {
        Self {
            english: english.into(),
            chinese: chinese.into(),
        }
    }

    /// A text that is the same in both languages: a command, a path, an address.
    pub(crate) fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            english: text.clone(),
            chinese: text,
        }
    }

    /// The text in one language.
    pub(crate) fn text(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }

    /// This text and another right after it.
    pub(crate) fn then(self, next: &Self) -> Self {
        Self {
            english: self.english + &next.english,
            chinese: self.chinese + &next.chinese,
        }
    }

    /// This text and, on the next line, another.
    pub(crate) fn line(self, next: &Self) -> Self {
        Self {
            english: format!("{}\n{}", self.english, next.english),
            chinese: format!("{}\n{}", self.chinese, next.chinese),
        }
    }
}

/// Makes [`Words`] from an English and a Chinese format string that name variables in braces.
#[macro_export]
macro_rules! words {
    ($english:literal, $chinese:literal $(,)?) => {
        $crate::language::Words::new(format!($english), format!($chinese))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(arguments: &[&str], environment: &[(&str, &str)]) -> Language {
        Language::before_parsing(arguments, |name| {
            environment
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_flag_outweighs_the_variable_and_the_variable_the_locale() {
        use Language::{Chinese, English};
        assert_eq!(chosen(&[], &[]), English);
        assert_eq!(chosen(&[], &[("LANG", "zh_CN.UTF-8")]), Chinese);
        assert_eq!(
            chosen(&[], &[("LC_ALL", "C.UTF-8"), ("LANG", "zh_CN.UTF-8")]),
            English
        );
        assert_eq!(chosen(&[], &[("LC_ALL", ""), ("LC_MESSAGES", "zh")]), Chinese);
        assert_eq!(
            chosen(&[], &[("USHER_LANGUAGE", "en"), ("LANG", "zh_CN")]),
            English
        );
        assert_eq!(
            chosen(&["usher", "--language=zh", "serve"], &[("USHER_LANGUAGE", "en")]),
            Chinese
        );
        assert_eq!(
            chosen(&["usher", "serve", "--language", "en"], &[("LANG", "zh_CN")]),
            English
        );
        assert_eq!(
            chosen(&["usher", "--", "--language", "zh"], &[]),
            English,
            "after -- nothing is a flag"
        );
    }

    #[test]
    fn words_carry_their_variables_into_both_languages() {
        let count = 3;
        let words = words!("{count} lines", "{count} 行");
        assert_eq!(words.text(Language::English), "3 lines");
        assert_eq!(words.text(Language::Chinese), "3 行");
    }
}
