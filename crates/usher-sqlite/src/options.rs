//! What may be chosen when a file is opened.

use crate::fold::FOLD_AFTER_ACCESSES;

/// What may be chosen at opening.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Accesses in the journal at which a fold begins. Tests choose few, so that folds happen.
    pub fold_after_accesses: u64,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            fold_after_accesses: FOLD_AFTER_ACCESSES,
        }
    }
}
