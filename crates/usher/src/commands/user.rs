//! `usher user`: what an operator does for a person.

use serde_json::json;

use super::{
    Context,
    manage::{leaves, users},
};
use crate::{
    arguments::{DataArguments, UserCommand, UserLinkArguments},
    control::{
        Channel,
        wire::{self, LinkAnswer, LinkQuestion},
    },
    failure::Failure,
    identifiers,
    language::Words,
    ledger_place::LedgerPlace,
    moments,
    output::Exit,
    settings::{LISTEN, PUBLIC_ORIGIN, serve::public_origin},
    words,
};

/// Does what was asked.
pub(super) async fn run(context: &Context<'_>, command: UserCommand) -> Result<Exit, Failure> {
    match command {
        UserCommand::Link(arguments) => link(context, arguments).await,
        UserCommand::List(arguments) => users::list(context, arguments).await,
        UserCommand::Show(arguments) => users::show(context, arguments).await,
        UserCommand::Create(arguments) => users::create(context, arguments).await,
        UserCommand::Update(arguments) => users::update(context, arguments).await,
        UserCommand::Enable(arguments) => users::switch(context, arguments, "usher user enable", true).await,
        UserCommand::Disable(arguments) => {
            users::switch(context, arguments, "usher user disable", false).await
        }
        UserCommand::Delete(arguments) => users::delete(context, arguments).await,
        UserCommand::Leave(command) => leaves::run(context, command).await,
        UserCommand::RemoveSecondFactor(arguments) => users::remove_second_factor(context, arguments).await,
    }
}

async fn link(context: &Context<'_>, arguments: UserLinkArguments) -> Result<Exit, Failure> {
    let question = LinkQuestion {
        tenant_key: identifiers::tenant_key(arguments.tenant.as_deref())?,
        login: arguments.user,
    };
    let expected = expected_base(context, arguments.data.clone())?;
    let place = context.ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher user link").await?;
    let answer = channel.call::<LinkAnswer>(wire::LINKS_MAKE, &question).await;
    channel.close().await;
    let LinkAnswer {
        path,
        base,
        user_id,
        name,
        expires_at_ms,
    } = answer?;
    let served = base.is_some();
    let base = base.unwrap_or(expected);
    let link = format!("{base}{path}");
    context.output.plain(
        &link,
        &json!({ "link": link, "path": path, "user_id": user_id, "expires_at_ms": expires_at_ms }),
    )?;
    if !context.output.json {
        let until = moments::shown(expires_at_ms);
        context.output.explain(
            &words!(
                "for {name} to choose a password; it works once, until {until}",
                "供 {name} 设置密码；仅可使用一次，有效期至 {until}"
            ),
            &(),
        );
        if !served {
            context.output.explain(&unserved(&place), &());
        }
    }
    Ok(Exit::Done)
}

/// What to make of an address that no server has told.
fn unserved(place: &LedgerPlace) -> Words {
    match place {
        LedgerPlace::File { .. } => words!(
            "no server runs on this data folder; start usher serve first, and use its address",
            "该数据文件夹上没有运行服务器；请先启动 usher serve，并使用其地址"
        ),
        LedgerPlace::Database { .. } => words!(
            "the address before /link/ is what the settings here say; use that of one of the servers on this database",
            "/link/ 之前的地址取自此处的设置；请使用该数据库上某台服务器的地址"
        ),
    }
}

/// Where a server on this data folder would be found, as far as the settings say.
fn expected_base(context: &Context<'_>, data: DataArguments) -> Result<String, Failure> {
    let layers = context.layers(data.into())?;
    let public = public_origin(&layers.resolve(PUBLIC_ORIGIN))?;
    let listen = layers.resolve(LISTEN).text.unwrap_or_default();
    Ok(public.map_or_else(|| format!("http://{listen}"), |public| public.to_string()))
}
