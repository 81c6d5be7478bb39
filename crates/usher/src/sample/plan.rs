//! Who holds which seat, who uses what, and when.
//!
//! Everything follows from a person's place in the list, so the organisation is easy to describe:
//!
//! | Persons | Seats | Use |
//! | --- | --- | --- |
//! | 0 to 11 | platform | every working day, and just now |
//! | 12 to 59 | platform | every week or so; every eighth stopped months ago |
//! | 60 to 69 | platform | never |
//! | 70 to 77 | platform, given back | until it was given back |
//! | 78 to 83 | platform, expired | until it expired |
//! | 84 to 113 | one or two app seats | those apps; every seventh seat given back, every ninth expired |
//! | 114 to 117 | app seats | never |
//! | 118, 119 | none | not let in |
//!
//! Persons 0 to 5 hold an app seat beside their platform seat: money spent twice, for reports to find.

use usher_seats::{Namespace, SeatType, UserId};

use super::{
    Dice,
    people::{Person, people},
};

/// An hour in milliseconds.
pub(super) const HOUR_MS: i64 = 60 * 60 * 1_000;
/// A day in milliseconds.
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// How far back the organisation's use goes, in days.
pub(super) const HISTORY_DAYS: i64 = 180;
/// When seats that are given back or expire ended, in days before the start.
const ENDED_DAYS: i64 = 20;
/// The number all chance of the sample begins with.
const SEED: u64 = 0x5eed_0f5e_a750;

/// The apps: name on the wire, name in English and in Chinese, path on the demo's host.
pub(super) const APPS: [(&str, &str, &str, &str); 8] = [
    ("package_crm001__c", "Customers", "客户管理", "/crm"),
    ("package_hr0002__c", "People", "人事", "/hr"),
    ("package_oa0003__c", "Approvals", "审批", "/approvals"),
    ("package_inv004__c", "Inventory", "库存", "/inventory"),
    ("package_fin005__c", "Finance", "财务", "/finance"),
    ("package_pmo006__c", "Projects", "项目", "/projects"),
    ("package_svc007__c", "Service desk", "客服", "/service"),
    ("package_lab008__c", "Laboratory", "实验室", "/laboratory"),
];

/// A seat in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedSeat {
    pub(super) seat_type: SeatType,
    pub(super) user_id: UserId,
    pub(super) namespace: Option<Namespace>,
    /// Days before the start at which it expired.
    pub(super) expired_days: Option<i64>,
    /// True when it is given back at the end.
    pub(super) released: bool,
}

/// An access in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedAccess {
    pub(super) user_id: UserId,
    pub(super) namespace: Namespace,
    /// Milliseconds before the start; none means just now.
    pub(super) before_ms: Option<i64>,
}

/// The whole organisation.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) people: Vec<Person>,
    pub(super) apps: Vec<Namespace>,
    pub(super) seats: Vec<PlannedSeat>,
    /// Past accesses from the oldest to the newest, then those of just now.
    pub(super) accesses: Vec<PlannedAccess>,
}

/// How a person uses the apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Habit {
    /// Days between two visits, about.
    every_days: i64,
    /// Days before the start of the last visit.
    last_days: i64,
    /// True when the person is there just now.
    now: bool,
}

impl Plan {
    /// Makes the plan; the same each time.
    pub(super) fn make() -> Self {
        let mut plan = Self {
            people: people(),
            apps: APPS
                .iter()
                .filter_map(|(namespace, ..)| namespace.parse().ok())
                .collect(),
            seats: Vec::new(),
            accesses: Vec::new(),
        };
        let mut dice = Dice::new(SEED);
        let ids: Vec<UserId> = plan.people.iter().map(|person| person.user_id).collect();
        for (index, user_id) in ids.into_iter().enumerate() {
            plan.seat(index, user_id);
            plan.visits(index, user_id, &mut dice);
        }
        plan.accesses
            .sort_by_key(|access| access.before_ms.map_or(0, |before_ms| -before_ms));
        plan
    }

