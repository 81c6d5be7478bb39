//! Where the ledger stands: read at start, and again after a fault.
//!
//! After a failed commit nobody can say what reached the disk. Linux reports a failed fsync once and then treats the
//! lost pages as clean, so a later, successful fsync of the same log would vouch for a hole. Therefore the file is
//! opened anew, and before anybody is admitted again every page that counts is written and synchronised *after* the fault, in two steps:
//! the log is written over itself, byte for byte, and then copied into the file and emptied (`TRUNCATE`). Without the
//! first step a power cut in the middle of the second would find half of the pages in the file and no log to complete them
//! from. Until both work, the engine admits nobody.

use std::path::Path;

use rusqlite::Connection;

use crate::{
    file::{self, OpenError},
    fold::Fold,
    journal::{self, Journal, Replayed},
    overlay::Overlay,
    write_ahead_log::{self, End},
};

/// An open file and the place of the writer in it.
pub(crate) struct Place {
    pub(crate) connection: Connection,
    /// The journal that takes accesses.
    pub(crate) recent: Journal,
    /// Accesses in it.
    pub(crate) recent_accesses: u64,
    /// When [`tend`](usher_store::Store::tend) first met them, in milliseconds; none when it has not, or there are none.
    pub(crate) recent_since_ms: Option<i64>,
    /// The fold that an end of the process interrupted, to be done again.
    pub(crate) fold: Option<Fold>,
    /// The next record's number.
    pub(crate) sequence: i64,
}

/// Opens the file and fills the overlay from its journals.
pub(crate) fn find_place(path: &Path, overlay: &Overlay) -> Result<Place, OpenError> {
    warn_of_log(path);
    place(file::open_for_writing(path)?, overlay)
}

/// The same after a fault, trusting nothing that was written before it.
pub(crate) fn find_place_again(path: &Path, overlay: &Overlay) -> Result<Place, OpenError> {
    write_ahead_log::write_again(path)?;
    let connection = file::open_for_writing(path)?;
    if !file::empty_log(&connection, path)? {
        return Err(OpenError::File(
            "the log cannot be emptied while it is being read".to_owned(),
        ));
    }
    place(connection, overlay)
}

fn place(connection: Connection, overlay: &Overlay) -> Result<Place, OpenError> {
    let even = journal::replay(&connection, Journal::Even)?;
    let odd = journal::replay(&connection, Journal::Odd)?;
    // The journal with the newer record takes accesses; the other, if it has any, was being folded.
    let (recent, replayed, folding) = if odd.last_sequence > even.last_sequence {
        (Journal::Odd, odd, even)
    } else {
        (Journal::Even, even, odd)
    };
    let sequence = replayed.last_sequence.max(folding.last_sequence).unwrap_or(0) + 1;
    let recent_accesses = replayed.accesses;
    let Replayed {
        pending: folding_pending,
        last_sequence: interrupted,
        ..
    } = folding;
    overlay.reset(replayed.pending, folding_pending);
    let fold = interrupted.map(|_| Fold::begin(recent.other(), overlay.folding()));
    Ok(Place {
        connection,
        recent,
        recent_accesses,
        recent_since_ms: None,
        fold,
        sequence,
    })
}

/// After a power cut the log may end anywhere behind what was acknowledged; otherwise it may not, and then its reader has lost
/// something. Nobody but the operator knows which it was.
fn warn_of_log(path: &Path) {
    if let Ok(Some(log)) = write_ahead_log::read(path)
        && log.end != End::Whole
    {
        let (frames, end) = (log.frames, log.end);
        tracing::warn!(
            frames,
            ?end,
            "the log of the store cannot be read to its end; that is no loss after a power cut, and a damaged disk otherwise"
        );
    }
}
