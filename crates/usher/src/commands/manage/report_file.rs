//! A report as one file for browsers: `usher report idle --html FILE`, `usher report usage --html FILE`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use hyper::Method;
use serde_json::{Value, json};
use usher_console::{
    Block, Cell, Chart, ChartKind, Column, Point, Report, Row, Table, grouped, range_labels,
    texts::{Reports, Seats, Shell, fill},
};
use usher_seats::overview::IDLE_DAYS_EDGES;

use super::{Desk, idle_seats, text};
use crate::{
    failure::Failure,
    language::Language,
    moments,
    output::{Exit, Output},
    words,
};

/// Most seats that a file lists: what a browser shows without complaint.
const ROWS_MAX: usize = 10_000;

/// Fewest bars of the chart: fewer would be as wide as a page.
const BARS_MIN: usize = 4;

/// What the organisation is called.
pub(super) async fn organisation(desk: &mut Desk<'_>) -> Result<String, Failure> {
    // Filters may follow.
    let key = desk
        .tenant
        .strip_prefix("tenant_key=")
        .and_then(|query| query.split('&').next())
        .unwrap_or_default()
        .to_owned();
    let tenant = desk
        .call(Method::GET, &format!("/usher/v1/tenants/{key}"), None)
        .await?;
    Ok(text(&tenant, "name").to_owned())
}

/// Idle seats on their way into a file.
#[derive(Default)]
pub(super) struct Idle {
    rows: Vec<Value>,
    count: u64,
    idle_days: [u64; IDLE_DAYS_EDGES.len()],
}

impl Idle {
    /// Takes a seat in.
    pub(super) fn take(&mut self, item: &Value) {
        self.count += 1;
        if let Some(seats) = self.idle_days.get_mut(idle_seats::step_of(item)) {
            *seats += 1;
        }
        if self.rows.len() < ROWS_MAX {
            self.rows.push(item.clone());
        }
    }

    /// Writes the file.
    pub(super) fn write(
        self,
        output: &Output,
        path: &Path,
        organisation: &str,
        as_of_ms: i64,
    ) -> Result<(), Failure> {
        let (texts, language) = (Reports::of(shown_in(output)), shown_in(output));
        let mut blocks = vec![
            Block::Text(fill(texts.idle_lead, &[&grouped(self.count)])),
            self.chart(output),
        ];
        if self.count > ROWS_MAX as u64 {
            blocks.push(Block::Text(fill(texts.idle_cut, &[&grouped(ROWS_MAX as u64)])));
        }
        blocks.push(Block::Table(self.table(output)));
        let title = texts.idle_title.to_owned();
        keep(output, path, organisation, as_of_ms, (language, title, blocks))
    }

    fn chart(&self, output: &Output) -> Block {
        let (texts, seats) = (Reports::of(shown_in(output)), Seats::of(shown_in(output)));
        let empty = self.idle_days.iter().take_while(|seats| **seats == 0).count();
        // Seats that were not asked for make no row of empty bars, at which a narrow window would open.
        let points = range_labels(&IDLE_DAYS_EDGES)
            .into_iter()
            .zip(self.idle_days)
            .skip(empty.min(IDLE_DAYS_EDGES.len() - BARS_MIN))
            .map(|(label, value)| Point { label, value });
        chart(
            output,
            seats.column_idle_days,
            texts.seats_unit,
            ChartKind::Bars,
            points.collect(),
        )
    }

    fn table(&self, output: &Output) -> Table {
        let (texts, seats) = (Reports::of(shown_in(output)), Seats::of(shown_in(output)));
        let columns = vec![
            Column::new(seats.column_person),
            Column::new(seats.column_seat),
            Column::new(seats.column_verdict),
            Column::numeric(seats.column_idle_days),
            Column::new(seats.column_last),
        ];
        let rows = self.rows.iter().map(|item| {
            let last_ms = item.get("last_admitted_at").and_then(Value::as_i64);
            let days = item.get("days_idle").and_then(Value::as_u64).unwrap_or_default();
            Row {
                cells: vec![
                    Cell::text(text(item, "user_name")),
                    Cell::code(text(item, "seat")),
                    Cell::text(idle_seats::verdict(text(item, "verdict"), output.language)),
                    Cell::count(days),
                    last_ms.map_or_else(
                        || Cell::quiet(seats.never),
                        |last_ms| Cell::text(moments::date(last_ms)),
                    ),
                ],
            }
        });
        let mut table = Table::whole(texts.idle_title, columns, rows.collect());
        table.nothing = seats.nothing.to_owned();
        table
    }
}

