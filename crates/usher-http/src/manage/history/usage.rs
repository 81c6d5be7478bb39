//! `/usher/v1/reports/usage`: how many people were active.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use usher_seats::{Day, Namespace, SeatType, TimeZoneName, Window};
use usher_store::{ActivePeople, ActivePeopleQuery};
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        schemas::{
            DateText, DaysQuery, HistoryScopeQuery, Moment, NamespaceText, Refusals, SeatTypeText,
            TenantQuery, TimeZoneText, UsageQuery, WindowText,
        },
    },
    question::Question,
};
use crate::{
    open_apis::parameters::{once, violation},
    wire::{FieldViolation, WireError, envelope::SuccessBody, success},
};

const WINDOW_ALLOWED: &str = "window, options: [day,seven_days,thirty_days,week,month]; leave it out for day";
const FORMAT_ALLOWED: &str = "format, options: [json,csv]; leave it out for json";
const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8");
/// Up to when a report in CSV is true, in milliseconds; in JSON it is a field.
const AS_OF_HEADER: &str = "x-usher-as-of";

/// Active people, figure by figure.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct UsageData {
    /// Everything before this moment is counted.
    #[schema(value_type = Moment)]
    as_of: i64,
    /// Where the days begin and end.
    #[schema(value_type = TimeZoneText)]
    time_zone: TimeZoneName,
    /// Over which days a person counts once.
    #[schema(value_type = WindowText)]
    window: Window,
    /// Through which kind of seat; absent for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SeatTypeText, required = false)]
    seat_type: Option<SeatType>,
    /// In which app; absent for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = NamespaceText, required = false)]
    namespace: Option<Namespace>,
    /// In order of their days.
    #[schema(max_items = 400)]
    items: Vec<UsageItem>,
}

/// One figure.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct UsageItem {
    /// The first day it counts.
    #[schema(value_type = DateText)]
    first_day: Day,
    /// The last day it counts.
    #[schema(value_type = DateText)]
    last_day: Day,
    /// People who were active on at least one of the days.
    active_people: u64,
    /// True when the last day was over at `as_of`; else the figure may still grow.
    complete: bool,
}

/// Count active people: daily, weekly or monthly, in order of days, as JSON or CSV.
#[utoipa::path(get, path = "/usher/v1/reports/usage", tag = "reports", operation_id = "report_usage",
    params(TenantQuery, HistoryScopeQuery, DaysQuery, UsageQuery),
    responses((status = 200, description = "The figures. In CSV, `X-Usher-As-Of` says up to when they are true.", content(
        (SuccessBody<UsageData> = "application/json"), (String = "text/csv"))), Refusals))]
pub(in crate::manage) async fn report(asked: Asked) -> Result<Response, WireError> {
    let form = (window(asked.query()), format(asked.query()));
    let (window, format) = match form {
        (Ok(window), Ok(format)) => (window, format),
        (window, format) => {
            let wrong = [window.err(), format.err()];
            return Err(WireError::bad_request(wrong.into_iter().flatten().collect()));
        }
    };
    let question = Question::read(&asked).await?;
    let query = ActivePeopleQuery {
        scope: question.scope.clone(),
        window,
        days: question.days,
    };
    let figures = asked.edge.store.active_people(query).await?;
    let items = figures
        .into_iter()
        .map(|figure| item(figure, question.today))
        .collect();
    match format {
        Format::Json => success(UsageData {
            as_of: question.as_of_ms,
            time_zone: question.tenant.time_zone,
            window,
            seat_type: question.scope.seat_type,
            namespace: question.scope.namespace,
            items,
        }),
        Format::Csv => Ok(csv(question.as_of_ms, &items)),
    }
}

fn item(figure: ActivePeople, today: Day) -> UsageItem {
    UsageItem {
        first_day: figure.days.first,
        last_day: figure.days.last,
        active_people: figure.people,
        complete: figure.days.last < today,
    }
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Csv,
}

fn window(query: &str) -> Result<Window, FieldViolation> {
    let Some(text) = once(query, "window")? else {
        return Ok(Window::Day);
    };
    let known = Window::ALL.into_iter().find(|window| window.name() == text);
    known.ok_or_else(|| violation("window", WINDOW_ALLOWED, Some(&text)))
}

fn format(query: &str) -> Result<Format, FieldViolation> {
    match once(query, "format")?.as_deref() {
        None | Some("json") => Ok(Format::Json),
        Some("csv") => Ok(Format::Csv),
        Some(text) => Err(violation("format", FORMAT_ALLOWED, Some(text))),
    }
}

/// Dates, numbers and `true` or `false`: nothing that a spreadsheet could take for a formula.
fn csv(as_of_ms: i64, items: &Vec<UsageItem>) -> Response {
    let mut text = String::from("first_day,last_day,active_people,complete\n");
    for UsageItem {
        first_day,
        last_day,
        active_people,
        complete,
    } in items
    {
        text.push_str(&format!("{first_day},{last_day},{active_people},{complete}\n"));
    }
    let headers = [
        (header::CONTENT_TYPE, CSV),
        (header::HeaderName::from_static(AS_OF_HEADER), as_of_ms.into()),
    ];
    (headers, text).into_response()
}
