//! One change over a whole list, round by round and slice by slice.
//!
//! Somebody who acts on ten thousand seats wants to know beforehand how many it concerns and which are left out, to see it
//! go on, and to be able to stop. And nobody else may wait for it. So nothing is kept between two requests: the filter,
//! the moment at which seats were judged, the place reached and what has come of it so far travel in the form. A preview
//! is a rehearsal of the very changes, and each request makes one slice of them. Whoever closes the window has stopped;
//! whoever loads a page again goes on from the place it names, and a seat that was changed already is found so.
//!
//! Seats are judged at the moment of the preview throughout, and a seat through which somebody comes after that moment is
//! not released. What travels in a form can be written by whoever sends it, who may change every seat anyway.

use std::collections::BTreeMap;

use serde_json::Value;
use usher_seats::SeatType;
use usher_store::{Change, Effect, IdleRow, Manner, PoolName, Rejection, SeatName};

use super::{action::Action, filter::SeatFilter, finding};
use crate::{
    console::{desk::Desk, refused},
    manage::idle_seats::SeatPlace,
    sign_in::problem::Problem,
};

/// Most seats of a round: as many as a call of the API may change, and as the preview can rehearse while somebody waits.
pub(super) const ROUND_SEATS_MAX: usize = 10_000;
/// Most seats that one request changes, so that the next page comes within a second or two.
const SLICE_SEATS_MAX: usize = 2_500;
/// Seats in one transaction, so that accesses wait for none for long.
const TRANSACTION_SEATS_MAX: usize = 500;
/// Most stretches of the list that one request looks through, each of at most two thousand seats: where a filter fits few
/// seats, a round ends before it is full.
const STRETCHES_MAX: usize = 50;
/// The name for seats that are so already, among the reasons of the ledger.
const UNCHANGED: &str = "unchanged";

/// What came of some seats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// So many were changed, or would be.
    pub(super) changed: u64,
    /// So many were not, by the name of the reason.
    pub(super) left_out: BTreeMap<String, u64>,
}

/// True when a seat was changed, or would be.
fn changes(result: &Result<Effect, Rejection>) -> bool {
    result.as_ref().is_ok_and(|effect| *effect != Effect::Unchanged)
}

impl Tally {
    fn of(results: &[Result<Effect, Rejection>]) -> Self {
        let mut tally = Self::default();
        for result in results {
            tally.count(result);
        }
        tally
    }

    pub(super) fn count(&mut self, result: &Result<Effect, Rejection>) {
        if changes(result) {
            self.changed += 1;
            return;
        }
        let reason = match result {
            Ok(_) => UNCHANGED.to_owned(),
            Err(rejection) => name_of(*rejection),
        };
        *self.left_out.entry(reason).or_default() += 1;
    }

    /// Seats that were looked at.
    pub(super) fn total(&self) -> u64 {
        self.changed + self.left_out.values().sum::<u64>()
    }

    /// The reasons in words, each with its number.
    pub(super) fn reasons(&self, desk: &Desk) -> Vec<(String, u64)> {
        let named = self.left_out.iter().map(|(name, count)| {
            let rejection = serde_json::from_value(Value::from(name.as_str()));
            let text = match rejection {
                Ok(rejection) => refused::sentence(desk.words(), rejection),
                Err(_) => desk.seats().preview_unchanged,
            };
            (text.to_owned(), *count)
        });
        named.collect()
    }

    /// As a field of a form.
    pub(super) fn text(&self) -> String {
        let pairs = self
            .left_out
            .iter()
            .map(|(name, count)| format!("{name}:{count}"));
        let pairs: Vec<String> = pairs.collect();
        format!("{};{}", self.changed, pairs.join(","))
    }

    /// Reads [`Tally::text`]; nothing where it is something else.
    pub(super) fn read(text: &str) -> Self {
        let (changed, pairs) = text.split_once(';').unwrap_or((text, ""));
        let pairs = pairs.split(',').filter_map(|pair| {
            let (name, count) = pair.split_once(':')?;
            Some((name.to_owned(), count.parse().ok()?))
        });
        Self {
            changed: changed.parse().unwrap_or(0),
            left_out: pairs.collect(),
        }
    }
}

