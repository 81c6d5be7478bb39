//! Texts that people choose: names and sign-in names.

use crate::identifiers::IdentifierError;

/// Longest name in characters: three long names in three scripts; it is printed in one line of a list.
pub const NAME_CHARACTERS_MAX: usize = 256;
/// Longest external id in characters: an e-mail address of 64 characters on each side fits.
pub const EXTERNAL_ID_CHARACTERS_MAX: usize = 129;

/// What a name must be.
pub const NAME_ALLOWED: &str = "1 to 256 characters without control characters";
/// What an external id must be.
pub const EXTERNAL_ID_ALLOWED: &str = "1 to 129 characters without control characters and white space";

/// Checks the name of a person or a thing.
///
/// # Errors
/// [`IdentifierError`] naming `name` and what is allowed.
pub fn check_name(name: &str) -> Result<(), IdentifierError> {
    let length = name.chars().count();
    if (1..=NAME_CHARACTERS_MAX).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(IdentifierError {
        field: "name",
        allowed: NAME_ALLOWED,
    })
}

/// Checks the name by which a person signs in. White space is refused because nobody sees it at the end of a form.
///
/// # Errors
/// [`IdentifierError`] naming `external_id` and what is allowed.
pub fn check_external_id(external_id: &str) -> Result<(), IdentifierError> {
    let length = external_id.chars().count();
    let refused = |character: char| character.is_control() || character.is_whitespace();
    if (1..=EXTERNAL_ID_CHARACTERS_MAX).contains(&length) && !external_id.chars().any(refused) {
        return Ok(());
    }
    Err(IdentifierError {
        field: "external_id",
        allowed: EXTERNAL_ID_ALLOWED,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_characters() {
        assert_eq!(check_name(&"席".repeat(NAME_CHARACTERS_MAX)), Ok(()));
        for wrong in ["", "a\nb", "a\u{9f}", &"席".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn external_ids_have_no_white_space() {
        for right in ["li.lei@example.com", "007", "李雷"] {
            assert_eq!(check_external_id(right), Ok(()), "{right:?}");
        }
        for wrong in [
            "",
            " ",
            "li lei",
            "li\u{a0}lei",
            "li\u{3000}",
            "a\0",
            &"a".repeat(130),
        ] {
            assert!(check_external_id(wrong).is_err(), "{wrong:?}");
        }
    }
}
