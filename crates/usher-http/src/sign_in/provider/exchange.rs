//! What is said to a provider and believed of it. Every check of a signature, an issuer, an audience and a nonce is the
//! library's (`openidconnect`); what is decided here is what it is told to insist on.

use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    DiscoveryError, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl,
    RequestTokenError, Scope, StandardErrorResponse, TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
        CoreClientAuthMethod, CoreErrorResponseType, CoreGrantType, CoreIdTokenClaims, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use usher_identity::Secret;
use usher_store::identity::IdentityProvider;

use super::{
    client::{AskError, ProviderClient, with_cause},
    errand::Errand,
    settings::{SUBJECT_BYTES_MAX, check_subject},
};

/// Signatures that are believed: those a provider makes with a key nobody else has. With the shared-secret ones whoever
/// learns our secret could say who anybody is.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// How far the issue time of an ID token may be from now, in milliseconds: it was made a moment ago, but clocks differ.
const ISSUED_WITHIN_MS: i64 = 10 * 60 * 1_000;
/// Longest error code of a provider that is logged, in bytes: twice the longest there is.
const ERROR_CODE_BYTES_MAX: usize = 48;
/// What is asked for besides the subject: names by which a person recognises the account they are about to link.
const SCOPES: [&str; 2] = ["profile", "email"];

/// Whether a provider names itself in its answers (RFC 9207).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct NamesItself {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for NamesItself {}

/// What a provider says of itself, with its keys.
pub(super) type Metadata = ProviderMetadata<
    NamesItself,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why a provider's answer is not believed; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    #[error("discovery: {0}")]
    Discovery(String),
    #[error("the provider did not name itself in its answer, which it promises to do")]
    IssuerMissing,
    #[error("the code was not redeemed: {0}")]
    Redeeming(String),
    #[error("the ID token is not believed: {0}")]
    IdToken(String),
}

/// An account at a provider.
pub(super) struct Account {
    /// The provider's name for it.
    pub(super) subject: String,
    /// What a person knows it by; from outside, and good for nothing but to be shown.
    pub(super) shown: String,
}

/// What comes back in the address.
pub(super) struct Answer<'a> {
    pub(super) code: &'a str,
    pub(super) issuer: Option<&'a str>,
}

/// Asks a provider about itself.
pub(super) async fn discover(client: &ProviderClient<'_>, issuer: &str) -> Result<Metadata, ExchangeError> {
    let issuer =
        IssuerUrl::new(issuer.to_owned()).map_err(|error| ExchangeError::Discovery(error.to_string()))?;
    let discovered = Metadata::discover_async(issuer, client).await;
    discovered.map_err(|error: DiscoveryError<AskError>| ExchangeError::Discovery(with_cause(&error)))
}

/// The address at the provider to which a browser is sent.
pub(super) fn authorization_address(
    metadata: Metadata,
    provider: &IdentityProvider,
    errand: &Errand,
) -> Result<String, ExchangeError> {
    let redirect_uri = redirect_url(errand)?;
    let client =
        CoreClient::from_provider_metadata(metadata, ClientId::new(provider.client_id.clone()), None)
            .set_redirect_uri(redirect_uri);
    let (state, nonce) = (errand.state.clone(), errand.nonce.clone());
    let verifier = PkceCodeVerifier::new(errand.verifier.clone());
    let (address, _, _) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .url();
    Ok(address.into())
}

fn redirect_url(errand: &Errand) -> Result<RedirectUrl, ExchangeError> {
    RedirectUrl::new(errand.redirect_uri.clone()).map_err(|error| ExchangeError::Redeeming(error.to_string()))
}

