//! The journals: where an admitted access becomes durable, in a dozen bytes.
//!
//! An access changes one row of a table that may have millions, in random order; writing that row's page would cost
//! some eight kilobytes of disk (log and file) per access. A journal is appended to instead: all accesses of a
//! batch share one blob, and the blobs of neighbouring batches share pages. There are two journals, so that one can
//! be folded (see `fold`) and cut whole while the other goes on.
//!
//! **Form of a blob.** A version byte, the time of the first record as a variable-length integer, then per record:
//! tenant; one number for app, seat type, local day and whether the person may be new among those active on that day; the
//! zigzag differences of user and time from the record before; and the person's number if they may be new. All integers are little-endian base 128. The app's number stands for its namespace; apps are never deleted
//! while a journal names them. Accesses need no order, so a blob is written in order of users, which keeps the
//! differences short. Records that moved a row come first. If there are others, which only show that somebody was active
//! on a day, a tenant number of zero stands before them: a replay must not take their times for the newest.
//!
//! The local day is written as its distance from the day in UTC, which is one at most wherever people live. So a replay
//! finds the day that was meant, even if the tenant has moved to another time zone since. Blobs of version 1 were
//! written before there were time zones; their days are those of UTC. Blobs of version 2 do not have the person's number,
//! so a replay looks up everybody in them: most accesses are not the first of their day, and looking up a million people took
//! ten times as long as all the rest.
//!
//! **What is not guaranteed.** A blob carries no checksum of its own: SQLite's log has one per page, and a damaged
//! file is the business of `usher doctor`. A blob that does not decode stops the start with its sequence number.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use hashbrown::HashTable;
use rusqlite::{Connection, OptionalExtension};
use usher_seats::{Day, Namespace, SeatType, TenantId, UserId, newest};

use crate::{
    days::{ActiveDay, PersonNumber, person_number},
    file::OpenError,
    mixing::Mixing,
    numbers::{Parsed, SeatTypeNumber},
    overlay::{Kind, Pending, RowKey, RowTime},
};

/// First byte of every blob that is written.
const VERSION: u8 = 3;
/// First byte of blobs without numbers of people.
const VERSION_WITHOUT_PEOPLE: u8 = 2;
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
    /// Whether the person may be new among those active on the day.
    pub(crate) active: Active,
}

/// What a record says about who was active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Active {
    /// The person is known to be among those active on the day.
    Known,
    /// They may be new.
    MayBeNew(PersonNumber),
    /// They may be new; their number must be looked up.
    NotNumbered,
}

impl Record {
    /// App, seat type, day, and whether a person's number follows, in one number.
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
        let numbered = u64::from(matches!(self.active, Active::MayBeNew(_)));
        ((self.app_id.cast_unsigned() * SEAT_TYPES + seat_type) * DAY_SHIFTS + shift) * 2 + numbered
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

/// What one number says of a record: see [`Record::subject`].
struct Subject {
    app_id: i64,
    seat_type: SeatType,
    day_shift: i32,
    /// Whether the person's number follows.
    numbered: bool,
}

impl Subject {
    fn read(version: u8, number: u64) -> Self {
        let seat_type = |odd: u64| {
            if odd.is_multiple_of(SEAT_TYPES) {
                SeatType::PerUser
            } else {
                SeatType::PerUserPerApp
            }
        };
        if version == VERSION_WITHOUT_DAYS {
            return Self {
                app_id: unzigzag(number >> 1),
                seat_type: seat_type(number),
                day_shift: 0,
                numbered: false,
            };
        }
        let (numbered, number) = match version {
            VERSION_WITHOUT_PEOPLE => (false, number),
            _ => (number & 1 == 1, number >> 1),
        };
        let app_and_seat_type = number / DAY_SHIFTS;
        Self {
            app_id: (app_and_seat_type / SEAT_TYPES).cast_signed(),
            seat_type: seat_type(app_and_seat_type),
            day_shift: match number % DAY_SHIFTS {
                0 => -1,
                1 => 0,
                _ => 1,
            },
            numbered,
        }
    }
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
        if let Active::MayBeNew(PersonNumber(number)) = record.active {
            put(blob, number.into());
        }
        before_ms = record.time_ms;
        before_user = record.user_id.get();
    }
}

