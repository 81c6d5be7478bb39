//! The journals: where an admitted access becomes durable, in a dozen bytes.
//!
//! An access changes one row of a table that may have millions, in random order; writing that row's page would cost
//! some eight kilobytes of disk (log and file) per access. A journal is appended to instead: all accesses of a
//! batch share one blob, and the blobs of neighbouring batches share pages. There are two journals, so that one can
//! be folded (see `fold`) and cut whole while the other goes on.
//!
//! **Form of a blob.** A version byte, the time of the first record as a variable-length integer, then per record:
//! tenant; one number for app, seat type and local day; and the zigzag differences of user and time from the record
//! before. All integers are little-endian base 128. The app's number stands for its namespace; apps are never deleted
//! while a journal names them. Accesses need no order, so a blob is written in order of users, which keeps the
//! differences short. Records that moved a row come first. If there are others, which only show that somebody was active
//! on a day, a tenant number of zero stands before them: a replay must not take their times for the newest.
//!
//! The local day is written as its distance from the day in UTC, which is one at most wherever people live. So a replay
//! finds the day that was meant, even if the tenant has moved to another time zone since. Blobs of version 1 were
//! written before there were time zones; their days are those of UTC.
//!
//! **What is not guaranteed.** A blob carries no checksum of its own: SQLite's log has one per page, and a damaged
//! file is the business of `usher doctor`. A blob that does not decode stops the start with its sequence number.

use std::collections::{HashMap, hash_map::Entry};

use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Day, Namespace, SeatType, TenantId, UserId};

use crate::{
    days::{ActiveDay, PersonNumber, person_number},
    file::OpenError,
    numbers::{Parsed, SeatTypeNumber},
    overlay::{ActivityKey, Pending},
};

/// First byte of every blob that is written.
const VERSION: u8 = 2;
/// First byte of blobs without days: app and seat type are `zigzag(app) * 2 + seat type`.
const VERSION_WITHOUT_DAYS: u8 = 1;
/// Distances of a local day from the day in UTC: one day before, the same, one day after.
const DAY_SHIFTS: u64 = 3;
/// In the place of a tenant: what follows moved nothing. No tenant has this number.
const NOTHING_MOVED: u64 = 0;
/// Seat types.
const SEAT_TYPES: u64 = 2;
/// Longest variable-length integer: 64 bits at 7 a byte.
const INTEGER_BYTES_MAX: u32 = 10;

/// One of the two journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    Even,
    Odd,
}

impl Journal {
    /// The one that goes on while this one is folded.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Even => Self::Odd,
            Self::Odd => Self::Even,
        }
    }

    /// Appends a blob under the next sequence number.
    pub(crate) fn append(self, connection: &Connection, sequence: i64, blob: &[u8]) -> rusqlite::Result<()> {
        let statement = match self {
            Self::Even => "INSERT INTO journal_even (sequence, records) VALUES (?1, ?2)",
            Self::Odd => "INSERT INTO journal_odd (sequence, records) VALUES (?1, ?2)",
        };
        connection
            .prepare_cached(statement)?
            .execute((sequence, blob))
            .map(|_| ())
    }

    /// Empties the journal at once. Without a condition SQLite frees the pages and rewrites none of them.
    pub(crate) fn cut(self, connection: &Connection) -> rusqlite::Result<()> {
        let statement = match self {
            Self::Even => "DELETE FROM journal_even",
            Self::Odd => "DELETE FROM journal_odd",
        };
        connection.prepare_cached(statement)?.execute([]).map(|_| ())
    }

    fn select(self) -> &'static str {
        match self {
            Self::Even => "SELECT sequence, records FROM journal_even ORDER BY sequence",
            Self::Odd => "SELECT sequence, records FROM journal_odd ORDER BY sequence",
        }
    }
}

/// One admitted access that moved a row or was the first of its person on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) tenant_id: TenantId,
    pub(crate) app_id: i64,
    pub(crate) seat_type: SeatType,
    pub(crate) user_id: UserId,
    pub(crate) time_ms: i64,
    /// In the tenant's time zone as it was then.
    pub(crate) day: Day,
    /// Whether its time is the newest so far.
    pub(crate) moved: bool,
}

impl Record {
    /// App, seat type and day in one number.
    fn subject(&self) -> u64 {
        let seat_type = u64::from(SeatTypeNumber(self.seat_type).number());
        let shift = self
            .day
            .number()
            .saturating_sub(Day::in_utc(self.time_ms).number());
        let shift = match shift {
            ..0 => 0,
            0 => 1,
            1.. => 2,
        };
        (self.app_id.cast_unsigned() * SEAT_TYPES + seat_type) * DAY_SHIFTS + shift
    }

