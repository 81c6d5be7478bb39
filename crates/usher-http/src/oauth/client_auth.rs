//! Which client calls, and whether it is who it says.
//!
//! The secret comes in the body or by HTTP Basic, not both. RFC 6749 (section 2.3.1) wants id and secret of Basic
//! percent-encoded; half of the clients do that and half do not (client-behaviour.md, section 5). Neither an id nor a
//! secret of ours holds a `%`, so decoding either spelling gives the same.
//!
//! A client that was never given a secret is a *public* one, such as the command line: it proves itself by an S256
//! challenge alone, which the grant checks, and can do nothing without a person. One that has secrets stays
//! confidential for ever, even when all of them have ended.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use usher_identity::{Secret, kept_secret};
use usher_seats::{ClientId, Enablement, TenantId};
use usher_store::{
    RateKey,
    identity::{ClientSecret, ClientStanding},
};

use crate::{
    edge::Edge,
    oauth::{
        fields::Fields,
        refusal::{OauthCode, OauthRefusal},
    },
    rate_limit::LEVEL_4,
};

/// How a client proved itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// By a secret.
    Secret,
    /// Not at all yet: a public client.
    None,
}

/// A client that may act.
#[derive(Debug)]
pub(super) struct Caller {
    /// The client.
    pub(super) standing: ClientStanding,
    /// How it proved itself.
    pub(super) proof: Proof,
}

impl Caller {
    pub(super) fn client_id(&self) -> &ClientId {
        &self.standing.client.client_id
    }
}

/// What was shown, still to be believed.
struct Shown {
    client_id: String,
    secret: Option<Secret>,
}

/// Lets a client in to the call named `api`.
///
/// # Errors
/// 20070, 20063, 20001, 20048, 20002, 20069, and the gateway's 99991400.
pub(super) async fn authenticate(
    edge: &Edge,
    api: &'static str,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Caller, OauthRefusal> {
    let shown = shown(headers, fields)?;
    let client_id = shown.client_id.parse().map_err(|_| OauthCode::ClientUnknown)?;
    let standing = edge.store.client_standing(&client_id).await?;
    let standing = standing.ok_or(OauthCode::ClientUnknown)?;
    let proof = proof(&standing, shown.secret.as_ref(), edge.clock.now_ms())?;
    enabled(&standing)?;
    if proof == Proof::Secret {
        let client = &standing.client;
        counted(edge, api, (&client.client_id, client.tenant_id)).await?;
    }
    Ok(Caller { standing, proof })
}

/// Counts a call of a client that has proved itself. One without a secret is not counted: anybody could call in its
/// name and use its window up.
///
/// # Errors
/// The gateway's 99991400; as any call does that the store cannot serve.
pub(super) async fn counted(
    edge: &Edge,
    api: &'static str,
    (client_id, tenant_id): (&ClientId, TenantId),
) -> Result<(), OauthRefusal> {
    let key = RateKey {
        api,
        client_id: client_id.clone(),
        tenant_id,
    };
    let passed = edge.store.count_call(key, LEVEL_4, edge.clock.now_ms()).await?;
    passed.map_err(|exceeded| {
        edge.telemetry.rate_refused(api);
        exceeded.into()
    })
}

/// The client and the tenant that owns it are switched on.
///
/// # Errors
/// 20069.
pub(super) fn enabled(standing: &ClientStanding) -> Result<(), OauthRefusal> {
    if standing.client.enabled && standing.tenant == Enablement::Enabled {
        Ok(())
    } else {
        Err(OauthCode::ClientDisabled.into())
    }
}

/// True when `offered` is one of the client's secrets that are good now.
pub(super) fn secret_matches(standing: &ClientStanding, offered: &str, now_ms: i64) -> bool {
    let kept = |secret: &ClientSecret| kept_secret::KeptSecret {
        hash: secret.secret_hash.0,
        expires_at_ms: secret.expires_at_ms,
    };
    kept_secret::is_one_of(offered, standing.secrets.iter().map(kept), now_ms)
}

fn proof(standing: &ClientStanding, secret: Option<&Secret>, now_ms: i64) -> Result<Proof, OauthRefusal> {
    match secret {
        Some(secret) if secret_matches(standing, secret.expose(), now_ms) => Ok(Proof::Secret),
        Some(_) => Err(OauthCode::SecretInvalid.into()),
        None if standing.secrets.is_empty() => Ok(Proof::None),
        None => Err(OauthCode::ParameterMissing.into()),
    }
}

fn shown(headers: &HeaderMap, fields: &Fields) -> Result<Shown, OauthRefusal> {
    let client_id = fields.optional("client_id")?;
    let secret = fields.optional("client_secret")?;
    let Some(basic) = basic(headers)? else {
        let client_id = client_id.ok_or(OauthCode::ParameterMissing)?.to_owned();
        let secret = secret.map(Secret::new);
        return Ok(Shown { client_id, secret });
    };
    if secret.is_some() {
        return Err(OauthCode::TwoSecrets.into());
    }
    if client_id.is_some_and(|client_id| client_id != basic.client_id) {
        return Err(OauthCode::Malformed.into());
    }
    Ok(basic)
}

/// What Basic shows. Another scheme is none: one client sends the token it has along with everything.
fn basic(headers: &HeaderMap) -> Result<Option<Shown>, OauthRefusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().map_err(|_| OauthCode::Malformed)?,
        // Nobody can say which one a proxy in between would have believed.
        (Some(_), Some(_)) => return Err(OauthCode::Malformed.into()),
    };
    let Some((scheme, encoded)) = value.split_once(' ') else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    decode(encoded.trim())
        .map(Some)
        .ok_or_else(|| OauthCode::Malformed.into())
}

fn decode(encoded: &str) -> Option<Shown> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    let decoded = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    let secret = decoded(secret)?;
    Some(Shown {
        client_id: decoded(client_id)?,
        secret: (!secret.is_empty()).then(|| Secret::new(secret)),
    })
}
