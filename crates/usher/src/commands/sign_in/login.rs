//! `usher login`: sign in to a server in a browser, and keep the tokens.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;
use usher_http::{WebOrigin, edge::draw, manage::scopes::KNOWN_SCOPES, open_apis::Call};
use usher_identity::{Secret, make_secret, pkce::s256_challenge};
use usher_seats::ClientId;

use super::{Context, SERVER_DEFAULT, origin, server, whoami};
use crate::{
    arguments::sign_in::LoginArguments,
    chance::SystemChance,
    clock::SystemClock,
    control::change_line::check_scope,
    environment,
    failure::Failure,
    identifiers, moments,
    output::Exit,
    sign_in::{
        kept::{SignIn, SignIns},
        login_client::LOGIN_CLIENT_ID,
        loopback::{Arrival, Loopback},
        remote::{Endpoints, Remote, TokenAnswer, TokenError, authorize_link},
        renewal::{self, refused},
    },
    words,
};

/// How long the command waits unless told otherwise, in milliseconds: long enough to look for a telephone with a second
/// factor on it.
const WAIT_MS_DEFAULT: i64 = 10 * 60 * 1_000;
/// The longest wait: after an hour nobody remembers what the window was for.
const WAIT_MS_MAX: i64 = 60 * 60 * 1_000;
/// What is asked for unless told otherwise: to read, and to be asked once a week instead of every two hours.
const SCOPES_DEFAULT: [&str; 4] = [
    Call::SeatActivities.scope(),
    Call::SeatAssignments.scope(),
    Call::Apps.scope(),
    "offline_access",
];

/// What is asked, checked.
struct Wish {
    client_id: ClientId,
    scope: String,
    browser: bool,
    patience: Duration,
    ca_file: Option<PathBuf>,
}

/// Signs in.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: LoginArguments,
) -> Result<Exit, Failure> {
    let wish = wish(&arguments)?;
    let sign_ins = SignIns::find(environment)?;
    let server = match server(&sign_ins, arguments.place)? {
        Some(server) => server,
        None => origin(SERVER_DEFAULT)?,
    };
    let remote = Remote::new(server, wish.ca_file.as_deref())?;
    let endpoints = remote.endpoints().await?;
    let answer = ask(context, &remote, &endpoints, &wish).await?;
    // Nobody has to wait for a person in front of a browser, so the turn begins only now.
    let turn = sign_ins.turn(remote.origin()).await?;
    let before = turn.read().ok().flatten();
    let sign_in = signed_in(remote.origin(), wish, answer);
    turn.keep(&sign_in)?;
    if let Some(before) = before {
        give_back(&remote, &endpoints, &before).await;
    }
    whoami::tell(context, &remote, &turn, sign_in).await
}

fn wish(arguments: &LoginArguments) -> Result<Wish, Failure> {
    let client_id = arguments.client_id.as_deref().unwrap_or(LOGIN_CLIENT_ID);
    Ok(Wish {
        client_id: identifiers::parse(client_id)?,
        scope: scope(arguments.scope.as_deref())?,
        browser: !arguments.no_browser,
        patience: patience(arguments.wait.as_deref())?,
        ca_file: arguments.ca_file.as_deref().map(absolute).transpose()?,
    })
}

fn scope(text: Option<&str>) -> Result<String, Failure> {
    let Some(text) = text else {
        return Ok(SCOPES_DEFAULT.join(" "));
    };
    let scopes: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .collect();
    scopes
        .iter()
        .try_for_each(|scope| check_scope(scope).map_err(Failure::usage))?;
    if scopes.len() > KNOWN_SCOPES.len() {
        let known = KNOWN_SCOPES.join(", ");
        return Err(Failure::usage(words!(
            "--scope names more scopes than there are: {known}",
            "--scope 中的权限多于现有权限：{known}"
        )));
    }
    Ok(scopes.join(" "))
}

fn patience(text: Option<&str>) -> Result<Duration, Failure> {
    let wait_ms = match text {
        None => Some(WAIT_MS_DEFAULT),
        Some(text) => moments::parse_duration_ms(text),
    };
    wait_ms
        .filter(|wait_ms| (1..=WAIT_MS_MAX).contains(wait_ms))
        .and_then(|wait_ms| u64::try_from(wait_ms).ok())
        .map(Duration::from_millis)
        .ok_or_else(|| {
            let text = text.unwrap_or_default();
            Failure::usage(words!(
                "--wait must be a number and s, m or h, from 1s to 1h, not \"{text}\"",
                "--wait 应为数字加 s、m 或 h，从 1s 到 1h，而不是“{text}”"
            ))
        })
}

