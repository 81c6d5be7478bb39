//! A page as a table for spreadsheets.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::IntoResponse,
};
use jiff::Timestamp;
use usher_seats::{Namespace, spreadsheet::safe_cell};
use usher_store::IdleRow;

use super::row::seat_name;
use crate::wire::WireError;

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8");
/// Up to when the page is true, in milliseconds; in JSON it is a field.
const AS_OF: &str = "x-usher-as-of";
/// Where the next page begins; in JSON it is a field.
const PAGE_TOKEN: &str = "x-usher-page-token";
/// The columns of the table for spreadsheets, which are fields of the report. Times are UTC, as RFC 3339 writes them, because people sort and filter them.
pub const COLUMNS: [&str; 18] = [
    "seat",
    "user_id",
    "user_name",
    "seat_type",
    "namespace",
    "verdict",
    "days_idle",
    "idle_since",
    "assigned_at",
    "last_admitted_at",
    "refused_attempts",
    "next_at",
    "expires_at",
    "protected_reason",
    "on_leave",
    "new",
    "redundant",
    "never_used",
];

/// The answer: the lines of the page, with the line of the columns first.
pub(super) fn answer(
    as_of_ms: i64,
    page_token: Option<String>,
    rows: &[IdleRow],
) -> Result<impl IntoResponse, WireError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(WireError::internal)?;
    for row in rows {
        let cells = cells(row);
        let safe = cells.iter().map(|cell| safe_cell(cell).into_owned());
        writer.write_record(safe).map_err(WireError::internal)?;
    }
    let text = writer.into_inner().map_err(WireError::internal)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, CSV);
    headers.insert(AS_OF, as_of_ms.into());
    if let Some(page_token) = page_token {
        let value = HeaderValue::try_from(page_token).map_err(WireError::internal)?;
        headers.insert(PAGE_TOKEN, value);
    }
    Ok((headers, text))
}

fn cells(row: &IdleRow) -> [String; 18] {
    let idleness = row.idleness;
    let namespace = row.namespace.as_ref().map_or("", Namespace::as_str);
    let maybe = |time_ms: Option<i64>| time_ms.map(moment).unwrap_or_default();
    [
        seat_name(row),
        row.user_id.to_string(),
        row.user_name.clone(),
        row.seat_type.wire_name().to_owned(),
        namespace.to_owned(),
        idleness.verdict.wire_name().to_owned(),
        idleness.days_idle.to_string(),
        moment(idleness.idle_since_ms),
        moment(row.assigned_at_ms),
        maybe(row.last_admitted_ms),
        row.refused_attempts.to_string(),
        maybe(idleness.next_ms),
        maybe(row.expires_at_ms),
        row.protected_reason.clone().unwrap_or_default(),
        idleness.on_leave.to_string(),
        idleness.new.to_string(),
        idleness.redundant.to_string(),
        idleness.never_used.to_string(),
    ]
}

/// A moment to the second; its milliseconds where the calendar does not know it.
fn moment(time_ms: i64) -> String {
    Timestamp::from_second(time_ms.div_euclid(1_000))
        .map_or_else(|_| time_ms.to_string(), |time| time.to_string())
}
