//! `/usher/v1/service-tokens`: tokens of back ends that report accesses.

use std::{fmt::Write as _, str::FromStr};

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_identity::{TokenForm, make_token, token::hash_token};
use usher_seats::{IdentifierError, TenantId};
use usher_store::{Change, Effect, Token, TokenHash, TokenKind, directory::TOKEN_ID_BYTES};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    lists::{Listed, Place},
    once::{Creation, Once},
    schemas::{KeyHeader, Moment, PageQuery, Refusals, TenantQuery, TokenIdText, TokenPath},
    users::Nothing,
};
use crate::{
    edge::draw,
    wire::{FieldViolation, WireCode, WireError, envelope::SuccessBody, success},
};

/// How long a token is good unless somebody says otherwise, in seconds: a quarter of a year.
const LIFE_SECONDS_DEFAULT: u32 = 90 * 24 * 60 * 60;
/// How long a token may be good, in seconds: a year and time to notice, so that none lasts for ever.
const LIFE_SECONDS_MAX: u32 = 400 * 24 * 60 * 60;
const TOKEN_ID_ALLOWED: &str = "16 hexadecimal digits (0-9, a-f)";

/// The name of a token in lists ([`TokenHash::token_id`]).
#[must_use]
pub fn token_id(token_hash: &TokenHash) -> String {
    token_hash.token_id()
}

fn hexadecimal<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let mut digits = String::new();
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Reads exactly so many bytes written as lower-case hexadecimal digits.
fn read_hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect();
    bytes.filter(|_| rest.is_empty())?.try_into().ok()
}

/// The name of a token as a path has it.
struct TokenName([u8; TOKEN_ID_BYTES]);

impl FromStr for TokenName {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        read_hexadecimal(text).map(Self).ok_or(IdentifierError {
            field: "token_id",
            allowed: TOKEN_ID_ALLOWED,
        })
    }
}

/// The hash of a token as a page token has it.
struct WholeHash(TokenHash);

impl FromStr for WholeHash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        read_hexadecimal(text).map(|hash| Self(TokenHash(hash))).ok_or(())
    }
}

/// What is known of a service token.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceTokenData {
    #[schema(value_type = TokenIdText)]
    token_id: String,
    #[schema(value_type = Moment)]
    issued_at_ms: i64,
    #[schema(value_type = Moment)]
    expires_at_ms: i64,
}

impl From<&Token> for ServiceTokenData {
    fn from(token: &Token) -> Self {
        Self {
            token_id: token_id(&token.token_hash),
            issued_at_ms: token.issued_at_ms,
            expires_at_ms: token.expires_at_ms,
        }
    }
}

/// A new service token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewServiceToken {
    /// How long it is good, in seconds; 90 days where it is missing.
    #[schema(minimum = 1, maximum = 34_560_000)]
    expires_in_seconds: Option<u32>,
}

/// A service token that was issued, this once.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceTokenCreated {
    #[serde(flatten)]
    about: ServiceTokenData,
    /// Absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    service_token: Option<String>,
    /// True when this answer was given before.
    replayed: bool,
}

/// List a tenant's service tokens that are good now, without themselves.
#[utoipa::path(get, path = "/usher/v1/service-tokens", tag = "service tokens", operation_id = "list_service_tokens",
    params(TenantQuery, PageQuery),
    responses((status = 200, description = "A page of service tokens.", body = SuccessBody<Listed<ServiceTokenData>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let place = Place::<WholeHash>::read(&asked, "service-tokens", tenant.tenant_key.as_str())?;
    let after = place.after.as_ref().map(|WholeHash(hash)| *hash);
    let tokens = asked
        .edge
        .store
        .service_tokens(tenant.tenant_id, after, asked.now_ms, place.rows_asked())
        .await?;
    let page = place.page(tokens);
    let key = |token: &Token| hexadecimal(token.token_hash.0.iter());
    place.answer(&asked, page, key, |token| ServiceTokenData::from(&token))
}

/// Issue a service token for a tenant. The answer has it, this once.
#[utoipa::path(post, path = "/usher/v1/service-tokens", tag = "service tokens", operation_id = "create_service_token",
    params(TenantQuery, KeyHeader), request_body = NewServiceToken,
    responses((status = 200, description = "The token.", body = SuccessBody<ServiceTokenCreated>), Refusals))]
