//! Writes the audit log, within the transaction whose changes it tells of.
//!
//! The one writer is the only one who appends, so the end of a chain that it reads is the end.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};
use usher_seats::TenantId;
use usher_store::{AuditHash, AuditHead, AuditRecord, audit::chain::log_number};

/// Gives each record its place at the end of its log, and keeps it.
pub(crate) fn append(connection: &Connection, records: &mut [AuditRecord]) -> rusqlite::Result<()> {
    let mut heads: HashMap<i64, AuditHead> = HashMap::new();
    for record in records {
        let log = log_number(record.tenant_id);
        let head = match heads.get(&log) {
            Some(head) => Some(*head),
            None => head(connection, record.tenant_id)?,
        };
        let (last, previous) = head.map_or((0, AuditHash::BEFORE_THE_FIRST), |head| {
            (head.sequence, head.hash)
        });
        record.sequence = last + 1;
        let hash = AuditHash::following(previous, record);
        insert(connection, record, hash)?;
        let head = AuditHead {
            sequence: record.sequence,
            hash,
        };
        heads.insert(log, head);
    }
    for (log, head) in heads {
        connection
            .prepare_cached(
                "INSERT INTO audit_heads (tenant_id, sequence, hash) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash",
            )?
            .execute((log, head.sequence, head.hash.0))?;
    }
    Ok(())
}

/// The end of a log.
pub(crate) fn head(
    connection: &Connection,
    tenant_id: Option<TenantId>,
) -> rusqlite::Result<Option<AuditHead>> {
    connection
        .prepare_cached("SELECT sequence, hash FROM audit_heads WHERE tenant_id = ?1")?
        .query_row([log_number(tenant_id)], |row| {
            Ok(AuditHead {
                sequence: row.get(0)?,
                hash: AuditHash(row.get(1)?),
            })
        })
        .optional()
}

fn insert(connection: &Connection, record: &AuditRecord, hash: AuditHash) -> rusqlite::Result<()> {
    let numbers = [log_number(record.tenant_id), record.sequence, record.at_ms];
    let texts = record
        .texts()
        .map(|text| text.map_or(Value::Null, |text| Value::Text(text.into_owned())));
    let values = numbers
        .into_iter()
        .map(Value::Integer)
        .chain(texts)
        .chain([Value::Blob(hash.0.to_vec())]);
    connection
        .prepare_cached(
            "INSERT INTO audit_records (tenant_id, sequence, at_ms, actor_kind, actor_name, client_id, address, reason,
                                        action, object_kind, object_name, before, after, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params_from_iter(values))
        .map(|_| ())
}
