//! One access, decided: the verdict, and what it leaves behind.
//!
//! An access that is admitted leaves up to two things: a newer time of its activity row, and its person among those who
//! were active on its day. Most accesses of a person in an app are the latest so far and on a day on which the person
//! has been there already. The cache knows both without asking (see `verdicts`), so only the first access of a day costs
//! more, and the set it joins is in memory. What has to ask the file is an access of the past: an import, or a clock
//! that stepped back.

use rusqlite::Connection;
use usher_seats::{Enablement, LocalDay, SeatType, Standing, Verdict, decide, newest};
use usher_store::{Access, AdmittedAccess, Recorded};

use crate::{
    calendars::Calendars,
    days::{self, ActiveDay},
    journal::Record,
    overlay::{ActivityKey, Overlay},
    verdicts::{Known, VerdictCache},
};

/// What a batch leaves, for the journal and for the overlay.
#[derive(Default)]
pub(crate) struct Batch {
    /// Every access that leaves something.
    pub(crate) records: Vec<Record>,
    /// The newer times.
    pub(crate) moved: Vec<(ActivityKey, i64)>,
    /// The days on which somebody was active for the first time, as far as is known.
    pub(crate) active: Vec<ActiveDay>,
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
    verdicts.with(facts.connection, subject, |known, calendars| {
        let Standing { user, app, .. } = known.standing;
        if user != Enablement::Unknown && app != Enablement::Unknown {
            admit(facts, (known, calendars), access, *seat_type, batch)?;
        }
        Ok(())
    })
}

/// Decides one access and notes what it leaves.
pub(crate) fn judge(
    facts: Facts<'_>,
    verdicts: &mut VerdictCache,
    access: &Access,
    batch: &mut Batch,
) -> rusqlite::Result<Recorded> {
    let subject = (access.tenant_id, access.user_id, &access.namespace);
    verdicts.with(facts.connection, subject, |known, calendars| {
        match decide(&known.standing, access.accessed_at_ms) {
            Ok(seat_type) => admit(facts, (known, calendars), access, seat_type, batch),
            Err(reason) => Ok(Recorded {
                verdict: Verdict::Refused { reason },
                moved: false,
                admits_until_ms: None,
            }),
        }
    })
}

fn admit(
    facts: Facts<'_>,
    (known, calendars): (&mut Known, &mut Calendars),
    access: &Access,
    seat_type: SeatType,
    batch: &mut Batch,
) -> rusqlite::Result<Recorded> {
    let Access {
        tenant_id,
        user_id,
        accessed_at_ms,
        ..
    } = *access;
    let old_ms = known.newest_ms(facts, (tenant_id, user_id), seat_type)?;
    let active_time_ms = newest(old_ms, accessed_at_ms);
    let moved = old_ms != Some(active_time_ms);
    let (day, first_of_day) = match known.noted_day(seat_type, accessed_at_ms) {
        Some(day) => (day, false),
        None => {
            let day = calendars.day(facts.connection, tenant_id, accessed_at_ms)?;
            let active = known.active_day(tenant_id, seat_type, day);
            // What moves is written down anyway, and being in a set twice is being in it once: nothing to ask.
            let first_of_day = moved || !is_known(facts, &active)?;
            if first_of_day {
                batch.active.push(active);
            }
            known.note_day(seat_type, day);
            (day, first_of_day)
        }
    };
    if moved {
        known.moved(seat_type, active_time_ms);
        let key = known.activity_key(tenant_id, user_id, seat_type);
        batch.moved.push((key, active_time_ms));
    }
    if moved || first_of_day {
        batch.records.push(record(known, access, (seat_type, day, moved)));
    }
    Ok(Recorded {
        verdict: Verdict::Admitted {
            seat_type,
            active_time_ms,
        },
        moved,
        admits_until_ms: known.standing.until_ms(seat_type),
    })
}

fn record(known: &Known, access: &Access, (seat_type, day, moved): (SeatType, LocalDay, bool)) -> Record {
    Record {
        tenant_id: access.tenant_id,
        app_id: known.app_id,
        seat_type,
        user_id: access.user_id,
        time_ms: access.accessed_at_ms,
        day: day.day,
        moved,
    }
}

/// Asks the maps first and the table afterwards, as every reader does.
fn is_known(facts: Facts<'_>, active: &ActiveDay) -> rusqlite::Result<bool> {
    Ok(facts.overlay.knows(active) || days::stored(facts.connection, active)?)
}
