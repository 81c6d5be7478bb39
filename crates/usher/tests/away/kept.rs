//! Asks the database itself, without Usher, what is there.

use std::collections::HashMap;

use usher_testbed::postgres::Server;

use crate::{callers::Told, instance};

/// Everything that was acknowledged is there, and nothing twice.
pub(crate) async fn assert_kept(server: &Server, database: &str, told: &Told, when: &str) {
    let client = server.connect(database).await;
    let rows = client
        .query(
            "SELECT user_id, max(active_time_ms) FROM activity GROUP BY user_id",
            &[],
        )
        .await
        .unwrap();
    let present: HashMap<u64, i64> = rows
        .iter()
        .map(|row| (u64::try_from(row.get::<_, i64>(0)).unwrap(), row.get(1)))
        .collect();
    for (user, acknowledged_ms) in &*told.accesses.lock().unwrap() {
        let present_ms = present.get(user).copied();
        assert!(
            present_ms >= Some(*acknowledged_ms),
            "{when}: user {user} was acknowledged at {acknowledged_ms}, and {present_ms:?} is there"
        );
    }
    let rows = client
        .query(
            "SELECT records.object_name, count(*), count(person.user_id) FROM audit_records AS records
             LEFT JOIN users AS person ON person.tenant_id = records.tenant_id
                                      AND person.user_id::text = records.object_name
             WHERE records.action = 'user.created' GROUP BY 1",
            &[],
        )
        .await
        .unwrap();
    let made: HashMap<u64, (i64, i64)> = rows
        .iter()
        .map(|row| (row.get::<_, String>(0).parse().unwrap(), (row.get(1), row.get(2))))
        .collect();
    for (user, counts) in &made {
        assert_eq!(*counts, (1, 1), "{when}: user {user} was made more than once");
    }
    for user in &*told.made.lock().unwrap() {
        assert!(
            made.contains_key(user),
            "{when}: user {user} was acknowledged and is not there"
        );
    }
}

/// The chains of the audit log hang together.
pub(crate) fn assert_chained(store: &str) {
    instance::run(store, &["audit", "verify", "--all"], "");
}
