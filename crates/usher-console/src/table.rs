//! Tables, as HTML and as CSV.
//!
//! Both come from one model, so what somebody downloads has the columns that they have seen. On a telephone each row becomes
//! a card whose lines bear the names of the columns; the roles in the template keep it a table for screen readers.

use std::borrow::Cow;

use usher_seats::spreadsheet::safe_cell;

use crate::block::Link;

/// Most characters of a stored text that a cell shows: names have at most 256, and a record of the audit log may be long.
/// In CSV a cell is whole.
pub const CELL_CHARACTERS_MAX: usize = 400;

/// Whether somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Attention,
    /// Something is wrong.
    Bad,
}

impl Tone {
    /// The class of the stylesheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Bad => "bad",
        }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text that may have been stored by anybody.
    Text(String),
    /// The same, of less weight.
    Quiet(String),
    /// A moment, which stays in one line.
    Moment(String),
    /// A number.
    Number(String),
    /// A name for programs.
    Code(String),
    /// Somewhere to go.
    Link(Link),
    /// One of a few words.
    Badge {
        /// Whether somebody should look.
        tone: Tone,
        /// The word.
        text: String,
    },
    /// Several, one below the other.
    Several(Vec<Self>),
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A text of less weight.
    pub fn quiet(text: impl Into<String>) -> Self {
        Self::Quiet(text.into())
    }

    /// A moment as people read it.
    pub fn moment(text: impl Into<String>) -> Self {
        Self::Moment(text.into())
    }

    /// A number as people read it.
    #[must_use]
    pub fn count(number: u64) -> Self {
        Self::Number(crate::number::grouped(number))
    }

    /// A name for programs.
    pub fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }

    /// Somewhere to go.
    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self::Link(Link::new(text, href))
    }

    /// One of a few words.
    pub fn badge(tone: Tone, text: impl Into<String>) -> Self {
        Self::Badge {
            tone,
            text: text.into(),
        }
    }

    /// The text without its looks.
    #[must_use]
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text)
            | Self::Moment(text)
            | Self::Quiet(text)
            | Self::Code(text)
            | Self::Badge { text, .. } => text.into(),
            Self::Number(text) => text.replace(',', "").into(),
            Self::Link(link) => match &link.title {
                Some(title) => format!("{} ({title})", link.text).into(),
                None => link.text.as_str().into(),
            },
            Self::Several(cells) => {
                let texts: Vec<_> = cells.iter().map(Self::plain).collect();
                texts.join(" ").into()
            }
        }
    }
}

/// A text no longer than a cell shows.
#[must_use]
pub fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
    }
}

/// Longest name for programs that has no places of its own for a line to end, in bytes: a client id and most object names.
const UNBROKEN_BYTES_MAX: usize = 20;

/// A name for programs in the parts between which a line may end: behind its dots and dashes, so that a narrow column does not
/// cut a word in two. A short name is one part.
pub(crate) fn breakable(text: &str) -> Vec<&str> {
    if text.len() <= UNBROKEN_BYTES_MAX {
        return vec![text];
    }
    let bytes = text.as_bytes();
    let is_digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
    let ends = text.match_indices(['.', '_', ':', '/', ',', '-', '@', '=']);
    // A date, a time of day and an address stay whole.
    let ends = ends.filter(|(place, _)| !(is_digit(place + 1) && place.checked_sub(1).is_some_and(is_digit)));
    let mut begin = 0;
    let mut parts = Vec::new();
    for (place, mark) in ends {
        let end = place + mark.len();
        parts.extend(text.get(begin..end));
        begin = end;
    }
    parts.extend(text.get(begin..).filter(|rest| !rest.is_empty()));
    parts
}

/// True for a text that is nothing but a date, such as `2026-11-23`.
fn is_date(text: &str) -> bool {
    text.len() == DATE_BYTES && text.bytes().enumerate().all(is_of_date)
}

/// True for what has no place at which a line could end: a token, a secret.
pub(crate) fn is_word(text: &str) -> bool {
    !text.trim().contains(char::is_whitespace)
}

/// Bytes of a date.
const DATE_BYTES: usize = 10;
/// Bytes of a time of day behind a date, with the space between them.
const TIME_BYTES: usize = 6;

/// Whether a byte may stand at its place in a date.
fn is_of_date((place, byte): (usize, u8)) -> bool {
    if place == 4 || place == 7 {
        byte == b'-'
    } else {
        byte.is_ascii_digit()
    }
}

/// A text in pieces, of which those that are moments, `2026-11-23` or `2026-11-23 06:30`, are marked: browsers would end a line
/// behind a dash between two numbers.
pub(crate) fn with_moments(text: &str) -> Vec<(bool, &str)> {
    let is_time = |rest: &str| {
        let mut bytes = rest.bytes().take(TIME_BYTES);
        b" dd:dd".iter().all(|wanted| {
            let byte = bytes.next();
            if *wanted == b'd' {
                byte.is_some_and(|byte| byte.is_ascii_digit())
            } else {
                byte == Some(*wanted)
            }
        })
    };
    let mut pieces = Vec::new();
    let (mut begin, mut place) = (0, 0);
    while place + DATE_BYTES <= text.len() {
        if !text.get(place..place + DATE_BYTES).is_some_and(is_date) {
            place += 1;
            continue;
        }
        let mut end = place + DATE_BYTES;
        if text.get(end..).is_some_and(is_time) {
            end += TIME_BYTES;
        }
        pieces.extend(
            text.get(begin..place)
                .filter(|before| !before.is_empty())
                .map(|before| (false, before)),
        );
        pieces.extend(text.get(place..end).map(|moment| (true, moment)));
        (begin, place) = (end, end);
    }
    pieces.extend(
        text.get(begin..)
            .filter(|rest| !rest.is_empty())
            .map(|rest| (false, rest)),
    );
    pieces
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// True for numbers, which stand at the right.
    pub numeric: bool,
    /// Where the table is to be had in order of this column.
    pub sort_href: Option<String>,
    /// True when the table is in rising order of this column.
    pub sorted: bool,
}

