//! `usher report usage`: how many people were active, day by day, week by week or month by month.

use hyper::Method;
use serde_json::{Value, json};
use usher_seats::{Day, Namespace};

use super::{Context, Desk, report_file, sparkline::sparkline, text};
use crate::{
    arguments::report::ReportUsageArguments,
    failure::Failure,
    identifiers, moments,
    output::{Exit, Output},
    words,
};

const PATH: &str = "/usher/v1/reports/usage";
/// The columns of the table for spreadsheets. Dates, numbers, `true` and `false`: none needs quotes, and no spreadsheet
/// takes one for a formula.
const COLUMNS: &str = "first_day,last_day,active_people,complete";

/// Prints the report.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: ReportUsageArguments,
) -> Result<Exit, Failure> {
    let (csv, html) = (arguments.csv, arguments.html.clone());
    let mut desk = asking(context, arguments).await?;
    let answered = desk.call(Method::GET, PATH, None).await;
    let organisation = match html {
        Some(_) => report_file::organisation(&mut desk).await,
        None => Ok(String::new()),
    };
    desk.channel.close().await;
    let report = answered?;
    match html {
        Some(path) => report_file::usage(context.output, &path, &organisation?, &report)?,
        None => print(context.output, &report, csv)?,
    }
    Ok(Exit::Done)
}

/// Opens the way, with what is asked for in its query.
async fn asking<'a>(context: &'a Context<'a>, arguments: ReportUsageArguments) -> Result<Desk<'a>, Failure> {
    let seat_type = arguments.seat_type.as_deref().map(identifiers::seat_type);
    let app = arguments.app.as_deref().map(identifiers::parse::<Namespace>);
    let day = |text: Option<String>| text.as_deref().map(identifiers::parse::<Day>).transpose();
    let asked = [
        ("from", day(arguments.from)?.map(|day| day.to_string())),
        ("until", day(arguments.until)?.map(|day| day.to_string())),
        ("window", arguments.window),
        (
            "seat_type",
            seat_type
                .transpose()?
                .map(|seat_type| seat_type.wire_name().to_owned()),
        ),
        ("namespace", app.transpose()?.map(|app| app.to_string())),
    ];
    let desk = Desk::of_tenant(context, arguments.place, "usher report usage").await?;
    let given = asked.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Ok(given.fold(desk, |desk, (name, value)| desk.with(name, &value)))
}

fn print(output: &Output, report: &Value, csv: bool) -> Result<(), Failure> {
    if csv {
        output.document(COLUMNS)?;
    }
    let items = report.get("items").and_then(Value::as_array);
    let mut figures = Vec::new();
    for item in items.into_iter().flatten() {
        let (first, last) = (text(item, "first_day"), text(item, "last_day"));
        let people = item
            .get("active_people")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        figures.push(people);
        let complete = item.get("complete").and_then(Value::as_bool).unwrap_or_default();
        if csv {
            output.document(&format!("{first},{last},{people},{complete}"))?;
            continue;
        }
        let days = if first == last {
            first.to_owned()
        } else {
            format!("{first}..{last}")
        };
        let line = if complete {
            words!("{days}  {people}", "{days}  {people}")
        } else {
            words!("{days}  {people}  so far", "{days}  {people}  截至目前")
        };
        output.result(&line, item)?;
    }
    let as_of_ms = report.get("as_of").and_then(Value::as_i64).unwrap_or_default();
    let (as_of, zone) = (moments::shown(as_of_ms), text(report, "time_zone"));
    let (line, most) = (
        sparkline(&figures),
        figures.iter().max().copied().unwrap_or_default(),
    );
    output.explain(
        &words!(
            "{line}  0 to {most} people\nas of {as_of} (as_of {as_of_ms}), days in {zone}",
            "{line}  0 到 {most} 人\n截至 {as_of}（as_of {as_of_ms}），日期按 {zone}"
        ),
        &json!({ "as_of": as_of_ms, "time_zone": zone }),
    );
    Ok(())
}
