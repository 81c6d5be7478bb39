//! Reads the audit log: lists for people, and slices for whoever verifies it.

use rusqlite::{Connection, Row, ToSql, named_params, types::ValueRef};
use usher_seats::TenantId;
use usher_store::{
    AuditEntry, AuditHash, AuditHead, AuditOrder, AuditQuery, AuditRecord, AuditSlice,
    audit::{AUDIT_ROWS_MAX, AUDIT_SLICE_ROWS_MAX, AuditPlace, AuditTexts, StoredRecord, chain::log_number},
};

use super::limit;
use crate::book;

/// The column of the first text, after sequence and time, and that of the hash.
const FIRST_TEXT: usize = 2;
const HASH: usize = 12;
const COLUMNS: &str = "sequence, at_ms, actor_kind, actor_name, client_id, address, reason, action, object_kind, \
                       object_name, before, after, hash";

pub(crate) fn audit_head(
    connection: &Connection,
    tenant_id: Option<TenantId>,
) -> rusqlite::Result<Option<AuditHead>> {
    book::log_end(connection, tenant_id)
}

pub(crate) fn audit_slice(
    connection: &Connection,
    tenant_id: Option<TenantId>,
    after_sequence: i64,
    rows_max: usize,
) -> rusqlite::Result<AuditSlice> {
    let snapshot = connection.unchecked_transaction()?;
    let records = snapshot
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit_records WHERE tenant_id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3"
        ))?
        .query_map(
            (log_number(tenant_id), after_sequence, limit(rows_max.min(AUDIT_SLICE_ROWS_MAX))),
            stored,
        )?
        .collect::<rusqlite::Result<_>>()?;
    let head = book::log_end(&snapshot, tenant_id)?;
    Ok(AuditSlice { records, head })
}

/// Reads a record whatever its columns hold by now.
fn stored(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    let mut texts: AuditTexts<Vec<u8>> = Default::default();
    for (column, text) in (FIRST_TEXT..).zip(&mut texts) {
        *text = bytes(row.get_ref(column)?);
    }
    Ok(StoredRecord {
        sequence: row.get(0)?,
        at_ms: row.get(1)?,
        texts,
        hash: bytes(row.get_ref(HASH)?).unwrap_or_default(),
    })
}

fn bytes(value: ValueRef<'_>) -> Option<Vec<u8>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into_bytes()),
        ValueRef::Real(number) => Some(number.to_string().into_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
    }
}

pub(crate) fn audit_records(
    connection: &Connection,
    query: &AuditQuery,
) -> rusqlite::Result<Vec<AuditEntry>> {
    let log = log_number(query.tenant_id);
    let (after, other_ms) = bounds(query);
    let rows = limit(query.rows_max.min(AUDIT_ROWS_MAX));
    let mut values = named_params! {
        ":log": log, ":after_ms": after.at_ms, ":after": after.sequence, ":other_ms": other_ms, ":rows": rows,
    }
    .to_vec();
    let object = query.object.as_ref().map(|(object, name)| (object.word(), name));
    if let Some((kind, name)) = &object {
        values.extend([
            (":object_kind", kind as &dyn ToSql),
            (":object_name", name as &dyn ToSql),
        ]);
    }
    let actor = query.actor.as_ref().map(|actor| (actor.kind(), actor.name()));
    if let Some((kind, name)) = &actor {
        values.extend([
            (":actor_kind", kind as &dyn ToSql),
            (":actor_name", name as &dyn ToSql),
        ]);
    }
    connection
        .prepare_cached(&statement(query))?
        .query_map(&*values, |row| entry(query.tenant_id, row))?
        .collect()
}

/// Where the page begins, and the time at which the list ends. With one bound on each side the index is entered where the
/// page begins, however deep that is.
fn bounds(query: &AuditQuery) -> (AuditPlace, i64) {
    let before_all_of = |at_ms| AuditPlace {
        at_ms,
        sequence: i64::MIN,
    };
    let until_ms = query.until_ms.unwrap_or(i64::MAX);
    let from_ms = query.from_ms.unwrap_or(i64::MIN);
    match query.order {
        AuditOrder::NewestFirst => {
            let end = before_all_of(until_ms);
            (query.after.map_or(end, |after| after.min(end)), from_ms)
        }
        AuditOrder::OldestFirst => {
            let start = before_all_of(from_ms);
            (query.after.map_or(start, |after| after.max(start)), until_ms)
        }
    }
}

/// One statement for each shape of question, so that each is planned for its index.
fn statement(query: &AuditQuery) -> String {
    let (follows, stays, order) = match query.order {
        AuditOrder::NewestFirst => ("<", ">=", "at_ms DESC, sequence DESC"),
        AuditOrder::OldestFirst => (">", "<", "at_ms, sequence"),
    };
    let object = match query.object {
        Some(_) => "AND object_kind = :object_kind AND object_name = :object_name",
        None => "",
    };
    let actor = match query.actor {
        Some(_) => "AND actor_kind = :actor_kind AND actor_name IS :actor_name",
        None => "",
    };
    // A thing has fewer records than somebody who changes things, so its index leads where both are asked for.
    let index = match (&query.object, &query.actor) {
        (Some(_), _) => "audit_records_of_object",
        (None, Some(_)) => "audit_records_of_actor",
        (None, None) => "audit_records_by_time",
    };
    format!(
        "SELECT {COLUMNS} FROM audit_records INDEXED BY {index}
         WHERE tenant_id = :log {object} {actor}
           AND (at_ms, sequence) {follows} (:after_ms, :after) AND at_ms {stays} :other_ms
         ORDER BY {order} LIMIT :rows"
    )
}

fn entry(tenant_id: Option<TenantId>, row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let mut texts: AuditTexts<String> = Default::default();
    for (column, text) in (FIRST_TEXT..).zip(&mut texts) {
        *text = row.get(column)?;
    }
    let places = (row.get(0)?, row.get(1)?);
    let record = AuditRecord::from_texts(tenant_id, places, texts).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(AuditEntry {
        record,
        hash: AuditHash(row.get(HASH)?),
    })
}
