//! How wide a torture is, and the dice that draw its choices.

/// People who hold seats and open apps. Few enough that a reading of everything takes a moment, so that every round has one.
pub(super) const PEOPLE: u64 = 400;
/// People in the first round; one more joins each round, so that the ledger grows.
pub(super) const PEOPLE_AT_FIRST: u64 = 100;
/// The number of the first of them; before it is the administrator, whom no round may harm.
pub(super) const FIRST_PERSON: u64 = 2;
/// Apps.
pub(super) const APPS: u32 = 4;
/// Platform seats that are bought: fewer than people, so that callers race for the last ones.
pub(super) const PLATFORM_SEATS: u64 = 90;
/// Seats that are bought for each app, for the same reason.
pub(super) const APP_SEATS: u64 = 60;
/// Callers at once, each on a connection of its own.
pub(super) const CALLERS: u64 = 24;
/// Most accesses of a call.
pub(super) const ACCESSES_PER_CALL_MAX: u64 = 16;
/// Most seats that a call gives or takes.
pub(super) const SEATS_PER_CALL_MAX: u64 = 4;
/// Accesses after which a server of a file folds its journal, so that blows also fall into folds.
pub(super) const FOLD_AFTER_ACCESSES: u64 = 300;

/// Most answers before a blow: some blows fall into the first commits after a start, some long after it.
const ANSWERS_BEFORE_BLOW_MAX: u64 = 250;
/// After the drawn answer a drawn pause follows, so that the blow does not always fall just behind an answer.
const PAUSE_MICROSECONDS_MAX: u64 = 5_000;

/// When the blow of a round falls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blow {
    /// After so many answers.
    pub(super) after_answers: u64,
    /// And so many microseconds.
    pub(super) pause_microseconds: u64,
}

impl Blow {
    pub(super) fn drawn(dice: &mut Dice) -> Self {
        Self {
            after_answers: 1 + dice.below(ANSWERS_BEFORE_BLOW_MAX),
            pause_microseconds: dice.below(PAUSE_MICROSECONDS_MAX),
        }
    }
}

/// A small generator (splitmix64): good enough to choose people and moments, and the same everywhere.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another generator, for a caller that draws on its own.
    pub(super) fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// A number in `0 .. end`; 0 when there is none.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// The number of an app.
    pub(super) fn app(&mut self) -> u32 {
        u32::try_from(self.below(APPS.into())).unwrap_or(0)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The name of the app with this number. Names stand in the order of numbers, as rows do.
pub(super) fn namespace(app: u32) -> String {
    format!("package_{app:04}__c")
}

/// The number of the app with this name.
pub(super) fn app_number(namespace: &str) -> Option<u32> {
    let digits = namespace.strip_prefix("package_")?.strip_suffix("__c")?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_choices_again() {
        let draw = || {
            let mut dice = Dice::new(7);
            let mut caller = dice.split();
            [
                dice.below(100),
                caller.below(100),
                caller.below(100),
                caller.below(0),
            ]
        };
        assert_eq!(draw(), draw());
        assert_ne!(Dice::new(8).next(), Dice::new(7).next());
    }

    #[test]
    fn an_app_has_its_number_in_its_name() {
        assert_eq!(app_number(&namespace(3)), Some(3));
        assert_eq!(app_number("crm"), None);
    }
}
