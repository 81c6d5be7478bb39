//! Tales of groups and the seats they give.

use usher_seats::GroupKey;
use usher_store::{Effect, LedgerChange, Rejection};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

async fn acme(home: &mut dyn Home) -> Ledger {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger
        .people_and_apps(&(1..=6).collect::<Vec<_>>(), &["crm", "wiki"])
        .await;
    for group in ["sales", "support"] {
        ledger.put_group(group, group, START_MS).await;
    }
    ledger
}

fn group_key(name: &str) -> GroupKey {
    name.parse().unwrap()
}

impl Ledger {
    /// Makes a group or renames it.
    pub async fn put_group(&self, group: &str, name: &str, at_ms: i64) -> Effect {
        let change = LedgerChange::PutGroup {
            tenant_id: self.tenant_id,
            group_key: group_key(group),
            name: name.to_owned(),
        };
        self.ledger_change(change, at_ms).await.unwrap()
    }

    /// Takes a person into a group.
    pub async fn join(&self, user: i64, group: &str, at_ms: i64) -> Result<Effect, Rejection> {
        let change = LedgerChange::JoinGroup {
            tenant_id: self.tenant_id,
            group_key: group_key(group),
            user_id: user_id(user),
        };
        self.ledger_change(change, at_ms).await
    }

    /// Takes a person out of a group.
    pub async fn leave(&self, user: i64, group: &str, at_ms: i64) -> Result<Effect, Rejection> {
        let change = LedgerChange::LeaveGroup {
            tenant_id: self.tenant_id,
            group_key: group_key(group),
            user_id: user_id(user),
        };
        self.ledger_change(change, at_ms).await
    }

    /// Lets a group give seats.
    pub async fn stand(&self, group: &str, app: Option<&str>, at_ms: i64) -> Result<Effect, Rejection> {
        let change = LedgerChange::PutStandingAssignment {
            group_key: group_key(group),
            pool: self.pool_name(app),
        };
        self.ledger_change(change, at_ms).await
    }
}

/// Joining gives a seat while one is free, then a place in the line; leaving frees it.
pub async fn joining_gives_a_seat_and_leaving_frees_it(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.buy(Some("crm"), 2, START_MS).await.unwrap();
    assert_eq!(ledger.join(1, "sales", START_MS + 1).await, Ok(Effect::Created));
    assert_eq!(
        ledger.stand("sales", Some("crm"), START_MS + 2).await,
        Ok(Effect::Created)
    );
    assert_eq!(
        ledger.holders(Some("crm"), START_MS + 3).await,
        [1],
        "who is in already is served"
    );
    assert_eq!(ledger.join(1, "sales", START_MS + 3).await, Ok(Effect::Unchanged));
    for user in [2, 3, 4] {
        assert_eq!(
            ledger.join(user, "sales", START_MS + 4).await,
            Ok(Effect::Created)
        );
    }
    assert_eq!(ledger.holders(Some("crm"), START_MS + 5).await, [1, 2]);
    assert_eq!(ledger.line(Some("crm")).await, [3, 4]);
    assert_eq!(ledger.leave(3, "sales", START_MS + 6).await, Ok(Effect::Updated));
    assert_eq!(ledger.leave(1, "sales", START_MS + 7).await, Ok(Effect::Updated));
    assert_eq!(
        ledger.leave(1, "sales", START_MS + 8).await,
        Ok(Effect::Unchanged)
    );
    assert_eq!(ledger.holders(Some("crm"), START_MS + 9).await, [2, 4]);
    assert_eq!(ledger.line(Some("crm")).await, [] as [i64; 0]);
}

/// A person in several groups uses one seat, and keeps it while any group gives it.
pub async fn a_person_of_several_groups_uses_one_seat(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.stand("sales", None, START_MS).await.unwrap();
    ledger.stand("support", None, START_MS).await.unwrap();
    ledger.join(1, "sales", START_MS + 1).await.unwrap();
    ledger.join(1, "support", START_MS + 2).await.unwrap();
    assert_eq!(ledger.pool(None, START_MS + 3).await.unwrap().in_use, 1);
    ledger.leave(1, "sales", START_MS + 4).await.unwrap();
    assert_eq!(ledger.holders(None, START_MS + 5).await, [1]);
    ledger.leave(1, "support", START_MS + 6).await.unwrap();
    assert_eq!(ledger.holders(None, START_MS + 7).await, [] as [i64; 0]);
}

