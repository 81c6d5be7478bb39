//! Reads along: every statement that a test lets the engine prepare is held against the rule of `joins`, and the test that let
//! it do so fails where the rule is broken.

use std::{
    collections::HashSet,
    fmt::Debug,
    sync::{Mutex, Once, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use usher_postgres::STATEMENTS_TARGET;

use crate::joins::complaints;

/// Begins to read along, unless that has begun already.
pub(crate) fn read_along() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| tracing::subscriber::set_global_default(ReadsAlong::default()).unwrap());
}

/// Listens to what the engine prepares.
#[derive(Default)]
struct ReadsAlong {
    read: Mutex<HashSet<String>>,
}

impl Subscriber for ReadsAlong {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == STATEMENTS_TARGET
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let is_new = self
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(text.0.clone());
        if is_new {
            let complaints = complaints(&text.0);
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The statement of an event.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "statement" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
