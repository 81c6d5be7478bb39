//! Creating once, however often it is asked.
//!
//! Whoever creates something and does not hear the answer can only ask again. Under an `Idempotency-Key` the second call
//! finds the first one's answer, which was kept in the transaction that made the thing: there is no moment between the
//! two. Of two calls at once one makes the thing; the other's transaction is rejected for the taken key, and it reads the
//! answer. Secrets are not kept, so a repeated answer says `replayed` and has none; whoever lost one makes a new one.

use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};
use usher_identity::{Secret, token::hash_token};
use usher_seats::TenantId;
use usher_store::{Change, KeptAnswer, Rejection, TokenHash};

use super::{asked::Asked, refusals};
use crate::wire::{FieldViolation, WireCode, WireError, success};

/// How long an answer is kept, in milliseconds: a day, over which a program that failed at night is looked at.
pub(super) const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// The header of the key.
pub(super) const KEY_HEADER: &str = "Idempotency-Key";
/// Longest key in bytes: UUIDs and hashes are far below.
const KEY_BYTES_MAX: usize = 255;
const KEY_ALLOWED: &str = "Idempotency-Key must be given once, 1 to 255 visible ASCII characters";

/// What a creating call does.
pub(super) struct Creation<Data> {
    /// The changes, made together.
    pub(super) changes: Vec<Change>,
    /// What is answered, and kept.
    pub(super) data: Data,
    /// What is answered the first time only: names of fields and their secrets.
    pub(super) secrets: Vec<(&'static str, Secret)>,
}

/// The idempotency key of a call, if it has one.
pub(super) struct Once {
    hashes: Option<Hashes>,
}

/// The tenant that a call is about, if there is one, and how it is called in keys.
type Whose<'a> = (Option<TenantId>, &'a str);

struct Hashes {
    tenant_id: Option<TenantId>,
    key_hash: TokenHash,
    request_hash: TokenHash,
}

impl Once {
    /// Reads the key. Keys belong to who asks and to the tenant meant; the rest of the call must be the same.
    pub(super) fn read(asked: &Asked, (tenant_id, tenant): Whose<'_>) -> Result<Self, WireError> {
        let mut values = asked.headers().get_all(KEY_HEADER).iter();
        let key = match (values.next(), values.next()) {
            (None, _) => return Ok(Self { hashes: None }),
            (Some(value), None) => value.as_bytes(),
            _ => &[],
        };
        let whole = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        if !whole {
            return Err(WireError::bad_request(vec![FieldViolation::new(
                KEY_HEADER,
                KEY_ALLOWED,
            )]));
        }
        let owner = asked.caller.key_owner();
        let hashes = Hashes {
            tenant_id,
            key_hash: digest(&[owner.as_bytes(), tenant.as_bytes(), key]),
            request_hash: digest(&asked.content()),
        };
        Ok(Self { hashes: Some(hashes) })
    }

    /// The answer given before under this key, if there is one.
    ///
    /// # Errors
    /// 2329014 when another request came under this key.
    pub(super) async fn replay(&self, asked: &Asked) -> Result<Option<Response>, WireError> {
        let Some(kept) = self.kept(asked).await? else {
            return Ok(None);
        };
        let mut data: Map<String, Value> = serde_json::from_str(&kept.answer).map_err(WireError::internal)?;
        data.insert("replayed".to_owned(), Value::Bool(true));
        success(data).map(Some)
    }

    /// What was kept under this key, if anything was.
    ///
    /// # Errors
    /// 2329014 when another request came under this key.
    pub(super) async fn kept(&self, asked: &Asked) -> Result<Option<KeptAnswer>, WireError> {
        let Some(hashes) = &self.hashes else {
            return Ok(None);
        };
        let store = &asked.edge.store;
        let Some(kept) = store
            .kept_answer(hashes.tenant_id, hashes.key_hash, asked.now_ms)
            .await?
        else {
            return Ok(None);
        };
        if kept.request_hash != hashes.request_hash {
            return Err(WireCode::IdempotencyKeyReused.into());
        }
        Ok(Some(kept))
    }

    /// The change that keeps an answer under this key; it must be the last of its request.
    pub(super) fn keeping(&self, asked: &Asked, answer: String) -> Option<Change> {
        self.hashes.as_ref().map(|hashes| {
            Change::KeepAnswer(KeptAnswer {
                tenant_id: hashes.tenant_id,
                key_hash: hashes.key_hash,
                request_hash: hashes.request_hash,
                answer,
                results: Vec::new(),
                expires_at_ms: asked.now_ms.saturating_add(KEPT_MS),
            })
        })
    }

    /// Makes the changes, keeps the answer with them, and answers.
    pub(super) async fn commit<Data: Serialize>(
        &self,
        asked: &Asked,
        creation: Creation<Data>,
    ) -> Result<Response, WireError> {
        self.commit_because(asked, creation, None).await
    }

    /// The same with a reason for the audit log.
    pub(super) async fn commit_because<Data: Serialize>(
        &self,
        asked: &Asked,
        creation: Creation<Data>,
        reason: Option<String>,
    ) -> Result<Response, WireError> {
        let Creation {
            mut changes,
            data,
            secrets,
        } = creation;
        let Value::Object(mut data) = serde_json::to_value(data).map_err(WireError::internal)? else {
            return Err(WireError::internal("an answer is an object"));
        };
        let answer = serde_json::to_string(&data).map_err(WireError::internal)?;
        changes.extend(self.keeping(asked, answer));
        let mut request = asked.request(changes);
        request.author.reason = reason.or(request.author.reason);
        if let Err(error) = asked.make(request).await {
            if error.rejection() == Some(Rejection::IdempotencyKeyTaken) {
                let answer = self.replay(asked).await?;
                return answer.ok_or_else(|| WireError::busy("the kept answer has just expired"));
            }
            return Err(refusals::of_store(error));
        }
        for (name, secret) in secrets {
            data.insert(name.to_owned(), Value::String(secret.expose().to_owned()));
        }
        data.insert("replayed".to_owned(), Value::Bool(false));
        success(data)
    }
}

/// SHA-256 of parts, each led by its length. Written as text because that is what the one hash we have takes; the
/// digits are those of the bytes, so no two lists of parts read the same.
fn digest(parts: &[&[u8]]) -> TokenHash {
    use std::fmt::Write as _;
    let mut text = String::new();
    for part in parts {
        // Writing to a text cannot fail.
        let _ = write!(text, "{}:", part.len());
        for byte in *part {
            let _ = write!(text, "{byte:02x}");
        }
    }
    TokenHash(hash_token(&Secret::new(text)))
}
