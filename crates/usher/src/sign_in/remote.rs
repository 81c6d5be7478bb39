//! A server, as far as being signed in needs it.
//!
//! Everything it answers is from outside: it is read into types, and only addresses of the origin that was asked are
//! followed. Nothing it says is printed unless it is known to be harmless, because a terminal obeys what it is shown.

use std::path::Path;

use axum::{
    body::{Body, Bytes},
    http::{Request, Response, StatusCode, header},
};
use serde::{Deserialize, de::DeserializeOwned};
use usher_http::{
    WebOrigin,
    outbound::{Address, Dialer, OutboundError},
};
use usher_identity::Secret;

use crate::{failure::Failure, language::Words, output::Exit, words};

/// Longest answer in bytes: a hundred times the longest of ours.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest text of a server that is shown.
const SHOWN_CHARACTERS_MAX: usize = 256;
/// Where a server describes itself (RFC 8414).
const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";
/// Who a token is.
const ME_PATH: &str = "/usher/v1/me";

/// A server.
pub(crate) struct Remote {
    origin: WebOrigin,
    dialer: Dialer,
}

/// Its endpoints.
pub(crate) struct Endpoints {
    /// Where people are sent.
    pub(crate) authorize: String,
    /// Where codes and refresh tokens become tokens.
    pub(crate) token: Address,
    /// Where tokens are taken back, if they can be.
    pub(crate) revoke: Option<Address>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

/// Tokens, as a server hands them out.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    /// The access token.
    pub(crate) access_token: String,
    /// For how many seconds it is good.
    pub(crate) expires_in: i64,
    /// The refresh token, where there is one.
    pub(crate) refresh_token: Option<String>,
    /// For how many seconds that is good.
    pub(crate) refresh_token_expires_in: Option<i64>,
}

/// Why a token endpoint gave no tokens.
pub(crate) enum TokenError {
    /// It refused, with this word of RFC 6749.
    Refused(String),
    /// It cannot serve just now, or there was no answer; the same call may succeed later.
    Away(Failure),
    /// Anything else.
    Failure(Failure),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Who a token is.
#[derive(Deserialize)]
pub(crate) struct Me {
    /// The person.
    pub(crate) user_id: Option<i64>,
    /// Their name.
    pub(crate) name: Option<String>,
    /// Their organisation.
    pub(crate) tenant_key: Option<String>,
    /// Whether they are a system administrator.
    pub(crate) system_administrator: bool,
    /// What they granted.
    pub(crate) scopes: Vec<String>,
    /// When the token ends, in milliseconds.
    pub(crate) expires_at_ms: Option<i64>,
}

/// What the server makes of a token.
pub(crate) enum Standing {
    /// It is good.
    Good(Me),
    /// It is not, or no longer.
    Spent,
}

#[derive(Deserialize)]
struct Envelope {
    code: u32,
    data: Option<Me>,
}

impl Remote {
    /// The server at an origin, trusting the authorities of the system and those of a file.
    ///
    /// # Errors
    /// A usage failure for plain `http` to another machine, or a file without certificates.
    pub(crate) fn new(origin: WebOrigin, ca_file: Option<&Path>) -> Result<Self, Failure> {
        let safe = Address::parse(origin.as_str())
            .is_some_and(|address| address.is_secure() || address.is_loopback());
        if !safe {
            return Err(Failure::usage(words!(
                "{origin} is another machine and not https; tokens are not sent there in the clear",
                "{origin} 是另一台机器且不是 https；令牌不会以明文发送"
            )));
        }
        let dialer = ca_file.map_or_else(|| Ok(Dialer::default()), trusting)?;
        Ok(Self { origin, dialer })
    }

    /// Its origin.
    pub(crate) fn origin(&self) -> &WebOrigin {
        &self.origin
    }

