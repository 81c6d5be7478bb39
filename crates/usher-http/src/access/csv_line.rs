//! One line of a file of past accesses.
//!
//! No field of such a file can hold a line break, so a line is a record (the commands read it line by line, the console as a whole).

use usher_seats::{AccessTimeError, IdentifierError, Namespace, UserId, parse_access_time};

/// The columns, in this order.
pub const HEADER: [&str; 3] = ["time_ms", "user_id", "namespace"];
/// Longest line in bytes: the longest valid one has a moment of some 60 letters, 16 digits and 128 letters, and quotes around them.
pub const LINE_BYTES_MAX: usize = 1_024;

/// A past access as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLine {
    /// When, in milliseconds; not after the time it was read. In the file it may be a moment of RFC 3339.
    pub time_ms: i64,
    /// Who.
    pub user_id: UserId,
    /// What.
    pub namespace: Namespace,
}

/// Why a line is no past access. The messages are fit for whoever wrote the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Longer than any valid line.
    #[error("the line is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Not text.
    #[error("the line is not UTF-8")]
    NotText,
    /// Not three columns.
    #[error("the line has {found} columns instead of 3")]
    Columns {
        /// How many there are.
        found: usize,
    },
    /// The time is not one, or lies in the future.
    #[error(transparent)]
    Time(#[from] AccessTimeError),
    /// The user or the app is not one.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
}

/// Reads one line, at `now_ms`.
///
/// # Errors
/// [`LineProblem`] names the first thing that is wrong, from left to right.
pub fn parse(line: &[u8], now_ms: i64) -> Result<AccessLine, LineProblem> {
    let [time, user_id, namespace] = columns(line)?;
    Ok(AccessLine {
        time_ms: parse_access_time(&time, now_ms)?,
        user_id: user_id.parse()?,
        namespace: namespace.parse()?,
    })
}

/// True when the line is the header; a byte order mark before it is what spreadsheets write.
#[must_use]
pub fn is_header(line: &[u8]) -> bool {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    columns(line).is_ok_and(|columns| columns == HEADER)
}

/// Splits a line by the rules of CSV. A line without quotes, which is nearly every line, has none of the rules but the
/// commas; setting up a reader for it would cost ten times the rest of the line's work.
fn columns(line: &[u8]) -> Result<[String; 3], LineProblem> {
    if line.len() > LINE_BYTES_MAX {
        return Err(LineProblem::TooLong);
    }
    let columns = if line.contains(&b'"') {
        quoted_columns(line)?
    } else {
        let text = str::from_utf8(line).map_err(|_| LineProblem::NotText)?;
        text.split(',').map(str::to_owned).collect()
    };
    columns
        .try_into()
        .map_err(|columns: Vec<String>| LineProblem::Columns { found: columns.len() })
}

fn quoted_columns(line: &[u8]) -> Result<Vec<String>, LineProblem> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(LINE_BYTES_MAX)
        .from_reader(line);
    let mut record = csv::StringRecord::new();
    // The only error a text in memory can give is about its encoding.
    reader
        .read_record(&mut record)
        .map_err(|_| LineProblem::NotText)?;
    Ok(record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn a_line_is_a_time_a_user_and_an_app() {
        let line = parse(b"1393974978000,1800000000000001,package_root__c", NOW_MS).unwrap();
        assert_eq!(line.time_ms, 1_393_974_978_000);
        assert_eq!(line.user_id.get(), 1_800_000_000_000_001);
        assert_eq!(line.namespace.as_str(), "package_root__c");
        let quoted = parse(
            b"\"1393974978000\",\"1800000000000001\",\"package_root__c\"",
            NOW_MS,
        );
        assert_eq!(quoted.unwrap(), line);
        let moment = parse(
            b"2014-03-05T07:16:18+08:00,1800000000000001,package_root__c",
            NOW_MS,
        );
        assert_eq!(moment.unwrap(), line);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = vec![b'1'; LINE_BYTES_MAX + 1];
        for (line, expected) in [
            (&b"1,2"[..], "the line has 2 columns instead of 3"),
            (b"1,2,a,", "the line has 4 columns instead of 3"),
            (b"\"1,2,a", "the line has 1 columns instead of 3"),
            (b"1,2,\xff", "the line is not UTF-8"),
            (
                b"now,2,a",
                "time_ms must be a whole number of milliseconds from 1 to 9999999999999, or a moment such as 2026-11-22T08:00:00Z",
            ),
            (b"1800000000001,2,a", "time_ms lies in the future"),
            (
                b"1,0,a",
                "user_id must be a whole number from 1 to 9007199254740991",
            ),
            (
                b"1, 2,a",
                "user_id must be a whole number from 1 to 9007199254740991",
            ),
            (&long, "the line is longer than 1024 bytes"),
        ] {
            let problem = parse(line, NOW_MS).unwrap_err();
            assert_eq!(problem.to_string(), expected, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn the_header_is_exact_and_may_follow_a_byte_order_mark() {
        assert!(is_header(b"time_ms,user_id,namespace"));
        assert!(is_header("\u{feff}\"time_ms\",user_id,namespace".as_bytes()));
        for other in [
            &b"user_id,time_ms,namespace"[..],
            b"time_ms,user_id",
            b"1,2,a",
            b"",
        ] {
            assert!(!is_header(other));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_an_access_or_a_problem(bytes: Vec<u8>) {
            if let Ok(line) = parse(&bytes, NOW_MS) {
                proptest::prop_assert!((1..=NOW_MS).contains(&line.time_ms));
            }
        }

        #[test]
        fn a_line_without_quotes_is_split_as_one_with_quotes(line in "[^\"\r\n\u{feff}]{1,60}") {
            let split: Vec<String> = line.split(',').map(str::to_owned).collect();
            proptest::prop_assert_eq!(quoted_columns(line.as_bytes()).unwrap(), split);
        }

        #[test]
        fn what_is_written_is_read_again(time_ms in 1..=NOW_MS, user in 1..=usher_seats::identifiers::USER_ID_MAX, namespace in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}") {
            let line = parse(format!("{time_ms},{user},{namespace}").as_bytes(), NOW_MS).unwrap();
            proptest::prop_assert_eq!((line.time_ms, line.user_id.get(), line.namespace.as_str()), (time_ms, user, namespace.as_str()));
        }
    }
}