/// Writes how many people were active.
pub(super) fn usage(output: &Output, path: &Path, organisation: &str, report: &Value) -> Result<(), Failure> {
    let (texts, shell) = (Reports::of(shown_in(output)), Shell::of(shown_in(output)));
    let items: Vec<&Value> = report
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    let people = |item: &Value| {
        item.get("active_people")
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let points = items.iter().map(|item| Point {
        label: text(item, "last_day").to_owned(),
        value: people(item),
    });
    let columns = vec![
        Column::new(texts.usage_first),
        Column::new(texts.usage_last),
        Column::numeric(texts.usage_people),
        Column::new(texts.usage_complete),
    ];
    let rows = items.iter().rev().map(|item| {
        let complete = item.get("complete").and_then(Value::as_bool).unwrap_or_default();
        Row {
            cells: vec![
                Cell::text(text(item, "first_day")),
                Cell::text(text(item, "last_day")),
                Cell::count(people(item)),
                Cell::text(if complete { shell.yes } else { texts.so_far }),
            ],
        }
    });
    let table = Table::whole(texts.usage_title, columns, rows.collect());
    let chart = chart(
        output,
        texts.usage_title,
        texts.usage_unit,
        ChartKind::Line,
        points.collect(),
    );
    let blocks = vec![
        Block::Text(texts.usage_lead.to_owned()),
        chart,
        Block::Table(table),
    ];
    let as_of_ms = report.get("as_of").and_then(Value::as_i64).unwrap_or_default();
    let title = texts.usage_title.to_owned();
    keep(
        output,
        path,
        organisation,
        as_of_ms,
        (shown_in(output), title, blocks),
    )
}

fn chart(output: &Output, title: &str, unit: &str, kind: ChartKind, points: Vec<Point>) -> Block {
    let columns = vec![Column::new(""), Column::numeric(unit)];
    let rows = points.iter().map(|point| Row {
        cells: vec![Cell::text(&point.label), Cell::count(point.value)],
    });
    Block::Chart(Chart {
        title: title.to_owned(),
        unit: unit.to_owned(),
        kind,
        as_table: Reports::of(shown_in(output)).figures.to_owned(),
        table: Table::whole(title, columns, rows.collect()),
        points,
    })
}

/// The language of pages.
fn shown_in(output: &Output) -> usher_console::Language {
    match output.language {
        Language::English => usher_console::Language::English,
        Language::Chinese => usher_console::Language::Chinese,
    }
}

/// Writes a new file that nobody else on the machine can read: it says who uses what.
fn keep(
    output: &Output,
    path: &Path,
    organisation: &str,
    as_of_ms: i64,
    (language, title, blocks): (usher_console::Language, String, Vec<Block>),
) -> Result<(), Failure> {
    let shown = moments::shown(as_of_ms);
    // The sentence names the zone itself.
    let moment = shown.strip_suffix(" UTC").unwrap_or(&shown);
    let as_of = fill(Shell::of(language).as_of, &[&moment, &"UTC"]);
    let report = Report {
        language,
        title,
        organisation: organisation.to_owned(),
        as_of,
        styles: vec![usher_http::STYLESHEET, usher_console::STYLESHEET],
        blocks,
    };
    let written = report
        .html()
        .map_err(io::Error::other)
        .and_then(|html| write_new(path, &html));
    let place = path.display();
    written.map_err(|error| {
        Failure::new(
            Exit::Failed,
            words!("cannot write {place}: {error}", "无法写入 {place}：{error}"),
        )
    })?;
    output.result(
        &words!("{place}", "{place}"),
        &json!({ "file": place.to_string() }),
    )
}

fn write_new(path: &Path, html: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(html.as_bytes())?;
    file.sync_all()
}
