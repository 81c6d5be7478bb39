//! `usher export`: activities here, tables of everything else in [`tables`].
//!
//! `usher export activities`: the newest admitted access of every (seat type, user, app).

pub(super) mod tables;

use std::io::{self, BufWriter, Write};

use serde_json::json;
use usher_seats::{SeatType, spreadsheet::safe_cell};
use usher_store::page::PAGE_ROWS_MAX;

use super::Context;
use crate::{
    arguments::ExportActivitiesArguments,
    control::{
        Channel,
        wire::{self, ActivitiesAnswer, ActivitiesQuestion, ActivityLine},
    },
    failure::Failure,
    identifiers, moments,
    output::Exit,
    words,
};

/// The columns of the CSV form, which are also the fields of the JSON form.
const COLUMNS: [&str; 5] = ["seat_type", "user_id", "namespace", "status", "active_time_ms"];

/// The form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    JsonLines,
}

/// Writes the rows page by page, so that memory does not grow with the ledger.
pub(super) async fn run(
    context: &Context<'_>,
    arguments: ExportActivitiesArguments,
) -> Result<Exit, Failure> {
    let form = form(&arguments.format)?;
    let seat_types = match &arguments.seat_type {
        Some(name) => vec![identifiers::seat_type(name)?],
        None => SeatType::ALL.to_vec(),
    };
    let tenant_key = identifiers::tenant_key(arguments.tenant.as_deref())?;
    let place = context.existing_ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher export activities").await?;
    let mut rows = Rows::new(form, BufWriter::new(io::stdout().lock()));
    let mut as_of_ms = None;
    let mut written = Ok(());
    for seat_type in seat_types {
        let question = ActivitiesQuestion {
            tenant_key: tenant_key.clone(),
            seat_type,
            after: None,
            rows_max: PAGE_ROWS_MAX,
        };
        written = walk(&mut channel, question, &mut rows, &mut as_of_ms).await;
        if written.is_err() {
            break;
        }
    }
    channel.close().await;
    written?;
    let count = rows.finish().map_err(|error| Failure::standard_output(&error))?;
    let as_of_ms = as_of_ms.unwrap_or_default();
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

fn form(name: &str) -> Result<Form, Failure> {
    match name {
        "csv" => Ok(Form::Csv),
        "jsonl" => Ok(Form::JsonLines),
        _ => Err(Failure::usage(words!(
            "--format must be csv or jsonl, not \"{name}\"",
            "--format 应为 csv 或 jsonl，而不是“{name}”"
        ))),
    }
}

/// Walks over all pages of one seat type. The watermark of the very first page is the one of the whole export: every
/// page holds at least what was known then.
async fn walk(
    channel: &mut Channel,
    mut question: ActivitiesQuestion,
    rows: &mut Rows<impl Write>,
    as_of_ms: &mut Option<i64>,
) -> Result<(), Failure> {
    loop {
        let page: ActivitiesAnswer = channel.call(wire::ACTIVITIES, &question).await?;
        as_of_ms.get_or_insert(page.as_of_ms);
        for row in &page.rows {
            rows.write(row)
                .map_err(|error| Failure::standard_output(&error))?;
        }
        question.after = page.rows.last().map(|row| (row.user_id, row.namespace.clone()));
        if !page.has_more || question.after.is_none() {
            return Ok(());
        }
    }
}

/// Rows on their way out.
enum Rows<Stream: Write> {
    Csv(Box<csv::Writer<Stream>>, u64, bool),
    JsonLines(Stream, u64),
}

impl<Stream: Write> Rows<Stream> {
    fn new(form: Form, stream: Stream) -> Self {
        match form {
            Form::Csv => Self::Csv(Box::new(csv::Writer::from_writer(stream)), 0, false),
            Form::JsonLines => Self::JsonLines(stream, 0),
        }
    }

    fn write(&mut self, row: &ActivityLine) -> io::Result<()> {
        match self {
            Self::Csv(writer, count, begun) => {
                *count += 1;
                if !std::mem::replace(begun, true) {
                    writer.write_record(COLUMNS)?;
                }
                writer.write_record([
                    row.seat_type.wire_name(),
                    &row.user_id.to_string(),
                    &safe_cell(row.namespace.as_str()),
                    row.status.wire_name(),
                    &row.active_time_ms.to_string(),
                ])?;
            }
            Self::JsonLines(stream, count) => {
                *count += 1;
                serde_json::to_writer(&mut *stream, row)?;
                stream.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Writes what is still held back, and the header of a table without rows; gives the number of rows.
    fn finish(self) -> io::Result<u64> {
        match self {
            Self::Csv(mut writer, count, begun) => {
                if !begun {
                    writer.write_record(COLUMNS)?;
                }
                writer.flush()?;
                Ok(count)
            }
            Self::JsonLines(mut stream, count) => {
                stream.flush()?;
                Ok(count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(namespace: &str) -> ActivityLine {
        ActivityLine {
            seat_type: SeatType::PerUser,
            user_id: usher_seats::UserId::new(7).unwrap(),
            namespace: namespace.parse().unwrap(),
            status: usher_seats::SeatStatus::InUse,
            active_time_ms: 1_727_199_298_656,
        }
    }

    fn written(form: Form, lines: &[ActivityLine]) -> String {
        let mut bytes = Vec::new();
        let mut rows = Rows::new(form, &mut bytes);
        for line in lines {
            rows.write(line).unwrap();
        }
        assert_eq!(rows.finish().unwrap(), lines.len() as u64);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn both_forms_have_the_same_fields() {
        assert_eq!(
            written(Form::Csv, &[row("crm")]),
            "seat_type,user_id,namespace,status,active_time_ms\nper_user,7,crm,in_use,1727199298656\n"
        );
        assert_eq!(
            written(Form::JsonLines, &[row("crm")]),
            "{\"seat_type\":\"per_user\",\"user_id\":7,\"namespace\":\"crm\",\"status\":\"in_use\",\"active_time_ms\":1727199298656}\n"
        );
    }

    #[test]
    fn an_empty_table_still_has_its_header() {
        assert_eq!(
            written(Form::Csv, &[]),
            "seat_type,user_id,namespace,status,active_time_ms\n"
        );
        assert_eq!(written(Form::JsonLines, &[]), "");
    }
}
