//! What was done to a log, and what the walk says of it.

use super::*;
use crate::{
    audit::{AuditObject, AuditRecord},
    request::Author,
};

const TENANT: Option<TenantId> = Some(TenantId(5));
/// Records asked for at once: few, so that every tale crosses the border of a slice.
const SLICE: usize = 3;

fn record(sequence: i64) -> AuditRecord {
    AuditRecord {
        tenant_id: TENANT,
        sequence,
        at_ms: 1_720_000_000_000 + sequence,
        author: Author::default(),
        action: "user.changed".to_owned(),
        object: AuditObject::User,
        object_name: (sequence % 7).to_string(),
        before: None,
        after: Some(format!("{{\"name\":\"person {sequence}\"}}")),
    }
}

/// A whole log, and its end.
fn log(records: i64) -> (Vec<StoredRecord>, Option<AuditHead>) {
    let mut head = None;
    let mut hash = AuditHash::BEFORE_THE_FIRST;
    let rows = (1..=records)
        .map(|sequence| {
            let record = record(sequence);
            hash = AuditHash::following(hash, &record);
            head = Some(AuditHead { sequence, hash });
            StoredRecord {
                sequence,
                at_ms: record.at_ms,
                texts: record
                    .texts()
                    .map(|text| text.map(|text| text.into_owned().into_bytes())),
                hash: hash.0.to_vec(),
            }
        })
        .collect();
    (rows, head)
}

fn verify(rows: &[StoredRecord], head: Option<AuditHead>, expected: Option<AuditHead>) -> AuditVerdict {
    let mut verifier = Verifier::new(TENANT).expecting(expected);
    loop {
        let after = verifier.sequence();
        let records: Vec<_> = rows
            .iter()
            .filter(|row| row.sequence > after)
            .take(SLICE)
            .cloned()
            .collect();
        let ended = records.len() < SLICE;
        verifier.take(&AuditSlice { records, head });
        if ended {
            return verifier.finish();
        }
    }
}

/// What is found in a log of ten records after something was done to it.
fn faults(deed: impl FnOnce(&mut Vec<StoredRecord>)) -> Vec<AuditFault> {
    let (mut rows, head) = log(10);
    deed(&mut rows);
    rows.sort_by_key(|row| row.sequence);
    verify(&rows, head, None).faults
}

fn swap(rows: &mut [StoredRecord], one: i64, other: i64) {
    for row in rows.iter_mut() {
        if row.sequence == one {
            row.sequence = other;
        } else if row.sequence == other {
            row.sequence = one;
        }
    }
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    for records in [0, 1, 2, 3, 10] {
        let (rows, head) = log(records);
        let verdict = verify(&rows, head, head);
        assert!(verdict.is_whole(), "{verdict:?}");
        assert_eq!((verdict.records, verdict.head), (records.unsigned_abs(), head));
    }
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    for (sequence, place) in (1..).zip(0..10) {
        for text in 0..10 {
            let found = faults(|rows| match &mut rows[place].texts[text] {
                Some(bytes) if !bytes.is_empty() => bytes[0] ^= 1,
                text => *text = Some(Vec::new()),
            });
            assert_eq!(found, [AuditFault::Changed { sequence }], "text {text}");
        }
        assert_eq!(
            faults(|rows| rows[place].at_ms ^= 1),
            [AuditFault::Changed { sequence }]
        );
        assert_eq!(
            faults(|rows| rows[place].hash[31] ^= 1),
            [AuditFault::Changed { sequence }]
        );
        assert_eq!(
            faults(|rows| rows[place].hash.truncate(3)),
            [AuditFault::Changed { sequence }]
        );
    }
}

#[test]
fn a_removed_record_is_missed_wherever_it_was() {
    for (sequence, place) in (1..).zip(0..10) {
        let found = faults(|rows| {
            rows.remove(place);
        });
        assert_eq!(
            found,
            [AuditFault::Missing {
                first: sequence,
                last: sequence
            }]
        );
    }
    assert_eq!(
        faults(|rows| drop(rows.drain(3..6))),
        [AuditFault::Missing { first: 4, last: 6 }]
    );
    assert_eq!(faults(Vec::clear), [AuditFault::Missing { first: 1, last: 10 }]);
}

#[test]
fn two_that_changed_places_are_named() {
    for (one, other) in [(1, 2), (4, 5), (9, 10), (1, 10), (3, 5), (2, 9)] {
        assert_eq!(
            faults(|rows| swap(rows, one, other)),
            [
                AuditFault::Moved {
                    sequence: one,
                    found_at: other
                },
                AuditFault::Moved {
                    sequence: other,
                    found_at: one
                },
            ],
            "{one} and {other}"
        );
    }
}

#[test]
fn three_that_went_round_are_named() {
    let found = faults(|rows| {
        swap(rows, 3, 6);
        swap(rows, 6, 9);
    });
    assert_eq!(
        found,
        [
            AuditFault::Moved {
                sequence: 3,
                found_at: 9
            },
            AuditFault::Moved {
                sequence: 6,
                found_at: 3
            },
            AuditFault::Moved {
                sequence: 9,
                found_at: 6
            },
        ]
    );
}

#[test]
fn a_record_that_was_rewritten_with_its_hash_is_noticed_by_the_next() {
    let found = faults(|rows| {
        let forged = AuditRecord {
            action: "user.created".to_owned(),
            ..record(4)
        };
        let previous = AuditHash(rows[2].hash.clone().try_into().unwrap());
        rows[3].texts = forged
            .texts()
            .map(|text| text.map(|text| text.into_owned().into_bytes()));
        rows[3].hash = AuditHash::following(previous, &forged).0.to_vec();
    });
    assert_eq!(found, [AuditFault::Changed { sequence: 5 }]);
}

#[test]
fn a_record_of_another_log_does_not_fit() {
    let (rows, head) = log(4);
    let mut elsewhere = Verifier::new(None);
    elsewhere.take(&AuditSlice { records: rows, head });
    assert_eq!(elsewhere.finish().faults[0], AuditFault::Changed { sequence: 1 });
}

#[test]
fn the_end_is_known_from_two_sides() {
    let (rows, head) = log(10);
    let (_, earlier) = log(8);
    assert_eq!(
        verify(&rows, earlier, None).faults,
        [AuditFault::BeyondTheEnd { first: 9, last: 10 }]
    );
    assert_eq!(
        verify(&rows, None, None).faults,
        [AuditFault::BeyondTheEnd { first: 1, last: 10 }]
    );
    let forged = head.map(|head| AuditHead {
        hash: AuditHash([9; 32]),
        ..head
    });
    assert_eq!(
        verify(&rows, forged, None).faults,
        [AuditFault::EndDiffers { sequence: 10 }]
    );
    // Both ends cut back together: only who noted the end elsewhere can tell.
    assert!(verify(&rows[..8], earlier, None).is_whole());
    assert_eq!(
        verify(&rows[..8], earlier, head).faults,
        [AuditFault::NotAsExpected { sequence: 10 }]
    );
    assert!(verify(&rows, head, earlier).is_whole());
}

#[test]
fn a_log_of_ruins_is_counted_and_not_kept() {
    let (mut rows, head) = log(3_000);
    for row in &mut rows {
        row.hash = vec![0; 32];
        row.at_ms = 0;
    }
    let verdict = verify(&rows, head, None);
    assert_eq!(verdict.faults.len() as u64 + verdict.faults_unnamed, 3_000);
    assert_eq!(verdict.faults[0], AuditFault::Changed { sequence: 1 });
}
