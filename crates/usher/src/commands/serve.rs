//! `usher serve`: run the server until it is told to stop.

use std::{net::SocketAddr, path::Path};

use serde_json::json;

use super::{Context, signals::StopSignals};
use crate::{
    arguments::SettingArguments, data_folder::DataFolder, failure::Failure, logging, output::Exit,
    server::Server, settings::ServeSettings, words,
};

/// Serves, prints where, and returns after an orderly stop.
pub(super) async fn run(context: &Context<'_>, flags: SettingArguments) -> Result<Exit, Failure> {
    let settings = ServeSettings::read(&context.layers(flags)?)?;
    logging::start(settings.log_format, settings.log_level, context.output);
    let signals = StopSignals::listen()?;
    let folder = DataFolder::make(&settings.data)?;
    let opened = Server::open(&folder, "usher serve").await?;
    let server = Server::start(&folder, opened, &settings.listen, settings.edge).await?;
    let address = server.address();
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "others can reach this address; put a gateway with TLS before it");
    }
    tracing::info!(%address, data = %folder.path().display(), "listening");
    if let Err(failure) = announce(context, address, folder.path()) {
        // People at the door do not care that nobody reads the announcement.
        context.output.complain(&failure);
    }
    signals.first().await;
    tracing::info!("stopping");
    server.stop().await?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// Says where the server is and what to do next.
fn announce(context: &Context<'_>, address: SocketAddr, folder: &Path) -> Result<(), Failure> {
    let base = base_address(address);
    let data = quoted(&folder.display().to_string());
    let scopes = crate::first_run::KNOWN_SCOPES.join(",");
    let import = format!("usher import accesses FILE.csv --create-missing --data {data}");
    let token = format!("usher token issue --administrator --scope {scopes} --data {data}");
    let lines = words!(
        "Usher is listening on {base} (data folder {data}). Stop it with Ctrl-C.",
        "Usher 正在监听 {base}（数据文件夹 {data}）。按 Ctrl-C 停止。"
    )
    .line(&words!("Next, in another terminal:", "下一步，在另一个终端中："))
    .line(&words!("  {import}", "  {import}"))
    .line(&words!("  {token}", "  {token}"));
    context.output.result(
        &lines,
        &json!({
            "listening": base,
            "data": folder,
            "process_id": std::process::id(),
            "next": [import, token],
        }),
    )
}

/// The address as a client on this machine would write it.
pub(super) fn base_address(address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
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

    #[test]
    fn a_wildcard_address_is_shown_as_this_machine() {
        assert_eq!(base_address("0.0.0.0:80".parse().unwrap()), "http://127.0.0.1:80");
        assert_eq!(base_address("[::]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(base_address("10.0.0.7:80".parse().unwrap()), "http://10.0.0.7:80");
    }
}
