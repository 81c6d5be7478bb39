//! `usher user leave`: when a person is not expected to come.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::UserId;

use super::{Context, Desk, ledger_lines as lines};
use crate::{
    arguments::report::{LeaveAddArguments, LeaveCommand, LeaveListArguments, LeaveRemoveArguments},
    failure::Failure,
    identifiers,
    language::Words,
    moments,
    output::Exit,
    words,
};

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: LeaveCommand) -> Result<Exit, Failure> {
    match command {
        LeaveCommand::List(arguments) => list(context, arguments).await,
        LeaveCommand::Add(arguments) => add(context, arguments).await,
        LeaveCommand::Remove(arguments) => remove(context, arguments).await,
    }
}

async fn list(context: &Context<'_>, arguments: LeaveListArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.user_id)?;
    let desk = Desk::of_tenant(context, arguments.place, "usher user leave list").await?;
    desk.list_as(&path, line).await
}

async fn add(context: &Context<'_>, arguments: LeaveAddArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.user_id)?;
    let body = json!({
        "starts_at": lines::moment("--from", Some(&arguments.from))?,
        "ends_at": lines::moment("--until", Some(&arguments.until))?,
    });
    let desk = Desk::of_tenant(context, arguments.place, "usher user leave add").await?;
    let mut desk = desk.wishing(&arguments.wish);
    let done = desk.call(Method::POST, &path, Some(body)).await;
    desk.channel.close().await;
    lines::tell_change(context.output, &done?, &arguments.user_id, line)?;
    Ok(Exit::Done)
}

async fn remove(context: &Context<'_>, arguments: LeaveRemoveArguments) -> Result<Exit, Failure> {
    let from = lines::moment("--from", Some(&arguments.from))?.unwrap_or_default();
    let path = format!("{}/{from}", path(&arguments.user_id)?);
    let desk = Desk::of_tenant(context, arguments.place, "usher user leave remove").await?;
    let mut desk = desk.wishing(&arguments.wish);
    let done = desk.call(Method::DELETE, &path, None).await;
    desk.channel.close().await;
    lines::tell_change(context.output, &done?, &arguments.user_id, line)?;
    Ok(Exit::Done)
}

fn path(user_id: &str) -> Result<String, Failure> {
    let user_id: UserId = identifiers::parse(user_id)?;
    Ok(format!("/usher/v1/users/{user_id}/leaves"))
}

fn line(leave: &Value) -> Words {
    let moment = |field: &str| {
        let time_ms = leave.get(field).and_then(Value::as_i64);
        time_ms.map(moments::shown).unwrap_or_default()
    };
    let (from, until) = (moment("starts_at"), moment("ends_at"));
    words!("from {from} until {until}", "自 {from} 至 {until}")
}
