//! A spent access token becomes a new one.
//!
//! A refresh token works once, so the moment between the server's spending it and our keeping its successor is where a
//! sign-in can get lost. The server gives the same answer again for a few seconds to whoever repeats the call under the
//! same name. Hence the order, in which a crash at any point leaves something that works:
//!
//! ```text
//! name the call, durably -> ask (and ask again) -> keep the new pair, durably, in place of the old
//! ```
//!
//! A name that is found kept is of a call that broke off: it is repeated under that name.

use usher_http::{Chance, edge::draw, outbound::Address};
use usher_identity::make_secret;

use super::{
    kept::{KeptRefresh, SignIn, Turn},
    remote::{Remote, TokenAnswer, TokenError, shown, sign_in_again},
};
use crate::{failure::Failure, words};

/// How often one renewal is asked for. A connection that breaks does so at once, so all of them are within the ten seconds
/// for which a server repeats its answer.
const ATTEMPTS_MAX: usize = 3;

/// Renews a sign-in and keeps the outcome.
///
/// # Errors
/// A failure whose next command is `usher login` when the server does not renew it; another when it does not answer, and
/// then the next command may try again.
pub(crate) async fn renew(
    remote: &Remote,
    turn: &Turn,
    sign_in: SignIn,
    chance: &dyn Chance,
    now_ms: i64,
) -> Result<SignIn, Failure> {
    let origin = remote.origin();
    let over = || {
        sign_in_again(
            origin,
            words!(
                "you are no longer signed in to {origin}",
                "您在 {origin} 的登录已失效"
            ),
        )
    };
    let Some(refresh) = sign_in
        .refresh
        .clone()
        .filter(|refresh| now_ms < refresh.expires_at_ms)
    else {
        return Err(over());
    };
    let endpoints = remote.endpoints().await?;
    let key = match &sign_in.renewal_key {
        Some(key) => key.clone(),
        None => make_secret(&draw(chance)).expose().to_owned(),
    };
    let begun = SignIn {
        renewal_key: Some(key.clone()),
        ..sign_in
    };
    turn.keep(&begun)?;
    match ask(remote, &endpoints.token, (&begun, &refresh), &key).await {
        Ok(answer) => {
            let renewed = kept(answer, begun, now_ms);
            turn.keep(&renewed)?;
            Ok(renewed)
        }
        Err(TokenError::Refused(_)) => Err(over()),
        Err(TokenError::Away(failure) | TokenError::Failure(failure)) => Err(failure),
    }
}

async fn ask(
    remote: &Remote,
    endpoint: &Address,
    (sign_in, refresh): (&SignIn, &KeptRefresh),
    key: &str,
) -> Result<TokenAnswer, TokenError> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", sign_in.client_id.as_str()),
        ("refresh_token", refresh.token.as_str()),
    ];
    let mut attempt = 1;
    loop {
        match remote.tokens(endpoint, &fields, Some(key)).await {
            Err(TokenError::Away(_)) if attempt < ATTEMPTS_MAX => attempt += 1,
            other => return other,
        }
    }
}

/// What is kept of tokens that were just given.
pub(crate) fn kept(answer: TokenAnswer, before: SignIn, now_ms: i64) -> SignIn {
    let until = |seconds: i64| now_ms.saturating_add(seconds.saturating_mul(1_000));
    let refresh = answer.refresh_token.map(|token| KeptRefresh {
        token,
        expires_at_ms: answer.refresh_token_expires_in.map_or(i64::MAX, until),
    });
    SignIn {
        access_token: answer.access_token,
        expires_at_ms: until(answer.expires_in),
        refresh,
        renewal_key: None,
        ..before
    }
}

/// A refusal of the first tokens.
pub(crate) fn refused(error: &str) -> Failure {
    let error = shown(error);
    Failure::failed(words!(
        "the server gave no tokens: {error}",
        "服务器未给出令牌：{error}"
    ))
    .next(words!("usher login", "usher login"))
}
