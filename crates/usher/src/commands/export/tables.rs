//! `usher export seats`, `users`, `apps`, `groups`, `pools`: tables in the form that `usher import` reads.

use std::io::{self, BufWriter, Write};

use serde_json::json;
use usher_seats::TenantKey;

use super::{Context, Form, form};
use crate::{
    arguments::{ExportCommand, bulk::ExportTableArguments},
    control::{
        Channel,
        bulk::{
            MOMENTS,
            wire::{self, Cell, ExportAnswer, ExportKind, ExportQuestion, Place},
        },
    },
    failure::Failure,
    identifiers, moments,
    output::Exit,
    words,
};

/// Writes a table page by page, so that memory does not grow with the ledger.
pub(in crate::commands) async fn run(context: &Context<'_>, command: ExportCommand) -> Result<Exit, Failure> {
    let (kind, command, arguments) = match command {
        ExportCommand::Seats(arguments) => (ExportKind::Seats, "usher export seats", arguments),
        ExportCommand::Users(arguments) => (ExportKind::Users, "usher export users", arguments),
        ExportCommand::Apps(arguments) => (ExportKind::Apps, "usher export apps", arguments),
        ExportCommand::Groups(arguments) => (ExportKind::Groups, "usher export groups", arguments),
        ExportCommand::Pools(arguments) => (ExportKind::Pools, "usher export pools", arguments),
        ExportCommand::Activities(arguments) => return super::run(context, arguments).await,
    };
    table(context, kind, command, arguments).await
}

async fn table(
    context: &Context<'_>,
    kind: ExportKind,
    command: &'static str,
    arguments: ExportTableArguments,
) -> Result<Exit, Failure> {
    let form = form(arguments.format.as_deref().unwrap_or("csv"))?;
    let tenant_key = identifiers::tenant_key(arguments.tenant.as_deref())?;
    let place = context.existing_ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, command).await?;
    let mut rows = Rows::new(kind, form, BufWriter::new(io::stdout().lock()));
    let written = walk(&mut channel, kind, tenant_key, &mut rows).await;
    channel.close().await;
    let as_of_ms = written?;
    let count = rows.finish().map_err(|error| Failure::standard_output(&error))?;
    let as_of = moments::shown(as_of_ms);
    context.output.explain(
        &words!(
            "{count} rows, as of {as_of} (as_of {as_of_ms})",
            "{count} 行，截至 {as_of}（as_of {as_of_ms}）"
        ),
        &json!({ "rows": count, "as_of": as_of_ms }),
    );
    Ok(Exit::Done)
}

/// Walks over all pages; gives the moment of the first, which every row was there at or after.
async fn walk(
    channel: &mut Channel,
    kind: ExportKind,
    tenant_key: TenantKey,
    rows: &mut Rows<impl Write>,
) -> Result<i64, Failure> {
    let mut as_of_ms = None;
    let mut question = ExportQuestion {
        tenant_key,
        kind,
        after: Place::default(),
    };
    loop {
        let page: ExportAnswer = channel.call(wire::EXPORT, &question).await?;
        let begun_ms = *as_of_ms.get_or_insert(page.as_of_ms);
        for row in &page.rows {
            rows.write(row)
                .map_err(|error| Failure::standard_output(&error))?;
        }
        match page.next {
            Some(next) => question.after = next,
            None => return Ok(begun_ms),
        }
    }
}

/// Rows on their way out.
enum Rows<Stream: Write> {
    Csv(Box<csv::Writer<Stream>>, ExportKind, u64),
    JsonLines(Stream, ExportKind, u64),
}

impl<Stream: Write> Rows<Stream> {
    fn new(kind: ExportKind, form: Form, stream: Stream) -> Self {
        match form {
            Form::Csv => Self::Csv(Box::new(csv::Writer::from_writer(stream)), kind, 0),
            Form::JsonLines => Self::JsonLines(stream, kind, 0),
        }
    }

    fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        match self {
            Self::Csv(writer, kind, count) => {
                if *count == 0 {
                    writer.write_record(kind.columns())?;
                }
                *count += 1;
                writer.write_record(row.iter().map(Cell::csv))?;
            }
            Self::JsonLines(stream, kind, count) => {
                *count += 1;
                json_line(stream, *kind, row)?;
            }
        }
        Ok(())
    }

    /// Writes what is still held back, and the header of a table without rows; gives the number of rows.
    fn finish(self) -> io::Result<u64> {
        match self {
            Self::Csv(mut writer, kind, count) => {
                if count == 0 {
                    writer.write_record(kind.columns())?;
                }
                writer.flush()?;
                Ok(count)
            }
            Self::JsonLines(mut stream, _, count) => {
                stream.flush()?;
                Ok(count)
            }
        }
    }
}

/// One object, its fields in the order of the columns.
fn json_line(stream: &mut impl Write, kind: ExportKind, row: &[Cell]) -> io::Result<()> {
    let mut separator = "{";
    for (column, cell) in kind.columns().iter().zip(row) {
        let (name, value) = cell.json(column, &MOMENTS);
        write!(stream, "{separator}\"{name}\":{value}")?;
        separator = ",";
    }
    stream.write_all(b"}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, rows: &[Vec<Cell>]) -> String {
        let mut bytes = Vec::new();
        let mut out = Rows::new(ExportKind::Users, form, &mut bytes);
        for row in rows {
            out.write(row).unwrap();
        }
        assert_eq!(out.finish().unwrap(), rows.len() as u64);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn both_forms_have_the_same_columns_in_the_same_order() {
        let row = vec![
            Cell::Number(7),
            Cell::Empty,
            Cell::Text("=1, \"x\"".to_owned()),
            Cell::Flag(true),
            Cell::Flag(false),
        ];
        assert_eq!(
            written(Form::Csv, std::slice::from_ref(&row)),
            "user_id,external_id,name,enabled,system_administrator\n7,,\"'=1, \"\"x\"\"\",yes,no\n"
        );
        assert_eq!(
            written(Form::JsonLines, &[row]),
            "{\"user_id\":7,\"external_id\":null,\"name\":\"=1, \\\"x\\\"\",\"enabled\":true,\"system_administrator\":false}\n"
        );
        assert_eq!(
            written(Form::Csv, &[]),
            "user_id,external_id,name,enabled,system_administrator\n"
        );
    }

    #[test]
    fn moments_are_times_for_people_and_milliseconds_for_programs() {
        let moment = Cell::Moment(1_795_276_800_123);
        assert_eq!(moment.csv(), "2026-11-21T16:00:00.123Z");
        assert_eq!(
            moment.json("expires_at", &MOMENTS),
            ("expires_at_ms".to_owned(), 1_795_276_800_123_i64.into())
        );
        assert_eq!(
            Cell::Empty.json("expires_at", &MOMENTS),
            ("expires_at_ms".to_owned(), serde_json::Value::Null)
        );
    }
}
