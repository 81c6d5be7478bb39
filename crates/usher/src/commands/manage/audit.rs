//! `usher audit list` and `usher audit export`: records for people and for spreadsheets.
//!
//! Both walk the log page by page, so that memory does not grow with it.

use std::io::{self, BufWriter, Write};

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::spreadsheet::safe_cell;

use super::{Context, Desk};
use crate::{
    arguments::audit::{AuditExportArguments, AuditListArguments, LogArguments, RecordArguments},
    failure::Failure,
    identifiers,
    language::Words,
    moments,
    output::Exit,
    words,
};

const PATH: &str = "/usher/v1/audit-records";
/// Rows of a page. A record may show two long things, so a page has fewer than other lists have.
const PAGE_ROWS: usize = 100;
/// The columns of the table for spreadsheets.
const COLUMNS: [&str; 13] = [
    "sequence",
    "at",
    "actor_kind",
    "actor_name",
    "client_id",
    "address",
    "reason",
    "action",
    "object",
    "object_name",
    "before",
    "after",
    "hash",
];

/// Prints records, one line each.
pub(in crate::commands) async fn list(
    context: &Context<'_>,
    arguments: AuditListArguments,
) -> Result<Exit, Failure> {
    let desk = asking(context, "usher audit list", arguments.log, &arguments.records).await?;
    let mut desk = desk.with(
        "order",
        if arguments.oldest_first {
            "oldest"
        } else {
            "newest"
        },
    );
    let listed = walk(&mut desk, |item| context.output.result(&line(item), item)).await;
    desk.channel.close().await;
    listed.map(|_| Exit::Done)
}

/// Prints records as a table.
pub(in crate::commands) async fn export(
    context: &Context<'_>,
    arguments: AuditExportArguments,
) -> Result<Exit, Failure> {
    let csv = match arguments.format.as_str() {
        "csv" => true,
        "jsonl" => false,
        other => {
            return Err(Failure::usage(words!(
                "--format must be csv or jsonl, not \"{other}\"",
                "--format 应为 csv 或 jsonl，而不是“{other}”"
            )));
        }
    };
    let desk = asking(context, "usher audit export", arguments.log, &arguments.records).await?;
    let mut desk = desk.with("order", "oldest");
    let mut rows = Rows::begin(csv)?;
    let walked = walk(&mut desk, |item| rows.write(item)).await;
    desk.channel.close().await;
    let count = walked?;
    rows.end()?;
    context.output.explain(
        &words!("{count} records", "{count} 条记录"),
        &json!({ "records": count }),
    );
    Ok(Exit::Done)
}

/// Opens the way to a log, with the filters in its query.
async fn asking<'a>(
    context: &'a Context<'a>,
    command: &'static str,
    log: LogArguments,
    records: &RecordArguments,
) -> Result<Desk<'a>, Failure> {
    let object = records.object.as_deref().map(object).transpose()?;
    let filters = [
        ("object", object.map(|(kind, _)| kind.to_owned())),
        ("object_name", object.map(|(_, name)| name.to_owned())),
        (
            "actor_kind",
            records.actor.as_deref().map(|actor| split(actor).0.to_owned()),
        ),
        (
            "actor_name",
            records
                .actor
                .as_deref()
                .and_then(|actor| split(actor).1.map(str::to_owned)),
        ),
        ("from", moment("--from", records.from.as_deref())?),
        ("until", moment("--until", records.until.as_deref())?),
        ("page_size", Some(PAGE_ROWS.to_string())),
    ];
    let tenant = if log.no_tenant {
        String::new()
    } else {
        format!("tenant_key={}", identifiers::tenant_key(log.tenant.as_deref())?)
    };
    let desk = Desk::open(context, log.data, command, tenant).await?;
    let given = filters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    Ok(given.fold(desk, |desk, (name, value)| desk.with(name, &value)))
}

fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(':')
        .map_or((text, None), |(kind, name)| (kind, Some(name)))
}

fn object(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once(':').ok_or_else(|| {
        Failure::usage(words!(
            "--object must be KIND:NAME, such as user:42, not \"{text}\"",
            "--object 应为 KIND:NAME，例如 user:42，而不是“{text}”"
        ))
    })
}

fn moment(flag: &str, text: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(text) = text else { return Ok(None) };
    moments::parse_moment_ms(text).map(|at_ms| Some(at_ms.to_string())).ok_or_else(|| {
        Failure::usage(words!(
            "{flag} must be a date, a moment such as 2026-12-31T08:00:00Z, or milliseconds, not \"{text}\"",
            "{flag} 应为日期、时刻（如 2026-12-31T08:00:00Z）或毫秒数，而不是“{text}”"
        ))
    })
}

