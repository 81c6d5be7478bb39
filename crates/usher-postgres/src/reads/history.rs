//! Figures of active people, and the days of one.

mod kept;

use std::collections::HashMap;

use usher_seats::{Day, DaySpan, Namespace};
use usher_store::{ActiveDaysQuery, ActivePeople, ActivePeopleQuery, HistoryScope, history::within_limit};

use crate::{
    numbers::{Count, SeatTypeNumber},
    sql::{Answered, Sql},
    tallies::standing,
};

/// $1 tenant, $2 kinds of seat, $3 the app or none for any, $4 and $5 the first and last days. What people have come to is looked
/// up app by app, because that is the order of the key: so nothing is read but what is counted.
const PEOPLE: &str = "
SELECT (SELECT count(DISTINCT active.user_id)
        FROM apps CROSS JOIN unnest($2::int2[]) AS kind (seat_type)
        CROSS JOIN LATERAL (
            SELECT user_id FROM active_days
            WHERE active_days.tenant_id = $1 AND active_days.seat_type = kind.seat_type
              AND active_days.namespace = apps.namespace AND day BETWEEN span.first_day AND span.last_day OFFSET 0
        ) AS active
        WHERE apps.tenant_id = $1 AND ($3::text IS NULL OR apps.namespace = $3))
FROM unnest($4::int4[], $5::int4[]) WITH ORDINALITY AS span (first_day, last_day, place)
ORDER BY place";

/// Days at the end of a question whose figures are not kept: today, and yesterday for who comes in late.
const DAYS_NOT_KEPT: usize = 2;

/// Counts active people, each figure on its own: in each a person counts once.
pub(crate) async fn active_people(
    connection: &Sql,
    query: &ActivePeopleQuery,
) -> Answered<Vec<ActivePeople>> {
    let days = within_limit(query.days);
    let spans = query.window.spans(days.first, days.last);
    let is_by_day = spans.iter().all(|span| span.first == span.last);
    let figures = if is_by_day && query.scope.seat_type.is_none() {
        by_day(connection, &query.scope, &spans).await?
    } else {
        counted(connection, &query.scope, &spans).await?
    };
    let figures = spans.into_iter().zip(figures);
    Ok(figures
        .map(|(days, people)| ActivePeople { days, people })
        .collect())
}

/// Counts them, span by span.
async fn counted(connection: &Sql, scope: &HistoryScope, spans: &[DaySpan]) -> Answered<Vec<u64>> {
    let (seat_types, namespace) = columns(scope);
    let (first, last): (Vec<i32>, Vec<i32>) = spans
        .iter()
        .map(|days| (days.first.number(), days.last.number()))
        .unzip();
    let values = (scope.tenant_id.0, seat_types, namespace, first, last);
    connection
        .rows(PEOPLE, values, |row| {
            row.get::<Count>(0).map(|Count(people)| people)
        })
        .await
}

/// Figures of single days, through any kind of seat; those of days that are over are kept.
async fn by_day(connection: &Sql, scope: &HistoryScope, spans: &[DaySpan]) -> Answered<Vec<u64>> {
    let Some(generation) = standing::trusted(connection).await? else {
        return counted(connection, scope, spans).await;
    };
    let namespace = scope.namespace.as_ref().map_or("", Namespace::as_str);
    let place = (scope.tenant_id.0, namespace, generation);
    let is_over = spans.len().saturating_sub(DAYS_NOT_KEPT);
    let over: Vec<i32> = spans
        .iter()
        .take(is_over)
        .map(|span| span.first.number())
        .collect();
    let mut figures = kept::known(connection, place, &over).await?;
    let unknown = |figures: &HashMap<i32, u64>| -> Vec<DaySpan> {
        let days = spans.iter().copied();
        days.filter(|span| !figures.contains_key(&span.first.number()))
            .collect()
    };
    let missing: Vec<i32> = over
        .into_iter()
        .filter(|day| !figures.contains_key(day))
        .collect();
    let tokens = match missing.as_slice() {
        [] => Vec::new(),
        missing => kept::announce(connection, place, missing).await?,
    };
    let to_count = unknown(&figures);
    let people = counted(connection, scope, &to_count).await?;
    figures.extend(to_count.iter().map(|span| span.first.number()).zip(people));
    if !tokens.is_empty() {
        kept::keep(connection, place, &tokens, &figures).await?;
    }
    let figure = |span: &DaySpan| figures.get(&span.first.number()).copied().unwrap_or_default();
    Ok(spans.iter().map(figure).collect())
}

/// Lists the days on which a person was active.
pub(crate) async fn active_days(connection: &Sql, query: &ActiveDaysQuery) -> Answered<Vec<Day>> {
    let days = within_limit(query.days);
    let (seat_types, namespace) = columns(&query.scope);
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

fn columns(scope: &HistoryScope) -> (Vec<i16>, Option<&str>) {
    let wanted = usher_seats::SeatType::ALL
        .into_iter()
        .filter(|seat_type| scope.seat_type.is_none_or(|wanted| wanted == *seat_type));
    let numbers = wanted
        .map(|seat_type| SeatTypeNumber(seat_type).number())
        .collect();
    (numbers, scope.namespace.as_ref().map(Namespace::as_str))
}
