//! What speaking to providers remembers, all of it bounded.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};
use usher_identity::Secret;
use usher_store::identity::IdentityProvider;

use super::{
    client::ProviderClient,
    errand::Errand,
    exchange::{self, Account, Answer, ExchangeError, Metadata},
    settings::open_client_secret,
};
use crate::{edge::Edge, outbound::Dialer, sign_in::problem::Problem};

/// Exchanges with providers under way at once: each is a few requests of a second at most, and a provider that does not
/// answer must not gather connections here.
const EXCHANGES_AT_ONCE_MAX: usize = 16;
/// How long what a provider said of itself is good for sending browsers there, in milliseconds. When they come back it
/// is asked anew, so that keys changed in between are known.
const METADATA_LIFE_MS: i64 = 5 * 60 * 1_000;
/// Most providers remembered: as many tenants as sign in within five minutes, some 10 KiB each.
const METADATA_ENTRIES_MAX: usize = 500;

/// Speaks to providers.
pub struct ProviderDesk {
    dialer: Dialer,
    exchanges: Semaphore,
    /// By issuer: what a provider says of itself is the same for every tenant. A std mutex: never held across an await.
    known: Mutex<HashMap<String, (i64, Metadata)>>,
}

impl Default for ProviderDesk {
    fn default() -> Self {
        Self {
            dialer: Dialer::default(),
            exchanges: Semaphore::new(EXCHANGES_AT_ONCE_MAX),
            known: Mutex::default(),
        }
    }
}

impl fmt::Debug for ProviderDesk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ProviderDesk")
    }
}

impl ProviderDesk {
    /// The address at the provider to which a browser is sent.
    ///
    /// # Errors
    /// [`Problem::ProviderFailed`] when the provider cannot be asked, [`Problem::Busy`] when too many are.
    pub(super) async fn authorization_address(
        &self,
        provider: &IdentityProvider,
        errand: &Errand,
        now_ms: i64,
    ) -> Result<String, Problem> {
        let metadata = match self.recall(&provider.issuer, now_ms) {
            Some(metadata) => metadata,
            None => {
                let _place = self.place()?;
                let client = ProviderClient::new(&self.dialer, &provider.issuer);
                let metadata = exchange::discover(&client, &provider.issuer)
                    .await
                    .map_err(|error| failed(&error))?;
                self.remember(&provider.issuer, &metadata, now_ms);
                metadata
            }
        };
        exchange::authorization_address(metadata, provider, errand).map_err(|error| failed(&error))
    }

    /// Who came back.
    ///
    /// # Errors
    /// As [`ProviderDesk::authorization_address`], and whenever the answer is not believed.
    pub(super) async fn redeem(
        &self,
        edge: &Edge,
        provider: &IdentityProvider,
        (errand, answer): (&Errand, &Answer<'_>),
        now_ms: i64,
    ) -> Result<Account, Problem> {
        let _place = self.place()?;
        let secret: Secret = open_client_secret(&edge.keys, provider)
            .ok_or_else(|| Problem::internal("the identity provider's secret does not open; set it again"))?;
        let client = ProviderClient::new(&self.dialer, &provider.issuer);
        let redeemed = exchange::redeem(&client, (provider, &secret), errand, answer, now_ms);
        Box::pin(redeemed).await.map_err(|error| failed(&error))
    }

    fn place(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let place = self.exchanges.try_acquire();
        place.map_err(|_| Problem::busy("too many exchanges with identity providers at once"))
    }

    fn recall(&self, issuer: &str, now_ms: i64) -> Option<Metadata> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at_ms, metadata) = known.get(issuer)?;
        // A negative age means that the clock stepped back; it is not believed.
        let fresh = (0..METADATA_LIFE_MS).contains(&now_ms.saturating_sub(*at_ms));
        fresh.then(|| metadata.clone())
    }

    fn remember(&self, issuer: &str, metadata: &Metadata, now_ms: i64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= METADATA_ENTRIES_MAX {
            known.clear();
        }
        known.insert(issuer.to_owned(), (now_ms, metadata.clone()));
    }
}

/// What went wrong at the provider is for the log: one line of bounded length, because part of it came from outside.
fn failed(error: &ExchangeError) -> Problem {
    const DETAIL_CHARACTERS_MAX: usize = 300;
    let text = error.to_string();
    let plain = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character });
    Problem::ProviderFailed {
        detail: plain.take(DETAIL_CHARACTERS_MAX).collect(),
    }
}
