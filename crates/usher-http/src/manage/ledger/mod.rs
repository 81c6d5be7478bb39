//! Pools, seats, waiting lists and groups: what a tenant bought, who has it and who waits for it.
//!
//! | Route | Methods |
//! | --- | --- |
//! | `/usher/v1/pools` | GET |
//! | `/usher/v1/pools/{pool}` | GET, PUT |
//! | `/usher/v1/pools/{pool}/price` | PUT, DELETE |
//! | `/usher/v1/pools/{pool}/waiting-list` | GET |
//! | `/usher/v1/pools/{pool}/waiting-list/{user_id}` | DELETE |
//! | `/usher/v1/seats` | GET |
//! | `/usher/v1/seats/{seat}` | GET |
//! | `/usher/v1/seats/assign`, `release`, `restore`, `transfer`, `extend`, `protect`, `unprotect` | POST: one seat or ten thousand |
//! | `/usher/v1/groups` | GET, POST |
//! | `/usher/v1/groups/{group_key}` | GET, PATCH, DELETE |
//! | `/usher/v1/groups/{group_key}/members` | GET, POST: one person or ten thousand |
//! | `/usher/v1/groups/{group_key}/members/{user_id}` | DELETE |
//! | `/usher/v1/groups/{group_key}/standing-assignments` | GET |
//! | `/usher/v1/groups/{group_key}/standing-assignments/{pool}` | PUT, DELETE |
//! | `/usher/v1/users/{user_id}/leaves` | GET, POST |
//! | `/usher/v1/users/{user_id}/leaves/{starts_at}` | DELETE |
//!
//! **Rehearsals.** Every changing call can be rehearsed with `dry_run`. A rehearsal is the change itself, rolled back, so
//! what it shows is exact (`shown`).
//!
//! **Bulk.** The calls for seats take lines, or a group in place of lines. All lines are one transaction, wholly or each
//! by itself (`lines`).

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, post, put},
};

use crate::edge::Edge;

pub(super) mod groups;
pub(super) mod leaves;
mod lines;
pub(super) mod members;
pub(super) mod pools;
pub(super) mod seat_changes;
pub(super) mod seats;
mod shown;
pub(super) mod standing_assignments;
pub(super) mod waiting_lists;

/// The routes of this folder.
pub(super) fn routes() -> Router<Arc<Edge>> {
    pool_routes()
        .merge(seat_routes())
        .merge(group_routes())
        .merge(leave_routes())
}

fn leave_routes() -> Router<Arc<Edge>> {
    Router::new()
        .route(
            "/usher/v1/users/{user_id}/leaves",
            get(leaves::list).post(leaves::put),
        )
        .route(
            "/usher/v1/users/{user_id}/leaves/{starts_at}",
            delete(leaves::remove),
        )
}

fn pool_routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/usher/v1/pools", get(pools::list))
        .route("/usher/v1/pools/{pool}", get(pools::show).put(pools::set))
        .route(
            "/usher/v1/pools/{pool}/price",
            put(pools::set_price).delete(pools::remove_price),
        )
        .route("/usher/v1/pools/{pool}/waiting-list", get(waiting_lists::list))
        .route(
            "/usher/v1/pools/{pool}/waiting-list/{user_id}",
            delete(waiting_lists::delete),
        )
}

fn seat_routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/usher/v1/seats", get(seats::list))
        .route("/usher/v1/seats/{seat}", get(seats::show))
        .route("/usher/v1/seats/assign", post(seat_changes::assign))
        .route("/usher/v1/seats/release", post(seat_changes::release))
        .route("/usher/v1/seats/restore", post(seat_changes::restore))
        .route("/usher/v1/seats/transfer", post(seat_changes::transfer))
        .route("/usher/v1/seats/extend", post(seat_changes::extend))
        .route("/usher/v1/seats/protect", post(seat_changes::protect))
        .route("/usher/v1/seats/unprotect", post(seat_changes::unprotect))
}

fn group_routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/usher/v1/groups", get(groups::list).post(groups::create))
        .route(
            "/usher/v1/groups/{group_key}",
            get(groups::show).patch(groups::update).delete(groups::delete),
        )
        .route(
            "/usher/v1/groups/{group_key}/members",
            get(members::list).post(members::add),
        )
        .route(
            "/usher/v1/groups/{group_key}/members/{user_id}",
            delete(members::remove),
        )
        .route(
            "/usher/v1/groups/{group_key}/standing-assignments",
            get(standing_assignments::list),
        )
        .route(
            "/usher/v1/groups/{group_key}/standing-assignments/{pool}",
            put(standing_assignments::set).delete(standing_assignments::delete),
        )
}
