//! `usher store copy`: a whole ledger moves from one engine to another.
//!
//! How that is done safely is told in `usher_store::portable::copying`. Here are the two ends as the command line names them,
//! the key that must go along, what a person sees, and why it was not done.

mod ends;
mod key;
mod watching;

use serde_json::json;
use usher_store::{
    StoreError,
    portable::{CopyError, CopyReport, SectionReport, begin},
};

use self::{
    ends::{Arrival, Departure, End},
    watching::Watcher,
};
use super::super::Context;
use crate::{
    arguments::store::CopyArguments,
    failure::Failure,
    language::Words,
    output::{Exit, Output},
    words,
};

/// Copies a ledger, or goes on where an earlier attempt was broken off.
///
/// # Errors
/// Why it was not done.
pub(super) async fn run(context: &Context<'_>, arguments: CopyArguments) -> Result<Exit, Failure> {
    let from = End::departure(context, &arguments)?;
    let to = End::arrival(context, &arguments)?;
    if from.to_string() == to.to_string() {
        return Err(Failure::usage(words!(
            "--from and --to are the same place",
            "--from 与 --to 是同一处"
        )));
    }
    let mut source = from.depart().await?;
    let moved = match to.arrive().await {
        Ok(mut target) => move_house(context.output, (&from, &mut source), (&to, &mut target)).await,
        Err(failure) => Err(failure),
    };
    source.close().await;
    moved.map(|()| Exit::Done)
}

async fn move_house(
    output: &Output,
    (from, source): (&End, &mut Departure),
    (to, target): (&End, &mut Arrival),
) -> Result<(), Failure> {
    let failed = |error| failure(from, to, error);
    let under_way = begin(source.source(), target.target()).await.map_err(failed)?;
    // Before the first row, so that whoever serves the copy when it is whole has the key that its secrets are sealed with.
    if let Some(content) = key::of_source(from, source).await? {
        key::keep(to, target, &content).await?;
    }
    let watcher = Watcher::begin(output);
    let report = under_way
        .complete(source.source(), target.target(), &mut |step| watcher.see(step))
        .await;
    watcher.end();
    say(output, &report.map_err(failed)?, from, to)
}

/// Says what every section came to on both sides.
fn say(output: &Output, report: &CopyReport, from: &End, to: &End) -> Result<(), Failure> {
    for section in &report.sections {
        let SectionReport {
            section: name,
            source,
            target,
        } = section;
        let rows = source.rows;
        let line = Words::same(format!("{name:<22} {rows:>10}  {source} = {target}"));
        let machine = json!({
            "section": name,
            "rows": rows,
            "source_digest": source.to_string(),
            "target_digest": target.to_string(),
        });
        output.result(&line, &machine)?;
    }
    let rows: u64 = report.sections.iter().map(|section| section.source.rows).sum();
    output.explain(
        &words!(
            "copied {rows} rows from {from} to {to}; every section adds up to the same on both sides",
            "已将 {rows} 行从 {from} 复制到 {to}；两边各部分的摘要全部一致"
        ),
        &json!({ "rows": rows, "from": from.to_string(), "to": to.to_string(), "resumed": report.resumed }),
    );
    Ok(())
}

/// Why a ledger was not copied.
fn failure(from: &End, to: &End, error: CopyError) -> Failure {
    let again = words!(
        "usher store copy --from {from} --to {to}",
        "usher store copy --from {from} --to {to}"
    );
    match error {
        CopyError::TargetNotEmpty { section } => Failure::failed(words!(
            "{to} holds a ledger already (it has {section}); name an empty file or database",
            "{to} 中已有账本（其中有 {section}）；请指定空的文件或数据库"
        )),
        CopyError::CopyOfAnother { source_address } => Failure::failed(words!(
            "{to} holds the beginning of a copy of {source_address}; end that copy, or name another place",
            "{to} 中是 {source_address} 尚未完成的副本；请先完成该复制，或指定另一处"
        )),
        CopyError::Differs(report) => {
            let section = report.section;
            Failure::failed(words!(
                "{section} is not the same on both sides: the source has changed since the copy began; the same command begins anew",
                "{section} 在两边不一致：复制开始后来源发生了变化；再次执行同一命令将重新开始"
            ))
            .next(again)
        }
        CopyError::Source(error) => of_end(from, error).next(again),
        CopyError::Target(error) => of_end(to, error).next(again),
    }
}

fn of_end(end: &End, error: StoreError) -> Failure {
    match error {
        StoreError::Unavailable { detail } => Failure::new(
            Exit::Unavailable,
            words!(
                "{end}: {detail}; the same command goes on where this one ended",
                "{end}：{detail}；再次执行同一命令将从中断处继续"
            ),
        ),
        error => {
            let detail = detailed(&error);
            Failure::failed(words!("{end}: {detail}", "{end}：{detail}"))
        }
    }
}

fn detailed(error: &StoreError) -> String {
    match error {
        StoreError::Broken { detail } => detail.clone(),
        error => error.to_string(),
    }
}
