//! Lists: a page of one in HTML, the whole of it in CSV.
//!
//! A page is read after a key, so it costs the same wherever it lies. There is no way back but the browser's own and the
//! first page: a key leads forward only, and a number of pages is what nobody could count cheaply.

use axum::response::Response;
use usher_console::{Block, Column, Link, Row, Table, table::csv};

use super::{address::address, desk::Desk};
use crate::sign_in::problem::Problem;

/// Rows of a page: as many as somebody looks through without losing their place.
pub(super) const ROWS: usize = 50;
/// Most rows of a downloaded list: what a spreadsheet opens without complaint and memory bears. Whoever needs more asks
/// the API or `usher export`.
pub(super) const CSV_ROWS_MAX: usize = 50_000;
/// Rows that are read at once for a download: the largest page of an engine.
pub(super) const CSV_ROWS_AT_ONCE: usize = usher_store::page::PAGE_ROWS_MAX;

/// Some rows of a list, and the place after which the next ones begin.
pub(super) struct Stretch {
    /// In order.
    pub(super) rows: Vec<Row>,
    /// None at the end of the list.
    pub(super) next: Option<String>,
}

impl Stretch {
    /// Rows of a list from which one more than wanted was read.
    pub(super) fn of<Item>(
        mut items: Vec<Item>,
        rows_max: usize,
        key: impl Fn(&Item) -> String,
        row: impl Fn(&Item) -> Row,
    ) -> Self {
        let more = items.len() > rows_max;
        items.truncate(rows_max);
        Self {
            next: items.last().filter(|_| more).map(&key),
            rows: items.iter().map(row).collect(),
        }
    }
}

/// A list as the address asks for it.
pub(super) enum Listed {
    /// All of it, for spreadsheets.
    File(Response),
    /// What a page shows of it.
    Page(Vec<Block>),
}

/// How a list looks.
pub(super) struct Listing<'a> {
    /// Its address without a query.
    pub(super) path: &'a str,
    /// What narrows it, as parameters of the address.
    pub(super) pairs: &'a [(&'a str, &'a str)],
    /// What it lists.
    pub(super) caption: &'a str,
    /// What stands there when nothing does.
    pub(super) nothing: &'a str,
    /// The name of its file.
    pub(super) file: &'a str,
    /// From left to right.
    pub(super) columns: Vec<Column>,
}

impl Listing<'_> {
    fn with(&self, more: &[(&str, &str)]) -> String {
        let pairs: Vec<(&str, &str)> = self.pairs.iter().chain(more).copied().collect();
        address(self.path, &pairs)
    }

    /// The whole list as a file where the address asks for one; else a page of it below its lead, or `empty` where nothing is
    /// yet. `read` is given the place after which to begin and how many rows to read at most.
    pub(super) async fn answer<Reading>(
        self,
        desk: &Desk,
        lead: &str,
        empty: Block,
        read: impl Fn(Option<String>, usize) -> Reading,
    ) -> Result<Listed, Problem>
    where
        Reading: Future<Output = Result<Stretch, Problem>>,
    {
        if wants_csv(desk)? {
            let file = self
                .download(desk, |after| read(after, CSV_ROWS_AT_ONCE - 1))
                .await?;
            return Ok(Listed::File(file));
        }
        let after = desk.asked("after")?.map(str::to_owned);
        let later = after.is_some();
        let found = read(after, ROWS).await?;
        Ok(Listed::Page(if found.rows.is_empty() && !later {
            vec![empty]
        } else {
            vec![Block::Text(lead.to_owned()), self.table(desk, later, found)]
        }))
    }

    /// A page of the list.
    pub(super) fn table(self, desk: &Desk, later: bool, stretch: Stretch) -> Block {
        let csv = Link::new(desk.shell().csv, self.with(&[("format", "csv")]));
        let csv = (!stretch.rows.is_empty() || later).then_some(csv);
        let mut table = self.part(desk, "after", later, stretch);
        table.csv = csv;
        Block::Table(table)
    }

    /// A page of a list that is a part of a page and has no file; `place` names its place in the address.
    pub(super) fn part(self, desk: &Desk, place: &str, later: bool, stretch: Stretch) -> Table {
        let shell = desk.shell();
        let nothing = if stretch.next.is_some() {
            shell.more_behind
        } else {
            self.nothing
        };
        let next = stretch
            .next
            .as_ref()
            .map(|key| Link::new(shell.next_page, self.with(&[(place, key)])));
        Table {
            first: later.then(|| Link::new(shell.first_page, self.with(&[]))),
            next,
            csv: None,
            nothing: nothing.to_owned(),
            caption: self.caption.to_owned(),
            columns: self.columns,
            rows: stretch.rows,
        }
    }

    /// The whole list for spreadsheets, stretch by stretch.
    pub(super) async fn download<Reading>(
        self,
        desk: &Desk,
        read: impl Fn(Option<String>) -> Reading,
    ) -> Result<Response, Problem>
    where
        Reading: Future<Output = Result<Stretch, Problem>>,
    {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let stretch = read(after).await?;
            rows.extend(stretch.rows);
            after = stretch.next;
            if after.is_none() || rows.len() >= CSV_ROWS_MAX {
                break;
            }
        }
        let content = csv(&self.columns, &rows).map_err(Problem::internal)?;
        Ok(desk.csv(self.file, content))
    }
}

/// True when the address asks for a table for spreadsheets.
pub(super) fn wants_csv(desk: &Desk) -> Result<bool, Problem> {
    Ok(desk.asked("format")? == Some("csv"))
}
