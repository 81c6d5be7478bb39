//! The place in a walk, sealed.
//!
//! Three goals pull at a page token. A page must cost the same however deep it lies, so the token carries the last
//! key and the store keeps nothing for a walk. Nobody may learn from it (a user number, a namespace) or steer with it
//! (another tenant's list, another kind of seat), so it is encrypted and authenticated together with all it belongs to.
//! And it travels in query strings of a dozen HTTP clients, so it is short, URL-safe and unpadded.
//!
//! The choice: XChaCha20-Poly1305 under a key derived from the key file for this purpose alone; the nonce is 24 random
//! bytes, long enough that drawing it anew each time needs no counter shared between instances. What the token is bound
//! to is *associated data*, not content: a token offered elsewhere is indistinguishable from a forged one, and there is
//! one error for every defect, so nothing can be probed.
//!
//! Ruled out: offsets (cost grows with depth, rows move), server-side cursors (memory grows with walks), and revoking a
//! single token; a new key file ends all of them, and so do 24 hours.
//!
//! ```text
//! base64url( version 1 byte | nonce 24 | sealed( issued_at_ms 8 | user_id 8 | has namespace 1 | namespace ) | tag 16 )
//! ```

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use usher_seats::{ClientId, Namespace, SeatType, TenantId, UserId};

/// The only layout so far; another value is refused.
const VERSION: u8 = 1;
/// Length of a nonce in bytes, set by the cipher.
pub const NONCE_BYTES: usize = 24;
/// How long a token is good, in milliseconds: DESIGN section 4 says 24 hours.
pub const PAGE_TOKEN_LIFE_MS: i64 = 24 * 60 * 60 * 1_000;
/// How far in the future a token may have been issued, in milliseconds: clocks of two instances differ a little, and
/// one clock may be set back a little in the middle of a walk. Beyond that the time is not to be believed.
pub const CLOCK_SKEW_MS_MAX: i64 = 60 * 1_000;
/// Longest token that is looked at, in bytes: the longest we make (namespace of 128 bytes) has 248.
pub const PAGE_TOKEN_BYTES_MAX: usize = 256;
/// Names the purpose in key derivation, so that no other use of the key file shares this key.
const KEY_PURPOSE: &[u8] = b"usher page token 1";

/// What a page token belongs to; it opens only where all of this is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageBinding<'a> {
    /// Whose list.
    pub tenant_id: TenantId,
    /// Who walks.
    pub client_id: &'a ClientId,
    /// Which list, such as `seat_activities`.
    pub endpoint: &'a str,
    /// Of which kind of seat.
    pub seat_type: SeatType,
}

impl PageBinding<'_> {
    /// All parts as bytes; each text is led by its length, so that no two bindings read the same.
    fn associated_data(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.tenant_id.0.to_be_bytes());
        for text in [self.client_id.as_str(), self.endpoint, self.seat_type.wire_name()] {
            bytes.extend(text.len().to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }
}

/// The last row a walk has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePlace {
    /// First part of the order.
    pub user_id: UserId,
    /// Second part; none for a platform seat in `seat_assignments`.
    pub namespace: Option<Namespace>,
}

/// The one answer to every page token that does not open: forged, foreign, too old, too long, anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page token does not open")]
pub struct PageTokenError;

/// The cipher refused to seal, which it does only beyond lengths that no place has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page token could not be sealed")]
pub struct SealError;

/// Seals and opens page tokens with a key of its own.
#[derive(Clone)]
pub struct PageSealer {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for PageSealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PageSealer")
    }
}

impl PageSealer {
    /// Derives the key from the content of the key file.
    #[must_use]
    pub fn from_key_file(content: &[u8; 32]) -> Self {
        let mut key = Key::default();
        #[expect(clippy::expect_used, reason = "HKDF gives up to 8,160 bytes; 32 always fit")]
        Hkdf::<Sha256>::new(None, content)
            .expand(KEY_PURPOSE, &mut key)
            .expect("32 bytes fit");
        Self {
            cipher: XChaCha20Poly1305::new(&key),
        }
    }

    /// Seals a place, issued at `now_ms`. The nonce must be random: drawn anew for each token.
    ///
    /// # Errors
    /// [`SealError`] never in practice; it is kept so that a failure could not pass for a token.
    pub fn seal(
        &self,
        place: &PagePlace,
        binding: &PageBinding<'_>,
        now_ms: i64,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        self.seal_bytes(&content(place, now_ms), &binding.associated_data(), nonce)
    }

    /// Seals a content for an associated data; both kinds of token go through here.
    fn seal_bytes(
        &self,
        content: &[u8],
        associated_data: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let payload = Payload {
            msg: content,
            aad: associated_data,
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError)?;
        Ok(URL_SAFE_NO_PAD.encode([&[VERSION], &nonce[..], &sealed].concat()))
    }

    /// Opens a token offered at `now_ms`.
    ///
    /// # Errors
    /// [`PageTokenError`] whatever the defect.
    pub fn open(
        &self,
        token: &str,
        binding: &PageBinding<'_>,
        now_ms: i64,
    ) -> Result<PagePlace, PageTokenError> {
        let content = self.open_bytes(token, &binding.associated_data())?;
        let (place, issued_at_ms) = place(&content).ok_or(PageTokenError)?;
        check_age(issued_at_ms, now_ms)?;
        Ok(place)
    }

    /// Opens a token into its content; both kinds of token go through here.
    fn open_bytes(&self, token: &str, associated_data: &[u8]) -> Result<Vec<u8>, PageTokenError> {
        if token.len() > PAGE_TOKEN_BYTES_MAX {
            return Err(PageTokenError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| PageTokenError)?;
        let (version, bytes) = bytes.split_first().ok_or(PageTokenError)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(PageTokenError)?;
        if *version != VERSION {
            return Err(PageTokenError);
        }
        let payload = Payload {
            msg: sealed,
            aad: associated_data,
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| PageTokenError)
    }
}

/// Tells whether a token's time is neither over nor still to come.
fn check_age(issued_at_ms: i64, now_ms: i64) -> Result<(), PageTokenError> {
    let age_ms = now_ms.checked_sub(issued_at_ms).ok_or(PageTokenError)?;
    if (-CLOCK_SKEW_MS_MAX..PAGE_TOKEN_LIFE_MS).contains(&age_ms) {
        Ok(())
    } else {
        Err(PageTokenError)
    }
}

/// The bytes to be sealed.
fn content(place: &PagePlace, issued_at_ms: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    bytes.extend(issued_at_ms.to_be_bytes());
    bytes.extend(place.user_id.get().to_be_bytes());
    bytes.push(u8::from(place.namespace.is_some()));
    bytes.extend(
        place
            .namespace
            .iter()
            .flat_map(|namespace| namespace.as_str().bytes()),
    );
    bytes
}

/// The place and the time of issue from opened bytes.
fn place(bytes: &[u8]) -> Option<(PagePlace, i64)> {
    let (issued_at_ms, bytes) = bytes.split_first_chunk::<8>()?;
    let (user_id, bytes) = bytes.split_first_chunk::<8>()?;
    let user_id = UserId::new(i64::from_be_bytes(*user_id)).ok()?;
    let namespace = match bytes.split_first()? {
        (0, []) => None,
        (1, text) => Some(std::str::from_utf8(text).ok()?.parse().ok()?),
        _ => return None,
    };
    Some((
        PagePlace { user_id, namespace },
        i64::from_be_bytes(*issued_at_ms),
    ))
}

mod list;

pub use list::ListBinding;

#[cfg(test)]
mod tests;
