//! Passwords: which are good enough, and how they are kept.
//!
//! **Which.** NIST SP 800-63B-4 (section 3.1.1) asks for at least 15 characters where a password may be the only proof,
//! as here; for room up to at least 64; for no rules of composition; and for a list of what everybody would guess first.
//! With 15 characters that list is short: what is left to guess are repetitions, runs of the keyboard, and the words
//! that are lying about, such as the person's own name. So a password is refused when little remains once those pieces
//! are taken out of it. Characters are Unicode code points, and nothing is ever cut off.
//!
//! **One spelling.** The same characters reach us as different bytes: `é` as one code point or as two, letters at full
//! width when a Chinese keyboard is in that mode. So a password is brought to the form NFKC before it is judged, hashed
//! or compared, as NIST SP 800-63B advises. Hashes made before this was so may be of another spelling; a password that
//! its own spelling does not fit is therefore tried as it was typed too.
//!
//! **How.** argon2id in the PHC form, so that the parameters travel with each hash and can be raised for new ones
//! later. Hashing takes tens of milliseconds and 19 MiB; where and how many at once is the caller's to say.

use std::borrow::Cow;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::secret::Secret;

/// Fewest characters: NIST SP 800-63B-4 for a password that may be the only proof.
pub const PASSWORD_CHARACTERS_MIN: usize = 15;
/// Most characters: twice what NIST asks to allow, and a bound on the work of hashing.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// Memory of one hash in KiB: OWASP's Password Storage advice for argon2id (19 MiB, 2 passes, 1 lane).
pub const HASH_MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory, likewise.
pub const HASH_PASSES: u32 = 2;
/// Lanes, likewise: more would only let one hash use more cores.
pub const HASH_LANES: u32 = 1;
/// Random bytes of a salt: what the PHC form recommends.
pub const SALT_BYTES: usize = 16;
/// Fewest different characters.
const DIFFERENT_CHARACTERS_MIN: usize = 6;
/// Fewest characters that must remain once the guessable pieces are gone.
const REMAINING_CHARACTERS_MIN: usize = 8;
/// Shortest piece that is taken out; shorter ones are part of honest words.
const PIECE_CHARACTERS_MIN: usize = 3;
/// Rows that fingers run along; any piece of them of [`RUN_CHARACTERS_MIN`] or more is guessable, in both directions.
const RUNS: [&str; 6] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
];
const RUN_CHARACTERS_MIN: usize = 4;
/// What is guessed first, anywhere; a longer one stands before the shorter one inside it.
const COMMON_PIECES: [&str; 16] = [
    "administrator",
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "passwort",
    "usher",
    "admin",
    "letmein",
    "welcome",
    "iloveyou",
    "secret",
    "changeme",
    "default",
    "woaini",
    "mima",
];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFlaw {
    /// Fewer than [`PASSWORD_CHARACTERS_MIN`] characters.
    #[error("the password is too short")]
    TooShort,
    /// More than [`PASSWORD_CHARACTERS_MAX`] characters.
    #[error("the password is too long")]
    TooLong,
    /// Little else than repetitions, runs and words that are lying about.
    #[error("the password is easy to guess")]
    Guessable,
}

/// Judges a password to be chosen by somebody about whom `about` is known (names, the organisation).
///
/// # Errors
/// The first flaw.
pub fn judge(password: &Secret, about: &[&str]) -> Result<(), PasswordFlaw> {
    let password = one_spelling(password);
    let characters = password.chars().count();
    if characters < PASSWORD_CHARACTERS_MIN {
        return Err(PasswordFlaw::TooShort);
    }
    if characters > PASSWORD_CHARACTERS_MAX {
        return Err(PasswordFlaw::TooLong);
    }
    let lower = password.to_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    let remaining = remaining_characters(&lower, about);
    if different.len() < DIFFERENT_CHARACTERS_MIN || remaining < REMAINING_CHARACTERS_MIN {
        Err(PasswordFlaw::Guessable)
    } else {
        Ok(())
    }
}

/// The password in the form NFKC.
fn one_spelling(password: &Secret) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(password.expose())
}

