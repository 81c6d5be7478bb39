//! The bytes of a file as UTF-8.
//!
//! Spreadsheets write UTF-8 with or without a byte order mark, or UTF-16 with one. What is neither is not guessed at:
//! the same bytes are good text in several older encodings, and a name that was guessed wrong is wrong for good.

use std::io::{self, BufRead, BufReader, Cursor, Read};

/// Bytes of UTF-16 turned into UTF-8 at once.
const UTF_16_BYTES_AT_ONCE: u64 = 16 * 1024;
/// Stands for what is no text; no UTF-8 has it anywhere, so the row that holds it is refused and no other.
const NO_TEXT: u8 = 0xff;

/// Gives a source as UTF-8 without a byte order mark. Bytes that are no text stay recognisable as such.
///
/// # Errors
/// As the source.
pub fn decoded<'a>(mut source: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut mark = Vec::with_capacity(3);
    (&mut source).take(3).read_to_end(&mut mark)?;
    Ok(match mark.as_slice() {
        b"\xef\xbb\xbf" => Box::new(source),
        [0xff, 0xfe, rest @ ..] => utf_16(Cursor::new(rest.to_vec()).chain(source), u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(Cursor::new(rest.to_vec()).chain(source), u16::from_be_bytes),
        _ => Box::new(Cursor::new(mark).chain(source)),
    })
}

fn utf_16<'a>(source: impl BufRead + 'a, unit: fn([u8; 2]) -> u16) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::new(Utf16 {
        source,
        unit,
        held_back: None,
        text: Vec::new(),
        given: 0,
    }))
}

/// Reads UTF-16 as UTF-8.
struct Utf16<Source> {
    source: Source,
    unit: fn([u8; 2]) -> u16,
    /// The first half of a character whose second half has not been read yet.
    held_back: Option<u16>,
    text: Vec<u8>,
    /// Bytes of `text` that were given already.
    given: usize,
}

impl<Source: BufRead> Utf16<Source> {
    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        let mut bytes = Vec::new();
        (&mut self.source)
            .take(UTF_16_BYTES_AT_ONCE)
            .read_to_end(&mut bytes)?;
        let at_end = bytes.is_empty();
        let (pairs, odd) = bytes.as_chunks::<2>();
        let mut units: Vec<u16> = self.held_back.take().into_iter().collect();
        units.extend(pairs.iter().map(|pair| (self.unit)(*pair)));
        if !at_end && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
            self.held_back = units.pop();
        }
        for character in char::decode_utf16(units) {
            match character {
                Ok(character) => self.text.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(_) => self.text.push(NO_TEXT),
            }
        }
        if !odd.is_empty() {
            self.text.push(NO_TEXT);
        }
        Ok(())
    }
}

impl<Source: BufRead> Read for Utf16<Source> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.text.len() {
            self.refill()?;
            if self.text.is_empty() && self.held_back.is_none() {
                return Ok(0);
            }
        }
        let mut rest = self.text.get(self.given..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        decoded(bytes).unwrap().read_to_end(&mut text).unwrap();
        text
    }

    fn utf_16_of(text: &str, little: bool) -> Vec<u8> {
        let bytes = |unit: u16| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        };
        std::iter::once('\u{feff}')
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(bytes)
            .collect()
    }

    #[test]
    fn every_encoding_of_a_spreadsheet_reads_the_same() {
        let long = "工号,姓名,𠮷\r\n".repeat(4_000);
        for expected in ["", "a", "工号\n7\n", long.as_str()] {
            assert_eq!(text(expected.as_bytes()), expected.as_bytes());
            assert_eq!(
                text(format!("\u{feff}{expected}").as_bytes()),
                expected.as_bytes()
            );
            assert_eq!(text(&utf_16_of(expected, true)), expected.as_bytes());
            assert_eq!(text(&utf_16_of(expected, false)), expected.as_bytes());
        }
    }

    #[test]
    fn what_is_no_text_stays_no_text() {
        assert_eq!(text(b"\xff\xfea\0\x00\xd8"), b"a\xff", "half a character");
        assert_eq!(text(b"\xff\xfea\0b"), b"a\xff", "half a unit");
        assert_eq!(
            text(b"\xb9\xa4\xba\xc5"),
            b"\xb9\xa4\xba\xc5",
            "another encoding is not guessed"
        );
    }
}