    /// The day on which it shows its person, whose number is `person`, to have been active.
    pub(crate) fn active_day(&self, person: PersonNumber) -> ActiveDay {
        ActiveDay {
            tenant_id: self.tenant_id,
            seat_type: self.seat_type,
            app_id: self.app_id,
            day: self.day,
            person,
        }
    }
}

/// Reads a subject back: app, seat type, and the distance of the day from that in UTC.
fn read_subject(version: u8, subject: u64) -> (i64, SeatType, i32) {
    let seat_type = |odd: u64| {
        if odd.is_multiple_of(SEAT_TYPES) {
            SeatType::PerUser
        } else {
            SeatType::PerUserPerApp
        }
    };
    if version == VERSION_WITHOUT_DAYS {
        return (unzigzag(subject >> 1), seat_type(subject), 0);
    }
    let shift = match subject % DAY_SHIFTS {
        0 => -1,
        1 => 0,
        _ => 1,
    };
    let app_and_seat_type = subject / DAY_SHIFTS;
    let app_id = (app_and_seat_type / SEAT_TYPES).cast_signed();
    (app_id, seat_type(app_and_seat_type), shift)
}

/// Writes the blob of a batch into `blob`, which is emptied first, and brings the records into the blob's order.
pub(crate) fn encode(records: &mut [Record], blob: &mut Vec<u8>) {
    records.sort_unstable_by_key(|record| (!record.moved, record.tenant_id, record.user_id, record.time_ms));
    blob.clear();
    blob.push(VERSION);
    let mut before_ms = records.first().map_or(0, |record| record.time_ms);
    let mut before_user = 0;
    let mut before_moved = true;
    put(blob, zigzag(before_ms));
    for record in records {
        if before_moved && !record.moved {
            put(blob, NOTHING_MOVED);
        }
        before_moved = record.moved;
        put(blob, zigzag(record.tenant_id.0));
        put(blob, record.subject());
        put(blob, zigzag(record.user_id.get() - before_user));
        put(blob, zigzag(record.time_ms - before_ms));
        before_ms = record.time_ms;
        before_user = record.user_id.get();
    }
}

/// Reads a blob back; `None` when it is not one.
pub(crate) fn decode(mut blob: &[u8]) -> Option<Vec<Record>> {
    let bytes = &mut blob;
    let version = take_byte(bytes).filter(|version| [VERSION, VERSION_WITHOUT_DAYS].contains(version))?;
    let mut before_ms = unzigzag(take(bytes)?);
    let mut before_user = 0_i64;
    let mut records = Vec::new();
    let mut moved = true;
    while !bytes.is_empty() {
        let mut tenant = take(bytes)?;
        if tenant == NOTHING_MOVED && moved {
            moved = false;
            tenant = take(bytes)?;
        }
        let tenant_id = TenantId(unzigzag(tenant));
        let (app_id, seat_type, day_shift) = read_subject(version, take(bytes)?);
        let user_id = UserId::new(before_user.checked_add(unzigzag(take(bytes)?))?).ok()?;
        let time_ms = before_ms.checked_add(unzigzag(take(bytes)?))?;
        records.push(Record {
            tenant_id,
            app_id,
            seat_type,
            user_id,
            time_ms,
            day: Day::in_utc(time_ms).plus(day_shift),
            moved,
        });
        before_ms = time_ms;
        before_user = user_id.get();
    }
    Some(records)
}

