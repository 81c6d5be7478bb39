//! What the server itself has counted.

use std::{error::Error, ops::Sub};

use usher_testbed::postgres::Server;

use crate::population::DATABASE;

/// Counts since the server began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) log_bytes: i64,
    updates: i64,
    hot_updates: i64,
    /// The size of `activity` without its index.
    pub(crate) table_bytes: i64,
}

impl Figures {
    /// Reads them.
    pub(crate) async fn read(server: &Server) -> Result<Self, Box<dyn Error>> {
        let statement =
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8, n_tup_upd, n_tup_hot_upd,
                                pg_relation_size(relid)
                         FROM pg_stat_user_tables WHERE relname = 'activity'";
        let client = server.connect(DATABASE).await;
        let row = client.query_one(statement, &[]).await?;
        Ok(Self {
            log_bytes: row.get(0),
            updates: row.get(1),
            hot_updates: row.get(2),
            table_bytes: row.get(3),
        })
    }

    /// The share of HOT updates.
    #[expect(clippy::cast_precision_loss, reason = "a share is rounded anyway")]
    pub(crate) fn hot_percent(self) -> f64 {
        100.0 * self.hot_updates as f64 / self.updates.max(1) as f64
    }
}

impl Sub for Figures {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            log_bytes: self.log_bytes - before.log_bytes,
            updates: self.updates - before.updates,
            hot_updates: self.hot_updates - before.hot_updates,
            table_bytes: self.table_bytes - before.table_bytes,
        }
    }
}

/// The middle of some numbers.
pub(crate) fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
