//! A checksum of every page of the file, kept beside it.
//!
//! SQLite notices damage where its trees no longer fit together. A bit that flipped inside a value it cannot notice: another
//! number is also a number. So the last checksum of each page as it was meant is kept in a file beside the store
//! (`usher.db-sums`), and `usher doctor --deep` compares.
//!
//! In write-ahead mode a page reaches the file in one way only: by being copied out of the log. So the sums are written
//! right before the log is copied ([`seal`]), from the log, whose frames carry checksums of their own from the moment they were
//! written. That is why SQLite does not copy the log by itself here ([`watch`], and [`crate::file::close`]).
//!
//! ```text
//! commit -> log (sum of SQLite's own per frame) -> seal: sums, synchronised -> copy into the file
//! ```
//!
//! If the machine stops between the two, the log is still there and is copied later; for a page that is in the log, the
//! log's own checksum stands, and what the file has in that place does not matter.
//!
//! **Form.** 16 bytes of head: a mark, the bytes of a page, zeros. Then 16 bytes for each page: the two words of SQLite's
//! checksum, and both inverted, so that a bit that flipped in here is not taken for one in the page. Zeros: never
//! written since the sums began. A file that has no sums gets those of its pages as they are when it is opened for writing.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;

use crate::{
    file::{OpenError, beside},
    write_ahead_log::{self, Log, Sum},
};

/// What the name of the file with the sums ends with.
const SUFFIX: &str = "-sums";
/// How the file with the sums begins.
const MAGIC: [u8; 8] = *b"USHRSUM1";
/// Bytes of the head, and of each page's entry.
const ENTRY_BYTES: usize = 16;
/// Only the owner may read: sums of pages tell something of what is in them.
const MODE: u32 = 0o600;
/// Bytes at the beginning of a file of SQLite that say what it is.
const HEAD_BYTES: usize = 100;
/// Where they say how large its pages are.
const PAGE_BYTES_PLACE: std::ops::Range<usize> = 16..18;
/// Where they say how it is written and read, and what stands there in write-ahead mode.
const MODES_PLACE: std::ops::Range<usize> = 18..20;
const WRITE_AHEAD_MODES: i64 = 0x0202;
/// Where they say whose it is.
const APPLICATION_ID_PLACE: std::ops::Range<usize> = 68..72;
/// Pages in the log before they are copied into the file: 16 MiB, large enough that a journal page is copied once however
/// often it was appended to, small enough to be read at start in a blink.
pub(crate) const LOG_PAGES_BEFORE_COPY: u64 = 4_096;
/// How often a page that differs is looked at again: a server may be copying it at this very moment.
const LOOKS: u32 = 5;
/// Pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// What comparing has shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// Pages that are as they were written.
    pub(crate) same: u64,
    /// Pages of which no sum is kept.
    pub(crate) without_sum: u64,
    /// Pages that differ.
    pub(crate) different: Vec<u32>,
    /// Pages whose sum is not one.
    pub(crate) sum_damaged: Vec<u32>,
}

/// The file with the sums of a file.
pub(crate) fn path_of(file: &Path) -> PathBuf {
    beside(file, SUFFIX)
}

/// Makes the sums of a store that has none. Nobody may have the file open, this process least of all: its locks on a file
/// are gone when it closes the file anywhere.
pub(crate) fn ensure(file: &Path, application_id: i64) -> io::Result<()> {
    if !file.is_file() || Sums::open(file)?.is_some() {
        return Ok(());
    }
    // A file without a page will say how large they are through its log.
    let Some(page_bytes) = page_bytes_of(file, application_id)? else {
        return Ok(());
    };
    let mut pages = BTreeMap::new();
    each_page(file, page_bytes, |number, page| {
        pages.insert(number, Sum::of_page(page));
    })?;
    Sums::make(file, page_bytes)?.write(&pages)
}

/// Begins the sums of a new store, none of whose pages are written yet.
pub(crate) fn begin(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let page_bytes = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Sums::make(file, page_bytes)?;
    Ok(())
}

