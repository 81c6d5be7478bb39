//! How new records hang together with those before them.
//!
//! Whoever appends is the only one who does (the one writer of a file, or the holder of the log's lock), so the end of a chain
//! that it reads is the end.

use std::collections::BTreeMap;

use usher_store::{AuditHash, AuditHead, AuditRecord, audit::chain::log_number};

use crate::book::{Answer, AuditLog};

/// Gives each record its place at the end of its log, and keeps it.
pub(crate) async fn append<B: AuditLog>(book: &mut B, records: &mut [AuditRecord]) -> Answer<B, ()> {
    let mut ends = BTreeMap::new();
    for record in records.iter() {
        ends.insert(log_number(record.tenant_id), (record.tenant_id, None));
    }
    for (tenant_id, end) in ends.values_mut() {
        *end = book.log_end(*tenant_id).await?;
    }
    let mut hashes = Vec::with_capacity(records.len());
    for record in records.iter_mut() {
        let Some((_, end)) = ends.get_mut(&log_number(record.tenant_id)) else {
            continue;
        };
        let (last, previous) = end.map_or((0, AuditHash::BEFORE_THE_FIRST), |end: AuditHead| {
            (end.sequence, end.hash)
        });
        record.sequence = last + 1;
        let hash = AuditHash::following(previous, record);
        *end = Some(AuditHead {
            sequence: record.sequence,
            hash,
        });
        hashes.push(hash);
    }
    book.keep_records(records, &hashes).await?;
    for (tenant_id, end) in ends.into_values() {
        if let Some(end) = end {
            book.move_log_end(tenant_id, end).await?;
        }
    }
    Ok(())
}
