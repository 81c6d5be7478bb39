//! `/control/v1/export`: a page of a table.
//!
//! Pages begin behind a key, so a walk shows every row that was there throughout exactly once, whatever is written
//! meanwhile, and the cost of a page does not depend on how far the walk has come.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_seats::{SeatType, TenantId};
use usher_store::{Group, PageKey, PoolName, User, page::PAGE_ROWS_MAX};

use super::{
    Bulk, rows,
    wire::{Cell, ExportAnswer, ExportKind, ExportQuestion, Place},
};
use crate::{control::Control, failure::Failure};

type Page = (Vec<Vec<Cell>>, Option<Place>);

/// Reads a page.
pub(super) async fn answer(
    State(bulk): State<Arc<Bulk>>,
    Json(question): Json<ExportQuestion>,
) -> Result<Json<ExportAnswer>, Failure> {
    let control = &bulk.control;
    let reading = Reading {
        control,
        tenant_id: control.tenant(&question.tenant_key).await?.tenant_id,
        now_ms: control.clock.now_ms(),
    };
    let (rows, next) = match question.kind {
        ExportKind::Seats => reading.seats(question.after).await,
        ExportKind::Users => reading.users(question.after).await,
        ExportKind::Apps => reading.apps(question.after).await,
        ExportKind::Groups => reading.groups(question.after).await,
        ExportKind::Pools => reading.pools(question.after).await,
    }?;
    Ok(Json(ExportAnswer {
        as_of_ms: reading.now_ms,
        rows,
        next,
    }))
}

struct Reading<'a> {
    control: &'a Control,
    tenant_id: TenantId,
    now_ms: i64,
}

impl Reading<'_> {
    /// Platform seats, then app seats.
    async fn seats(&self, after: Place) -> Result<Page, Failure> {
        let seat_type = after.seat_type.unwrap_or(SeatType::PerUser);
        let key = after.user_id.map(|user_id| PageKey {
            user_id,
            namespace: after.namespace,
        });
        let store = &self.control.store;
        let seats = store.seats(self.tenant_id, seat_type, key, PAGE_ROWS_MAX).await?;
        let mut cells = Vec::with_capacity(seats.len());
        let mut holder: Option<User> = None;
        for row in &seats {
            let user_id = row.seat.user_id;
            if holder.as_ref().is_none_or(|holder| holder.user_id != user_id) {
                holder = store.user(self.tenant_id, user_id).await?;
            }
            cells.push(rows::seat(row, holder.as_ref(), self.now_ms));
        }
        let next = match seats.last() {
            Some(last) if seats.len() == PAGE_ROWS_MAX => Some(Place {
                seat_type: Some(seat_type),
                user_id: Some(last.seat.user_id),
                namespace: last.seat.pool.namespace.clone(),
                ..Place::default()
            }),
            _ => (seat_type == SeatType::PerUser).then(|| Place {
                seat_type: Some(SeatType::PerUserPerApp),
                ..Place::default()
            }),
        };
        Ok((cells, next))
    }

    async fn users(&self, after: Place) -> Result<Page, Failure> {
        let store = &self.control.store;
        let users = store.users(self.tenant_id, after.user_id, PAGE_ROWS_MAX).await?;
        let next = users.get(PAGE_ROWS_MAX - 1).map(|last| Place {
            user_id: Some(last.user_id),
            ..Place::default()
        });
        Ok((users.iter().map(rows::user).collect(), next))
    }

    async fn apps(&self, after: Place) -> Result<Page, Failure> {
        let store = &self.control.store;
        let apps = store.apps(self.tenant_id, after.namespace, PAGE_ROWS_MAX).await?;
        let next = apps.get(PAGE_ROWS_MAX - 1).map(|last| Place {
            namespace: Some(last.namespace.clone()),
            ..Place::default()
        });
        Ok((apps.iter().map(rows::app).collect(), next))
    }

    /// The rest of the group behind whose member the page begins, or the next group: the group itself, what it gives,
    /// and who is in it.
    async fn groups(&self, after: Place) -> Result<Page, Failure> {
        let store = &self.control.store;
        let mut cells = Vec::new();
        let begun = match (&after.group_key, after.user_id) {
            (Some(group_key), Some(_)) => store.group(self.tenant_id, group_key).await?,
            _ => None,
        };
        let (group, after_member) = match begun {
            Some(group) => (group, after.user_id),
            None => {
                let mut next = store.groups(self.tenant_id, after.group_key, 1).await?;
                let Some(group) = next.pop() else {
                    return Ok((cells, None));
                };
                cells.push(rows::group(&group));
                let given = group.standing_assignments.iter();
                cells.extend(given.map(|pool| rows::standing(&group, pool)));
                (group, None)
            }
        };
        let last = self.members(&group, after_member, &mut cells).await?;
        let next = Place {
            group_key: Some(group.group_key),
            user_id: last,
            ..Place::default()
        };
        Ok((cells, Some(next)))
    }

    /// Some members of a group; gives the last one when there may be more.
    async fn members(
        &self,
        group: &Group,
        after: Option<usher_seats::UserId>,
        cells: &mut Vec<Vec<Cell>>,
    ) -> Result<Option<usher_seats::UserId>, Failure> {
        let store = &self.control.store;
        let members = store
            .group_members(self.tenant_id, &group.group_key, after, PAGE_ROWS_MAX)
            .await?;
        for user_id in &members {
            let user = store.user(self.tenant_id, *user_id).await?;
            cells.push(rows::member(group, *user_id, user.as_ref()));
        }
        Ok(members.get(PAGE_ROWS_MAX - 1).copied())
    }

    async fn pools(&self, after: Place) -> Result<Page, Failure> {
        let key = after.seat_type.map(|seat_type| PoolName {
            tenant_id: self.tenant_id,
            seat_type,
            namespace: after.namespace,
        });
        let store = &self.control.store;
        let pools = store
            .pools(self.tenant_id, key, PAGE_ROWS_MAX, self.now_ms)
            .await?;
        let next = pools.get(PAGE_ROWS_MAX - 1).map(|last| Place {
            seat_type: Some(last.seat_type),
            namespace: last.namespace.clone(),
            ..Place::default()
        });
        let cells = pools.iter().map(|row| rows::pool(row, self.now_ms));
        Ok((cells.collect(), next))
    }
}
