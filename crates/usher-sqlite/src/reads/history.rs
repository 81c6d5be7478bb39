//! Figures of active people, and the days of one.
//!
//! The table is read chunk by chunk, so that an answer holds the sets of one chunk of people and of the days asked for,
//! and no more, however many people there are. For each chunk the maps are read before the table (see `overlay`), and
//! therefore no chunk shares a snapshot with another; that does not matter, as they have nobody in common.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Day, DaySpan, Namespace, SeatType, TenantId};
use usher_store::{ActiveDaysQuery, ActivePeople, ActivePeopleQuery, HistoryScope, history::within_limit};

use crate::{
    days::{ANY_APP, DayKey, PersonNumber, StoredSet, person_number},
    numbers::SeatTypeNumber,
    overlay::Overlay,
};

/// Sets by day.
type Days = BTreeMap<Day, RoaringBitmap>;

/// Counts active people.
pub(crate) fn active_people(
    connection: &Connection,
    overlay: &Overlay,
    query: &ActivePeopleQuery,
) -> rusqlite::Result<Vec<ActivePeople>> {
    let days = within_limit(query.days);
    let spans = query.window.spans(days.first, days.last);
    let mut figures: Vec<_> = spans
        .into_iter()
        .map(|days| ActivePeople { days, people: 0 })
        .collect();
    let (Some(first), Some(last)) = (figures.first(), figures.last()) else {
        return Ok(figures);
    };
    let days = DaySpan {
        first: first.days.first,
        last: last.days.last,
    };
    let Some(app_id) = app_id(connection, &query.scope)? else {
        return Ok(figures);
    };
    for chunk in 0..chunks(connection, query.scope.tenant_id)? {
        let sets = sets(connection, overlay, &query.scope, (app_id, chunk), days)?;
        for figure in &mut figures {
            figure.people += people_on(&sets, figure.days);
        }
    }
    Ok(figures)
}

/// Lists the days on which a person was active.
pub(crate) fn active_days(
    connection: &Connection,
    overlay: &Overlay,
    query: &ActiveDaysQuery,
) -> rusqlite::Result<Vec<Day>> {
    let days = within_limit(query.days);
    let person = person_number(connection, query.scope.tenant_id, query.user_id)?;
    let (Some(app_id), Some(person)) = (app_id(connection, &query.scope)?, person) else {
        return Ok(Vec::new());
    };
    let sets = sets(connection, overlay, &query.scope, (app_id, person.chunk()), days)?;
    let active = sets
        .into_iter()
        .filter(|(_, people)| people.contains(person.place()));
    Ok(active.map(|(day, _)| day).collect())
}

/// The number under which the sets of the scope's app are kept; none when there is no such app.
fn app_id(connection: &Connection, scope: &HistoryScope) -> rusqlite::Result<Option<i64>> {
    let Some(namespace) = &scope.namespace else {
        return Ok(Some(ANY_APP));
    };
    connection
        .prepare_cached("SELECT app_id FROM apps WHERE tenant_id = ?1 AND namespace = ?2")?
        .query_row((scope.tenant_id.0, Namespace::as_str(namespace)), |row| {
            row.get(0)
        })
        .optional()
}

/// How many chunks the people of a tenant fill.
fn chunks(connection: &Connection, tenant_id: TenantId) -> rusqlite::Result<u32> {
    let numbered: Option<u32> = connection
        .prepare_cached("SELECT people_numbered FROM tenants WHERE tenant_id = ?1")?
        .query_row([tenant_id.0], |row| row.get(0))
        .optional()?;
    let last = numbered.and_then(|numbered| numbered.checked_sub(1));
    Ok(last.map_or(0, |last| PersonNumber(last).chunk() + 1))
}

/// The sets of a chunk of people between two days, of the seat types of the scope together.
fn sets(
    connection: &Connection,
    overlay: &Overlay,
    scope: &HistoryScope,
    (app_id, chunk): (i64, u32),
    days: DaySpan,
) -> rusqlite::Result<Days> {
    let mut sets = Days::new();
    let wanted = |seat_type: &SeatType| scope.seat_type.is_none_or(|wanted| wanted == *seat_type);
    for seat_type in SeatType::ALL.into_iter().filter(wanted) {
        let key = |day| DayKey {
            tenant_id: scope.tenant_id,
            seat_type,
            app_id,
            chunk,
            day,
        };
        let fresh = overlay.days_between(key(days.first), key(days.last));
        for (key, people) in fresh {
            *sets.entry(key.day).or_default() |= people;
        }
        add_stored(connection, (key(days.first), days.last), &mut sets)?;
    }
    Ok(sets)
}

fn add_stored(connection: &Connection, (key, last): (DayKey, Day), sets: &mut Days) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT day, people FROM active_days
         WHERE tenant_id = ?1 AND seat_type = ?2 AND app_id = ?3 AND chunk = ?4 AND day BETWEEN ?5 AND ?6",
    )?;
    let mut rows = statement.query((
        key.tenant_id.0,
        SeatTypeNumber(key.seat_type),
        key.app_id,
        key.chunk,
        key.day.number(),
        last.number(),
    ))?;
    while let Some(row) = rows.next()? {
        let StoredSet(people) = row.get(1)?;
        *sets.entry(Day::new(row.get(0)?)).or_default() |= people;
    }
    Ok(())
}

/// How many people are in at least one of the sets of a span.
fn people_on(sets: &Days, days: DaySpan) -> u64 {
    let mut of_days = sets.range(days.first..=days.last).map(|(_, people)| people);
    match (of_days.next(), of_days.next()) {
        (None, _) => 0,
        (Some(only), None) => only.len(),
        (Some(first), Some(second)) => {
            let mut together = first | second;
            for people in of_days {
                together |= people;
            }
            together.len()
        }
    }
}
