//! `usher tenant`.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::{TenantKey, TimeZoneName};
use usher_store::history::{HISTORY_DAYS_MAX, HISTORY_DAYS_MIN};

use super::{Columns, Context, Desk, fields};
use crate::{
    arguments::manage::{TenantArguments, TenantCommand},
    failure::Failure,
    identifiers,
    output::Exit,
    words,
};

const COLUMNS: Columns = Columns(&["tenant_key", "name", "time_zone", "history_days", "enabled"]);
const PATH: &str = "/usher/v1/tenants";

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: TenantCommand) -> Result<Exit, Failure> {
    match command {
        TenantCommand::List(arguments) => {
            let desk = Desk::open(context, arguments.data, "usher tenant list", String::new()).await?;
            desk.list(PATH, COLUMNS).await
        }
        TenantCommand::Show(arguments) => {
            let path = path(&arguments.tenant_key)?;
            let desk = Desk::open(context, arguments.data, "usher tenant show", String::new()).await?;
            desk.show(Method::GET, &path, None, COLUMNS).await
        }
        TenantCommand::Update(arguments) => {
            let path = path(&arguments.tenant_key)?;
            let body = fields([
                ("name", arguments.name.map(Value::from)),
                ("time_zone", time_zone(arguments.time_zone)?),
                (
                    "history_days",
                    arguments.history_days.as_deref().map(history_days).transpose()?,
                ),
            ]);
            let desk = Desk::open(context, arguments.data, "usher tenant update", String::new()).await?;
            desk.show(Method::PATCH, &path, body, COLUMNS).await
        }
        TenantCommand::Create(arguments) => {
            let tenant_key: TenantKey = identifiers::parse(&arguments.tenant_key)?;
            let body = fields([
                ("tenant_key", Some(json!(tenant_key))),
                ("name", arguments.name.map(Value::from)),
                ("time_zone", time_zone(arguments.time_zone)?),
            ]);
            let desk = Desk::open(context, arguments.data, "usher tenant create", String::new()).await?;
            desk.show(Method::POST, PATH, body, COLUMNS).await
        }
        TenantCommand::Enable(arguments) => switch(context, arguments, "usher tenant enable", true).await,
        TenantCommand::Disable(arguments) => switch(context, arguments, "usher tenant disable", false).await,
    }
}

async fn switch(
    context: &Context<'_>,
    arguments: TenantArguments,
    command: &'static str,
    enabled: bool,
) -> Result<Exit, Failure> {
    let path = path(&arguments.tenant_key)?;
    let desk = Desk::open(context, arguments.data, command, String::new()).await?;
    let body = fields([("enabled", Some(Value::Bool(enabled)))]);
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

fn path(tenant_key: &str) -> Result<String, Failure> {
    let tenant_key: TenantKey = identifiers::parse(tenant_key)?;
    Ok(format!("{PATH}/{tenant_key}"))
}

fn time_zone(text: Option<String>) -> Result<Option<Value>, Failure> {
    let read = |text: String| identifiers::parse::<TimeZoneName>(&text).map(|time_zone| json!(time_zone));
    text.map(read).transpose()
}

/// A number of days, or `all` for good.
fn history_days(text: &str) -> Result<Value, Failure> {
    if text == "all" {
        return Ok(Value::Null);
    }
    let days = text.parse::<u32>().ok();
    let days = days.filter(|days| (HISTORY_DAYS_MIN..=HISTORY_DAYS_MAX).contains(days));
    days.map(Value::from).ok_or_else(|| {
        Failure::usage(words!(
            "history_days must be a whole number from {HISTORY_DAYS_MIN} to {HISTORY_DAYS_MAX}, or all, not \"{text}\"",
            "history_days 应为 {HISTORY_DAYS_MIN} 至 {HISTORY_DAYS_MAX} 的整数或 all，而不是“{text}”"
        ))
    })
}
