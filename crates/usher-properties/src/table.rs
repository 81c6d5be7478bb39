//! Tables as people keep them: bytes into text, text into rows, rows into what they say.

use std::io::{BufReader, Read};

use usher::spreadsheet::{Header, Kind, Records, Row, records::ROW_BYTES_MAX, text};
use usher_seats::spreadsheet::{plain_cell, safe_cell};

/// Inputs worth starting from.
pub const SEEDS: &[&str] = &[
    "工号,姓名,邮箱,席位类型,应用,开始,到期,部门\n7,李雷,li@example.com,平台席位,-,2026-01-05,永久,销售部\n",
    "\u{feff}user_id;name;expires\r\n'007;\"Li; Lei\";2026/1/5 0:00\r\n;;\r\n",
    "sep=\t\nuser\tapp\treleased_at\n1.8E+15\tcrm\t1795276800000\n",
    "namespace,name,names\ncrm,'=1,\"{\"\"de\"\":\"\"Kunden\"\"}\"\n",
    "group_key,user_id,seat_type\nsales,7,\"per_user\n",
    "seat_type,bought,valid_until\nper_user,unlimited,2026-11-22T08:00:00+08:00\n",
    "\u{fffe}user\n\"a\"b\"\n\"\"\"\",\"\n\n\"\n",
];

/// Asserts what must hold for any bytes of a file.
pub fn table(bytes: &[u8]) {
    let rows = rows_of(bytes, 4_096);
    assert_eq!(rows, rows_of(bytes, 1), "buffers mean nothing");
    assert!(
        rows.is_sorted_by(|one, next| one.number < next.number),
        "each row begins on a line of its own"
    );
    for kind in Kind::ALL {
        says_something_or_why_not(kind, &rows);
    }
    let text = String::from_utf8_lossy(bytes);
    a_cell_is_read_as_it_was_written(&text);
    text.split([',', '\n', ';', '\t'])
        .for_each(a_cell_is_read_as_it_was_written);
}

fn rows_of(bytes: &[u8], buffer_bytes: usize) -> Vec<Row> {
    let Ok(text) = text::decoded(BufReader::with_capacity(buffer_bytes, bytes)) else {
        return Vec::new();
    };
    let Ok(mut records) = Records::new(text) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    while let Ok(Some(row)) = records.next_row() {
        if let Ok(cells) = &row.cells {
            let bytes: usize = cells.iter().map(String::len).sum();
            assert!(bytes <= ROW_BYTES_MAX, "a row is held under its limit");
            assert!(!cells.is_empty(), "a row has a cell");
        }
        rows.push(row);
    }
    rows
}

fn says_something_or_why_not(kind: Kind, rows: &[Row]) {
    let mut rows = rows.iter();
    let first = rows.next().map(|row| Row {
        number: row.number,
        bytes_read: row.bytes_read,
        cells: row.cells.clone(),
    });
    let Ok(header) = Header::read(kind, first) else {
        return;
    };
    for cells in rows.filter_map(|row| row.cells.as_ref().ok()) {
        if let Err(problem) = header.entry(cells) {
            assert!(!problem.to_string().is_empty());
        }
    }
}

/// Written into a table and read again, a text is the same, and no spreadsheet takes it for a formula.
fn a_cell_is_read_as_it_was_written(text: &str) {
    let cell = safe_cell(text);
    assert_eq!(plain_cell(&cell), text, "what was written is read again");
    assert!(
        !cell.trim_start().starts_with(['=', '+', '-', '@']),
        "{cell:?} is a formula"
    );
    // A line break within a cell is one, however it was written; all else stays.
    if cell.contains(['\r', '\n']) || cell.len() > ROW_BYTES_MAX / 4 {
        return;
    }
    let quoted = cell.replace('"', "\"\"");
    let written = format!("a,b\n\"{quoted}\",\"x\"\n");
    let mut read = Vec::new();
    for row in rows_of(written.as_bytes(), 64) {
        read.push(row.cells.unwrap_or_default());
    }
    let last = read.pop().unwrap_or_default();
    assert_eq!(last.first().map(String::as_str), Some(&*cell), "{written:?}");
    let mut whole = String::new();
    if let Ok(mut decoded) = text::decoded(written.as_bytes()) {
        let _ = decoded.read_to_string(&mut whole);
    }
    assert_eq!(whole, written, "UTF-8 is left as it is");
}
