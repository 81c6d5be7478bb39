//! What the parameters of these calls look like.

use std::borrow::Cow;

use usher_seats::{IdleVerdict, idle::IDLE_DAYS_MAX};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Required, Schema, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::super::schemas::{
    FormatText, GroupKeyText, MomentNumber, NamespaceText, SeatTypeText, SwitchText, number, parameter,
    parameters, schema,
};

schema!(IdleVerdictText, "IdleVerdict", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(IdleVerdict::ALL.map(IdleVerdict::wire_name)))
        .description(Some(
            "The first rule that fits, in this order: protected; on_leave; new: given less than new_for_days ago; \
             redundant: an app seat beside a platform seat in use; never_used; idle: for idle_after_days or more; in_use.",
        ))
});
schema!(IdleVerdictsText, "IdleVerdicts", |builder| {
    builder
        .schema_type(Type::String)
        .pattern(Some(
            "^(protected|on_leave|new|redundant|never_used|idle|in_use)(,(protected|on_leave|new|redundant|never_used|idle|in_use)){0,6}$",
        ))
        .description(Some("Verdicts, separated by commas."))
});
schema!(IdleDaysNumber, "IdleDays", |builder| {
    number(builder, 0, IDLE_DAYS_MAX as usize)
});
schema!(IdleSortText, "IdleSort", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["longest_idle", "user_id"]))
});

parameters!(
    /// Which seats.
    IdleSeatsQuery,
    [
        parameter::<IdleDaysNumber>(
            "idle_days",
            ParameterIn::Query,
            Required::False,
            "Idle for so many days or more; 90 when it is left out, 0 with never_used. 0 needs never_used or sort=user_id."
        ),
        parameter::<SwitchText>(
            "never_used",
            ParameterIn::Query,
            Required::False,
            "true for seats that nobody ever came through."
        ),
        parameter::<SeatTypeText>(
            "seat_type",
            ParameterIn::Query,
            Required::False,
            "Only this kind of seat; any when it is left out."
        ),
        parameter::<NamespaceText>(
            "namespace",
            ParameterIn::Query,
            Required::False,
            "Only app seats of this app."
        ),
        parameter::<GroupKeyText>(
            "group_key",
            ParameterIn::Query,
            Required::False,
            "Only seats of people in this group."
        ),
        parameter::<IdleVerdictsText>(
            "verdict",
            ParameterIn::Query,
            Required::False,
            "Only seats with one of these verdicts, separated by commas; any when it is left out."
        ),
        parameter::<IdleSortText>(
            "sort",
            ParameterIn::Query,
            Required::False,
            "longest_idle when it is left out."
        ),
        parameter::<FormatText>(
            "format",
            ParameterIn::Query,
            Required::False,
            "json when it is left out and Accept does not ask for text/csv."
        ),
    ]
);
parameters!(
    /// Part of a path.
    LeavePath,
    [parameter::<MomentNumber>(
        "starts_at",
        ParameterIn::Path,
        Required::True,
        "When the leave begins."
    )]
);
