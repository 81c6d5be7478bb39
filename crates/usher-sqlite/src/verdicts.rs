//! The facts behind a verdict, and the bounded cache in front of them.
//!
//! A look-up in the file costs some ten microseconds, a hash look-up a few hundred nanoseconds, and one crowd of
//! people opens the same apps all day. The cache belongs to the writer, the only one who changes seats, users and
//! apps; so it is told of every change in the same breath, and there is no moment at which it is stale.
//!
//! Two things are remembered: apps with their tenants ([`apps`]), and people with what they did in which app ([`people`]).
//! Together they are a [`Known`], for as long as one access is decided. People are remembered in seventy bytes each, so that
//! a million of them fit: beyond that every access of somebody else is a look-up of the file.

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{LocalDay, Namespace, Refusal, SeatType, Standing, TenantId, UserId, decide};

use crate::{
    calendars::Calendars,
    days::{ActiveDay, PersonNumber},
    judge::Facts,
    numbers::SeatTypeNumber,
    overlay::RowKey,
};

mod apps;
mod people;

use apps::{AppFacts, Apps};
use people::{AppUse, People, Person};

/// Remembers what the file said until it changes.
#[derive(Default)]
pub(crate) struct VerdictCache {
    apps: Apps,
    people: People,
    calendars: Calendars,
}

impl VerdictCache {
    /// An empty cache; nothing is loaded at start.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Forgets one user, after a change of the user or of their seats.
    pub(crate) fn forget_user(&mut self, tenant_id: TenantId, user_id: UserId) {
        self.people.forget(tenant_id, user_id);
    }

    /// Forgets everybody and every calendar, after a change of a tenant or an app, or when the file was opened anew.
    pub(crate) fn forget_all(&mut self) {
        self.apps.clear();
        self.people.clear();
        self.calendars.forget_all();
    }

    /// What is known of (tenant, user, app), looked up if need be.
    pub(crate) fn known(
        &mut self,
        connection: &Connection,
        (tenant_id, user_id, namespace): (TenantId, UserId, &Namespace),
    ) -> rusqlite::Result<Known<'_>> {
        let app = self.apps.find(connection, tenant_id, namespace)?;
        let person = self.people.find(connection, tenant_id, user_id)?;
        Ok(Known {
            app,
            person,
            calendars: &mut self.calendars,
        })
    }
}

/// What the file says about one (tenant, user, app).
pub(crate) struct Known<'cache> {
    app: &'cache mut AppFacts,
    person: &'cache mut Person,
    calendars: &'cache mut Calendars,
}

impl Known<'_> {
    /// Whether the user and the app are there, enabled or not.
    pub(crate) fn are_there(&self) -> bool {
        self.person.is_there() && self.app.is_there()
    }

    /// The app's number.
    pub(crate) fn app_id(&self) -> i64 {
        self.app.app_id
    }

    /// The app's name.
    pub(crate) fn namespace(&self) -> &Namespace {
        &self.app.namespace
    }

    /// The person's number in the tenant.
    pub(crate) fn person(&self) -> PersonNumber {
        self.person.number
    }

    /// Asks the rule. The seat for the app is looked up when the platform seat does not admit, and not before.
    pub(crate) fn decide(
        &mut self,
        connection: &Connection,
        time_ms: i64,
    ) -> rusqlite::Result<Result<SeatType, Refusal>> {
        let platform_seat = self.person.platform_seat();
        let needs_app_seat = self.app.is_there() && !platform_seat.is_some_and(|seat| seat.admits(time_ms));
        let standing = Standing {
            tenant: self.app.tenant,
            user: self.person.user,
            app: self.app.app,
            platform_seat,
            app_seat: if needs_app_seat {
                self.person.app_seat(connection, self.app)?
            } else {
                None
            },
        };
        Ok(decide(&standing, time_ms))
    }

    /// The first moment at which the seat that admitted has run out, in milliseconds; none when it has no end.
    pub(crate) fn until_ms(
        &mut self,
        connection: &Connection,
        seat_type: SeatType,
    ) -> rusqlite::Result<Option<i64>> {
        let seat = match seat_type {
            SeatType::PerUser => self.person.platform_seat(),
            SeatType::PerUserPerApp => self.person.app_seat(connection, self.app)?,
        };
        Ok(seat.and_then(|seat| seat.expires_at_ms))
    }

    /// The activity row of a seat of this type.
    fn row_key(&self, seat_type: SeatType) -> RowKey {
        RowKey {
            tenant_id: self.person.tenant_id,
            seat_type,
            user_id: self.person.user_id,
            app_id: self.app.app_id,
        }
    }

    /// The newest admitted access so far through a seat of this type, from memory, overlay or file.
    pub(crate) fn newest_ms(
        &mut self,
        facts: Facts<'_>,
        seat_type: SeatType,
    ) -> rusqlite::Result<Option<i64>> {
        if let Some(newest_ms) = self.used(seat_type).newest_ms() {
            return Ok(newest_ms);
        }
        let key = self.row_key(seat_type);
        let found = match facts.overlay.time(&key) {
            Some(time_ms) => Some(time_ms),
            None => stored_time(facts.connection, &key, &self.app.namespace)?,
        };
        self.used(seat_type).set_newest_ms(found);
        Ok(found)
    }

    /// Remembers that an access moved the row.
    pub(crate) fn moved(&mut self, seat_type: SeatType, time_ms: i64) {
        self.used(seat_type).set_newest_ms(Some(time_ms));
    }

    fn used(&mut self, seat_type: SeatType) -> &mut AppUse {
        self.person.used(self.app.app_id, seat_type)
    }

    /// The day of a moment in the tenant's time zone.
    pub(crate) fn day(&mut self, connection: &Connection, time_ms: i64) -> rusqlite::Result<LocalDay> {
        if !self.app.day.surely_has(time_ms) {
            self.app.day = self.calendars.day(connection, self.person.tenant_id, time_ms)?;
        }
        Ok(self.app.day)
    }

    /// True when it is remembered that the person was active in the app on a day.
    pub(crate) fn is_noted(&mut self, seat_type: SeatType, day: LocalDay) -> bool {
        self.used(seat_type).is_noted(day.day)
    }

    /// Remembers that the person was active in the app on a day.
    pub(crate) fn note_day(&mut self, seat_type: SeatType, day: LocalDay) {
        self.used(seat_type).note(day.day);
    }

    /// The person's place among those who were active on a day.
    pub(crate) fn active_day(&self, seat_type: SeatType, day: LocalDay) -> ActiveDay {
        ActiveDay {
            tenant_id: self.person.tenant_id,
            seat_type,
            app_id: self.app.app_id,
            day: day.day,
            person: self.person.number,
        }
    }
}

fn stored_time(
    connection: &Connection,
    key: &RowKey,
    namespace: &Namespace,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT active_time_ms FROM activity
             WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
        )?
        .query_row(
            (
                key.tenant_id.0,
                SeatTypeNumber(key.seat_type),
                key.user_id.get(),
                namespace.as_str(),
            ),
            |row| row.get(0),
        )
        .optional()
}
