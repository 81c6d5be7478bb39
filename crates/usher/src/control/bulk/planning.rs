//! From what a row says to the changes that make it so.

use usher_seats::{ACCESS_TIME_MS_MAX, SeatType, TimeZoneName};
use usher_store::{App, Change, LedgerChange, PoolName, SeatName, User, WrittenSeat};

use super::directory::{Directory, Obstacle, refused};
use crate::{
    spreadsheet::{
        Column, Entry, RowProblem, WrittenMoment,
        cells::WrittenEnd,
        entries::{AppEntry, Bought, GroupEntry, PoolEntry, SeatEntry, UserEntry},
    },
    words,
};

/// What a change is to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// What the row is about.
    Main,
    /// Somebody whom it names and who is missing.
    User,
    /// An app that it names and that is missing.
    App,
    /// A group that it names and that is missing.
    Group,
}

/// The changes of some rows, in order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The row that is being planned.
    pub(super) row: usize,
    /// Each change with its row and what it is to it.
    pub(super) steps: Vec<(usize, Role)>,
    /// The changes themselves.
    pub(super) changes: Vec<Change>,
}

impl Plan {
    /// Adds a change for the row that is being planned.
    pub(super) fn push(&mut self, role: Role, change: Change) {
        self.steps.push((self.row, role));
        self.changes.push(change);
    }
}

/// When the rows are read, and whether somebody for whom no seat is free waits for one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) now_ms: i64,
    pub(super) may_wait: bool,
}

impl Directory<'_> {
    /// Plans one row.
    pub(super) async fn plan(&mut self, entry: Entry, terms: Terms) -> Result<(), Obstacle> {
        match entry {
            Entry::Seat(seat) => self.plan_seat(seat, terms).await,
            Entry::User(user) => self.plan_user(user).await,
            Entry::App(app) => self.plan_app(app).await,
            Entry::Group(group) => self.plan_group(group).await,
            Entry::Pool(pool) => self.plan_pool(pool, terms.now_ms).await,
        }
    }

    async fn plan_seat(&mut self, entry: SeatEntry, terms: Terms) -> Result<(), Obstacle> {
        let times = Times::read(&entry, &self.tenant.time_zone, terms.now_ms)?;
        let user_id = self.member(&entry.person).await?;
        let pool = self.pool_named(entry.seat_type, entry.app.as_deref()).await?;
        if let Some(group) = &entry.group {
            self.join(group, user_id).await?;
        }
        let written = WrittenSeat {
            seat: SeatName { pool, user_id },
            assigned_at_ms: times.assigned_at_ms,
            expires_at_ms: times.expires_at_ms,
            released_at_ms: times.released_at_ms,
            protected_reason: entry.protected_reason,
            given_by_group: entry.given_by_group,
            may_wait: terms.may_wait,
        };
        self.plan.push(Role::Main, LedgerChange::PutSeat(written).into());
        Ok(())
    }

    /// The pool of a kind of seat; the kind follows from whether an app is named, where nobody says.
    async fn pool_named(
        &mut self,
        seat_type: Option<SeatType>,
        app: Option<&str>,
    ) -> Result<PoolName, Obstacle> {
        let namespace = match app {
            Some(text) => Some(self.app_named(text).await?),
            None => None,
        };
        let inferred = if namespace.is_some() {
            SeatType::PerUserPerApp
        } else {
            SeatType::PerUser
        };
        Ok(PoolName {
            tenant_id: self.tenant.tenant_id,
            seat_type: seat_type.unwrap_or(inferred),
            namespace,
        })
    }

    async fn join(&mut self, group: &str, user_id: usher_seats::UserId) -> Result<(), Obstacle> {
        let group_key = self.group_named(group).await?;
        let change = LedgerChange::JoinGroup {
            tenant_id: self.tenant.tenant_id,
            group_key,
            user_id,
        };
        self.plan.push(Role::Main, change.into());
        Ok(())
    }

    async fn plan_user(&mut self, entry: UserEntry) -> Result<(), Obstacle> {
        let person = entry.person;
        let before = match self.find(&person).await? {
            Some(user) => user,
            None => self.new_user(&person).await?,
        };
        let user = User {
            name: person.name.unwrap_or(before.name),
            external_id: person.external_id.or(before.external_id),
            enabled: entry.enabled.unwrap_or(before.enabled),
            system_administrator: entry.system_administrator.unwrap_or(before.system_administrator),
            ..before
        };
        let user_id = user.user_id;
        self.plan.push(Role::Main, Change::PutUser(user.clone()));
        self.remember(user);
        match &entry.group {
            Some(group) => self.join(group, user_id).await,
            None => Ok(()),
        }
    }

    async fn plan_app(&mut self, entry: AppEntry) -> Result<(), Obstacle> {
        let before = self.app(&entry.namespace).await?;
        let before = before.unwrap_or_else(|| App {
            tenant_id: self.tenant.tenant_id,
            name: entry.namespace.to_string(),
            names: usher_seats::LocalizedNames::NONE,
            namespace: entry.namespace.clone(),
            enabled: true,
        });
        let app = App {
            name: entry.name.unwrap_or(before.name),
            names: entry.names.unwrap_or(before.names),
            enabled: entry.enabled.unwrap_or(before.enabled),
            ..before
        };
        self.plan.push(Role::Main, Change::PutApp(app.clone()));
        self.remember_app(app);
        Ok(())
    }

    /// A table of groups may make them: that is what it is for.
    async fn plan_group(&mut self, entry: GroupEntry) -> Result<(), Obstacle> {
        let group_key = match self.find_group(&entry.group).await? {
            None => {
                let name = entry.group_name.as_deref().unwrap_or(&entry.group);
                self.make_group(&entry.group, name, Role::Main)?
            }
            Some(group_key) => {
                let known = self.group_name(&group_key).await?;
                if let Some(name) = entry.group_name.filter(|name| known.as_ref() != Some(name)) {
                    self.put_group(&group_key, &name, Role::Main);
                }
                group_key
            }
        };
        if let Some(person) = &entry.person {
            let user_id = self.member(person).await?;
            let change = LedgerChange::JoinGroup {
                tenant_id: self.tenant.tenant_id,
                group_key: group_key.clone(),
                user_id,
            };
            self.plan.push(Role::Main, change.into());
        }
        if entry.seat_type.is_some() || entry.app.is_some() {
            let pool = self.pool_named(entry.seat_type, entry.app.as_deref()).await?;
            let change = LedgerChange::PutStandingAssignment { group_key, pool };
            self.plan.push(Role::Main, change.into());
        }
        Ok(())
    }

    async fn plan_pool(&mut self, entry: PoolEntry, now_ms: i64) -> Result<(), Obstacle> {
        let zone = self.tenant.time_zone.clone();
        let pool = self.pool_named(entry.seat_type, entry.app.as_deref()).await?;
        let known = self.store().pool(pool.clone(), now_ms).await?;
        let known = known.map(|row| row.pool).unwrap_or_default();
        let valid_from_ms = entry.valid_from.map(|from| from.begin_ms(&zone));
        let change = LedgerChange::PutPool {
            pool,
            bought: match entry.bought {
                Some(Bought::Seats(bought)) => Some(bought),
                Some(Bought::Unlimited) => None,
                None => known.bought,
            },
            valid_from_ms: valid_from_ms.or(known.valid_from_ms),
            valid_until_ms: match entry.valid_until {
                Some(WrittenEnd::After(until)) => Some(until.end_ms(&zone)),
                Some(WrittenEnd::Never) => None,
                None => known.valid_until_ms,
            },
            overdraft_allowed: entry.overdraft_allowed.unwrap_or(known.overdraft_allowed),
        };
        self.plan.push(Role::Main, change.into());
        Ok(())
    }
}

