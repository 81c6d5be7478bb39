//! Walks along a log and names what is wrong with it.
//!
//! The records come in order of their number, and each must follow from the one before. When one does not, the walk goes
//! on: what the next record may follow from is then either the hash that stands there or the one that should. Records
//! that follow from neither are put aside, at most [`ASIDE_MAX`], with 100 bytes each; at the end it is tried which of
//! them is whose, so that two records that changed places are told from two that were changed, and one record that was
//! moved from one that is gone. Memory does not grow with the log.
//!
//! What is found, and what is not: whoever may write the file can make a new, whole chain of what they please. Against
//! that helps only an end of the log noted elsewhere ([`Verifier::expecting`]).

use serde::{Deserialize, Serialize};
use usher_seats::TenantId;

use super::{
    AuditHead, AuditSlice,
    chain::{AuditHash, ContentHash, StoredRecord},
};

/// Records and gaps that are put aside to be named at the end. Trying each with each takes a blink; a log with more is lost
/// anyway.
const ASIDE_MAX: usize = 256;
/// Hashes that a record is tried with as the one before it.
const CANDIDATES_MAX: usize = 4;

/// Something wrong in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum AuditFault {
    /// The record does not follow from the one before: it or its hash is not what was written.
    Changed {
        /// Its number.
        sequence: i64,
    },
    /// Records are gone.
    Missing {
        /// The first.
        first: i64,
        /// The last.
        last: i64,
    },
    /// A record stands at another's place.
    Moved {
        /// Where it was written.
        sequence: i64,
        /// Where it stands now.
        found_at: i64,
    },
    /// There are records after the end that is on record.
    BeyondTheEnd {
        /// The first.
        first: i64,
        /// The last.
        last: i64,
    },
    /// The last record is not the one that is on record as the end.
    EndDiffers {
        /// Its number.
        sequence: i64,
    },
    /// The log does not have the record that was expected.
    NotAsExpected {
        /// Its number.
        sequence: i64,
    },
}

impl AuditFault {
    /// The number of the first record that it concerns.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        match self {
            Self::Changed { sequence }
            | Self::Moved { sequence, .. }
            | Self::EndDiffers { sequence }
            | Self::NotAsExpected { sequence } => *sequence,
            Self::Missing { first, .. } | Self::BeyondTheEnd { first, .. } => *first,
        }
    }
}

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerdict {
    /// How many records there are.
    pub records: u64,
    /// The last record as it stands; none in a log without records.
    pub head: Option<AuditHead>,
    /// What is wrong, in order of the records; empty when nothing is.
    pub faults: Vec<AuditFault>,
    /// Further records that do not follow from the ones before, too many to be named.
    pub faults_unnamed: u64,
}

impl AuditVerdict {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.faults_unnamed == 0
    }
}

/// A walk on its way. It can be put away and taken up again, so that a long one need not be one call.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verifier {
    tenant_id: Option<TenantId>,
    expected: Option<AuditHead>,
    records: u64,
    /// The number of the last record.
    sequence: i64,
    /// The hash that stands there.
    stands: Option<AuditHash>,
    /// The hashes that the next record may follow from; none after a gap.
    candidates: Vec<AuditHash>,
    aside: Vec<Aside>,
    faults: Vec<AuditFault>,
    faults_unnamed: u64,
    expectation_met: bool,
    /// The end that is on record, as the newest slice has it.
    head: Option<AuditHead>,
}

/// Something that is judged at the end.
#[derive(Debug, Serialize, Deserialize)]
struct Aside {
    sequence: i64,
    /// What it may follow from.
    candidates: Vec<AuditHash>,
    what: What,
}

#[derive(Debug, Serialize, Deserialize)]
enum What {
    /// A record.
    Record {
        content: ContentHash,
        stands: Option<AuditHash>,
        /// False after a gap, where a record has nothing to follow from and is taken for right.
        doubtful: bool,
    },
    /// Records are gone, up to this one.
    Gap { last: i64 },
}

impl Verifier {
    /// Begins before the first record of a log.
    #[must_use]
    pub fn new(tenant_id: Option<TenantId>) -> Self {
        Self {
            tenant_id,
            expected: None,
            records: 0,
            sequence: 0,
            stands: None,
            candidates: vec![AuditHash::BEFORE_THE_FIRST],
            aside: Vec::new(),
            faults: Vec::new(),
            faults_unnamed: 0,
            expectation_met: false,
            head: None,
        }
    }

    /// Demands a record that somebody has noted, such as the end of the log at an earlier time.
    #[must_use]
    pub fn expecting(self, expected: Option<AuditHead>) -> Self {
        Self { expected, ..self }
    }

