//! `usher demo`: a server with a sample organisation, for looking around.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use serde_json::json;
use tracing::level_filters::LevelFilter;
use usher_http::{EdgeSettings, open_apis::Call};

use super::{Context, serve::quoted, signals::StopSignals};
use crate::{
    arguments::{DemoArguments, SettingArguments},
    control::{
        tokens,
        wire::{BearerChoice, IssueAnswer, IssueQuestion},
    },
    data_folder::{DataFolder, FOLDER_MODE},
    failure::Failure,
    first_run::SEAT_SCOPES,
    identifiers,
    ledger_place::LedgerPlace,
    logging,
    output::Exit,
    sample::{self, Highlights},
    server::{Server, base_address},
    settings::{LISTEN, LogFormat, serve::listen},
    words,
};

/// How long the demo's tokens are good, in milliseconds: a day of looking around.
const TOKEN_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;
/// Rows in the printed page: enough to show everybody who is there just now.
const PAGE_SIZE: u32 = 20;

/// Serves the sample organisation until it is told to stop; then nothing of it is left.
pub(super) async fn run(context: &Context<'_>, arguments: DemoArguments) -> Result<Exit, Failure> {
    logging::start(LogFormat::Human, LevelFilter::WARN, context.output);
    let signals = StopSignals::listen()?;
    let temporary = tempfile::Builder::new()
        .prefix("usher-demo-")
        .permissions(Permissions::from_mode(FOLDER_MODE))
        .tempdir();
    let temporary = temporary.map_err(|error| {
        Failure::failed(words!(
            "cannot make a temporary folder: {error}",
            "无法创建临时文件夹：{error}"
        ))
    })?;
    let folder = DataFolder::make(temporary.path())?;
    let layers = context.layers(SettingArguments {
        data: Some(folder.path().display().to_string()),
        listen: arguments.listen,
        ..SettingArguments::default()
    })?;
    let listen = listen(&layers.resolve(LISTEN))?;
    let (ledger, socket) = Server::open(&LedgerPlace::in_folder(folder.clone()), "usher demo").await?;
    let highlights = sample::play(&ledger).await;
    let server = Server::start((ledger, socket), &listen, EdgeSettings::default(), None).await?;
    let announced = match highlights {
        Ok(highlights) => announce(context, &server, &folder, &highlights).await,
        Err(failure) => Err(failure),
    };
    if announced.is_ok() {
        signals.first().await;
    }
    server.stop().await?;
    announced.map(|()| Exit::Done)
}

/// Prints lines that can be pasted into another terminal as they are.
async fn announce(
    context: &Context<'_>,
    server: &Server,
    folder: &DataFolder,
    highlights: &Highlights,
) -> Result<(), Failure> {
    let base = base_address(server.address());
    let token = issue(server, BearerChoice::Administrator, &SEAT_SCOPES).await?;
    let service = issue(server, BearerChoice::Service, &[]).await?;
    let curls: Vec<String> = Call::SEATS
        .into_iter()
        .map(|call| list_line(&base, call, &token.token))
        .collect();
    let [activities, assignments] = curls.as_slice() else {
        return Ok(());
    };
    let Highlights {
        platform_user,
        released_user,
        namespace,
        host,
        path,
    } = highlights;
    let access = |user_id| {
        let token = &service.token;
        format!(
            "curl -s -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{{\"user_id\":{user_id},\"namespace\":\"{namespace}\"}}' '{base}/usher/v1/accesses'"
        )
    };
    let (admitted, refused) = (access(platform_user), access(released_user));
    let gateway = format!(
        "curl -s -i -H 'X-Forwarded-Host: {host}' -H 'X-Forwarded-Uri: {path}' -H 'X-Forwarded-User: {platform_user}' '{base}/usher/v1/forward-auth'"
    );
    let data = quoted(&folder.path().display().to_string());
    let export = format!("usher export activities --format csv --data {data}");
    let words = words!(
        "Usher's demo is listening on {base}. Stop it with Ctrl-C; then all of it is deleted.",
        "Usher 示例正在监听 {base}。按 Ctrl-C 停止，届时全部删除。"
    )
    .line(&words!(
        "\nWho used which app when, just now included:",
        "\n谁在何时使用了哪个应用，包括刚才："
    ))
    .line(&words!("{activities}", "{activities}"))
    .line(&words!("\nWho holds a seat:", "\n谁持有席位："))
    .line(&words!("{assignments}", "{assignments}"))
    .line(&words!(
        "\nNext: somebody opens an app (then ask for the first list again); somebody without a seat does:",
        "\n下一步：有人打开应用（然后再看第一个列表）；没有席位的人打开应用："
    ))
    .line(&words!("{admitted}\n{refused}", "{admitted}\n{refused}"))
    .line(&words!("\nThe same through a gateway:", "\n经由网关："))
    .line(&words!("{gateway}", "{gateway}"))
    .line(&words!("\nEverything as a table:", "\n导出为表格："))
    .line(&words!("{export}", "{export}"));
    let machine = json!({
        "listening": base,
        "data": folder.path(),
        "process_id": std::process::id(),
        "client_id": token.about.client_id,
        "token": token.token,
        "service_token": service.token,
        "curl": curls,
        "next": [admitted, refused, gateway, export],
    });
    context.output.result(&words, &machine)
}

fn list_line(base: &str, call: Call, token: &str) -> String {
    let path = call.path();
    format!(
        "curl -s -H 'Authorization: Bearer {token}' '{base}{path}?seat_type=per_user&page_size={PAGE_SIZE}'"
    )
}

async fn issue(server: &Server, bearer: BearerChoice, scopes: &[&str]) -> Result<IssueAnswer, Failure> {
    let question = IssueQuestion {
        tenant_key: Some(identifiers::tenant_key(None)?),
        bearer,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        client_id: None,
        life_ms: TOKEN_LIFE_MS,
    };
    tokens::issue(&server.ledger().control(None), question).await
}