    fn seat(&mut self, index: usize, user_id: UserId) {
        let ended = |yes: bool| yes.then_some(ENDED_DAYS);
        if index < 84 {
            self.seats.push(PlannedSeat {
                seat_type: SeatType::PerUser,
                user_id,
                namespace: None,
                expired_days: ended(index >= 78),
                released: (70..78).contains(&index),
            });
        }
        for (nth, app) in app_seats(index).iter().enumerate() {
            let number = index + nth;
            self.seats.push(PlannedSeat {
                seat_type: SeatType::PerUserPerApp,
                user_id,
                namespace: self.apps.get(*app).cloned(),
                expired_days: ended(index >= 84 && number.is_multiple_of(9)),
                released: index >= 84 && number.is_multiple_of(7) && !number.is_multiple_of(9),
            });
        }
    }

    fn visits(&mut self, index: usize, user_id: UserId, dice: &mut Dice) {
        let Some(habit) = habit(index) else {
            return;
        };
        for app in visited_apps(index) {
            let Some(namespace) = self.apps.get(app).cloned() else {
                continue;
            };
            let mut days = habit.last_days;
            while days < HISTORY_DAYS {
                let before_ms = days * DAY_MS + HOUR_MS + dice.roll_ms(8 * HOUR_MS);
                let namespace = namespace.clone();
                self.accesses.push(PlannedAccess {
                    user_id,
                    namespace,
                    before_ms: Some(before_ms),
                });
                days += habit.every_days + dice.roll_ms(habit.every_days);
            }
            if habit.now {
                self.accesses.push(PlannedAccess {
                    user_id,
                    namespace,
                    before_ms: None,
                });
            }
        }
    }
}

/// The apps, by their place in [`APPS`], for which a person has an app seat. The last two apps are open to holders of
/// platform seats only.
fn app_seats(index: usize) -> Vec<usize> {
    match index {
        0..=5 => vec![index % 6],
        84..=117 if index.is_multiple_of(3) => vec![index % 6, (index + 2) % 6],
        84..=117 => vec![index % 6],
        _ => Vec::new(),
    }
}

/// The apps a person opens.
fn visited_apps(index: usize) -> Vec<usize> {
    match index {
        0..84 => (0..=index % 3)
            .map(|nth| (index + nth * 3) % APPS.len())
            .collect(),
        84..118 => app_seats(index),
        _ => vec![0],
    }
}

fn habit(index: usize) -> Option<Habit> {
    let ended = ENDED_DAYS + 1;
    let (every_days, last_days, now) = match index {
        0..12 => (2, 1, true),
        12..60 if index.is_multiple_of(8) => (9, 110, false),
        12..60 => (7, 2, false),
        70..84 => (6, ended, false),
        84..114 => (8, ended, index.is_multiple_of(5)),
        118..120 => (30, 3, false),
        _ => return None,
    };
    Some(Habit {
        every_days,
        last_days,
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_the_same_each_time() {
        let (one, other) = (Plan::make(), Plan::make());
        assert_eq!(one.seats, other.seats);
        assert_eq!(one.accesses, other.accesses);
    }

    #[test]
    fn the_plan_has_every_kind_of_seat_and_use() {
        let plan = Plan::make();
        for seat_type in SeatType::ALL {
            let of_type = || plan.seats.iter().filter(|seat| seat.seat_type == seat_type);
            assert!(of_type().count() > 30, "{seat_type:?}");
            assert!(of_type().any(|seat| seat.released), "{seat_type:?} given back");
            assert!(
                of_type().any(|seat| seat.expired_days.is_some()),
                "{seat_type:?} expired"
            );
            let used =
                |seat: &&PlannedSeat| plan.accesses.iter().any(|access| access.user_id == seat.user_id);
            assert!(of_type().any(|seat| !used(&seat)), "{seat_type:?} never used");
        }
        assert!(
            plan.seats
                .iter()
                .all(|seat| seat.namespace.is_some() == (seat.seat_type == SeatType::PerUserPerApp))
        );
    }

    #[test]
    fn past_accesses_come_before_those_of_just_now_and_from_old_to_new() {
        let plan = Plan::make();
        let before: Vec<i64> = plan
            .accesses
            .iter()
            .map(|access| access.before_ms.unwrap_or(0))
            .collect();
        assert!(before.windows(2).all(|pair| pair[0] >= pair[1]));
        assert!(before.ends_with(&[0, 0, 0]));
        assert!(
            before
                .iter()
                .all(|before_ms| *before_ms <= (HISTORY_DAYS + 1) * DAY_MS)
        );
        assert!(
            (1_000..10_000).contains(&plan.accesses.len()),
            "{}",
            plan.accesses.len()
        );
    }
}