/// Reads a blob back; `None` when it is not one.
pub(crate) fn decode(mut blob: &[u8]) -> Option<Vec<Record>> {
    let bytes = &mut blob;
    let version = take_byte(bytes).filter(|version| (VERSION_WITHOUT_DAYS..=VERSION).contains(version))?;
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
        let subject = Subject::read(version, take(bytes)?);
        let user_id = UserId::new(before_user.checked_add(unzigzag(take(bytes)?))?).ok()?;
        let time_ms = before_ms.checked_add(unzigzag(take(bytes)?))?;
        let active = match version {
            VERSION if subject.numbered => Active::MayBeNew(PersonNumber(u32::try_from(take(bytes)?).ok()?)),
            VERSION => Active::Known,
            _ => Active::NotNumbered,
        };
        records.push(Record {
            tenant_id,
            app_id: subject.app_id,
            seat_type: subject.seat_type,
            user_id,
            time_ms,
            day: Day::in_utc(time_ms).plus(subject.day_shift),
            moved,
            active,
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

/// Reads a journal back into ordered maps. The time is that of one sequential read, one hash look-up per access and one
/// sort of the rows, and is bounded by the numbers of accesses and of rows at which a fold must begin.
pub(crate) fn replay(connection: &Connection, journal: Journal) -> Result<Replayed, OpenError> {
    let mut apps = Apps::default();
    let mut people = People::default();
    let mut replayed = Replayed::default();
    let mut newest = NewestTimes::default();
    let mut statement = connection.prepare(journal.select())?;
    let mut blobs = statement.query([])?;
    while let Some(row) = blobs.next()? {
        let sequence: i64 = row.get(0)?;
        let records = decode(row.get_ref(1)?.as_blob().unwrap_or_default())
            .ok_or_else(|| OpenError::File(format!("journal record {sequence} is damaged")))?;
        for record in &records {
            replayed.accesses += 1;
            apps.check(connection, record)?;
            if record.moved {
                newest.add(record);
            }
            let person = match record.active {
                Active::Known => None,
                Active::MayBeNew(person) => Some(person),
                Active::NotNumbered => people.number(connection, record)?,
            };
            if let Some(person) = person {
                replayed.pending.days.add(&record.active_day(person));
            }
        }
        replayed.last_sequence = Some(sequence);
    }
    for (kind, rows) in newest.sorted() {
        replayed.pending.fill(kind, rows);
    }
    replayed.pending.names = apps.names();
    Ok(replayed)
}

/// The newest time of each row that a replay has met, in no order.
#[derive(Default)]
struct NewestTimes {
    rows: HashTable<(RowKey, i64)>,
    mixing: Mixing,
}

/// Rows with their times, by kind.
type SortedRows = BTreeMap<Kind, Vec<((UserId, i64), RowTime)>>;

impl NewestTimes {
    fn add(&mut self, record: &Record) {
        let key = RowKey {
            tenant_id: record.tenant_id,
            seat_type: record.seat_type,
            user_id: record.user_id,
            app_id: record.app_id,
        };
        let mixing = self.mixing;
        let hash_of = |key: &RowKey| mixing.numbers(key.user_id.get(), key.app_id);
        let place = self
            .rows
            .entry(hash_of(&key), |(other, _)| *other == key, |(key, _)| hash_of(key));
        let mut place = place.or_insert((key, record.time_ms));
        let (_, time_ms) = place.get_mut();
        *time_ms = newest(Some(*time_ms), record.time_ms);
    }

    /// Nobody knows any more which day a row was at before, so every seat is told.
    fn sorted(self) -> SortedRows {
        let mut sorted = SortedRows::new();
        for (key, time_ms) in self.rows {
            let rows = sorted.entry((key.tenant_id, key.seat_type)).or_default();
            rows.push(((key.user_id, key.app_id), RowTime::new(time_ms, true)));
        }
        for rows in sorted.values_mut() {
            rows.sort_unstable_by_key(|(key, _)| *key);
        }
        sorted
    }
}

/// Names of the apps that a replay has met.
#[derive(Default)]
struct Apps {
    known: HashMap<i64, Option<(TenantId, Namespace)>>,
    /// The app and the tenant of the record before: mostly those of the next one.
    last: Option<(i64, TenantId)>,
}

impl Apps {
    /// Makes sure that the app of a record is there.
    fn check(&mut self, connection: &Connection, record: &Record) -> Result<(), OpenError> {
        let wanted = (record.app_id, record.tenant_id);
        if self.last == Some(wanted) {
            return Ok(());
        }
        let named = match self.known.entry(record.app_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(app_named(connection, record.app_id)?),
        };
        match named {
            Some((tenant_id, _)) if *tenant_id == record.tenant_id => {
                self.last = Some(wanted);
                Ok(())
            }
            _ => Err(OpenError::File(format!(
                "the journal names app {}, which is not there",
                record.app_id
            ))),
        }
    }

    fn names(self) -> BTreeMap<i64, Namespace> {
        let named = self.known.into_iter();
        named
            .filter_map(|(app_id, named)| Some((app_id, named?.1)))
            .collect()
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
            prop::option::of(any::<u32>()),
        )
            .prop_map(
                |(tenant, app_id, platform, user, time_ms, day_shift, moved, person)| Record {
                    tenant_id: TenantId(tenant),
                    app_id: app_id >> 3,
                    seat_type: if platform {
                        SeatType::PerUser
                    } else {
                        SeatType::PerUserPerApp
                    },
                    user_id: UserId::new(user.min((1 << 53) - 1)).unwrap(),
                    time_ms,
                    day: Day::in_utc(time_ms).plus(day_shift),
                    moved,
                    active: person.map_or(Active::Known, |number| Active::MayBeNew(PersonNumber(number))),
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
        fn a_cut_or_foreign_blob_never_panics(mut blob in prop::collection::vec(any::<u8>(), 0..200), first in 0..5_u8) {
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
        assert_eq!(record.active, Active::NotNumbered);
    }

    #[test]
    fn a_blob_without_numbers_of_people_is_still_read() {
        // The second form: version, first time, then (tenant 1, app 2 with an app seat on the day in UTC, user 3, time 5).
        let blob = [2, 10, 2, (2 * 2 + 1) * 3 + 1, 6, 0];
        let [record] = decode(&blob).unwrap()[..] else {
            panic!()
        };
        assert_eq!((record.app_id, record.seat_type), (2, SeatType::PerUserPerApp));
        assert_eq!(
            (record.user_id.get(), record.time_ms, record.day),
            (3, 5, Day::new(0))
        );
        assert_eq!(record.active, Active::NotNumbered);
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
            active: Active::Known,
        };
        let mut blob = Vec::new();
        encode(&mut (0..64).map(record).collect::<Vec<_>>(), &mut blob);
        assert!(blob.len() <= 64 * 12 + 8, "{} bytes", blob.len());
    }
}
