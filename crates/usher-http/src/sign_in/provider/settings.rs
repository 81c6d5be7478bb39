//! What may be set about a provider, and how its secret is kept.

use usher_identity::{KeyRing, Purpose, SealError, Secret, page_token::NONCE_BYTES, sealed};
use usher_seats::TenantId;
use usher_store::identity::IdentityProvider;

use crate::outbound::Address;

/// Longest issuer in bytes: OpenID Connect knows no limit, providers use some forty, and it travels in a cookie.
pub const ISSUER_BYTES_MAX: usize = 255;
/// Longest client id in bytes, as [`ISSUER_BYTES_MAX`].
pub const CLIENT_ID_BYTES_MAX: usize = 255;
/// Longest client secret in bytes: providers use some forty; keys and certificates are no secrets of this kind.
pub const CLIENT_SECRET_BYTES_MAX: usize = 1_024;

/// Longest subject in bytes (OpenID Connect Core, section 2).
pub const SUBJECT_BYTES_MAX: usize = 255;

/// What is wrong with a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The issuer.
    #[error(
        "issuer must be an https address without a query, a fragment or a name in it, at most 255 bytes long; http only for this machine (localhost, 127.0.0.1, [::1])"
    )]
    Issuer,
    /// The client id.
    #[error("client_id must be 1 to 255 visible ASCII characters")]
    ClientId,
    /// The client secret.
    #[error("the client secret must be one line of 1 to 1,024 visible ASCII characters")]
    ClientSecret,
    /// The name of an account.
    #[error("subject must be 1 to 255 bytes without control characters")]
    Subject,
}

/// Checks the address of a provider. What is said to it and what it says must not be read or changed on the way; on
/// this machine there is no way.
///
/// # Errors
/// [`SettingError::Issuer`].
pub fn check_issuer(issuer: &str) -> Result<(), SettingError> {
    let address = Address::parse(issuer).filter(may_be_asked);
    let plain = issuer.len() <= ISSUER_BYTES_MAX
        && issuer.bytes().all(|byte| byte.is_ascii_graphic())
        && !issuer.contains(['?', '#']);
    address.filter(|_| plain).map(|_| ()).ok_or(SettingError::Issuer)
}

/// True when a provider may be spoken to at this address.
pub(super) fn may_be_asked(address: &Address) -> bool {
    address.is_secure() || address.is_loopback()
}

/// Checks the name under which a provider knows us.
///
/// # Errors
/// [`SettingError::ClientId`].
pub fn check_client_id(client_id: &str) -> Result<(), SettingError> {
    visible(client_id, CLIENT_ID_BYTES_MAX)
        .then_some(())
        .ok_or(SettingError::ClientId)
}

/// Checks our secret at a provider.
///
/// # Errors
/// [`SettingError::ClientSecret`].
pub fn check_client_secret(secret: &Secret) -> Result<(), SettingError> {
    visible(secret.expose(), CLIENT_SECRET_BYTES_MAX)
        .then_some(())
        .ok_or(SettingError::ClientSecret)
}

/// Checks a provider's name for an account.
///
/// # Errors
/// [`SettingError::Subject`].
pub fn check_subject(subject: &str) -> Result<(), SettingError> {
    let right = (1..=SUBJECT_BYTES_MAX).contains(&subject.len()) && !subject.chars().any(char::is_control);
    right.then_some(()).ok_or(SettingError::Subject)
}

fn visible(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Seals our secret for one provider of one tenant: put beside another issuer, where it would be sent to whoever answers
/// there, it does not open.
///
/// # Errors
/// As [`sealed::seal`].
pub fn seal_client_secret(
    keys: &KeyRing,
    (tenant_id, issuer, client_id): (TenantId, &str, &str),
    secret: &Secret,
    nonce: [u8; NONCE_BYTES],
) -> Result<Vec<u8>, SealError> {
    let belonging = belonging(tenant_id, issuer, client_id);
    let parts = belonging.each_ref().map(Vec::as_slice);
    let key = keys.key(Purpose::IdentityProviderSecret);
    sealed::seal(&key, secret.expose().as_bytes(), &parts, nonce)
}

/// Opens it again; none when the key file or the row is another.
pub(super) fn open_client_secret(keys: &KeyRing, provider: &IdentityProvider) -> Option<Secret> {
    let belonging = belonging(provider.tenant_id, &provider.issuer, &provider.client_id);
    let parts = belonging.each_ref().map(Vec::as_slice);
    let key = keys.key(Purpose::IdentityProviderSecret);
    let bytes = sealed::open(&key, &provider.client_secret_sealed, &parts).ok()?;
    String::from_utf8(bytes).ok().map(Secret::new)
}

fn belonging(tenant_id: TenantId, issuer: &str, client_id: &str) -> [Vec<u8>; 3] {
    [
        tenant_id.0.to_be_bytes().to_vec(),
        issuer.as_bytes().to_vec(),
        client_id.as_bytes().to_vec(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address_or_on_this_machine() {
        for (issuer, right) in [
            ("https://login.example.com", true),
            ("https://login.example.com/tenant/v2.0", true),
            ("http://localhost:3000", true),
            ("http://127.0.0.1:3000/oidc", true),
            ("http://[::1]:3000", true),
            ("http://login.example.com", false),
            ("http://10.0.0.1", false),
            ("https://login.example.com?tenant=1", false),
            ("https://login.example.com#x", false),
            ("https://me@login.example.com", false),
            ("login.example.com", false),
            ("file:///etc/passwd", false),
            ("https://login.example.com/ x", false),
            ("", false),
        ] {
            assert_eq!(check_issuer(issuer).is_ok(), right, "{issuer}");
        }
        let long = format!("https://example.com/{}", "a".repeat(ISSUER_BYTES_MAX));
        assert_eq!(check_issuer(&long), Err(SettingError::Issuer));
    }

    #[test]
    fn a_secret_opens_for_its_own_provider_only() {
        let keys = KeyRing::from_key_file(&[1; 32]);
        let secret = Secret::new("hunter2hunter2");
        let place = (TenantId(1), "https://a.example", "usher");
        let provider = IdentityProvider {
            tenant_id: TenantId(1),
            name: "A".to_owned(),
            name_chinese: None,
            issuer: "https://a.example".to_owned(),
            client_id: "usher".to_owned(),
            client_secret_sealed: seal_client_secret(&keys, place, &secret, [3; NONCE_BYTES]).unwrap(),
            enabled: true,
        };
        assert_eq!(open_client_secret(&keys, &provider), Some(secret));
        let elsewhere = IdentityProvider {
            issuer: "https://b.example".to_owned(),
            ..provider.clone()
        };
        assert_eq!(open_client_secret(&keys, &elsewhere), None);
        let foreign = IdentityProvider {
            tenant_id: TenantId(2),
            ..provider
        };
        assert_eq!(open_client_secret(&keys, &foreign), None);
    }
}
