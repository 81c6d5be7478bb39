//! `usher logout`: give the tokens back and forget them.

use serde_json::json;

use super::{Context, kept};
use crate::{
    arguments::sign_in::LogoutArguments,
    failure::Failure,
    language::Language,
    output::Exit,
    sign_in::{kept::SignIn, remote::Remote},
    words,
};

/// Signs out. The tokens are forgotten here even when the server cannot be told, which is then said.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: LogoutArguments,
) -> Result<Exit, Failure> {
    let (server, turn, sign_in) = kept(arguments.place).await?;
    let given_back = match Remote::new(server.clone(), sign_in.ca_file.as_deref()) {
        Ok(remote) => give_back(&remote, &sign_in).await,
        Err(failure) => Err(failure),
    };
    turn.forget()?;
    if let Err(failure) = &given_back {
        let (english, chinese) = (
            failure.words.text(Language::English),
            failure.words.text(Language::Chinese),
        );
        let words = crate::language::Words::new(
            format!(
                "the tokens are forgotten here, but the server was not told, so they live to their end: {english}"
            ),
            format!("本机已忘记令牌，但未能告知服务器，令牌将有效至其到期：{chinese}"),
        );
        let machine =
            json!({ "warning": "not_revoked", "reason": failure.words.text(context.output.language) });
        context.output.explain(&words, &machine);
    }
    context.output.result(
        &words!("signed out of {server}", "已退出 {server}"),
        &json!({ "signed_out": server.as_str(), "revoked": given_back.is_ok() }),
    )?;
    Ok(Exit::Done)
}

async fn give_back(remote: &Remote, sign_in: &SignIn) -> Result<(), Failure> {
    let endpoints = remote.endpoints().await?;
    let revoke = endpoints.revoke.ok_or_else(|| {
        Failure::failed(words!(
            "the server takes no tokens back",
            "该服务器不支持撤销令牌"
        ))
    })?;
    for token in sign_in.tokens() {
        remote.revoke(&revoke, &sign_in.client_id, token).await?;
    }
    Ok(())
}