fn zigzag(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn put(blob: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are meant")]
        blob.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    blob.push(number as u8);
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for index in 0..INTEGER_BYTES_MAX {
        let byte = take_byte(bytes)?;
        number |= u64::from(byte & 0x7f).checked_shl(7 * index)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// What a journal holds after a start.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) pending: Pending,
    pub(crate) accesses: u64,
    pub(crate) last_sequence: Option<i64>,
}

/// Reads a journal back into ordered maps. The time is that of one sequential read, one look-up per person and one
/// sort, and is bounded by the number of accesses at which a fold must begin.
pub(crate) fn replay(connection: &Connection, journal: Journal) -> Result<Replayed, OpenError> {
    let mut apps = Apps::default();
    let mut people = People::default();
    let mut replayed = Replayed::default();
    let mut times = Vec::new();
    let mut statement = connection.prepare(journal.select())?;
    let mut blobs = statement.query([])?;
    while let Some(row) = blobs.next()? {
        let sequence: i64 = row.get(0)?;
        let records = decode(row.get_ref(1)?.as_blob().unwrap_or_default())
            .ok_or_else(|| OpenError::File(format!("journal record {sequence} is damaged")))?;
        for record in records {
            replayed.accesses += 1;
            let key = apps.key(connection, &record)?;
            if record.moved {
                times.push((key, record.time_ms));
            }
            if let Some(person) = people.number(connection, &record)? {
                replayed.pending.days.add(&record.active_day(person));
            }
        }
        replayed.last_sequence = Some(sequence);
    }
    // The map is built from sorted pairs in one pass; of equal keys the last wins, which is the newest.
    times.sort_unstable_by(|left, right| left.0.cmp(&right.0).then(left.1.cmp(&right.1)));
    replayed.pending.rows = times.into_iter().collect();
    Ok(replayed)
}

/// Names of the apps that a replay has met.
#[derive(Default)]
struct Apps {
    known: HashMap<i64, Option<(TenantId, Namespace)>>,
}

impl Apps {
    fn key(&mut self, connection: &Connection, record: &Record) -> Result<ActivityKey, OpenError> {
        let named = match self.known.entry(record.app_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(app_named(connection, record.app_id)?),
        };
        match named {
            Some((tenant_id, namespace)) if *tenant_id == record.tenant_id => Ok(ActivityKey {
                tenant_id: record.tenant_id,
                seat_type: record.seat_type,
                user_id: record.user_id,
                namespace: namespace.clone(),
            }),
            _ => Err(OpenError::File(format!(
                "the journal names app {}, which is not there",
                record.app_id
            ))),
        }
    }
}

/// Numbers of the people that a replay has met. A person who left before people were numbered has none, and no history.
#[derive(Default)]
struct People {
    known: HashMap<(TenantId, UserId), Option<PersonNumber>>,
}

impl People {
    fn number(&mut self, connection: &Connection, record: &Record) -> rusqlite::Result<Option<PersonNumber>> {
        match self.known.entry((record.tenant_id, record.user_id)) {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(unknown) => {
                let number = person_number(connection, record.tenant_id, record.user_id)?;
                Ok(*unknown.insert(number))
            }
        }
    }
}

fn app_named(connection: &Connection, app_id: i64) -> rusqlite::Result<Option<(TenantId, Namespace)>> {
    connection
        .prepare_cached("SELECT tenant_id, namespace FROM apps WHERE app_id = ?1")?
        .query_row([app_id], |row| {
            Ok((TenantId(row.get(0)?), row.get::<_, Parsed<Namespace>>(1)?.0))
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_record() -> impl Strategy<Value = Record> {
        (
            1..i64::MAX,
            1..i64::MAX >> 1,
            any::<bool>(),
            1..1_i64 << 53,
            1..10_000_000_000_000_i64,
            -1..=1,
            any::<bool>(),
        )
            .prop_map(
                |(tenant, app_id, platform, user, time_ms, day_shift, moved)| Record {
                    tenant_id: TenantId(tenant),
                    app_id: app_id >> 1,
                    seat_type: if platform {
                        SeatType::PerUser
                    } else {
                        SeatType::PerUserPerApp
                    },
                    user_id: UserId::new(user.min((1 << 53) - 1)).unwrap(),
                    time_ms,
                    day: Day::in_utc(time_ms).plus(day_shift),
                    moved,
                },
            )
    }

    proptest! {
        #[test]
        fn a_blob_reads_back_as_it_was(mut records in prop::collection::vec(any_record(), 0..50)) {
            let mut blob = vec![9];
            encode(&mut records, &mut blob);
            prop_assert_eq!(decode(&blob), Some(records));
        }

        #[test]
        fn a_cut_or_foreign_blob_never_panics(mut blob in prop::collection::vec(any::<u8>(), 0..200), first in 0..4_u8) {
            if let Some(byte) = blob.first_mut() { *byte = first; }
            let _ = decode(&blob);
        }
    }

    #[test]
    fn a_blob_without_days_is_still_read() {
        // The first form: version, first time, then (tenant 1, app 2 with an app seat, user 3, time 5).
        let blob = [1, 10, 2, 9, 6, 0];
        let [record] = decode(&blob).unwrap()[..] else {
            panic!()
        };
        assert_eq!(
            (
                record.tenant_id,
                record.app_id,
                record.user_id.get(),
                record.time_ms
            ),
            (TenantId(1), 2, 3, 5)
        );
        assert_eq!(
            (record.seat_type, record.day),
            (SeatType::PerUserPerApp, Day::new(0))
        );
    }

    #[test]
    fn a_usual_record_takes_at_most_a_dozen_bytes() {
        let record = |user: i64| Record {
            tenant_id: TenantId(1),
            app_id: 17,
            seat_type: SeatType::PerUser,
            user_id: UserId::new(1_803_710_089_388_154 + user * 7_777_777_777).unwrap(),
            time_ms: 1_727_199_298_656 + user,
            day: Day::in_utc(1_727_199_298_656),
            moved: true,
        };
        let mut blob = Vec::new();
        encode(&mut (0..64).map(record).collect::<Vec<_>>(), &mut blob);
        assert!(blob.len() <= 64 * 12 + 8, "{} bytes", blob.len());
    }
}
