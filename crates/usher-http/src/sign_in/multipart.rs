//! Forms with files, as browsers write them (RFC 7578): enough of the format for our own forms, and nothing else.

use super::fields::Fields;

/// Longest boundary in bytes (RFC 2046, section 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;
/// Most parts of a form: ours have a handful of fields.
const PARTS_MAX: usize = 64;

/// What stands between the parts, as `Content-Type` names it; none for another kind of body.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').map(str::trim);
    let boundary = parameters.find_map(|parameter| parameter.strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    (1..=BOUNDARY_BYTES_MAX)
        .contains(&boundary.len())
        .then_some(boundary)
}

/// The fields of such a body, a file by its content; none where it is not as it should be.
pub(super) fn read(boundary: &str, body: &[u8]) -> Option<Fields> {
    let between = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(between.get(2..)?.as_bytes())?;
    let mut pairs = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = position(part, between.as_bytes())?;
        let (part, behind) = part.split_at_checked(end)?;
        pairs.push(pair(part)?);
        rest = behind.get(between.len()..)?;
        if pairs.len() > PARTS_MAX {
            return None;
        }
    }
    rest.starts_with(b"--").then(|| Fields::of(pairs))
}

/// Name and content of a part.
fn pair(part: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = position(part, b"\r\n\r\n")?;
    let (head, content) = part.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let disposition = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let mut parameters = disposition.split(';').map(str::trim);
    let name = parameters.find_map(|parameter| parameter.strip_prefix("name=\"")?.strip_suffix('"'))?;
    Some((name.as_bytes().to_vec(), content.get(4..)?.to_vec()))
}

/// Where a text begins in bytes. Looks for its first byte and compares only there, so a file of line breaks costs a
/// comparison of a byte or two each.
fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut from = 0;
    loop {
        let found = bytes.get(from..)?.iter().position(|byte| byte == first)? + from;
        if bytes.get(found..)?.starts_with(wanted) {
            return Some(found);
        }
        from = found + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--x1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\r\n2\r\n--x1\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"f;.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        t,u\n--x\n\r\n--x1--\r\n";

    #[test]
    fn fields_and_files_are_read_whole() {
        let fields = read("x1", BODY).unwrap();
        assert_eq!(fields.bytes("a").unwrap(), Some(&b"1\r\n\r\n2"[..]));
        assert_eq!(fields.bytes("file").unwrap(), Some(&b"t,u\n--x\n"[..]));
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        for end in 0..BODY.len() - 4 {
            assert!(read("x1", &BODY[..end]).is_none(), "{end}");
        }
        assert!(read("x2", BODY).is_none());
    }

    #[test]
    fn the_boundary_is_named_by_the_kind_of_body() {
        assert_eq!(boundary("multipart/form-data; boundary=x1"), Some("x1"));
        assert_eq!(
            boundary("Multipart/Form-Data;charset=utf-8; boundary=\"a b\""),
            Some("a b")
        );
        for other in [
            "multipart/form-data",
            "text/csv; boundary=x",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_gives_an_answer(body in proptest::collection::vec(0_u8..=255, 0..200)) {
            let _ = read("x", &body);
            let _ = read("x", &[b"--x\r\n", &body[..]].concat());
        }
    }
}
