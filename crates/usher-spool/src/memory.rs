//! Who was admitted recently, as far as memory reaches.
//!
//! A verdict is remembered when the ledger gave it and forgotten when the ledger is heard to have changed. The two meet in
//! any order: a verdict may be on its way while the change that ends it is heard of. So everything carries the turn at which
//! it began, turns are counted up whenever something is forgotten, and a verdict that began before is not believed.
//! Of a tenant nothing is remembered until its audit log is followed, or a change before that would be missed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use quick_cache::{UnitWeighter, unsync::Cache};
use usher_seats::{Namespace, Sighting, TenantId, UserId, Verdict};
use usher_store::{Access, Recorded};

/// People remembered: some 40 MB when full. Whoever is pushed out waits outside while the database is away.
const PEOPLE_REMEMBERED: usize = 262_144;
/// Apps remembered per person, as in the cache of verdicts.
const APPS_REMEMBERED_PER_PERSON: usize = 16;
/// Tenants whose audit logs are followed: each costs a read a second. People of further tenants are not remembered.
pub(crate) const TENANTS_FOLLOWED_MAX: usize = 1_024;

/// When something was learned or forgotten, counted and not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Turn(u64);

/// What is remembered of one person in one app.
#[derive(Debug, Clone)]
struct Seen {
    namespace: Namespace,
    sighting: Sighting,
    learned: Turn,
}

/// What is known of one tenant.
#[derive(Debug, Clone, Copy)]
struct Followed {
    /// How far its audit log was read.
    sequence: i64,
    /// Nothing that began before this is believed.
    believed_from: Turn,
    /// Nothing that began before this is learned.
    learned_from: Turn,
}

/// Who was seen recently. A std mutex: held for look-ups in memory, never while waiting.
pub(crate) struct Memory {
    state: Mutex<State>,
}

struct State {
    turn: Turn,
    people: Cache<(TenantId, UserId), Vec<Seen>, UnitWeighter>,
    followed: BTreeMap<TenantId, Followed>,
    /// Tenants that were seen and are not followed yet.
    strangers: BTreeSet<TenantId>,
}

