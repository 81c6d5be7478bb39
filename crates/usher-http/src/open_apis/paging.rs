//! One page of a list: page tokens into places, places into page tokens, rows into `data`.
//!
//! What the calls have in common is here; a call's own file says only which rows it reads and how one looks.

use axum::{
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use usher_identity::{PageBinding, PagePlace, PageSealer};
use usher_seats::SeatType;
use usher_store::{Page, PageKey, PageQuery};
use utoipa::ToSchema;

use crate::{
    edge::{Edge, draw},
    open_apis::{
        call::Call,
        gateway::{self, Asker},
        page_body::{WriteRow, page_body},
        parameters::{PAGE_TOKEN_ALLOWED, examine},
    },
    wire::{CONTENT_TYPE_JSON, FieldViolation, WireError},
};

/// `data` of an answer; a field more would break clients (feishu-open-platform.md, section 1.5). `page_token` is absent on
/// the last page, since some clients stop by that alone; `items` and `has_more` are always there (client-behaviour.md,
/// rules 4 to 6).
#[derive(Serialize, ToSchema)]
pub(crate) struct Data<Item> {
    /// In ascending order.
    #[schema(max_items = 500)]
    pub(super) items: Vec<Item>,
    /// Where the next page begins; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub(super) page_token: Option<String>,
    /// Whether there is a next page.
    pub(super) has_more: bool,
}

/// A call whose caller may ask and whose parameters are right.
pub(super) struct Asked {
    call: Call,
    asker: Asker,
    /// The page to read.
    pub(super) query: PageQuery,
}

impl Asked {
    /// Passes the gateway and reads the parameters, in this order.
    pub(super) async fn read(edge: &Edge, call: Call, request: &Parts) -> Result<Self, WireError> {
        let now_ms = edge.clock.now_ms();
        let asker = gateway::admit(edge, call, &request.headers, now_ms).await?;
        let text = request.uri.query().unwrap_or_default();
        let query = page_query(edge.keys.page_sealer(), call, &asker, text, now_ms)?;
        Ok(Self { call, asker, query })
    }

    /// Answers with a page; `key` says the place of a row.
    pub(super) fn answer<Row, Item>(
        &self,
        edge: &Edge,
        page: Page<Row>,
        key: fn(&Row) -> PageKey,
    ) -> Result<Response, WireError>
    where
        Item: From<Row> + WriteRow,
    {
        let last = page.rows.last().filter(|_| page.has_more).map(key);
        let page_token = last.map(|last| self.next_page_token(edge, last)).transpose()?;
        let items: Vec<Item> = page.rows.into_iter().map(Item::from).collect();
        let body = page_body(&items, page_token.as_deref());
        Ok((StatusCode::OK, [(header::CONTENT_TYPE, CONTENT_TYPE_JSON)], body).into_response())
    }

    fn next_page_token(&self, edge: &Edge, last: PageKey) -> Result<String, WireError> {
        let place = PagePlace {
            user_id: last.user_id,
            namespace: last.namespace,
        };
        let binding = binding(self.call, &self.asker, self.query.seat_type);
        let nonce = draw(edge.chance.as_ref());
        edge.keys
            .page_sealer()
            .seal(&place, &binding, self.query.now_ms, nonce)
            .map_err(WireError::internal)
    }
}

/// Reads the query string into the page the asker wants. It lists every field that is wrong, a page token that does not
/// open among them.
///
/// # Errors
/// 2320006 with the violations.
pub fn page_query(
    page_sealer: &PageSealer,
    call: Call,
    asker: &Asker,
    query: &str,
    now_ms: i64,
) -> Result<PageQuery, WireError> {
    let mut examined = examine(query);
    let mut after = None;
    if let Ok(Some(token)) = &examined.page_token {
        // Where the kind of seat is itself wrong, the token is judged under either kind: it is named only if it would
        // have been wrong anyway.
        let seat_types = match &examined.seat_type {
            Ok(seat_type) => std::slice::from_ref(seat_type),
            Err(_) => &SeatType::ALL,
        };
        after = seat_types.iter().find_map(|seat_type| {
            let binding = binding(call, asker, *seat_type);
            page_sealer.open(token, &binding, now_ms).ok()
        });
        if after.is_none() {
            examined.page_token =
                Err(FieldViolation::new("page_token", PAGE_TOKEN_ALLOWED).with_value(token));
        }
    }
    match (&examined.seat_type, &examined.rows_max, &examined.page_token) {
        (Ok(seat_type), Ok(rows_max), Ok(_)) => Ok(PageQuery {
            tenant_id: asker.tenant_id,
            seat_type: *seat_type,
            after: after.map(|place| PageKey {
                user_id: place.user_id,
                namespace: place.namespace,
            }),
            rows_max: *rows_max,
            now_ms,
        }),
        _ => Err(WireError::bad_request(examined.violations())),
    }
}

fn binding(call: Call, asker: &Asker, seat_type: SeatType) -> PageBinding<'_> {
    PageBinding {
        tenant_id: asker.tenant_id,
        client_id: &asker.client_id,
        endpoint: call.name(),
        seat_type,
    }
}
