//! How many seats in use stand at which days, kept with the seats.
//!
//! An overview must not cost as much as there are seats, so `seat_tallies` has what it asks for, counted (the rule is
//! [`usher_seats::overview`]). Two ways of keeping it pull apart. Triggers keep it in one place, whoever writes a seat, but cost
//! some twenty steps per seat; and a fold moves a million seats. So changes leave it to triggers (`migrations/0013`), and a
//! fold gathers what its slice moves in [`Moves`] and writes that once: most seats of a slice leave one of a few days for the
//! same day. It is written in the same transaction, so seats and counts never differ.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};
use usher_seats::{Day, Seat, SeatFacts, SeatType, TallyCell, TallyFlags, TallyMark, TenantId, overview};
use usher_store::SeatName;

use crate::numbers::{SeatKey, SeatTypeNumber, seat_key};

/// What decides where a seat is counted. A platform seat that ran out and is not written down as such still makes redundant.
pub(crate) const COUNTED: &str =
    "SELECT held, expires_at_ms, assigned_at_ms, last_admitted_ms, protected_reason IS NOT NULL,
        ?2 = 1 AND EXISTS (SELECT 1 FROM seats AS platform
                           WHERE platform.tenant_id = ?1 AND platform.seat_type = 0 AND platform.user_id = ?3
                             AND platform.namespace = '' AND platform.held = 1)
     FROM seats WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4";

/// What a seat's cells are made of, as kept; no leaves are among it. None when there is no row, held or not.
pub(crate) fn counted(
    connection: &Connection,
    seat: SeatKey<'_>,
) -> rusqlite::Result<Option<SeatFacts<'static>>> {
    connection
        .prepare_cached(COUNTED)?
        .query_row(seat, facts)
        .optional()
}

/// The same for a seat's name.
pub(crate) fn counted_by_name(
    connection: &Connection,
    seat: &SeatName,
) -> rusqlite::Result<Option<SeatFacts<'static>>> {
    counted(connection, seat_key(seat))
}

fn facts(row: &Row<'_>) -> rusqlite::Result<SeatFacts<'static>> {
    Ok(SeatFacts {
        seat: Seat {
            held: row.get(0)?,
            expires_at_ms: row.get(1)?,
            released_at_ms: None,
        },
        assigned_at_ms: row.get(2)?,
        last_admitted_ms: row.get(3)?,
        protected: row.get(4)?,
        leaves: &[],
        platform_seat_in_use: row.get(5)?,
    })
}

/// What changes in the counts, gathered.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    cells: BTreeMap<(TenantId, TallyCell, SeatType, String), i64>,
}

impl Moves {
    /// Moves one held seat of a pool.
    pub(crate) fn seat(
        &mut self,
        (tenant_id, seat_type, namespace): (TenantId, SeatType, &str),
        before: &SeatFacts<'_>,
        after: &SeatFacts<'_>,
    ) {
        let out = overview::cells(before).map(|cell| (cell, -1));
        for (cell, seats) in out.chain(overview::cells(after).map(|cell| (cell, 1))) {
            let place = (tenant_id, cell, seat_type, namespace.to_owned());
            *self.cells.entry(place).or_default() += seats;
        }
    }

    /// Writes everything gathered, in order of the key.
    pub(crate) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO seat_tally_changes (tenant_id, mark, day, seat_type, namespace, flags, seats)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for ((tenant_id, cell, seat_type, namespace), seats) in self.cells {
            if seats != 0 {
                statement.execute((
                    tenant_id.0,
                    cell.mark.number(),
                    cell.day.number(),
                    SeatTypeNumber(seat_type),
                    namespace,
                    cell.flags.number(),
                    seats,
                ))?;
            }
        }
        Ok(())
    }
}

/// A cell as three columns have it, from `first` on: mark, day, flags. None for a mark of a newer Usher.
pub(crate) fn cell(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<TallyCell>> {
    let mark = TallyMark::from_number(row.get(first)?);
    let day = Day::new(row.get(first + 1)?);
    let flags = TallyFlags::from_number(row.get(first + 2)?);
    Ok(mark.map(|mark| TallyCell { mark, day, flags }))
}
