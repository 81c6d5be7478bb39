//! The world outside, in one listener: an identity provider whose every word is a canary, and a store client's address
//! for tickets. A provider that can be installed is what `tests/identity_provider` asks; this one can be told to answer
//! badly, and to shout back whatever it was told in confidence.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::DateTime;
use openidconnect::{
    Audience, EmptyAdditionalClaims, IssuerUrl, JsonWebKeyId, Nonce, PrivateSigningKey as _, StandardClaims,
    SubjectIdentifier,
    core::{
        CoreEdDsaPrivateSigningKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet,
        CoreJwsSigningAlgorithm,
    },
};
use serde_json::{Value, json};

/// Under which name the provider knows Usher.
pub(crate) const CLIENT_ID: &str = "usher-at-provider";
pub(crate) const ACCESS_TOKEN: &str = "canary-provider-access-token-6b1f";
pub(crate) const REFRESH_TOKEN: &str = "canary-provider-refresh-token-90cd";
/// The beginning of an Ed25519 key in PKCS #8; 32 bytes follow.
const KEY_HEAD: [u8; 16] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
];

/// The listener.
pub(crate) struct Outside {
    pub(crate) base: String,
    /// Bodies and headers of tickets, as they came.
    pub(crate) letters: mpsc::Receiver<String>,
    /// What was said to the provider in confidence, and what it gave.
    pub(crate) confided: Arc<Mutex<Vec<(&'static str, String)>>>,
}

struct Request {
    target: String,
    head: String,
    body: String,
}

impl Outside {
    /// Listens until the process ends.
    pub(crate) fn open(now_seconds: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (sender, letters) = mpsc::channel();
        let confided = Arc::default();
        let provider = Provider {
            issuer: base.clone(),
            now_seconds,
            confided: Arc::clone(&confided),
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                let (status, body) = if request.target == "/tickets" {
                    let _ = sender.send(format!("{}\n{}", request.head, request.body));
                    (200, "{}".to_owned())
                } else {
                    provider.answer(&request)
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {length}"
                );
                // Whoever asked may have gone away; that is theirs to notice.
                let _ = stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n{body}").as_bytes());
            }
        });
        Self {
            base,
            letters,
            confided,
        }
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Request {
        target: head.split(' ').nth(1).unwrap().to_owned(),
        head,
        body: String::from_utf8(body).unwrap(),
    }
}

struct Provider {
    issuer: String,
    now_seconds: i64,
    confided: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Provider {
    fn answer(&self, request: &Request) -> (u16, String) {
        let issuer = &self.issuer;
        match request.target.as_str() {
            "/.well-known/openid-configuration" => (
                200,
                json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/keys"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["EdDSA"],
                })
                .to_string(),
            ),
            "/keys" => {
                let keys = CoreJsonWebKeySet::new(vec![key(1).as_verification_key()]);
                (200, serde_json::to_string(&keys).unwrap())
            }
            "/token" => self.redeem(request),
            _ => (404, "{}".to_owned()),
        }
    }

    /// A code says how it is to be answered, and for which nonce: `...-KIND~NONCE`.
    fn redeem(&self, request: &Request) -> (u16, String) {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(request.body.as_bytes())
            .into_owned()
            .collect();
        let field = |name: &str| pairs.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let (code, verifier) = (field("code"), field("code_verifier"));
        self.confided
            .lock()
            .unwrap()
            .push(("PKCE verifier at the provider", verifier));
        let (said, nonce) = code.split_once('~').unwrap();
        match said.rsplit('-').next().unwrap() {
            "good" => (200, self.tokens(&key(1), nonce).to_string()),
            "forged" => (200, self.tokens(&key(2), nonce).to_string()),
            "othernonce" => (200, self.tokens(&key(1), "some-other-nonce").to_string()),
            "garbled" => (
                200,
                format!(
                    "{{\"access_token\": {ACCESS_TOKEN}, {}{}",
                    request.head, request.body
                ),
            ),
            // An error that shouts back all it was told.
            _ => {
                let all = format!(
                    "{} {} {ACCESS_TOKEN}",
                    request.head.replace("\r\n", " "),
                    request.body
                );
                let error = json!({"error": "invalid_grant", "error_description": all, "error_uri": all});
                (400, error.to_string())
            }
        }
    }

    fn tokens(&self, key: &CoreEdDsaPrivateSigningKey, nonce: &str) -> Value {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let claims = CoreIdTokenClaims::new(
            IssuerUrl::new(self.issuer.clone()).unwrap(),
            vec![Audience::new(CLIENT_ID.to_owned())],
            at(self.now_seconds + 600),
            at(self.now_seconds),
            StandardClaims::new(SubjectIdentifier::new("ann".to_owned())),
            EmptyAdditionalClaims {},
        )
        .set_nonce(Some(Nonce::new(nonce.to_owned())));
        let token = CoreIdToken::new(claims, key, CoreJwsSigningAlgorithm::EdDsa, None, None).unwrap();
        self.confided
            .lock()
            .unwrap()
            .push(("ID token", token.to_string()));
        json!({
            "access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN, "token_type": "Bearer", "expires_in": 600,
            "id_token": token.to_string(),
        })
    }
}

/// A signing key; the first is the provider's own.
fn key(seed: u8) -> CoreEdDsaPrivateSigningKey {
    let bytes = [&KEY_HEAD[..], &[seed; 32]].concat();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(bytes)
    );
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new("key".to_owned()))).unwrap()
}
