//! The languages of the product.

/// A language in which every text exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese, in simplified characters.
    Chinese,
}

impl Language {
    /// The language of a tag such as `en`, `zh` or `zh-CN`, if it is one of ours.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_counts_by_its_first_part_alone() {
        for (tag, expected) in [
            ("en", Some(Language::English)),
            ("EN-us", Some(Language::English)),
            ("zh-Hant-TW", Some(Language::Chinese)),
            ("fr", None),
            ("", None),
            ("english", None),
        ] {
            assert_eq!(Language::of_tag(tag), expected, "{tag:?}");
        }
    }
}
