//! `/docs`: the description of the API for people, in their language.
//!
//! Made on the server from the same document as `/openapi.json`, without a script and without anything from elsewhere, so
//! the policy can forbid everything but the one stylesheet of this server. Chinese sentences for the calls are in the
//! table below; a test proves that none is missing.
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value without such a part gives null and never panics"
)]

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::openapi::document;
use crate::{
    language::{Language, preferred_language},
    open_apis::parameters,
    wire::WireCode,
};

/// Nothing may be loaded but the stylesheet of this server, and nobody may frame the page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    ),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// The calls in Chinese, by operation id.
#[rustfmt::skip]
const CHINESE: &[(&str, &str)] = &[
    ("list_active_days", "列出某人有访问的日期，按租户时区计。"),
    ("list_audit_records", "列出租户的审计记录，最新的在前；运营者未指明租户时，列出不属于任何租户的记录。"),
    ("report_usage", "按日、周、月统计活跃人数，可按席位类型和应用筛选。"),
    ("add_members", "将用户加入组，组随即给予席位或等候名单中的位置。"),
    ("assign_seats", "分配席位，一个或一万个。已持有者保留席位，采用新的到期时间。"),
    ("create_app", "创建应用。"),
    ("create_client", "创建客户端。应答中含其密钥，仅此一次。"),
    ("create_client_secret", "为客户端生成新密钥。旧密钥在一段时间内仍然有效，以便平滑更换。"),
    ("create_group", "创建用户组。"),
    ("create_install", "安装商店客户端，此后租户成员可以授权它。重复安装等同于安装一次。"),
    ("create_service_token", "为租户签发服务令牌。应答中含令牌，仅此一次。"),
    ("create_sign_in_link", "生成供用户设置密码的链接，半小时内有效，只能使用一次；旧链接随即失效。"),
    ("create_tenant", "创建租户。仅限运营者。"),
    ("create_user", "创建用户。"),
    ("delete_group", "删除用户组；成员失去仅由该组给予的席位。"),
    ("delete_identity_link", "移除用户与身份提供方账号的关联；原本没有关联也算完成。"),
    ("delete_identity_provider", "移除租户的身份提供方及其全部关联。仅限运营者。"),
    ("delete_install", "卸载商店客户端，其在该租户的令牌立即失效。"),
    ("delete_second_factor", "移除用户的第二因素，供丢失手机者使用。"),
    ("delete_service_token", "撤销服务令牌，立即失效。"),
    ("delete_leave", "删除一段休假。"),
    ("delete_standing_assignment", "终止组对某个池的给予；成员失去仅由此得到的席位。"),
    ("delete_user", "删除用户及其席位、会话、令牌与授权。其活动记录作为历史保留。"),
    ("delete_waiting", "将用户移出等候名单。"),
    ("extend_seats", "调整在用席位的到期时间。"),
    ("forward_auth", "网关询问面前的人能否进入。网关以地址识别，不使用令牌。"),
    ("get_app", "查看应用。"),
    ("get_client", "查看客户端。"),
    ("get_group", "查看用户组。"),
    ("get_identity_link", "查看用户在身份提供方的账号。"),
    ("get_identity_provider", "查看租户的身份提供方，不含客户端密钥。"),
    ("get_me", "查看令牌的身份。"),
    ("get_pool", "查看席位池：购买了多少、已用多少、谁在等候。"),
    ("get_seat", "查看席位，不论是否在用。"),
    ("get_tenant", "查看租户。仅限运营者。"),
    ("get_user", "查看用户。"),
    ("list_apps", "列出租户的应用。限系统管理员。"),
    ("list_clients", "按编号顺序列出租户自己的客户端。"),
    ("list_groups", "按标识顺序列出用户组。"),
    ("list_installs", "按编号顺序列出租户已安装的商店客户端。"),
    ("list_leaves", "列出用户的休假。"),
    ("list_managed_apps", "按命名空间顺序列出应用。"),
    ("list_members", "按编号顺序列出组内成员。"),
    ("set_pool_price", "设定每个席位的价格，仅用于报表。"),
    ("delete_pool_price", "取消价格。"),
    ("list_pools", "按名称顺序列出席位池。"),
    ("list_seat_activities", "列出谁在何时使用了哪个应用。限系统管理员。"),
    ("list_seat_assignments", "列出谁持有哪个席位。限系统管理员。"),
    ("list_seats", "按用户与应用的顺序列出某类席位，不论是否在用。"),
    ("list_service_tokens", "列出租户当前有效的服务令牌，不含令牌本身。"),
    ("list_standing_assignments", "列出组给予成员席位的各个池。"),
    ("list_tenants", "按 tenant_key 顺序列出租户。仅限运营者。"),
    ("list_users", "按编号顺序列出用户，或按输入的文字（姓名、登录名或编号的开头）查找，或按登录名查找一位用户。搜索结果的一页可能少于所需，甚至为空，而 `has_more` 仍为 true。"),
    ("list_waiting", "按次序列出等候某个池的席位的人。"),
    ("protect_seats", "保护在用席位，不因闲置被收回。"),
    ("put_leave", "记录一段休假；开始时间相同的休假得到新的结束时间，每人至多一百段。"),
    ("release_seats", "收回席位，等候者随即得到。"),
    ("restore_seats", "将收回的席位按原样归还原持有人：连同原有的起始、到期与保护；三十天内且席位池有空闲时有效。"),
    ("remove_member", "将用户移出组，并收回仅由该组给予的席位。"),
    ("report_accesses", "上报有人打开应用，并逐一得到裁决。供持服务令牌的后端使用。"),
    ("report_idle_seats", "列出在用席位的闲置程度及其依据，闲置最久的在前。"),
    ("set_identity_link", "将用户与其在身份提供方的账号关联，取代先前的关联。"),
    ("set_identity_provider", "设置租户的身份提供方，取代现有的。仅限运营者。"),
    ("set_pool", "设定购买的席位数；由此空出的席位归等候者。"),
    ("set_standing_assignment", "让组给予成员某个池的席位，自现有成员开始。"),
    ("transfer_seats", "一步将席位转给他人：任何时刻都不会两人持有或无人持有。"),
    ("unprotect_seats", "解除对席位的保护。"),
    ("update_app", "修改应用：名称、启停，以及网关在何处提供它。"),
    ("update_client", "修改客户端：名称、权限、回调地址、启停。停用后其令牌立即失效。"),
    ("update_group", "重命名用户组。"),
    ("update_identity_provider", "修改租户的身份提供方。仅限运营者。"),
    ("update_tenant", "修改租户：名称、时区、启停。停用后其一切立即失效。仅限运营者。"),
    ("update_user", "修改用户：姓名、登录名、启停、是否系统管理员。"),
];

