//! The suite of every engine.

use usher_conformance::model;

use crate::home::PostgresHome;

usher_conformance::stories!(crate::home::PostgresHome::new);

/// Random sequences; each takes a database of its own, so there are fewer than where that is a file.
const SEQUENCES: u32 = 200;
/// Organisations in which the report on idle seats is worked out by hand.
const ORGANISATIONS: u32 = 100;

#[test]
fn random_sequences_agree_with_the_model() {
    model::run(SEQUENCES, 1, PostgresHome::new);
}

#[test]
fn idle_seats_of_random_organisations_are_those_counted_by_hand() {
    usher_conformance::idle::run(ORGANISATIONS, 1, PostgresHome::new);
}
