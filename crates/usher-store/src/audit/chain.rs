//! What ties the records of a log together.
//!
//! ```text
//! content(n) = SHA-256( "usher audit content 1" , tenant , time , each text )
//! hash(n)    = SHA-256( "usher audit record 1" , hash(n-1) , n , content(n) )        hash(0) = 32 zero bytes
//! ```
//!
//! Numbers are eight bytes, the most significant first; the number of no tenant is 0. A text that is not there is a byte
//! 0; one that is there is a byte 1, its length in bytes as a number, and its bytes in UTF-8. So no two different records
//! have the same form. The forms carry their version: another form would be another word, and old records keep theirs.
//!
//! A hash is made in two steps so that whoever verifies can try a record at another place without reading it again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use usher_seats::TenantId;

use super::{AuditRecord, AuditTexts};

const CONTENT_FORM: &[u8] = b"usher audit content 1";
const RECORD_FORM: &[u8] = b"usher audit record 1";
/// The number of the log for what concerns no tenant. Tenants are numbered from 1.
const NO_TENANT: i64 = 0;

/// A link of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditHash(pub [u8; 32]);

impl AuditHash {
    /// What stands before the first record of a log.
    pub const BEFORE_THE_FIRST: Self = Self([0; 32]);

    /// The hash of a record that follows `previous`.
    #[must_use]
    pub fn following(previous: Self, record: &AuditRecord) -> Self {
        let texts = record.texts();
        let bytes = texts
            .each_ref()
            .map(|text| text.as_ref().map(|text| text.as_bytes()));
        let content = ContentHash::of(record.tenant_id, record.at_ms, &bytes);
        Self::of(previous, record.sequence, content)
    }

    /// The hash of a record at a place.
    pub(super) fn of(previous: Self, sequence: i64, content: ContentHash) -> Self {
        let mut digest = Sha256::new();
        digest.update(RECORD_FORM);
        digest.update(previous.0);
        digest.update(sequence.to_be_bytes());
        digest.update(content.0);
        Self(digest.finalize().into())
    }
}

impl fmt::Display for AuditHash {
    /// 64 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Why a text is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the audit log is 64 hexadecimal digits (0-9, a-f)")]
pub struct NotAnAuditHash;

impl FromStr for AuditHash {
    type Err = NotAnAuditHash;

    fn from_str(text: &str) -> Result<Self, NotAnAuditHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotAnAuditHash),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes: Result<Vec<u8>, _> = pairs
            .iter()
            .map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?))
            .collect();
        match bytes?.try_into() {
            Ok(hash) if rest.is_empty() => Ok(Self(hash)),
            _ => Err(NotAnAuditHash),
        }
    }
}

impl Serialize for AuditHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuditHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Stands for what a record says, wherever in its log it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContentHash([u8; 32]);

impl ContentHash {
    fn of(tenant_id: Option<TenantId>, at_ms: i64, texts: &AuditTexts<&[u8]>) -> Self {
        let mut digest = Sha256::new();
        digest.update(CONTENT_FORM);
        digest.update(log_number(tenant_id).to_be_bytes());
        digest.update(at_ms.to_be_bytes());
        for text in texts {
            match text {
                None => digest.update([0]),
                Some(bytes) => {
                    digest.update([1]);
                    digest.update((bytes.len() as u64).to_be_bytes());
                    digest.update(bytes);
                }
            }
        }
        Self(digest.finalize().into())
    }
}

/// The number under which a log is kept: the tenant's, and 0 for what concerns no tenant.
#[must_use]
pub fn log_number(tenant_id: Option<TenantId>) -> i64 {
    tenant_id.map_or(NO_TENANT, |tenant_id| tenant_id.0)
}

/// Whose log has a number.
#[must_use]
pub fn log_owner(number: i64) -> Option<TenantId> {
    (number != NO_TENANT).then_some(TenantId(number))
}

/// A record as bare as it is kept: whatever somebody has made of its columns, it can be read and found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its place in the log.
    pub sequence: i64,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// The texts as bytes, which need not be UTF-8 any more.
    pub texts: AuditTexts<Vec<u8>>,
    /// Its hash, which need not have 32 bytes any more.
    pub hash: Vec<u8>,
}

impl StoredRecord {
    pub(super) fn content(&self, tenant_id: Option<TenantId>) -> ContentHash {
        ContentHash::of(
            tenant_id,
            self.at_ms,
            &self.texts.each_ref().map(Option::as_deref),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::AuditObject, request::Author};

    fn record() -> AuditRecord {
        AuditRecord {
            tenant_id: Some(TenantId(7)),
            sequence: 3,
            at_ms: 1_720_000_000_000,
            author: Author::default(),
            action: "seat.assigned".to_owned(),
            object: AuditObject::Seat,
            object_name: "per_user:42".to_owned(),
            before: None,
            after: Some("{}".to_owned()),
        }
    }

    #[test]
    fn the_form_of_a_record_does_not_change() {
        // Computed by another program from the description above.
        let hash = AuditHash::following(AuditHash([0xab; 32]), &record());
        assert_eq!(
            hash.to_string(),
            "a888f1b78ea0ce9582d58f291ee67766e50f024233cea4a8207b7554a15687a1"
        );
    }

    #[test]
    fn every_part_of_a_record_is_part_of_its_hash() {
        let previous = AuditHash::BEFORE_THE_FIRST;
        let original = AuditHash::following(previous, &record());
        let by = |author: Author| AuditRecord { author, ..record() };
        let others = [
            AuditRecord {
                tenant_id: None,
                ..record()
            },
            AuditRecord {
                sequence: 4,
                ..record()
            },
            AuditRecord { at_ms: 0, ..record() },
            AuditRecord {
                action: "seat.released".to_owned(),
                ..record()
            },
            AuditRecord {
                object: AuditObject::Pool,
                ..record()
            },
            AuditRecord {
                object_name: String::new(),
                ..record()
            },
            AuditRecord {
                before: Some("{}".to_owned()),
                after: None,
                ..record()
            },
            AuditRecord {
                before: Some(String::new()),
                ..record()
            },
            by(Author {
                reason: Some("x".to_owned()),
                ..Author::default()
            }),
            by(Author {
                address: Some([127, 0, 0, 1].into()),
                ..Author::default()
            }),
            by(Author {
                client_id: "cli_a".parse().ok(),
                ..Author::default()
            }),
            by(Author {
                actor: crate::Actor::CommandLine("x".to_owned()),
                ..Author::default()
            }),
        ];
        for other in others {
            assert_ne!(AuditHash::following(previous, &other), original, "{other:?}");
        }
        assert_ne!(AuditHash::following(AuditHash([1; 32]), &record()), original);
    }

    #[test]
    fn a_hash_is_written_and_read() {
        let hash = AuditHash([0x5a; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for text in ["", "5a", &"5A".repeat(32), &"5a".repeat(33), &"zz".repeat(32)] {
            assert_eq!(text.parse::<AuditHash>(), Err(NotAnAuditHash), "{text}");
        }
    }
}
