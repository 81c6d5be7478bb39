//! What the apps of a page are called: people know them by their names, programs by their namespaces.
//!
//! A page looks up the apps that it shows, each once. Where it shows very many, one page of the directory is read in their place,
//! and an app beyond it is shown by its namespace.

use std::collections::{BTreeMap, BTreeSet};

use usher_console::{Cell, Link};
use usher_seats::{Namespace, SeatType};
use usher_store::{App, PoolName, page::PAGE_ROWS_MAX};

use super::{desk::Desk, words};
use crate::sign_in::problem::Problem;

/// Most apps that are looked up one by one; for more, reading a page of the directory costs less.
const ONE_BY_ONE_MAX: usize = 20;

/// The names of some apps, for a reader of one language.
pub(super) struct AppNames(BTreeMap<Namespace, String>);

impl AppNames {
    /// Looks up the names of apps; one that is gone has none.
    pub(super) async fn of<'a>(
        desk: &Desk,
        namespaces: impl IntoIterator<Item = Option<&'a Namespace>>,
    ) -> Result<Self, Problem> {
        let wanted: BTreeSet<&Namespace> = namespaces.into_iter().flatten().collect();
        let (store, tenant_id) = (desk.store(), desk.tenant_id());
        let mut apps: Vec<App> = Vec::new();
        if wanted.len() > ONE_BY_ONE_MAX {
            apps = store.apps(tenant_id, None, PAGE_ROWS_MAX).await?;
        } else {
            for namespace in wanted {
                apps.extend(store.app(tenant_id, namespace).await?);
            }
        }
        Ok(Self::known(desk, apps))
    }

    /// The names of apps that were read already.
    pub(super) fn known(desk: &Desk, apps: impl IntoIterator<Item = App>) -> Self {
        let names = apps.into_iter().map(|app| {
            let name = app.name_for(desk.shell().tag).to_owned();
            (app.namespace, name)
        });
        Self(names.collect())
    }

    /// What people call an app.
    pub(super) fn name<'a>(&'a self, namespace: &'a Namespace) -> &'a str {
        self.0.get(namespace).map_or(namespace.as_str(), String::as_str)
    }

    /// The namespace, where people call the app something else.
    fn otherwise(&self, namespace: Option<&Namespace>) -> Option<String> {
        let namespace = namespace?;
        (self.name(namespace) != namespace.as_str()).then(|| namespace.to_string())
    }

    /// A kind of seat, and for an app seat its app.
    pub(super) fn seat(&self, desk: &Desk, kind: SeatType, namespace: Option<&Namespace>) -> String {
        words::seat(
            desk.words(),
            kind,
            namespace.map(|namespace| self.name(namespace)),
        )
    }

    /// The same of a pool.
    pub(super) fn pool(&self, desk: &Desk, pool: &PoolName) -> String {
        self.seat(desk, pool.seat_type, pool.namespace.as_ref())
    }

    /// A way to something of an app, or of every app, which says the namespace to whoever points at it.
    pub(super) fn link(&self, text: impl Into<String>, href: String, namespace: Option<&Namespace>) -> Cell {
        Cell::Link(Link::new(text, href).titled(self.otherwise(namespace)))
    }
}
