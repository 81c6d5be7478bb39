//! `usher login`, `usher whoami` and `usher logout`.

mod login;
mod logout;
mod whoami;

pub(super) use login::run as login;
pub(super) use logout::run as logout;
pub(super) use whoami::run as whoami;

use usher_http::WebOrigin;

use super::Context;
use crate::{
    arguments::sign_in::ServerArguments,
    environment,
    failure::Failure,
    sign_in::{
        kept::{SignIn, SignIns, Turn},
        remote::sign_in_again,
    },
    words,
};

/// The variable that names the server.
const SERVER_VARIABLE: &str = "USHER_SERVER";
/// The server when nobody names one and nobody is signed in: the one that `usher serve` starts.
const SERVER_DEFAULT: &str = "http://127.0.0.1:8787";

/// The server that is named, else the one there is a sign-in for; none when there is neither.
///
/// # Errors
/// A usage failure for what is no origin, or when it could be any of several.
fn server(sign_ins: &SignIns, arguments: ServerArguments) -> Result<Option<WebOrigin>, Failure> {
    let named = arguments.server.or_else(|| environment(SERVER_VARIABLE));
    if let Some(text) = named.filter(|text| !text.is_empty()) {
        return origin(&text).map(Some);
    }
    let known = sign_ins.servers()?;
    if known.len() > 1 {
        let known: Vec<&str> = known.iter().map(WebOrigin::as_str).collect();
        let known = known.join(", ");
        return Err(Failure::usage(words!(
            "you are signed in to several servers ({known}); say which with --server",
            "您已登录多个服务器（{known}）；请用 --server 指明"
        )));
    }
    Ok(known.into_iter().next())
}

fn origin(text: &str) -> Result<WebOrigin, Failure> {
    WebOrigin::parse(text).ok_or_else(|| {
        Failure::usage(words!(
            "--server must be such as https://usher.example.com or http://127.0.0.1:8787, not \"{text}\"",
            "--server 应形如 https://usher.example.com 或 http://127.0.0.1:8787，而不是“{text}”"
        ))
    })
}

/// The sign-in that is meant, with this command's turn to change it.
///
/// # Errors
/// A failure whose next command is `usher login` when there is none.
async fn kept(arguments: ServerArguments) -> Result<(WebOrigin, Turn, SignIn), Failure> {
    let sign_ins = SignIns::find(environment)?;
    let server = match server(&sign_ins, arguments)? {
        Some(server) => server,
        None => {
            let words = words!("you are not signed in anywhere", "您尚未登录任何服务器");
            return Err(Failure::failed(words).next(words!("usher login", "usher login")));
        }
    };
    let turn = sign_ins.turn(&server).await?;
    match turn.read()? {
        Some(sign_in) => Ok((server, turn, sign_in)),
        None => {
            let words = words!("you are not signed in to {server}", "您尚未登录 {server}");
            Err(sign_in_again(&server, words))
        }
    }
}
