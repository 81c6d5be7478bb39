//! `usher app`.

use hyper::Method;
use serde_json::{Map, Value, json};
use usher_seats::{LanguageTag, Namespace};

use super::{Columns, Context, Desk, fields};
use crate::{
    arguments::manage::{AppArguments, AppCommand, AppCreateArguments, AppUpdateArguments},
    failure::Failure,
    identifiers,
    output::Exit,
    words,
};

const COLUMNS: Columns = Columns(&["namespace", "name", "names", "enabled", "routes"]);
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
        ("names", names(&arguments.name_in)?),
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
    let body = fields([
        ("name", arguments.name.map(Value::from)),
        ("names", names(&arguments.name_in)?),
        ("routes", routes),
    ]);
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

/// Names by language, where an empty one takes the name away; none when none is given.
fn names(names: &[String]) -> Result<Option<Value>, Failure> {
    let mut read = Map::new();
    for text in names {
        let Some((language, name)) = text.split_once('=') else {
            return Err(Failure::usage(words!(
                "--name-in must be LANGUAGE=NAME, such as de=Kunden",
                "--name-in 应为 语言=名称，例如 zh-CN=销售"
            )));
        };
        let language: LanguageTag = identifiers::parse(language)?;
        let name = (!name.is_empty()).then(|| Value::from(name));
        read.insert(language.to_string(), json!(name));
    }
    Ok((!read.is_empty()).then_some(Value::Object(read)))
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
