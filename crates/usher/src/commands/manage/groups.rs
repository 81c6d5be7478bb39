//! `usher group`.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::{GroupKey, UserId};

use super::{Columns, Context, Desk, fields, ledger_lines as lines};
use crate::{
    arguments::ledger::{
        GroupChangeArguments, GroupCommand, GroupCreateArguments, GroupPeopleArguments, GroupPoolArguments,
        GroupRenameArguments,
    },
    failure::Failure,
    identifiers,
    output::Exit,
};

const COLUMNS: Columns = Columns(&["group_key", "name", "members", "standing_assignments"]);
const MEMBER_COLUMNS: Columns = Columns(&["user_id"]);
const PATH: &str = "/usher/v1/groups";

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: GroupCommand) -> Result<Exit, Failure> {
    match command {
        GroupCommand::List(arguments) => {
            let desk = Desk::of_tenant(context, arguments.place, "usher group list").await?;
            desk.list(PATH, COLUMNS).await
        }
        GroupCommand::Show(arguments) => {
            let path = path(&arguments.group_key)?;
            let desk = Desk::of_tenant(context, arguments.place, "usher group show").await?;
            desk.show(Method::GET, &path, None, COLUMNS).await
        }
        GroupCommand::Members(arguments) => {
            let path = format!("{}/members", path(&arguments.group_key)?);
            let desk = Desk::of_tenant(context, arguments.place, "usher group members").await?;
            desk.list(&path, MEMBER_COLUMNS).await
        }
        GroupCommand::Create(arguments) => create(context, arguments).await,
        GroupCommand::Rename(arguments) => rename(context, arguments).await,
        GroupCommand::Delete(arguments) => delete(context, arguments).await,
        GroupCommand::Add(arguments) => add(context, arguments).await,
        GroupCommand::Remove(arguments) => remove(context, arguments).await,
        GroupCommand::Give(arguments) => give(context, arguments, "usher group give", Method::PUT).await,
        GroupCommand::StopGiving(arguments) => {
            give(context, arguments, "usher group stop-giving", Method::DELETE).await
        }
    }
}

async fn create(context: &Context<'_>, arguments: GroupCreateArguments) -> Result<Exit, Failure> {
    let group_key: GroupKey = identifiers::parse(&arguments.group_key)?;
    let body = fields([
        ("group_key", Some(json!(group_key))),
        ("name", arguments.name.map(Value::from)),
    ]);
    let desk = Desk::of_tenant(context, arguments.place, "usher group create").await?;
    let call = (Method::POST, PATH.to_owned(), body);
    change(context, desk.wishing(&arguments.wish), call, &arguments.group_key).await
}

async fn rename(context: &Context<'_>, arguments: GroupRenameArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.group_key)?;
    let body = fields([("name", Some(Value::from(arguments.group_name)))]);
    let desk = Desk::of_tenant(context, arguments.place, "usher group rename").await?;
    let call = (Method::PATCH, path, body);
    change(context, desk.wishing(&arguments.wish), call, &arguments.group_key).await
}

async fn delete(context: &Context<'_>, arguments: GroupChangeArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.group_key)?;
    let desk = Desk::of_tenant(context, arguments.place, "usher group delete").await?;
    let call = (Method::DELETE, path, None);
    change(context, desk.wishing(&arguments.wish), call, &arguments.group_key).await
}

async fn give(
    context: &Context<'_>,
    arguments: GroupPoolArguments,
    command: &'static str,
    method: Method,
) -> Result<Exit, Failure> {
    let pool = lines::pool(&arguments.pool)?;
    let path = format!("{}/standing-assignments/{pool}", path(&arguments.group_key)?);
    let desk = Desk::of_tenant(context, arguments.place, command).await?;
    let call = (method, path, None);
    change(context, desk.wishing(&arguments.wish), call, &arguments.pool).await
}

async fn change(
    context: &Context<'_>,
    mut desk: Desk<'_>,
    (method, path, body): (Method, String, Option<Value>),
    name: &str,
) -> Result<Exit, Failure> {
    let answered = desk.call(method, &path, body).await;
    desk.channel.close().await;
    lines::tell_change(context.output, &answered?, name, |group| COLUMNS.line(group))?;
    Ok(Exit::Done)
}

async fn add(context: &Context<'_>, arguments: GroupPeopleArguments) -> Result<Exit, Failure> {
    let path = format!("{}/members", path(&arguments.group_key)?);
    let people = people(&arguments)?;
    let body = fields([
        ("user_ids", Some(json!(people))),
        ("dry_run", Some(Value::Bool(arguments.wish.dry_run))),
        ("reason", arguments.wish.reason.map(Value::from)),
    ]);
    let mut desk = Desk::of_tenant(context, arguments.place, "usher group add").await?;
    let answered = desk.call(Method::POST, &path, body).await;
    desk.channel.close().await;
    lines::tell_verdicts(context.output, &answered?, "user_id")
}

/// People leave one by one; each leaving is a change of its own.
async fn remove(context: &Context<'_>, arguments: GroupPeopleArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.group_key)?;
    let people = people(&arguments)?;
    let desk = Desk::of_tenant(context, arguments.place, "usher group remove").await?;
    let mut desk = desk.wishing(&arguments.wish);
    let mut removed = Ok(());
    for user_id in people {
        let answered = desk
            .call(Method::DELETE, &format!("{path}/members/{user_id}"), None)
            .await;
        removed = answered.and_then(|answer| {
            lines::tell_change(context.output, &answer, &user_id.to_string(), |group| {
                COLUMNS.line(group)
            })
        });
        if removed.is_err() {
            break;
        }
    }
    desk.channel.close().await;
    removed.map(|()| Exit::Done)
}

fn people(arguments: &GroupPeopleArguments) -> Result<Vec<UserId>, Failure> {
    let texts = arguments.user_ids.iter();
    texts.map(|text| identifiers::parse(text)).collect()
}

fn path(group_key: &str) -> Result<String, Failure> {
    let group_key: GroupKey = identifiers::parse(group_key)?;
    Ok(format!("{PATH}/{group_key}"))
}
