//! Which back ends may report accesses, and for whom.
//!
//! A back end shows the same token with every call, so what the store said about it is remembered, together with the
//! tenants it named. Everything remembered is good for one configuration version: the version is read *before* the
//! store, so a change between the two makes the memory look older than it is, never newer. A token taken back is
//! therefore refused from the moment that was acknowledged. Time is not part of a version: expiry is checked on each
//! call.
//!
//! Only good tokens and existing tenants are remembered; guesses would push them out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use usher_identity::{Bearer, Secret};
use usher_seats::{TenantId, TenantKey};
use usher_store::{Store, StoreError, TokenHash, TokenKind};

use crate::wire::{WireCode, WireError};

/// Most tokens remembered: far more back ends than an organisation has. Beyond it all are forgotten and read anew.
const TOKENS_MAX: usize = 1_024;
/// Most tenants remembered, likewise.
const TENANTS_MAX: usize = 4_096;

/// For whom a back end may report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// For one tenant, whatever keys it names.
    OneTenant(TenantId),
    /// For every tenant it names: an operator's back end.
    EveryTenant,
}

#[derive(Debug, Clone, Copy)]
struct ServiceToken {
    reach: Reach,
    expires_at_ms: i64,
}

impl ServiceToken {
    /// Whom it reaches as long as its time is not over.
    fn at(self, now_ms: i64) -> Result<Reach, WireError> {
        if now_ms < self.expires_at_ms {
            Ok(self.reach)
        } else {
            Err(WireCode::TokenExpired.into())
        }
    }
}

/// Who came last over a connection, with a token that was good at one version of the store.
pub(crate) struct LastCaller {
    token: Secret,
    version: u64,
    standing: ServiceToken,
}

/// What is remembered of the store.
#[derive(Default)]
pub(crate) struct ServiceCallers {
    /// A std mutex: held for a look into a map, never while waiting.
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    version: u64,
    tokens: HashMap<TokenHash, ServiceToken>,
    tenants: HashMap<TenantKey, TenantId>,
}

impl ServiceCallers {
    /// Lets a back end in by its token.
    ///
    /// # Errors
    /// 99991668 when the token is unknown, taken back or no service token; 99991677 when its time is over; 2329001 when the
    /// store cannot be asked.
    pub(crate) async fn admit(
        &self,
        store: &dyn Store,
        bearer: Bearer,
        now_ms: i64,
    ) -> Result<Reach, WireError> {
        self.look_up(store, bearer).await?.at(now_ms)
    }

    /// The same for a connection over which somebody comes again and again: the token that was good at the same version of the
    /// store is good now, and need not be hashed again.
    ///
    /// # Errors
    /// As [`ServiceCallers::admit`].
    pub(crate) async fn admit_again(
        &self,
        store: &dyn Store,
        text: &[u8],
        last: &mut Option<LastCaller>,
        now_ms: i64,
    ) -> Result<Reach, WireError> {
        let version = store.configuration_version();
        if let Some(last) = last
            && last.version == version
            && last.token.matches(text)
        {
            return last.standing.at(now_ms);
        }
        let standing = self.look_up(store, Bearer::read(text)).await?;
        // Only what is text can be known.
        *last = std::str::from_utf8(text).ok().map(|text| LastCaller {
            token: Secret::new(text),
            version,
            standing,
        });
        standing.at(now_ms)
    }

    async fn look_up(&self, store: &dyn Store, bearer: Bearer) -> Result<ServiceToken, WireError> {
        let unknown = || WireError::from(WireCode::TokenInvalid);
        let hash = TokenHash(bearer.hash.ok_or_else(unknown)?);
        match self.known_token(store, hash).await? {
            Known::Service(token) => Ok(token),
            Known::OtherKind => Err(unknown().with_message("This call needs a service token (s-...).")),
            Known::Not => Err(unknown()),
        }
    }

    async fn known_token(&self, store: &dyn Store, hash: TokenHash) -> Result<Known, StoreError> {
        let version = store.configuration_version();
        if let Some(token) = self
            .at(version)
            .and_then(|remembered| remembered.tokens.get(&hash).copied())
        {
            return Ok(Known::Service(token));
        }
        let standing = store.token(hash).await?;
        let Some(token) = standing
            .map(|standing| standing.token)
            .filter(|token| !token.revoked)
        else {
            return Ok(Known::Not);
        };
        if token.kind != TokenKind::Service {
            return Ok(Known::OtherKind);
        }
        let token = ServiceToken {
            reach: token.tenant_id.map_or(Reach::EveryTenant, Reach::OneTenant),
            expires_at_ms: token.expires_at_ms,
        };
        self.remember(version, |remembered| {
            keep(&mut remembered.tokens, TOKENS_MAX, hash, token);
        });
        Ok(Known::Service(token))
    }

    /// The tenant with this key, if there is one.
    ///
    /// # Errors
    /// As the store's.
    pub(super) async fn tenant_id(
        &self,
        store: &dyn Store,
        key: &TenantKey,
    ) -> Result<Option<TenantId>, StoreError> {
        let version = store.configuration_version();
        if let Some(tenant_id) = self
            .at(version)
            .and_then(|remembered| remembered.tenants.get(key).copied())
        {
            return Ok(Some(tenant_id));
        }
        let Some(tenant) = store.tenant(key).await? else {
            return Ok(None);
        };
        let tenant_id = tenant.tenant_id;
        self.remember(version, |remembered| {
            keep(&mut remembered.tenants, TENANTS_MAX, key.clone(), tenant_id);
        });
        Ok(Some(tenant_id))
    }

    /// What is remembered of this version, if anything.
    fn at(&self, version: u64) -> Option<MutexGuard<'_, Remembered>> {
        Some(self.lock()).filter(|remembered| remembered.version == version)
    }

    /// Remembers something read at `version`. What another version had is forgotten.
    fn remember(&self, version: u64, keep: impl FnOnce(&mut Remembered)) {
        let mut remembered = self.lock();
        if remembered.version != version {
            *remembered = Remembered {
                version,
                ..Remembered::default()
            };
        }
        keep(&mut remembered);
    }

    /// Maps are whole after every statement, so a panic elsewhere poisons nothing.
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the store knows of a token.
enum Known {
    Service(ServiceToken),
    OtherKind,
    Not,
}

fn keep<K: Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>, entries_max: usize, key: K, value: V) {
    if map.len() >= entries_max {
        map.clear();
    }
    map.insert(key, value);
}