/// True when a password is longer than any that is taken; it fits no hash and need not be hashed.
#[must_use]
pub fn is_too_long(password: &Secret) -> bool {
    one_spelling(password).chars().count() > PASSWORD_CHARACTERS_MAX
}

/// True when two passwords are the same, however they were typed.
#[must_use]
pub fn are_same(one: &Secret, other: &Secret) -> bool {
    one_spelling(one) == one_spelling(other)
}

/// Characters that remain of a password in lower case once the guessable pieces are taken out.
fn remaining_characters(lower: &str, about: &[&str]) -> usize {
    let mut rest = lower.to_owned();
    let known = about
        .iter()
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|piece| piece.chars().count() >= PIECE_CHARACTERS_MIN)
        .map(str::to_lowercase);
    for piece in known.chain(COMMON_PIECES.map(str::to_owned)) {
        rest = rest.replace(&piece, "");
    }
    without_runs(&rest).chars().count()
}

/// Takes out every piece of a run of keys, forwards and backwards.
fn without_runs(text: &str) -> String {
    let mut rest: Vec<char> = text.chars().collect();
    for run in RUNS {
        let forwards: Vec<char> = run.chars().collect();
        let backwards: Vec<char> = run.chars().rev().collect();
        for run in [forwards, backwards] {
            rest = without_run(&rest, &run);
        }
    }
    rest.into_iter().collect()
}

fn without_run(text: &[char], run: &[char]) -> Vec<char> {
    let mut rest = Vec::with_capacity(text.len());
    let mut text = text;
    while let Some((first, following)) = text.split_first() {
        let starts = run.iter().enumerate().filter(|(_, key)| *key == first);
        let longest = starts.map(|(start, _)| common_length(text, run.get(start..).unwrap_or_default()));
        match longest.max() {
            Some(length) if length >= RUN_CHARACTERS_MIN => text = text.get(length..).unwrap_or_default(),
            _ => {
                rest.push(*first);
                text = following;
            }
        }
    }
    rest
}

