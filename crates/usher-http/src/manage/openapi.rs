//! `/openapi.json`: what this API is, for programs.
//!
//! The document is made from the handlers and the types they read and write, so that it cannot tell of a field that is
//! not there. A test asks every path of it, and every route must be in it.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::{
    IntoParams, Modify, OpenApi,
    openapi::{
        self, RefOr,
        path::Parameter,
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::ledger::{
    groups, leaves, members, pools, seat_changes, seats, standing_assignments, waiting_lists,
};
use super::schemas::ReasonQuery;
use super::{
    apps, audit_records, clients, history, identity_links, identity_provider, idle_seats, installs, me,
    service_tokens, tenants, users,
};
use crate::{
    access, open_apis,
    wire::{
        CONTENT_TYPE_JSON,
        envelope::{ErrorBody, ErrorObject},
    },
};

/// The one changing call that is none of the management API: accesses are not in the audit log.
const ACCESSES_PATH: &str = "/usher/v1/accesses";
/// The name of the parameter that says why.
const REASON: &str = "reason";
/// The name of the way in.
const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Usher",
        description = "Seats, the door, and their management. Every answer is an envelope: `code` 0 and `data`, or another `code`, `msg` and `error`."
    ),
    paths(
        open_apis::seat_activities::list,
        open_apis::seat_assignments::list,
        open_apis::apps::list,
        access::accesses::report,
        access::forward_auth::ask,
        me::show, audit_records::list,
        tenants::list, tenants::create, tenants::show, tenants::update,
        users::list, users::create, users::show, users::update, users::delete,
        users::make_sign_in_link, users::remove_second_factor,
        history::usage::report, history::active_days::list, idle_seats::report,
        leaves::list, leaves::put, leaves::remove,
        identity_links::show, identity_links::set, identity_links::delete,
        identity_provider::show, identity_provider::set, identity_provider::update, identity_provider::delete,
        apps::list, apps::create, apps::show, apps::update,
        clients::list, clients::create, clients::show, clients::update, clients::rotate_secret,
        installs::list, installs::create, installs::delete,
        service_tokens::list, service_tokens::create, service_tokens::revoke,
        pools::list, pools::show, pools::set, pools::set_price, pools::remove_price, waiting_lists::list, waiting_lists::delete,
        seats::list, seats::show,
        seat_changes::assign, seat_changes::release, seat_changes::restore, seat_changes::transfer, seat_changes::extend,
        seat_changes::protect, seat_changes::unprotect,
        groups::list, groups::create, groups::show, groups::update, groups::delete,
        members::list, members::add, members::remove,
        standing_assignments::list, standing_assignments::set, standing_assignments::delete,
    ),
    components(schemas(ErrorBody<'static>, ErrorObject<'static>)),
    modifiers(&Bearer, &Reasons),
)]
struct Description;

/// Every call but the gateway's asks for a bearer token.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        document.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    }
}

/// Every changing call of the management API takes a reason.
struct Reasons;

impl Modify for Reasons {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let managed = document
            .paths
            .paths
            .iter_mut()
            .filter(|(path, _)| path.starts_with("/usher/v1/") && *path != ACCESSES_PATH);
        for (_, item) in managed {
            let changing = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in changing.into_iter().flatten() {
                let parameters = operation.parameters.get_or_insert_default();
                let has_one = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(known) if known.name == REASON);
                if !parameters.iter().any(has_one) {
                    parameters.extend(ReasonQuery::into_params(|| None).into_iter().map(RefOr::T));
                }
            }
        }
    }
}

/// The document.
#[must_use]
pub fn document() -> openapi::OpenApi {
    Description::openapi()
}

/// The document as it is sent; made once, since it is the same for everybody.
static TEXT: LazyLock<String> = LazyLock::new(|| {
    // Texts and numbers always have a JSON form; an empty document is what would be left if they had not.
    serde_json::to_string(&document()).unwrap_or_default()
});

pub(super) async fn answer() -> Response {
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE_JSON),
        (
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("no-cache"),
        ),
    ];
    (headers, TEXT.as_str()).into_response()
}