/// Writes the sums of everything that the log is about to bring into the file. `frames_known` is how many frames the log has
/// according to whoever wrote it.
pub(crate) fn seal(file: &Path, frames_known: u64) -> io::Result<()> {
    let Some(log) = write_ahead_log::read(file)? else {
        return Ok(());
    };
    if log.frames < frames_known {
        let text = format!("frame {} of the log is damaged", log.frames + 1);
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    if log.pages.is_empty() {
        return Ok(());
    }
    Sums::make(file, log.page_bytes)?.write(&log.pages)
}

/// Lets the log of a connection be sealed and copied into the file whenever it has grown enough.
pub(crate) fn watch(connection: &mut Connection, file: &Path) -> rusqlite::Result<()> {
    let file = file.to_owned();
    let mut next_at = LOG_PAGES_BEFORE_COPY;
    connection.wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, frames| {
        let frames = u64::try_from(frames).unwrap_or_default();
        if frames < LOG_PAGES_BEFORE_COPY {
            next_at = LOG_PAGES_BEFORE_COPY;
        }
        if frames >= next_at {
            // While somebody reads an old state, not everything can be copied and the log grows on; looking at all of it
            // at each commit would cost more and more.
            next_at = frames + frames / 2;
            let copied = seal(&file, frames)
                .map_err(|error| error.to_string())
                .and_then(|()| log.checkpoint().map_err(|error| error.to_string()));
            if let Err(error) = copied {
                // What was committed is in the log and stays there; the next attempt may succeed.
                tracing::warn!(%error, "the log cannot be copied into the file yet");
            }
        }
        Ok(())
    }))
}

/// Compares every page with its sum; none when no sums are kept. `at_work`: somebody may be writing.
pub(crate) fn compare(file: &Path, at_work: bool) -> io::Result<Option<Compared>> {
    let mut compared = None;
    let looks = if at_work { LOOKS } else { 1 };
    for look in 1..=looks {
        compared = compare_once(file)?;
        let whole = compared
            .as_ref()
            .is_none_or(|compared| compared.different.is_empty() && compared.sum_damaged.is_empty());
        if whole {
            break;
        }
        if look < looks {
            std::thread::park_timeout(LOOK_PAUSE);
        }
    }
    Ok(compared)
}

fn compare_once(file: &Path) -> io::Result<Option<Compared>> {
    let Some(mut sums) = Sums::open(file)? else {
        return Ok(None);
    };
    // Before the pages: a page that is copied meanwhile is in this log, or its new sum is looked for again.
    let logged = write_ahead_log::read(file)?.map_or_else(BTreeMap::new, |log: Log| log.pages);
    let kept = sums.read_all()?;
    let mut compared = Compared::default();
    each_page(file, sums.page_bytes, |number, page| {
        if logged.contains_key(&number) {
            compared.same += 1;
            return;
        }
        match kept.get(number as usize - 1).map_or(Kept::Nothing, Kept::of) {
            Kept::Nothing => compared.without_sum += 1,
            Kept::Damaged => compared.sum_damaged.push(number),
            Kept::Sum(sum) if sum == Sum::of_page(page) => compared.same += 1,
            Kept::Sum(_) => compared.different.push(number),
        }
    })?;
    Ok(Some(compared))
}

/// What is kept of a page.
enum Kept {
    Nothing,
    Damaged,
    Sum(Sum),
}

impl Kept {
    fn of(entry: &[u8; ENTRY_BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, inverted @ ..] = *entry;
        let plain = [a, b, c, d, e, f, g, h];
        if *entry == [0; ENTRY_BYTES] {
            Self::Nothing
        } else if plain == inverted.map(|byte| !byte) {
            Self::Sum(Sum(
                u32::from_le_bytes([a, b, c, d]),
                u32::from_le_bytes([e, f, g, h]),
            ))
        } else {
            Self::Damaged
        }
    }
}