/// The sentences around the calls.
struct Words {
    language: &'static str,
    other: (&'static str, &'static str, &'static str),
    title: &'static str,
    lead: &'static str,
    machine: &'static str,
    calls: &'static str,
    parameters: &'static str,
    body: &'static str,
    answer: &'static str,
    types: &'static str,
    errors: &'static str,
    error_heads: [&'static str; 3],
    required: &'static str,
}

const ENGLISH_WORDS: Words = Words {
    language: "en",
    other: ("?language=zh", "zh-CN", "中文"),
    title: "The API of Usher",
    lead: "Every answer is an envelope: code 0 and data, or another code, msg and error. Lists are walked with page_token until has_more is false. A creating call may carry an Idempotency-Key. Tokens travel as “Authorization: Bearer …”: o- of an operator, u- of a system administrator with the scope usher:management.",
    machine: "The same for programs:",
    calls: "Calls",
    parameters: "Parameters",
    body: "Body",
    answer: "Data of the answer",
    types: "Types",
    errors: "Refusals",
    error_heads: ["HTTP", "code", "msg"],
    required: "required",
};

const CHINESE_WORDS: Words = Words {
    language: "zh-CN",
    other: ("?language=en", "en", "English"),
    title: "Usher 接口说明",
    lead: "每个应答都是一个信封：code 为 0 时含 data，否则含 code、msg 与 error。列表以 page_token 翻页，直到 has_more 为 false。创建类调用可携带 Idempotency-Key。令牌以“Authorization: Bearer …”传递：o- 为运营者令牌，u- 为拥有 usher:management 权限的系统管理员令牌。",
    machine: "供程序使用的同一说明：",
    calls: "调用",
    parameters: "参数",
    body: "请求体",
    answer: "应答中的 data",
    types: "类型",
    errors: "拒绝",
    error_heads: ["HTTP", "code", "msg"],
    required: "必填",
};

pub(super) async fn answer(uri: Uri, headers: HeaderMap) -> Response {
    (HEADERS, page(language(&uri, &headers))).into_response()
}

/// The query's choice, else the browser's.
fn language(uri: &Uri, headers: &HeaderMap) -> Language {
    match parameters::once(uri.query().unwrap_or_default(), "language") {
        Ok(Some(text)) if text == "zh" => Language::Chinese,
        Ok(Some(text)) if text == "en" => Language::English,
        _ => preferred_language(headers),
    }
}

/// The whole page.
fn page(language: Language) -> String {
    let words = match language {
        Language::English => &ENGLISH_WORDS,
        Language::Chinese => &CHINESE_WORDS,
    };
    let document = serde_json::to_value(document()).unwrap_or_default();
    let mut page = Page(String::new());
    page.head(words);
    page.line(&format!("<h2>{}</h2>", words.calls));
    for (path, methods) in entries(&document["paths"]) {
        for (method, operation) in entries(methods) {
            page.call(words, language, (method, path), operation);
        }
    }
    page.line(&format!("<h2>{}</h2>", words.types));
    for (name, schema) in entries(&document["components"]["schemas"]) {
        page.kind(words, name, schema);
    }
    page.errors(words);
    page.line("</main>\n</body>\n</html>");
    page.0
}

/// What a call does, in a language.
fn summary(operation: &Value, language: Language) -> &str {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let chinese = CHINESE
        .iter()
        .find_map(|(known, text)| (*known == id).then_some(*text));
    match (language, chinese) {
        (Language::Chinese, Some(text)) => text,
        _ => operation["summary"].as_str().unwrap_or(id),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A page on its way.
struct Page(String);

impl Page {
    fn line(&mut self, html: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "{html}");
    }

    fn head(&mut self, words: &Words) {
        let (href, tag, name) = words.other;
        self.line(&format!(
            "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · Usher</title>\n\
             <link rel=\"stylesheet\" href=\"/assets/usher.css\">\n</head>\n<body>\n<header>\n\
             <a class=\"brand\" href=\"/\">Usher</a>\n\
             <a class=\"language\" href=\"{href}\" lang=\"{tag}\" hreflang=\"{tag}\">{name}</a>\n</header>\n<main>",
            words.language, words.title
        ));
        self.line(&format!("<h1>{}</h1>\n<p>{}</p>", words.title, words.lead));
        self.line(&format!(
            "<p>{} <a href=\"/openapi.json\">/openapi.json</a></p>",
            words.machine
        ));
    }

    fn call(&mut self, words: &Words, language: Language, place: (&str, &str), operation: &Value) {
        let (method, path) = place;
        let id = escaped(operation["operationId"].as_str().unwrap_or_default());
        self.line(&format!(
            "<section id=\"{id}\">\n<h3><code>{} {}</code></h3>\n<p>{}</p>",
            method.to_uppercase(),
            escaped(path),
            escaped(summary(operation, language))
        ));
        self.parameters(words, &operation["parameters"]);
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_null() {
            self.line(&format!("<p>{}: {}</p>", words.body, kind(body)));
        }
        let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        if !answer.is_null() {
            self.line(&format!("<p>{}: {}</p>", words.answer, kind(answer)));
        }
        self.line("</section>");
    }

    fn parameters(&mut self, words: &Words, parameters: &Value) {
        if elements(parameters).next().is_none() {
            return;
        }
        self.line(&format!("<p>{}:</p>\n<ul>", words.parameters));
        for parameter in elements(parameters) {
            let text = |name: &str| escaped(parameter[name].as_str().unwrap_or_default());
            let required = parameter["required"].as_bool().unwrap_or(false);
            let required = if required {
                format!(", {}", words.required)
            } else {
                String::new()
            };
            self.line(&format!(
                "<li><code>{}</code> ({}{required}): {}</li>",
                text("name"),
                text("in"),
                kind(&parameter["schema"])
            ));
        }
        self.line("</ul>");
    }

    fn kind(&mut self, words: &Words, name: &str, schema: &Value) {
        let name = escaped(name);
        self.line(&format!(
            "<section id=\"type-{name}\">\n<h3><code>{name}</code></h3>"
        ));
        let fields = fields(schema);
        if fields.is_empty() {
            self.line(&format!("<p>{}</p>", kind(schema)));
        } else {
            self.line("<ul>");
            for (field, (field_schema, required)) in fields {
                let required = if required {
                    format!(" ({})", words.required)
                } else {
                    String::new()
                };
                self.line(&format!(
                    "<li><code>{}</code>{required}: {}</li>",
                    escaped(field),
                    kind(field_schema)
                ));
            }
            self.line("</ul>");
        }
        self.line("</section>");
    }

    fn errors(&mut self, words: &Words) {
        let [status, code, msg] = words.error_heads;
        self.line(&format!(
            "<h2>{}</h2>\n<table>\n<tr><th>{status}</th><th>{code}</th><th>{msg}</th></tr>",
            words.errors
        ));
        for row in WireCode::ALL.map(WireCode::row) {
            self.line(&format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                row.status.as_u16(),
                row.code,
                escaped(row.msg)
            ));
        }
        self.line("</table>");
    }
}

/// The fields of an object and whether they are always there; also of an object made of several.
fn fields(schema: &Value) -> BTreeMap<&String, (&Value, bool)> {
    let own = entries(&schema["properties"]).map(|(name, field)| {
        let required = elements(&schema["required"]).any(|required| required == name.as_str());
        (name, (field, required))
    });
    let parts = elements(&schema["allOf"]).flat_map(fields);
    own.chain(parts).collect()
}

/// What a schema is, in one line of HTML.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escaped(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#type-{name}\"><code>{name}</code></a>");
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if schema[several].is_array() {
            let parts: Vec<String> = elements(&schema[several]).map(kind).collect();
            return parts.join(" | ");
        }
    }
    if schema["type"] == "array" {
        return format!("[{}]", kind(&schema["items"]));
    }
    let name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names.join(" | ")
        }
        _ => String::new(),
    };
    let mut text = format!("<code>{}</code>", escaped(&name));
    for limit in ["enum", "minimum", "maximum", "minLength", "maxLength", "pattern"] {
        if !schema[limit].is_null() {
            let value = schema[limit]
                .as_str()
                .map_or_else(|| schema[limit].to_string(), str::to_owned);
            // Writing to a text cannot fail.
            let _ = write!(text, " {limit} <code>{}</code>", escaped(&value));
        }
    }
    text
}

/// A text that means itself in HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_sentence_in_both_languages() {
        let document = serde_json::to_value(document()).unwrap();
        let mut calls = 0;
        for (path, methods) in entries(&document["paths"]) {
            for (method, operation) in entries(methods) {
                let (english, chinese) = (
                    summary(operation, Language::English),
                    summary(operation, Language::Chinese),
                );
                assert!(
                    english.is_ascii() && english.contains(' '),
                    "{method} {path}: {english}"
                );
                assert!(!chinese.is_ascii(), "{method} {path}: {chinese}");
                calls += 1;
            }
        }
        assert_eq!(calls, CHINESE.len(), "no sentence is left over");
    }

    #[test]
    fn what_is_written_means_itself() {
        assert_eq!(
            escaped("<a href='x'>&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;"
        );
        assert!(!page(Language::English).contains("<script"));
    }
}