    /// Asks where its endpoints are.
    ///
    /// # Errors
    /// A failure when it does not answer, calls itself by another name, or cannot do what is needed.
    pub(crate) async fn endpoints(&self) -> Result<Endpoints, Failure> {
        let request = Request::get("/").body(Body::empty());
        let answer = self.exchange(&self.address(METADATA_PATH)?, request).await?;
        let metadata: Metadata = self.read(&answer)?;
        let origin = &self.origin;
        if metadata.issuer != origin.as_str() {
            let named = shown(&metadata.issuer);
            return Err(Failure::failed(words!(
                "the server at {origin} says that it is {named}",
                "位于 {origin} 的服务器自称 {named}"
            ))
            .next(words!(
                "usher login --server {named}",
                "usher login --server {named}"
            )));
        }
        let proves = |method: &String| method == "S256";
        if !metadata.code_challenge_methods_supported.iter().any(proves) {
            return Err(self.strange());
        }
        let own = |text: &str| self.own(text);
        Ok(Endpoints {
            token: own(&metadata.token_endpoint)?,
            revoke: metadata.revocation_endpoint.as_deref().map(own).transpose()?,
            authorize: own(&metadata.authorization_endpoint).map(|_| metadata.authorization_endpoint)?,
        })
    }

    /// Asks a token endpoint. `key` names the call, so that it may be repeated.
    ///
    /// # Errors
    /// [`TokenError`].
    pub(crate) async fn tokens(
        &self,
        endpoint: &Address,
        fields: &[(&str, &str)],
        key: Option<&str>,
    ) -> Result<TokenAnswer, TokenError> {
        let mut request = form();
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = self.exchange(endpoint, request.body(encoded(fields))).await;
        let answer = answer.map_err(TokenError::Away)?;
        if answer.status() == StatusCode::OK {
            return self.read(&answer).map_err(TokenError::Failure);
        }
        if answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return Err(TokenError::Away(self.busy()));
        }
        let refusal: Refusal = self.read(&answer).map_err(TokenError::Failure)?;
        Err(TokenError::Refused(shown(&refusal.error)))
    }

    /// Takes a token back, and everything of its authorization.
    ///
    /// # Errors
    /// A failure when the server does not say that it did.
    pub(crate) async fn revoke(
        &self,
        endpoint: &Address,
        client_id: &str,
        token: &str,
    ) -> Result<(), Failure> {
        let fields = [("client_id", client_id), ("token", token)];
        let answer = self.exchange(endpoint, form().body(encoded(&fields))).await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(self.strange())
        }
    }

    /// Asks who a token is.
    ///
    /// # Errors
    /// A failure when it does not answer.
    pub(crate) async fn me(&self, access_token: &str) -> Result<Standing, Failure> {
        let bearer = format!("Bearer {access_token}");
        let request = Request::get("/").header(header::AUTHORIZATION, bearer);
        let answer = self
            .exchange(&self.address(ME_PATH)?, request.body(Body::empty()))
            .await?;
        if answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.busy());
        }
        let envelope: Envelope = self.read(&answer)?;
        match (envelope.code, envelope.data) {
            (0, Some(me)) => Ok(Standing::Good(me)),
            (0, None) => Err(self.strange()),
            _ => Ok(Standing::Spent),
        }
    }

    fn address(&self, path: &str) -> Result<Address, Failure> {
        self.own(&format!("{}{path}", self.origin))
    }

    /// An address of this very origin.
    fn own(&self, text: &str) -> Result<Address, Failure> {
        text.strip_prefix(self.origin.as_str())
            .filter(|path| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()))
            .and_then(|_| Address::parse(text))
            .ok_or_else(|| self.strange())
    }

    async fn exchange(
        &self,
        address: &Address,
        request: Result<Request<Body>, axum::http::Error>,
    ) -> Result<Response<Bytes>, Failure> {
        let request = request.map_err(|_| self.strange())?;
        let exchanged = self.dialer.exchange(address, request, Some(ANSWER_BYTES_MAX));
        exchanged.await.map_err(|error| self.unreachable(&error))
    }

    fn read<Answer: DeserializeOwned>(&self, answer: &Response<Bytes>) -> Result<Answer, Failure> {
        serde_json::from_slice(answer.body()).map_err(|_| self.strange())
    }

    fn unreachable(&self, error: &OutboundError) -> Failure {
        let origin = &self.origin;
        match error {
            OutboundError::Certificate(_) => Failure::failed(words!(
                "{origin} is not proved to be who it says: {error}",
                "无法证实 {origin} 的身份：{error}"
            ))
            .next(words!(
                "if its authority is your own: usher login --server {origin} --ca-file FILE.pem",
                "若由您自己的机构签发：usher login --server {origin} --ca-file FILE.pem"
            )),
            _ => Failure::new(
                Exit::Unavailable,
                words!("{origin} does not answer: {error}", "{origin} 没有应答：{error}"),
            ),
        }
    }

    fn busy(&self) -> Failure {
        let origin = &self.origin;
        Failure::new(
            Exit::Unavailable,
            words!("{origin} cannot serve just now", "{origin} 暂时无法提供服务"),
        )
    }

    /// What answers is no Usher, or one of another kind.
    fn strange(&self) -> Failure {
        let origin = &self.origin;
        Failure::failed(words!(
            "what answers at {origin} is not an Usher that this command understands",
            "{origin} 的应答不是本命令所能理解的 Usher"
        ))
    }
}