/// The name of a reason, as the ledger writes it.
fn name_of(rejection: Rejection) -> String {
    let name = serde_json::to_value(rejection).ok();
    name.and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Some seats of a list.
pub(super) struct Found {
    /// In the order of the list.
    pub(super) rows: Vec<IdleRow>,
    /// The place after which it goes on.
    pub(super) next: Option<SeatPlace>,
}

/// What a round is about.
pub(super) struct Round {
    /// Which seats.
    pub(super) filter: SeatFilter,
    /// What is done with them.
    pub(super) action: Action,
    /// The moment at which they are judged, in milliseconds.
    pub(super) decided_at_ms: i64,
    /// Why, for the audit log.
    pub(super) reason: Option<String>,
}

impl Round {
    /// Seats of the list after a place, as many as wanted or as one request can find.
    pub(super) async fn find(
        &self,
        desk: &Desk,
        after: Option<SeatPlace>,
        seats_max: usize,
    ) -> Result<Found, Problem> {
        let mut rows = Vec::new();
        let mut place = after.map(|place| place.0);
        for _ in 0..STRETCHES_MAX {
            let wanted = seats_max.saturating_sub(rows.len()).min(TRANSACTION_SEATS_MAX);
            let page = finding::page(desk, &self.filter, self.decided_at_ms, place, wanted).await?;
            place = page.next;
            rows.extend(page.rows);
            if place.is_none() || rows.len() >= seats_max {
                break;
            }
        }
        Ok(Found {
            rows,
            next: place.map(SeatPlace),
        })
    }

    /// Tries what a round would do, and changes nothing: what would come of it, and which seats would be other than they are.
    pub(super) async fn rehearse<'rows>(
        &self,
        desk: &Desk,
        rows: &'rows [IdleRow],
    ) -> Result<(Tally, Vec<&'rows IdleRow>), Problem> {
        let results = self.make(desk, rows, true).await?;
        let changed = rows.iter().zip(&results).filter(|(_, result)| changes(result));
        let changed = changed.map(|(row, _)| row).collect();
        Ok((Tally::of(&results), changed))
    }

    /// Makes one slice of a round, after a place and of no more than so many seats.
    pub(super) async fn slice(
        &self,
        desk: &Desk,
        after: Option<SeatPlace>,
        seats_max: usize,
    ) -> Result<(Tally, Option<SeatPlace>), Problem> {
        let found = self.find(desk, after, seats_max.min(SLICE_SEATS_MAX)).await?;
        let results = self.make(desk, &found.rows, false).await?;
        Ok((Tally::of(&results), found.next))
    }

    /// What came of each seat, in order.
    async fn make(
        &self,
        desk: &Desk,
        rows: &[IdleRow],
        rehearsal: bool,
    ) -> Result<Vec<Result<Effect, Rejection>>, Problem> {
        let mut results = Vec::with_capacity(rows.len());
        for rows in rows.chunks(TRANSACTION_SEATS_MAX) {
            let changes: Vec<Change> = rows
                .iter()
                .map(|row| self.action.change(desk, name(desk, row)))
                .collect();
            let reason = self.reason.clone();
            let outcome = desk.make(changes, Manner::Each, reason, rehearsal).await?;
            results.extend(outcome.results);
        }
        Ok(results)
    }
}

/// The name of a listed seat.
pub(super) fn name(desk: &Desk, row: &IdleRow) -> SeatName {
    SeatName {
        pool: PoolName {
            tenant_id: desk.tenant_id(),
            seat_type: row.seat_type,
            namespace: row
                .namespace
                .clone()
                .filter(|_| row.seat_type == SeatType::PerUserPerApp),
        },
        user_id: row.user_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_travels_in_a_form() {
        let mut tally = Tally::default();
        tally.count(&Ok(Effect::Updated));
        tally.count(&Ok(Effect::Unchanged));
        tally.count(&Err(Rejection::SeatProtected));
        tally.count(&Err(Rejection::SeatProtected));
        assert_eq!(tally.text(), "1;seat_protected:2,unchanged:1");
        assert_eq!(Tally::read(&tally.text()), tally);
        assert_eq!(tally.total(), 4);
    }

    #[test]
    fn what_is_no_tally_counts_as_nothing() {
        for text in ["", ";", "x;y", "-1;a:b", "1", "🎈;:"] {
            assert!(Tally::read(text).total() <= 1, "{text}");
        }
    }
}