/// The times of a seat, in milliseconds.
struct Times {
    assigned_at_ms: Option<i64>,
    expires_at_ms: Option<Option<i64>>,
    released_at_ms: Option<i64>,
}

impl Times {
    /// Reads the times of a row. A seat that is over and does not say since when was over when it ran out, or is now.
    fn read(entry: &SeatEntry, zone: &TimeZoneName, now_ms: i64) -> Result<Self, Obstacle> {
        let begin = |moment: WrittenMoment| moment.begin_ms(zone);
        let assigned_at_ms = checked(Column::AssignedAt, entry.assigned_at.map(begin))?;
        let end_ms = match entry.expires_at {
            Some(WrittenEnd::After(end)) => checked(Column::ExpiresAt, Some(end.end_ms(zone)))?,
            Some(WrittenEnd::Never) | None => None,
        };
        let released_at_ms = checked(Column::ReleasedAt, entry.released_at.map(begin))?;
        if assigned_at_ms.is_some_and(|assigned_at_ms| assigned_at_ms > now_ms) {
            return Err(refused(
                "assigned_in_future",
                words!("assigned_at lies in the future", "assigned_at 在将来"),
            ));
        }
        if assigned_at_ms
            .zip(end_ms)
            .is_some_and(|(begin_ms, end_ms)| end_ms <= begin_ms)
        {
            return Err(refused(
                "ends_before_it_begins",
                words!(
                    "expires_at must be later than assigned_at",
                    "expires_at 必须晚于 assigned_at"
                ),
            ));
        }
        let over_ms = end_ms.filter(|end_ms| *end_ms <= now_ms).unwrap_or(now_ms);
        let released_at_ms = entry
            .released
            .then(|| released_at_ms.unwrap_or(over_ms).max(assigned_at_ms.unwrap_or(0)));
        Ok(Self {
            assigned_at_ms,
            expires_at_ms: entry.expires_at.map(|_| end_ms),
            released_at_ms,
        })
    }
}

/// Refuses a time that no list can show.
fn checked(column: Column, at_ms: Option<i64>) -> Result<Option<i64>, Obstacle> {
    match at_ms {
        Some(at_ms) if !(1..=ACCESS_TIME_MS_MAX).contains(&at_ms) => {
            let problem = RowProblem::NotAllowed { column };
            Err(refused("time_out_of_range", problem.words()))
        }
        at_ms => Ok(at_ms),
    }
}
