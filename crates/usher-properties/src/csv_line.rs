//! Lines of a file of past accesses, and how a file falls into lines.

use std::io::BufReader;

use usher::{
    csv_line::{LINE_BYTES_MAX, is_header, parse},
    lines::LineReader,
};

const NOW_MS: i64 = 1_787_417_843_000;

/// Inputs worth starting from.
pub const SEEDS: &[&str] = &[
    "1393974978000,1800000000000001,package_commands__c",
    "\"1393974978000\",\"1\",\"a\"\r\n1787417843000,9007199254740991,_.-\r\n",
    "\u{feff}time_ms,user_id,namespace\n1,2,a\n\n,,\n",
    "1787417843001,1,a\n0,1,a\n-1,1,a\n+1,1,a\n1.0,1,a\n٥,1,a",
    "1,\"2\n3\",a\n\"1,2,a\n1,2,\"\"a\"\"\n",
    "2014-03-05T07:16:18.9999+08:00,7,crm\n2014-03-04 23:16:18Z,7,crm\n2014-03-04T23:16:18,7,crm",
];

/// Asserts what must hold for any bytes of a file.
pub fn csv_line(bytes: &[u8]) {
    a_line_is_read_as_it_is_written(bytes);
    let lines = lines_of(bytes, 4_096);
    assert_eq!(lines, lines_of(bytes, 1), "buffers mean nothing");
    assert_eq!(
        lines,
        plainly_split(bytes),
        "lines are what stands between line breaks"
    );
    for (_, line) in &lines {
        a_line_is_read_as_it_is_written(line);
    }
}

fn a_line_is_read_as_it_is_written(line: &[u8]) {
    let Ok(access) = parse(line, NOW_MS) else { return };
    assert!((1..=NOW_MS).contains(&access.time_ms), "{access:?}");
    let (time_ms, user_id, namespace) = (access.time_ms, access.user_id.get(), access.namespace.as_str());
    for written in [
        format!("{time_ms},{user_id},{namespace}"),
        format!("\"{time_ms}\",\"{user_id}\",\"{namespace}\""),
    ] {
        assert_eq!(
            parse(written.as_bytes(), NOW_MS).as_ref(),
            Ok(&access),
            "{written:?}"
        );
        assert!(!is_header(written.as_bytes()), "an access is no header");
        assert!(
            parse(format!("{written},").as_bytes(), NOW_MS).is_err(),
            "a fourth column is refused"
        );
    }
    assert!(
        parse(line, time_ms - 1).is_err(),
        "what is past now was future before"
    );
}

fn lines_of(bytes: &[u8], buffer_bytes: usize) -> Vec<(u64, Vec<u8>)> {
    let mut reader = LineReader::new(BufReader::with_capacity(buffer_bytes, bytes), LINE_BYTES_MAX);
    let mut lines = Vec::new();
    let mut read = 0;
    while let Ok(Some(line)) = reader.next_line() {
        assert!(
            line.bytes.len() <= LINE_BYTES_MAX + 1,
            "a line is held under its limit"
        );
        read += line.bytes_read;
        lines.push((line.number, line.bytes.to_vec()));
    }
    assert!(read <= bytes.len() as u64, "no byte is counted twice");
    lines
}

/// The same, said in the plainest way.
fn plainly_split(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let whole = bytes.split(|byte| *byte == b'\n').zip(1_u64..);
    let cut = whole.map(|(line, number)| (number, line.iter().copied().take(LINE_BYTES_MAX + 1).collect()));
    let bare = cut.map(|(number, mut line): (u64, Vec<u8>)| {
        while line.last() == Some(&b'\r') {
            line.pop();
        }
        (number, line)
    });
    bare.filter(|(_, line)| !line.is_empty()).collect()
}
