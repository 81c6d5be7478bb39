//! Text in rows of cells.
//!
//! A row may go over several lines when a cell in quotation marks does, so one forgotten mark could make a row of the
//! whole file. A row is therefore held under a limit, and one that goes beyond it inside quotation marks ends the
//! reading: what stands after it cannot be told from what stands in it.

use std::io::{self, BufRead};

use crate::lines::LineReader;

use super::RowProblem;

/// Longest row in bytes: a row of the known columns has a few kilobytes at most, and a column of remarks as much again.
pub const ROW_BYTES_MAX: usize = 64 * 1024;
/// The separators that spreadsheets write, the usual one first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// A byte that no UTF-8 has, where a reader of rows wants to know what ends one: nothing does, the row is split off.
const NO_TEXT: u8 = 0xff;
/// What some spreadsheets write before the header, to name the separator.
const SEPARATOR_LINE: &[u8] = b"sep=";

/// A row of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The line it begins on, counted from 1 as editors do.
    pub number: u64,
    /// Bytes it takes.
    pub bytes_read: u64,
    /// What stands in its cells, or why that cannot be known.
    pub cells: Result<Vec<String>, RowProblem>,
}

/// Why no further rows can be read.
#[derive(Debug)]
pub enum TableError {
    /// The source failed.
    Source(io::Error),
    /// A quotation mark on this line is never closed.
    Unclosed(u64),
}

impl From<io::Error> for TableError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

/// Reads a table row by row.
pub struct Records<Source> {
    lines: LineReader<Source>,
    separator: u8,
    /// The first line, which was looked at for the separator.
    first: Option<Line>,
}

struct Line {
    number: u64,
    bytes_read: u64,
    bytes: Vec<u8>,
}

impl<Source: BufRead> Records<Source> {
    /// Begins to read a table; its first line tells the separator.
    ///
    /// # Errors
    /// As the source.
    pub fn new(source: Source) -> Result<Self, TableError> {
        let mut records = Self {
            lines: LineReader::new(source, ROW_BYTES_MAX),
            separator: b',',
            first: None,
        };
        let mut first = records.line()?;
        if let Some(named) = first.as_ref().and_then(named_separator) {
            records.separator = named;
            first = records.line()?;
        } else if let Some(line) = &first {
            records.separator = likely_separator(&line.bytes);
        }
        records.first = first;
        Ok(records)
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// [`TableError`]: nothing more can be read.
    pub fn next_row(&mut self) -> Result<Option<Row>, TableError> {
        let Some(first) = self.line()? else {
            return Ok(None);
        };
        let (number, mut bytes_read) = (first.number, first.bytes_read);
        let mut bytes = first.bytes;
        if bytes.len() > ROW_BYTES_MAX {
            let cells = Err(RowProblem::TooLong);
            return Ok(Some(Row {
                number,
                bytes_read,
                cells,
            }));
        }
        let mut place = Place::CellBegins.after(&bytes, self.separator);
        while place == Place::Quoted {
            let next = self.line()?.ok_or(TableError::Unclosed(number))?;
            place = place.after(&next.bytes, self.separator);
            bytes.push(b'\n');
            bytes.extend(next.bytes);
            bytes_read += next.bytes_read;
            if bytes.len() > ROW_BYTES_MAX {
                return Err(TableError::Unclosed(number));
            }
        }
        let cells = cells(&bytes, self.separator);
        Ok(Some(Row {
            number,
            bytes_read,
            cells,
        }))
    }

    fn line(&mut self) -> Result<Option<Line>, TableError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        Ok(self.lines.next_line()?.map(|line| Line {
            number: line.number,
            bytes_read: line.bytes_read,
            bytes: line.bytes.to_vec(),
        }))
    }
}

/// Where in a row the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    CellBegins,
    Plain,
    Quoted,
    /// Behind a mark within quotation marks: the end of them, or the first of two that stand for one.
    Closing,
}

