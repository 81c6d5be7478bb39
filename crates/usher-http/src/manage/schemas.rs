//! What the texts and numbers of this API look like, for the OpenAPI document, and what its calls have in common.

use std::{borrow::Cow, collections::BTreeMap};

use usher_seats::{Refusal, language_tag::LANGUAGE_TAG_BYTES_MAX, localized_names::LANGUAGES_MAX};
use usher_store::AuditObject;
use utoipa::{
    IntoParams, IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ContentBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Required, Response,
        ResponseBuilder, Schema, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::AdditionalProperties,
    },
};

use super::{once::KEY_HEADER, scopes::KNOWN_SCOPES};
use crate::{access::ACCESSES_MAX, wire::CONTENT_TYPE_JSON};

/// Makes a type that stands for a schema.
macro_rules! schema {
    ($name:ident, $wire_name:literal, $build:expr) => {
        /// Stands for a schema; never made.
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let build: fn(ObjectBuilder) -> ObjectBuilder = $build;
                build(ObjectBuilder::new()).build().into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                $wire_name.into()
            }
        }
    };
}

pub(super) use schema;

fn text(builder: ObjectBuilder, least: usize, most: usize, pattern: &str) -> ObjectBuilder {
    builder
        .schema_type(Type::String)
        .min_length(Some(least))
        .max_length(Some(most))
        .pattern(Some(pattern))
}

pub(super) fn number(builder: ObjectBuilder, least: usize, most: usize) -> ObjectBuilder {
    builder
        .schema_type(Type::Integer)
        .minimum(Some(least))
        .maximum(Some(most))
}

/// An object of names by language. The languages are a pattern of their own, looser than what is taken: a tag has more
/// shapes than a readable pattern.
fn names(builder: ObjectBuilder, name: RefOr<Schema>) -> ObjectBuilder {
    let language = text(
        ObjectBuilder::new(),
        2,
        LANGUAGE_TAG_BYTES_MAX,
        "^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$",
    );
    builder
        .schema_type(Type::Object)
        .property_names(Some(language.build()))
        .additional_properties(Some(AdditionalProperties::RefOr(name)))
        .max_properties(Some(LANGUAGES_MAX))
}

