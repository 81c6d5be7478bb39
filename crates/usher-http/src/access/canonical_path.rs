//! The one spelling of a path, and how many ways there are to read it.
//!
//! Between the browser and the app stand programs that read paths differently: some decode `%2f` before they split
//! at slashes and some after; some join `//`, some cut a segment at `;`, some decode twice, some take a backslash
//! for a slash, and all of them resolve `..` at some moment. When Usher reads a path as belonging to one app and the
//! gateway or the app behind it reads another, somebody walks through the wrong door.
//!
//! Usher cannot know who stands behind it, so it does not pick a reading. It keeps the path as it is, in one
//! spelling, and says what all readings have in common ([`Readings`]):
//!
//! - most paths have one reading;
//! - a doubtful character leaves everything before its segment alone, so readings share the head in front of it;
//! - where any reading has a dot segment, a reading may climb anywhere, and nothing is shared.
//!
//! That rules out admitting some honest paths where several apps share one host, and never matters where one app
//! has a host to itself. What no program should have let through (control bytes, broken percent encodings,
//! a fragment) is refused everywhere.

use std::fmt;

/// What all programs on the way agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readings {
    /// There is one reading.
    One,
    /// All readings begin with this many bytes of the path, which end where a segment ends.
    SharedHead(usize),
    /// A reading may climb out of any head.
    NothingShared,
}

/// A path in its one spelling: begins with `/`, without query, percent encodings in upper case, and none for
/// characters that mean the same without.
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalPath {
    text: String,
    readings: Readings,
}

/// The text is not a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "path must begin with '/' and hold neither control bytes nor a fragment nor a broken percent encoding"
)]
pub struct PathError;

/// A byte of the path and how it was written.
#[derive(Clone, Copy)]
struct Unit {
    byte: u8,
    encoded: bool,
}

impl CanonicalPath {
    /// Reads a request target as a gateway reports it: a path and perhaps a query, which is left out.
    ///
    /// # Errors
    /// [`PathError`] when no program should have let it through.
    pub fn parse(target: &str) -> Result<Self, PathError> {
        let path = target.split_once('?').map_or(target, |(path, _query)| path);
        if !path.starts_with('/') {
            return Err(PathError);
        }
        if is_plain(path) {
            return Ok(Self {
                text: path.to_owned(),
                readings: Readings::One,
            });
        }
        Self::parse_in_full(path)
    }

