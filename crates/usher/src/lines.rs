//! Lines of a file, read under a limit: a file without any line break must not end up in memory whole.

use std::io::{self, BufRead};

/// A line of a file with its number.
#[derive(Debug, PartialEq, Eq)]
pub struct NumberedLine<'a> {
    /// Counted from 1, as editors do.
    pub number: u64,
    /// Its bytes without the line break; a line that is too long is cut one byte beyond the limit.
    pub bytes: &'a [u8],
    /// Bytes it takes in the file.
    pub bytes_read: u64,
}

/// Reads lines under the limit. Lines of nothing but a line break are no lines.
pub struct LineReader<Source> {
    source: Source,
    line_bytes_max: usize,
    line: Vec<u8>,
    number: u64,
}

impl<Source: BufRead> LineReader<Source> {
    /// Reads lines of at most `line_bytes_max` bytes from a source.
    pub fn new(source: Source, line_bytes_max: usize) -> Self {
        Self {
            source,
            line_bytes_max,
            line: Vec::new(),
            number: 0,
        }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// As the source.
    pub fn next_line(&mut self) -> io::Result<Option<NumberedLine<'_>>> {
        let mut bytes_read = 0;
        loop {
            let bytes = self.fill()?;
            bytes_read += bytes;
            if bytes == 0 {
                return Ok(None);
            }
            self.number += 1;
            while self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if !self.line.is_empty() {
                break;
            }
        }
        Ok(Some(NumberedLine {
            number: self.number,
            bytes: &self.line,
            bytes_read,
        }))
    }

    /// Fills `line` up to the next line break and drops what is beyond the limit; gives the bytes taken.
    fn fill(&mut self) -> io::Result<u64> {
        self.line.clear();
        let mut taken = 0;
        loop {
            let available = self.source.fill_buf()?;
            let end = available.iter().position(|byte| *byte == b'\n');
            let (part, rest) = available.split_at(end.unwrap_or(available.len()));
            let room = (self.line_bytes_max + 1).saturating_sub(self.line.len());
            self.line.extend(part.iter().take(room));
            let used = part.len() + usize::from(!rest.is_empty());
            self.source.consume(used);
            taken += used as u64;
            if end.is_some() || used == 0 {
                return Ok(taken);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 64;

    fn lines(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut reader = LineReader::new(io::BufReader::with_capacity(7, text), LIMIT);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            lines.push((line.number, line.bytes.to_vec()));
        }
        lines
    }

    #[test]
    fn lines_are_numbered_as_editors_do() {
        assert_eq!(
            lines(b"one\r\n\n\nfour is longer than the buffer\nfive"),
            [
                (1, b"one".to_vec()),
                (4, b"four is longer than the buffer".to_vec()),
                (5, b"five".to_vec())
            ]
        );
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_does_not_end_up_in_memory() {
        let mut text = vec![b'x'; 100_000];
        text.extend(b"\nnext");
        let lines = lines(&text);
        assert_eq!(lines.first().map(|(_, bytes)| bytes.len()), Some(LIMIT + 1));
        assert_eq!(lines.last(), Some(&(2, b"next".to_vec())));
    }
}