    /// Whose log it walks along.
    #[must_use]
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.tenant_id
    }

    /// The number of the last record that it has met; the next slice begins after it.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// How many records it has met.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Walks along the next records.
    pub fn take(&mut self, slice: &AuditSlice) {
        self.head = slice.head;
        for record in &slice.records {
            self.step(record);
        }
    }

    fn step(&mut self, record: &StoredRecord) {
        if record.sequence > self.sequence + 1 {
            self.gap(record.sequence - 1);
        }
        let content = record.content(self.tenant_id);
        let stands: Option<AuditHash> = record.hash.as_slice().try_into().ok().map(AuditHash);
        let should = |previous: &AuditHash| AuditHash::of(*previous, record.sequence, content);
        let follows = self
            .candidates
            .iter()
            .any(|previous| Some(should(previous)) == stands);
        let mut next: Vec<AuditHash> = stands.into_iter().collect();
        if !follows {
            let doubtful = !self.candidates.is_empty() || stands.is_none();
            next.extend(self.candidates.iter().map(should));
            next.truncate(CANDIDATES_MAX);
            let what = What::Record {
                content,
                stands,
                doubtful,
            };
            self.put_aside(record.sequence, what);
        }
        if let Some(expected) = self.expected
            && expected.sequence == record.sequence
        {
            self.expectation_met = stands == Some(expected.hash);
        }
        self.candidates = next;
        self.sequence = record.sequence;
        self.stands = stands;
        self.records += 1;
    }

    fn gap(&mut self, last: i64) {
        self.put_aside(self.sequence + 1, What::Gap { last });
        self.candidates.clear();
    }

    fn put_aside(&mut self, sequence: i64, what: What) {
        if self.aside.len() < ASIDE_MAX {
            let candidates = self.candidates.clone();
            self.aside.push(Aside {
                sequence,
                candidates,
                what,
            });
        } else {
            self.faults_unnamed += 1;
        }
    }

    /// Says what was found, once a slice had fewer records than were asked for.
    #[must_use]
    pub fn finish(mut self) -> AuditVerdict {
        self.judge_what_is_aside();
        self.judge_end();
        if let Some(expected) = self.expected
            && !self.expectation_met
        {
            self.faults.push(AuditFault::NotAsExpected {
                sequence: expected.sequence,
            });
        }
        self.faults
            .sort_unstable_by_key(|fault| (fault.sequence(), *fault));
        AuditVerdict {
            records: self.records,
            head: self.stands.filter(|_| self.records > 0).map(|hash| AuditHead {
                sequence: self.sequence,
                hash,
            }),
            faults: self.faults,
            faults_unnamed: self.faults_unnamed,
        }
    }

    fn judge_what_is_aside(&mut self) {
        let aside = std::mem::take(&mut self.aside);
        // The hash that belongs to the place just judged, where it was found elsewhere.
        let mut belongs: Option<(i64, AuditHash)> = None;
        for place in &aside {
            let mut candidates = place.candidates.clone();
            candidates.extend(
                belongs
                    .filter(|(sequence, _)| sequence + 1 == place.sequence)
                    .map(|(_, hash)| hash),
            );
            belongs = None;
            if place.is_right(&candidates) {
                continue;
            }
            let found = aside
                .iter()
                .find_map(|other| other.belongs_at(place.sequence, &candidates));
            let fault = match (found, &place.what) {
                (Some((found_at, hash)), _) => {
                    belongs = Some((place.sequence, hash));
                    AuditFault::Moved {
                        sequence: place.sequence,
                        found_at,
                    }
                }
                (None, What::Record { .. }) => AuditFault::Changed {
                    sequence: place.sequence,
                },
                (None, What::Gap { last }) => AuditFault::Missing {
                    first: place.sequence,
                    last: *last,
                },
            };
            self.faults.push(fault);
            if let (Some(_), What::Gap { last }) = (found, &place.what)
                && *last > place.sequence
            {
                self.faults.push(AuditFault::Missing {
                    first: place.sequence + 1,
                    last: *last,
                });
            }
        }
    }

    fn judge_end(&mut self) {
        let on_record = self.head.map_or(0, |head| head.sequence);
        if on_record > self.sequence {
            self.faults.push(AuditFault::Missing {
                first: self.sequence + 1,
                last: on_record,
            });
        } else if on_record < self.sequence {
            self.faults.push(AuditFault::BeyondTheEnd {
                first: on_record + 1,
                last: self.sequence,
            });
        } else if self.head.map(|head| head.hash) != self.stands
            && self.faults_unnamed == 0
            && !self.faults.iter().any(|fault| fault.sequence() == on_record)
        {
            self.faults.push(AuditFault::EndDiffers { sequence: on_record });
        }
    }
}

impl Aside {
    /// True for a record that follows after all, or has nothing to follow from.
    fn is_right(&self, candidates: &[AuditHash]) -> bool {
        match &self.what {
            What::Gap { .. } => false,
            What::Record { doubtful: false, .. } => true,
            What::Record { .. } => self.belongs_at(self.sequence, candidates).is_some(),
        }
    }

    /// Where it stands and its hash, if it was written at a place.
    fn belongs_at(&self, sequence: i64, candidates: &[AuditHash]) -> Option<(i64, AuditHash)> {
        let What::Record {
            content,
            stands: Some(stands),
            ..
        } = &self.what
        else {
            return None;
        };
        let follows = |previous: &AuditHash| AuditHash::of(*previous, sequence, *content) == *stands;
        candidates.iter().any(follows).then_some((self.sequence, *stands))
    }
}

#[cfg(test)]
mod tests;
