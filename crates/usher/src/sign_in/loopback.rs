//! The port of this machine to which the browser comes back.
//!
//! - `GET /callback?code=...&state=...` or `?error=access_denied&state=...`: the end of signing in
//!
//! Anybody on this machine may knock here while somebody signs in, and pages of the web can make a browser do so. Only a
//! call with our `state` counts, under our own name (a page whose host name points here has another); everything else is
//! answered politely and the waiting goes on. The page loads nothing, and tells nobody its address.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};
use usher_http::{serve_at_most, sign_in::standalone::standalone_page};
use usher_identity::Secret;

use crate::{failure::Failure, words};

/// Most connections at once: a browser opens a handful, and what scans the port may hold many for a while.
const CONNECTIONS_MAX: usize = 128;
/// How long the browser may take to read its page once the work is done; the answer itself is one small packet.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest code or error that is taken, in bytes: twenty times ours.
const VALUE_BYTES_MAX: usize = 1_024;

const DONE: (&str, &str) = (
    "You can close this window. The rest happens in the terminal.",
    "您可以关闭此窗口，其余步骤在终端中完成。",
);
const DENIED: (&str, &str) = (
    "Nothing was allowed. You can close this window.",
    "未授予任何权限。您可以关闭此窗口。",
);
const UNKNOWN: (&str, &str) = (
    "This does not belong to the sign-in that the terminal waits for. Open the link from the terminal again.",
    "这不属于终端正在等待的登录。请重新打开终端中的链接。",
);

/// How signing in ended in the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// With a code.
    Code(Secret),
    /// The person said no.
    Denied,
}

/// A port that waits.
pub(crate) struct Loopback {
    listener: TcpListener,
    authority: String,
}

struct Door {
    authority: String,
    state: Secret,
    arrivals: mpsc::Sender<Arrival>,
}

impl Loopback {
    /// Takes a free port of this machine.
    ///
    /// # Errors
    /// A failure with the system's reason.
    pub(crate) async fn bind() -> Result<Self, Failure> {
        let bound = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let authority = listener.local_addr()?.to_string();
            Ok(Self { listener, authority })
        };
        bound.await.map_err(|error: std::io::Error| {
            Failure::failed(words!(
                "cannot listen on this machine: {error}",
                "无法在本机监听：{error}"
            ))
        })
    }

    /// Where the browser is to be sent.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://{}/callback", self.authority)
    }

    /// Waits for the browser that brings `state`; none when it does not come in time.
    pub(crate) async fn wait(self, state: Secret, patience: Duration) -> Option<Arrival> {
        let (arrivals, mut arrived) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let door = Arc::new(Door {
            authority: self.authority,
            state,
            arrivals,
        });
        let router = Router::new()
            .route("/callback", get(answer))
            .fallback(async || page(StatusCode::NOT_FOUND, UNKNOWN))
            .with_state(door);
        let serving = tokio::spawn(serve_at_most(CONNECTIONS_MAX, self.listener, router, async {
            // The sender going away means the same as its word.
            let _ = stopped.await;
        }));
        let arrival = tokio::time::timeout(patience, arrived.recv()).await;
        drop(stop);
        // A browser that does not take its page has nothing to do with who signed in.
        let _ = tokio::time::timeout(FAREWELL_TIMEOUT, serving).await;
        arrival.ok().flatten()
    }
}

async fn answer(State(door): State<Arc<Door>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let named = headers
        .get(header::HOST)
        .is_some_and(|host| host.as_bytes() == door.authority.as_bytes());
    let arrival = read(query.as_deref().unwrap_or_default(), &door.state).filter(|_| named);
    match arrival {
        None => page(StatusCode::BAD_REQUEST, UNKNOWN),
        Some(arrival) => {
            let text = match &arrival {
                Arrival::Code(_) => DONE,
                Arrival::Denied => DENIED,
            };
            // The first one counts. Another is the same browser, which loads its page anew.
            let _ = door.arrivals.try_send(arrival);
            page(StatusCode::OK, text)
        }
    }
}

/// What a browser brings; none when it is not for us.
fn read(query: &str, state: &Secret) -> Option<Arrival> {
    let value = |name: &str| {
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) if value.len() <= VALUE_BYTES_MAX => Some(value.into_owned()),
            _ => None,
        }
    };
    if !value("state").is_some_and(|offered| state.matches(offered.as_bytes())) {
        return None;
    }
    match (value("code"), value("error")) {
        (Some(code), None) if !code.is_empty() => Some(Arrival::Code(Secret::new(code))),
        (None, Some(_)) => Some(Arrival::Denied),
        _ => None,
    }
}

fn page(status: StatusCode, (english, chinese): (&'static str, &'static str)) -> Response {
    standalone_page(status, english, chinese)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_code_or_one_refusal_with_our_state_counts() {
        let state = Secret::new("the-state");
        let code = || Some(Arrival::Code(Secret::new("a code")));
        for (query, expected) in [
            ("code=a+code&state=the-state", code()),
            ("state=the-state&code=a%20code&more=1", code()),
            ("error=access_denied&state=the-state", Some(Arrival::Denied)),
            ("code=a+code&state=another", None),
            ("code=a+code&state=", None),
            ("code=a+code", None),
            ("code=a+code&state=the-state&state=the-state", None),
            ("code=a&code=b&state=the-state", None),
            ("code=&state=the-state", None),
            ("code=a&error=access_denied&state=the-state", None),
            ("state=the-state", None),
            ("error=access_denied", None),
            ("", None),
            ("%", None),
        ] {
            assert_eq!(read(query, &state), expected, "{query}");
        }
    }
}
