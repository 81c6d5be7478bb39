//! What the questions about history look like, and their answers.

use std::borrow::Cow;

use usher_seats::Window;
use usher_store::history::{HISTORY_DAYS_MAX, HISTORY_DAYS_MIN};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Required, Schema, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::{NamespaceText, SeatTypeText, number, parameter, text};

schema!(DateText, "Date", |builder| {
    text(builder, 10, 10, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$").description(Some("A day, such as 2026-11-22."))
});
schema!(WindowText, "Window", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(Window::ALL.map(Window::name)))
        .description(Some(
            "day; seven_days or thirty_days up to a day; week: Monday to Sunday; month: of the calendar.",
        ))
});
schema!(FormatText, "Format", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["json", "csv"]))
});
schema!(HistoryDaysNumber, "HistoryDays", |builder| {
    number(builder, HISTORY_DAYS_MIN as usize, HISTORY_DAYS_MAX as usize)
        .description(Some("For how many days history is kept, today included."))
});
parameters!(
    /// Which accesses count.
    HistoryScopeQuery,
    [
        parameter::<SeatTypeText>(
            "seat_type",
            ParameterIn::Query,
            Required::False,
            "Only through this kind of seat; any when it is left out."
        ),
        parameter::<NamespaceText>(
            "namespace",
            ParameterIn::Query,
            Required::False,
            "Only in this app; any when it is left out."
        ),
    ]
);
parameters!(
    /// Which days.
    DaysQuery,
    [
        parameter::<DateText>(
            "from",
            ParameterIn::Query,
            Required::False,
            "The first day, at most 399 days before until; 29 days before it when it is left out."
        ),
        parameter::<DateText>(
            "until",
            ParameterIn::Query,
            Required::False,
            "The last day; today in the tenant's time zone when it is left out, and never later."
        ),
    ]
);
parameters!(
    /// Which figures, in which form.
    UsageQuery,
    [
        parameter::<WindowText>(
            "window",
            ParameterIn::Query,
            Required::False,
            "Over which days a person counts once; a day when it is left out."
        ),
        parameter::<FormatText>("format", ParameterIn::Query, Required::False, "json when it is left out."),
    ]
);