fn trusting(ca_file: &Path) -> Result<Dialer, Failure> {
    let shown = ca_file.display();
    let pem = std::fs::read(ca_file).map_err(|error| {
        Failure::usage(words!(
            "cannot read {shown}: {error}",
            "无法读取 {shown}：{error}"
        ))
    })?;
    Dialer::also_trusting(&pem).map_err(|_| {
        Failure::usage(words!(
            "{shown} holds no certificate in PEM form",
            "{shown} 中没有 PEM 格式的证书"
        ))
    })
}

fn form() -> axum::http::request::Builder {
    Request::post("/").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn encoded(fields: &[(&str, &str)]) -> Body {
    let mut form = form_urlencoded::Serializer::new(String::new());
    Body::from(form.extend_pairs(fields).finish())
}

/// A server's text without what a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let visible = text.chars().filter(|character| !character.is_control());
    visible.take(SHOWN_CHARACTERS_MAX).collect()
}

/// The link that opens the authorize page.
pub(crate) fn authorize_link(
    endpoints: &Endpoints,
    client_id: &str,
    redirect_uri: &str,
    scope: &str,
    (state, challenge): (&Secret, &str),
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("client_id", client_id),
        ("response_type", "code"),
        ("redirect_uri", redirect_uri),
        ("scope", scope),
        ("state", state.expose()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]);
    let joint = if endpoints.authorize.contains('?') {
        '&'
    } else {
        '?'
    };
    // A space is %20 everywhere and a plus only in forms.
    let query = query.finish().replace('+', "%20");
    format!("{}{joint}{query}", endpoints.authorize)
}

/// What to do about a token that is over.
pub(crate) fn sign_in_again(origin: &WebOrigin, words: Words) -> Failure {
    Failure::failed(words).next(words!(
        "usher login --server {origin}",
        "usher login --server {origin}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(origin: &str) -> Result<Remote, Failure> {
        Remote::new(WebOrigin::parse(origin).unwrap(), None)
    }

    #[test]
    fn tokens_go_in_the_clear_to_this_machine_only() {
        for (origin, expected) in [
            ("http://127.0.0.1:8787", true),
            ("http://localhost:8787", true),
            ("http://[::1]:8787", true),
            ("https://usher.example.com", true),
            ("http://usher.example.com", false),
            ("http://10.0.0.1:8787", false),
        ] {
            assert_eq!(remote(origin).is_ok(), expected, "{origin}");
        }
    }

    #[test]
    fn only_endpoints_of_the_origin_that_was_asked_are_used() {
        let remote = remote("https://usher.example.com").unwrap();
        for (endpoint, expected) in [
            ("https://usher.example.com/oauth/v3/token", true),
            ("https://usher.example.com.evil.example/token", false),
            ("https://usher.example.com@evil.example/token", false),
            ("https://usher.example.com:8443/token", false),
            ("https://evil.example/token", false),
            ("http://usher.example.com/token", false),
            ("https://usher.example.com", false),
            ("/oauth/v3/token", false),
        ] {
            assert_eq!(remote.own(endpoint).is_ok(), expected, "{endpoint}");
        }
    }

    #[test]
    fn a_servers_text_cannot_drive_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\r\nc"), "a[2Jbc");
        assert_eq!(shown(&"x".repeat(1_000)).len(), SHOWN_CHARACTERS_MAX);
    }
}