pub(super) async fn create(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let new: NewServiceToken = asked.body()?;
    let life_seconds = new.expires_in_seconds.unwrap_or(LIFE_SECONDS_DEFAULT);
    if !(1..=LIFE_SECONDS_MAX).contains(&life_seconds) {
        let allowed = format!("expires_in_seconds must be 1 to {LIFE_SECONDS_MAX}");
        return Err(WireError::bad_request(vec![FieldViolation::new(
            "expires_in_seconds",
            allowed,
        )]));
    }
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let secret = make_token(TokenForm::Service, &draw(asked.edge.chance.as_ref()));
    let token = Token {
        token_hash: TokenHash(hash_token(&secret)),
        kind: TokenKind::Service,
        tenant_id: Some(tenant.tenant_id),
        client_id: None,
        user_id: None,
        scopes: Vec::new(),
        issued_at_ms: asked.now_ms,
        expires_at_ms: asked.now_ms.saturating_add(i64::from(life_seconds) * 1_000),
        revoked: false,
    };
    let creation = Creation {
        data: ServiceTokenData::from(&token),
        changes: vec![Change::IssueToken(token)],
        secrets: vec![("service_token", secret)],
    };
    once.commit(&asked, creation).await
}

/// Revoke a service token; it ends at once.
#[utoipa::path(delete, path = "/usher/v1/service-tokens/{token_id}", tag = "service tokens",
    operation_id = "delete_service_token", params(TokenPath, TenantQuery),
    responses((status = 200, description = "It is over.", body = SuccessBody<Nothing>), Refusals))]
pub(super) async fn revoke(asked: Asked) -> Result<Response, WireError> {
    let tenant_id = asked.tenant().await?.tenant_id;
    let name: TokenName = asked.path("token_id")?;
    let token_hash = find(&asked, tenant_id, &name).await?;
    let change = Change::RevokeToken {
        tenant_id: Some(tenant_id),
        token_hash,
    };
    if asked.change(vec![change]).await?.contains(&Effect::Unchanged) {
        return Err(WireCode::ServiceTokenUnknown.into());
    }
    success(Nothing {})
}

/// The first token whose hash follows the name filled up with zeroes either has this name or nobody has.
async fn find(asked: &Asked, tenant_id: TenantId, name: &TokenName) -> Result<TokenHash, WireError> {
    let mut start = [0; 32];
    for (place, byte) in start.iter_mut().zip(name.0) {
        *place = byte;
    }
    let store = &asked.edge.store;
    let found = store
        .service_tokens(tenant_id, Some(TokenHash(start)), asked.now_ms, 1)
        .await?;
    found
        .first()
        .map(|token| token.token_hash)
        .filter(|hash| hash.0.starts_with(&name.0))
        .ok_or(WireCode::ServiceTokenUnknown.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sixteen_lower_case_digits() {
        let hash = TokenHash([0xa7; 32]);
        assert_eq!(token_id(&hash), "a7a7a7a7a7a7a7a7");
        assert_eq!("a7a7a7a7a7a7a7a7".parse::<TokenName>().unwrap().0, [0xa7; 8]);
        for wrong in [
            "",
            "a7",
            "A7A7A7A7A7A7A7A7",
            "a7a7a7a7a7a7a7a",
            "a7a7a7a7a7a7a7a7a7",
            "席位席位席a",
        ] {
            assert!(wrong.parse::<TokenName>().is_err(), "{wrong:?}");
        }
    }
}