impl Column {
    /// A column of texts.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            numeric: false,
            sort_href: None,
            sorted: false,
        }
    }

    /// A column of numbers.
    pub fn numeric(name: impl Into<String>) -> Self {
        Self {
            numeric: true,
            ..Self::new(name)
        }
    }

    /// The same with a way to order by it.
    #[must_use]
    pub fn sortable(self, href: impl Into<String>, sorted: bool) -> Self {
        Self {
            sort_href: Some(href.into()),
            sorted,
            ..self
        }
    }
}

/// A row, as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From left to right.
    pub cells: Vec<Cell>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it lists.
    pub caption: String,
    /// From left to right.
    pub columns: Vec<Column>,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// What stands there when no row does.
    pub nothing: String,
    /// Where the same is to be had for spreadsheets.
    pub csv: Option<Link>,
    /// The first page, where this is a later one.
    pub first: Option<Link>,
    /// The next page.
    pub next: Option<Link>,
}

impl Table {
    /// A table that is whole on its page.
    pub fn whole(caption: impl Into<String>, columns: Vec<Column>, rows: Vec<Row>) -> Self {
        Self {
            caption: caption.into(),
            columns,
            rows,
            nothing: String::new(),
            csv: None,
            first: None,
            next: None,
        }
    }

    /// The cells of a row with their columns.
    pub(crate) fn placed<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(&row.cells)
    }
}

/// The line of the columns and the lines of the rows as CSV; no cell is a formula.
///
/// # Errors
/// Writing into memory does not fail; the type says so nowhere.
pub fn csv(columns: &[Column], rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // What keeps words together in a narrow head would be a riddle to a program.
    let names = columns.iter().map(|column| column.name.replace('\u{a0}', " "));
    writer.write_record(names.map(|name| safe_cell(&name).into_owned()))?;
    for row in rows {
        let cells = row.cells.iter().map(Cell::plain);
        writer.write_record(cells.map(|cell| safe_cell(&cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_the_columns_that_are_seen_and_no_formula() {
        let columns = [Column::new("Name"), Column::numeric("Days\u{a0}idle")];
        let row = |name: &str, days| Row {
            cells: vec![Cell::text(name), Cell::count(days)],
        };
        let text = csv(&columns, &[row("=1+1", 1_234), row("a,\"b\"\n", 2)]).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "Name,Days idle\n'=1+1,1234\n\"'a,\"\"b\"\"\n\",2\n"
        );
    }

    #[test]
    fn a_link_with_two_names_has_both_in_a_file() {
        let plain = Cell::link("Customers", "/console/apps/crm");
        assert_eq!(plain.plain(), "Customers");
        let link = Link::new("Customers", "/console/apps/crm").titled(Some("crm".to_owned()));
        assert_eq!(Cell::Link(link).plain(), "Customers (crm)");
    }

    #[test]
    fn a_long_name_for_programs_ends_its_lines_behind_dots_and_dashes() {
        assert_eq!(breakable("cli_02b4cb5c66af5553"), ["cli_02b4cb5c66af5553"]);
        assert_eq!(
            breakable("group.standing_assignment_set"),
            ["group.", "standing_", "assignment_", "set"]
        );
        assert_eq!(
            breakable("kept: {until: 2026-12-23 05:59} from 127.0.0.1"),
            ["kept:", " {until:", " 2026-12-23 05:59} from 127.0.0.1"]
        );
        assert_eq!(
            breakable("-------------------席-"),
            [["-"; 19].as_slice(), &["席-"]].concat()
        );
    }

    #[test]
    fn a_moment_within_a_text_stays_in_one_line() {
        assert_eq!(
            with_moments("kept: 2026-12-23 05:59, 席 2026-01-02 →"),
            [
                (false, "kept: "),
                (true, "2026-12-23 05:59"),
                (false, ", 席 "),
                (true, "2026-01-02"),
                (false, " →")
            ]
        );
        assert_eq!(with_moments("2026-12"), [(false, "2026-12")]);
        assert_eq!(with_moments(""), []);
        assert!(is_date("2026-11-23") && !is_date("2026-11-2x") && !is_date("2026-11-23 05:59"));
        assert!(is_word("s-1_2\n") && !is_word("curl -s"));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "席".repeat(CELL_CHARACTERS_MAX + 1);
        assert_eq!(shortened(&long).chars().count(), CELL_CHARACTERS_MAX + 1);
        assert!(shortened(&long).ends_with('…'));
        assert_eq!(shortened("kurz"), "kurz");
    }
}
