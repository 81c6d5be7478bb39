//! One key file, one key per purpose.
//!
//! An operator keeps one secret, the key file. Everything that needs a key gets one of its own, derived by HKDF under
//! the name of its purpose: what is made for one purpose can never be offered for another, and a purpose can get a new
//! name (and so a new key) without touching the rest. [`Purpose`] is the whole list.
//!
//! What is derived need not be stored. A name for a person, a ticket, an answer that may have to be given twice are
//! HMACs over what they stand for: the same today and tomorrow, and impossible to guess without the key file.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::page_token::PageSealer;

/// Bytes in the key file and in every derived key: as many as the hash that derives them gives.
pub const KEY_BYTES: usize = 32;

/// What a key is for. **Never change a name**: what was made under it would no longer be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Tokens of a refresh that may have to be answered twice.
    RefreshPair,
    /// `t-` tokens, the same for everybody who asks in the same window.
    TenantToken,
    /// `a-` tokens of store clients.
    AppToken,
    /// Tickets that store clients receive every hour.
    AppTicket,
    /// The signature on a delivered ticket.
    TicketSignature,
    /// `ou_` ids: a person for one client.
    OpenId,
    /// `on_` ids: a person for all clients of one owner.
    UnionId,
    /// Hidden fields that prove that a form was ours.
    FormToken,
    /// Sealing of second factors at rest.
    SecondFactor,
    /// Sealing of our secrets at identity providers, at rest.
    IdentityProviderSecret,
    /// Sealing of what a browser carries to an identity provider and back.
    IdentityProviderErrand,
    /// Sealing of what an operator's browser carries.
    OperatorVisit,
    /// What a key file is recognized by.
    Fingerprint,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 13] = [
        Self::RefreshPair,
        Self::TenantToken,
        Self::AppToken,
        Self::AppTicket,
        Self::TicketSignature,
        Self::OpenId,
        Self::UnionId,
        Self::FormToken,
        Self::SecondFactor,
        Self::IdentityProviderSecret,
        Self::IdentityProviderErrand,
        Self::OperatorVisit,
        Self::Fingerprint,
    ];

    /// The name in key derivation.
    const fn name(self) -> &'static [u8] {
        match self {
            Self::RefreshPair => b"usher refresh pair 1",
            Self::TenantToken => b"usher tenant token 1",
            Self::AppToken => b"usher app token 1",
            Self::AppTicket => b"usher app ticket 1",
            Self::TicketSignature => b"usher ticket signature 1",
            Self::OpenId => b"usher open id 1",
            Self::UnionId => b"usher union id 1",
            Self::FormToken => b"usher form token 1",
            Self::SecondFactor => b"usher second factor 1",
            Self::IdentityProviderSecret => b"usher identity provider secret 1",
            Self::IdentityProviderErrand => b"usher identity provider errand 1",
            Self::OperatorVisit => b"usher operator visit 1",
            Self::Fingerprint => b"usher key fingerprint 1",
        }
    }
}

/// The keys derived from one key file.
#[derive(Clone)]
pub struct KeyRing {
    root: Hkdf<Sha256>,
    page_sealer: PageSealer,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyRing")
    }
}

impl KeyRing {
    /// Takes the content of the key file.
    #[must_use]
    pub fn from_key_file(content: &[u8; KEY_BYTES]) -> Self {
        Self {
            root: Hkdf::new(None, content),
            page_sealer: PageSealer::from_key_file(content),
        }
    }

    /// What seals page tokens.
    #[must_use]
    pub fn page_sealer(&self) -> &PageSealer {
        &self.page_sealer
    }

    /// The key for a purpose, for ciphers that need one.
    #[must_use]
    pub fn key(&self, purpose: Purpose) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        #[expect(clippy::expect_used, reason = "HKDF gives up to 8,160 bytes; 32 always fit")]
        self.root.expand(purpose.name(), &mut key).expect("32 bytes fit");
        key
    }

    /// HMAC-SHA256 over `parts` under the key for `purpose`. Each part is led by its length, so that no two lists of
    /// parts read the same.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        let key = self.key(purpose);
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length fits");
        for part in parts {
            mac.update(&part.len().to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// True when `offered` is that HMAC, compared in constant time.
    #[must_use]
    pub fn mac_matches(&self, purpose: Purpose, parts: &[&[u8]], offered: &[u8]) -> bool {
        self.mac(purpose, parts).ct_eq(offered).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_purpose_has_a_key_of_its_own_and_every_file_has_others() {
        let keys = [[1; 32], [2; 32]].map(|content| KeyRing::from_key_file(&content));
        let all: HashSet<_> = keys
            .iter()
            .flat_map(|keys| Purpose::ALL.map(|purpose| keys.key(purpose)))
            .collect();
        assert_eq!(all.len(), 2 * Purpose::ALL.len());
    }

    #[test]
    fn a_mac_is_the_same_again_and_different_for_any_other_parts() {
        let keys = KeyRing::from_key_file(&[1; 32]);
        let mac = keys.mac(Purpose::OpenId, &[b"ab", b"c"]);
        assert_eq!(mac, keys.clone().mac(Purpose::OpenId, &[b"ab", b"c"]));
        assert!(keys.mac_matches(Purpose::OpenId, &[b"ab", b"c"], &mac));
        for parts in [&[b"a".as_slice(), b"bc"][..], &[b"abc"], &[b"ab", b"c", b""], &[]] {
            assert!(!keys.mac_matches(Purpose::OpenId, parts, &mac), "{parts:?}");
        }
        assert!(!keys.mac_matches(Purpose::UnionId, &[b"ab", b"c"], &mac));
        assert!(!keys.mac_matches(Purpose::OpenId, &[b"ab", b"c"], &mac[..31]));
    }

    #[test]
    fn a_key_ring_does_not_print_its_keys() {
        assert_eq!(format!("{:?}", KeyRing::from_key_file(&[1; 32])), "KeyRing");
    }
}
