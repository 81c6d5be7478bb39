//! Along which key seats are read, and the statements that do so.
//!
//! A statement first picks so many seats along an index, from a place on, and then looks up what decides about those. Each kind
//! of seat has a part of the index of its own, so a list of both is picked from two places and put together. How many are
//! picked stands in the statement and is no value: whoever plans it must know that they are few.

use tokio_postgres::types::ToSql;
use usher_ledger::idle::{idle_since_max_day, seat_types};
use usher_seats::UserId;
use usher_store::{IdleKey, IdleOrder, IdleQuery};

use super::Candidate;
use crate::{
    numbers::{SeatTypeNumber, seat_namespace},
    pipeline::OwnedValue,
    sql::{Answered, Listed, Sql},
};

/// Seats of a slice: more than a page of the console holds, so that a few that do not fit cost no second one; and so few that
/// the server looks each of them up, also where a ledger is no larger than that it might as well read the whole.
const SLICE: usize = 128;

/// Along which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    Idle,
    NeverUsed,
    IdleOfApp,
    ByUser,
    ByUserOfApp,
    OfPerson,
    Members,
}

impl Walk {
    pub(super) fn of(query: &IdleQuery) -> Self {
        match query.order {
            IdleOrder::LongestIdleFirst if query.namespace.is_some() => Self::IdleOfApp,
            IdleOrder::LongestIdleFirst if query.never_used => Self::NeverUsed,
            IdleOrder::LongestIdleFirst => Self::Idle,
            IdleOrder::User if query.user_id.is_some() => Self::OfPerson,
            IdleOrder::User if query.group_key.is_some() => Self::Members,
            IdleOrder::User if query.namespace.is_some() => Self::ByUserOfApp,
            IdleOrder::User => Self::ByUser,
        }
    }

    fn is_by_idleness(self) -> bool {
        matches!(self, Self::Idle | Self::NeverUsed | Self::IdleOfApp)
    }

    /// Whether there may be more after a slice that had so many rows.
    pub(super) fn goes_on_after(self, rows: usize) -> bool {
        self != Self::OfPerson && rows >= SLICE
    }

    /// The question for the seats after a place; none when nothing can fit the query.
    pub(super) fn slice(self, query: &IdleQuery, after: Option<&IdleKey>) -> Option<Slice> {
        let kinds = seat_types(query);
        let kinds: Vec<i16> = kinds
            .into_iter()
            .map(|seat_type| SeatTypeNumber(seat_type).number())
            .collect();
        if kinds.is_empty() {
            return None;
        }
        let mut values = Slice {
            text: String::new(),
            values: vec![Box::new(query.tenant_id.0)],
        };
        let picked = self.picked(query, (after, &kinds), &mut values);
        let is_member = match &query.group_key {
            // A walk along the members meets nobody else.
            Some(group) if self != Self::Members => format!(
                "EXISTS (SELECT 1 FROM group_members AS member
                         WHERE member.tenant_id = $1 AND member.group_key = ${} AND member.user_id = picked.user_id)",
                values.put(group.as_str().to_owned())
            ),
            _ => "TRUE".to_owned(),
        };
        values.text = looked_up(&picked, &is_member, self.order());
        Some(values)
    }

    fn order(self) -> &'static str {
        if self.is_by_idleness() {
            "picked.idle_since_day, picked.user_id, picked.namespace"
        } else {
            "picked.user_id, picked.namespace"
        }
    }

    fn picked(
        self,
        query: &IdleQuery,
        (after, kinds): (Option<&IdleKey>, &[i16]),
        values: &mut Slice,
    ) -> String {
        if self == Self::OfPerson {
            let person = values.put(query.user_id.map_or(0, UserId::get));
            return format!(
                "SELECT {PICKED} FROM seats
                 WHERE tenant_id = $1 AND seat_type IN ({}) AND user_id = ${person}",
                listed(kinds)
            );
        }
        let place = Place::after(after, query, self, values);
        if self == Self::Members {
            return members(query, &place, kinds, values);
        }
        let app = match self {
            Self::IdleOfApp | Self::ByUserOfApp => Some(
                values.put(
                    query
                        .namespace
                        .as_ref()
                        .map_or("", |namespace| namespace.as_str())
                        .to_owned(),
                ),
            ),
            _ => None,
        };
        let branch = |kind: &i16| {
            let condition = self.condition(&place, app);
            let order = if self.is_by_idleness() {
                "idle_since_day, user_id, namespace"
            } else {
                "user_id, namespace"
            };
            format!(
                "(SELECT {PICKED} FROM seats WHERE tenant_id = $1 AND seat_type = {kind} AND {condition}
                  ORDER BY {order} LIMIT {SLICE})"
            )
        };
        let branches: Vec<String> = kinds.iter().map(branch).collect();
        match branches.as_slice() {
            [only] => only.clone(),
            several => {
                let order = self.order().replace("picked.", "both_kinds.");
                format!(
                    "SELECT * FROM ({}) AS both_kinds ORDER BY {order} LIMIT {SLICE}",
                    several.join(" UNION ALL ")
                )
            }
        }
    }

    fn condition(self, place: &Place, app: Option<usize>) -> String {
        let Place {
            day,
            last_day,
            user_id,
            namespace,
        } = place;
        let app = app.unwrap_or_default();
        match self {
            Self::Idle => format!(
                "held AND idle_since_day IS NOT NULL AND idle_since_day <= ${last_day}
                 AND (idle_since_day, user_id, namespace) > (${day}, ${user_id}, ${namespace})"
            ),
            Self::NeverUsed => format!(
                "held AND idle_since_day IS NOT NULL AND last_admitted_ms IS NULL AND idle_since_day <= ${last_day}
                 AND (idle_since_day, user_id, namespace) > (${day}, ${user_id}, ${namespace})"
            ),
            Self::IdleOfApp => format!(
                "held AND idle_since_day IS NOT NULL AND namespace = ${app} AND idle_since_day <= ${last_day}
                 AND (idle_since_day, user_id) > (${day}, ${user_id})"
            ),
            Self::ByUserOfApp => format!("namespace = ${app} AND user_id > ${user_id}"),
            Self::ByUser | Self::OfPerson | Self::Members => {
                format!("(user_id, namespace) > (${user_id}, ${namespace})")
            }
        }
    }
}

