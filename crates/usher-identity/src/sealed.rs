//! Small things sealed: encrypted and authenticated together with what they belong to.
//!
//! For what Usher must get back, unlike a password: a second factor's key at rest, and what a page hands to the browser
//! to be handed back. The *belonging* (which kind of thing, whose) is associated data: a sealed thing offered in
//! another place does not open, and there is one error for every defect.
//!
//! The cipher and its layout are those of [`page_token`](crate::page_token), which says why; the keys differ.
//!
//! ```text
//! version 1 byte | nonce 24 | sealed content | tag 16
//! ```

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

use crate::{
    keys::KEY_BYTES,
    page_token::{NONCE_BYTES, SealError},
};

/// The only layout so far; another value is refused.
const VERSION: u8 = 1;

/// The one answer to every sealed thing that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed thing does not open")]
pub struct OpenError;

/// Seals `content` under `key` for the place described by `belonging`. The nonce must be random: drawn anew each time.
///
/// # Errors
/// [`SealError`] never in practice; it is kept so that a failure could not pass for something sealed.
pub fn seal(
    key: &[u8; KEY_BYTES],
    content: &[u8],
    belonging: &[&[u8]],
    nonce: [u8; NONCE_BYTES],
) -> Result<Vec<u8>, SealError> {
    let payload = Payload {
        msg: content,
        aad: &associated_data(belonging),
    };
    let sealed = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| SealError)?;
    Ok([&[VERSION], &nonce[..], &sealed].concat())
}

/// Opens what [`seal`] made under the same key for the same place.
///
/// # Errors
/// [`OpenError`] whatever the defect.
pub fn open(key: &[u8; KEY_BYTES], bytes: &[u8], belonging: &[&[u8]]) -> Result<Vec<u8>, OpenError> {
    let (version, bytes) = bytes.split_first().ok_or(OpenError)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
    if *version != VERSION {
        return Err(OpenError);
    }
    let payload = Payload {
        msg: sealed,
        aad: &associated_data(belonging),
    };
    cipher(key)
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| OpenError)
}

fn cipher(key: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// All parts as bytes; each is led by its length, so that no two places read the same.
fn associated_data(belonging: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for part in belonging {
        bytes.extend(part.len().to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];

    #[test]
    fn what_was_sealed_opens_in_its_own_place_only() {
        let sealed = seal(&KEY, b"key", &[b"second factor", b"1"], [3; NONCE_BYTES]).unwrap();
        assert!(!sealed.windows(3).any(|window| window == b"key"));
        assert_eq!(
            open(&KEY, &sealed, &[b"second factor", b"1"]),
            Ok(b"key".to_vec())
        );
        for belonging in [
            &[b"second factor".as_slice(), b"2"][..],
            &[b"second factor1"],
            &[b"second factor", b"1", b""],
            &[],
        ] {
            assert_eq!(open(&KEY, &sealed, belonging), Err(OpenError), "{belonging:?}");
        }
        assert_eq!(
            open(&[8; KEY_BYTES], &sealed, &[b"second factor", b"1"]),
            Err(OpenError)
        );
    }

    proptest::proptest! {
        #[test]
        fn no_other_bytes_open(position in 0_usize..64, flip in 1_u8..=255, cut in 0_usize..64) {
            let sealed = seal(&KEY, b"a key of twenty byte", &[b"x"], [3; NONCE_BYTES]).unwrap();
            let mut changed = sealed.clone();
            let position = position % changed.len();
            changed[position] ^= flip;
            proptest::prop_assert_eq!(open(&KEY, &changed, &[b"x"]), Err(OpenError));
            proptest::prop_assert_eq!(open(&KEY, &sealed[..cut.min(sealed.len() - 1)], &[b"x"]), Err(OpenError));
        }
    }
}
