//! SQLite's write-ahead log, read by ourselves.
//!
//! SQLite reads its log up to the first frame that is not as it was written, and takes that for the end. So it must: after a
//! power cut the end may be torn. But a bit that flipped in the middle looks the same, and everything after it is
//! forgotten without a word. Here the log is read as SQLite reads it (file format: <https://www.sqlite.org/walformat.html>), and then
//! it is looked whether the log went on after its apparent end.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Bytes of the log's own head.
const HEAD_BYTES: usize = 32;
/// Bytes before the page in each frame.
const FRAME_HEAD_BYTES: usize = 24;
/// First word of a log; the lowest bit tells the order of bytes in its sums.
const MAGIC: u32 = 0x377f_0682;
/// Read ahead: some hundred frames.
const READ_BYTES: usize = 1 << 20;
/// Smallest and largest page of SQLite.
const PAGE_BYTES: std::ops::RangeInclusive<u32> = 512..=65_536;

/// SQLite's checksum: two sums, each of which every word moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum(pub(crate) u32, pub(crate) u32);

impl Sum {
    /// Goes on over bytes, a multiple of eight.
    fn over(self, bytes: &[u8], word: fn([u8; 4]) -> u32) -> Self {
        let Self(mut first, mut second) = self;
        for [a, b, c, d, e, f, g, h] in bytes.as_chunks::<8>().0 {
            first = first.wrapping_add(word([*a, *b, *c, *d])).wrapping_add(second);
            second = second.wrapping_add(word([*e, *f, *g, *h])).wrapping_add(first);
        }
        Self(first, second)
    }

    /// The sum of a page by itself.
    pub(crate) fn of_page(page: &[u8]) -> Self {
        Self::default().over(page, u32::from_le_bytes)
    }
}

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With the last transaction, or with the beginning of one that never came to its end.
    Whole,
    /// With one transaction that was written and cannot be read: as after a power cut.
    Torn,
    /// Before transactions that were written and cannot be read.
    Broken {
        /// The first frame that cannot be read, counted from 1.
        frame: u64,
        /// How many ends of transactions stand from there on.
        transactions: u64,
    },
    /// At once: its head cannot be read.
    WithoutHead,
}

/// What a log holds.
#[derive(Debug)]
pub(crate) struct Log {
    /// Of every page.
    pub(crate) page_bytes: u32,
    /// The newest sum of each page that a whole transaction wrote.
    pub(crate) pages: BTreeMap<u32, Sum>,
    /// Frames up to the end of the last whole transaction.
    pub(crate) frames: u64,
    /// How it ends.
    pub(crate) end: End,
}

/// The log of a file.
pub(crate) fn path_of(file: &Path) -> PathBuf {
    super::file::beside(file, "-wal")
}

/// Reads the log of a file; none when there is none.
pub(crate) fn read(file: &Path) -> io::Result<Option<Log>> {
    let log = match File::open(path_of(file)) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    read_from(BufReader::with_capacity(READ_BYTES, log))
}

/// Writes the log over itself, byte for byte, and synchronises it. After a sync that failed, the system may count pages as written
/// that never were; they are read from memory as they were meant, and only a new write brings them to the disk. Nobody may append
/// meanwhile; readers notice nothing. Nothing is done where there is no log.
pub(crate) fn write_again(file: &Path) -> io::Result<()> {
    let log = match OpenOptions::new().read(true).write(true).open(path_of(file)) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut buffer = vec![0; READ_BYTES];
    let mut place = 0;
    loop {
        let length = log.read_at(&mut buffer, place)?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return log.sync_all();
        }
        log.write_all_at(bytes, place)?;
        place += length as u64;
    }
}

/// What the head of a log says.
struct Head {
    page_bytes: u32,
    salts: [u8; 8],
    word: fn([u8; 4]) -> u32,
    sum: Sum,
}

impl Head {
    /// None when it is not one.
    fn read(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let magic = number(bytes, 0)?;
        let word = match magic.checked_sub(MAGIC)? {
            0 => u32::from_le_bytes,
            1 => u32::from_be_bytes,
            _ => return None,
        };
        let page_bytes = number(bytes, 8).filter(|bytes| PAGE_BYTES.contains(bytes))?;
        let sum = Sum::default().over(bytes.get(..24)?, word);
        let head = Self {
            page_bytes,
            salts: bytes.get(16..24)?.try_into().ok()?,
            word,
            sum,
        };
        (number(bytes, 24)? == sum.0 && number(bytes, 28)? == sum.1).then_some(head)
    }
}

fn read_from(mut log: impl Read) -> io::Result<Option<Log>> {
    let mut bytes = [0; HEAD_BYTES];
    if !filled(&mut log, &mut bytes)? {
        return Ok(None);
    }
    let Some(head) = Head::read(&bytes) else {
        return Ok(Some(Log {
            page_bytes: 0,
            pages: BTreeMap::new(),
            frames: 0,
            end: End::WithoutHead,
        }));
    };
    Frames::of(&head).read(log).map(Some)
}

/// A log on its way of being read.
struct Frames<'a> {
    head: &'a Head,
    sum: Sum,
    read: u64,
    /// Written by a transaction whose end is not met yet.
    open: Vec<(u32, Sum)>,
    found: Log,
}