/// What is picked of a seat.
const PICKED: &str =
    "user_id, namespace, seat_type, held, assigned_at_ms, expires_at_ms, protected_reason, idle_since_day";

/// Where the page begins and ends, as numbers of values; zero for what the walk does not ask for.
#[derive(Default)]
struct Place {
    day: usize,
    last_day: usize,
    user_id: usize,
    namespace: usize,
}

impl Place {
    fn after(after: Option<&IdleKey>, query: &IdleQuery, walk: Walk, values: &mut Slice) -> Self {
        let mut place = Self::default();
        if walk.is_by_idleness() {
            place.day = values.put(after.map_or(i32::MIN, |key| key.idle_since_day.number()));
            place.last_day = values.put(i32::try_from(idle_since_max_day(query)).unwrap_or(i32::MAX));
        }
        place.user_id = values.put(after.map_or(0, |key| key.user_id.get()));
        if !matches!(walk, Walk::IdleOfApp | Walk::ByUserOfApp) {
            let namespace = seat_namespace(after.and_then(|key| key.namespace.as_ref()));
            place.namespace = values.put(namespace.to_owned());
        }
        place
    }
}

/// Members first, then their seats. A member without such a seat is a row too, so that looking at members is counted as looking
/// at seats.
fn members(query: &IdleQuery, place: &Place, kinds: &[i16], values: &mut Slice) -> String {
    let group = values.put(
        query
            .group_key
            .as_ref()
            .map_or("", |group| group.as_str())
            .to_owned(),
    );
    let Place {
        user_id, namespace, ..
    } = place;
    format!(
        "SELECT member.user_id, coalesce(seat.namespace, '') AS namespace, coalesce(seat.seat_type, 0::int2) AS seat_type,
                coalesce(seat.held, FALSE) AS held, coalesce(seat.assigned_at_ms, 0) AS assigned_at_ms,
                seat.expires_at_ms, seat.protected_reason, seat.idle_since_day
         FROM (SELECT user_id FROM group_members
               WHERE tenant_id = $1 AND group_key = ${group} AND user_id >= ${user_id}
               ORDER BY user_id LIMIT {SLICE}) AS member
         LEFT JOIN seats AS seat ON seat.tenant_id = $1 AND seat.seat_type IN ({}) AND seat.user_id = member.user_id
                                AND (seat.user_id, seat.namespace) > (${user_id}, ${namespace})",
        listed(kinds)
    )
}

fn listed(kinds: &[i16]) -> String {
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    kinds.join(", ")
}

/// What was picked, with what decides about it.
fn looked_up(picked: &str, is_member: &str, order: &str) -> String {
    format!(
        "SELECT picked.user_id, picked.namespace, picked.seat_type, picked.held, picked.assigned_at_ms,
                picked.expires_at_ms, picked.protected_reason,
                coalesce(picked.idle_since_day, div(GREATEST(picked.assigned_at_ms, used.last_ms), 86400000)::int4),
                used.last_ms, person.name, platform.held, platform.expires_at_ms, {is_member}
         FROM ({picked}) AS picked
         JOIN users AS person ON person.tenant_id = $1 AND person.user_id = picked.user_id
         LEFT JOIN seats AS platform ON platform.tenant_id = $1 AND platform.seat_type = 0
                                    AND platform.user_id = picked.user_id AND platform.namespace = ''
         LEFT JOIN LATERAL (
             SELECT max(active_time_ms) AS last_ms FROM activity
             WHERE activity.tenant_id = $1 AND activity.seat_type = picked.seat_type
               AND activity.user_id = picked.user_id
               AND (picked.seat_type = 0 OR activity.namespace = picked.namespace)
         ) AS used ON TRUE
         ORDER BY {order}"
    )
}

/// A statement with its values.
pub(super) struct Slice {
    text: String,
    values: Vec<OwnedValue>,
}

impl Slice {
    /// Adds a value; gives its number.
    fn put(&mut self, value: impl ToSql + Sync + Send + 'static) -> usize {
        self.values.push(Box::new(value));
        self.values.len()
    }

    pub(super) async fn read(self, connection: &Sql, query: &IdleQuery) -> Answered<Vec<Candidate>> {
        let values: Vec<&(dyn ToSql + Sync)> = self
            .values
            .iter()
            .map(|value| value.as_ref() as &(dyn ToSql + Sync))
            .collect();
        connection
            .rows(&self.text, Listed(&values), |row| Candidate::read(row, query))
            .await
    }
}
