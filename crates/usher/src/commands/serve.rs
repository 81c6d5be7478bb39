//! `usher serve`: run the server until it is told to stop.

use std::path::PathBuf;

use serde_json::json;

use super::{Context, signals::StopSignals};
use crate::{
    arguments::SettingArguments,
    chance::SystemChance,
    control::{Place, links, wire::LinkQuestion},
    data_folder::DataFolder,
    failure::Failure,
    identifiers, instances,
    language::{Language, Words},
    ledger_place::LedgerPlace,
    logging,
    output::Exit,
    server::Server,
    settings::{ServeSettings, store::StoreSettings},
    words,
};

/// Serves, prints where, and returns after an orderly stop.
pub(super) async fn run(context: &Context<'_>, flags: SettingArguments) -> Result<Exit, Failure> {
    let settings = ServeSettings::read(&context.layers(flags)?)?;
    logging::start(settings.log_format, settings.log_level, context.output);
    let signals = StopSignals::listen()?;
    let place = LedgerPlace::make(&settings.store)?.for_server(settings.away);
    let instance = match (settings.instance, place.spool_folder()) {
        (None, Some(folder)) => {
            let folder = DataFolder::make(folder)?;
            Some(instances::name_in(&folder, &SystemChance)?)
        }
        (named, _) => named,
    };
    let opened = Server::open(&place, "usher serve").await?;
    let server = Server::start(opened, &settings.listen, settings.edge, instance).await?;
    let address = server.address();
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "others can reach this address; put a gateway with TLS before it");
    }
    tracing::info!(%address, store = %place, "listening");
    let link = first_link(&server).await;
    if let Err(failure) = announce(
        context,
        server.place(),
        &Reach::of(&settings.store, &place),
        link.as_deref(),
    ) {
        // People at the door do not care that nobody reads the announcement.
        context.output.complain(&failure);
    }
    signals.first().await;
    tracing::info!("stopping");
    server.stop().await?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// A link with which the first system administrator chooses a password, as long as nobody has one. A server without
/// one is still a server, so a failure is logged and no more.
async fn first_link(server: &Server) -> Option<String> {
    let ledger = server.ledger();
    let made = async {
        if ledger.store.passwords_exist().await? {
            return Ok(None);
        }
        let tenant_key = identifiers::tenant_key(None)?;
        let question = LinkQuestion {
            tenant_key,
            login: None,
        };
        links::make(&ledger.control(None), &question).await.map(Some)
    };
    match made.await {
        Ok(link) => link.map(|link| format!("{}{}", server.place().base, link.path)),
        Err(failure) => {
            let reason = failure.words.text(Language::English);
            tracing::warn!(
                reason,
                "no link for the first administrator; usher user link makes one"
            );
            None
        }
    }
}

/// Says where the server is and what to do next. This is standard output and no log: the link goes nowhere else.
fn announce(context: &Context<'_>, place: &Place, reach: &Reach, link: Option<&str>) -> Result<(), Failure> {
    let Place { listening, base } = place;
    let scopes = crate::first_run::SEAT_SCOPES.join(",");
    let arguments = &reach.arguments;
    let import = format!("usher import accesses FILE.csv --create-missing{arguments}");
    let token = format!("usher token issue --administrator --scope {scopes}{arguments}");
    let mut lines = reach
        .listening(listening)
        .line(&words!("Next, in another terminal:", "下一步，在另一个终端中："))
        .line(&words!("  {import}", "  {import}"))
        .line(&words!("  {token}", "  {token}"));
    if base != listening {
        lines = lines.line(&words!("Its links begin with {base}", "其链接以 {base} 开头"));
    }
    if let Some(link) = link {
        lines = lines
            .line(&words!(
                "Nobody has a password yet. With this link, good once and for 30 minutes, the system administrator chooses one:",
                "还没有人设置密码。系统管理员可通过此链接设置密码（仅可使用一次，30 分钟内有效）："
            ))
            .line(&words!("  {link}", "  {link}"));
    }
    context.output.result(
        &lines,
        &json!({
            "listening": listening,
            "found_at": base,
            "data": reach.folder,
            "store": reach.database,
            "process_id": std::process::id(),
            "next": [import, token],
            "first_password_link": link,
        }),
    )
}

/// How further commands reach the same ledger.
struct Reach {
    /// What is added to them.
    arguments: String,
    /// The folder of a file.
    folder: Option<PathBuf>,
    /// A database, without a password.
    database: Option<String>,
}

impl Reach {
    /// A database from the environment or from a settings file is found there by the next command, too.
    fn of(settings: &StoreSettings, place: &LedgerPlace) -> Self {
        let said = |name: &str, value: &str| format!(" --{name} {}", quoted(value));
        match place {
            LedgerPlace::File { folder, .. } => {
                let folder = folder.path().to_owned();
                let arguments = match &settings.flag {
                    Some(store) => said("store", store),
                    None => said("data", &folder.display().to_string()),
                };
                Self {
                    arguments,
                    folder: Some(folder),
                    database: None,
                }
            }
            LedgerPlace::Database { address, .. } => Self {
                arguments: settings
                    .flag
                    .as_deref()
                    .map_or_else(String::new, |store| said("store", store)),
                folder: None,
                database: Some(address.to_string()),
            },
        }
    }

    fn listening(&self, listening: &str) -> Words {
        if let Some(database) = &self.database {
            return words!(
                "Usher is listening on {listening} (database {database}). Stop it with Ctrl-C.",
                "Usher 正在监听 {listening}（数据库 {database}）。按 Ctrl-C 停止。"
            );
        }
        let folder = self.folder.clone().unwrap_or_default();
        let data = quoted(&folder.display().to_string());
        words!(
            "Usher is listening on {listening} (data folder {data}). Stop it with Ctrl-C.",
            "Usher 正在监听 {listening}（数据文件夹 {data}）。按 Ctrl-C 停止。"
        )
    }
}

/// A text as one word for a shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_one_word_of_a_shell() {
        assert_eq!(quoted("/var/lib/usher-1.0"), "/var/lib/usher-1.0");
        assert_eq!(quoted("/my data"), "'/my data'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
