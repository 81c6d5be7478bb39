//! What tales and model begin with: a tenant, some people, some apps; and words for short sentences.

use std::sync::Arc;

use usher_seats::{LocalizedNames, Namespace, Refusal, SeatType, TenantId, TimeZoneName, UserId, Verdict};
use usher_store::{
    Access, ActivityRow, App, AssignmentRow, Change, Effect, Page, PageKey, PageQuery, Recorded, Store,
    StoreError, User,
};

/// A time in the middle of 2024 at which tales begin.
pub const START_MS: i64 = 1_720_000_000_000;

/// A user by number.
#[must_use]
pub fn user_id(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

/// An app by name.
#[must_use]
pub fn namespace(name: &str) -> Namespace {
    name.parse().unwrap()
}

/// A tenant's people, apps and seats, spoken to in short sentences.
#[derive(Clone)]
pub struct Ledger {
    /// The engine.
    pub store: Arc<dyn Store>,
    /// The tenant.
    pub tenant_id: TenantId,
}

impl Ledger {
    /// Makes a tenant.
    pub async fn found(store: Arc<dyn Store>, tenant_key: &str) -> Self {
        let create = Change::CreateTenant {
            tenant_key: tenant_key.parse().unwrap(),
            name: tenant_key.to_owned(),
            time_zone: TimeZoneName::utc(),
        };
        let effects = store.change(vec![create], START_MS).await.unwrap();
        let [Effect::TenantCreated(tenant_id)] = effects[..] else {
            panic!("{effects:?}")
        };
        Self { store, tenant_id }
    }

    /// Makes one change at `at_ms`.
    pub async fn change(&self, change: Change, at_ms: i64) -> Result<Effect, StoreError> {
        let effects = self.store.change(vec![change], at_ms).await?;
        assert_eq!(effects.len(), 1, "one change has one effect");
        Ok(effects[0])
    }

    /// A user of this tenant.
    #[must_use]
    pub fn user(&self, number: i64) -> User {
        User {
            tenant_id: self.tenant_id,
            user_id: user_id(number),
            name: format!("person {number}"),
            enabled: true,
            system_administrator: false,
            external_id: None,
        }
    }

    /// An app of this tenant.
    #[must_use]
    pub fn app(&self, name: &str) -> App {
        App {
            tenant_id: self.tenant_id,
            namespace: namespace(name),
            name: name.to_owned(),
            names: LocalizedNames::NONE,
            enabled: true,
        }
    }

    /// Makes users and apps.
    pub async fn people_and_apps(&self, people: &[i64], apps: &[&str]) {
        let users = people.iter().map(|number| Change::PutUser(self.user(*number)));
        let apps = apps.iter().map(|name| Change::PutApp(self.app(name)));
        self.store
            .change(users.chain(apps).collect(), START_MS)
            .await
            .unwrap();
    }

    /// Gives a seat: a platform seat without an app, an app seat with one.
    pub async fn assign(
        &self,
        user: i64,
        app: Option<&str>,
        expires_at_ms: Option<i64>,
        at_ms: i64,
    ) -> Effect {
        let change = Change::AssignSeat {
            tenant_id: self.tenant_id,
            seat_type: seat_type(app),
            user_id: user_id(user),
            namespace: app.map(namespace),
            expires_at_ms,
        };
        self.change(change, at_ms).await.unwrap()
    }

    /// Takes a seat back.
    pub async fn release(&self, user: i64, app: Option<&str>, at_ms: i64) -> Effect {
        let change = Change::ReleaseSeat {
            tenant_id: self.tenant_id,
            seat_type: seat_type(app),
            user_id: user_id(user),
            namespace: app.map(namespace),
        };
        self.change(change, at_ms).await.unwrap()
    }

    /// An access of this tenant.
    #[must_use]
    pub fn access(&self, user: i64, app: &str, accessed_at_ms: i64) -> Access {
        Access {
            tenant_id: self.tenant_id,
            user_id: user_id(user),
            namespace: namespace(app),
            accessed_at_ms,
        }
    }

    /// Somebody opens an app.
    pub async fn open(&self, user: i64, app: &str, at_ms: i64) -> Recorded {
        let recorded = self
            .store
            .record(vec![self.access(user, app, at_ms)])
            .await
            .unwrap();
        assert_eq!(recorded.len(), 1, "one access has one answer");
        recorded[0]
    }

    fn query(&self, seat_type: SeatType, after: Option<PageKey>, rows_max: usize, now_ms: i64) -> PageQuery {
        PageQuery {
            tenant_id: self.tenant_id,
            seat_type,
            after,
            rows_max,
            now_ms,
        }
    }

    /// One page of activities.
    pub async fn activities_page(
        &self,
        seat_type: SeatType,
        after: Option<PageKey>,
        rows_max: usize,
        now_ms: i64,
    ) -> Page<ActivityRow> {
        self.store
            .activities(self.query(seat_type, after, rows_max, now_ms))
            .await
            .unwrap()
    }

    /// All pages of activities.
    pub async fn activities(&self, seat_type: SeatType, rows_max: usize, now_ms: i64) -> Vec<ActivityRow> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = self.activities_page(seat_type, after, rows_max, now_ms).await;
            check_page(page.rows.len(), rows_max, page.has_more);
            after = page.rows.last().map(ActivityRow::key);
            rows.extend(page.rows);
            if !page.has_more {
                return rows;
            }
        }
    }

    /// All pages of assignments.
    pub async fn assignments(&self, seat_type: SeatType, rows_max: usize, now_ms: i64) -> Vec<AssignmentRow> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .store
                .assignments(self.query(seat_type, after, rows_max, now_ms))
                .await
                .unwrap();
            check_page(page.rows.len(), rows_max, page.has_more);
            after = page.rows.last().map(AssignmentRow::key);
            rows.extend(page.rows);
            if !page.has_more {
                return rows;
            }
        }
    }
}

fn check_page(rows: usize, rows_max: usize, has_more: bool) {
    assert!(rows <= rows_max, "{rows} rows in a page of {rows_max}");
    assert!(
        !has_more || rows == rows_max,
        "a page that is not full says that more follow"
    );
}

/// The kind of seat that goes with an app or without.
#[must_use]
pub fn seat_type(app: Option<&str>) -> SeatType {
    if app.is_some() {
        SeatType::PerUserPerApp
    } else {
        SeatType::PerUser
    }
}

/// An access that was admitted and moved the row.
#[must_use]
pub fn admitted(seat_type: SeatType, active_time_ms: i64) -> Recorded {
    Recorded {
        verdict: Verdict::Admitted {
            seat_type,
            active_time_ms,
        },
        moved: true,
        admits_until_ms: None,
    }
}

/// The same by a seat with an end.
#[must_use]
pub fn admitted_until(seat_type: SeatType, active_time_ms: i64, end_ms: i64) -> Recorded {
    Recorded {
        admits_until_ms: Some(end_ms),
        ..admitted(seat_type, active_time_ms)
    }
}

/// An access that was admitted although something newer was known.
#[must_use]
pub fn admitted_without_moving(seat_type: SeatType, active_time_ms: i64) -> Recorded {
    Recorded {
        verdict: Verdict::Admitted {
            seat_type,
            active_time_ms,
        },
        moved: false,
        admits_until_ms: None,
    }
}

/// An access that was refused.
#[must_use]
pub fn refused(reason: Refusal) -> Recorded {
    Recorded {
        verdict: Verdict::Refused { reason },
        moved: false,
        admits_until_ms: None,
    }
}
