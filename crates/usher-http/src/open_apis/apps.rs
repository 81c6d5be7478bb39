//! `GET /open-apis/apaas/v1/apps`: which apps there are (feishu-open-platform.md, section 1.3).
//!
//! Of Feishu's many fields Usher answers those it knows. The others are absent rather than guessed: clients take every
//! field as optional.

use axum::{http::request::Parts, response::Response};
use serde::Serialize;
use usher_identity::ListBinding;
use usher_seats::Namespace;
use usher_store::{App, Page};
use utoipa::ToSchema;

use crate::{
    edge::{Edge, draw},
    manage::schemas::{AppPageQuery, NamespaceText, Refusals},
    open_apis::{
        Call,
        gateway::{self, Asker},
        paging::Data,
        parameters::{self, PAGE_ROWS_DEFAULT, PAGE_TOKEN_ALLOWED},
    },
    wire::{FieldViolation, WireError, envelope::SuccessBody, success},
};

/// Which call this file answers.
const CALL: Call = Call::Apps;
/// Most rows of a page: Feishu's.
const APP_ROWS_MAX: usize = 50;
/// A language as BCP 47 and as Feishu name it. Feishu's codes are the language identifiers of Windows (MS-LCID).
const CHINESE: (&str, &str) = ("zh-CN", "2052");
const ENGLISH: (&str, &str) = ("en-US", "1033");
/// The other languages of Feishu's own programs: the tags that mean each, the most exact first, and its code.
const OTHER_LANGUAGES: [(&[&str], &str); 14] = [
    (&["zh-TW", "zh-Hant-TW", "zh-Hant"], "1028"),
    (&["zh-HK", "zh-Hant-HK"], "3076"),
    (&["ja-JP", "ja"], "1041"),
    (&["ko-KR", "ko"], "1042"),
    (&["de-DE", "de"], "1031"),
    (&["fr-FR", "fr"], "1036"),
    (&["es-ES", "es"], "3082"),
    (&["it-IT", "it"], "1040"),
    (&["pt-BR", "pt"], "1046"),
    (&["ru-RU", "ru"], "1049"),
    (&["th-TH", "th"], "1054"),
    (&["vi-VN", "vi"], "1066"),
    (&["id-ID", "id"], "1057"),
    (&["ms-MY", "ms"], "1086"),
];
const PAGE_SIZE_ALLOWED: &str =
    "page_size must be a whole number from 0 to 50 in decimal digits (0 means 10)";

/// One row on the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = AppItem)]
pub(crate) struct Item {
    #[schema(value_type = NamespaceText)]
    namespace: Namespace,
    name: Vec<Text>,
    status: &'static str,
    enable_status: &'static str,
}

/// A text in a language.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AppText)]
pub(crate) struct Text {
    language_code: &'static str,
    text: String,
}

impl From<App> for Item {
    fn from(app: App) -> Self {
        let status = if app.enabled { "enabled" } else { "disabled" };
        Self {
            name: texts(&app),
            namespace: app.namespace,
            status,
            enable_status: status,
        }
    }
}

/// The name in Feishu's languages. Chinese is always there, because that is the one clients look for; the app's name for
/// everybody stands in where a language has none of its own. An app that has names by language also answers English,
/// and every other language it has a name in and Feishu has a code for; the rest is absent rather than guessed.
fn texts(app: &App) -> Vec<Text> {
    let text = |language_code, text: &str| Text {
        language_code,
        text: text.to_owned(),
    };
    let mut texts = vec![text(CHINESE.1, app.name_for(CHINESE.0))];
    if !app.names.is_empty() {
        texts.push(text(ENGLISH.1, app.name_for(ENGLISH.0)));
    }
    for (tags, code) in OTHER_LANGUAGES {
        let names = || app.names.iter();
        let named = tags
            .iter()
            .find_map(|tag| names().find(|(language, _)| language.as_str() == *tag));
        texts.extend(named.map(|(_, name)| text(code, name)));
    }
    texts
}

/// List the tenant's apps. For system administrators.
#[utoipa::path(get, path = "/open-apis/apaas/v1/apps", tag = "seats", operation_id = "list_apps",
    params(AppPageQuery),
    responses((status = 200, description = "A page of apps.", body = SuccessBody<Data<Item>>), Refusals))]
pub(crate) async fn list(edge: &Edge, request: &Parts) -> Result<Response, WireError> {
    let now_ms = edge.clock.now_ms();
    let asker = gateway::admit(edge, CALL, &request.headers, now_ms).await?;
    let tenant = asker.tenant_id.0.to_string();
    let binding = binding(&asker, &tenant);
    let (rows_max, after) = read(edge, request.uri.query().unwrap_or_default(), &binding, now_ms)?;
    let apps = edge.store.apps(asker.tenant_id, after, rows_max + 1).await?;
    let page = Page::from_one_more(apps, rows_max);
    let last = page.rows.last().filter(|_| page.has_more);
    let page_token = last.map(|app| {
        let nonce = draw(edge.chance.as_ref());
        let sealer = edge.keys.page_sealer();
        sealer.seal_key(app.namespace.as_str(), &binding, now_ms, nonce)
    });
    success(Data {
        page_token: page_token.transpose().map_err(WireError::internal)?,
        has_more: page.has_more,
        items: page.rows.into_iter().map(Item::from).collect(),
    })
}

fn binding<'a>(asker: &'a Asker, tenant: &'a str) -> ListBinding<'a> {
    ListBinding {
        list: CALL.path(),
        tenant,
        walker: asker.client_id.as_str(),
    }
}

fn read(
    edge: &Edge,
    query: &str,
    binding: &ListBinding<'_>,
    now_ms: i64,
) -> Result<(usize, Option<Namespace>), WireError> {
    match (rows_max(query), after(edge, query, binding, now_ms)) {
        (Ok(rows_max), Ok(after)) => Ok((rows_max, after)),
        (rows_max, after) => {
            let wrong = [rows_max.err(), after.err()];
            Err(WireError::bad_request(wrong.into_iter().flatten().collect()))
        }
    }
}

/// Feishu's page says both that `page_size` is needed and that it is not; without it there are ten rows.
fn rows_max(query: &str) -> Result<usize, FieldViolation> {
    let Some(text) = parameters::once(query, "page_size")? else {
        return Ok(PAGE_ROWS_DEFAULT);
    };
    parameters::page_rows(&text, APP_ROWS_MAX)
        .ok_or_else(|| parameters::violation("page_size", PAGE_SIZE_ALLOWED, Some(&text)))
}

fn after(
    edge: &Edge,
    query: &str,
    binding: &ListBinding<'_>,
    now_ms: i64,
) -> Result<Option<Namespace>, FieldViolation> {
    let token = parameters::once(query, "page_token")?.filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(None) };
    let key = edge.keys.page_sealer().open_key(&token, binding, now_ms).ok();
    key.and_then(|key| key.parse().ok())
        .map(Some)
        .ok_or_else(|| parameters::violation("page_token", PAGE_TOKEN_ALLOWED, Some(&token)))
}