    fn parse_in_full(path: &str) -> Result<Self, PathError> {
        let units = read_units(path.as_bytes())?;
        let text = spell(&units);
        let readings = count_readings(&text);
        Ok(Self { text, readings })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What all programs on the way agree on.
    #[must_use]
    pub fn readings(&self) -> Readings {
        self.readings
    }

    /// The part all readings begin with, without a slash at its end; none when they share nothing. The root is `""`.
    #[must_use]
    pub fn shared_head(&self) -> Option<&str> {
        match self.readings {
            Readings::One => Some(self.text.strip_suffix('/').unwrap_or(&self.text)),
            Readings::SharedHead(bytes) => self.text.get(..bytes),
            Readings::NothingShared => None,
        }
    }
}

impl fmt::Debug for CanonicalPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

/// True for a path of which one look shows that everybody reads it alike and that it is in its one spelling, as nearly all
/// paths are: letters, digits, hyphens and underscores between single slashes, and dots with one of these behind them.
fn is_plain(path: &str) -> bool {
    let mut before = b'a';
    for byte in path.bytes() {
        let inner = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = match before {
            b'.' => inner,
            b'/' => inner || byte == b'.',
            _ => inner || matches!(byte, b'.' | b'/'),
        };
        if !fits {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

fn read_units(path: &[u8]) -> Result<Vec<Unit>, PathError> {
    let mut units = Vec::with_capacity(path.len());
    let mut bytes = path.iter().copied();
    while let Some(byte) = bytes.next() {
        let unit = if byte == b'%' {
            let high = bytes.next().and_then(hexadecimal).ok_or(PathError)?;
            let low = bytes.next().and_then(hexadecimal).ok_or(PathError)?;
            Unit {
                byte: high << 4 | low,
                encoded: true,
            }
        } else if byte.is_ascii_graphic() && byte != b'#' {
            Unit { byte, encoded: false }
        } else {
            return Err(PathError);
        };
        if unit.byte.is_ascii_control() {
            return Err(PathError);
        }
        units.push(unit);
    }
    Ok(units)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Characters that mean the same with and without percent encoding, for everybody: unreserved ones, and those
/// reserved ones that have no meaning in any path Usher knows of (`;` has).
fn means_the_same(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

fn spell(units: &[Unit]) -> String {
    let mut text = String::with_capacity(units.len());
    for unit in units {
        let as_written = !unit.encoded && matches!(unit.byte, b'/' | b'\\' | b';');
        if as_written || means_the_same(unit.byte) {
            text.push(char::from(unit.byte));
        } else {
            text.push('%');
            for nibble in [unit.byte >> 4, unit.byte & 15] {
                let digit = char::from_digit(nibble.into(), 16).unwrap_or('0');
                text.push(digit.to_ascii_uppercase());
            }
        }
    }
    text
}

fn count_readings(text: &str) -> Readings {
    if some_reading_climbs(text) {
        return Readings::NothingShared;
    }
    let mut head_bytes = 0;
    let mut segments = text.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let inner_and_empty = segment.is_empty() && segments.peek().is_some();
        if inner_and_empty || is_doubtful(segment) {
            return Readings::SharedHead(head_bytes);
        }
        head_bytes += 1 + segment.len();
    }
    Readings::One
}

/// True when some program would split, cut or decode this segment further, or drop its end as some file systems do.
fn is_doubtful(segment: &str) -> bool {
    let end_is_dropped = segment.ends_with('.') || segment.ends_with("%20");
    end_is_dropped
        || segment.contains(['\\', ';'])
        || ["%2F", "%5C", "%25", "%3B", "%3F", "%23"]
            .iter()
            .any(|code| segment.contains(code))
}

/// True when a dot segment appears in the most eager reading: everything decoded as often as it can be,
/// backslashes taken for slashes, and segments cut at whatever anybody cuts them at. Less eager readings have no
/// other dot segments, because dots and slashes, once decoded, stay. Bytes that are no UTF-8 count too: old
/// decoders turn overlong forms into dots and slashes.
fn some_reading_climbs(text: &str) -> bool {
    let eager = decode_eagerly(text);
    std::str::from_utf8(&eager).is_err()
        || eager.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| {
            let mut cut = segment.split(|byte| matches!(byte, b';' | b'?' | b'#') || byte.is_ascii_control());
            cut.next().is_some_and(is_dots)
        })
}

/// `.`, `..`, and what some file systems take for them: more dots, or spaces among them.
fn is_dots(segment: &[u8]) -> bool {
    segment.contains(&b'.') && segment.iter().all(|byte| matches!(byte, b'.' | b' '))
}

/// Decodes until nothing is left to decode, in one pass: a byte that completes an encoding takes its place and may
/// complete the next.
fn decode_eagerly(text: &str) -> Vec<u8> {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        decoded.push(byte);
        while let Some(&[b'%', high, low]) = decoded.last_chunk::<3>()
            && let (Some(high), Some(low)) = (hexadecimal(high), hexadecimal(low))
        {
            decoded.truncate(decoded.len() - 3);
            decoded.push(high << 4 | low);
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(target: &str) -> CanonicalPath {
        CanonicalPath::parse(target).unwrap_or_else(|_| panic!("{target:?} must be a path"))
    }

    #[test]
    fn spellings_of_one_path_are_one() {
        for (target, canonical) in [
            ("/", "/"),
            ("/?next=/../x", "/"),
            ("/crm/", "/crm/"),
            ("/%63rm/%7Euser", "/crm/~user"),
            ("/a%2bb%20c", "/a+b%20c"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a|b", "/a%7Cb"),
            ("/a%2fb;c\\d", "/a%2Fb;c\\d"),
        ] {
            assert_eq!(parse(target).as_str(), canonical, "{target:?}");
        }
    }

    #[test]
    fn what_nobody_should_have_let_through_is_no_path() {
        for target in [
            "",
            "crm",
            "?",
            "*",
            "http://example.com/",
            "/a b",
            "/a\tb",
            "/a\u{0}",
            "/a\u{7f}",
            "/é",
            "/a#b",
            "/%",
            "/%4",
            "/%zz",
            "/%u002e",
            "/%00",
            "/a%0a",
            "/%7f",
            "/%1f?x",
            "/% 41",
        ] {
            assert_eq!(CanonicalPath::parse(target), Err(PathError), "{target:?}");
        }
    }

    #[test]
    fn most_paths_have_one_reading() {
        for (target, head) in [
            ("/", ""),
            ("/crm", "/crm"),
            ("/crm/", "/crm"),
            ("/crm/a.b/..c/...e", "/crm/a.b/..c/...e"),
            ("/crm/%E4%B8%AD%E6%96%87", "/crm/%E4%B8%AD%E6%96%87"),
        ] {
            let path = parse(target);
            assert_eq!(path.readings(), Readings::One, "{target:?}");
            assert_eq!(path.shared_head(), Some(head), "{target:?}");
        }
    }

    #[test]
    fn a_doubtful_segment_leaves_the_head_before_it() {
        for (target, head) in [
            ("//crm", ""),
            ("/crm//a", "/crm"),
            ("/crm//", "/crm"),
            ("/crm/a%2fb", "/crm"),
            ("/crm%2Fa", ""),
            ("/crm/a/b%5cc", "/crm/a"),
            ("/crm\\a", ""),
            ("/crm/a;jsessionid=1/b", "/crm"),
            ("/crm;a", ""),
            ("/crm/a.", "/crm"),
            ("/crm%20/a", ""),
            ("/crm/100%25", "/crm"),
            ("/crm/what%3f", "/crm"),
            ("/crm/a%23b", "/crm"),
            ("/crm/a%3bb", "/crm"),
        ] {
            let path = parse(target);
            assert_eq!(path.readings(), Readings::SharedHead(head.len()), "{target:?}");
            assert_eq!(path.shared_head(), Some(head), "{target:?}");
        }
    }

    #[test]
    fn where_a_reading_climbs_nothing_is_shared() {
        for target in [
            "/..",
            "/.",
            "/crm/..",
            "/crm/./a",
            "/crm/../hr",
            "/crm/%2e%2e/hr",
            "/crm/.%2E/hr",
            "/crm/%252e%252e/hr",
            "/crm/%25252e%25252e/hr",
            "/crm/..%2fhr",
            "/crm/..%5chr",
            "/crm\\..\\hr",
            "/crm/..;/hr",
            "/crm/..;a=b/hr",
            "/crm/..%3b/hr",
            "/crm/..%3fx",
            "/crm/..%23",
            "/crm/.../hr",
            "/crm/..%20/hr",
            "/crm/%2e./hr",
            "/crm/%%32%65%%32%65/hr",
            "/crm/..%2500/hr",
            "/crm/%c0%ae%c0%ae/hr",
            "/crm/%c0%af",
            "/crm/%ff",
        ] {
            match CanonicalPath::parse(target) {
                Ok(path) => assert_eq!(path.shared_head(), None, "{target:?}"),
                Err(PathError) => assert!(target.contains("%%"), "{target:?}"),
            }
        }
    }

    #[test]
    fn eager_decoding_takes_time_in_proportion_to_the_path() {
        // Decoding layer by layer would take four thousand passes over this one.
        let target = format!("/%{}2e", "25".repeat(4_000));
        assert_eq!(parse(&target).readings(), Readings::NothingShared);
    }

    /// Pieces that hostile paths are made of.
    fn target() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "/", "crm", "hr", ".", "..", "%2e", "%2E", "%2f", "%5c", "\\", ";", "%25", "%3b", "?", "%3F",
            "a", "%41", "%", "%c0%ae", "%C3%A9", " ", "%20", "#", "\u{0}", "//", "é",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn a_plain_path_is_read_as_any_other(target in "/([a-b./_%;-]|%2[eEfF]){0,12}") {
            prop_assert_eq!(CanonicalPath::parse(&target), CanonicalPath::parse_in_full(&target));
        }

        #[test]
        fn canonical_of_canonical_is_itself(target in target()) {
            if let Ok(path) = CanonicalPath::parse(&target) {
                prop_assert_eq!(CanonicalPath::parse(path.as_str()), Ok(path));
            }
        }

        #[test]
        fn any_text_gives_an_answer(target: String) {
            if let Ok(path) = CanonicalPath::parse(&target) {
                prop_assert!(path.as_str().starts_with('/'));
                prop_assert!(path.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?'));
            }
        }

        #[test]
        fn a_path_with_a_shared_head_has_no_dot_segment_in_any_decoding(target in target()) {
            let Ok(path) = CanonicalPath::parse(&target) else { return Ok(()) };
            prop_assume!(path.readings() != Readings::NothingShared);
            let mut layer = path.as_str().replace('\\', "/");
            loop {
                prop_assert!(layer.split('/').all(|segment| {
                    !matches!(segment.split([';', '?', '#']).next(), Some("." | ".."))
                }), "{layer}");
                let next = percent_encoding::percent_decode_str(&layer).decode_utf8_lossy().replace('\\', "/");
                if next == layer { break }
                layer = next;
            }
        }

        #[test]
        fn the_shared_head_survives_every_decoding(target in target()) {
            let Ok(path) = CanonicalPath::parse(&target) else { return Ok(()) };
            let Some(head) = path.shared_head() else { return Ok(()) };
            prop_assert!(path.as_str().starts_with(head));
            let decoded = percent_encoding::percent_decode_str(path.as_str()).decode_utf8_lossy().into_owned();
            let decoded_head = percent_encoding::percent_decode_str(head).decode_utf8_lossy().into_owned();
            prop_assert!(decoded.starts_with(&decoded_head));
        }
    }
}
