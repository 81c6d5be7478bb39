//! `usher token`: tokens issued, listed and taken back.

use serde_json::json;
use usher_seats::UserId;
use usher_store::TokenKind;

use super::Context;
use crate::{
    arguments::{TokenCommand, TokenIssueArguments, TokenListArguments, TokenRevokeArguments},
    control::{
        Channel,
        change_line::check_scope,
        tokens::{self, TOKEN_LIFE_MS_DEFAULT, TOKEN_LIFE_MS_MAX},
        wire::{
            self, BearerChoice, IssueAnswer, IssueQuestion, RevokeAnswer, RevokeQuestion, TokenLine,
            TokensAnswer, TokensQuestion,
        },
    },
    failure::Failure,
    identifiers,
    language::{Language, Words},
    moments,
    output::Exit,
    words,
};

/// Most scopes in one request: there are two now, and room for what comes.
const SCOPES_MAX: usize = 32;

/// Does one of the three.
pub(super) async fn run(context: &Context<'_>, command: TokenCommand) -> Result<Exit, Failure> {
    match command {
        TokenCommand::Issue(arguments) => issue(context, arguments).await,
        TokenCommand::List(arguments) => list(context, arguments).await,
        TokenCommand::Revoke(arguments) => revoke(context, arguments).await,
    }
}

async fn issue(context: &Context<'_>, arguments: TokenIssueArguments) -> Result<Exit, Failure> {
    let question = question(&arguments)?;
    let place = context.ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher token issue").await?;
    let answer = channel.call::<IssueAnswer>(wire::TOKENS_ISSUE, &question).await;
    channel.close().await;
    let answer = answer?;
    let about = &answer.about;
    context
        .output
        .plain(&answer.token, &json!({ "token": answer.token, "about": about }))?;
    let until = moments::shown(about.expires_at_ms);
    let token_id = &about.token_id;
    if !context.output.json {
        context.output.explain(
            &words!(
                "token {token_id}, good until {until}; it is shown only this once",
                "令牌 {token_id}，有效期至 {until}；仅显示这一次"
            ),
            &(),
        );
    }
    for scope in &answer.scopes_not_open {
        context.output.explain(
            &words!(
                "the client has not opened {scope}; calls that need it will be refused",
                "客户端尚未开通 {scope}；需要该权限的调用将被拒绝"
            ),
            &json!({ "warning": "scope_not_open", "scope": scope }),
        );
    }
    Ok(Exit::Done)
}

/// What is asked, checked.
fn question(arguments: &TokenIssueArguments) -> Result<IssueQuestion, Failure> {
    let bearer = match &arguments.user {
        Some(user_id) => BearerChoice::User(identifiers::parse::<UserId>(user_id)?),
        None if arguments.service => BearerChoice::Service,
        None if arguments.operator => BearerChoice::Operator,
        None => BearerChoice::Administrator,
    };
    let tenant_key = if arguments.all_tenants {
        // The parser's own rule for this gives way to the choice of bearers, so it is said here.
        if bearer != BearerChoice::Service {
            return Err(tokens::only_service_tokens());
        }
        None
    } else if bearer == BearerChoice::Operator {
        None
    } else {
        Some(identifiers::tenant_key(arguments.tenant.as_deref())?)
    };
    Ok(IssueQuestion {
        tenant_key,
        bearer,
        scopes: scopes(arguments.scope.as_deref(), bearer)?,
        client_id: arguments.client.as_deref().map(identifiers::parse).transpose()?,
        life_ms: life_ms(arguments.expires_in.as_deref())?,
    })
}

