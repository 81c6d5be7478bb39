//! The last visits that gateways asked about, for whoever sets one up.
//!
//! They are kept in memory only, the newest few, and are nothing to count on: they answer one question, whether what I have
//! just written into my gateway does what I meant.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use usher_seats::{Namespace, TenantId, UserId};

use super::denial::Denial;

/// Visits that are kept: enough to find one's own among those of a busy hour's last seconds, and some 100 KB.
const VISITS_KEPT: usize = 256;
/// Most characters of a path that are kept.
const PATH_CHARACTERS_MAX: usize = 120;

/// A visit that a gateway asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayVisit {
    /// When, in milliseconds.
    pub(crate) at_ms: i64,
    /// Whose app it was; none where the question did not come so far.
    pub(crate) tenant_id: Option<TenantId>,
    /// Which app.
    pub(crate) namespace: Option<Namespace>,
    /// Who.
    pub(crate) user_id: Option<UserId>,
    /// The host asked for, as it was named.
    pub(crate) host: String,
    /// The path asked for, without its query.
    pub(crate) path: String,
    /// Why not; none for who was admitted.
    pub(crate) denial: Option<Denial>,
}

impl GatewayVisit {
    /// A visit of which nothing is known yet but when it was and what its headers say.
    pub(crate) fn asked(at_ms: i64, host: &str, uri: &str) -> Self {
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        Self {
            at_ms,
            tenant_id: None,
            namespace: None,
            user_id: None,
            host: host.chars().take(PATH_CHARACTERS_MAX).collect(),
            path: path.chars().take(PATH_CHARACTERS_MAX).collect(),
            denial: None,
        }
    }
}

/// The newest visits.
#[derive(Debug, Default)]
pub(crate) struct GatewayVisits {
    /// A plain lock, held to push or to copy.
    newest: Mutex<VecDeque<GatewayVisit>>,
}

impl GatewayVisits {
    /// Keeps a visit in place of the oldest.
    pub(crate) fn note(&self, visit: GatewayVisit) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.truncate(VISITS_KEPT - 1);
        newest.push_front(visit);
    }

    /// The newest visits that fit, the newest first.
    pub(crate) fn newest(&self, most: usize, fits: impl Fn(&GatewayVisit) -> bool) -> Vec<GatewayVisit> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest
            .iter()
            .filter(|visit| fits(visit))
            .take(most)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_oldest_are_forgotten() {
        let visits = GatewayVisits::default();
        for at_ms in 0..1_000 {
            visits.note(GatewayVisit::asked(at_ms, "crm.example.com", "/a?token=secret"));
        }
        let newest = visits.newest(10_000, |_| true);
        assert_eq!(newest.len(), VISITS_KEPT);
        assert_eq!(newest[0].at_ms, 999);
        assert_eq!(newest[0].path, "/a", "a query may hold secrets");
        assert_eq!(visits.newest(5, |visit| visit.at_ms < 998)[0].at_ms, 997);
    }
}
