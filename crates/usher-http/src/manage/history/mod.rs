//! History: who was active on which day.
//!
//! | Route | Methods |
//! | --- | --- |
//! | `/usher/v1/reports/usage` | GET: active people, day by day, as JSON or CSV |
//! | `/usher/v1/users/{user_id}/active-days` | GET: the days of one person, or of one seat |

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::edge::Edge;

pub(super) mod active_days;
mod question;
pub(super) mod usage;

/// The routes of this folder.
pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/usher/v1/reports/usage", get(usage::report))
        .route("/usher/v1/users/{user_id}/active-days", get(active_days::list))
}