schema!(TenantKeyText, "TenantKey", |builder| {
    text(builder, 1, 64, "^[A-Za-z0-9_-]+$").description(Some("The name of a tenant."))
});
schema!(UserNumber, "UserId", |builder| {
    number(builder, 1, 9_007_199_254_740_991).description(Some("The number of a person in a tenant."))
});
schema!(NamespaceText, "Namespace", |builder| {
    text(builder, 1, 128, "^[A-Za-z0-9_][A-Za-z0-9_.-]*$").description(Some("The name of an app."))
});
schema!(ClientIdText, "ClientId", |builder| {
    text(builder, 5, 64, "^cli_[A-Za-z0-9_]+$").description(Some("The name of a client."))
});
schema!(TokenIdText, "ServiceTokenId", |builder| {
    text(builder, 16, 16, "^[0-9a-f]{16}$").description(Some("Names a service token; it is not the token."))
});
schema!(NameText, "Name", |builder| {
    text(builder, 1, 256, "^[^\\u0000-\\u001f\\u007f-\\u009f]*$").description(Some("A name for people."))
});
schema!(NamesByLanguage, "NamesByLanguage", |builder| {
    names(builder, NameText::schema()).description(Some(
        "Names for people by the tag of their language (BCP 47), such as zh-CN or en.",
    ))
});
schema!(NamesByLanguagePatch, "NamesByLanguagePatch", |builder| {
    let name_or_null = OneOfBuilder::new()
        .item(NameText::schema())
        .item(ObjectBuilder::new().schema_type(Type::Null));
    names(builder, RefOr::T(Schema::OneOf(name_or_null.build()))).description(Some(
        "Names by the tag of their language to set, or with null to take away.",
    ))
});
schema!(TimeZoneText, "TimeZone", |builder| {
    text(builder, 1, 64, "^[A-Za-z0-9_+/-]+$").description(Some(
        "The name of a time zone in the IANA database, such as Asia/Shanghai.",
    ))
});
schema!(IssuerText, "Issuer", |builder| {
    text(builder, 1, 255, "^https?://[!-~]+$").description(Some(
        "An identity provider's name among providers: an https address; http for this machine only.",
    ))
});
schema!(ProviderClientIdText, "ProviderClientId", |builder| {
    text(builder, 1, 255, "^[!-~]+$").description(Some("The name under which a provider knows this server."))
});
schema!(ClientSecretText, "ProviderClientSecret", |builder| {
    text(builder, 1, 1_024, "^[!-~]+$")
        .write_only(true)
        .description(Some("The server's secret at a provider; in no answer."))
});
schema!(SubjectText, "Subject", |builder| {
    text(builder, 1, 255, "^[^\\u0000-\\u001f\\u007f-\\u009f]*$").description(Some(
        "A provider's name for an account, the claim sub; at most 255 bytes.",
    ))
});
schema!(ExternalIdText, "ExternalId", |builder| {
    text(builder, 1, 129, "^[^\\s\\u0000-\\u001f\\u007f-\\u009f]*$")
        .description(Some("The name by which a person signs in; unique in the tenant."))
});
schema!(SearchTyped, "SearchText", |builder| {
    text(builder, 1, 256, "[^\\s\\u0000-\\u001f\\u007f-\\u009f]").description(Some(
        "The beginning of a word of a name or of a sign-in name, or a number.",
    ))
});
schema!(AmountText, "Amount", |builder| {
    text(builder, 1, 16, "^[0-9]{1,9}(\\.[0-9]{1,3})?$").description(Some(
        "Whole, or with decimals after a point, as many as the currency has.",
    ))
});
schema!(CurrencyText, "Currency", |builder| {
    text(builder, 3, 3, "^[A-Z]{3}$").description(Some("Three capital letters of ISO 4217."))
});
schema!(PricePeriodText, "PricePeriod", |builder| builder
    .schema_type(Type::String)
    .enum_values(Some(["month", "year"])));
