//! `usher identity-provider`: an organisation's own way to sign in.

use std::{io::Read, path::Path};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use usher_http::sign_in::provider::{
    CALLBACK_PATH,
    settings::{CLIENT_SECRET_BYTES_MAX, SettingError, check_client_id, check_client_secret, check_issuer},
};
use usher_identity::Secret;
use usher_seats::{TenantKey, names};

use super::{
    Context,
    input::{Input, unreadable},
};
use crate::{
    arguments::{
        DataArguments,
        identity_provider::{
            IdentityProviderCommand, ProviderArguments, ProviderLinkArguments, ProviderSetArguments,
            ProviderUnlinkArguments,
        },
    },
    control::{
        Channel,
        identity_provider::{
            self as wire, ChangedAnswer, LinkQuestion, ProviderLine, SetQuestion, TenantQuestion,
        },
    },
    data_folder::DataFolder,
    failure::Failure,
    identifiers,
    language::Words,
    output::Exit,
    words,
};

/// Does what was asked.
pub(super) async fn run(context: &Context<'_>, command: IdentityProviderCommand) -> Result<Exit, Failure> {
    match command {
        IdentityProviderCommand::Set(arguments) => set(context, arguments).await,
        IdentityProviderCommand::Show(arguments) => show(context, arguments).await,
        IdentityProviderCommand::Remove(arguments) => remove(context, arguments).await,
        IdentityProviderCommand::Link(arguments) => link(context, arguments).await,
        IdentityProviderCommand::Unlink(arguments) => unlink(context, arguments).await,
    }
}

async fn set(context: &Context<'_>, arguments: ProviderSetArguments) -> Result<Exit, Failure> {
    let ProviderArguments { tenant, data } = arguments.tenant;
    let provider = ProviderLine {
        tenant_key: identifiers::tenant_key(tenant.as_deref())?,
        name: arguments.name.unwrap_or_else(|| host_of(&arguments.issuer)),
        name_zh: arguments.name_zh,
        issuer: arguments.issuer,
        client_id: arguments.client_id,
        enabled: !arguments.disabled,
    };
    check(&provider)?;
    let file = arguments.client_secret_file.as_deref().unwrap_or(Path::new("-"));
    let secret = client_secret(file)?;
    check_client_secret(&secret).map_err(complaint)?;
    let question = SetQuestion {
        provider: provider.clone(),
        client_secret: secret.expose().to_owned(),
    };
    let _: ChangedAnswer = ask(context, data, wire::SET, &question).await?;
    tell(context, &provider)
}

