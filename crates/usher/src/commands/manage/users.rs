//! `usher user`, but for its links, which the control channel makes itself.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::UserId;

use super::{Columns, Context, Desk, fields};
use crate::{
    arguments::manage::{UserArguments, UserCreateArguments, UserListArguments, UserUpdateArguments},
    failure::Failure,
    identifiers,
    output::Exit,
    words,
};

const COLUMNS: Columns = Columns(&[
    "user_id",
    "name",
    "external_id",
    "system_administrator",
    "enabled",
]);
const PATH: &str = "/usher/v1/users";

/// Lists them.
pub(in crate::commands) async fn list(
    context: &Context<'_>,
    arguments: UserListArguments,
) -> Result<Exit, Failure> {
    let desk = Desk::of_tenant(context, arguments.place, "usher user list").await?;
    let desk = match &arguments.search {
        Some(text) => desk.with("search", text),
        None => desk,
    };
    desk.list(PATH, COLUMNS).await
}

/// Shows one.
pub(in crate::commands) async fn show(
    context: &Context<'_>,
    arguments: UserArguments,
) -> Result<Exit, Failure> {
    let path = path(&arguments.user_id)?;
    let desk = Desk::of_tenant(context, arguments.place, "usher user show").await?;
    desk.show(Method::GET, &path, None, COLUMNS).await
}

/// Makes one.
pub(in crate::commands) async fn create(
    context: &Context<'_>,
    arguments: UserCreateArguments,
) -> Result<Exit, Failure> {
    let number: Option<UserId> = arguments.number.as_deref().map(identifiers::parse).transpose()?;
    let body = fields([
        ("name", Some(Value::from(arguments.person_name))),
        ("user_id", number.map(|number| json!(number))),
        ("external_id", arguments.external_id.map(Value::from)),
        (
            "system_administrator",
            Some(Value::Bool(arguments.system_administrator)),
        ),
    ]);
    let desk = Desk::of_tenant(context, arguments.place, "usher user create").await?;
    desk.show(Method::POST, PATH, body, COLUMNS).await
}

/// Changes one.
pub(in crate::commands) async fn update(
    context: &Context<'_>,
    arguments: UserUpdateArguments,
) -> Result<Exit, Failure> {
    let path = path(&arguments.user_id)?;
    let external_id = arguments.external_id.map(|text| {
        if text.is_empty() {
            Value::Null
        } else {
            Value::from(text)
        }
    });
    let body = fields([
        ("name", arguments.name.map(Value::from)),
        ("external_id", external_id),
        (
            "system_administrator",
            arguments.system_administrator.map(Value::Bool),
        ),
    ]);
    let desk = Desk::of_tenant(context, arguments.place, "usher user update").await?;
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

/// Lets one in or locks them out.
pub(in crate::commands) async fn switch(
    context: &Context<'_>,
    arguments: UserArguments,
    command: &'static str,
    enabled: bool,
) -> Result<Exit, Failure> {
    let path = path(&arguments.user_id)?;
    let desk = Desk::of_tenant(context, arguments.place, command).await?;
    let body = fields([("enabled", Some(Value::Bool(enabled)))]);
    desk.show(Method::PATCH, &path, body, COLUMNS).await
}

/// Deletes one.
pub(in crate::commands) async fn delete(
    context: &Context<'_>,
    arguments: UserArguments,
) -> Result<Exit, Failure> {
    let path = path(&arguments.user_id)?;
    let user_id = &arguments.user_id;
    let mut desk = Desk::of_tenant(context, arguments.place, "usher user delete").await?;
    let deleted = desk.call(Method::DELETE, &path, None).await;
    desk.channel.close().await;
    deleted?;
    context.output.result(
        &words!("user {user_id} is gone", "用户 {user_id} 已删除"),
        &json!({ "deleted": user_id }),
    )?;
    Ok(Exit::Done)
}

/// Takes a second factor away.
pub(in crate::commands) async fn remove_second_factor(
    context: &Context<'_>,
    arguments: UserArguments,
) -> Result<Exit, Failure> {
    let path = format!("{}/second-factor", path(&arguments.user_id)?);
    let user_id = &arguments.user_id;
    let mut desk = Desk::of_tenant(context, arguments.place, "usher user remove-second-factor").await?;
    let removed = desk.call(Method::DELETE, &path, None).await;
    desk.channel.close().await;
    removed?;
    context.output.result(
        &words!(
            "user {user_id} has no second factor",
            "用户 {user_id} 没有第二因素"
        ),
        &json!({ "user_id": user_id, "second_factor": false }),
    )?;
    Ok(Exit::Done)
}

fn path(user_id: &str) -> Result<String, Failure> {
    let user_id: UserId = identifiers::parse(user_id)?;
    Ok(format!("{PATH}/{user_id}"))
}
