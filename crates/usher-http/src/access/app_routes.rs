//! The route table in use, kept up to date.
//!
//! It is read anew when the store's configuration version has moved. The version is read before the routes, so a
//! table never looks newer than it is, and a route taken away leads nowhere from the moment that was acknowledged.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use usher_seats::{TenantId, TenantKey};
use usher_store::{Store, StoreError};

use crate::access::route_table::RouteTable;

/// Tenants read at once while their names are gathered: the size of a page everywhere else.
const TENANTS_PER_READ: usize = 500;

/// All routes as of one configuration version, and the names of the tenants they lead to.
#[derive(Default)]
pub(super) struct VersionedRoutes {
    version: Option<u64>,
    pub(super) table: RouteTable,
    pub(super) tenant_keys: BTreeMap<TenantId, TenantKey>,
}

/// The table in use, and how it is kept up to date.
#[derive(Default)]
pub(super) struct AppRoutes {
    /// A std lock, held only to clone or replace the pointer.
    routes: RwLock<Arc<VersionedRoutes>>,
    /// Held while the store is read, so that a crowd that finds the table old reads it once.
    reading: tokio::sync::Mutex<()>,
}

impl AppRoutes {
    /// The table as of now or later.
    ///
    /// # Errors
    /// As the store's; an old table is never used in place of one that cannot be read.
    pub(super) async fn current(&self, store: &dyn Store) -> Result<Arc<VersionedRoutes>, StoreError> {
        let wanted = store.configuration_version();
        if let Some(routes) = self.routes_of(wanted) {
            return Ok(routes);
        }
        let _only_reader = self.reading.lock().await;
        // Whoever read before us may have read after we came.
        let version = store.configuration_version();
        if let Some(routes) = self.routes_of(wanted).or_else(|| self.routes_of(version)) {
            return Ok(routes);
        }
        let table = RouteTable::new(store.app_routes().await?);
        let routes = Arc::new(VersionedRoutes {
            version: Some(version),
            tenant_keys: tenant_keys(store, &table).await?,
            table,
        });
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&routes);
        Ok(routes)
    }

    fn routes_of(&self, version: u64) -> Option<Arc<VersionedRoutes>> {
        let routes = Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner));
        Some(routes).filter(|routes| routes.version == Some(version))
    }
}

/// The names of all tenants that have routes.
async fn tenant_keys(
    store: &dyn Store,
    table: &RouteTable,
) -> Result<BTreeMap<TenantId, TenantKey>, StoreError> {
    let mut nameless: HashSet<TenantId> = table.targets().map(|target| target.tenant_id).collect();
    let mut keys = BTreeMap::new();
    let mut after = None;
    while !nameless.is_empty() {
        let tenants = store.tenants(after, TENANTS_PER_READ).await?;
        let Some(last) = tenants.last() else { break };
        after = Some(last.tenant_key.clone());
        for tenant in tenants {
            if nameless.remove(&tenant.tenant_id) {
                keys.insert(tenant.tenant_id, tenant.tenant_key);
            }
        }
    }
    Ok(keys)
}
