//! The suite of every engine.

use usher_conformance::model;

use crate::home::SqliteHome;

usher_conformance::stories!(crate::home::SqliteHome::new);

/// Sequences per test; there are two tests, so that two cores share the ten thousand.
const SEQUENCES: u32 = 5_000;

#[test]
fn five_thousand_random_sequences_agree_with_the_model() {
    model::run(SEQUENCES, 1, SqliteHome::new);
}

#[test]
fn five_thousand_other_sequences_agree_with_the_model() {
    model::run(SEQUENCES, 2, SqliteHome::new);
}

/// Organisations in which the report on idle seats is worked out by hand.
const ORGANISATIONS: u32 = 1_000;

#[test]
fn idle_seats_of_random_organisations_are_those_counted_by_hand() {
    usher_conformance::idle::run(ORGANISATIONS, 1, SqliteHome::new);
}
