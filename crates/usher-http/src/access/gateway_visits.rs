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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

/// A visit on its way in here, with the texts still where they were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// When, in milliseconds.
    pub(crate) at_ms: i64,
    /// The host asked for, as it was named.
    pub(crate) host: &'a str,
    /// The address asked for, as it was named.
    pub(crate) uri: &'a str,
    /// Who.
    pub(crate) user_id: Option<UserId>,
    /// Whose app it was, and which.
    pub(crate) app: Option<(TenantId, &'a Namespace)>,
    /// Why not; none for who was admitted.
    pub(crate) denial: Option<Denial>,
}

impl Visit<'_> {
    /// Writes the visit into the place of one that nobody needs any more, whose texts have room already.
    fn replace(&self, kept: &mut GatewayVisit) {
        let path_ends = self.uri.bytes().position(|byte| matches!(byte, b'?' | b'#'));
        let path = self
            .uri
            .get(..path_ends.unwrap_or(self.uri.len()))
            .unwrap_or_default();
        kept.at_ms = self.at_ms;
        kept.tenant_id = self.app.map(|(tenant_id, _)| tenant_id);
        kept.namespace = self.app.map(|(_, namespace)| namespace.clone());
        kept.user_id = self.user_id;
        kept.denial = self.denial;
        begin_of(self.host, &mut kept.host);
        begin_of(path, &mut kept.path);
    }
}

/// The beginning of a text, as long as it may be kept. Nearly all are short and ASCII.
fn begin_of(text: &str, kept: &mut String) {
    kept.clear();
    if text.len() <= PATH_CHARACTERS_MAX {
        kept.push_str(text);
    } else {
        kept.extend(text.chars().take(PATH_CHARACTERS_MAX));
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
    pub(crate) fn note(&self, visit: &Visit<'_>) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if newest.len() < VISITS_KEPT {
            None
        } else {
            newest.pop_back()
        };
        let mut kept = oldest.unwrap_or_default();
        visit.replace(&mut kept);
        newest.push_front(kept);
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
            visits.note(&Visit {
                at_ms,
                host: "crm.example.com",
                uri: "/a?token=secret",
                user_id: None,
                app: None,
                denial: None,
            });
        }
        let newest = visits.newest(10_000, |_| true);
        assert_eq!(newest.len(), VISITS_KEPT);
        assert_eq!(newest[0].at_ms, 999);
        assert_eq!(newest[0].path, "/a", "a query may hold secrets");
        assert_eq!(visits.newest(5, |visit| visit.at_ms < 998)[0].at_ms, 997);
    }
}
