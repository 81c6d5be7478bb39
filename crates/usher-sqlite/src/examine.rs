//! Is everything in the file as it must be?
//!
//! What can be noticed, and by what:
//!
//! | Damage | Noticed by |
//! | --- | --- |
//! | a bit that flipped in a page that was written | its checksum ([`Check::Pages`]) |
//! | a bit that flipped in the log | the log's own checksums, and whether it went on after its apparent end ([`Check::Log`]) |
//! | pages that no longer fit together | SQLite ([`Check::Structure`], [`Check::References`]) |
//! | tables, views or triggers that are not Usher's | a file made afresh ([`Check::Schema`]) |
//! | a journal that does not decode, or names what is not there | reading it as a start does ([`Check::Journals`]) |
//! | sums that are not those of their rows | counting ([`Check::Pools`], [`Check::Tallies`], [`Check::Keys`], [`Check::Days`]) |
//! | a change that nobody made through Usher | the chain of the audit log ([`Check::AuditLogs`]) |
//!
//! What cannot: a bit that flipped in the last transaction of a log, which is taken for torn, unless other transactions follow;
//! and whatever somebody wrote who also wrote its sums.
//!
//! Looking changes nothing, and may be done beside a running server: each check sees one state of the ledger.

mod counting;
mod schema;

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use usher_seats::SeatType;
use usher_store::audit::{AUDIT_SLICE_ROWS_MAX, AuditFault, Verifier, chain};

use crate::{
    copy,
    file::{self, OpenError, SCHEMA_VERSION},
    journal::{self, Journal},
    lock::holder_of,
    page_sums, reads,
    write_ahead_log::{self, End},
};

/// Faults that are named for each check; whoever sees so many has seen enough.
pub(crate) const FAULTS_NAMED_MAX: usize = 100;

/// What may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The write-ahead log, if one is there.
    Log,
    /// Every page against its checksum.
    Pages,
    /// What SQLite itself can say: trees, indexes, types, constraints.
    Structure,
    /// Rows that refer to rows that are not there.
    References,
    /// Tables, indexes, views and triggers.
    Schema,
    /// Accesses that are not in their tables yet.
    Journals,
    /// Seats in use as counted by their pools.
    Pools,
    /// Seats in use as counted by day.
    Tallies,
    /// Under what people are found, and their numbers.
    Keys,
    /// Who was active on which day.
    Days,
    /// Every audit log.
    AuditLogs,
}

impl Check {
    /// Every check, in the order in which they make sense.
    pub const ALL: [Self; 11] = [
        Self::Log,
        Self::Pages,
        Self::Structure,
        Self::References,
        Self::Schema,
        Self::Journals,
        Self::Pools,
        Self::Tallies,
        Self::Keys,
        Self::Days,
        Self::AuditLogs,
    ];

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Pages => "pages",
            Self::Structure => "structure",
            Self::References => "references",
            Self::Schema => "schema",
            Self::Journals => "journals",
            Self::Pools => "pools",
            Self::Tallies => "tallies",
            Self::Keys => "keys",
            Self::Days => "days",
            Self::AuditLogs => "audit_logs",
        }
    }
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// In the words of SQLite or the system.
    Said(String),
    /// The log cannot be read from a frame on, although transactions were written after it.
    LogBroken {
        /// The frame, counted from 1.
        frame: u64,
        /// How many.
        transactions: u64,
    },
    /// The log has lost its head.
    LogWithoutHead,
    /// The log ends with a transaction that cannot be read.
    LogTorn,
    /// A page is not as it was written.
    Page(u32),
    /// The checksum of a page is not one.
    PageSum(u32),
    /// No checksums are kept.
    NoPageSums,
    /// A row refers to one that is not there.
    Reference {
        /// Of this table.
        table: String,
        /// To this one.
        to: String,
    },
    /// A table, index, view or trigger is missing, changed or too many.
    Schema(String),
    /// A pool counts other seats than there are.
    Pool {
        /// Whose.
        tenant_id: i64,
        /// Of which kind.
        seat_type: SeatType,
        /// Of which app; empty for platform seats.
        namespace: String,
        /// What the pool says.
        counted: i64,
        /// How many are in use.
        in_use: i64,
    },
    /// Seats counted by day are not those there are.
    Tally {
        /// Whose.
        tenant_id: i64,
        /// Days since 1970-01-01.
        day: i64,
        /// What is kept.
        counted: i64,
        /// How many there are.
        in_use: i64,
    },
    /// A person is not found under their name.
    Key {
        /// Whose.
        tenant_id: i64,
        /// Who; none for a key that is nobody's.
        user_id: Option<i64>,
    },
    /// Two people have one number, or a number was never given.
    PersonNumber {
        /// Whose.
        tenant_id: i64,
        /// The number.
        number: i64,
    },
    /// The set of a day cannot be read.
    DaySet {
        /// Whose.
        tenant_id: i64,
        /// Days since 1970-01-01.
        day: i64,
    },
    /// An audit log is not whole.
    Audit {
        /// Whose; none for the log of what concerns no tenant.
        tenant_id: Option<i64>,
        /// What is wrong with it.
        fault: AuditFault,
    },
}

impl Fault {
    /// False for what also an orderly life may leave: no checksums yet, or a log whose end was torn by a power cut.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::NoPageSums | Self::LogTorn)
    }
}

/// What a check has shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// How many things were looked at: pages, rows, frames, records.
    pub looked_at: u64,
    /// What is wrong; empty when nothing is.
    pub faults: Vec<Fault>,
    /// Further faults, too many to be named.
    pub faults_unnamed: u64,
}

impl Checked {
    pub(crate) fn of(looked_at: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        let mut checked = Self {
            looked_at,
            ..Self::default()
        };
        faults.into_iter().for_each(|fault| checked.add(fault));
        checked
    }

