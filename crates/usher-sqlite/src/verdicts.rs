//! The facts behind a verdict, and the bounded cache in front of them.
//!
//! A look-up in the file costs some ten microseconds, a hash look-up a few hundred nanoseconds, and one crowd of
//! people opens the same apps all day. The cache belongs to the writer, the only one who changes seats, users and
//! apps; so it is told of every change in the same breath, and there is no moment at which it is stale.

use quick_cache::{UnitWeighter, unsync};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use usher_seats::{Day, Enablement, LocalDay, Namespace, Seat, SeatType, Standing, TenantId, UserId};

use crate::{
    calendars::Calendars,
    days::{ActiveDay, PersonNumber},
    judge::Facts,
    numbers::SeatTypeNumber,
    overlay::ActivityKey,
};

/// Users whose verdicts are remembered: some 60 MB when full. A miss costs microseconds, so more buys little.
const USERS_REMEMBERED: usize = 262_144;
/// Apps remembered per user. A user of more apps than this is looked up anew now and then.
const APPS_REMEMBERED_PER_USER: usize = 16;

/// What the file says about one (tenant, user, app).
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) namespace: Namespace,
    /// Zero when there is no such app; then nobody is admitted and nobody asks.
    pub(crate) app_id: i64,
    pub(crate) standing: Standing,
    /// Meaningless when there is no such user; then nobody is admitted and nobody asks.
    person: PersonNumber,
    newest: [Newest; 2],
    /// A day on which the person is known to have been active, for each seat type; at first an empty stretch of time.
    noted: [LocalDay; 2],
}

/// No day at all: no moment is in it.
const NO_DAY: LocalDay = LocalDay {
    day: Day::EPOCH,
    from_ms: 0,
    until_ms: 0,
};

/// The `active_time` of a row, as far as the cache has needed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Newest {
    NotLoaded,
    Never,
    At(i64),
}

impl Known {
    fn slot(&mut self, seat_type: SeatType) -> &mut Newest {
        let [platform, app] = &mut self.newest;
        match seat_type {
            SeatType::PerUser => platform,
            SeatType::PerUserPerApp => app,
        }
    }

    /// The activity row of a seat of this type.
    pub(crate) fn activity_key(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        seat_type: SeatType,
    ) -> ActivityKey {
        ActivityKey {
            tenant_id,
            seat_type,
            user_id,
            namespace: self.namespace.clone(),
        }
    }

    /// The person's place among those who were active on a day.
    pub(crate) fn active_day(&self, tenant_id: TenantId, seat_type: SeatType, day: LocalDay) -> ActiveDay {
        ActiveDay {
            tenant_id,
            seat_type,
            app_id: self.app_id,
            day: day.day,
            person: self.person,
        }
    }

    fn noted(&mut self, seat_type: SeatType) -> &mut LocalDay {
        let [platform, app] = &mut self.noted;
        match seat_type {
            SeatType::PerUser => platform,
            SeatType::PerUserPerApp => app,
        }
    }

    /// The day of a moment, if it is remembered that the person was active on it.
    pub(crate) fn noted_day(&mut self, seat_type: SeatType, time_ms: i64) -> Option<LocalDay> {
        Some(*self.noted(seat_type)).filter(|day| day.surely_has(time_ms))
    }

    /// Remembers that the person was active on a day.
    pub(crate) fn note_day(&mut self, seat_type: SeatType, day: LocalDay) {
        *self.noted(seat_type) = day;
    }

    /// The newest admitted access so far through a seat of this type, from memory, overlay or file.
    pub(crate) fn newest_ms(
        &mut self,
        facts: Facts<'_>,
        (tenant_id, user_id): (TenantId, UserId),
        seat_type: SeatType,
    ) -> rusqlite::Result<Option<i64>> {
        if *self.slot(seat_type) == Newest::NotLoaded {
            let key = self.activity_key(tenant_id, user_id, seat_type);
            let found = match facts.overlay.time(&key) {
                Some(time_ms) => Some(time_ms),
                None => stored_time(facts.connection, &key)?,
            };
            *self.slot(seat_type) = found.map_or(Newest::Never, Newest::At);
        }
        Ok(match *self.slot(seat_type) {
            Newest::At(time_ms) => Some(time_ms),
            Newest::NotLoaded | Newest::Never => None,
        })
    }

    /// Remembers that an access moved the row.
    pub(crate) fn moved(&mut self, seat_type: SeatType, time_ms: i64) {
        *self.slot(seat_type) = Newest::At(time_ms);
    }
}

