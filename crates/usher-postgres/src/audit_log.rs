//! Writes the audit log, within the transaction whose changes it tells of.
//!
//! Whoever appends holds the lock of the log (`locks`), so the end of a chain that it reads is the end.

use crate::locks;
use crate::sql::{Answered, Sql};
use std::collections::HashMap;

use usher_seats::TenantId;
use usher_store::{AuditHash, AuditHead, AuditRecord, audit::chain::log_number};

/// Gives each record its place at the end of its log, and keeps it.
pub(crate) async fn append(connection: &Sql, records: &mut [AuditRecord]) -> Answered<()> {
    let mut heads: HashMap<i64, AuditHead> = HashMap::new();
    for record in records {
        let log = log_number(record.tenant_id);
        let head = match heads.get(&log) {
            Some(head) => Some(*head),
            None => {
                locks::lock(connection, log).await?;
                head(connection, record.tenant_id).await?
            }
        };
        let (last, previous) = head.map_or((0, AuditHash::BEFORE_THE_FIRST), |head| {
            (head.sequence, head.hash)
        });
        record.sequence = last + 1;
        let hash = AuditHash::following(previous, record);
        insert(connection, record, hash).await?;
        let head = AuditHead {
            sequence: record.sequence,
            hash,
        };
        heads.insert(log, head);
    }
    for (log, head) in heads {
        connection
            .execute(
                "INSERT INTO audit_heads (tenant_id, sequence, hash) VALUES ($1, $2, $3)
                 ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash",
                (log, head.sequence, head.hash.0.as_slice()),
            )
            .await?;
    }
    Ok(())
}

/// The end of a log.
pub(crate) async fn head(connection: &Sql, tenant_id: Option<TenantId>) -> Answered<Option<AuditHead>> {
    connection
        .optional(
            "SELECT sequence, hash FROM audit_heads WHERE tenant_id = $1 AND sequence > 0",
            [log_number(tenant_id)],
            |row| {
                Ok(AuditHead {
                    sequence: row.get(0)?,
                    hash: AuditHash(row.bytes(1)?),
                })
            },
        )
        .await
}

async fn insert(connection: &Sql, record: &AuditRecord, hash: AuditHash) -> Answered<()> {
    let [
        actor_kind,
        actor_name,
        client_id,
        address,
        reason,
        action,
        object_kind,
        object_name,
        before,
        after,
    ] = record.texts();
    let values = list![
        log_number(record.tenant_id),
        record.sequence,
        record.at_ms,
        actor_kind,
        actor_name,
        client_id,
        address,
        reason,
        action,
        object_kind,
        object_name,
        before,
        after,
        hash.0.as_slice()
    ];
    connection
        .execute(
            "INSERT INTO audit_records (tenant_id, sequence, at_ms, actor_kind, actor_name, client_id, address, reason,
                                        action, object_kind, object_name, before, after, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            values,
        )
        .await
        .map(|_| ())
}