    fn add(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_NAMED_MAX {
            self.faults.push(fault);
        } else {
            self.faults_unnamed += 1;
        }
    }
}

/// Looks at one file.
#[derive(Debug)]
pub struct Examiner {
    path: PathBuf,
    connection: Connection,
    schema_version: i64,
}

impl Examiner {
    /// Opens a file that is there, only to read it.
    ///
    /// # Errors
    /// As [`SqliteStore::open`](crate::SqliteStore::open); a folder that is held is no obstacle.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.is_file() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        let connection = file::open_for_reading(path)?;
        let schema_version = file::refuse_foreign(&connection)?;
        let has_marks = schema_version == SCHEMA_VERSION;
        if has_marks && let Some(mark) = copy::mark(&connection)? {
            return Err(OpenError::BeingCopied {
                source_address: mark.source,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            connection,
            schema_version,
        })
    }

    /// The schema of the file.
    #[must_use]
    pub fn schema_version(&self) -> i64 {
        self.schema_version
    }

    /// The newest moment that is written anywhere a clock was read for it, in milliseconds; none in a file without any.
    ///
    /// # Errors
    /// As the file.
    pub fn newest_moment_ms(&self) -> Result<Option<i64>, OpenError> {
        let newest = "SELECT max(at_ms) FROM (
            SELECT (SELECT max(at_ms) FROM audit_records AS newest WHERE newest.tenant_id = heads.tenant_id) AS at_ms
            FROM audit_heads AS heads)";
        Ok(self.connection.query_row(newest, [], |row| row.get(0))?)
    }

    /// Does one check. What cannot be read is a fault like any other.
    #[must_use]
    pub fn check(&self, check: Check) -> Checked {
        let checked = match check {
            Check::Log => self.log(),
            Check::Pages => self.pages(),
            Check::Structure => self.structure(),
            Check::References => self.references(),
            // What a start would bring up first cannot be compared.
            _ if self.schema_version != SCHEMA_VERSION => Ok(Checked::default()),
            Check::Schema => schema::check(&self.connection),
            Check::Journals => self.journals(),
            Check::Pools => counting::pools(&self.connection),
            Check::Tallies => counting::tallies(&self.connection),
            Check::Keys => counting::keys(&self.connection),
            Check::Days => counting::days(&self.connection),
            Check::AuditLogs => self.audit_logs(),
        };
        checked.unwrap_or_else(|error| Checked::of(0, [Fault::Said(error.to_string())]))
    }

    fn log(&self) -> Result<Checked, OpenError> {
        let Some(log) = write_ahead_log::read(&self.path)? else {
            return Ok(Checked::default());
        };
        let fault = match log.end {
            End::Whole => None,
            End::Torn => Some(Fault::LogTorn),
            End::Broken { frame, transactions } => Some(Fault::LogBroken { frame, transactions }),
            End::WithoutHead => Some(Fault::LogWithoutHead),
        };
        Ok(Checked::of(log.frames, fault))
    }

    fn pages(&self) -> Result<Checked, OpenError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let at_work = holder_of(folder)?.is_some();
        let Some(compared) = page_sums::compare(&self.path, at_work)? else {
            return Ok(Checked::of(0, [Fault::NoPageSums]));
        };
        let pages = compared.different.into_iter().map(Fault::Page);
        let sums = compared.sum_damaged.into_iter().map(Fault::PageSum);
        Ok(Checked::of(compared.same, pages.chain(sums)))
    }

    fn structure(&self) -> Result<Checked, OpenError> {
        let mut statement = self
            .connection
            .prepare(&format!("PRAGMA integrity_check({FAULTS_NAMED_MAX})"))?;
        let said: Vec<String> = statement
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let pages: i64 = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))?;
        let faults = said.into_iter().filter(|said| said != "ok").map(Fault::Said);
        Ok(Checked::of(pages.unsigned_abs(), faults))
    }

    fn references(&self) -> Result<Checked, OpenError> {
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let faults: Vec<_> = statement
            .query_map([], |row| {
                Ok(Fault::Reference {
                    table: row.get(0)?,
                    to: row.get(2)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Checked::of(0, faults))
    }

    /// Reads them as a start does.
    fn journals(&self) -> Result<Checked, OpenError> {
        let snapshot = self.connection.unchecked_transaction()?;
        let mut checked = Checked::default();
        for journal in [Journal::Even, Journal::Odd] {
            match journal::replay(&snapshot, journal) {
                Ok(replayed) => checked.looked_at += replayed.accesses,
                Err(OpenError::File(said)) => checked.add(Fault::Said(said)),
                Err(error) => return Err(error),
            }
        }
        Ok(checked)
    }

    fn audit_logs(&self) -> Result<Checked, OpenError> {
        let mut statement = self
            .connection
            .prepare("SELECT tenant_id FROM audit_heads UNION SELECT tenant_id FROM audit_records")?;
        let logs: Vec<i64> = statement
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut checked = Checked::default();
        for log in logs {
            let tenant_id = chain::log_owner(log);
            let mut verifier = Verifier::new(tenant_id);
            loop {
                let after = verifier.sequence();
                let slice = reads::audit_slice(&self.connection, tenant_id, after, AUDIT_SLICE_ROWS_MAX)?;
                verifier.take(&slice);
                if slice.records.len() < AUDIT_SLICE_ROWS_MAX {
                    break;
                }
            }
            let verdict = verifier.finish();
            checked.looked_at += verdict.records;
            checked.faults_unnamed += verdict.faults_unnamed;
            let tenant_id = tenant_id.map(|tenant_id| tenant_id.0);
            for fault in verdict.faults {
                checked.add(Fault::Audit { tenant_id, fault });
            }
        }
        Ok(checked)
    }
}
