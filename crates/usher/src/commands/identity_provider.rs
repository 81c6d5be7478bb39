//! `usher identity-provider`: an organisation's own way to sign in.
//!
//! Each command is one call or two of the management API over the control channel, as operator. What can be said
//! wrongly on the command line is said before anything is asked.

use std::{io::Read, path::Path};

use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use usher_http::sign_in::provider::settings::{
    CLIENT_SECRET_BYTES_MAX, SettingError, check_client_id, check_client_secret, check_issuer, check_subject,
};
use usher_identity::Secret;
use usher_seats::{TenantKey, UserId, names};

use super::{
    Context,
    input::{Input, unreadable},
};
use crate::{
    arguments::identity_provider::{
        IdentityProviderCommand, ProviderArguments, ProviderLinkArguments, ProviderSetArguments,
        ProviderUnlinkArguments,
    },
    control::Channel,
    failure::Failure,
    identifiers,
    language::Words,
    output::Exit,
    words,
};

const PATH: &str = "/usher/v1/identity-provider";

/// What is known of a provider, without its secret.
#[derive(Deserialize)]
struct ProviderLine {
    tenant_key: TenantKey,
    name: String,
    name_zh: Option<String>,
    issuer: String,
    client_id: String,
    enabled: bool,
    redirect_path: String,
}

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
    check(&arguments)?;
    let file = arguments.client_secret_file.as_deref().unwrap_or(Path::new("-"));
    let secret = client_secret(file)?;
    check_client_secret(&secret).map_err(complaint)?;
    let body = json!({
        "name": arguments.name.unwrap_or_else(|| host_of(&arguments.issuer)),
        "name_zh": arguments.name_zh,
        "issuer": arguments.issuer,
        "client_id": arguments.client_id,
        "client_secret": secret.expose(),
        "enabled": !arguments.disabled,
    });
    let mut desk = Desk::open(context, arguments.tenant).await?;
    let answered = desk.call(Method::PUT, PATH, Some(body)).await;
    desk.channel.close().await;
    tell(context, &answered?)
}

/// The host of an address, for whoever gives no name.
fn host_of(issuer: &str) -> String {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

fn check(arguments: &ProviderSetArguments) -> Result<(), Failure> {
    check_issuer(&arguments.issuer).map_err(complaint)?;
    check_client_id(&arguments.client_id).map_err(complaint)?;
    for name in arguments.name.iter().chain(&arguments.name_zh) {
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
        SettingError::Subject => "subject 应为 1 至 255 字节，不含控制字符",
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
    let mut desk = Desk::open(context, arguments).await?;
    let answered = desk.call(Method::GET, PATH, None).await;
    desk.channel.close().await;
    tell(context, &answered?)
}

fn tell(context: &Context<'_>, data: &Value) -> Result<Exit, Failure> {
    let unreadable = |_| Failure::failed(words!("the answer cannot be read", "无法识别应答"));
    let ProviderLine {
        tenant_key,
        name,
        name_zh,
        issuer,
        client_id,
        enabled,
        redirect_path,
    } = ProviderLine::deserialize(data).map_err(unreadable)?;
    let chinese_name = name_zh.as_ref().unwrap_or(&name);
    let (on, on_chinese) = if enabled {
        ("on", "启用")
    } else {
        ("off", "停用")
    };
    let words = words!("{name}: {on}", "{chinese_name}：{on_chinese}")
        .line(&words!("  tenant     {tenant_key}", "  租户       {tenant_key}"))
        .line(&words!("  issuer     {issuer}", "  issuer     {issuer}"))
        .line(&words!("  client id  {client_id}", "  client id  {client_id}"))
        .line(&words!(
            "Register there as redirect address: your server's address, then {redirect_path}",
            "请在那里登记重定向地址：服务器地址后接 {redirect_path}"
        ));
    context.output.result(&words, data)?;
    Ok(Exit::Done)
}

async fn remove(context: &Context<'_>, arguments: ProviderArguments) -> Result<Exit, Failure> {
    let mut desk = Desk::open(context, arguments).await?;
    let removed = desk.call(Method::DELETE, PATH, None).await;
    desk.channel.close().await;
    removed?;
    let words = words!(
        "the identity provider is gone, with every link",
        "身份提供方及其全部关联已移除"
    );
    context.output.result(&words, &json!({ "removed": true }))?;
    Ok(Exit::Done)
}

async fn link(context: &Context<'_>, arguments: ProviderLinkArguments) -> Result<Exit, Failure> {
    let ProviderLinkArguments {
        login,
        subject,
        tenant,
    } = arguments;
    check_subject(&subject).map_err(complaint)?;
    let words = words!("linked", "已关联");
    relink(context, tenant, &login, Some(subject), words).await
}

async fn unlink(context: &Context<'_>, arguments: ProviderUnlinkArguments) -> Result<Exit, Failure> {
    let words = words!("the link is gone", "关联已移除");
    relink(context, arguments.tenant, &arguments.login, None, words).await
}

async fn relink(
    context: &Context<'_>,
    tenant: ProviderArguments,
    login: &str,
    subject: Option<String>,
    words: Words,
) -> Result<Exit, Failure> {
    let mut desk = Desk::open(context, tenant).await?;
    let relinked = desk.relink(login, subject).await;
    desk.channel.close().await;
    context.output.result(&words, &relinked?)?;
    Ok(Exit::Done)
}

/// A way to the management API of one tenant.
struct Desk {
    channel: Channel,
    tenant_key: TenantKey,
}

impl Desk {
    async fn open(context: &Context<'_>, arguments: ProviderArguments) -> Result<Self, Failure> {
        let ProviderArguments { tenant, data } = arguments;
        let tenant_key = identifiers::tenant_key(tenant.as_deref())?;
        let place = context.ledger(data)?;
        let channel = Channel::reach(&place, "usher identity-provider").await?;
        Ok(Self { channel, tenant_key })
    }

    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{joint}tenant_key={}", self.tenant_key);
        self.channel.manage(method, &target, body.as_ref()).await
    }

    async fn relink(&mut self, login: &str, subject: Option<String>) -> Result<Value, Failure> {
        let user_id = self.number_of(login).await?;
        let path = format!("/usher/v1/users/{user_id}/identity-link");
        match subject {
            Some(subject) => {
                let body = json!({ "subject": subject });
                self.call(Method::PUT, &path, Some(body)).await
            }
            None => {
                self.call(Method::DELETE, &path, None).await?;
                Ok(json!({ "user_id": user_id, "subject": null }))
            }
        }
    }

    /// The number of the person with a sign-in name; where nobody has it, the name may be a number itself.
    async fn number_of(&mut self, login: &str) -> Result<UserId, Failure> {
        let encoded = utf8_percent_encode(login, NON_ALPHANUMERIC);
        let path = format!("/usher/v1/users?external_id={encoded}");
        let page = self.call(Method::GET, &path, None).await?;
        let found = page.pointer("/items/0/user_id").and_then(Value::as_i64);
        let number = found.and_then(|number| UserId::new(number).ok());
        let tenant_key = &self.tenant_key;
        number.or_else(|| login.parse().ok()).ok_or_else(|| {
            Failure::failed(words!(
                "tenant \"{tenant_key}\" has no user \"{login}\"",
                "租户“{tenant_key}”没有用户“{login}”"
            ))
        })
    }
}