fn common_length(one: &[char], other: &[char]) -> usize {
    one.iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// The hashing could not be done: no memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashError;

/// argon2id of a password in PHC form. The salt must be random: drawn anew for each password.
///
/// # Errors
/// [`HashError`] when there is no memory for it.
pub fn hash_password(password: &Secret, salt: &[u8; SALT_BYTES]) -> Result<String, HashError> {
    let hash: PasswordHash = hasher()?
        .hash_password_with_salt(one_spelling(password).as_bytes(), salt)
        .map_err(|_| HashError)?;
    Ok(hash.to_string())
}

/// True when `password` is the one a hash in PHC form was made of, which takes as long as the hash's own parameters
/// say, and twice as long for a password that was typed in another than its one spelling. A text that is no such hash
/// fits no password.
#[must_use]
pub fn password_matches(password: &Secret, phc: &str) -> bool {
    let (Ok(hash), Ok(hasher)) = (PasswordHash::new(phc), hasher()) else {
        return false;
    };
    let fits = |spelling: &str| hasher.verify_password(spelling.as_bytes(), &hash).is_ok();
    let spelling = one_spelling(password);
    // The hash may be older than the one spelling. Both are always tried, so that the time tells of the typing only.
    let as_typed = spelling != password.expose() && fits(password.expose());
    fits(&spelling) || as_typed
}

/// Takes as long as [`password_matches`] and comes to nothing: for people who do not exist or never chose a password, so
/// that the time does not tell.
pub fn match_nothing(password: &Secret) {
    let again = one_spelling(password) != password.expose();
    for _ in 0..=usize::from(again) {
        std::hint::black_box(&hash_password(password, &[0; SALT_BYTES]));
    }
}

fn hasher() -> Result<Argon2<'static>, HashError> {
    let parameters = Params::new(HASH_MEMORY_KIB, HASH_PASSES, HASH_LANES, None).map_err(|_| HashError)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), PasswordFlaw> {
        judge(
            &Secret::new(password),
            &["Alice Zhang", "alice.z", "default", "12"],
        )
    }

    #[test]
    fn length_is_counted_in_characters_and_nothing_else_is_asked_for() {
        assert_eq!(judged("correct horse battery"), Ok(()));
        assert_eq!(judged("四十二只熊猫在竹林里慢慢地吃午饭"), Ok(()));
        assert_eq!(judged("short but mixed"), Ok(()));
        assert_eq!(judged("Tr0ub4dor&3"), Err(PasswordFlaw::TooShort));
        assert_eq!(judged(""), Err(PasswordFlaw::TooShort));
        let long: String = ('a'..='z')
            .cycle()
            .step_by(7)
            .take(PASSWORD_CHARACTERS_MAX)
            .collect();
        assert_eq!(judged(&long), Ok(()));
        assert_eq!(judged(&format!("{long}x")), Err(PasswordFlaw::TooLong));
    }

    #[test]
    fn what_everybody_would_guess_is_refused() {
        for password in [
            "aaaaaaaaaaaaaaaaaaaa",
            "abababababababababab",
            "passwordpassword",
            "PasswordPassword123",
            "123456789012345678",
            "qwertyuiopasdfghjkl",
            "poiuytrewqlkjhgfdsa",
            "abcdefghijklmnopq",
            "alice.z.alice.z.alice",
            "AliceZhangAlice1",
            "usher-administrator-1",
            "1qaz2wsx3edc4rfv",
        ] {
            assert_eq!(judged(password), Err(PasswordFlaw::Guessable), "{password}");
        }
    }

    #[test]
    fn a_hash_fits_its_password_only_and_says_how_it_was_made() {
        let password = Secret::new("correct horse battery");
        let phc = hash_password(&password, &[9; SALT_BYTES]).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(password_matches(&password, &phc));
        assert!(!password_matches(&Secret::new("correct horse batterz"), &phc));
        assert_ne!(phc, hash_password(&password, &[8; SALT_BYTES]).unwrap());
        match_nothing(&password);
    }

    #[test]
    fn a_password_fits_however_it_is_typed() {
        let composed = Secret::new("caf\u{e9} im regen 42 席");
        let phc = hash_password(&composed, &[9; SALT_BYTES]).unwrap();
        for typed in ["cafe\u{301} im regen 42 席", "ｃａｆé\u{3000}im regen ４２ 席"] {
            let typed = Secret::new(typed);
            assert!(password_matches(&typed, &phc), "{typed:?}");
            assert!(are_same(&typed, &composed));
        }
        assert!(!password_matches(&Secret::new("cafe im regen 42 席"), &phc));
        match_nothing(&Secret::new("cafe\u{301}"));
    }

    #[test]
    fn a_hash_from_before_the_one_spelling_still_fits_as_it_was_typed() {
        let typed = "cafe\u{301} im regen";
        let older: PasswordHash = hasher()
            .unwrap()
            .hash_password_with_salt(typed.as_bytes(), &[1; SALT_BYTES])
            .unwrap();
        assert!(password_matches(&Secret::new(typed), &older.to_string()));
    }

    #[test]
    fn length_is_that_of_the_one_spelling() {
        let decomposed = "e\u{301}".repeat(PASSWORD_CHARACTERS_MAX);
        assert!(!is_too_long(&Secret::new(decomposed.as_str())));
        assert!(is_too_long(&Secret::new(format!("{decomposed}x"))));
        assert_eq!(
            judged("e\u{301}e\u{301}e\u{301}e\u{301}abcd"),
            Err(PasswordFlaw::TooShort)
        );
    }

    #[test]
    fn a_hash_of_older_parameters_still_fits() {
        let older = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(64, 1, 1, None).unwrap(),
        );
        let hash: PasswordHash = older
            .hash_password_with_salt(b"old password", &[1; SALT_BYTES])
            .unwrap();
        assert!(password_matches(&Secret::new("old password"), &hash.to_string()));
    }

    #[test]
    fn what_is_no_hash_fits_nothing() {
        for phc in [
            "",
            "plain",
            "$argon2id$",
            "$1$abc$def",
            "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA",
        ] {
            assert!(!password_matches(&Secret::new("plain"), phc), "{phc}");
        }
    }
}
