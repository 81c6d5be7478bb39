//! One round after the other, on one growing ledger.

use std::{collections::HashMap, time::Duration};

use serde::Serialize;
use usher_checker::{Checker, Load, Quiet, Seat, Verdict, Violation};

use super::{
    callers::{Caller, Told, close, joined},
    place::TorturePlace,
    plan::{APP_SEATS, APPS, Blow, CALLERS, Dice, PEOPLE, PEOPLE_AT_FIRST, PLATFORM_SEATS},
    program::Server,
    readings::{Care, Reader, Unread, read_beside},
    recorder::Recorder,
    world::{self, Tokens},
};
use crate::{clock::SystemClock, failure::Failure, words};

/// A load ends at the latest after this time, so that a server that answers nobody does not hang the run.
const LOAD_TIME_MAX: Duration = Duration::from_secs(60);
/// Every so many rounds everything is read thoroughly; and at the end.
const ROUNDS_BETWEEN_THOROUGH: u64 = 100;
/// Seats that are asked for one by one after each round.
const SEATS_LOOKED_AT: usize = 12;

/// What was done so far.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Figures {
    /// Rounds that ended, each with a kill.
    pub(crate) rounds: u64,
    /// Calls that were answered.
    pub(crate) calls_answered: u64,
    /// Calls that a kill left without an answer.
    pub(crate) calls_unanswered: u64,
    /// Accesses that were acknowledged.
    pub(crate) accesses_admitted: u64,
    /// Accesses that were refused for want of a seat.
    pub(crate) accesses_refused: u64,
    /// Changes of seats that were acknowledged.
    pub(crate) seat_changes: u64,
    /// Lists read while others worked.
    pub(crate) lists_beside: u64,
    /// Rows that were compared.
    pub(crate) rows_compared: u64,
}

/// What came of a round.
pub(crate) enum Outcome {
    /// All is well.
    Well,
    /// Something is wrong.
    Wrong {
        /// What the checker found.
        violations: Vec<Violation>,
        /// Answers that nobody should get.
        surprises: Vec<String>,
    },
}

/// A run.
pub(crate) struct Run {
    place: TorturePlace,
    dice: Dice,
    checker: Checker,
    recorder: Recorder,
    tokens: Tokens,
    server: Server,
    /// What was done so far.
    pub(crate) figures: Figures,
}

impl Run {
    /// Makes the organisation and starts the first server.
    ///
    /// # Errors
    /// A failure when that cannot be done.
    pub(crate) async fn begin(place: TorturePlace, seed: u64) -> Result<Self, Failure> {
        let tokens = world::people(&place)?;
        let server = Server::start(&place).await?;
        world::pools(&server, &tokens).await?;
        let mut bought: HashMap<_, _> = (0..APPS).map(|app| (Some(app), APP_SEATS)).collect();
        bought.insert(None, PLATFORM_SEATS);
        Ok(Self {
            place,
            dice: Dice::new(seed),
            checker: Checker::new(bought),
            recorder: Recorder::default(),
            tokens,
            server,
            figures: Figures::default(),
        })
    }

    /// A load, a blow, a new start, and a reading; `last` reads thoroughly.
    ///
    /// # Errors
    /// A failure when the server does not start again, or cannot be read.
    pub(crate) async fn round(&mut self, last: bool) -> Result<Outcome, Failure> {
        let (mut told, lived) = self.load_and_blow().await;
        self.place.until_nobody_works().await?;
        close(&mut told.load, SystemClock.now_ms());
        let mut violations = self.checker.load(&told.load);
        let mut surprises = std::mem::take(&mut told.surprises);
        if !lived {
            surprises.push("the server ended by itself".to_owned());
        }
        self.server = Server::start(&self.place).await?;
        self.figures.rounds += 1;
        let thorough = last || self.figures.rounds.is_multiple_of(ROUNDS_BETWEEN_THOROUGH);
        let care = if thorough { Care::Thorough } else { Care::Quick };
        let touched = told.load.changes.iter().rev().map(|change| change.seat);
        let seats: Vec<Seat> = touched.take(SEATS_LOOKED_AT).collect();
        match self.read(care, &seats).await {
            Ok(quiet) => {
                violations.extend(self.checker.quiet(&quiet));
                self.count(&told, &quiet);
            }
            Err(Unread::Surprise(surprise)) => surprises.push(surprise),
            Err(Unread::Gone | Unread::NotNow) => return Err(unreadable()),
        }
        if violations.is_empty() && surprises.is_empty() {
            return Ok(Outcome::Well);
        }
        Ok(Outcome::Wrong {
            violations,
            surprises,
        })
    }

    /// Lets all callers work until the blow, and gives what they were told; false when the server had ended before.
    async fn load_and_blow(&mut self) -> (Told, bool) {
        self.recorder.begin_round();
        let blow = Blow::drawn(&mut self.dice);
        let people = PEOPLE.min(PEOPLE_AT_FIRST + self.figures.rounds);
        let address = self.server.address;
        let mut tasks = Vec::new();
        for number in 0..CALLERS {
            let caller = Caller {
                number,
                people,
                dice: self.dice.split(),
                tokens: self.tokens.clone(),
                recorder: self.recorder.clone(),
            };
            tasks.push(tokio::spawn(caller.call(address)));
        }
        let (tokens, recorder) = (self.tokens.clone(), self.recorder.clone());
        tasks.push(tokio::spawn(read_beside(
            address,
            tokens,
            recorder,
            self.dice.split(),
        )));
        let enough = self.recorder.until_answered(blow.after_answers);
        let _ = tokio::time::timeout(LOAD_TIME_MAX, enough).await;
        // This waits for nothing: it only chooses the moment of the blow.
        tokio::time::sleep(Duration::from_micros(blow.pause_microseconds)).await;
        let lived = self.server.kill();
        let mut all = Vec::new();
        for task in tasks {
            match task.await {
                Ok(told) => all.push(told),
                Err(error) => all.push(Told {
                    surprises: vec![error.to_string()],
                    ..Told::default()
                }),
            }
        }
        (joined(all), lived)
    }

    async fn read(&mut self, care: Care, seats: &[Seat]) -> Result<Quiet, Unread> {
        let mut reader = Reader::open(self.server.address, &self.tokens, &self.recorder, true).await?;
        reader.everything(care, seats).await
    }

    fn count(&mut self, told: &Told, quiet: &Quiet) {
        let Load {
            accesses,
            changes,
            activities,
            seats,
        } = &told.load;
        let figures = &mut self.figures;
        figures.calls_answered += told.calls_answered;
        figures.calls_unanswered += told.calls_unanswered;
        figures.lists_beside += (activities.len() + seats.len()) as u64;
        for access in accesses {
            match access.answer {
                Some(Verdict::Admitted { .. }) => figures.accesses_admitted += 1,
                Some(Verdict::Refused) => figures.accesses_refused += 1,
                None => {}
            }
        }
        figures.seat_changes += changes.iter().filter(|change| change.kind.is_answered()).count() as u64;
        let of_activities = activities.iter().chain(&quiet.activities);
        let of_seats = seats.iter().chain(&quiet.seats);
        let rows = of_activities
            .map(|walk| walk.rows.len())
            .chain(of_seats.map(|walk| walk.rows.len()));
        figures.rows_compared += rows.sum::<usize>() as u64;
    }

    /// Ends the server; gives the place.
    pub(crate) fn end(mut self) -> TorturePlace {
        self.server.kill();
        self.place
    }
}

fn unreadable() -> Failure {
    Failure::failed(words!(
        "the server was started again and went away while it was read",
        "服务器重新启动后，在读取期间消失"
    ))
}
