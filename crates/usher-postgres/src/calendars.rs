//! The calendars of the tenants: which day of a tenant a moment falls into.
//!
//! Remembered until the configuration moves here, or is seen to have moved elsewhere. So an access at another instance may be
//! noted on a day of the old time zone for as long as that takes, which is less than a second.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use usher_seats::{Calendar, TenantId, TimeZoneName};
use usher_store::Access;

use crate::{
    numbers::Parsed,
    sql::{Answered, Sql},
};

/// Calendars remembered; beyond that all are forgotten and read again as they are needed. Each takes some fifty bytes.
const CALENDARS_REMEMBERED: usize = 65_536;

/// Calendars as far as somebody asked, of one version of the configuration.
#[derive(Default)]
pub(crate) struct Calendars {
    known: Mutex<(u64, HashMap<TenantId, Calendar>)>,
}

impl Calendars {
    /// The day of each access, as a number, in the time zone that its tenant has now.
    pub(crate) async fn days(&self, sql: &Sql, accesses: &[Access], version: u64) -> Answered<Vec<i32>> {
        let unknown = self.unknown(accesses, version);
        if !unknown.is_empty() {
            let zones = sql
                .rows(
                    "SELECT tenant_id, time_zone FROM tenants WHERE tenant_id = ANY($1)",
                    (unknown.iter().map(|tenant_id| tenant_id.0).collect::<Vec<_>>(),),
                    |row| {
                        let Parsed(zone) = row.get::<Parsed<TimeZoneName>>(1)?;
                        Ok((TenantId(row.get(0)?), zone))
                    },
                )
                .await?;
            self.learn(unknown, zones);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut day_of = |access: &Access| match known.1.get_mut(&access.tenant_id) {
            Some(calendar) => calendar.day(access.accessed_at_ms).day.number(),
            // Forgotten by somebody else meanwhile, or nobody's: UTC is as good as any where nobody is admitted.
            None => Calendar::new(&TimeZoneName::utc())
                .day(access.accessed_at_ms)
                .day
                .number(),
        };
        Ok(accesses.iter().map(&mut day_of).collect())
    }

    fn unknown(&self, accesses: &[Access], version: u64) -> BTreeSet<TenantId> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != version || known.1.len() >= CALENDARS_REMEMBERED {
            *known = (version, HashMap::new());
        }
        accesses
            .iter()
            .map(|access| access.tenant_id)
            .filter(|tenant_id| !known.1.contains_key(tenant_id))
            .collect()
    }

    fn learn(&self, asked: BTreeSet<TenantId>, zones: Vec<(TenantId, TimeZoneName)>) {
        let zones: HashMap<_, _> = zones.into_iter().collect();
        let utc = TimeZoneName::utc();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for tenant_id in asked {
            // A tenant that is not there is not remembered: it may be made the next moment.
            if let Some(zone) = zones.get(&tenant_id) {
                known.1.insert(tenant_id, Calendar::new(zone));
            } else {
                tracing::debug!(
                    tenant_id = tenant_id.0,
                    zone = utc.as_str(),
                    "access of no tenant"
                );
            }
        }
    }
}
