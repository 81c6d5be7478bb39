//! `/usher/v1/seats`: who has which seat, and since when.

use axum::response::Response;
use serde::Serialize;
use usher_seats::{GroupKey, Namespace, Seat, SeatStatus, SeatType, UserId};
use usher_store::{PageKey, SeatName, SeatQuery, SeatRow};
use utoipa::ToSchema;

use super::super::{
    asked::Asked,
    lists::{Listed, Place},
    query::optional,
    schemas::{
        Moment, NamespaceText, PageQuery, Refusals, SeatFilterQuery, SeatPath, SeatStatusText, SeatText,
        SeatTypeText, TenantQuery, UserNumber,
    },
};
use crate::{
    open_apis::parameters,
    wire::{FieldViolation, WireCode, WireError, envelope::SuccessBody, success},
};

const NAMESPACE_FITS: &str = "namespace goes with seat_type per_user_per_app only";

/// A seat.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct SeatData {
    /// Its name.
    #[schema(value_type = SeatText)]
    seat: String,
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    #[schema(value_type = SeatTypeText)]
    seat_type: SeatType,
    /// The app; null for a platform seat.
    #[schema(value_type = Option<NamespaceText>, required = true)]
    namespace: Option<Namespace>,
    /// At the moment of reading.
    #[schema(value_type = SeatStatusText)]
    status: SeatStatus,
    /// When the present or last holding began.
    #[schema(value_type = Moment)]
    assigned_at: i64,
    /// When it was given back or was found to have run out; null when it was not.
    #[schema(value_type = Option<Moment>, required = true)]
    released_at: Option<i64>,
    /// The first moment at which it no longer admits; null when it does not end by itself.
    #[schema(value_type = Option<Moment>, required = true)]
    expires_at: Option<i64>,
    /// Why it is kept from being taken as idle; null when it is not protected.
    #[schema(required = true)]
    protected_reason: Option<String>,
    /// True when it was given by hand; false when only groups give it.
    given_directly: bool,
    /// Until when it is kept for whoever had it, as far as its pool has a seat free; null when it is not.
    #[schema(value_type = Option<Moment>, required = true)]
    kept_until: Option<i64>,
}

impl SeatData {
    fn of(row: SeatRow, now_ms: i64) -> Self {
        let seat = Seat {
            held: row.held,
            expires_at_ms: row.expires_at_ms,
            released_at_ms: row.released_at_ms,
        };
        Self {
            seat: row.seat.to_string(),
            user_id: row.seat.user_id,
            seat_type: row.seat.pool.seat_type,
            namespace: row.seat.pool.namespace,
            status: seat.status(now_ms),
            assigned_at: row.assigned_at_ms,
            released_at: row.released_at_ms,
            expires_at: row.expires_at_ms,
            protected_reason: row.protected_reason,
            given_directly: row.given_directly,
            kept_until: row.kept_until_ms.filter(|until_ms| now_ms < *until_ms),
        }
    }
}

/// Which seats are wanted.
struct Filter {
    seat_type: SeatType,
    user_id: Option<UserId>,
    namespace: Option<Namespace>,
    group_key: Option<GroupKey>,
}

impl Filter {
    fn read(query: &str) -> Result<Self, WireError> {
        let seat_type = parameters::examine(query).seat_type;
        let namespace = optional::<Namespace>(query, "namespace");
        let (user_id, group_key) = (optional(query, "user_id"), optional(query, "group_key"));
        match (seat_type, user_id, namespace, group_key) {
            (Ok(SeatType::PerUser), _, Ok(Some(namespace)), _) => Err(WireError::bad_request(vec![
                FieldViolation::new("namespace", NAMESPACE_FITS).with_value(namespace.as_str()),
            ])),
            (Ok(seat_type), Ok(user_id), Ok(namespace), Ok(group_key)) => Ok(Self {
                seat_type,
                user_id,
                namespace,
                group_key,
            }),
            (seat_type, user_id, namespace, group_key) => {
                let wrong = [seat_type.err(), user_id.err(), namespace.err(), group_key.err()];
                Err(WireError::bad_request(wrong.into_iter().flatten().collect()))
            }
        }
    }

    /// The name of the list of these seats: a page of one list is no page of another.
    fn list(&self) -> String {
        let user_id = self.user_id.map(|user_id| user_id.to_string());
        [
            Some(self.seat_type.wire_name()),
            user_id.as_deref(),
            self.namespace.as_ref().map(Namespace::as_str),
            self.group_key.as_ref().map(GroupKey::as_str),
        ]
        .into_iter()
        .fold("seats".to_owned(), |list, part| {
            list + " " + part.unwrap_or_default()
        })
    }
}

/// List seats of a kind, held or not, in order of person and app.
#[utoipa::path(get, path = "/usher/v1/seats", tag = "seats", operation_id = "list_seats",
    params(SeatFilterQuery, TenantQuery, PageQuery),
    responses((status = 200, description = "A page of seats.", body = SuccessBody<Listed<SeatData>>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let filter = Filter::read(asked.query())?;
    let list = filter.list();
    let place = Place::<String>::read(&asked, &list, tenant.tenant_key.as_str())?;
    let after = place.after.as_ref();
    let after = after.and_then(|name| SeatName::parse(tenant.tenant_id, name).ok());
    let query = SeatQuery {
        tenant_id: tenant.tenant_id,
        seat_type: filter.seat_type,
        user_id: filter.user_id,
        namespace: filter.namespace,
        group_key: filter.group_key,
        after: after.map(|seat| PageKey {
            user_id: seat.user_id,
            namespace: seat.pool.namespace,
        }),
        rows_max: place.rows_asked(),
    };
    let page = place.page(asked.edge.store.seats_where(query).await?);
    let now_ms = asked.now_ms;
    place.answer(
        &asked,
        page,
        |row| row.seat.to_string(),
        |row| SeatData::of(row, now_ms),
    )
}

/// Show a seat, held or not.
#[utoipa::path(get, path = "/usher/v1/seats/{seat}", tag = "seats", operation_id = "get_seat",
    params(SeatPath, TenantQuery),
    responses((status = 200, description = "The seat.", body = SuccessBody<SeatData>), Refusals))]
pub(in super::super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let tenant_id = asked.tenant().await?.tenant_id;
    let name = asked.path_by("seat", |text| SeatName::parse(tenant_id, text))?;
    let row = asked.edge.store.seat(name).await?;
    let row = row.ok_or(WireCode::SeatUnknown)?;
    success(SeatData::of(row, asked.now_ms))
}