impl Memory {
    /// Nobody was seen yet.
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                turn: Turn::default(),
                people: Cache::new(PEOPLE_REMEMBERED),
                followed: BTreeMap::new(),
                strangers: BTreeSet::new(),
            }),
        }
    }

    /// The turn at which something begins whose outcome is learned later.
    pub(crate) fn turn(&self) -> Turn {
        self.lock().turn
    }

    /// Learns what the ledger said about accesses that it was asked about at a turn.
    pub(crate) fn learn(&self, began: Turn, accesses: &[Access], recorded: &[Recorded]) {
        let mut state = self.lock();
        for (access, recorded) in accesses.iter().zip(recorded) {
            match recorded.verdict {
                Verdict::Admitted {
                    seat_type,
                    active_time_ms,
                } => {
                    let sighting = Sighting {
                        seat_type,
                        admitted_at_ms: access.accessed_at_ms,
                        active_time_ms,
                        admits_until_ms: recorded.admits_until_ms,
                    };
                    state.remember(began, access, sighting);
                }
                Verdict::Refused { .. } => state.forget_app(access),
            }
        }
    }

    /// Whether a person was seen recently enough to be admitted; how, if so.
    pub(crate) fn recall(&self, access: &Access, age_max_ms: i64) -> Option<Sighting> {
        let state = self.lock();
        let believed_from = state.followed.get(&access.tenant_id)?.believed_from;
        let seen = state.people.peek(&(access.tenant_id, access.user_id))?;
        let seen = seen.iter().find(|seen| seen.namespace == access.namespace)?;
        let believed = seen.learned >= believed_from;
        (believed && seen.sighting.admits(access.accessed_at_ms, age_max_ms)).then_some(seen.sighting)
    }

    /// How many people are remembered.
    pub(crate) fn people(&self) -> u64 {
        self.lock().people.len() as u64
    }

    /// The tenants to follow, with how far their logs were read; none for those that are new.
    pub(crate) fn tenants(&self) -> Vec<(TenantId, Option<i64>)> {
        let state = self.lock();
        let known = state.followed.iter();
        let known = known.map(|(tenant_id, followed)| (*tenant_id, Some(followed.sequence)));
        let strangers = state.strangers.iter().map(|tenant_id| (*tenant_id, None));
        known.chain(strangers).collect()
    }

    /// Follows a tenant from here on.
    pub(crate) fn follow(&self, tenant_id: TenantId, sequence: i64) {
        let mut state = self.lock();
        let turn = state.next_turn();
        state.strangers.remove(&tenant_id);
        let followed = Followed {
            sequence,
            believed_from: turn,
            learned_from: turn,
        };
        state.followed.insert(tenant_id, followed);
    }

    /// Notes that a tenant's log was read up to a record, and what was changed there.
    pub(crate) fn heard(&self, tenant_id: TenantId, sequence: i64, changed: &Changed) {
        let mut state = self.lock();
        let turn = state.next_turn();
        if let Some(followed) = state.followed.get_mut(&tenant_id) {
            followed.sequence = sequence;
            followed.learned_from = turn;
            if *changed == Changed::Everybody {
                followed.believed_from = turn;
            }
        }
        if let Changed::People(people) = changed {
            for user_id in people {
                state.people.remove(&(tenant_id, *user_id));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose seats may admit differently now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Those of some people; perhaps of nobody.
    People(BTreeSet<UserId>),
    /// Anybody's.
    Everybody,
}

impl State {
    fn next_turn(&mut self) -> Turn {
        self.turn.0 += 1;
        self.turn
    }

    fn remember(&mut self, began: Turn, access: &Access, sighting: Sighting) {
        let tenant_id = access.tenant_id;
        let Some(followed) = self.followed.get(&tenant_id) else {
            if self.followed.len() + self.strangers.len() < TENANTS_FOLLOWED_MAX {
                self.strangers.insert(tenant_id);
            }
            return;
        };
        if began < followed.learned_from {
            return;
        }
        let seen = Seen {
            namespace: access.namespace.clone(),
            sighting,
            learned: began,
        };
        let Some(mut apps) = self.people.get_mut(&(tenant_id, access.user_id)) else {
            self.people.insert((tenant_id, access.user_id), vec![seen]);
            return;
        };
        match apps.iter_mut().find(|known| known.namespace == seen.namespace) {
            Some(known) => {
                let newer = sighting.admitted_at_ms >= known.sighting.admitted_at_ms;
                if newer || known.learned < followed.believed_from {
                    *known = seen;
                }
            }
            None => {
                if apps.len() >= APPS_REMEMBERED_PER_PERSON {
                    apps.swap_remove(0);
                }
                apps.push(seen);
            }
        }
    }

    /// Whoever was refused is not let in from memory, whatever came before.
    fn forget_app(&mut self, access: &Access) {
        if let Some(mut apps) = self.people.get_mut(&(access.tenant_id, access.user_id)) {
            apps.retain(|known| known.namespace != access.namespace);
        }
    }
}

#[cfg(test)]
mod tests {
    use usher_seats::{Refusal, SeatType};

    use super::*;

    const TENANT: TenantId = TenantId(1);
    const HOUR_MS: i64 = 3_600_000;

    fn access(user: i64, at_ms: i64) -> Access {
        Access {
            tenant_id: TENANT,
            user_id: UserId::new(user).unwrap(),
            namespace: "crm".parse().unwrap(),
            accessed_at_ms: at_ms,
        }
    }

    fn admitted(at_ms: i64, admits_until_ms: Option<i64>) -> Recorded {
        Recorded {
            verdict: Verdict::Admitted {
                seat_type: SeatType::PerUser,
                active_time_ms: at_ms,
            },
            moved: true,
            admits_until_ms,
        }
    }

    fn seen(memory: &Memory, user: i64, at_ms: i64) {
        let turn = memory.turn();
        memory.learn(turn, &[access(user, at_ms)], &[admitted(at_ms, None)]);
    }

    fn recalls(memory: &Memory, user: i64, at_ms: i64) -> bool {
        memory.recall(&access(user, at_ms), HOUR_MS).is_some()
    }

    fn person(user: i64) -> Changed {
        Changed::People([UserId::new(user).unwrap()].into())
    }

    #[test]
    fn of_a_tenant_that_is_not_followed_nothing_is_remembered() {
        let memory = Memory::new();
        seen(&memory, 1, 100);
        assert!(!recalls(&memory, 1, 101));
        assert_eq!(memory.tenants(), [(TENANT, None)]);
        let before = memory.turn();
        memory.follow(TENANT, 7);
        assert_eq!(memory.tenants(), [(TENANT, Some(7))]);
        memory.learn(before, &[access(1, 100)], &[admitted(100, None)]);
        assert!(
            !recalls(&memory, 1, 101),
            "it may be older than the log's beginning"
        );
        seen(&memory, 1, 100);
        assert!(recalls(&memory, 1, 101));
    }

    #[test]
    fn a_change_makes_forget_whom_it_concerns_and_nobody_else() {
        let memory = Memory::new();
        memory.follow(TENANT, 0);
        seen(&memory, 1, 100);
        seen(&memory, 2, 100);
        memory.heard(TENANT, 1, &person(1));
        assert!(!recalls(&memory, 1, 101));
        assert!(recalls(&memory, 2, 101));
        memory.heard(TENANT, 2, &Changed::Everybody);
        assert!(!recalls(&memory, 2, 101));
        seen(&memory, 2, 102);
        assert!(recalls(&memory, 2, 103), "and learns again");
    }

    #[test]
    fn a_verdict_that_was_under_way_when_something_changed_is_not_learned() {
        let memory = Memory::new();
        memory.follow(TENANT, 0);
        let began = memory.turn();
        memory.heard(TENANT, 1, &person(1));
        memory.learn(began, &[access(1, 100)], &[admitted(100, None)]);
        assert!(!recalls(&memory, 1, 101));
    }

    #[test]
    fn time_alone_ends_what_is_remembered() {
        let memory = Memory::new();
        memory.follow(TENANT, 0);
        seen(&memory, 1, 100);
        assert!(recalls(&memory, 1, 100 + HOUR_MS - 1));
        assert!(!recalls(&memory, 1, 100 + HOUR_MS));
        assert!(
            !recalls(&memory, 1, 99),
            "an access of the past is another matter"
        );
        memory.learn(memory.turn(), &[access(2, 100)], &[admitted(100, Some(150))]);
        assert!(recalls(&memory, 2, 149));
        assert!(!recalls(&memory, 2, 150), "the seat has run out");
    }

    #[test]
    fn a_refusal_ends_what_is_remembered() {
        let memory = Memory::new();
        memory.follow(TENANT, 0);
        seen(&memory, 1, 100);
        let refused = Recorded {
            verdict: Verdict::Refused {
                reason: Refusal::SeatReleased,
            },
            moved: false,
            admits_until_ms: None,
        };
        memory.learn(memory.turn(), &[access(1, 101)], &[refused]);
        assert!(!recalls(&memory, 1, 102));
    }
}
