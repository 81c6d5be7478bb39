//! Cells of tables that people open in a spreadsheet.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula and runs it, whoever wrote it; so a
//! person who may choose their own name could act on the machine of the administrator who opens the list. Spreadsheets
//! themselves have the way out: a leading apostrophe says that what follows is text. Every table that leaves Usher goes
//! through [`safe_cell`], every table that comes in through [`plain_cell`], and the two are exact: what was written is
//! read again, apostrophes and all.

use std::borrow::Cow;

/// Says that what follows is text.
pub const TEXT_MARK: char = '\'';

/// What makes a spreadsheet calculate; the wide forms too, which some take for the same.
const FORMULA_BEGINNINGS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The text as a cell that no spreadsheet takes for a formula, and that [`plain_cell`] gives back as it was.
///
/// Marked are texts that begin like a formula, with white space or a control character before it or not (some
/// spreadsheets skip those before they look); texts that begin with the mark itself; and texts with white space or a
/// control character at either end, which a reader of tables would take off. Quoting for CSV is the writer's job.
#[must_use]
pub fn safe_cell(text: &str) -> Cow<'_, str> {
    let first = text.chars().next();
    let last = text.chars().next_back();
    let marked = first.is_some_and(|first| {
        first == TEXT_MARK || FORMULA_BEGINNINGS.contains(&first) || is_taken_off(first)
    }) || last.is_some_and(is_taken_off);
    if marked {
        Cow::Owned(format!("{TEXT_MARK}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What a cell says: the text after its mark exactly as it stands, or without a mark the text without white space
/// around it.
#[must_use]
pub fn plain_cell(cell: &str) -> &str {
    cell.strip_prefix(TEXT_MARK)
        .unwrap_or_else(|| cell.trim_matches(is_taken_off))
}

/// What nobody sees at the end of a cell.
fn is_taken_off(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in [
            "=1+1", "+1", "-1", "@sum", "\t=1", "\r\n=1", " =1", "\0=1", "'=1", "＝1+1", "＠x",
        ] {
            assert_eq!(safe_cell(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "crm", "a=b", "韩梅梅", "1", "a b", "a\tb"] {
            assert_eq!(safe_cell(text), text, "{text:?}");
        }
    }

    #[test]
    fn people_write_spaces_around_and_apostrophes_before() {
        assert_eq!(plain_cell("  crm\t"), "crm");
        assert_eq!(plain_cell("'00123"), "00123");
        assert_eq!(plain_cell("O'Brien"), "O'Brien");
        assert_eq!(plain_cell("\u{3000}"), "");
    }
}
