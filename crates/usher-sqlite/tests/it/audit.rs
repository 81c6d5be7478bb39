//! What somebody with the file in their hands may do to an audit log, and what verifying says of it.
//!
//! `./test` does it to a log of twenty thousand records, `./test --long` to one of a million.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, params_from_iter, types::Value};
use usher_seats::TenantId;
use usher_sqlite::SqliteStore;
use usher_store::{
    Actor, AuditHash, AuditHead, AuditObject, AuditOrder, AuditQuery, AuditRecord, Author, Store,
    audit::{AUDIT_SLICE_ROWS_MAX, AuditFault, AuditVerdict, Verifier},
};

use crate::home::{file_in, folder, holder};

const TENANT: Option<TenantId> = Some(TenantId(1));
const RECORDS: i64 = 20_000;
const RECORDS_LONG: i64 = 1_000_000;

fn records() -> i64 {
    if std::env::var("USHER_LONG").is_ok_and(|long| long == "yes") {
        RECORDS_LONG
    } else {
        RECORDS
    }
}

fn record(sequence: i64) -> AuditRecord {
    let person = sequence % 5_000 + 1;
    AuditRecord {
        tenant_id: TENANT,
        sequence,
        at_ms: 1_720_000_000_000 + sequence * 1_000,
        author: Author {
            actor: Actor::User(usher_conformance::ledger::user_id(sequence % 7 + 1)),
            client_id: "cli_console".parse().ok(),
            address: Some([192, 0, 2, 7].into()),
            reason: None,
        },
        action: "seat.assigned".to_owned(),
        object: AuditObject::Seat,
        object_name: format!("per_user:{person}"),
        before: None,
        after: Some(format!(
            r#"{{"held":true,"assigned_at_ms":{},"released_at_ms":null,"expires_at_ms":null}}"#,
            1_720_000_000_000 + sequence
        )),
    }
}

