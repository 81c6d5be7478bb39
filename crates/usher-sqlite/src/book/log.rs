//! The audit log.

use rusqlite::{Connection, OptionalExtension, params_from_iter, types::Value};
use usher_ledger::AuditLog;
use usher_seats::TenantId;
use usher_store::{AuditHash, AuditHead, AuditRecord, audit::chain::log_number};

use super::{FileBook, now, run};

/// The end of a log.
pub(crate) fn log_end(
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

fn keep(connection: &Connection, record: &AuditRecord, hash: AuditHash) -> rusqlite::Result<()> {
    let numbers = [log_number(record.tenant_id), record.sequence, record.at_ms];
    let texts = record
        .texts()
        .map(|text| text.map_or(Value::Null, |text| Value::Text(text.into_owned())));
    let values = numbers
        .into_iter()
        .map(Value::Integer)
        .chain(texts)
        .chain([Value::Blob(hash.0.to_vec())]);
    run(
        connection,
        "INSERT INTO audit_records (tenant_id, sequence, at_ms, actor_kind, actor_name, client_id, address, reason,
                                    action, object_kind, object_name, before, after, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params_from_iter(values),
    )
}

impl AuditLog for FileBook<'_> {
    fn log_end(
        &mut self,
        tenant_id: Option<TenantId>,
    ) -> impl Future<Output = rusqlite::Result<Option<AuditHead>>> + Send {
        now(|| log_end(self.connection, tenant_id))
    }

    fn keep_records(
        &mut self,
        records: &[AuditRecord],
        hashes: &[AuditHash],
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            let mut entries = records.iter().zip(hashes);
            entries.try_for_each(|(record, hash)| keep(self.connection, record, *hash))
        })
    }

    fn move_log_end(
        &mut self,
        tenant_id: Option<TenantId>,
        end: AuditHead,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "INSERT INTO audit_heads (tenant_id, sequence, hash) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash",
                (log_number(tenant_id), end.sequence, end.hash.0),
            )
        })
    }
}
