//! The statement for accesses whose standing is remembered: it makes sure that nothing has changed, and moves the rows.
//!
//! It only touches a row that is there, knows the day already, the tenant's and that of UTC, and is older; so it neither joins
//! what the verdict was made of nor appends to history or to what is to be counted. It says which accesses it has written down.
//! All others have changed their standing, are the first of their day, or come too late; they are looked up like those of
//! whom nothing is remembered.

use tokio_postgres::types::ToSql;
use usher_seats::{SeatType, Verdict};
use usher_store::Recorded;

use super::Asked;
use crate::{
    numbers::SeatTypeNumber,
    sql::{Answered, Row},
};

/// $1 and $2 are tenants and their versions. Where a version is no longer the tenant's, the tenant's place in the list is empty,
/// and no row is found for it.
pub(super) const MOVE: &str = "
WITH moved AS (
    UPDATE activity
    SET active_time_ms = asked.at_ms
    FROM (
        SELECT (SELECT array_agg(head.tenant_id ORDER BY known.place)
                FROM unnest($1::int8[], $2::int8[]) WITH ORDINALITY AS known (tenant_id, version, place)
                LEFT JOIN audit_heads AS head ON head.tenant_id = known.tenant_id AND head.version = known.version
               )[tenant_place] AS tenant_id,
               seat_type, user_id, namespace COLLATE \"C\" AS namespace, at_ms, day, place
        FROM unnest($3::int4[], $4::int2[], $5::int8[], $6::text[], $7::int8[], $8::int4[])
            WITH ORDINALITY AS columns (tenant_place, seat_type, user_id, namespace, at_ms, day, place)
    ) AS asked
    WHERE activity.tenant_id = asked.tenant_id AND activity.seat_type = asked.seat_type
      AND activity.user_id = asked.user_id AND activity.namespace = asked.namespace
      AND activity.noted_day = asked.day AND activity.active_time_ms < asked.at_ms
      AND activity.active_time_ms >= asked.at_ms - asked.at_ms % 86400000
    RETURNING asked.place
)
SELECT array_agg(place) FROM moved";

/// An access that a remembered standing admits.
pub(super) struct Known<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) seat_type: SeatType,
    /// That of the tenant at which the standing was read.
    pub(super) version: i64,
    pub(super) until_ms: Option<i64>,
}

impl Known<'_> {
    /// Rows are written in this order, that of the key, by everybody.
    pub(super) fn key(&self) -> impl Ord {
        let access = self.asked.access;
        let seat_type = SeatTypeNumber(self.seat_type).number();
        (
            access.tenant_id,
            seat_type,
            access.user_id,
            access.namespace.clone(),
        )
    }

    /// What it comes to when its row was moved.
    pub(super) fn recorded(&self) -> Recorded {
        Recorded {
            verdict: Verdict::Admitted {
                seat_type: self.seat_type,
                active_time_ms: self.asked.access.accessed_at_ms,
            },
            moved: true,
            admits_until_ms: self.until_ms,
        }
    }
}

/// The accesses as columns.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) tenant_ids: Vec<i64>,
    versions: Vec<i64>,
    tenant_places: Vec<i32>,
    seat_types: Vec<i16>,
    user_ids: Vec<i64>,
    namespaces: Vec<&'a str>,
    at_ms: Vec<i64>,
    days: Vec<i32>,
}

impl<'a> Columns<'a> {
    /// From accesses in order of their key.
    pub(super) fn of(known: &[Known<'a>]) -> Self {
        let mut columns = Self::default();
        let mut tenant_place = 0;
        for Known {
            asked,
            seat_type,
            version,
            ..
        } in known
        {
            let tenant_id = asked.access.tenant_id.0;
            // Of one tenant there may be two versions, when some were read before a change.
            if columns.tenant_ids.last() != Some(&tenant_id) || columns.versions.last() != Some(version) {
                columns.tenant_ids.push(tenant_id);
                columns.versions.push(*version);
                tenant_place += 1;
            }
            columns.tenant_places.push(tenant_place);
            columns.seat_types.push(SeatTypeNumber(*seat_type).number());
            columns.user_ids.push(asked.access.user_id.get());
            columns.namespaces.push(asked.access.namespace.as_str());
            columns.at_ms.push(asked.access.accessed_at_ms);
            columns.days.push(asked.day);
        }
        columns
    }

    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 8] {
        [
            &self.tenant_ids,
            &self.versions,
            &self.tenant_places,
            &self.seat_types,
            &self.user_ids,
            &self.namespaces,
            &self.at_ms,
            &self.days,
        ]
    }
}

/// Tells the accesses whose rows were moved from those that are to be looked up.
pub(super) fn sorted_out<'a>(
    known: Vec<Known<'a>>,
    rows: &[Row],
) -> Answered<(Vec<Known<'a>>, Vec<Asked<'a>>)> {
    let places: Option<Vec<i64>> = rows.first().map_or(Ok(None), |row| row.get(0))?;
    let mut places = places.unwrap_or_default();
    places.sort_unstable();
    let (mut moved, mut others) = (Vec::with_capacity(known.len()), Vec::new());
    for (place, known) in (1..).zip(known) {
        if places.binary_search(&place).is_ok() {
            moved.push(known);
        } else {
            others.push(known.asked);
        }
    }
    Ok((moved, others))
}