/// A file with a long log, made as the engine makes it but in one go.
fn fill(path: &Path, records: i64) -> AuditHead {
    drop(SqliteStore::open(path, &holder()).unwrap());
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF; BEGIN")
        .unwrap();
    let mut insert = connection
        .prepare(
            "INSERT INTO audit_records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )
        .unwrap();
    let mut head = AuditHead {
        sequence: 0,
        hash: AuditHash::BEFORE_THE_FIRST,
    };
    for sequence in 1..=records {
        let record = record(sequence);
        let hash = AuditHash::following(head.hash, &record);
        let texts = record
            .texts()
            .map(|text| text.map_or(Value::Null, |text| Value::Text(text.into_owned())));
        let numbers = [1, sequence, record.at_ms].map(Value::Integer);
        let values = numbers
            .into_iter()
            .chain(texts)
            .chain([Value::Blob(hash.0.to_vec())]);
        insert.execute(params_from_iter(values)).unwrap();
        head = AuditHead { sequence, hash };
    }
    drop(insert);
    connection
        .execute(
            "INSERT INTO audit_heads VALUES (1, ?1, ?2)",
            (head.sequence, head.hash.0),
        )
        .unwrap();
    connection.execute_batch("COMMIT").unwrap();
    head
}

async fn verify(store: &dyn Store, expected: Option<AuditHead>) -> AuditVerdict {
    let mut verifier = Verifier::new(TENANT).expecting(expected);
    loop {
        let slice = store
            .audit_slice(TENANT, verifier.sequence(), AUDIT_SLICE_ROWS_MAX)
            .await
            .unwrap();
        verifier.take(&slice);
        if slice.records.len() < AUDIT_SLICE_ROWS_MAX {
            return verifier.finish();
        }
    }
}

/// Memory that the process has, in KiB; for the figure that is printed.
fn memory_kib(of: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(of)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn whatever_is_done_to_a_long_log_is_found_and_named() {
    let (folder, records) = (folder(), records());
    let path = file_in(folder.path());
    let head = fill(&path, records);
    let store = SqliteStore::open(&path, &holder()).unwrap();
    let before_kib = memory_kib("VmRSS");
    let stopwatch = cpu_time();
    let whole = verify(&store, Some(head)).await;
    let (spent, grown_kib) = (
        cpu_time() - stopwatch,
        memory_kib("VmRSS").saturating_sub(before_kib),
    );
    println!("{records} records verified in {spent:?} of processor time, {grown_kib} KiB more memory");
    assert!(whole.is_whole(), "{whole:?}");
    assert_eq!((whole.records, whole.head), (records.unsigned_abs(), Some(head)));

    for sequence in [1, records / 2, records] {
        change_one(&path, &store, sequence).await;
    }
    let middle = records / 2;
    for (one, other) in [
        (1, 2),
        (middle, middle + 1),
        (1, records),
        (records - 1, records),
        (7, middle),
    ] {
        let connection = Connection::open(&path).unwrap();
        swap(&connection, one, other);
        let moved = |sequence, found_at| AuditFault::Moved { sequence, found_at };
        assert_eq!(
            verify(&store, None).await.faults,
            [moved(one, other), moved(other, one)]
        );
        swap(&connection, one, other);
    }
    let undone = verify(&store, Some(head)).await;
    assert!(undone.is_whole(), "{undone:?}");
}

/// Changes a byte of each kind of column of one record, then takes the record away.
async fn change_one(path: &Path, store: &dyn Store, sequence: i64) {
    for deed in [
        "after = replace(after, 'true', 'trux')",
        "at_ms = at_ms + 1",
        "actor_name = '9'",
        "reason = ''",
        "object_kind = 'seau'",
        "action = CAST(x'736561742e61737369676e65ff' AS TEXT)",
        "hash = CAST(x'00' || substr(hash, 2) AS BLOB)",
        "hash = substr(hash, 2)",
    ] {
        let deed = format!("UPDATE audit_records SET {deed}");
        let found = after_doing(path, store, &deed, sequence).await;
        assert_eq!(found, [AuditFault::Changed { sequence }], "{deed} at {sequence}");
    }
    let missing = AuditFault::Missing {
        first: sequence,
        last: sequence,
    };
    let found = after_doing(path, store, "DELETE FROM audit_records", sequence).await;
    assert_eq!(found, [missing], "{sequence}");
}

fn swap(connection: &Connection, one: i64, other: i64) {
    connection
        .execute_batch(&format!(
            "UPDATE audit_records SET sequence = 0 WHERE sequence = {one};
             UPDATE audit_records SET sequence = {one} WHERE sequence = {other};
             UPDATE audit_records SET sequence = {other} WHERE sequence = 0;"
        ))
        .unwrap();
}

/// Does something to one record, verifies, and puts the record back.
async fn after_doing(path: &Path, store: &dyn Store, deed: &str, sequence: i64) -> Vec<AuditFault> {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(&format!(
            "CREATE TEMP TABLE kept AS SELECT * FROM audit_records WHERE tenant_id = 1 AND sequence = {sequence};
             {deed} WHERE tenant_id = 1 AND sequence = {sequence};"
        ))
        .unwrap();
    let verdict = verify(store, None).await;
    assert_eq!(verdict.faults_unnamed, 0);
    connection
        .execute_batch("INSERT OR REPLACE INTO audit_records SELECT * FROM temp.kept; DROP TABLE temp.kept")
        .unwrap();
    verdict.faults
}

/// Processor time of this process; for the figure that is printed.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

#[tokio::test]
async fn an_end_cut_off_with_its_mark_is_noticed_by_who_noted_it() {
    let folder = folder();
    let path = file_in(folder.path());
    let noted = fill(&path, 100);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "DELETE FROM audit_records WHERE sequence > 90;
             UPDATE audit_heads SET sequence = 90, hash = (SELECT hash FROM audit_records WHERE sequence = 90);",
        )
        .unwrap();
    let store = SqliteStore::open(&path, &holder()).unwrap();
    assert!(verify(&store, None).await.is_whole());
    assert_eq!(
        verify(&store, Some(noted)).await.faults,
        [AuditFault::NotAsExpected { sequence: 100 }]
    );
}

#[tokio::test]
async fn a_page_costs_the_same_at_any_depth() {
    let folder = folder();
    let path = file_in(folder.path());
    fill(&path, RECORDS);
    let connection = Connection::open(&path).unwrap();
    let store = SqliteStore::open(&path, &holder()).unwrap();
    let of = |object, actor, order| AuditQuery {
        object,
        actor,
        order,
        rows_max: 100,
        ..AuditQuery::of(TENANT)
    };
    let object = Some((AuditObject::Seat, "per_user:17".to_owned()));
    let actor = Some(Actor::User(usher_conformance::ledger::user_id(3)));
    for order in [AuditOrder::NewestFirst, AuditOrder::OldestFirst] {
        for (object, actor, rows) in [
            (None, None, 100),
            (object.clone(), None, 4),
            (None, actor.clone(), 100),
        ] {
            let found = store.audit_records(of(object, actor, order)).await.unwrap();
            assert_eq!(found.len(), rows);
        }
    }
    for (index, condition) in [
        ("audit_records_by_time", ""),
        (
            "audit_records_of_object",
            "AND object_kind = 'seat' AND object_name = 'x'",
        ),
        (
            "audit_records_of_actor",
            "AND actor_kind = 'user' AND actor_name IS '3'",
        ),
    ] {
        for (follows, stays, order) in [
            ("<", ">=", "at_ms DESC, sequence DESC"),
            (">", "<", "at_ms, sequence"),
        ] {
            let steps = plan(
                &connection,
                &format!(
                    "SELECT * FROM audit_records INDEXED BY {index} WHERE tenant_id = 1 {condition}
                     AND (at_ms, sequence) {follows} (5, 5) AND at_ms {stays} 9 ORDER BY {order} LIMIT 10"
                ),
            );
            let [step] = &steps[..] else {
                panic!("nothing is sorted afterwards: {steps:?}")
            };
            assert!(
                step.contains("(at_ms,sequence)"),
                "the page begins in the index: {step}"
            );
        }
    }
}

fn plan(connection: &Connection, statement: &str) -> Vec<String> {
    let mut explain = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
        .unwrap();
    let steps = explain.query_map([], |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}
