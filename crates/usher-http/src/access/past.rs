//! Past accesses through the door, for the command line and for the console.
//!
//! What is missing is found out by the door, not beside it: all accesses pass; those it refuses because something
//! is missing have exactly that made, and pass again. So nothing is made for somebody whom an existing seat admits,
//! nothing comes back that was taken away on purpose, and a second import of the same file asks for nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use usher_door::{Door, DoorError};
use usher_seats::{LocalizedNames, Namespace, Refusal, SeatType, TenantId, UserId, Verdict};
use usher_store::{Access, App, Change, Effect, Recorded, User};

/// Accesses per pass: an import leaves room in the queue for people who stand at the door now.
const PASS_ACCESSES_MAX: usize = 1_000;
/// How often the accesses may be asked about again after something was made: a missing app, then a missing seat are
/// the longest chain.
const ROUNDS_MAX: usize = 2;
/// How often a full door is tried again; with the pause, about ten seconds.
const FULL_TRIES_MAX: usize = 200;
/// Pause before a full door is tried again: the time of a few commits.
const FULL_PAUSE: Duration = Duration::from_millis(50);

/// What became of one access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Admitted, and newer than what was kept.
    Moved,
    /// Admitted, but something as new was kept already.
    Kept,
    /// Refused.
    Refused(Refusal),
}

/// What was made because it was missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Users.
    pub users: u64,
    /// Apps.
    pub apps: u64,
    /// Seats.
    pub seats: u64,
}

/// What became of some accesses.
#[derive(Debug, Default)]
pub struct Past {
    /// One for each access, in order.
    pub outcomes: Vec<Outcome>,
    /// What was made.
    pub created: Created,
}

/// Passes accesses of one tenant, all at their own times. Where `create_missing` names a kind of seat, people, apps and
/// seats that are missing are made by `make`, whose effects are those of the changes in their order.
///
/// # Errors
/// As the door and as `make`; what was passed until then stays.
pub async fn pass_past<Failing, Making>(
    door: &Door,
    accesses: &[Access],
    create_missing: Option<SeatType>,
    make: impl Fn(Vec<Change>) -> Making,
) -> Result<Past, Failing>
where
    Failing: From<DoorError>,
    Making: Future<Output = Result<Vec<Effect>, Failing>>,
{
    let mut past = Past {
        outcomes: pass(door, accesses).await?,
        created: Created::default(),
    };
    let (Some(seat_type), Some(first)) = (create_missing, accesses.first()) else {
        return Ok(past);
    };
    for _ in 0..ROUNDS_MAX {
        let missing = Missing::of(accesses, &past.outcomes, seat_type);
        if missing.indexes.is_empty() {
            break;
        }
        for (count, changes) in missing.changes(first.tenant_id).into_iter().enumerate() {
            let created = make_all(&make, changes).await?;
            match count {
                0 => past.created.users += created,
                1 => past.created.apps += created,
                _ => past.created.seats += created,
            }
        }
        let again: Vec<Access> = missing
            .indexes
            .iter()
            .filter_map(|index| accesses.get(*index).cloned())
            .collect();
        let outcomes = pass(door, &again).await?;
        for (index, outcome) in missing.indexes.into_iter().zip(outcomes) {
            if let Some(place) = past.outcomes.get_mut(index) {
                *place = outcome;
            }
        }
    }
    Ok(past)
}

/// Passes accesses in order, some at a time, waiting a while where the door is full.
async fn pass(door: &Door, accesses: &[Access]) -> Result<Vec<Outcome>, DoorError> {
    let mut outcomes = Vec::with_capacity(accesses.len());
    for some in accesses.chunks(PASS_ACCESSES_MAX) {
        let mut tries = 0;
        let recorded = loop {
            match door.pass(some.to_vec()).await {
                Err(DoorError::Full) if tries < FULL_TRIES_MAX => {
                    tries += 1;
                    tokio::time::sleep(FULL_PAUSE).await;
                }
                other => break other?,
            }
        };
        outcomes.extend(recorded.into_iter().map(outcome));
    }
    Ok(outcomes)
}

