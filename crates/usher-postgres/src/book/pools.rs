//! Pools: what was bought, and the count of what is held.

use usher_ledger::{Pools, Terms};
use usher_seats::{Pool, Price, TenantId};
use usher_store::PoolName;

use super::DatabaseBook;
use crate::{
    locks,
    numbers::{Count, SeatNamespace, StoredSeatType, pool_key, stored_price},
    sql::{Answered, Row, Sql},
};

/// Reads a pool from five columns, beginning at `first`: held, bought, both ends, overdraft.
pub(super) fn pool_row(row: &Row, first: usize) -> Answered<Pool> {
    Ok(Pool {
        in_use: row.get::<Count>(first)?.0,
        bought: row.get::<Option<Count>>(first + 1)?.map(|Count(bought)| bought),
        valid_from_ms: row.get(first + 2)?,
        valid_until_ms: row.get(first + 3)?,
        overdraft_allowed: row.get(first + 4)?,
    })
}

/// Counts a seat that became held, or no longer is.
pub(super) fn count(sql: &Sql, pool: &PoolName, held: bool) {
    let (tenant_id, seat_type, namespace) = pool_key(pool);
    let statement = if held {
        "INSERT INTO pools (tenant_id, seat_type, namespace, held) VALUES ($1, $2, $3, 1)
         ON CONFLICT (tenant_id, seat_type, namespace) DO UPDATE SET held = pools.held + 1"
    } else {
        "UPDATE pools SET held = held - 1 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3"
    };
    sql.later(statement, owned![tenant_id, seat_type, namespace.to_owned()]);
}

impl Pools for DatabaseBook<'_> {
    async fn pool(&mut self, pool: &PoolName) -> Answered<Option<Pool>> {
        self.sql
            .optional(
                "SELECT held, bought, valid_from_ms, valid_until_ms, overdraft_allowed FROM pools
                 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3",
                pool_key(pool),
                |row| pool_row(row, 0),
            )
            .await
    }

    async fn write_pool(&mut self, pool: &PoolName, terms: &Terms) -> Answered<()> {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        let values = owned![
            tenant_id,
            seat_type,
            namespace.to_owned(),
            terms.bought.map(Count),
            terms.valid_from_ms,
            terms.valid_until_ms,
            terms.overdraft_allowed,
        ];
        self.sql.later(
            "INSERT INTO pools
               (tenant_id, seat_type, namespace, bought, valid_from_ms, valid_until_ms, overdraft_allowed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (tenant_id, seat_type, namespace) DO UPDATE SET
               bought = excluded.bought, valid_from_ms = excluded.valid_from_ms,
               valid_until_ms = excluded.valid_until_ms, overdraft_allowed = excluded.overdraft_allowed",
            values,
        );
        Ok(())
    }

    async fn price(&mut self, pool: &PoolName) -> Answered<Option<Price>> {
        let found = self
            .sql
            .optional(
                "SELECT price_minor_units, price_currency, price_period FROM pools
                 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3",
                pool_key(pool),
                |row| stored_price(row, 0),
            )
            .await?;
        Ok(found.flatten())
    }

    async fn write_price(&mut self, pool: &PoolName, price: Option<Price>) -> Answered<()> {
        let (tenant_id, seat_type, namespace) = pool_key(pool);
        let values = owned![
            tenant_id,
            seat_type,
            namespace.to_owned(),
            price.map(|price| Count(price.minor_units)),
            price.map(|price| price.currency.as_str().to_owned()),
            price.map(|price| price.period.wire_name()),
        ];
        self.sql.later(
            "INSERT INTO pools
               (tenant_id, seat_type, namespace, price_minor_units, price_currency, price_period)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (tenant_id, seat_type, namespace) DO UPDATE SET
               price_minor_units = excluded.price_minor_units, price_currency = excluded.price_currency,
               price_period = excluded.price_period",
            values,
        );
        Ok(())
    }

    async fn pools_to_settle(&mut self, at_ms: i64) -> Answered<Vec<PoolName>> {
        self.sql
            .rows(
                "SELECT tenant_id, seat_type, namespace FROM pools AS pool
                 WHERE EXISTS (SELECT 1 FROM seats
                               WHERE seats.tenant_id = pool.tenant_id AND seats.seat_type = pool.seat_type
                                 AND seats.namespace = pool.namespace AND seats.held = TRUE
                                 AND seats.expires_at_ms IS NOT NULL AND seats.expires_at_ms <= $1)
                    OR EXISTS (SELECT 1 FROM waiting_places AS place
                               WHERE place.tenant_id = pool.tenant_id AND place.seat_type = pool.seat_type
                                 AND place.namespace = pool.namespace)
                 ORDER BY tenant_id, seat_type, namespace",
                [at_ms],
                |row| {
                    Ok(PoolName {
                        tenant_id: TenantId(row.get(0)?),
                        seat_type: row.get::<StoredSeatType>(1)?.0,
                        namespace: row.get::<SeatNamespace>(2)?.0,
                    })
                },
            )
            .await
    }

    async fn hold_tenant(&mut self, tenant_id: TenantId) -> Answered<()> {
        locks::lock(self.sql, tenant_id.0);
        Ok(())
    }
}
