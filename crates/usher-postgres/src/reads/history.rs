//! Figures of active people, and the days of one.

use usher_seats::{Day, Namespace};
use usher_store::{ActiveDaysQuery, ActivePeople, ActivePeopleQuery, HistoryScope, history::within_limit};

use crate::{
    numbers::{Count, SeatTypeNumber},
    sql::{Answered, Sql},
};

/// Counts active people, each figure on its own: in each a person counts once.
pub(crate) async fn active_people(
    connection: &Sql,
    query: &ActivePeopleQuery,
) -> Answered<Vec<ActivePeople>> {
    let days = within_limit(query.days);
    let spans = query.window.spans(days.first, days.last);
    let (seat_types, namespace) = scope(&query.scope);
    let (first, last): (Vec<i32>, Vec<i32>) = spans
        .iter()
        .map(|days| (days.first.number(), days.last.number()))
        .unzip();
    let people = connection
        .rows(
            "SELECT (SELECT count(DISTINCT user_id) FROM active_days
                     WHERE tenant_id = $1 AND seat_type = ANY($2) AND ($3::text IS NULL OR namespace = $3)
                       AND day BETWEEN span.first_day AND span.last_day)
             FROM unnest($4::int4[], $5::int4[]) WITH ORDINALITY AS span (first_day, last_day, place)
             ORDER BY place",
            (query.scope.tenant_id.0, seat_types, namespace, first, last),
            |row| row.get::<Count>(0),
        )
        .await?;
    let figures = spans.into_iter().zip(people);
    Ok(figures
        .map(|(days, Count(people))| ActivePeople { days, people })
        .collect())
}

/// Lists the days on which a person was active.
pub(crate) async fn active_days(connection: &Sql, query: &ActiveDaysQuery) -> Answered<Vec<Day>> {
    let days = within_limit(query.days);
    let (seat_types, namespace) = scope(&query.scope);
    connection
        .rows(
            "SELECT DISTINCT day FROM active_days
             WHERE tenant_id = $1 AND user_id = $2 AND seat_type = ANY($3) AND ($4::text IS NULL OR namespace = $4)
               AND day BETWEEN $5 AND $6
             ORDER BY day",
            (
                query.scope.tenant_id.0,
                query.user_id.get(),
                seat_types,
                namespace,
                days.first.number(),
                days.last.number(),
            ),
            |row| Ok(Day::new(row.get(0)?)),
        )
        .await
}

fn scope(scope: &HistoryScope) -> (Vec<i16>, Option<&str>) {
    let wanted = usher_seats::SeatType::ALL
        .into_iter()
        .filter(|seat_type| scope.seat_type.is_none_or(|wanted| wanted == *seat_type));
    let numbers = wanted
        .map(|seat_type| SeatTypeNumber(seat_type).number())
        .collect();
    (numbers, scope.namespace.as_ref().map(Namespace::as_str))
}
