//! `usher app`.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::Namespace;

use super::{Columns, Context, Desk, fields};
use crate::{
    arguments::manage::{AppArguments, AppCommand, AppCreateArguments, AppUpdateArguments},
    failure::Failure,
    identifiers,
    output::Exit,
};

const COLUMNS: Columns = Columns(&["namespace", "name", "enabled", "routes"]);
const PATH: &str = "/usher/v1/apps";

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: AppCommand) -> Result<Exit, Failure> {
    match command {
        AppCommand::List(arguments) => {
            let desk = Desk::of_tenant(context, arguments.place, "usher app list").await?;
            desk.list(PATH, COLUMNS).await
        }
        AppCommand::Show(arguments) => {
            let path = path(&arguments.namespace)?;
            let desk = Desk::of_tenant(context, arguments.place, "usher app show").await?;
            desk.show(Method::GET, &path, None, COLUMNS).await
        }
        AppCommand::Create(arguments) => create(context, arguments).await,
        AppCommand::Update(arguments) => update(context, arguments).await,
        AppCommand::Enable(arguments) => switch(context, arguments, "usher app enable", true).await,
        AppCommand::Disable(arguments) => switch(context, arguments, "usher app disable", false).await,
    }
}

async fn create(context: &Context<'_>, arguments: AppCreateArguments) -> Result<Exit, Failure> {
    let namespace: Namespace = identifiers::parse(&arguments.namespace)?;
    let body = fields([
        ("namespace", Some(json!(namespace))),
        ("name", arguments.name.map(Value::from)),
        ("routes", routes(&arguments.route)),
    ]);
    let desk = Desk::of_tenant(context, arguments.place, "usher app create").await?;
    desk.show(Method::POST, PATH, body, COLUMNS).await
}

async fn update(context: &Context<'_>, arguments: AppUpdateArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.namespace)?;
    let routes = if arguments.no_routes {
        Some(json!([]))
    } else {
        routes(&arguments.route)
    };
    let body = fields([("name", arguments.name.map(Value::from)), ("routes", routes)]);
    let desk = Desk::of_tenant(context, arguments.place, "usher app update").await?;
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

async fn switch(
    context: &Context<'_>,
    arguments: AppArguments,
    command: &'static str,
    enabled: bool,
) -> Result<Exit, Failure> {
    let path = path(&arguments.namespace)?;
    let desk = Desk::of_tenant(context, arguments.place, command).await?;
    let body = fields([("enabled", Some(Value::Bool(enabled)))]);
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

/// Hosts with the beginnings of paths; none when none is given.
fn routes(routes: &[String]) -> Option<Value> {
    let read = |route: &String| match route.find('/') {
        Some(slash) => {
            let (host, path_prefix) = route.split_at(slash);
            json!({ "host": host, "path_prefix": path_prefix })
        }
        None => json!({ "host": route }),
    };
    (!routes.is_empty()).then(|| routes.iter().map(read).collect())
}

fn path(namespace: &str) -> Result<String, Failure> {
    let namespace: Namespace = identifiers::parse(namespace)?;
    Ok(format!("{PATH}/{namespace}"))
}