impl<'a> Frames<'a> {
    fn of(head: &'a Head) -> Self {
        Self {
            head,
            sum: head.sum,
            read: 0,
            open: Vec::new(),
            found: Log {
                page_bytes: head.page_bytes,
                pages: BTreeMap::new(),
                frames: 0,
                end: End::Whole,
            },
        }
    }

    fn read(mut self, mut log: impl Read) -> io::Result<Log> {
        let mut frame = vec![0; FRAME_HEAD_BYTES + self.head.page_bytes as usize];
        while filled(&mut log, &mut frame)? {
            if !self.take(&frame) {
                self.found.end = self.look_further(&mut frame, log)?;
                break;
            }
        }
        Ok(self.found)
    }

    /// Takes a frame; false when it is not the next.
    fn take(&mut self, frame: &[u8]) -> bool {
        let Some((start, page)) = frame.split_at_checked(FRAME_HEAD_BYTES) else {
            return false;
        };
        let (Some(page_number), Some(committed)) = (number(start, 0), number(start, 4)) else {
            return false;
        };
        let sum = self
            .sum
            .over(start.get(..8).unwrap_or_default(), self.head.word)
            .over(page, self.head.word);
        let as_written = number(start, 16) == Some(sum.0) && number(start, 20) == Some(sum.1);
        if !self.of_this_log(start) || !as_written {
            return false;
        }
        (self.sum, self.read) = (sum, self.read + 1);
        self.open.push((page_number, Sum::of_page(page)));
        if committed != 0 {
            self.found.pages.extend(self.open.drain(..));
            self.found.frames = self.read;
        }
        true
    }

    /// A log is used again from its beginning under other salts, so old frames may stand behind its end.
    fn of_this_log(&self, start: &[u8]) -> bool {
        start.get(8..16) == Some(&self.head.salts)
    }

    /// Whether transactions of this log stand behind its apparent end, of which `frame` is the first.
    fn look_further(&self, frame: &mut [u8], mut log: impl Read) -> io::Result<End> {
        let mut transactions = 0;
        loop {
            let ends = number(frame, 4).is_some_and(|committed| committed != 0);
            transactions += u64::from(ends && self.of_this_log(frame));
            if !filled(&mut log, frame)? {
                break;
            }
        }
        Ok(match transactions {
            0 => End::Whole,
            1 => End::Torn,
            _ => End::Broken {
                frame: self.read + 1,
                transactions,
            },
        })
    }
}

fn number(bytes: &[u8], place: usize) -> Option<u32> {
    let four = bytes.get(place..place.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_be_bytes)
}

/// Fills the buffer; false when the file ends before.
fn filled(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match source.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A file with a log of five transactions, still open so that the log stays.
    fn logged(folder: &Path) -> (Connection, PathBuf) {
        let path = folder.join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a INTEGER PRIMARY KEY, b);",
            )
            .unwrap();
        for _ in 0..4 {
            connection
                .execute_batch("INSERT INTO t (b) VALUES (randomblob(3000));")
                .unwrap();
        }
        (connection, path)
    }

    fn flipped(path: &Path, place: usize) -> Log {
        let mut bytes = std::fs::read(path_of(path)).unwrap();
        bytes[place] ^= 4;
        read_from(&*bytes).unwrap().unwrap()
    }

    #[test]
    fn a_log_is_read_as_sqlite_wrote_it() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, path) = logged(folder.path());
        let log = read(&path).unwrap().unwrap();
        let frames: i64 = connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
            .unwrap();
        assert_eq!((log.frames, log.end), (frames.unsigned_abs(), End::Whole));
        let file = std::fs::read(&path).unwrap();
        let pages = file.chunks(log.page_bytes as usize).zip(1..);
        for (page, page_number) in pages {
            if let Some(sum) = log.pages.get(&page_number) {
                assert_eq!(
                    *sum,
                    Sum::of_page(page),
                    "page {page_number}, which the log brought"
                );
            }
        }
    }

    #[test]
    fn a_log_that_is_written_again_is_the_same_to_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let (connection, path) = logged(folder.path());
        let before = std::fs::read(path_of(&path)).unwrap();
        write_again(&path).unwrap();
        assert_eq!(std::fs::read(path_of(&path)).unwrap(), before);
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 4);
        write_again(&folder.path().join("without.db")).unwrap();
        assert!(!path_of(&folder.path().join("without.db")).exists());
    }

    #[test]
    fn a_bit_flipped_in_the_middle_is_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let (_connection, path) = logged(folder.path());
        let length = usize::try_from(std::fs::metadata(path_of(&path)).unwrap().len()).unwrap();
        for place in (HEAD_BYTES..length / 2).step_by(97) {
            assert!(
                matches!(flipped(&path, place).end, End::Broken { .. }),
                "byte {place}"
            );
        }
        for place in (0..HEAD_BYTES).filter(|place| !(4..8).contains(place)) {
            assert_eq!(flipped(&path, place).end, End::WithoutHead, "byte {place}");
        }
        assert_eq!(flipped(&path, length - 9).end, End::Torn);
    }

    #[test]
    fn a_transaction_without_its_end_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (_connection, path) = logged(folder.path());
        let bytes = std::fs::read(path_of(&path)).unwrap();
        let whole = read_from(&*bytes).unwrap().unwrap();
        let cut = read_from(&bytes[..bytes.len() - 1]).unwrap().unwrap();
        assert_eq!(cut.end, End::Whole);
        assert!(cut.frames < whole.frames);
        assert!(read_from(&[][..]).unwrap().is_none());
    }
}