fn entry(Sum(first, second): Sum) -> [u8; ENTRY_BYTES] {
    let words = [first, second, !first, !second].map(u32::to_le_bytes);
    let mut entry = [0; ENTRY_BYTES];
    for (part, word) in entry.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *part = word;
    }
    entry
}

/// The open file with the sums.
struct Sums {
    file: File,
    page_bytes: u32,
}

impl Sums {
    /// None when there is none, or what is there is none.
    fn open(file: &Path) -> io::Result<Option<Self>> {
        let opened = OpenOptions::new().read(true).write(true).open(path_of(file));
        let mut sums = match opened {
            Ok(sums) => sums,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut head = [0; ENTRY_BYTES];
        if sums.read_exact(&mut head).is_err() {
            return Ok(None);
        }
        let [mark @ .., a, b, c, d, _, _, _, _] = head;
        Ok((mark == MAGIC).then(|| Self {
            file: sums,
            page_bytes: u32::from_le_bytes([a, b, c, d]),
        }))
    }

    /// Begins anew, or goes on with what is there.
    fn make(file: &Path, page_bytes: u32) -> io::Result<Self> {
        if let Some(sums) = Self::open(file)? {
            return Ok(sums);
        }
        let sums = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(MODE)
            .open(path_of(file))?;
        let [a, b, c, d] = page_bytes.to_le_bytes();
        let [m, n, o, p, q, r, s, t] = MAGIC;
        sums.write_all_at(&[m, n, o, p, q, r, s, t, a, b, c, d, 0, 0, 0, 0], 0)?;
        Ok(Self {
            file: sums,
            page_bytes,
        })
    }

    /// Writes sums, neighbours at once, and makes them durable.
    fn write(&self, pages: &BTreeMap<u32, Sum>) -> io::Result<()> {
        let mut run: Vec<u8> = Vec::new();
        let mut begin = 0;
        for (number, sum) in pages {
            let place = u64::from(*number) * ENTRY_BYTES as u64;
            if place != begin + run.len() as u64 {
                self.file.write_all_at(&run, begin)?;
                run.clear();
                begin = place;
            }
            run.extend(entry(*sum));
        }
        self.file.write_all_at(&run, begin)?;
        self.file.sync_data()
    }

    fn read_all(&mut self) -> io::Result<Vec<[u8; ENTRY_BYTES]>> {
        self.file.seek(io::SeekFrom::Start(ENTRY_BYTES as u64))?;
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes.as_chunks().0.to_vec())
    }
}

/// The bytes of a page of a store; none when the file is empty or not a store.
fn page_bytes_of(file: &Path, application_id: i64) -> io::Result<Option<u32>> {
    let mut head = [0; HEAD_BYTES];
    match File::open(file)?.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let number = |place: std::ops::Range<usize>| {
        let bytes = head.get(place).unwrap_or_default();
        bytes
            .iter()
            .fold(0, |number, byte| (number << 8) | i64::from(*byte))
    };
    // The largest size does not fit into two bytes and is written as 1.
    let page_bytes = match number(PAGE_BYTES_PLACE) {
        1 => 65_536,
        bytes => bytes,
    };
    // Entering the write-ahead mode changes the first page outside of any log.
    let has_log = number(MODES_PLACE) == WRITE_AHEAD_MODES;
    let is_store = number(APPLICATION_ID_PLACE) == application_id && has_log && page_bytes >= 512;
    Ok(u32::try_from(page_bytes).ok().filter(|_| is_store))
}

/// Visits every page of a file by its number from 1.
fn each_page(file: &Path, page_bytes: u32, mut visit: impl FnMut(u32, &[u8])) -> io::Result<()> {
    let mut source = io::BufReader::with_capacity(1 << 20, File::open(file)?);
    let mut page = vec![0; page_bytes as usize];
    for number in 1.. {
        match source.read_exact(&mut page) {
            Ok(()) => visit(number, &page),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
