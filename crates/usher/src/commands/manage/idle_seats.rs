//! `usher report idle`: which seats lie idle, and what says so.
//!
//! The report is walked page by page, so that memory does not grow with it. A page may be empty and not the last.

use std::{
    io::{self, Write},
    path::Path,
};

use hyper::Method;
use serde_json::{Value, json};
use usher_http::manage::IDLE_SEATS_COLUMNS as COLUMNS;
use usher_seats::{GroupKey, Namespace, overview::IDLE_DAYS_EDGES, spreadsheet::safe_cell};

use super::{Context, Desk, report_file, sparkline::sparkline, text};
use crate::{
    arguments::report::ReportIdleArguments,
    failure::Failure,
    identifiers,
    language::Language,
    moments,
    output::{Exit, Output},
    words,
};

const PATH: &str = "/usher/v1/reports/idle_seats";
/// Rows of a page: the most the API gives at once.
const PAGE_ROWS: usize = 500;
/// The widths of the columns for people, but for the last two, which are as wide as they are.
const WIDTHS: [usize; 5] = [12, 6, 14, 12, 9];

/// Prints the report.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: ReportIdleArguments,
) -> Result<Exit, Failure> {
    let (csv, html) = (arguments.csv, arguments.html.clone());
    let mut desk = asking(context, arguments).await?;
    let told = match html {
        Some(path) => write_file(&mut desk, context.output, &path).await,
        None => tell(&mut desk, context.output, csv).await,
    };
    desk.channel.close().await;
    told.map(|()| Exit::Done)
}

/// Opens the way, with the filters in its query.
async fn asking<'a>(context: &'a Context<'a>, arguments: ReportIdleArguments) -> Result<Desk<'a>, Failure> {
    let seat_type = arguments
        .seat_type
        .as_deref()
        .map(identifiers::seat_type)
        .transpose()?;
    let app: Option<Namespace> = arguments.app.as_deref().map(identifiers::parse).transpose()?;
    let group: Option<GroupKey> = arguments.group.as_deref().map(identifiers::parse).transpose()?;
    let everybody = arguments.idle_days == Some(0) && !arguments.never_used;
    let filters = [
        ("idle_days", arguments.idle_days.map(|days| days.to_string())),
        ("never_used", arguments.never_used.then(|| "true".to_owned())),
        (
            "seat_type",
            seat_type.map(|seat_type| seat_type.wire_name().to_owned()),
        ),
        ("namespace", app.map(|app| app.to_string())),
        ("group_key", group.map(|group| group.to_string())),
        ("verdict", arguments.verdict),
        ("sort", everybody.then(|| "user_id".to_owned())),
        ("page_size", Some(PAGE_ROWS.to_string())),
    ];
    let desk = Desk::of_tenant(context, arguments.place, "usher report idle").await?;
    let given = filters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    Ok(given.fold(desk, |desk, (name, value)| desk.with(name, &value)))
}

/// Writes all pages into a file for browsers.
async fn write_file(desk: &mut Desk<'_>, output: &Output, path: &Path) -> Result<(), Failure> {
    let organisation = report_file::organisation(desk).await?;
    let mut file = report_file::Idle::default();
    let walked = walk(desk, |item| {
        file.take(item);
        Ok(())
    })
    .await?;
    file.write(output, path, &organisation, walked.as_of_ms)
}

/// Prints all pages.
async fn tell(desk: &mut Desk<'_>, output: &Output, csv: bool) -> Result<(), Failure> {
    let mut lines = Lines::begin(output, csv)?;
    let Walked {
        count,
        as_of_ms,
        idle_days,
    } = walk(desk, |item| lines.write(item)).await?;
    lines.end()?;
    let as_of = moments::shown(as_of_ms);
    let line = sparkline(&idle_days);
    let edges = IDLE_DAYS_EDGES.map(|edge| edge.to_string()).join(", ");
    output.explain(
        &words!(
            "{count} seats, as of {as_of} (as_of {as_of_ms})\n{line}  by days idle: from {edges}",
            "{count} 个席位，截至 {as_of}（as_of {as_of_ms}）\n{line}  按闲置天数：起始于 {edges}"
        ),
        &json!({ "seats": count, "as_of": as_of_ms }),
    );
    Ok(())
}