impl Place {
    fn after(self, bytes: &[u8], separator: u8) -> Self {
        bytes.iter().fold(self, |place, byte| match (place, *byte) {
            (Self::Quoted, b'"') => Self::Closing,
            (Self::Quoted, _) | (Self::CellBegins | Self::Closing, b'"') => Self::Quoted,
            (_, byte) if byte == separator => Self::CellBegins,
            _ => Self::Plain,
        })
    }
}

/// Splits a row. One without quotation marks has none of the rules but the separators.
fn cells(bytes: &[u8], separator: u8) -> Result<Vec<String>, RowProblem> {
    let text = str::from_utf8(bytes).map_err(|_| RowProblem::NotText)?;
    if !text.contains('"') {
        return Ok(text.split(char::from(separator)).map(str::to_owned).collect());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .terminator(csv::Terminator::Any(NO_TEXT))
        .buffer_capacity(bytes.len())
        .from_reader(bytes);
    let mut record = csv::StringRecord::new();
    // The only error a text in memory can give is about its encoding.
    reader.read_record(&mut record).map_err(|_| RowProblem::NotText)?;
    Ok(record.iter().map(str::to_owned).collect())
}

fn named_separator(line: &Line) -> Option<u8> {
    let name = line.bytes.get(..SEPARATOR_LINE.len())?;
    let named = line.bytes.get(SEPARATOR_LINE.len()..)?;
    let named = SEPARATORS.into_iter().find(|separator| *named == [*separator]);
    named.filter(|_| name.eq_ignore_ascii_case(SEPARATOR_LINE))
}

/// The separator that stands most often in the header outside quotation marks.
fn likely_separator(header: &[u8]) -> u8 {
    let mut counts = SEPARATORS.map(|separator| (separator, 0_usize));
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && separator == byte);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    let likely = counts.into_iter().find(|(_, count)| Some(*count) == most);
    likely.map_or(b',', |(separator, _)| separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(text.as_bytes()).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = records.next_row().unwrap() {
            rows.push((row.number, row.cells.unwrap()));
        }
        rows
    }

    fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn the_header_tells_the_separator() {
        for text in [
            "user;name\r\n7;\"Li; Lei\"\r\n",
            "sep=;\nuser;name\n7;\"Li; Lei\"",
            "user\tname\n7\tLi; Lei\n",
            "\"user\",\"name\"\n7,Li; Lei\n",
        ] {
            let rows = rows(text);
            let cells: Vec<_> = rows.into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(cells, [["user", "name"], ["7", "Li; Lei"]], "{text:?}");
        }
        assert_eq!(rows("user\n7\n"), [row(1, &["user"]), row(2, &["7"])]);
    }

    #[test]
    fn a_cell_in_quotation_marks_may_go_over_lines() {
        assert_eq!(
            rows("user,note\r\n7,\"one\r\ntwo \"\"2\"\", x\"\r\n\r\n8,5\" wide\n9,\"a\"b\"\n"),
            [
                row(1, &["user", "note"]),
                row(2, &["7", "one\ntwo \"2\", x"]),
                row(5, &["8", "5\" wide"]),
                row(6, &["9", "ab\""]),
            ]
        );
    }

    #[test]
    fn a_mark_that_is_never_closed_ends_the_reading() {
        let forgotten = format!("user,note\n7,\"one\n{}", "8,two\n".repeat(20_000));
        for text in [forgotten.as_str(), "user,note\n7,\"one\n8,two\n"] {
            let mut records = Records::new(text.as_bytes()).unwrap();
            records.next_row().unwrap();
            assert!(matches!(records.next_row(), Err(TableError::Unclosed(2))));
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_spoils_no_other() {
        let mut bytes = b"user\n\xff\n".to_vec();
        bytes.extend(vec![b'x'; ROW_BYTES_MAX + 9]);
        bytes.extend(b"\n7\n");
        let mut records = Records::new(bytes.as_slice()).unwrap();
        let mut found = Vec::new();
        while let Some(row) = records.next_row().unwrap() {
            found.push((row.number, row.cells.err()));
        }
        assert_eq!(
            found,
            [
                (1, None),
                (2, Some(RowProblem::NotText)),
                (3, Some(RowProblem::TooLong)),
                (4, None)
            ]
        );
    }
}
