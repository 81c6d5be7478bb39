//! Pools: what was bought, and the count of what is held.

use rusqlite::{Connection, OptionalExtension};
use usher_ledger::{Pools, Terms};
use usher_seats::{Pool, Price, TenantId};
use usher_store::PoolName;

use super::{FileBook, now, run};
use crate::numbers::{Count, SeatNamespace, StoredPrice, StoredSeatType, pool_key};

/// Finds a pool.
fn pool(connection: &Connection, pool: &PoolName) -> rusqlite::Result<Option<Pool>> {
    connection
        .prepare_cached(
            "SELECT bought, held, valid_from_ms, valid_until_ms, overdraft_allowed FROM pools
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3",
        )?
        .query_row(pool_key(pool), |row| {
            Ok(Pool {
                bought: row.get::<_, Option<Count>>(0)?.map(|Count(bought)| bought),
                in_use: row.get::<_, Count>(1)?.0,
                valid_from_ms: row.get(2)?,
                valid_until_ms: row.get(3)?,
                overdraft_allowed: row.get(4)?,
            })
        })
        .optional()
}

/// Finds what a seat of a pool costs.
fn price(connection: &Connection, pool: &PoolName) -> rusqlite::Result<Option<Price>> {
    let found = connection
        .prepare_cached(
            "SELECT price_minor_units, price_currency, price_period FROM pools
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3",
        )?
        .query_row(pool_key(pool), |row| StoredPrice::from_row(row, 0))
        .optional()?;
    Ok(found.and_then(|StoredPrice(price)| price))
}

/// Counts a seat that became held, or no longer is.
pub(super) fn count(connection: &Connection, pool: &PoolName, held: bool) -> rusqlite::Result<()> {
    let statement = if held {
        "INSERT INTO pools (tenant_id, seat_type, namespace, held) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT DO UPDATE SET held = held + 1"
    } else {
        "UPDATE pools SET held = held - 1 WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3"
    };
    run(connection, statement, pool_key(pool))
}

impl Pools for FileBook<'_> {
    fn pool(&mut self, name: &PoolName) -> impl Future<Output = rusqlite::Result<Option<Pool>>> + Send {
        now(|| pool(self.connection, name))
    }

    fn write_pool(
        &mut self,
        pool: &PoolName,
        terms: &Terms,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        now(|| {
            run(
                self.connection,
                "INSERT INTO pools
                   (tenant_id, seat_type, namespace, bought, valid_from_ms, valid_until_ms, overdraft_allowed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET
                   bought = excluded.bought, valid_from_ms = excluded.valid_from_ms,
                   valid_until_ms = excluded.valid_until_ms, overdraft_allowed = excluded.overdraft_allowed",
                (
                    tenant_id,
                    seat_type,
                    namespace,
                    terms.bought.map(Count),
                    terms.valid_from_ms,
                    terms.valid_until_ms,
                    terms.overdraft_allowed,
                ),
            )
        })
    }

    fn price(&mut self, pool: &PoolName) -> impl Future<Output = rusqlite::Result<Option<Price>>> + Send {
        now(|| price(self.connection, pool))
    }

    fn write_price(
        &mut self,
        pool: &PoolName,
        price: Option<Price>,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        now(|| {
            run(
                self.connection,
                "INSERT INTO pools
                   (tenant_id, seat_type, namespace, price_minor_units, price_currency, price_period)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET
                   price_minor_units = excluded.price_minor_units, price_currency = excluded.price_currency,
                   price_period = excluded.price_period",
                (
                    tenant_id,
                    seat_type,
                    namespace,
                    price.map(|price| Count(price.minor_units)),
                    price.as_ref().map(|price| price.currency.as_str()),
                    price.map(|price| price.period.wire_name()),
                ),
            )
        })
    }

    fn pools_to_settle(
        &mut self,
        at_ms: i64,
    ) -> impl Future<Output = rusqlite::Result<Vec<PoolName>>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT tenant_id, seat_type, namespace FROM pools AS pool
                     WHERE EXISTS (SELECT 1 FROM seats INDEXED BY seats_expiring
                                   WHERE seats.tenant_id = pool.tenant_id AND seats.seat_type = pool.seat_type
                                     AND seats.namespace = pool.namespace AND seats.held = 1
                                     AND seats.expires_at_ms IS NOT NULL AND seats.expires_at_ms <= ?1)
                        OR EXISTS (SELECT 1 FROM waiting_places AS place
                                   WHERE place.tenant_id = pool.tenant_id AND place.seat_type = pool.seat_type
                                     AND place.namespace = pool.namespace)
                     ORDER BY tenant_id, seat_type, namespace",
                )?
                .query_map([at_ms], |row| {
                    Ok(PoolName {
                        tenant_id: TenantId(row.get(0)?),
                        seat_type: row.get::<_, StoredSeatType>(1)?.0,
                        namespace: row.get::<_, SeatNamespace>(2)?.0,
                    })
                })?
                .collect()
        })
    }

    /// There is one writer.
    fn hold_tenant(&mut self, _tenant_id: TenantId) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| Ok(()))
    }
}
