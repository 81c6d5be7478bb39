//! A page of `seat_activities`: the table and the overlay, merged in key order, with the status of each row's seat.
//!
//! The overlay is read before the table; `overlay` says why that is right without a common lock. Each gives at most one
//! row more than the page holds, so the cost is that of the page, wherever it lies.
//!
//! Seats have the same order as rows, so they are read beside them, a run at a time ([`SeatsBeside`]). Looking up each row's seat
//! by itself cost more than all the rest of the page. Where many seats have no row, a run holds little of use: runs grow as long
//! as most of a run is used, and shrink when not, so the cost stays within a few steps per row of the page.

use std::{cmp::Ordering, collections::VecDeque};

use hashbrown::HashTable;
use rusqlite::{CachedStatement, Connection};
use usher_seats::{Namespace, Seat, SeatStatus, SeatType, UserId, newest};
use usher_store::{ActivityRow, Page, PageQuery};

use super::limit;
use crate::{
    mixing::Mixing,
    numbers::{Parsed, StoredUserId},
    overlay::{FreshRows, Overlay},
};

/// Seats in the shortest run: as many as cost what finding the place costs.
const RUN_SEATS_MIN: usize = 4;
/// Seats in the longest run: finding the place is then lost in the rest.
const RUN_SEATS_MAX: usize = 128;

/// A row without the seat behind it.
struct Stored {
    user_id: UserId,
    namespace: Namespace,
    time_ms: i64,
}

impl Stored {
    fn key(&self) -> (UserId, &Namespace) {
        (self.user_id, &self.namespace)
    }
}

/// Reads one page.
pub(crate) fn activities(
    connection: &Connection,
    overlay: &Overlay,
    query: &PageQuery,
) -> rusqlite::Result<Page<ActivityRow>> {
    let rows_max = query.rows_max + 1;
    let after = query.after.as_ref();
    let after = after.map(|key| (key.user_id, key.namespace.as_ref()));
    let fresh = overlay.rows_after((query.tenant_id, query.seat_type), after, rows_max);
    let snapshot = connection.unchecked_transaction()?;
    let mut names = Names::default();
    let stored = stored_rows(&snapshot, query, rows_max, &mut names)?;
    let mut seats = SeatsBeside::of(&snapshot, query, &mut names)?;
    let mut rows = Vec::with_capacity(rows_max.min(stored.len() + fresh.len()));
    for row in merged(stored, fresh).take(rows_max) {
        let seat = seats.find(row.key())?;
        rows.push(ActivityRow {
            user_id: row.user_id,
            namespace: row.namespace,
            status: seat.map_or(SeatStatus::Released, |seat| seat.status(query.now_ms)),
            active_time_ms: row.time_ms,
        });
    }
    Ok(Page::from_one_more(rows, query.rows_max))
}

fn stored_rows(
    connection: &Connection,
    query: &PageQuery,
    rows_max: usize,
    names: &mut Names,
) -> rusqlite::Result<Vec<Stored>> {
    let after = query.after.as_ref();
    let user_id = after.map_or(0, |key| key.user_id.get());
    let namespace = after
        .and_then(|key| key.namespace.as_ref())
        .map_or("", Namespace::as_str);
    // The kind stands in the text, because a number that is bound would be compared in each row.
    let statement = match query.seat_type {
        SeatType::PerUser => {
            "SELECT user_id, namespace, active_time_ms FROM activity
             WHERE tenant_id = ?1 AND seat_type = 0 AND (user_id, namespace) > (?2, ?3)
             ORDER BY user_id, namespace LIMIT ?4"
        }
        SeatType::PerUserPerApp => {
            "SELECT user_id, namespace, active_time_ms FROM activity
             WHERE tenant_id = ?1 AND seat_type = 1 AND (user_id, namespace) > (?2, ?3)
             ORDER BY user_id, namespace LIMIT ?4"
        }
    };
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query((query.tenant_id.0, user_id, namespace, limit(rows_max)))?;
    let mut stored = Vec::with_capacity(rows_max);
    while let Some(row) = rows.next()? {
        stored.push(Stored {
            user_id: row.get::<_, StoredUserId>(0)?.0,
            namespace: names.name(row.get_ref(1)?.as_str()?)?,
            time_ms: row.get(2)?,
        });
    }
    Ok(stored)
}

/// Merges two ordered sources; of a row in both, the larger time counts.
fn merged(stored: Vec<Stored>, fresh: FreshRows) -> impl Iterator<Item = Stored> {
    let mut stored = stored.into_iter().peekable();
    let mut fresh = fresh.into_iter().peekable();
    std::iter::from_fn(move || {
        let order = match (stored.peek(), fresh.peek()) {
            (_, None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(stored), Some(((user_id, namespace), _))) => stored.key().cmp(&(*user_id, namespace)),
        };
        if order == Ordering::Less {
            return stored.next();
        }
        let ((user_id, namespace), fresh_ms) = fresh.next()?;
        let kept = if order == Ordering::Equal {
            stored.next()
        } else {
            None
        };
        Some(Stored {
            user_id,
            namespace,
            time_ms: newest(kept.map(|kept| kept.time_ms), fresh_ms),
        })
    })
}

