//! The calendars of the tenants, for the writer: which day of a tenant a moment falls into.
//!
//! Asked for once per person, app and day, and not at every access (see `verdicts`).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Calendar, LocalDay, TenantId, TimeZoneName};

use crate::numbers::Parsed;

/// Calendars remembered; beyond that all are forgotten and read again as they are needed. Each takes some fifty bytes.
const CALENDARS_REMEMBERED: usize = 65_536;

/// Calendars as far as somebody asked. Told of every change of a time zone, like the cache of verdicts.
#[derive(Default)]
pub(crate) struct Calendars {
    known: HashMap<TenantId, Calendar>,
}

impl Calendars {
    /// The day of a moment in the time zone that the tenant has now.
    pub(crate) fn day(
        &mut self,
        connection: &Connection,
        tenant_id: TenantId,
        time_ms: i64,
    ) -> rusqlite::Result<LocalDay> {
        if let Some(calendar) = self.known.get_mut(&tenant_id) {
            return Ok(calendar.day(time_ms));
        }
        if self.known.len() >= CALENDARS_REMEMBERED {
            self.known.clear();
        }
        let mut calendar = Calendar::new(&time_zone(connection, tenant_id)?);
        let day = calendar.day(time_ms);
        self.known.insert(tenant_id, calendar);
        Ok(day)
    }

    /// Forgets everything, after a change of a time zone or when the file was opened anew.
    pub(crate) fn forget_all(&mut self) {
        self.known.clear();
    }
}

fn time_zone(connection: &Connection, tenant_id: TenantId) -> rusqlite::Result<TimeZoneName> {
    let zone = connection
        .prepare_cached("SELECT time_zone FROM tenants WHERE tenant_id = ?1")?
        .query_row([tenant_id.0], |row| row.get::<_, Parsed<TimeZoneName>>(0))
        .optional()?;
    Ok(zone.map_or_else(TimeZoneName::utc, |Parsed(zone)| zone))
}
