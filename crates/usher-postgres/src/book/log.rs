//! The audit log.

use usher_ledger::AuditLog;
use usher_seats::TenantId;
use usher_store::{AuditHash, AuditHead, AuditRecord, audit::chain::log_number};

use super::DatabaseBook;
use crate::{
    locks,
    pipeline::OwnedValue,
    sql::{Answered, Sql},
};

/// Most records of one statement: few enough that it stays below some megabytes, enough that its journey does not matter.
const RECORDS_PER_STATEMENT: usize = 1_000;

const KEEP_RECORDS: &str = "
INSERT INTO audit_records (tenant_id, sequence, at_ms, hash, actor_kind, actor_name, client_id, address, reason,
                           action, object_kind, object_name, before, after)
SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])";

/// The end of a log.
pub(crate) async fn log_end(sql: &Sql, tenant_id: Option<TenantId>) -> Answered<Option<AuditHead>> {
    sql.optional(
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

/// Records as columns.
fn columns(records: &[AuditRecord], hashes: &[AuditHash]) -> Vec<OwnedValue> {
    let number = |number: fn(&AuditRecord) -> i64| -> Vec<i64> { records.iter().map(number).collect() };
    let mut texts: [Vec<Option<String>>; 10] = Default::default();
    for record in records {
        for (column, text) in texts.iter_mut().zip(record.texts()) {
            column.push(text.map(std::borrow::Cow::into_owned));
        }
    }
    let mut columns = owned![
        number(|record| log_number(record.tenant_id)),
        number(|record| record.sequence),
        number(|record| record.at_ms),
        hashes.iter().map(|hash| hash.0.to_vec()).collect::<Vec<_>>(),
    ];
    columns.extend(texts.map(|column| Box::new(column) as OwnedValue));
    columns
}

impl AuditLog for DatabaseBook<'_> {
    /// The log may be one that was not locked at the beginning, such as that of a tenant that has just been made.
    async fn log_end(&mut self, tenant_id: Option<TenantId>) -> Answered<Option<AuditHead>> {
        locks::lock(self.sql, log_number(tenant_id));
        log_end(self.sql, tenant_id).await
    }

    async fn keep_records(&mut self, records: &[AuditRecord], hashes: &[AuditHash]) -> Answered<()> {
        let chunks = records.chunks(RECORDS_PER_STATEMENT);
        for (records, hashes) in chunks.zip(hashes.chunks(RECORDS_PER_STATEMENT)) {
            self.sql.later(KEEP_RECORDS, columns(records, hashes));
        }
        Ok(())
    }

    async fn move_log_end(&mut self, tenant_id: Option<TenantId>, end: AuditHead) -> Answered<()> {
        self.sql.later(
            "UPDATE audit_heads SET sequence = $2, hash = $3 WHERE tenant_id = $1",
            owned![log_number(tenant_id), end.sequence, end.hash.0.to_vec()],
        );
        Ok(())
    }
}
