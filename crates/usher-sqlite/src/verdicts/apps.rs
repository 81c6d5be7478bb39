//! Apps with their tenants: whether they are there and enabled, and which day it is there.

use hashbrown::HashTable;
use rusqlite::Connection;
use usher_seats::{Day, Enablement, LocalDay, Namespace, TenantId};

use crate::mixing::Mixing;

/// Apps remembered, those asked for in vain among them; beyond that all are forgotten and looked up again as they are
/// needed. Each takes some hundred bytes.
const APPS_REMEMBERED: usize = 65_536;

/// No day at all: no moment is in it.
const NO_DAY: LocalDay = LocalDay {
    day: Day::EPOCH,
    from_ms: 0,
    until_ms: 0,
};

/// What the file says about one (tenant, app).
pub(super) struct AppFacts {
    tenant_id: TenantId,
    pub(super) namespace: Namespace,
    /// Zero when there is no such app; then nobody is admitted and nobody asks.
    pub(super) app_id: i64,
    pub(super) tenant: Enablement,
    pub(super) app: Enablement,
    /// The day of the tenant that was asked for last; at first an empty stretch of time.
    pub(super) day: LocalDay,
}

impl AppFacts {
    pub(super) fn is_there(&self) -> bool {
        self.app != Enablement::Unknown
    }
}

/// The apps that somebody asked for.
#[derive(Default)]
pub(super) struct Apps {
    known: HashTable<AppFacts>,
    mixing: Mixing,
}

impl Apps {
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    pub(super) fn find(
        &mut self,
        connection: &Connection,
        tenant_id: TenantId,
        namespace: &Namespace,
    ) -> rusqlite::Result<&mut AppFacts> {
        if self.known.len() >= APPS_REMEMBERED {
            self.known.clear();
        }
        let mixing = self.mixing;
        let hash = mixing.text(tenant_id.0, namespace.as_str());
        let is_meant = |app: &AppFacts| app.tenant_id == tenant_id && app.namespace == *namespace;
        let hash_of = |app: &AppFacts| mixing.text(app.tenant_id.0, app.namespace.as_str());
        match self.known.entry(hash, is_meant, hash_of) {
            hashbrown::hash_table::Entry::Occupied(known) => Ok(known.into_mut()),
            hashbrown::hash_table::Entry::Vacant(unknown) => {
                let found = look_up(connection, tenant_id, namespace)?;
                Ok(unknown.insert(found).into_mut())
            }
        }
    }
}

fn look_up(
    connection: &Connection,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> rusqlite::Result<AppFacts> {
    connection
        .prepare_cached(
            "SELECT tenant.enabled, app.enabled, coalesce(app.app_id, 0)
             FROM (SELECT 1)
             LEFT JOIN tenants AS tenant ON tenant.tenant_id = ?1
             LEFT JOIN apps AS app ON app.tenant_id = ?1 AND app.namespace = ?2",
        )?
        .query_row((tenant_id.0, namespace.as_str()), |row| {
            Ok(AppFacts {
                tenant_id,
                namespace: namespace.clone(),
                app_id: row.get(2)?,
                tenant: Enablement::from_row(row.get(0)?),
                app: Enablement::from_row(row.get(1)?),
                day: NO_DAY,
            })
        })
}