fn stored_time(connection: &Connection, key: &ActivityKey) -> rusqlite::Result<Option<i64>> {
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
                key.namespace.as_str(),
            ),
            |row| row.get(0),
        )
        .optional()
}

/// Remembers what the file said until it changes.
pub(crate) struct VerdictCache {
    users: unsync::Cache<(TenantId, UserId), Vec<Known>, UnitWeighter>,
    calendars: Calendars,
}

impl VerdictCache {
    /// An empty cache; nothing is loaded at start.
    pub(crate) fn new() -> Self {
        Self {
            users: unsync::Cache::new(USERS_REMEMBERED),
            calendars: Calendars::default(),
        }
    }

    /// Forgets one user, after a change of the user or of their seats.
    pub(crate) fn forget_user(&mut self, tenant_id: TenantId, user_id: UserId) {
        self.users.remove(&(tenant_id, user_id));
    }

    /// Forgets everybody and every calendar, after a change of a tenant or an app, or when the file was opened anew.
    pub(crate) fn forget_all(&mut self) {
        self.users.clear();
        self.calendars.forget_all();
    }

    /// Calls `decide` with what is known of (tenant, user, app), looked up if need be, and with the calendars.
    pub(crate) fn with<T>(
        &mut self,
        connection: &Connection,
        (tenant_id, user_id, namespace): (TenantId, UserId, &Namespace),
        decide: impl FnOnce(&mut Known, &mut Calendars) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if let Some(mut apps) = self.users.get_mut(&(tenant_id, user_id)) {
            if let Some(known) = apps.iter_mut().find(|known| known.namespace == *namespace) {
                return decide(known, &mut self.calendars);
            }
            let mut known = look_up(connection, tenant_id, user_id, namespace)?;
            let answer = decide(&mut known, &mut self.calendars);
            if apps.len() >= APPS_REMEMBERED_PER_USER {
                apps.swap_remove(0);
            }
            apps.push(known);
            return answer;
        }
        let mut known = look_up(connection, tenant_id, user_id, namespace)?;
        let answer = decide(&mut known, &mut self.calendars);
        self.users.insert((tenant_id, user_id), vec![known]);
        answer
    }
}

fn look_up(
    connection: &Connection,
    tenant_id: TenantId,
    user_id: UserId,
    namespace: &Namespace,
) -> rusqlite::Result<Known> {
    let mut statement: CachedStatement<'_> = connection.prepare_cached(
        "SELECT tenant.enabled, user.enabled, app.enabled, coalesce(app.app_id, 0),
                platform.held, platform.expires_at_ms, platform.released_at_ms,
                own.held, own.expires_at_ms, own.released_at_ms,
                coalesce(user.person_number, 0)
         FROM (SELECT 1)
         LEFT JOIN tenants AS tenant ON tenant.tenant_id = ?1
         LEFT JOIN users AS user ON user.tenant_id = ?1 AND user.user_id = ?2
         LEFT JOIN apps AS app ON app.tenant_id = ?1 AND app.namespace = ?3
         LEFT JOIN seats AS platform ON platform.tenant_id = ?1 AND platform.seat_type = 0
                                    AND platform.user_id = ?2 AND platform.namespace = ''
         LEFT JOIN seats AS own ON own.tenant_id = ?1 AND own.seat_type = 1
                               AND own.user_id = ?2 AND own.namespace = ?3",
    )?;
    statement.query_row((tenant_id.0, user_id.get(), namespace.as_str()), |row| {
        Ok(Known {
            namespace: namespace.clone(),
            app_id: row.get(3)?,
            standing: Standing {
                tenant: Enablement::from_row(row.get(0)?),
                user: Enablement::from_row(row.get(1)?),
                app: Enablement::from_row(row.get(2)?),
                platform_seat: seat(row, 4)?,
                app_seat: seat(row, 7)?,
            },
            person: row.get(10)?,
            newest: [Newest::NotLoaded; 2],
            noted: [NO_DAY; 2],
        })
    })
}

/// Reads `held`, `expires_at_ms` and `released_at_ms` from three neighbouring columns; none when there is no seat.
fn seat(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Seat>> {
    let held: Option<bool> = row.get(column)?;
    let expires_at_ms = row.get(column + 1)?;
    let released_at_ms = row.get(column + 2)?;
    Ok(held.map(|held| Seat {
        held,
        expires_at_ms,
        released_at_ms,
    }))
}