schema!(AddressText, "RedirectUri", |builder| {
    text(builder, 1, 2_048, "^[!-~]+$").description(Some(
        "https://..., http:// on this machine (127.0.0.1 without a port matches any port), or a scheme such as com.example.app:",
    ))
});
schema!(HostText, "Host", |builder| {
    text(builder, 1, 253, "^[^\\s/]+$").description(Some("A host name or address, without a port."))
});
schema!(PathPrefixText, "PathPrefix", |builder| {
    text(builder, 1, 1_024, "^/[^\\s]*$")
        .description(Some("The beginning of a path; matches whole segments."))
});
schema!(ScopeText, "Scope", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(KNOWN_SCOPES))
        .description(Some("A scope."))
});
schema!(Moment, "Moment", |builder| {
    builder
        .schema_type(Type::Integer)
        .description(Some("Milliseconds since 1970-01-01T00:00:00Z."))
});
schema!(SeatTypeText, "SeatType", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["per_user", "per_user_per_app"]))
        .description(Some("per_user: a platform seat; per_user_per_app: an app seat."))
});
schema!(PoolText, "PoolName", |builder| {
    text(
        builder,
        8,
        145,
        "^(per_user|per_user_per_app:[A-Za-z0-9_][A-Za-z0-9_.-]*)$",
    )
    .description(Some(
        "The name of a pool: per_user, or per_user_per_app: and the namespace of an app.",
    ))
});
schema!(SeatText, "SeatName", |builder| {
    text(
        builder,
        10,
        162,
        "^(per_user:[1-9][0-9]*|per_user_per_app:[1-9][0-9]*:[A-Za-z0-9_][A-Za-z0-9_.-]*)$",
    )
    .description(Some(
        "The name of a seat: its pool with the user_id after the seat type, such as per_user:42.",
    ))
});
schema!(GroupKeyText, "GroupKey", |builder| {
    text(builder, 1, 64, "^[A-Za-z0-9_.-]+$").description(Some("The name of a group."))
});
schema!(SeatCountNumber, "SeatCount", |builder| {
    number(builder, 0, 9_007_199_254_740_991).description(Some("How many seats."))
});
schema!(MomentNumber, "MomentGiven", |builder| {
    number(builder, 0, 9_999_999_999_999).description(Some("Milliseconds since 1970-01-01T00:00:00Z."))
});
schema!(ReasonText, "Reason", |builder| {
    text(builder, 1, 256, "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")
        .description(Some("Why, in your own words; for the audit log."))
});
schema!(MannerText, "Manner", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["whole", "partial"]))
        .description(Some(
            "whole: one line that does not fit, and nothing is done; partial: whatever fits is done.",
        ))
});
schema!(EffectText, "Effect", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["created", "updated", "unchanged", "waiting", "rejected"]))
        .description(Some("What was done, or that it was not."))
});
schema!(AuditObjectText, "AuditObject", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(AuditObject::ALL.map(AuditObject::word)))
        .description(Some("A kind of thing in the audit log."))
});
schema!(ActorKindText, "ActorKind", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["system", "command_line", "operator", "user", "client"]))
        .description(Some(
            "system: Usher itself; command_line: an account on the machine.",
        ))
});
schema!(AuditOrderText, "AuditOrder", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["newest", "oldest"]))
});
schema!(AuditHashText, "AuditHash", |builder| {
    text(builder, 64, 64, "^[0-9a-f]{64}$").description(Some("Ties a record to the ones before it."))
});
schema!(AnyObject, "AnyObject", |builder| {
    builder
        .schema_type(Type::Object)
        .description(Some("A thing as the audit log keeps it."))
});
schema!(SwitchText, "Switch", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["true", "false"]))
});
schema!(SeatStatusText, "SeatStatus", |builder| {
    builder
        .schema_type(Type::String)
        .enum_values(Some(["in_use", "released"]))
        .description(Some("in_use while the seat is held and not expired."))
});
schema!(Report, "ReportedAccess", |builder| {
    builder
        .schema_type(Type::Object)
        .property("user_id", UserNumber::schema())
        .required("user_id")
        .property("namespace", NamespaceText::schema())
        .required("namespace")
        .property("tenant_key", TenantKeyText::schema())
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .description(Some(
            "Somebody opens an app. A token for every tenant needs the tenant_key.",
        ))
});
schema!(VerdictText, "Verdict", |builder| {
    let choice = |values: &[&str]| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(values.iter().copied()))
            .build()
    };
    let reasons: Vec<&str> = Refusal::ALL.into_iter().map(Refusal::wire_name).collect();
    builder
        .schema_type(Type::Object)
        .property("verdict", choice(&["admitted", "refused"]))
        .required("verdict")
        .property("seat_type", SeatTypeText::schema())
        .property("active_time", Moment::schema())
        .property("reason", choice(&reasons))
        .description(Some("Admitted by which seat, or refused and why."))
});

/// One access or up to a thousand.
pub(crate) enum AccessReport {}

impl PartialSchema for AccessReport {
    fn schema() -> RefOr<Schema> {
        let many = ArrayBuilder::new()
            .items(Report::schema())
            .min_items(Some(1))
            .max_items(Some(ACCESSES_MAX));
        let either = OneOfBuilder::new().item(Report::schema()).item(many.build());
        RefOr::T(Schema::OneOf(either.build()))
    }
}

impl ToSchema for AccessReport {
    fn name() -> Cow<'static, str> {
        "AccessReport".into()
    }
}

/// A verdict, or one for each.
pub(crate) enum AccessVerdicts {}

impl PartialSchema for AccessVerdicts {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(VerdictText::schema()).build();
        let many = ObjectBuilder::new().property("items", items).required("items");
        let either = OneOfBuilder::new().item(VerdictText::schema()).item(many.build());
        RefOr::T(Schema::OneOf(either.build()))
    }
}

impl ToSchema for AccessVerdicts {
    fn name() -> Cow<'static, str> {
        "AccessVerdicts".into()
    }
}

