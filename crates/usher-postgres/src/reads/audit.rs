//! Reads the audit log: lists for people, and slices for whoever verifies it.

use crate::sql::{Answered, Failure, Listed, Row, Sql};
use tokio_postgres::types::ToSql;
use usher_seats::TenantId;
use usher_store::{
    AuditEntry, AuditHash, AuditHead, AuditOrder, AuditQuery, AuditRecord, AuditSlice,
    audit::{AUDIT_ROWS_MAX, AUDIT_SLICE_ROWS_MAX, AuditPlace, AuditTexts, StoredRecord, chain::log_number},
};

use super::{can_be_kept, limit};
use crate::book;

/// The column of the first text, after sequence and time, and that of the hash.
const FIRST_TEXT: usize = 2;
const HASH: usize = 12;
const COLUMNS: &str = "sequence, at_ms, actor_kind, actor_name, client_id, address, reason, action, object_kind, \
                       object_name, before, after, hash";

pub(crate) async fn audit_head(connection: &Sql, tenant_id: Option<TenantId>) -> Answered<Option<AuditHead>> {
    book::log_end(connection, tenant_id).await
}

pub(crate) async fn audit_slice(
    connection: &Sql,
    tenant_id: Option<TenantId>,
    after_sequence: i64,
    rows_max: usize,
) -> Answered<AuditSlice> {
    // The end is read first and the records up to it: with both at two moments, a record that came in between would seem to
    // stand behind the end.
    let head = book::log_end(connection, tenant_id).await?;
    let last = head.map_or(0, |head| head.sequence);
    let records = connection
        .rows(
            &format!(
                "SELECT {COLUMNS} FROM audit_records
                 WHERE tenant_id = $1 AND sequence > $2 AND sequence <= $4 ORDER BY sequence LIMIT $3"
            ),
            (
                log_number(tenant_id),
                after_sequence,
                limit(rows_max.min(AUDIT_SLICE_ROWS_MAX)),
                last,
            ),
            stored,
        )
        .await?;
    Ok(AuditSlice { records, head })
}

/// Reads a record whatever its columns hold by now.
fn stored(row: &Row) -> Answered<StoredRecord> {
    let mut texts: AuditTexts<Vec<u8>> = Default::default();
    for (column, text) in (FIRST_TEXT..).zip(&mut texts) {
        *text = row.get::<Option<String>>(column)?.map(String::into_bytes);
    }
    Ok(StoredRecord {
        sequence: row.get(0)?,
        at_ms: row.get(1)?,
        texts,
        hash: row.get(HASH)?,
    })
}

pub(crate) async fn audit_records(connection: &Sql, query: &AuditQuery) -> Answered<Vec<AuditEntry>> {
    let log = log_number(query.tenant_id);
    let (after, other_ms) = bounds(query);
    let rows = limit(query.rows_max.min(AUDIT_ROWS_MAX));
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&log, &after.at_ms, &after.sequence, &other_ms, &rows];
    let object = query.object.as_ref().map(|(object, name)| (object.word(), name));
    if let Some((kind, name)) = &object {
        values.extend([kind as &(dyn ToSql + Sync), name as &(dyn ToSql + Sync)]);
    }
    let actor = query.actor.as_ref().map(|actor| (actor.kind(), actor.name()));
    let object_name = object.as_ref().map(|(_, name)| name.as_str());
    let actor_name = actor.as_ref().and_then(|(_, name)| name.as_deref());
    if !object_name.into_iter().chain(actor_name).all(can_be_kept) {
        return Ok(Vec::new());
    }
    if let Some((kind, name)) = &actor {
        values.extend([kind as &(dyn ToSql + Sync), name as &(dyn ToSql + Sync)]);
    }
    connection
        .rows(&statement(query), Listed(&values), |row| {
            entry(query.tenant_id, row)
        })
        .await
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
    // The first five values stand in every statement; the object's two follow, then the actor's.
    let (object, actor) = match (&query.object, &query.actor) {
        (None, None) => ("", ""),
        (Some(_), None) => ("AND object_kind = $6 AND object_name = $7", ""),
        (None, Some(_)) => ("", "AND actor_kind = $6 AND actor_name IS NOT DISTINCT FROM $7"),
        (Some(_), Some(_)) => (
            "AND object_kind = $6 AND object_name = $7",
            "AND actor_kind = $8 AND actor_name IS NOT DISTINCT FROM $9",
        ),
    };
    format!(
        "SELECT {COLUMNS} FROM audit_records
         WHERE tenant_id = $1 {object} {actor}
           AND (at_ms, sequence) {follows} ($2, $3) AND at_ms {stays} $4
         ORDER BY {order} LIMIT $5"
    )
}

fn entry(tenant_id: Option<TenantId>, row: &Row) -> Answered<AuditEntry> {
    let mut texts: AuditTexts<String> = Default::default();
    for (column, text) in (FIRST_TEXT..).zip(&mut texts) {
        *text = row.get(column)?;
    }
    let places = (row.get(0)?, row.get(1)?);
    let record =
        AuditRecord::from_texts(tenant_id, places, texts).ok_or(Failure::damaged("an audit record"))?;
    Ok(AuditEntry {
        record,
        hash: AuditHash(row.bytes(HASH)?),
    })
}
