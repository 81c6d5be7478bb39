//! `/control/v1/activities`: a page of activities for exports.

use std::sync::Arc;

use axum::{Json, extract::State};
use usher_store::{PageKey, PageQuery, page::PAGE_ROWS_MAX};

use super::{
    Control,
    wire::{ActivitiesAnswer, ActivitiesQuestion, ActivityLine},
};
use crate::failure::Failure;

/// Reads a page. The watermark is taken before the page is read, so that the page holds at least all before it.
pub(crate) async fn answer(
    State(control): State<Arc<Control>>,
    Json(question): Json<ActivitiesQuestion>,
) -> Result<Json<ActivitiesAnswer>, Failure> {
    let tenant = control.tenant(&question.tenant_key).await?;
    let now_ms = control.clock.now_ms();
    let own_ms = control.door.watermark_ms(now_ms);
    let others_ms = control.store.others_watermark_ms(now_ms).await?;
    let as_of_ms = others_ms.map_or(own_ms, |others_ms| others_ms.min(own_ms));
    let seat_type = question.seat_type;
    let query = PageQuery {
        tenant_id: tenant.tenant_id,
        seat_type,
        after: question.after.map(|(user_id, namespace)| PageKey {
            user_id,
            namespace: Some(namespace),
        }),
        rows_max: question.rows_max.clamp(1, PAGE_ROWS_MAX),
        now_ms,
    };
    let page = control.store.activities(query).await?;
    let rows = page.rows.into_iter().map(|row| ActivityLine {
        seat_type,
        user_id: row.user_id,
        namespace: row.namespace,
        status: row.status,
        active_time_ms: row.active_time_ms,
    });
    Ok(Json(ActivitiesAnswer {
        as_of_ms,
        rows: rows.collect(),
        has_more: page.has_more,
    }))
}
