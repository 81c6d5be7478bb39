//! Lists, walked by key.

use std::str::FromStr;

use axum::response::Response;
use serde::Serialize;
use usher_identity::ListBinding;
use usher_store::{Page, page::PAGE_ROWS_MAX};
use utoipa::ToSchema;

use super::asked::Asked;
use crate::{
    edge::draw,
    open_apis::parameters::{self, PAGE_ROWS_DEFAULT, PAGE_TOKEN_ALLOWED},
    wire::{FieldViolation, WireError, success},
};

const PAGE_SIZE_ALLOWED: &str =
    "page_size must be a whole number from 0 to 500 in decimal digits (0 means 10)";

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Listed<Item> {
    /// In order of their key.
    #[schema(max_items = 500)]
    items: Vec<Item>,
    /// Where the next page begins; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    page_token: Option<String>,
    /// Whether there is a next page.
    has_more: bool,
}

/// Which page of which list.
pub(super) struct Place<'a, Key> {
    /// The key of the last row already read.
    pub(super) after: Option<Key>,
    /// Most rows wanted.
    pub(super) rows_max: usize,
    binding: ListBinding<'a>,
}

impl<'a, Key: FromStr> Place<'a, Key> {
    /// Reads `page_size` (10 when it is absent) and `page_token`, which must belong to this list of this tenant.
    pub(super) fn read(asked: &'a Asked, list: &'a str, tenant: &'a str) -> Result<Self, WireError> {
        let binding = ListBinding {
            list,
            tenant,
            walker: asked.caller.walker(),
        };
        let rows_max = rows_max(asked.query());
        let after = after(asked, &binding);
        match (rows_max, after) {
            (Ok(rows_max), Ok(after)) => Ok(Self {
                after,
                rows_max,
                binding,
            }),
            (rows_max, after) => {
                let wrong = [rows_max.err(), after.err()];
                Err(WireError::bad_request(wrong.into_iter().flatten().collect()))
            }
        }
    }

    /// As many rows as the store is asked for: one more than wanted tells whether more follow.
    pub(super) fn rows_asked(&self) -> usize {
        self.rows_max + 1
    }

    /// Answers with a page of the rows found; `key` says the place of a row.
    pub(super) fn answer<Row, Item>(
        &self,
        asked: &Asked,
        page: Page<Row>,
        key: impl Fn(&Row) -> String,
        item: impl FnMut(Row) -> Item,
    ) -> Result<Response, WireError>
    where
        Item: Serialize,
    {
        let last = page.rows.last().filter(|_| page.has_more).map(key);
        self.answer_until(asked, page.rows, last.as_deref(), item)
    }

    /// Answers with rows of which `last` is the place after which the next page begins, whether a row stands there or not.
    pub(super) fn answer_until<Row, Item>(
        &self,
        asked: &Asked,
        rows: Vec<Row>,
        last: Option<&str>,
        item: impl FnMut(Row) -> Item,
    ) -> Result<Response, WireError>
    where
        Item: Serialize,
    {
        let page_token = last.map(|key| self.token(asked, key)).transpose()?;
        success(Listed {
            items: rows.into_iter().map(item).collect(),
            has_more: page_token.is_some(),
            page_token,
        })
    }

    /// The page token of the page after a key.
    pub(super) fn token(&self, asked: &Asked, key: &str) -> Result<String, WireError> {
        let sealer = asked.edge.keys.page_sealer();
        let nonce = draw(asked.edge.chance.as_ref());
        sealer
            .seal_key(key, &self.binding, asked.now_ms, nonce)
            .map_err(WireError::internal)
    }

    /// Cuts the row too many off.
    pub(super) fn page<Row>(&self, rows: Vec<Row>) -> Page<Row> {
        Page::from_one_more(rows, self.rows_max)
    }
}

fn rows_max(query: &str) -> Result<usize, FieldViolation> {
    let Some(text) = parameters::once(query, "page_size")? else {
        return Ok(PAGE_ROWS_DEFAULT);
    };
    parameters::page_rows(&text, PAGE_ROWS_MAX)
        .ok_or_else(|| parameters::violation("page_size", PAGE_SIZE_ALLOWED, Some(&text)))
}

fn after<Key: FromStr>(asked: &Asked, binding: &ListBinding<'_>) -> Result<Option<Key>, FieldViolation> {
    let token = parameters::once(asked.query(), "page_token")?.filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(None) };
    let sealer = asked.edge.keys.page_sealer();
    let key = sealer.open_key(&token, binding, asked.now_ms).ok();
    key.and_then(|key| key.parse().ok())
        .map(Some)
        .ok_or_else(|| parameters::violation("page_token", PAGE_TOKEN_ALLOWED, Some(&token)))
}
