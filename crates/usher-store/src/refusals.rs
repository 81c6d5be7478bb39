//! How often people were refused, counted in memory.
//!
//! It is evidence for an administrator ("she wanted to come in, so take no seat of hers away"), not a promise. Writing it
//! down would let anybody outside make the disk busy by being refused; so it is counted from the opening of the engine on,
//! for a bounded number of people and apps, and forgotten when the engine is closed. Every engine counts in this way.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use crate::{Access, SeatName};
use usher_seats::{Namespace, Refusal};

/// People and apps counted, as pairs: some 10 MB when full. Whoever comes later is not counted.
const PAIRS_MAX: usize = 65_536;

/// Tenant, user, app.
type Pair = (i64, i64, Namespace);

/// The counts, shared by the writer and the readers.
#[derive(Debug, Default)]
pub struct Refusals {
    /// A plain lock, held for a map step.
    counts: RwLock<BTreeMap<Pair, u64>>,
}

impl Refusals {
    /// Notes that an access was refused. One that names nobody is nobody's.
    pub fn note(&self, access: &Access, reason: Refusal) {
        if matches!(
            reason,
            Refusal::TenantUnknown | Refusal::UserUnknown | Refusal::AppUnknown
        ) {
            return;
        }
        let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        let pair = (access.tenant_id.0, access.user_id.get(), access.namespace.clone());
        let is_full = counts.len() >= PAIRS_MAX;
        match counts.get_mut(&pair) {
            Some(count) => *count += 1,
            None if is_full => {}
            None => {
                counts.insert(pair, 1);
            }
        }
    }

    /// How often the holder of a seat was refused: at its app, or for a platform seat at any.
    pub fn of_seat(&self, seat: &SeatName) -> u64 {
        let (tenant_id, user_id) = (seat.pool.tenant_id.0, seat.user_id.get());
        let counts = self.counts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(namespace) = &seat.pool.namespace {
            return counts
                .get(&(tenant_id, user_id, namespace.clone()))
                .copied()
                .unwrap_or(0);
        }
        counts
            .range((tenant_id, user_id, Namespace::least())..)
            .take_while(|((tenant, user, _), _)| (*tenant, *user) == (tenant_id, user_id))
            .map(|(_, count)| *count)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::PoolName;
    use usher_seats::{SeatType, TenantId, UserId};

    use super::*;

    fn access(user: i64, app: &str) -> Access {
        Access {
            tenant_id: TenantId(1),
            user_id: UserId::new(user).unwrap(),
            namespace: app.parse().unwrap(),
            accessed_at_ms: 1,
        }
    }

    fn counted(refusals: &Refusals, user: i64, app: Option<&str>) -> u64 {
        refusals.of_seat(&SeatName {
            pool: PoolName {
                tenant_id: TenantId(1),
                seat_type: app.map_or(SeatType::PerUser, |_| SeatType::PerUserPerApp),
                namespace: app.map(|app| app.parse().unwrap()),
            },
            user_id: UserId::new(user).unwrap(),
        })
    }

    #[test]
    fn a_platform_seat_counts_every_app_and_an_app_seat_its_own() {
        let refusals = Refusals::default();
        for (user, app) in [(1, "crm"), (1, "crm"), (1, "wiki"), (2, "crm")] {
            refusals.note(&access(user, app), Refusal::UserDisabled);
        }
        refusals.note(&access(1, "crm"), Refusal::AppUnknown);
        assert_eq!(counted(&refusals, 1, Some("crm")), 2);
        assert_eq!(counted(&refusals, 1, None), 3);
        assert_eq!(counted(&refusals, 2, None), 1);
        assert_eq!(counted(&refusals, 3, None), 0);
    }

    #[test]
    fn a_crowd_of_strangers_fills_a_bounded_place() {
        let refusals = Refusals::default();
        for user in 1..=70_000 {
            refusals.note(&access(user, "crm"), Refusal::NoSeat);
        }
        refusals.note(&access(1, "crm"), Refusal::NoSeat);
        assert_eq!(counted(&refusals, 1, None), 2, "who is known is counted on");
        assert_eq!(counted(&refusals, 70_000, None), 0, "who comes too late is not");
    }
}