schema!(PageSize, "PageSize", |builder| number(builder, 0, 500));
schema!(PageSizeOfApps, "PageSizeOfApps", |builder| number(builder, 0, 50));
schema!(AnyText, "AnyText", |builder| builder.schema_type(Type::String));
schema!(KeyText, "IdempotencyKey", |builder| text(
    builder, 1, 255, "^[!-~]+$"
));

pub(super) fn parameter<Of: PartialSchema>(
    name: &str,
    place: ParameterIn,
    required: Required,
    description: &str,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(description))
        .schema(Some(Of::schema()))
        .build()
}

/// Makes a type that stands for some parameters.
macro_rules! parameters {
    ($(#[$documentation:meta])* $name:ident, [$($parameter:expr),* $(,)?]) => {
        $(#[$documentation])*
        pub(crate) enum $name {}

        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                vec![$($parameter),*]
            }
        }
    };
}

pub(super) use parameters;

mod history;

pub(crate) use history::{
    DateText, DaysQuery, FormatText, HistoryDaysNumber, HistoryScopeQuery, UsageQuery, WindowText,
};

const TENANT: &str =
    "The tenant meant. An operator must name it; an administrator may, and can only mean their own.";
const PAGE_SIZE: &str = "Most rows of the page; 0 and nothing mean 10.";
const PAGE_TOKEN: &str = "The page_token of the previous page; leave it out for the first one.";
const KEY: &str =
    "The same key with the same request gives the same answer for 24 hours, without its secrets.";