/// Redeems a code for an ID token and believes it, or says why not.
pub(super) async fn redeem(
    client: &ProviderClient<'_>,
    (provider, secret): (&IdentityProvider, &Secret),
    errand: &Errand,
    answer: &Answer<'_>,
    now_ms: i64,
) -> Result<Account, ExchangeError> {
    let metadata = discover(client, &provider.issuer).await?;
    let promises = metadata
        .additional_metadata()
        .authorization_response_iss_parameter_supported;
    if promises && answer.issuer.is_none() {
        return Err(ExchangeError::IssuerMissing);
    }
    let auth_type = auth_type(&metadata);
    let offered = metadata.id_token_signing_alg_values_supported().clone();
    let algorithms = ALGORITHMS
        .into_iter()
        .filter(|algorithm| offered.contains(algorithm));
    let core = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(provider.client_id.clone()),
        Some(ClientSecret::new(secret.expose().to_owned())),
    )
    .set_redirect_uri(redirect_url(errand)?)
    .set_auth_type(auth_type);
    let tokens = core
        .exchange_code(AuthorizationCode::new(answer.code.to_owned()))
        .map_err(|error| ExchangeError::Redeeming(error.to_string()))?
        .set_pkce_verifier(PkceCodeVerifier::new(errand.verifier.clone()))
        .request_async(client)
        .await
        .map_err(not_redeemed)?;
    let token = tokens
        .id_token()
        .ok_or_else(|| ExchangeError::IdToken("there is none".to_owned()))?;
    let now = moment(now_ms);
    let verifier = core
        .id_token_verifier()
        .set_allowed_algs(algorithms)
        .set_time_fn(move || now)
        .set_issue_time_verifier_fn(move |issued| {
            let apart_ms = now.timestamp_millis().abs_diff(issued.timestamp_millis());
            let close = apart_ms <= ISSUED_WITHIN_MS.unsigned_abs();
            close
                .then_some(())
                .ok_or_else(|| "the clocks are minutes apart".to_owned())
        });
    let claims = token
        .claims(&verifier, &Nonce::new(errand.nonce.clone()))
        .map_err(|error| ExchangeError::IdToken(with_cause(&error)))?;
    account(claims)
}

/// The provider's own error code, and nothing else of an answer that may hold tokens, or what we told it in confidence.
fn not_redeemed(
    error: RequestTokenError<AskError, StandardErrorResponse<CoreErrorResponseType>>,
) -> ExchangeError {
    ExchangeError::Redeeming(match error {
        RequestTokenError::ServerResponse(answered) => error_code(answered.error().as_ref()).to_owned(),
        RequestTokenError::Request(error) => error.to_string(),
        RequestTokenError::Parse(..) => "the answer cannot be read".to_owned(),
        RequestTokenError::Other(_) => "the answer is not one".to_owned(),
    })
}

/// An error code if it looks like one (RFC 6749, section 5.2, knows six, all of small letters and underscores).
fn error_code(said: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if said.len() <= ERROR_CODE_BYTES_MAX && said.bytes().all(plain) {
        said
    } else {
        "an error without a plain name"
    }
}

/// How the provider wants our secret: in a header, which is the default, unless it takes it in the body only.
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let only_body = methods.is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    if only_body {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

fn moment(now_ms: i64) -> chrono::DateTime<chrono::Utc> {
    // Out of range only for a clock that is off by a quarter of a million years; nothing is in time then.
    chrono::DateTime::from_timestamp_millis(now_ms).unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC)
}

fn account(claims: &CoreIdTokenClaims) -> Result<Account, ExchangeError> {
    let subject = claims.subject().as_str();
    if check_subject(subject).is_err() {
        return Err(ExchangeError::IdToken(
            "the subject is empty, too long or has control characters".to_owned(),
        ));
    }
    let name = claims.name().and_then(|names| names.get(None));
    let shown = claims
        .email()
        .map(|email| email.as_str())
        .or_else(|| claims.preferred_username().map(|name| name.as_str()))
        .or_else(|| name.map(|name| name.as_str()))
        .unwrap_or(subject);
    Ok(Account {
        subject: subject.to_owned(),
        shown: shown.chars().take(SUBJECT_BYTES_MAX).collect(),
    })
}