/// What all pages come to.
pub(super) struct Walked {
    count: u64,
    as_of_ms: i64,
    /// Seats by days idle, in the steps of [`IDLE_DAYS_EDGES`].
    idle_days: [u64; 9],
}

/// In which step of [`IDLE_DAYS_EDGES`] a seat lies.
pub(super) fn step_of(item: &Value) -> usize {
    let days = item.get("days_idle").and_then(Value::as_u64).unwrap_or_default();
    let step = IDLE_DAYS_EDGES.iter().rposition(|edge| u64::from(*edge) <= days);
    step.unwrap_or_default()
}

/// Reads all pages. The watermark of the first page is that of the whole report: later pages know at least as much.
async fn walk(
    desk: &mut Desk<'_>,
    mut take: impl FnMut(&Value) -> Result<(), Failure>,
) -> Result<Walked, Failure> {
    let (mut count, mut as_of_ms, mut more) = (0_u64, None, String::new());
    let mut idle_days = [0; IDLE_DAYS_EDGES.len()];
    loop {
        let target = format!("{PATH}?{}{more}", desk.tenant);
        let page = desk.channel.manage(Method::GET, &target, None).await?;
        as_of_ms = as_of_ms.or(page.get("as_of").and_then(Value::as_i64));
        let items = page.get("items").and_then(Value::as_array);
        for item in items.into_iter().flatten() {
            take(item)?;
            count += 1;
            if let Some(seats) = idle_days.get_mut(step_of(item)) {
                *seats += 1;
            }
        }
        let Some(page_token) = page.get("page_token").and_then(Value::as_str) else {
            break;
        };
        more = format!("&page_token={page_token}");
    }
    Ok(Walked {
        count,
        as_of_ms: as_of_ms.unwrap_or_default(),
        idle_days,
    })
}

/// Rows on their way out.
enum Lines<'a> {
    Csv(Box<csv::Writer<io::Stdout>>),
    Plain(&'a Output),
}

impl<'a> Lines<'a> {
    fn begin(output: &'a Output, csv: bool) -> Result<Self, Failure> {
        if csv {
            let mut writer = csv::Writer::from_writer(io::stdout());
            writer
                .write_record(COLUMNS)
                .map_err(|error| broken(&error.into()))?;
            return Ok(Self::Csv(Box::new(writer)));
        }
        if !output.json {
            output.document(&heading(output.language))?;
        }
        Ok(Self::Plain(output))
    }

    fn write(&mut self, item: &Value) -> Result<(), Failure> {
        match self {
            Self::Csv(writer) => {
                let cells = COLUMNS.map(|column| cell(column, item));
                let safe = cells.iter().map(|cell| safe_cell(cell).into_owned());
                writer.write_record(safe).map_err(|error| broken(&error.into()))
            }
            Self::Plain(output) if output.json => output.plain("", item),
            Self::Plain(output) => output.document(&line(item, output.language)),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self {
            Self::Csv(mut writer) => writer.flush().map_err(|error| broken(&error)),
            Self::Plain(_) => io::stdout().flush().map_err(|error| broken(&error)),
        }
    }
}

fn broken(error: &io::Error) -> Failure {
    Failure::standard_output(error)
}

/// A field as a spreadsheet has it: moments as RFC 3339 writes them, because people sort and filter them.
pub(super) fn cell(column: &str, item: &Value) -> String {
    match item.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) if is_moment(column) => {
            number.as_i64().map(moments::exact).unwrap_or_default()
        }
        Some(other) => other.to_string(),
    }
}

fn is_moment(column: &str) -> bool {
    column.ends_with("_at") || column == "idle_since"
}

