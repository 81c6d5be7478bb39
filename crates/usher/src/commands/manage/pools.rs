//! `usher pool`.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::UserId;

use super::{Context, Desk, fields, ledger_lines as lines};
use crate::{
    arguments::ledger::{PoolArguments, PoolCommand, PoolPersonArguments, PoolSetArguments},
    failure::Failure,
    identifiers,
    language::Words,
    output::Exit,
};

const PATH: &str = "/usher/v1/pools";

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: PoolCommand) -> Result<Exit, Failure> {
    match command {
        PoolCommand::List(arguments) => {
            let desk = Desk::of_tenant(context, arguments.place, "usher pool list").await?;
            desk.list_as(PATH, line).await
        }
        PoolCommand::Show(arguments) => show(context, arguments).await,
        PoolCommand::Set(arguments) => set(context, arguments).await,
        PoolCommand::Waiting(arguments) => {
            let path = format!("{}/waiting-list", path(&arguments.pool)?);
            let desk = Desk::of_tenant(context, arguments.place, "usher pool waiting").await?;
            desk.list_as(&path, waiting_line).await
        }
        PoolCommand::StopWaiting(arguments) => stop_waiting(context, arguments).await,
    }
}

async fn show(context: &Context<'_>, arguments: PoolArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.pool)?;
    let mut desk = Desk::of_tenant(context, arguments.place, "usher pool show").await?;
    let found = desk.call(Method::GET, &path, None).await;
    desk.channel.close().await;
    let pool = found?;
    context.output.result(&line(&pool), &pool)?;
    Ok(Exit::Done)
}

async fn set(context: &Context<'_>, arguments: PoolSetArguments) -> Result<Exit, Failure> {
    let path = path(&arguments.pool)?;
    let price = price(&arguments);
    let says_size = arguments.bought.is_some() || arguments.no_limit;
    let body = fields([
        ("bought", Some(json!(arguments.bought))),
        (
            "valid_from",
            lines::moment("--valid-from", arguments.valid_from.as_deref())?,
        ),
        (
            "valid_until",
            lines::moment("--valid-until", arguments.valid_until.as_deref())?,
        ),
        ("allow_overdraft", Some(Value::Bool(arguments.allow_overdraft))),
    ]);
    let desk = Desk::of_tenant(context, arguments.place, "usher pool set").await?;
    let mut desk = desk.wishing(&arguments.wish);
    let mut answered = Ok(Value::Null);
    if says_size {
        answered = desk.call(Method::PUT, &path, body).await;
    }
    if let Some((method, body)) = price.filter(|_| answered.is_ok()) {
        answered = desk.call(method, &format!("{path}/price"), body).await;
    }
    desk.channel.close().await;
    lines::tell_change(context.output, &answered?, &arguments.pool, line)?;
    Ok(Exit::Done)
}

/// The call that says what a seat costs, if that is asked for.
fn price(arguments: &PoolSetArguments) -> Option<(Method, Option<Value>)> {
    if arguments.no_price {
        return Some((Method::DELETE, None));
    }
    let amount = arguments.price.as_ref()?;
    let body = json!({ "amount": amount, "currency": arguments.currency, "per": arguments.per });
    Some((Method::PUT, Some(body)))
}

async fn stop_waiting(context: &Context<'_>, arguments: PoolPersonArguments) -> Result<Exit, Failure> {
    let user_id: UserId = identifiers::parse(&arguments.user_id)?;
    let path = format!("{}/waiting-list/{user_id}", path(&arguments.pool)?);
    let desk = Desk::of_tenant(context, arguments.place, "usher pool stop-waiting").await?;
    let mut desk = desk.wishing(&arguments.wish);
    let answered = desk.call(Method::DELETE, &path, None).await;
    desk.channel.close().await;
    lines::tell_change(context.output, &answered?, &user_id.to_string(), line)?;
    Ok(Exit::Done)
}

fn line(pool: &Value) -> Words {
    lines::figures(
        pool,
        "pool",
        &[
            ("bought", "购买", "bought"),
            ("in use", "已用", "in_use"),
            ("free", "空闲", "free"),
            ("overdrawn", "透支", "overdrawn"),
            ("overdraft allowed", "允许透支", "allow_overdraft"),
            ("waiting", "等候", "waiting"),
            ("from", "生效", "valid_from"),
            ("until", "截止", "valid_until"),
        ],
    )
}

fn waiting_line(place: &Value) -> Words {
    let position = place.get("position").map(Value::to_string).unwrap_or_default();
    let user_id = place.get("user_id").map(Value::to_string).unwrap_or_default();
    let named =
        json!({ "place": format!("{position}.  {user_id}"), "waiting_since": place.get("waiting_since") });
    lines::figures(&named, "place", &[("since", "自", "waiting_since")])
}

fn path(pool: &str) -> Result<String, Failure> {
    Ok(format!("{PATH}/{}", lines::pool(pool)?))
}