/// The file's path from anywhere, because it is kept.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    path.canonicalize().map_err(|error| {
        Failure::usage(words!(
            "cannot read {shown}: {error}",
            "无法读取 {shown}：{error}"
        ))
    })
}

/// Sends the person to the server and waits for what they bring back.
async fn ask(
    context: &Context<'_>,
    remote: &Remote,
    endpoints: &Endpoints,
    wish: &Wish,
) -> Result<TokenAnswer, Failure> {
    let loopback = Loopback::bind().await?;
    let redirect_uri = loopback.redirect_uri();
    let (state, verifier) = (
        make_secret(&draw(&SystemChance)),
        make_secret(&draw(&SystemChance)),
    );
    let challenge = s256_challenge(verifier.expose());
    let client_id = wish.client_id.as_str();
    let link = authorize_link(
        endpoints,
        client_id,
        &redirect_uri,
        &wish.scope,
        (&state, &challenge),
    );
    context.output.explain(
        &words!(
            "Sign in with your browser, on this machine:\n\n  {link}\n",
            "请在本机的浏览器中登录：\n\n  {link}\n"
        ),
        &json!({ "open": link }),
    );
    if wish.browser {
        open(&link);
    }
    match loopback.wait(state, wish.patience).await {
        Some(Arrival::Code(code)) => {
            redeem(remote, endpoints, (client_id, &redirect_uri), (&code, &verifier)).await
        }
        Some(Arrival::Denied) => Err(Failure::failed(words!(
            "it was not allowed in the browser; nothing has changed",
            "浏览器中未予授权；没有任何更改"
        ))
        .next(words!("usher login", "usher login"))),
        None => Err(too_late(wish)),
    }
}

fn too_late(wish: &Wish) -> Failure {
    let seconds = wish.patience.as_secs();
    let client_id = &wish.client_id;
    Failure::failed(words!(
        "nobody came back from the browser within {seconds} seconds; if its page said that {client_id} is not installed, your administrator has to do that first",
        "{seconds} 秒内没有从浏览器返回；若页面提示 {client_id} 未安装，需先由管理员安装"
    ))
    .next(words!("usher login", "usher login"))
}

/// Exchanges the code. Not tried twice: a code that comes twice ends everything that came from it.
async fn redeem(
    remote: &Remote,
    endpoints: &Endpoints,
    (client_id, redirect_uri): (&str, &str),
    (code, verifier): (&Secret, &Secret),
) -> Result<TokenAnswer, Failure> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code.expose()),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.expose()),
    ];
    remote
        .tokens(&endpoints.token, &fields, None)
        .await
        .map_err(|error| match error {
            TokenError::Refused(error) => refused(&error),
            TokenError::Away(failure) | TokenError::Failure(failure) => failure,
        })
}

fn signed_in(server: &WebOrigin, wish: Wish, answer: TokenAnswer) -> SignIn {
    let before = SignIn {
        server: server.to_string(),
        client_id: wish.client_id.to_string(),
        ca_file: wish.ca_file,
        access_token: String::new(),
        expires_at_ms: 0,
        refresh: None,
        renewal_key: None,
    };
    renewal::kept(answer, before, SystemClock.now_ms())
}

/// Gives the tokens back that nobody needs any more. When that fails they end by themselves.
async fn give_back(remote: &Remote, endpoints: &Endpoints, before: &SignIn) {
    if let Some(revoke) = &endpoints.revoke {
        for token in before.tokens() {
            let _ = remote.revoke(revoke, &before.client_id, token).await;
        }
    }
}

/// Opens the link in the person's browser, if there is one; the link is printed anyway. Without a screen nothing is
/// tried, because what opens links there would take the terminal.
fn open(link: &str) {
    let screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .into_iter()
        .any(|name| environment(name).is_some_and(|value| !value.is_empty()));
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if !screen && !cfg!(target_os = "macos") {
        return;
    }
    let opened = Command::new(program)
        .arg(link)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = opened {
        // Some browsers stay in the foreground as long as they run.
        std::thread::spawn(move || child.wait());
    }
}