fn heading(language: Language) -> String {
    let words = match language {
        Language::English => [
            "VERDICT",
            "DAYS",
            "LAST ADMITTED",
            "NEXT DATE",
            "REFUSED",
            "SEAT",
            "NAME",
        ],
        Language::Chinese => ["结论", "天数", "最近准入", "下一日期", "被拒次数", "席位", "姓名"],
    };
    row(&words.map(str::to_owned))
}

fn line(item: &Value, language: Language) -> String {
    let number = |field: &str| {
        item.get(field)
            .and_then(Value::as_u64)
            .unwrap_or_default()
            .to_string()
    };
    let date = |field: &str| item.get(field).and_then(Value::as_i64).map(moments::date);
    let never = match language {
        Language::English => "never",
        Language::Chinese => "从未",
    };
    row(&[
        verdict(text(item, "verdict"), language).to_owned(),
        number("days_idle"),
        date("last_admitted_at").unwrap_or_else(|| never.to_owned()),
        date("next_at").unwrap_or_else(|| "-".to_owned()),
        number("refused_attempts"),
        text(item, "seat").to_owned(),
        text(item, "user_name").to_owned(),
    ])
}

fn row(cells: &[String; 7]) -> String {
    let [.., seat, name] = cells;
    let padded = cells.iter().zip(WIDTHS).map(|(cell, width)| {
        let spaces = width.saturating_sub(columns_of(cell));
        format!("{cell}{}", " ".repeat(spaces))
    });
    format!("{}{seat}  {name}", padded.collect::<String>())
}

/// Columns of a text on a terminal: characters beyond ASCII in these tables are Chinese, and as wide as two.
fn columns_of(text: &str) -> usize {
    text.chars()
        .map(|character| if character.is_ascii() { 1 } else { 2 })
        .sum()
}

pub(super) fn verdict(name: &str, language: Language) -> &str {
    match (language, name) {
        (Language::Chinese, "protected") => "受保护",
        (Language::Chinese, "on_leave") => "休假中",
        (Language::Chinese, "new") => "新分配",
        (Language::Chinese, "redundant") => "重复",
        (Language::Chinese, "never_used") => "从未使用",
        (Language::Chinese, "idle") => "闲置",
        (Language::Chinese, "in_use") => "使用中",
        (Language::English, "on_leave") => "on leave",
        (Language::English, "never_used") => "never used",
        (Language::English, "in_use") => "in use",
        (_, name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat() -> Value {
        json!({
            "seat": "per_user:7", "user_id": 7, "user_name": "=李雷", "seat_type": "per_user", "namespace": null,
            "verdict": "never_used", "days_idle": 120, "idle_since": 1_393_974_978_000_i64,
            "assigned_at": 1_393_974_978_000_i64, "last_admitted_at": null, "refused_attempts": 2, "next_at": null,
            "expires_at": null, "protected_reason": null, "on_leave": false, "new": false, "redundant": false,
            "never_used": true,
        })
    }

    #[test]
    fn lines_stand_below_their_heading_in_both_languages() {
        assert_eq!(
            [heading(Language::English), line(&seat(), Language::English)],
            [
                "VERDICT     DAYS  LAST ADMITTED NEXT DATE   REFUSED  SEAT  NAME",
                "never used  120   never         -           2        per_user:7  =李雷"
            ]
        );
        assert_eq!(
            [heading(Language::Chinese), line(&seat(), Language::Chinese)],
            [
                "结论        天数  最近准入      下一日期    被拒次数 席位  姓名",
                "从未使用    120   从未          -           2        per_user:7  =李雷"
            ]
        );
    }

    #[test]
    fn a_cell_says_moments_exactly_and_nothing_where_nothing_is() {
        assert_eq!(cell("assigned_at", &seat()), "2014-03-04T23:16:18Z");
        assert_eq!(cell("last_admitted_at", &seat()), "");
        assert_eq!(cell("days_idle", &seat()), "120");
        assert_eq!(cell("never_used", &seat()), "true");
    }
}