parameters!(
    /// Which tenant.
    TenantQuery,
    [parameter::<TenantKeyText>("tenant_key", ParameterIn::Query, Required::False, TENANT)]
);
parameters!(
    /// Why.
    ReasonQuery,
    [parameter::<ReasonText>(
        "reason",
        ParameterIn::Query,
        Required::False,
        "Why, in your own words; for the audit log."
    )]
);
parameters!(
    /// Which records of the audit log.
    AuditFilterQuery,
    [
        parameter::<AuditObjectText>(
            "object",
            ParameterIn::Query,
            Required::False,
            "Only about one thing of this kind; object_name says which."
        ),
        parameter::<AnyText>("object_name", ParameterIn::Query, Required::False, "Which thing, such as per_user:42."),
        parameter::<ActorKindText>(
            "actor_kind",
            ParameterIn::Query,
            Required::False,
            "Only by one actor of this kind; actor_name says which, except for system."
        ),
        parameter::<AnyText>(
            "actor_name",
            ParameterIn::Query,
            Required::False,
            "Which actor: a user_id, a client_id, a token_id or an account on the machine."
        ),
        parameter::<MomentNumber>("from", ParameterIn::Query, Required::False, "Only at this moment or later."),
        parameter::<MomentNumber>("until", ParameterIn::Query, Required::False, "Only before this moment."),
        parameter::<AuditOrderText>("order", ParameterIn::Query, Required::False, "newest first, or oldest first."),
    ]
);
parameters!(
    /// Which people.
    ExternalIdQuery,
    [parameter::<ExternalIdText>(
        "external_id",
        ParameterIn::Query,
        Required::False,
        "Lists the one person who signs in by this name, if there is one."
    )]
);
parameters!(
    /// Which people, as somebody types.
    SearchQuery,
    [parameter::<SearchTyped>(
        "search",
        ParameterIn::Query,
        Required::False,
        "Lists people with a name of which a word begins so, or a sign-in name that does, or with this number; not together with external_id."
    )]
);
parameters!(
    /// Which page.
    PageQuery,
    [
        parameter::<PageSize>("page_size", ParameterIn::Query, Required::False, PAGE_SIZE),
        parameter::<AnyText>("page_token", ParameterIn::Query, Required::False, PAGE_TOKEN),
    ]
);
parameters!(
    /// Whether in earnest, and why.
    ChangeQuery,
    [
        parameter::<SwitchText>(
            "dry_run",
            ParameterIn::Query,
            Required::False,
            "true shows what would happen and keeps nothing."
        ),
        parameter::<ReasonText>(
            "reason",
            ParameterIn::Query,
            Required::False,
            "Why, in your own words; for the audit log."
        ),
    ]
);
parameters!(
    /// Which seats.
    SeatFilterQuery,
    [
        parameter::<SeatTypeText>("seat_type", ParameterIn::Query, Required::True, "Which kind of seat."),
        parameter::<UserNumber>("user_id", ParameterIn::Query, Required::False, "Only this person's."),
        parameter::<NamespaceText>(
            "namespace",
            ParameterIn::Query,
            Required::False,
            "Only of this app; for app seats."
        ),
        parameter::<GroupKeyText>(
            "group_key",
            ParameterIn::Query,
            Required::False,
            "Only of people who are in this group."
        ),
    ]
);
parameters!(
    /// Part of a path.
    PoolPath,
    [parameter::<PoolText>("pool", ParameterIn::Path, Required::True, "Which pool.")]
);
parameters!(
    /// Part of a path.
    SeatPath,
    [parameter::<SeatText>("seat", ParameterIn::Path, Required::True, "Which seat.")]
);
parameters!(
    /// Part of a path.
    GroupPath,
    [parameter::<GroupKeyText>("group_key", ParameterIn::Path, Required::True, "Which group.")]
);
parameters!(
    /// Which page of the seat calls, where `page_size` must be there.
    SeatPageQuery,
    [
        parameter::<SeatTypeText>("seat_type", ParameterIn::Query, Required::True, "Which kind of seat."),
        parameter::<PageSize>("page_size", ParameterIn::Query, Required::True, "Most rows of the page; 0 means 10."),
        parameter::<AnyText>("page_token", ParameterIn::Query, Required::False, PAGE_TOKEN),
    ]
);
parameters!(
    /// Which page of the apps.
    AppPageQuery,
    [
        parameter::<PageSizeOfApps>("page_size", ParameterIn::Query, Required::False, PAGE_SIZE),
        parameter::<AnyText>("page_token", ParameterIn::Query, Required::False, PAGE_TOKEN),
    ]
);
parameters!(
    /// Once.
    KeyHeader,
    [parameter::<KeyText>(KEY_HEADER, ParameterIn::Header, Required::False, KEY)]
);
parameters!(
    /// Part of a path.
    TenantPath,
    [parameter::<TenantKeyText>("tenant_key", ParameterIn::Path, Required::True, "Which tenant.")]
);
parameters!(
    /// Part of a path.
    UserPath,
    [parameter::<UserNumber>("user_id", ParameterIn::Path, Required::True, "Which person.")]
);
parameters!(
    /// Part of a path.
    AppPath,
    [parameter::<NamespaceText>("namespace", ParameterIn::Path, Required::True, "Which app.")]
);
parameters!(
    /// Part of a path.
    ClientPath,
    [parameter::<ClientIdText>("client_id", ParameterIn::Path, Required::True, "Which client.")]
);
parameters!(
    /// Part of a path.
    TokenPath,
    [parameter::<TokenIdText>("token_id", ParameterIn::Path, Required::True, "Which service token.")]
);

/// Every way in which these calls refuse. The body tells which: `code` and `msg` are of the one table of wire errors.
pub(crate) enum Refusals {}

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            (
                "400",
                "The token or the request is wrong; `error.field_violations` names fields.",
            ),
            ("401", "The token's time is over."),
            ("403", "The caller may not do this."),
            ("404", "There is no such thing, or it is another tenant's."),
            ("408", "The body did not arrive in time."),
            (
                "409",
                "A name is taken, or the idempotency key came with another request.",
            ),
            ("413", "The body is too large."),
            ("414", "The address is too long."),
            ("429", "More calls in this second than allowed."),
            ("503", "Usher is busy; try again after `Retry-After` seconds."),
        ]
        .into_iter()
        .map(|(status, description)| (status.to_owned(), RefOr::T(refusal(description))))
        .collect()
    }
}

fn refusal(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ErrorBody")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(media_type(), content)
        .build()
}

/// The content type of every JSON answer, as the document names it.
fn media_type() -> &'static str {
    let whole: &'static str = "application/json";
    debug_assert!(CONTENT_TYPE_JSON.as_bytes().starts_with(whole.as_bytes()));
    whole
}
