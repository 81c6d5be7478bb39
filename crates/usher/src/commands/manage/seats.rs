//! `usher seat`: one seat or ten thousand.

use std::io::{BufRead, Read};

use hyper::Method;
use serde_json::{Map, Value, json};
use usher_seats::{GroupKey, Namespace, UserId};
use usher_store::SeatName;

use super::{
    super::input::{Input, unreadable},
    Context, Desk, ledger_lines as lines,
};
use crate::{
    arguments::{
        ledger::{
            SeatArguments, SeatAssignArguments, SeatCommand, SeatExtendArguments, SeatListArguments,
            SeatProtectArguments, SeatReleaseArguments, SeatTransferArguments, SeatsArguments, WishArguments,
        },
        manage::PlaceArguments,
    },
    failure::Failure,
    identifiers,
    language::Words,
    output::Exit,
    words,
};

const PATH: &str = "/usher/v1/seats";
/// Most bytes of a file of seats: what ten thousand of the longest names take.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Does one of them.
pub(in crate::commands) async fn run(context: &Context<'_>, command: SeatCommand) -> Result<Exit, Failure> {
    match command {
        SeatCommand::List(arguments) => list(context, arguments).await,
        SeatCommand::Show(arguments) => show(context, arguments).await,
        SeatCommand::Assign(arguments) => assign(context, arguments).await,
        SeatCommand::Release(arguments) => release(context, arguments).await,
        SeatCommand::Transfer(arguments) => transfer(context, arguments).await,
        SeatCommand::Extend(arguments) => extend(context, arguments).await,
        SeatCommand::Protect(arguments) => protect(context, arguments).await,
        SeatCommand::Restore(arguments) => {
            let names = ("restore", "usher seat restore");
            change(context, arguments.seats, names, Map::new(), Map::new()).await
        }
        SeatCommand::Unprotect(arguments) => {
            let names = ("unprotect", "usher seat unprotect");
            change(context, arguments.seats, names, Map::new(), Map::new()).await
        }
    }
}

async fn list(context: &Context<'_>, arguments: SeatListArguments) -> Result<Exit, Failure> {
    let seat_type = identifiers::seat_type(&arguments.kind)?;
    let user: Option<UserId> = arguments.user.as_deref().map(identifiers::parse).transpose()?;
    let app: Option<Namespace> = arguments.app.as_deref().map(identifiers::parse).transpose()?;
    let group: Option<GroupKey> = arguments.group.as_deref().map(identifiers::parse).transpose()?;
    let desk = Desk::of_tenant(context, arguments.place, "usher seat list").await?;
    let filters = [
        ("seat_type", Some(seat_type.wire_name().to_owned())),
        ("user_id", user.map(|user| user.to_string())),
        ("namespace", app.map(|app| app.to_string())),
        ("group_key", group.map(|group| group.to_string())),
    ];
    let given = filters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let desk = given.fold(desk, |desk, (name, value)| desk.with(name, &value));
    desk.list_as(PATH, line).await
}

async fn show(context: &Context<'_>, arguments: SeatArguments) -> Result<Exit, Failure> {
    let path = format!("{PATH}/{}", lines::seat(&arguments.seat)?);
    let mut desk = Desk::of_tenant(context, arguments.place, "usher seat show").await?;
    let found = desk.call(Method::GET, &path, None).await;
    desk.channel.close().await;
    let seat = found?;
    context.output.result(&line(&seat), &seat)?;
    Ok(Exit::Done)
}

async fn assign(context: &Context<'_>, arguments: SeatAssignArguments) -> Result<Exit, Failure> {
    let end = lines::moment("--expires-at", arguments.expires_at.as_deref())?;
    let mut whole = of([("expires_at", end)]);
    whole.insert("wait".to_owned(), Value::Bool(arguments.wait));
    let names = ("assign", "usher seat assign");
    change(context, arguments.seats, names, whole, Map::new()).await
}

async fn release(context: &Context<'_>, arguments: SeatReleaseArguments) -> Result<Exit, Failure> {
    let since = lines::moment(
        "--unless-admitted-since",
        arguments.unless_admitted_since.as_deref(),
    )?;
    let mut whole = of([("unless_admitted_since", since)]);
    whole.insert("even_protected".to_owned(), Value::Bool(arguments.even_protected));
    let names = ("release", "usher seat release");
    change(context, arguments.seats, names, whole, Map::new()).await
}

async fn transfer(context: &Context<'_>, arguments: SeatTransferArguments) -> Result<Exit, Failure> {
    let to: UserId = identifiers::parse(&arguments.to)?;
    let mut item = item(&lines::seat(&arguments.seat)?, &Map::new());
    if let Value::Object(fields) = &mut item {
        fields.insert("to_user_id".to_owned(), json!(to));
    }
    let body = json!({ "items": [item] });
    let names = ("transfer", "usher seat transfer");
    send(context, arguments.place, &arguments.wish, names, body).await
}

