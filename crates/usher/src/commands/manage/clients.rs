//! `usher client`.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::ClientId;

use super::{Columns, Context, Desk, fields, text};
use crate::{
    arguments::manage::{
        ClientArguments, ClientCommand, ClientCreateArguments, ClientRotateArguments, ClientUpdateArguments,
    },
    failure::Failure,
    identifiers, moments,
    output::Exit,
    words,
};

const COLUMNS: Columns = Columns(&["client_id", "name", "kind", "enabled", "scopes", "redirect_uris"]);
const PATH: &str = "/usher/v1/clients";
const INSTALLS: &str = "/usher/v1/installs";

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: ClientCommand) -> Result<Exit, Failure> {
    match command {
        ClientCommand::List(arguments) => {
            let desk = Desk::of_tenant(context, arguments.place, "usher client list").await?;
            desk.list(PATH, COLUMNS).await
        }
        ClientCommand::Installed(arguments) => {
            let desk = Desk::of_tenant(context, arguments.place, "usher client installed").await?;
            desk.list(INSTALLS, COLUMNS).await
        }
        ClientCommand::Show(arguments) => {
            let path = path(&arguments.client_id)?;
            let desk = Desk::of_tenant(context, arguments.place, "usher client show").await?;
            desk.show(Method::GET, &path, None, COLUMNS).await
        }
        ClientCommand::Create(arguments) => create(context, arguments).await,
        ClientCommand::Update(arguments) => update(context, arguments).await,
        ClientCommand::Enable(arguments) => switch(context, arguments, "usher client enable", true).await,
        ClientCommand::Disable(arguments) => switch(context, arguments, "usher client disable", false).await,
        ClientCommand::RotateSecret(arguments) => rotate(context, arguments).await,
        ClientCommand::Install(arguments) => install(context, arguments).await,
        ClientCommand::Uninstall(arguments) => uninstall(context, arguments).await,
    }
}

async fn create(context: &Context<'_>, arguments: ClientCreateArguments) -> Result<Exit, Failure> {
    let kind = if arguments.installable {
        "store"
    } else {
        "self_built"
    };
    let body = fields([
        ("name", Some(Value::from(arguments.client_name))),
        ("kind", Some(Value::from(kind))),
        ("scopes", arguments.open.as_deref().map(scopes)),
        ("redirect_uris", addresses(arguments.redirect_uri)),
    ]);
    let mut desk = Desk::of_tenant(context, arguments.place, "usher client create").await?;
    let made = desk.call(Method::POST, PATH, body).await;
    desk.channel.close().await;
    let made = made?;
    let (client_id, secret) = (text(&made, "client_id"), text(&made, "client_secret"));
    context
        .output
        .result(&words!("{client_id}\n{secret}", "{client_id}\n{secret}"), &made)?;
    only_once(context);
    Ok(Exit::Done)
}

async fn update(context: &Context<'_>, arguments: ClientUpdateArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.client_id)?;
    let body = fields([
        ("name", arguments.name.map(Value::from)),
        ("scopes", arguments.open.as_deref().map(scopes)),
        ("redirect_uris", addresses(arguments.redirect_uri)),
    ]);
    let desk = Desk::of_tenant(context, arguments.place, "usher client update").await?;
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

async fn switch(
    context: &Context<'_>,
    arguments: ClientArguments,
    command: &'static str,
    enabled: bool,
) -> Result<Exit, Failure> {
    let path = path(&arguments.client_id)?;
    let desk = Desk::of_tenant(context, arguments.place, command).await?;
    let body = fields([("enabled", Some(Value::Bool(enabled)))]);
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

async fn rotate(context: &Context<'_>, arguments: ClientRotateArguments) -> Result<Exit, Failure> {
    let path = format!("{}/secrets", path(&arguments.client_id)?);
    let overlap = arguments.overlap.as_deref().map(overlap_seconds).transpose()?;
    let body = fields([("overlap_seconds", overlap.map(Value::from))]);
    let mut desk = Desk::of_tenant(context, arguments.place, "usher client rotate-secret").await?;
    let made = desk.call(Method::POST, &path, body).await;
    desk.channel.close().await;
    let made = made?;
    context.output.plain(text(&made, "client_secret"), &made)?;
    only_once(context);
    Ok(Exit::Done)
}

async fn install(context: &Context<'_>, arguments: ClientArguments) -> Result<Exit, Failure> {
    let client_id: ClientId = identifiers::parse(&arguments.client_id)?;
    let body = fields([("client_id", Some(json!(client_id)))]);
    let desk = Desk::of_tenant(context, arguments.place, "usher client install").await?;
    desk.show(Method::POST, INSTALLS, body, COLUMNS).await
}

async fn uninstall(context: &Context<'_>, arguments: ClientArguments) -> Result<Exit, Failure> {
    let client_id: ClientId = identifiers::parse(&arguments.client_id)?;
    let mut desk = Desk::of_tenant(context, arguments.place, "usher client uninstall").await?;
    let path = format!("{INSTALLS}/{client_id}");
    let ended = desk.call(Method::DELETE, &path, None).await;
    desk.channel.close().await;
    ended?;
    context.output.result(
        &words!("{client_id} is not installed", "{client_id} 未安装"),
        &json!({ "uninstalled": client_id }),
    )?;
    Ok(Exit::Done)
}

fn only_once(context: &Context<'_>) {
    if !context.output.json {
        let words = words!("the secret is shown only this once", "密钥仅显示这一次");
        context.output.explain(&words, &());
    }
}

fn overlap_seconds(text: &str) -> Result<i64, Failure> {
    let milliseconds = moments::parse_duration_ms(text);
    milliseconds
        .map(|milliseconds| milliseconds / 1_000)
        .ok_or_else(|| {
            Failure::usage(words!(
                "--overlap must be a number and s, m, h or d, from 0s to 30d, not \"{text}\"",
                "--overlap 应为数字加 s、m、h 或 d，从 0s 到 30d，而不是“{text}”"
            ))
        })
}

/// Scopes separated by commas; an empty text is none.
fn scopes(text: &str) -> Value {
    text.split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .collect()
}

fn addresses(addresses: Vec<String>) -> Option<Value> {
    (!addresses.is_empty()).then(|| Value::from(addresses))
}

fn path(client_id: &str) -> Result<String, Failure> {
    let client_id: ClientId = identifiers::parse(client_id)?;
    Ok(format!("{PATH}/{client_id}"))
}
