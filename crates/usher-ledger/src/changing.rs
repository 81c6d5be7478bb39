//! A transaction on its way: what every rule may use, and what it leaves for the audit log.

use serde::Serialize;
use usher_seats::TenantId;
use usher_store::{AuditObject, AuditRecord, Author};

use crate::book::{Answer, Engine};

/// What a rule may use.
pub(crate) struct Changing<'a, B> {
    /// Within the transaction.
    pub(crate) book: &'a mut B,
    /// The time the changes carry, in milliseconds.
    pub(crate) at_ms: i64,
    /// What was changed so far, in order.
    pub(crate) notes: Vec<Note>,
}

/// One thing that was changed.
pub(crate) struct Note {
    pub(crate) tenant_id: Option<TenantId>,
    pub(crate) action: &'static str,
    pub(crate) object: AuditObject,
    pub(crate) object_name: String,
    /// As JSON, without secrets.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Note {
    /// As a record by an author; its place in the log is not known yet.
    pub(crate) fn into_record(self, author: &Author, at_ms: i64) -> AuditRecord {
        AuditRecord {
            tenant_id: self.tenant_id,
            sequence: 0,
            at_ms,
            author: author.clone(),
            action: self.action.to_owned(),
            object: self.object,
            object_name: self.object_name,
            before: self.before,
            after: self.after,
        }
    }
}

impl<B: Engine> Changing<'_, B> {
    /// Notes what became of a thing.
    pub(crate) fn note<Thing: Serialize>(
        &mut self,
        (tenant_id, object, object_name): (TenantId, AuditObject, String),
        action: &'static str,
        (before, after): (Option<&Thing>, Option<&Thing>),
    ) -> Answer<B, ()> {
        let as_json = |thing: &Thing| serde_json::to_string(thing).map_err(|error| B::unwritable(&error));
        let note = Note {
            tenant_id: Some(tenant_id),
            action,
            object,
            object_name,
            before: before.map(as_json).transpose()?,
            after: after.map(as_json).transpose()?,
        };
        self.notes.push(note);
        Ok(())
    }
}
