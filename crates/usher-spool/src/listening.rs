//! Hearing what was changed, here or at any other instance.
//!
//! Every change is in the audit log of its tenant, whoever made it and wherever. So the logs of the tenants that were seen are
//! read on, again and again, and whoever a record is about is forgotten. A log that went on by more than a slice, and a record
//! that cannot be read, make everybody of the tenant forgotten.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use usher_seats::{TenantId, UserId};
use usher_store::{
    AuditObject, Store, StoreError,
    audit::{AUDIT_SLICE_ROWS_MAX, StoredRecord},
};

use crate::memory::{Changed, Memory};

/// Pause between two rounds through the tenants: what was changed is heard of after that and the round itself.
const PAUSE: Duration = Duration::from_secs(1);
/// Where the kind of object stands among the texts of a record.
const OBJECT_KIND: usize = 6;
/// Where its name stands.
const OBJECT_NAME: usize = 7;

/// Listens for as long as it is not aborted.
pub(crate) async fn listen(store: Arc<dyn Store>, memory: Arc<Memory>) {
    loop {
        for (tenant_id, sequence) in memory.tenants() {
            if let Err(error) = hear(&*store, &memory, tenant_id, sequence).await {
                tracing::debug!(%error, "changes cannot be heard of just now");
                break;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(
    store: &dyn Store,
    memory: &Memory,
    tenant_id: TenantId,
    sequence: Option<i64>,
) -> Result<(), StoreError> {
    let head = store.audit_head(Some(tenant_id)).await?;
    let end = head.map_or(0, |head| head.sequence);
    let Some(sequence) = sequence else {
        memory.follow(tenant_id, end);
        return Ok(());
    };
    if end == sequence {
        return Ok(());
    }
    let slice = store
        .audit_slice(Some(tenant_id), sequence, AUDIT_SLICE_ROWS_MAX)
        .await?;
    let read_up_to = slice.records.last().map_or(0, |record| record.sequence);
    if read_up_to < end {
        memory.heard(tenant_id, end, &Changed::Everybody);
    } else {
        memory.heard(tenant_id, read_up_to, &changed(&slice.records));
    }
    Ok(())
}

/// Whom some records are about.
fn changed(records: &[StoredRecord]) -> Changed {
    let mut people = BTreeSet::new();
    for record in records {
        let text = |place: usize| {
            let bytes = record.texts.get(place)?.as_deref()?;
            std::str::from_utf8(bytes).ok()
        };
        let name = text(OBJECT_NAME).unwrap_or_default();
        let concerned = match text(OBJECT_KIND).and_then(AuditObject::from_word) {
            Some(AuditObject::Seat) => name.split(':').nth(1).and_then(user_id),
            Some(AuditObject::User) => user_id(name),
            Some(AuditObject::Tenant | AuditObject::App) | None => None,
            // No seat admits differently for these; what they do to seats has records of its own.
            Some(
                AuditObject::Client
                | AuditObject::Token
                | AuditObject::SignIn
                | AuditObject::Pool
                | AuditObject::WaitingPlace
                | AuditObject::Group
                | AuditObject::Setting,
            ) => continue,
        };
        match concerned {
            Some(user_id) => people.insert(user_id),
            None => return Changed::Everybody,
        };
    }
    Changed::People(people)
}

fn user_id(text: &str) -> Option<UserId> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, name: &str) -> StoredRecord {
        let mut texts: [Option<Vec<u8>>; 10] = Default::default();
        texts[OBJECT_KIND] = Some(kind.as_bytes().to_vec());
        texts[OBJECT_NAME] = Some(name.as_bytes().to_vec());
        StoredRecord {
            sequence: 1,
            at_ms: 0,
            texts,
            hash: Vec::new(),
        }
    }

    fn people(numbers: &[i64]) -> Changed {
        Changed::People(
            numbers
                .iter()
                .map(|number| UserId::new(*number).unwrap())
                .collect(),
        )
    }

    #[test]
    fn a_record_says_whom_to_forget() {
        for (kind, name, expected) in [
            ("seat", "per_user:42", people(&[42])),
            ("seat", "per_user_per_app:42:crm", people(&[42])),
            ("user", "7", people(&[7])),
            ("app", "crm", Changed::Everybody),
            ("tenant", "acme", Changed::Everybody),
            ("pool", "per_user", people(&[])),
            ("client", "cli_1", people(&[])),
            ("seat", "strange", Changed::Everybody),
            ("something new", "1", Changed::Everybody),
        ] {
            assert_eq!(changed(&[record(kind, name)]), expected, "{kind} {name}");
        }
        assert_eq!(
            changed(&[record("seat", "per_user:1"), record("user", "2")]),
            people(&[1, 2])
        );
    }
}