fn outcome(recorded: Recorded) -> Outcome {
    match recorded.verdict {
        Verdict::Admitted { .. } if recorded.moved => Outcome::Moved,
        Verdict::Admitted { .. } => Outcome::Kept,
        Verdict::Refused { reason } => Outcome::Refused(reason),
    }
}

/// What the refused accesses lack. Sets, because a file names the same person a thousand times.
struct Missing<'a> {
    seat_type: SeatType,
    users: BTreeSet<UserId>,
    apps: BTreeSet<&'a Namespace>,
    /// With the earliest access that needs each: since then at least it must have been there.
    seats: BTreeMap<(UserId, Option<&'a Namespace>), i64>,
    /// The accesses to be asked about again.
    indexes: Vec<usize>,
}

impl<'a> Missing<'a> {
    fn of(accesses: &'a [Access], outcomes: &[Outcome], seat_type: SeatType) -> Self {
        let mut missing = Self {
            seat_type,
            users: BTreeSet::new(),
            apps: BTreeSet::new(),
            seats: BTreeMap::new(),
            indexes: Vec::new(),
        };
        for (index, (access, outcome)) in accesses.iter().zip(outcomes).enumerate() {
            let namespace = &access.namespace;
            let bound = (seat_type == SeatType::PerUserPerApp).then_some(namespace);
            match outcome {
                // Somebody who is not there has no seat either, so all three can be made in one round.
                Outcome::Refused(Refusal::UserUnknown) => {
                    missing.users.insert(access.user_id);
                    missing.apps.insert(namespace);
                    missing.need((access.user_id, bound), access.accessed_at_ms);
                }
                Outcome::Refused(Refusal::AppUnknown) => {
                    missing.apps.insert(namespace);
                }
                Outcome::Refused(Refusal::NoSeat) => {
                    missing.need((access.user_id, bound), access.accessed_at_ms);
                }
                _ => continue,
            }
            missing.indexes.push(index);
        }
        missing
    }

    fn need(&mut self, seat: (UserId, Option<&'a Namespace>), accessed_at_ms: i64) {
        let since_ms = self.seats.entry(seat).or_insert(accessed_at_ms);
        *since_ms = accessed_at_ms.min(*since_ms);
    }

    /// What makes them: people, apps, seats, the one order in which they can stand on each other.
    fn changes(&self, tenant_id: TenantId) -> [Vec<Change>; 3] {
        let users = self.users.iter().map(|user_id| {
            Change::EnsureUser(User {
                tenant_id,
                user_id: *user_id,
                name: user_id.to_string(),
                enabled: true,
                system_administrator: false,
                external_id: None,
            })
        });
        let apps = self.apps.iter().map(|namespace| {
            Change::EnsureApp(App {
                tenant_id,
                namespace: (*namespace).clone(),
                name: namespace.to_string(),
                names: LocalizedNames::NONE,
                enabled: true,
            })
        });
        let seat =
            |((user_id, namespace), since_ms): (&(UserId, Option<&Namespace>), &i64)| Change::EnsureSeat {
                tenant_id,
                seat_type: self.seat_type,
                user_id: *user_id,
                namespace: namespace.cloned(),
                assigned_at_ms: Some(*since_ms),
            };
        [
            users.collect(),
            apps.collect(),
            self.seats.iter().map(seat).collect(),
        ]
    }
}

/// Makes changes and counts the things that are new.
async fn make_all<Failing, Making>(
    make: &impl Fn(Vec<Change>) -> Making,
    changes: Vec<Change>,
) -> Result<u64, Failing>
where
    Making: Future<Output = Result<Vec<Effect>, Failing>>,
{
    if changes.is_empty() {
        return Ok(0);
    }
    let effects = make(changes).await?;
    let created = effects.into_iter().filter(|effect| *effect == Effect::Created);
    Ok(created.count() as u64)
}
