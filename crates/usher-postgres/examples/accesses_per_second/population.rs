//! Who there is: one tenant whose people hold platform seats, and an old activity row for everybody and every app.

use std::error::Error;

use usher_postgres::{PostgresOptions, PostgresStore};
use usher_seats::{Namespace, TenantId, UserId};
use usher_store::{Access, Store};
use usher_testbed::postgres::Server;

/// The database of the measurement.
pub(crate) const DATABASE: &str = "accesses";
/// Apps of the tenant; everybody has opened each.
pub(crate) const APPS: u64 = 20;
/// The number of the tenant.
pub(crate) const TENANT: i64 = 1;
/// The day of them all, so that no access is the first of a day: that happens once a day and not at every access.
pub(crate) const DAY: i64 = 19_675;
/// The beginning of that day, when everybody came last; accesses one by one have the first half of it.
pub(crate) const DAY_MS: i64 = DAY * 86_400_000;
/// When the first batched access happens: at noon.
pub(crate) const NOON_MS: i64 = DAY_MS + 43_200_000;
/// Numbers in the range of real ones: their length is part of what is measured.
pub(crate) const FIRST_USER: i64 = 1_800_000_000_000_001;

/// People and rows.
#[derive(Clone)]
pub(crate) struct Population {
    pub(crate) rows: u64,
    pub(crate) users: u64,
    namespaces: Vec<Namespace>,
}

impl Population {
    /// Makes the schema and everybody.
    pub(crate) async fn settle(server: &Server, rows: u64) -> Result<Self, Box<dyn Error>> {
        server.run(&format!("CREATE DATABASE {DATABASE}")).await;
        let store = PostgresStore::open(&server.address(DATABASE), &PostgresOptions::default()).await?;
        store.close().await;
        drop(store);
        let users = rows / APPS;
        let namespaces = (0..APPS).map(|app| namespace(app).parse());
        let population = Self {
            rows,
            users,
            namespaces: namespaces.collect::<Result<_, _>>()?,
        };
        let last = users - 1;
        let statements = format!(
            "SET synchronous_commit = off;
             INSERT INTO tenants (tenant_id, tenant_key, name, enabled) VALUES ({TENANT}, 'measured', '', TRUE);
             INSERT INTO audit_heads (tenant_id, sequence, hash) VALUES ({TENANT}, 0, '');
             INSERT INTO apps (tenant_id, namespace, name, enabled)
             SELECT {TENANT}, 'package_' || lpad(app::text, 6, '0') || '__c', '', TRUE FROM generate_series(0, {APPS} - 1) AS app;
             INSERT INTO users (tenant_id, user_id, name, enabled, system_administrator)
             SELECT {TENANT}, {FIRST_USER} + 7 * person, 'somebody', TRUE, FALSE FROM generate_series(0, {last}) AS person;
             INSERT INTO seats (tenant_id, seat_type, user_id, namespace, held, assigned_at_ms)
             SELECT {TENANT}, 0, {FIRST_USER} + 7 * person, '', TRUE, 0 FROM generate_series(0, {last}) AS person"
        );
        server.connect(DATABASE).await.batch_execute(&statements).await?;
        population.fill(server).await?;
        Ok(population)
    }

    /// Writes the activity rows anew, in the order of chance that they would have come in.
    pub(crate) async fn fill(&self, server: &Server) -> Result<(), Box<dyn Error>> {
        let client = server.connect(DATABASE).await;
        let last = self.users - 1;
        let statements = format!(
            "SET synchronous_commit = off;
             TRUNCATE activity;
             SELECT setseed(0.5);
             INSERT INTO activity (tenant_id, seat_type, user_id, namespace, active_time_ms, noted_day)
             SELECT {TENANT}, 0, {FIRST_USER} + 7 * person, apps.namespace, {DAY_MS}, {DAY}
             FROM generate_series(0, {last}) AS person, apps ORDER BY random()"
        );
        client.batch_execute(&statements).await?;
        client.batch_execute("VACUUM ANALYZE").await?;
        client.batch_execute("CHECKPOINT").await?;
        Ok(())
    }

    /// An access of the row with this number.
    pub(crate) fn access(
        &self,
        row: u64,
        accessed_at_ms: i64,
    ) -> Result<Access, Box<dyn Error + Send + Sync>> {
        let app = usize::try_from(row % APPS)?;
        Ok(Access {
            tenant_id: TenantId(TENANT),
            user_id: UserId::new(FIRST_USER + 7 * i64::try_from(row / APPS)?)?,
            namespace: self.namespaces.get(app).ok_or("no such app")?.clone(),
            accessed_at_ms,
        })
    }
}

/// The name of an app.
pub(crate) fn namespace(app: u64) -> String {
    format!("package_{app:06}__c")
}

/// The same numbers on every run (splitmix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}