async fn extend(context: &Context<'_>, arguments: SeatExtendArguments) -> Result<Exit, Failure> {
    let end = lines::moment("--expires-at", arguments.expires_at.as_deref())?;
    let end = of([("expires_at", Some(end.unwrap_or_default()))]);
    let names = ("extend", "usher seat extend");
    // The end stands in each line, or for the whole group.
    let (whole, each) = if arguments.seats.group.is_some() {
        (end, Map::new())
    } else {
        (Map::new(), end)
    };
    change(context, arguments.seats, names, whole, each).await
}

async fn protect(context: &Context<'_>, arguments: SeatProtectArguments) -> Result<Exit, Failure> {
    if arguments.seats.wish.reason.is_none() {
        return Err(Failure::usage(words!(
            "--reason must be given: why the seat is to be kept",
            "必须给出 --reason：为何保护该席位"
        )));
    }
    let names = ("protect", "usher seat protect");
    change(context, arguments.seats, names, Map::new(), Map::new()).await
}

/// Makes a change of the seats that were named: `whole` stands in the body, `each` in each line.
async fn change(
    context: &Context<'_>,
    seats: SeatsArguments,
    names: (&str, &'static str),
    whole: Map<String, Value>,
    each: Map<String, Value>,
) -> Result<Exit, Failure> {
    let mut body = whole;
    match (&seats.group, &seats.pool) {
        (Some(group), Some(pool)) => {
            let group: GroupKey = identifiers::parse(group)?;
            let pool = lines::pool(pool)?;
            body.insert("group_key".to_owned(), json!(group));
            body.insert("seat_type".to_owned(), json!(pool.seat_type));
            if let Some(namespace) = pool.namespace {
                body.insert("namespace".to_owned(), json!(namespace));
            }
        }
        _ => {
            let named = named(&seats)?;
            let items = named.iter().map(|seat| item(seat, &each)).collect();
            body.insert("items".to_owned(), Value::Array(items));
        }
    }
    if seats.partial {
        body.insert("manner".to_owned(), json!("partial"));
    }
    send(context, seats.place, &seats.wish, names, Value::Object(body)).await
}

async fn send(
    context: &Context<'_>,
    place: PlaceArguments,
    wish: &WishArguments,
    (action, command): (&str, &'static str),
    mut body: Value,
) -> Result<Exit, Failure> {
    if let Value::Object(fields) = &mut body {
        fields.insert("dry_run".to_owned(), Value::Bool(wish.dry_run));
        fields.extend(of([("reason", wish.reason.clone().map(Value::from))]));
    }
    let mut desk = Desk::of_tenant(context, place, command).await?;
    let answered = desk
        .call(Method::POST, &format!("{PATH}/{action}"), Some(body))
        .await;
    desk.channel.close().await;
    lines::tell_verdicts(context.output, &answered?, "seat")
}

/// The seats of the command line or of a file.
fn named(arguments: &SeatsArguments) -> Result<Vec<SeatName>, Failure> {
    let Some(file) = &arguments.file else {
        return arguments.seats.iter().map(|text| lines::seat(text)).collect();
    };
    let mut seats = Vec::new();
    let source = Input::open(file)?.source.take(FILE_BYTES_MAX);
    for (line, text) in (1_u64..).zip(source.lines()) {
        let text = text.map_err(|error| unreadable(file, &error))?;
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let seat = lines::seat(text).map_err(|failure| in_line(line, &failure))?;
        seats.push(seat);
    }
    Ok(seats)
}

fn in_line(line: u64, failure: &Failure) -> Failure {
    use crate::language::Language::{Chinese, English};
    let (english, chinese) = (failure.words.text(English), failure.words.text(Chinese));
    Failure::usage(words!("line {line}: {english}", "第 {line} 行：{chinese}"))
}

fn item(seat: &SeatName, each: &Map<String, Value>) -> Value {
    let mut fields = of([
        ("user_id", Some(json!(seat.user_id))),
        ("seat_type", Some(json!(seat.pool.seat_type))),
        (
            "namespace",
            seat.pool.namespace.as_ref().map(|namespace| json!(namespace)),
        ),
    ]);
    fields.extend(each.clone());
    Value::Object(fields)
}

/// The fields that were given.
fn of<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}

fn line(seat: &Value) -> Words {
    lines::figures(
        seat,
        "seat",
        &[
            ("", "", "status"),
            ("assigned", "分配于", "assigned_at"),
            ("released", "收回于", "released_at"),
            ("ends", "到期", "expires_at"),
            ("protected:", "受保护：", "protected_reason"),
        ],
    )
}
