//! One access, decided: the verdict, and what it leaves behind.
//!
//! An access that is admitted leaves up to two things: a newer time of its activity row, and its person among those who
//! were active on its day. Most accesses of a person in an app are the latest so far and on a day on which the person
//! has been there already. The cache knows both without asking (see `verdicts`), so only the first access of a day costs
//! more, and the set it joins is in memory. What has to ask the file is an access of the past: an import, or a clock
//! that stepped back.

use std::collections::BTreeMap;

use rusqlite::Connection;
use usher_seats::{Day, LocalDay, Namespace, SeatType, Verdict, newest};
use usher_store::{Access, AdmittedAccess, Recorded};

use crate::{
    days::{self, ActiveDay},
    journal::{Active, Record},
    overlay::{Committed, Overlay, RowKey, RowTime},
    verdicts::{Known, VerdictCache},
};

/// Names of apps kept from batch to batch; beyond that they are gathered anew.
const NAMES_KEPT: usize = 4_096;

/// What a batch leaves, for the journal and for the overlay. It is kept from batch to batch, so that a batch allocates nothing.
#[derive(Default)]
pub(crate) struct Batch {
    /// Every access that leaves something.
    pub(crate) records: Vec<Record>,
    /// The newer times.
    pub(crate) moved: Vec<Committed>,
    /// The days on which somebody was active for the first time, as far as is known.
    pub(crate) active: Vec<ActiveDay>,
    /// What the apps among them are called.
    names: BTreeMap<i64, Namespace>,
}

impl Batch {
    /// Begins the next batch.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.moved.clear();
        self.active.clear();
        if self.names.len() > NAMES_KEPT {
            self.names.clear();
        }
    }

    /// Puts what was committed into the overlay.
    pub(crate) fn apply(&self, overlay: &Overlay) {
        let moved = self.moved.iter().copied();
        let active = self.active.iter().copied();
        overlay.apply(moved, active, |app_id| self.names.get(&app_id).cloned());
    }

    fn name(&mut self, app_id: i64, namespace: &Namespace) {
        self.names.entry(app_id).or_insert_with(|| namespace.clone());
    }
}

/// What may be asked for facts.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) overlay: &'a Overlay,
}

/// Notes what an access leaves that was admitted before; nothing when its person or its app is no longer there.
pub(crate) fn replay(
    facts: Facts<'_>,
    verdicts: &mut VerdictCache,
    AdmittedAccess { access, seat_type }: &AdmittedAccess,
    batch: &mut Batch,
) -> rusqlite::Result<()> {
    let subject = (access.tenant_id, access.user_id, &access.namespace);
    let mut known = verdicts.known(facts.connection, subject)?;
    if known.are_there() {
        admit(facts, &mut known, access, *seat_type, batch)?;
    }
    Ok(())
}

/// Decides one access and notes what it leaves.
pub(crate) fn judge(
    facts: Facts<'_>,
    verdicts: &mut VerdictCache,
    access: &Access,
    batch: &mut Batch,
) -> rusqlite::Result<Recorded> {
    let subject = (access.tenant_id, access.user_id, &access.namespace);
    let mut known = verdicts.known(facts.connection, subject)?;
    match known.decide(facts.connection, access.accessed_at_ms)? {
        Ok(seat_type) => admit(facts, &mut known, access, seat_type, batch),
        Err(reason) => Ok(Recorded {
            verdict: Verdict::Refused { reason },
            moved: false,
            admits_until_ms: None,
        }),
    }
}

fn admit(
    facts: Facts<'_>,
    known: &mut Known<'_>,
    access: &Access,
    seat_type: SeatType,
    batch: &mut Batch,
) -> rusqlite::Result<Recorded> {
    let time_ms = access.accessed_at_ms;
    let old_ms = known.newest_ms(facts, seat_type)?;
    let active_time_ms = newest(old_ms, time_ms);
    let moved = old_ms != Some(active_time_ms);
    let day = known.day(facts.connection, time_ms)?;
    let may_be_new = !known.is_noted(seat_type, day) && {
        known.note_day(seat_type, day);
        let active = known.active_day(seat_type, day);
        // What moves is written down anyway, and being in a set twice is being in it once: nothing to ask.
        let may_be_new = moved || !is_known(facts, &active)?;
        if may_be_new {
            batch.active.push(active);
        }
        may_be_new
    };
    if moved {
        known.moved(seat_type, active_time_ms);
        batch.moved.push(committed(known, access, seat_type, old_ms));
        batch.name(known.app_id(), known.namespace());
    }
    if moved || may_be_new {
        let active = if may_be_new {
            Active::MayBeNew(known.person())
        } else {
            Active::Known
        };
        batch
            .records
            .push(record(known, access, (seat_type, day), (moved, active)));
    }
    Ok(Recorded {
        verdict: Verdict::Admitted {
            seat_type,
            active_time_ms,
        },
        moved,
        admits_until_ms: known.until_ms(facts.connection, seat_type)?,
    })
}

/// A newer time of a row. Its seat was brought to that day when the row was, or will be by the fold that is under way.
fn committed(known: &Known<'_>, access: &Access, seat_type: SeatType, old_ms: Option<i64>) -> Committed {
    let time_ms = access.accessed_at_ms;
    Committed {
        key: RowKey {
            tenant_id: access.tenant_id,
            seat_type,
            user_id: access.user_id,
            app_id: known.app_id(),
        },
        time: RowTime::new(time_ms, !old_ms.is_some_and(|old_ms| same_day(old_ms, time_ms))),
    }
}

/// Whether nothing that is counted in days of UTC tells two moments apart. The first moment of a day ends the day before in
/// some counts, so it is on its own.
fn same_day(one_ms: i64, other_ms: i64) -> bool {
    let first_day = Day::in_utc(one_ms.min(other_ms) - 1);
    one_ms == other_ms || first_day == Day::in_utc(one_ms.max(other_ms))
}

fn record(
    known: &Known<'_>,
    access: &Access,
    (seat_type, day): (SeatType, LocalDay),
    (moved, active): (bool, Active),
) -> Record {
    Record {
        tenant_id: access.tenant_id,
        app_id: known.app_id(),
        seat_type,
        user_id: access.user_id,
        time_ms: access.accessed_at_ms,
        day: day.day,
        moved,
        active,
    }
}

/// Asks the maps first and the table afterwards, as every reader does.
fn is_known(facts: Facts<'_>, active: &ActiveDay) -> rusqlite::Result<bool> {
    Ok(facts.overlay.knows(active) || days::stored(facts.connection, active)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_moment_of_a_day_is_on_its_own() {
        const DAY_MS: i64 = 86_400_000;
        assert!(same_day(DAY_MS + 1, 2 * DAY_MS - 1));
        assert!(same_day(DAY_MS, DAY_MS));
        for (one_ms, other_ms) in [
            (DAY_MS, DAY_MS + 1),
            (DAY_MS - 1, DAY_MS),
            (DAY_MS - 1, DAY_MS + 1),
        ] {
            assert!(!same_day(one_ms, other_ms), "{one_ms} {other_ms}");
        }
    }
}
