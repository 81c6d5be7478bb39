//! Tales of seats that are asked for and looked for.

use usher_seats::GroupKey;
use usher_store::{Effect, LedgerChange, PageKey, Rejection, SeatQuery};

use crate::{
    Home,
    ledger::{Ledger, START_MS, namespace, seat_type, user_id},
};

async fn acme(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3, 4, 5], &["crm", "wiki"]).await;
    ledger
}

/// A seat that somebody asks for is not given beyond the pool when they would rather not wait, and never with an end
/// that is over.
pub async fn a_request_may_rather_not_wait(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(None, 1, START_MS).await.unwrap();
    let request = |user, expires_at_ms, wait| LedgerChange::RequestSeat {
        seat: ledger.seat_name(user, None),
        expires_at_ms,
        wait,
    };
    let ask = |change| ledger.ledger_change(change, START_MS);
    assert_eq!(
        ask(request(1, Some(START_MS), true)).await,
        Err(Rejection::EndInThePast)
    );
    assert_eq!(
        ask(request(1, Some(START_MS + 1), false)).await,
        Ok(Effect::Created)
    );
    assert_eq!(ask(request(2, None, false)).await, Err(Rejection::PoolExhausted));
    assert_eq!(ledger.line(None).await, [] as [i64; 0]);
    assert_eq!(ask(request(2, None, true)).await, Ok(Effect::Waiting(1)));
}

/// Seats are listed by person, app and group, page by page, held or not.
pub async fn seats_are_listed_by_person_app_and_group(home: &mut dyn Home) {
    let ledger = acme(home).await;
    for (user, app) in [
        (1, None),
        (2, None),
        (4, None),
        (1, Some("crm")),
        (2, Some("crm")),
        (2, Some("wiki")),
        (3, Some("crm")),
        (4, Some("wiki")),
    ] {
        ledger.assign(user, app, None, START_MS).await;
    }
    ledger.release(2, Some("crm"), START_MS + 1).await;
    ledger.people_in("sales", &[2, 3, 4, 5]).await;
    let crm = || Some("crm");
    assert_eq!(ledger.listed(None, None, None, None).await, ["1", "2", "4"]);
    assert_eq!(ledger.listed(None, Some(2), None, None).await, ["2"]);
    assert_eq!(ledger.listed(None, None, None, Some("sales")).await, ["2", "4"]);
    assert_eq!(
        ledger.listed(crm(), None, None, None).await,
        ["1 crm", "2 crm", "2 wiki", "3 crm", "4 wiki"]
    );
    assert_eq!(
        ledger.listed(crm(), None, crm(), None).await,
        ["1 crm", "2 crm", "3 crm"]
    );
    assert_eq!(
        ledger.listed(crm(), Some(2), None, None).await,
        ["2 crm", "2 wiki"]
    );
    assert_eq!(
        ledger.listed(crm(), Some(2), Some("wiki"), None).await,
        ["2 wiki"]
    );
    assert_eq!(
        ledger.listed(crm(), None, None, Some("sales")).await,
        ["2 crm", "2 wiki", "3 crm", "4 wiki"]
    );
    assert_eq!(
        ledger.listed(crm(), None, crm(), Some("sales")).await,
        ["2 crm", "3 crm"]
    );
    assert_eq!(
        ledger.listed(crm(), None, None, Some("nobody")).await,
        [] as [&str; 0]
    );
}

impl Ledger {
    /// Makes a group of people.
    pub async fn people_in(&self, key: &str, people: &[i64]) {
        let group_key: GroupKey = key.parse().unwrap();
        let create = LedgerChange::CreateGroup {
            tenant_id: self.tenant_id,
            group_key: group_key.clone(),
            name: key.to_owned(),
        };
        self.ledger_change(create, START_MS).await.unwrap();
        for user in people {
            let join = LedgerChange::JoinGroup {
                tenant_id: self.tenant_id,
                group_key: group_key.clone(),
                user_id: user_id(*user),
            };
            self.ledger_change(join, START_MS).await.unwrap();
        }
    }

    /// Seats of a kind (app seats with `app`), each as user and app, walked with pages of one row, two and many.
    async fn listed(
        &self,
        app: Option<&str>,
        user: Option<i64>,
        of_app: Option<&str>,
        group: Option<&str>,
    ) -> Vec<String> {
        let mut walks = Vec::new();
        for rows_max in [1, 2, 500] {
            let mut query = SeatQuery {
                tenant_id: self.tenant_id,
                seat_type: seat_type(app),
                user_id: user.map(user_id),
                namespace: of_app.map(namespace),
                group_key: group.map(|group| group.parse().unwrap()),
                after: None,
                rows_max,
            };
            let mut walk = Vec::new();
            loop {
                let rows = self.store.seats_where(query.clone()).await.unwrap();
                let Some(last) = rows.last() else { break };
                query.after = Some(PageKey {
                    user_id: last.seat.user_id,
                    namespace: last.seat.pool.namespace.clone(),
                });
                walk.extend(rows.iter().map(|row| {
                    let app = row.seat.pool.namespace.as_ref();
                    app.map_or(row.seat.user_id.to_string(), |app| {
                        format!("{} {app}", row.seat.user_id)
                    })
                }));
            }
            walks.push(walk);
        }
        assert!(walks.iter().all(|walk| *walk == walks[0]), "{walks:?}");
        walks.remove(0)
    }
}

/// A key is one group's alone; making it again is refused and changes nothing.
pub async fn a_group_is_made_once(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let create = |name: &str| LedgerChange::CreateGroup {
        tenant_id: ledger.tenant_id,
        group_key: "sales".parse().unwrap(),
        name: name.to_owned(),
    };
    let make = |name| ledger.ledger_change(create(name), START_MS);
    assert_eq!(make("Sales").await, Ok(Effect::Created));
    assert_eq!(make("Others").await, Err(Rejection::GroupKeyTaken));
    let sales = "sales".parse().unwrap();
    let group = ledger.store.group(ledger.tenant_id, &sales).await.unwrap();
    assert_eq!(group.unwrap().name, "Sales");
}
