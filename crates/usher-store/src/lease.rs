//! Work that only one instance does at a time.
//!
//! A lease is a right for a limited time. Two goals pull at it: work must go on when its holder dies, so a lease must end by
//! itself; and a holder that was merely stalled (a paused machine, a slow disk) wakes up believing that it still holds it. No
//! clock at the holder can tell. So whatever is done under a lease carries it ([`ChangeRequest::under`](crate::ChangeRequest)),
//! and the engine checks it *in the transaction that does the work*, which also renews it: either the lease is still the
//! holder's and nobody can take it before the transaction ends, or nothing of the transaction happens.
//!
//! A lease also knows when its job was last done, so that the instances, each looking now and then, do it once in a while
//! together and not once in a while each.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::StoreError;

/// A kind of work that is done by one instance at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// Seats that ran out are written down as free, and whoever waits gets them.
    SettleSeats,
    /// Tickets go to store clients.
    SendTickets,
    /// An engine takes away what is no longer to be kept.
    Tend,
}

impl Job {
    /// Its name, as kept.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SettleSeats => "settle_seats",
            Self::SendTickets => "send_tickets",
            Self::Tend => "tend",
        }
    }
}

/// How a job wants to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTerms {
    /// For how long nobody else may take it after it was taken or renewed, in milliseconds.
    pub lasts_ms: i64,
    /// How long after the job was done it is due again, in milliseconds.
    pub every_ms: i64,
}

/// A right to do a job. A later one of the same job has a greater term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// What for.
    pub job: Job,
    /// Which one.
    pub term: i64,
}

impl Lease {
    /// What somebody hears who acts under a lease that is no longer theirs.
    #[must_use]
    pub fn lost(self) -> StoreError {
        StoreError::Unavailable {
            detail: format!("the lease to {} was lost", self.job.as_str()),
        }
    }
}

/// The leases of an engine that only one process uses.
#[derive(Debug, Default)]
pub struct LeaseBook {
    /// A plain lock, held for a look into a small map.
    kept: Mutex<HashMap<Job, Kept>>,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    term: i64,
    lasts_ms: i64,
    until_ms: i64,
    done_ms: Option<i64>,
}

impl LeaseBook {
    /// Gives a job to whoever asks, unless somebody has it or it is not due. A clock that stepped back makes it due.
    pub fn take(&self, job: Job, terms: LeaseTerms, now_ms: i64) -> Option<Lease> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get(&job).copied();
        let free = known.is_none_or(|known| {
            let is_held = now_ms < known.until_ms && known.until_ms - now_ms <= known.lasts_ms;
            let is_done = known
                .done_ms
                .is_some_and(|done_ms| now_ms >= done_ms && now_ms - done_ms < terms.every_ms);
            !is_held && !is_done
        });
        if !free {
            return None;
        }
        let term = known.map_or(1, |known| known.term + 1);
        kept.insert(
            job,
            Kept {
                term,
                lasts_ms: terms.lasts_ms,
                until_ms: now_ms.saturating_add(terms.lasts_ms),
                done_ms: known.and_then(|known| known.done_ms),
            },
        );
        Some(Lease { job, term })
    }

    /// Lets a lease last anew; false when it is somebody else's by now.
    pub fn renew(&self, lease: Lease, now_ms: i64) -> bool {
        self.touch(lease, |kept| kept.until_ms = now_ms.saturating_add(kept.lasts_ms))
    }

    /// The job is done for now.
    pub fn end(&self, lease: Lease, now_ms: i64) {
        self.touch(lease, |kept| {
            kept.until_ms = now_ms;
            kept.done_ms = Some(now_ms);
        });
    }

    fn touch(&self, lease: Lease, change: impl FnOnce(&mut Kept)) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let own = kept.get_mut(&lease.job).filter(|kept| kept.term == lease.term);
        own.map(change).is_some()
    }
}