fn scopes(text: Option<&str>, bearer: BearerChoice) -> Result<Vec<String>, Failure> {
    let scopes: Vec<String> = text
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    if matches!(bearer, BearerChoice::Service | BearerChoice::Operator) {
        return if scopes.is_empty() {
            Ok(scopes)
        } else {
            Err(Failure::usage(words!(
                "service and operator tokens take no scopes",
                "服务令牌与运营者令牌没有权限范围"
            )))
        };
    }
    if scopes.is_empty() || scopes.len() > SCOPES_MAX {
        let known = crate::first_run::SEAT_SCOPES.join(",");
        return Err(Failure::usage(words!(
            "a user token needs 1 to {SCOPES_MAX} scopes, such as --scope {known}",
            "用户令牌需要 1 至 {SCOPES_MAX} 个权限，例如 --scope {known}"
        )));
    }
    scopes
        .iter()
        .try_for_each(|scope| check_scope(scope).map_err(Failure::usage))?;
    Ok(scopes)
}

fn life_ms(text: Option<&str>) -> Result<i64, Failure> {
    let Some(text) = text else {
        return Ok(TOKEN_LIFE_MS_DEFAULT);
    };
    moments::parse_duration_ms(text)
        .filter(|life_ms| (1..=TOKEN_LIFE_MS_MAX).contains(life_ms))
        .ok_or_else(|| {
            Failure::usage(words!(
                "--expires-in must be a number and s, m, h or d, from 1s to 400d, not \"{text}\"",
                "--expires-in 应为数字加 s、m、h 或 d，从 1s 到 400d，而不是“{text}”"
            ))
        })
}

async fn list(context: &Context<'_>, arguments: TokenListArguments) -> Result<Exit, Failure> {
    let tenant_key = arguments.tenant.as_deref().map(identifiers::parse).transpose()?;
    let place = context.existing_ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher token list").await?;
    let answer = channel
        .call::<TokensAnswer>(wire::TOKENS_LIST, &TokensQuestion { tenant_key })
        .await;
    channel.close().await;
    let answer = answer?;
    let count = answer.tokens.len();
    for token in &answer.tokens {
        let line = Words::new(shown(token, Language::English), shown(token, Language::Chinese));
        context.output.result(&line, token)?;
    }
    if answer.has_more {
        context.output.explain(
            &words!("only the newest {count} are listed", "仅列出最新的 {count} 个"),
            &json!({ "warning": "truncated", "listed": count }),
        );
    } else if count == 0 && !context.output.json {
        context
            .output
            .explain(&words!("no token is good now", "目前没有有效的令牌"), &());
    }
    Ok(Exit::Done)
}

/// A token as one line.
fn shown(token: &TokenLine, language: Language) -> String {
    let kind = match token.kind {
        TokenKind::User => words!("user", "用户"),
        TokenKind::Tenant => words!("tenant", "租户"),
        TokenKind::Service => words!("service", "服务"),
        TokenKind::Operator => words!("operator", "运营者"),
    };
    let every = words!("every tenant", "所有租户");
    let tenant = token
        .tenant_key
        .as_ref()
        .map_or(every.text(language), |tenant_key| tenant_key.as_str());
    let mut parts = vec![
        token.token_id.clone(),
        kind.text(language).to_owned(),
        tenant.to_owned(),
    ];
    parts.extend(token.user_id.map(|user_id| user_id.to_string()));
    parts.extend(token.client_id.as_ref().map(ToString::to_string));
    if !token.scopes.is_empty() {
        parts.push(token.scopes.join(","));
    }
    let until = moments::shown(token.expires_at_ms);
    parts.push(
        words!("until {until}", "有效期至 {until}")
            .text(language)
            .to_owned(),
    );
    parts.join("  ")
}

async fn revoke(context: &Context<'_>, arguments: TokenRevokeArguments) -> Result<Exit, Failure> {
    let place = context.existing_ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher token revoke").await?;
    let question = RevokeQuestion {
        token: arguments.token,
    };
    let answer = channel.call::<RevokeAnswer>(wire::TOKENS_REVOKE, &question).await;
    channel.close().await;
    let RevokeAnswer { token_id } = answer?;
    context.output.result(
        &words!("token {token_id} is over", "令牌 {token_id} 已失效"),
        &json!({ "revoked": token_id }),
    )?;
    Ok(Exit::Done)
}