/// Walks over all pages; gives the number of records.
async fn walk(
    desk: &mut Desk<'_>,
    mut with: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let (mut count, mut more) = (0, String::new());
    loop {
        let target = format!("{PATH}?{}{more}", desk.tenant);
        let page = desk.channel.manage(Method::GET, &target, None).await?;
        for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
            with(item)?;
            count += 1;
        }
        let Some(page_token) = page.get("page_token").and_then(Value::as_str) else {
            return Ok(count);
        };
        more = format!("&page_token={page_token}");
    }
}

/// A record as one line, the same for every reader but for names of columns, which it has none of.
fn line(item: &Value) -> Words {
    let text = |column: &str| cell(column, item);
    let at = item
        .get("at")
        .and_then(Value::as_i64)
        .map(moments::shown)
        .unwrap_or_default();
    let who = match text("actor_name") {
        name if name.is_empty() => text("actor_kind"),
        name => format!("{}:{name}", text("actor_kind")),
    };
    let mut line = format!(
        "{}  {at}  {who}  {}  {}:{}",
        text("sequence"),
        text("action"),
        text("object"),
        text("object_name")
    );
    for column in ["client_id", "address", "reason"] {
        let more = text(column);
        if !more.is_empty() {
            line.push_str("  ");
            line.push_str(&more);
        }
    }
    for (mark, column) in [("-", "before"), ("+", "after")] {
        let more = text(column);
        if !more.is_empty() {
            line.push_str(&format!("\n    {mark} {more}"));
        }
    }
    Words::same(line)
}

/// A column as a spreadsheet has it; empty where the record says nothing.
fn cell(column: &str, item: &Value) -> String {
    let value = match column {
        "actor_kind" => item.pointer("/actor/kind"),
        "actor_name" => item.pointer("/actor/name"),
        column => item.get(column),
    };
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Number(number)) if column == "at" => {
            number.as_i64().map(moments::exact).unwrap_or_default()
        }
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Rows on their way out.
enum Rows {
    Csv(Box<csv::Writer<io::Stdout>>),
    JsonLines(BufWriter<io::Stdout>),
}

impl Rows {
    fn begin(csv: bool) -> Result<Self, Failure> {
        if !csv {
            return Ok(Self::JsonLines(BufWriter::new(io::stdout())));
        }
        let mut writer = csv::Writer::from_writer(io::stdout());
        writer
            .write_record(COLUMNS)
            .map_err(|error| broken(&error.into()))?;
        Ok(Self::Csv(Box::new(writer)))
    }

    fn write(&mut self, item: &Value) -> Result<(), Failure> {
        match self {
            Self::Csv(writer) => {
                let cells = COLUMNS.map(|column| cell(column, item));
                let safe = cells.iter().map(|cell| safe_cell(cell).into_owned());
                writer.write_record(safe).map_err(|error| broken(&error.into()))
            }
            Self::JsonLines(stream) => writeln!(stream, "{item}").map_err(|error| broken(&error)),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self {
            Self::Csv(mut writer) => writer.flush().map_err(|error| broken(&error)),
            Self::JsonLines(mut stream) => stream.flush().map_err(|error| broken(&error)),
        }
    }
}

fn broken(error: &io::Error) -> Failure {
    Failure::standard_output(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn item() -> Value {
        json!({
            "sequence": 7, "at": 1_727_199_298_656_i64, "actor": {"kind": "user", "name": "1"},
            "client_id": "cli_console", "reason": "=1+1", "action": "user.created", "object": "user",
            "object_name": "42", "before": null, "after": {"name": "Ann"}, "hash": "5a",
        })
    }

    #[test]
    fn a_record_is_a_line_and_what_it_shows() {
        assert_eq!(
            line(&item()).text(Language::English),
            "7  2024-09-24 17:34:58 UTC  user:1  user.created  user:42  cli_console  =1+1\n    + {\"name\":\"Ann\"}"
        );
    }

    #[test]
    fn a_record_is_a_row() {
        let cells = COLUMNS.map(|column| cell(column, &item()));
        assert_eq!(
            cells,
            [
                "7",
                "2024-09-24T17:34:58Z",
                "user",
                "1",
                "cli_console",
                "",
                "=1+1",
                "user.created",
                "user",
                "42",
                "",
                r#"{"name":"Ann"}"#,
                "5a",
            ]
        );
    }

    #[test]
    fn filters_are_a_kind_and_a_name() {
        assert_eq!(object("seat:per_user:42").unwrap(), ("seat", "per_user:42"));
        assert!(object("seat").is_err());
        assert_eq!(split("system"), ("system", None));
        assert_eq!(
            moment("--from", Some("2026-01-01")).unwrap().as_deref(),
            Some("1767225600000")
        );
        assert!(moment("--from", Some("yesterday")).is_err());
    }
}