/// The host of an address, for whoever gives no name.
fn host_of(issuer: &str) -> String {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

fn check(provider: &ProviderLine) -> Result<(), Failure> {
    check_issuer(&provider.issuer).map_err(complaint)?;
    check_client_id(&provider.client_id).map_err(complaint)?;
    for name in std::iter::once(&provider.name).chain(&provider.name_zh) {
        names::check_name(name).map_err(|error| Failure::usage(identifiers::words_of(&error)))?;
    }
    Ok(())
}

fn complaint(error: SettingError) -> Failure {
    let chinese = match error {
        SettingError::Issuer => {
            "issuer 应为 https 地址，不含查询、片段或用户名，最长 255 字节；仅本机（localhost、127.0.0.1、[::1]）可用 http"
        }
        SettingError::ClientId => "client_id 应为 1 至 255 个可见 ASCII 字符",
        SettingError::ClientSecret => "客户端密钥应为一行，1 至 1024 个可见 ASCII 字符",
    };
    Failure::usage(Words::new(error.to_string(), chinese))
}

/// Reads the secret: one line, of which a file usually ends with a line break that does not belong to it.
fn client_secret(file: &Path) -> Result<Secret, Failure> {
    let mut text = String::new();
    // One byte more than is allowed and a line break, so that a longer one is seen to be longer.
    let bytes_max = CLIENT_SECRET_BYTES_MAX as u64 + 3;
    let mut source = Input::open(file)?.source.take(bytes_max);
    source
        .read_to_string(&mut text)
        .map_err(|error| unreadable(file, &error))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

async fn show(context: &Context<'_>, arguments: ProviderArguments) -> Result<Exit, Failure> {
    let tenant_key = identifiers::tenant_key(arguments.tenant.as_deref())?;
    let question = TenantQuestion { tenant_key };
    let provider: ProviderLine = ask(context, arguments.data, wire::SHOW, &question).await?;
    tell(context, &provider)
}

fn tell(context: &Context<'_>, provider: &ProviderLine) -> Result<Exit, Failure> {
    let ProviderLine {
        tenant_key,
        name,
        name_zh,
        issuer,
        client_id,
        enabled,
    } = provider;
    let chinese_name = name_zh.as_ref().unwrap_or(name);
    let (on, on_chinese) = if *enabled {
        ("on", "启用")
    } else {
        ("off", "停用")
    };
    let words = words!("{name}: {on}", "{chinese_name}：{on_chinese}")
        .line(&words!("  tenant     {tenant_key}", "  租户       {tenant_key}"))
        .line(&words!("  issuer     {issuer}", "  issuer     {issuer}"))
        .line(&words!("  client id  {client_id}", "  client id  {client_id}"))
        .line(&words!(
            "Register there as redirect address: your server's address, then {CALLBACK_PATH}",
            "请在那里登记重定向地址：服务器地址后接 {CALLBACK_PATH}"
        ));
    context.output.result(
        &words,
        &json!({
            "tenant_key": tenant_key,
            "name": name,
            "name_zh": name_zh,
            "issuer": issuer,
            "client_id": client_id,
            "enabled": enabled,
            "redirect_path": CALLBACK_PATH,
        }),
    )?;
    Ok(Exit::Done)
}

async fn remove(context: &Context<'_>, arguments: ProviderArguments) -> Result<Exit, Failure> {
    let tenant_key: TenantKey = identifiers::tenant_key(arguments.tenant.as_deref())?;
    let question = TenantQuestion { tenant_key };
    let answer: ChangedAnswer = ask(context, arguments.data, wire::REMOVE, &question).await?;
    let words = if answer.changed {
        words!(
            "the identity provider is gone, with every link",
            "身份提供方及其全部关联已移除"
        )
    } else {
        words!("there was no identity provider", "原本就没有身份提供方")
    };
    done(context, &words, &answer)
}

async fn link(context: &Context<'_>, arguments: ProviderLinkArguments) -> Result<Exit, Failure> {
    let ProviderLinkArguments {
        login,
        subject,
        tenant,
    } = arguments;
    relink(context, tenant, login, Some(subject)).await
}

async fn unlink(context: &Context<'_>, arguments: ProviderUnlinkArguments) -> Result<Exit, Failure> {
    relink(context, arguments.tenant, arguments.login, None).await
}

async fn relink(
    context: &Context<'_>,
    tenant: ProviderArguments,
    login: String,
    subject: Option<String>,
) -> Result<Exit, Failure> {
    let linked = subject.is_some();
    let question = LinkQuestion {
        tenant_key: identifiers::tenant_key(tenant.tenant.as_deref())?,
        login,
        subject,
    };
    let answer: ChangedAnswer = ask(context, tenant.data, wire::LINK, &question).await?;
    let words = match (linked, answer.changed) {
        (true, true) => words!("linked", "已关联"),
        (true, false) => words!("it was linked already", "原本已关联"),
        (false, true) => words!("the link is gone", "关联已移除"),
        (false, false) => words!("there was no link", "原本没有关联"),
    };
    done(context, &words, &answer)
}

fn done(context: &Context<'_>, words: &Words, answer: &ChangedAnswer) -> Result<Exit, Failure> {
    context.output.result(words, answer)?;
    Ok(Exit::Done)
}

async fn ask<Answer: DeserializeOwned>(
    context: &Context<'_>,
    data: DataArguments,
    route: &str,
    question: &impl Serialize,
) -> Result<Answer, Failure> {
    let folder = DataFolder::make(&context.data(data)?)?;
    let mut channel = Channel::reach(&folder, "usher identity-provider").await?;
    let answer = channel.call(route, question).await;
    channel.close().await;
    answer
}
