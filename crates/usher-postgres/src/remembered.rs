//! What this instance remembers of who may enter, so that the database need not look it up again.
//!
//! Most accesses are of people who came before, through seats that nobody has touched since. What is remembered of them is used
//! only as long as it is sure to be true, and the database says so in the same breath in which it writes the access down:
//! every change of a tenant's people, apps or seats moves the tenant's version, in the same transaction (`locks`), and a
//! standing is remembered together with the version at which it was read. So this is not a cache that is right after a
//! moment; a seat that is released on one instance admits nobody on any other from then on.
//!
//! What it rules out: a tenant of which something changes many times a second is looked up each time, and so is somebody of whom
//! nothing is remembered because too many others came meanwhile. Both are as right, and cost twice as much.

use std::sync::Arc;

use quick_cache::sync::Cache;
use usher_seats::{Enablement, Namespace, Seat, Standing, TenantId, UserId};
use usher_store::Access;

/// People remembered unless somebody says otherwise: some 50 MB when all are.
pub(crate) const PEOPLE_REMEMBERED: usize = 262_144;
/// App seats remembered per person. A person of more apps than this is looked up anew now and then.
const APP_SEATS_REMEMBERED_PER_PERSON: usize = 16;
/// Apps remembered, of all tenants: some 10 MB when all are.
const APPS_REMEMBERED: usize = 65_536;

/// Somebody, as they were at a version of their tenant.
#[derive(Clone)]
struct Person {
    version: i64,
    tenant: Enablement,
    user: Enablement,
    platform_seat: Option<Seat>,
    /// Only those that were asked for, where the platform seat did not admit.
    app_seats: Vec<(Namespace, Option<Seat>)>,
}

/// An app, as it was at a version of its tenant.
type App = (i64, Enablement);

/// Standings by person and by app.
pub(crate) struct Remembered {
    people: Cache<(TenantId, UserId), Arc<Person>>,
    apps: Cache<(TenantId, Namespace), App>,
}

impl Remembered {
    /// Empty, with room for so many people: nothing is loaded at start.
    pub(crate) fn of(people: usize) -> Self {
        Self {
            people: Cache::new(people),
            apps: Cache::new(APPS_REMEMBERED),
        }
    }

    /// The standing of an access and the version of the tenant to which it belongs, as far as it is remembered.
    pub(crate) fn standing(&self, access: &Access) -> Option<(Standing, i64)> {
        let person = self.people.get(&(access.tenant_id, access.user_id))?;
        let (version, app) = self.apps.get(&(access.tenant_id, access.namespace.clone()))?;
        if version != person.version {
            return None;
        }
        let platform_admits = person
            .platform_seat
            .is_some_and(|seat| seat.admits(access.accessed_at_ms));
        // Whoever the platform seat admits needs no other, so nobody asked for it.
        let app_seat = match person.app_seat(&access.namespace) {
            Some(app_seat) => app_seat,
            None if platform_admits => None,
            None => return None,
        };
        let standing = Standing {
            tenant: person.tenant,
            user: person.user,
            app,
            platform_seat: person.platform_seat,
            app_seat,
        };
        Some((standing, version))
    }

    /// Remembers what was read of an access at a version of its tenant.
    pub(crate) fn learn(&self, access: &Access, standing: Standing, version: i64) {
        let app = (access.tenant_id, access.namespace.clone());
        if self.apps.get(&app) != Some((version, standing.app)) {
            self.apps.insert(app, (version, standing.app));
        }
        let key = (access.tenant_id, access.user_id);
        let before = self.people.get(&key).filter(|person| person.version == version);
        let needs_app_seat = !standing
            .platform_seat
            .is_some_and(|seat| seat.admits(access.accessed_at_ms));
        let mut app_seats = match &before {
            Some(person) if !needs_app_seat || person.app_seat(&access.namespace).is_some() => return,
            Some(person) => person.app_seats.clone(),
            None => Vec::new(),
        };
        if needs_app_seat {
            if app_seats.len() >= APP_SEATS_REMEMBERED_PER_PERSON {
                app_seats.swap_remove(0);
            }
            app_seats.push((access.namespace.clone(), standing.app_seat));
        }
        let person = Person {
            version,
            tenant: standing.tenant,
            user: standing.user,
            platform_seat: standing.platform_seat,
            app_seats,
        };
        self.people.insert(key, Arc::new(person));
    }
}

impl Person {
    /// The seat for an app; none within when there is none, none without when nobody asked.
    fn app_seat(&self, namespace: &Namespace) -> Option<Option<Seat>> {
        let found = self.app_seats.iter().find(|(known, _)| known == namespace);
        found.map(|(_, seat)| *seat)
    }
}