/// Names of apps read so far: a page has many rows of few apps.
#[derive(Default)]
struct Names {
    known: HashTable<Namespace>,
    mixing: Mixing,
}

impl Names {
    /// A checked name; one that no longer parses means a damaged file.
    fn name(&mut self, text: &str) -> rusqlite::Result<Namespace> {
        let mixing = self.mixing;
        let hash = mixing.text(0, text);
        if let Some(known) = self.known.find(hash, |known| known.as_str() == text) {
            return Ok(known.clone());
        }
        let Parsed(name) = Parsed::<Namespace>::of(text)?;
        self.known
            .insert_unique(hash, name.clone(), |known| mixing.text(0, known.as_str()));
        Ok(name)
    }
}

/// A seat on the way: its holder, its app if it is an app seat, and what the status needs.
struct SeatRow {
    user_id: UserId,
    app: Option<Namespace>,
    held: bool,
    expires_at_ms: Option<i64>,
}

/// The seats of one kind, read beside rows that come in the same order.
struct SeatsBeside<'a> {
    statement: CachedStatement<'a>,
    query: &'a PageQuery,
    names: &'a mut Names,
    run: VecDeque<SeatRow>,
    /// How many seats the present run was to have.
    run_seats: usize,
    /// Seats of the present run that belonged to a row.
    used: usize,
    /// No seat lies after the present run.
    ended: bool,
}

impl<'a> SeatsBeside<'a> {
    fn of(connection: &'a Connection, query: &'a PageQuery, names: &'a mut Names) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached(match query.seat_type {
            SeatType::PerUser => {
                "SELECT user_id, held, expires_at_ms FROM seats
                 WHERE tenant_id = ?1 AND seat_type = 0 AND user_id >= ?2 ORDER BY user_id LIMIT ?3"
            }
            SeatType::PerUserPerApp => {
                "SELECT user_id, held, expires_at_ms, namespace FROM seats
                 WHERE tenant_id = ?1 AND seat_type = 1 AND (user_id, namespace) >= (?2, ?4)
                 ORDER BY user_id, namespace LIMIT ?3"
            }
        })?;
        Ok(Self {
            statement,
            query,
            names,
            run: VecDeque::new(),
            // The first run is begun as if it followed one that was used.
            run_seats: (query.rows_max / 2).clamp(RUN_SEATS_MIN, RUN_SEATS_MAX),
            used: RUN_SEATS_MAX,
            ended: false,
        })
    }

    /// The seat behind a row, none when it has none. Rows must come in order.
    fn find(&mut self, row: (UserId, &Namespace)) -> rusqlite::Result<Option<Seat>> {
        let order = |seat: &SeatRow| {
            seat.user_id
                .cmp(&row.0)
                .then_with(|| seat.app.as_ref().map_or(Ordering::Equal, |app| app.cmp(row.1)))
        };
        loop {
            match self.run.front().map(order) {
                Some(Ordering::Less) => {
                    self.run.pop_front();
                }
                Some(Ordering::Greater) => return Ok(None),
                // A platform seat is behind more rows than one, so it stays.
                Some(Ordering::Equal) => {
                    self.used += 1;
                    return Ok(self.run.front().map(|seat| Seat {
                        held: seat.held,
                        expires_at_ms: seat.expires_at_ms,
                        released_at_ms: None,
                    }));
                }
                None if self.ended => return Ok(None),
                None => {
                    self.run_seats = if self.used * 2 >= self.run_seats {
                        (self.run_seats * 2).min(RUN_SEATS_MAX)
                    } else {
                        (self.run_seats / 2).max(RUN_SEATS_MIN)
                    };
                    self.read_from(row)?;
                }
            }
        }
    }

    fn read_from(&mut self, (user_id, namespace): (UserId, &Namespace)) -> rusqlite::Result<()> {
        let parameters = (self.query.tenant_id.0, user_id.get(), limit(self.run_seats));
        let mut rows = match self.query.seat_type {
            SeatType::PerUser => self.statement.query(parameters)?,
            SeatType::PerUserPerApp => {
                let (tenant_id, user_id, limit) = parameters;
                self.statement
                    .query((tenant_id, user_id, limit, namespace.as_str()))?
            }
        };
        while let Some(row) = rows.next()? {
            self.run.push_back(SeatRow {
                user_id: row.get::<_, StoredUserId>(0)?.0,
                held: row.get(1)?,
                expires_at_ms: row.get(2)?,
                app: match self.query.seat_type {
                    SeatType::PerUser => None,
                    SeatType::PerUserPerApp => Some(self.names.name(row.get_ref(3)?.as_str()?)?),
                },
            });
        }
        self.ended = self.run.len() < self.run_seats;
        self.used = 0;
        Ok(())
    }
}