/// What was given by hand or is protected does not end with a group.
pub async fn a_seat_given_by_hand_or_protected_outlives_the_group(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.assign(1, None, Some(START_MS + 1_000), START_MS).await;
    ledger.stand("sales", None, START_MS).await.unwrap();
    for user in 1..=3 {
        ledger.join(user, "sales", START_MS + 1).await.unwrap();
    }
    let row = ledger
        .store
        .seat(ledger.seat_name(1, None))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        row.expires_at_ms,
        Some(START_MS + 1_000),
        "a group does not move an end that somebody chose"
    );
    let protect = LedgerChange::Protect {
        seat: ledger.seat_name(2, None),
        reason: Some("auditor".to_owned()),
    };
    ledger.ledger_change(protect, START_MS + 2).await.unwrap();
    let delete = LedgerChange::DeleteGroup {
        tenant_id: ledger.tenant_id,
        group_key: group_key("sales"),
    };
    assert_eq!(
        ledger.ledger_change(delete.clone(), START_MS + 3).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.ledger_change(delete, START_MS + 4).await,
        Ok(Effect::Unchanged)
    );
    assert_eq!(ledger.holders(None, START_MS + 5).await, [1, 2]);
    assert_eq!(
        ledger.join(4, "sales", START_MS + 6).await,
        Err(Rejection::GroupUnknown)
    );
}

/// Ending a standing assignment ends the seats that only it gave.
pub async fn ending_a_standing_assignment_frees_its_seats(home: &mut dyn Home) {
    let ledger = acme(home).await;
    ledger.stand("sales", Some("wiki"), START_MS).await.unwrap();
    ledger.join(1, "sales", START_MS + 1).await.unwrap();
    ledger.join(2, "sales", START_MS + 1).await.unwrap();
    ledger.assign(2, Some("wiki"), None, START_MS + 2).await;
    let remove = LedgerChange::RemoveStandingAssignment {
        group_key: group_key("sales"),
        pool: ledger.pool_name(Some("wiki")),
    };
    assert_eq!(
        ledger.ledger_change(remove.clone(), START_MS + 3).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        ledger.ledger_change(remove, START_MS + 3).await,
        Ok(Effect::Unchanged)
    );
    assert_eq!(ledger.holders(Some("wiki"), START_MS + 4).await, [2]);
}

/// Groups are read page by page, with their members and what they give.
pub async fn groups_are_read_page_by_page(home: &mut dyn Home) {
    let ledger = acme(home).await;
    assert_eq!(
        ledger.put_group("sales", "Sales", START_MS).await,
        Effect::Updated
    );
    assert_eq!(
        ledger.put_group("sales", "Sales", START_MS).await,
        Effect::Unchanged
    );
    ledger.stand("sales", Some("crm"), START_MS).await.unwrap();
    ledger.stand("sales", None, START_MS).await.unwrap();
    for user in [3, 1, 2] {
        ledger.join(user, "sales", START_MS + 1).await.unwrap();
    }
    let tenant_id = ledger.tenant_id;
    let page = ledger.store.groups(tenant_id, None, 1).await.unwrap();
    assert_eq!(
        (page.len(), page[0].name.as_str(), page[0].members),
        (1, "Sales", 3)
    );
    assert_eq!(
        page[0].standing_assignments,
        [ledger.pool_name(None), ledger.pool_name(Some("crm"))]
    );
    let rest = ledger
        .store
        .groups(tenant_id, Some(group_key("sales")), 10)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].group_key, group_key("support"));
    let sales = group_key("sales");
    let members = |after| ledger.store.group_members(tenant_id, &sales, after, 2);
    assert_eq!(members(None).await.unwrap(), [user_id(1), user_id(2)]);
    assert_eq!(members(Some(user_id(2))).await.unwrap(), [user_id(3)]);
    assert_eq!(
        ledger.store.groups_of(tenant_id, user_id(1)).await.unwrap(),
        [group_key("sales")]
    );
    let foreign = Ledger::found(home.store(), "foreign").await;
    assert_eq!(
        foreign.store.group(foreign.tenant_id, &sales).await.unwrap(),
        None
    );
    assert_eq!(
        foreign.join(1, "sales", START_MS + 2).await,
        Err(Rejection::GroupUnknown)
    );
}
