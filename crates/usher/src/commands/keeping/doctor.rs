//! `usher doctor`: is everything as it must be, and what is to be done if not?
//!
//! It changes nothing and stops nobody; a server may be running. Each check is a line: `ok`, `warning` for what works now and
//! may not tomorrow, `FAULT` for what is wrong. A fault makes the command fail.

mod place;

use serde_json::json;
use usher_postgres::PostgresStore;
use usher_sqlite::{Check, Checked, Examiner, Fault};
use usher_store::{
    Store,
    audit::{AUDIT_SLICE_ROWS_MAX, Verifier},
};

use super::{super::Context, faults};
use crate::{
    arguments::keeping::DoctorArguments,
    clock::SystemClock,
    failure::Failure,
    language::{Language, Words},
    ledger::{Obstacle, obstacles},
    ledger_place::LedgerPlace,
    moments,
    output::{Exit, Output},
    settings::{ServeSettings, store::StoreSettings},
    words,
};

/// How far a clock may stand behind what was written by it: clocks are set by some seconds now and then.
const CLOCK_BEHIND_MS: i64 = 5 * 60 * 1_000;
/// A clock that shows less was never set: 2024-01-01, before there was Usher.
const CLOCK_UNSET_MS: i64 = 1_704_067_200_000;
/// Tenants of one look into a database.
const TENANTS_AT_ONCE: usize = 500;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    Warning,
    Fault,
}

/// Tells what is found, line by line.
pub(super) struct Report<'a> {
    output: &'a Output,
    warnings: u64,
    faults: u64,
}

impl Report<'_> {
    /// Something is as it must be.
    pub(super) fn fine(&mut self, check: &str, words: &Words) -> Result<(), Failure> {
        self.say(check, State::Fine, words, None)
    }

    /// Something works now and may not tomorrow.
    pub(super) fn warn(&mut self, check: &str, words: &Words, next: Option<&str>) -> Result<(), Failure> {
        self.warnings += 1;
        self.say(check, State::Warning, words, next)
    }

    /// Something is wrong.
    pub(super) fn fault(&mut self, check: &str, words: &Words, next: Option<&str>) -> Result<(), Failure> {
        self.faults += 1;
        self.say(check, State::Fault, words, next)
    }

    /// Something is wrong, as a failure says it.
    pub(super) fn failed(&mut self, check: &str, failure: &Failure) -> Result<(), Failure> {
        let next = failure
            .next
            .as_ref()
            .map(|next| next.text(Language::English).to_owned());
        self.fault(check, &failure.words, next.as_deref())
    }

    fn say(&mut self, check: &str, state: State, words: &Words, next: Option<&str>) -> Result<(), Failure> {
        let (name, shown) = match state {
            State::Fine => ("ok", words!("ok     ", "正常")),
            State::Warning => ("warning", words!("warning", "警告")),
            State::Fault => ("fault", words!("FAULT  ", "故障")),
        };
        let line = |language| {
            let (shown, text) = (shown.text(language), words.text(language));
            let mut line = format!("{shown}  {check:<11} {text}");
            if let Some(next) = next {
                line.push_str("\n         -> ");
                line.push_str(next);
            }
            line
        };
        let machine = json!({
            "check": check,
            "state": name,
            "message": words.text(self.output.language),
            "next": next,
        });
        self.output.result(
            &Words::new(line(Language::English), line(Language::Chinese)),
            &machine,
        )
    }
}

/// Looks at everything.
///
/// # Errors
/// When the report cannot be written. What is wrong with the ledger is the report's content.
pub(in crate::commands) async fn run(
    context: &Context<'_>,
    arguments: DoctorArguments,
) -> Result<Exit, Failure> {
    let mut report = Report {
        output: context.output,
        warnings: 0,
        faults: 0,
    };
    look(context, &arguments, &mut report).await?;
    let Report { warnings, faults, .. } = report;
    let words = if faults > 0 {
        words!(
            "{faults} faults, {warnings} warnings",
            "{faults} 项故障，{warnings} 项警告"
        )
    } else if warnings > 0 {
        words!(
            "nothing is wrong; {warnings} warnings",
            "没有故障；{warnings} 项警告"
        )
    } else {
        words!("everything is as it must be", "一切正常")
    };
    context
        .output
        .explain(&words, &json!({ "faults": faults, "warnings": warnings }));
    Ok(if faults > 0 { Exit::Failed } else { Exit::Done })
}

async fn look(
    context: &Context<'_>,
    arguments: &DoctorArguments,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let layers = context.layers(arguments.data.clone().into())?;
    match ServeSettings::read(&layers) {
        Ok(_) => report.fine(
            "settings",
            &words!("every setting can be read", "各项设置均可读取"),
        )?,
        Err(failure) => report.failed("settings", &failure)?,
    }
    let settings = match StoreSettings::read(&layers) {
        Ok(settings) => settings,
        Err(failure) => return report.failed("store", &failure),
    };
    match LedgerPlace::existing(&settings) {
        Ok(LedgerPlace::File { folder, path }) => {
            place::look(&folder, &path, report).await?;
            file(&path, arguments.deep, report).await
        }
        Ok(place) => database(place, arguments.deep, report).await,
        Err(failure) => report.failed("folder", &failure),
    }
}

/// The file of a ledger.
async fn file(path: &std::path::Path, deep: bool, report: &mut Report<'_>) -> Result<(), Failure> {
    let examiner = match Examiner::open(path) {
        Ok(examiner) => examiner,
        Err(error) => {
            return match obstacles::of_file(path, error) {
                Obstacle::Failure(failure) => report.failed("file", &failure),
                Obstacle::Held(_) => Ok(()),
            };
        }
    };
    let (found, known) = (examiner.schema_version(), usher_sqlite::SCHEMA_VERSION);
    if found == known {
        report.fine(
            "file",
            &words!("a store of schema {found}", "结构版本为 {found} 的存储"),
        )?;
    } else {
        report.warn(
            "file",
            &words!(
                "a store of schema {found}; the next start brings it up to {known}, and only then counts are checked",
                "结构版本为 {found} 的存储；下次启动将升级到 {known}，之后才检查各项计数"
            ),
            None,
        )?;
    }
    clock(examiner.newest_moment_ms().ok().flatten(), report)?;
    if !deep {
        return Ok(());
    }
    // The examiner moves to a thread that may block and back, check by check, so that each is told when it is known.
    let mut examiner = examiner;
    for check in Check::ALL {
        let looked = tokio::task::spawn_blocking(move || {
            let checked = examiner.check(check);
            (examiner, checked)
        });
        let (back, checked) = looked.await.map_err(|error| {
            Failure::failed(words!("a check did not end: {error}", "检查未能结束：{error}"))
        })?;
        examiner = back;
        tell(check, &checked, report)?;
    }
    Ok(())
}

fn tell(check: Check, checked: &Checked, report: &mut Report<'_>) -> Result<(), Failure> {
    if checked.faults.is_empty() {
        return report.fine(check.name(), &faults::whole(check, checked.looked_at));
    }
    for fault in &checked.faults {
        let words = faults::fault(fault);
        match fault {
            Fault::NoPageSums => report.warn(check.name(), &words, None)?,
            Fault::LogTorn => report.warn(check.name(), &words, None)?,
            _ => report.fault(check.name(), &words, Some("usher restore FILE --data DIR"))?,
        }
    }
    if checked.faults_unnamed > 0 {
        let more = checked.faults_unnamed;
        report.fault(check.name(), &words!("{more} more", "另有 {more} 项"), None)?;
    }
    Ok(())
}

/// The clock against what was written by it.
fn clock(newest_ms: Option<i64>, report: &mut Report<'_>) -> Result<(), Failure> {
    let now_ms = SystemClock.now_ms();
    let now = moments::shown(now_ms);
    if now_ms < CLOCK_UNSET_MS {
        return report.fault(
            "clock",
            &words!("the clock was never set: {now}", "时钟从未校准：{now}"),
            Some("timedatectl set-ntp true"),
        );
    }
    match newest_ms {
        Some(newest_ms) if newest_ms > now_ms + CLOCK_BEHIND_MS => {
            let newest = moments::shown(newest_ms);
            report.fault(
                "clock",
                &words!(
                    "it is {now}, but something was written at {newest}: one of the two is wrong",
                    "现在是 {now}，但有内容写于 {newest}：二者之一有误"
                ),
                Some("timedatectl status"),
            )
        }
        _ => report.fine("clock", &words!("it is {now}", "现在是 {now}")),
    }
}

/// A database: that it answers, and with `--deep` every audit log. Its pages are looked after by PostgreSQL.
async fn database(place: LedgerPlace, deep: bool, report: &mut Report<'_>) -> Result<(), Failure> {
    let LedgerPlace::Database { address, options, .. } = place else {
        return Ok(());
    };
    let store = match PostgresStore::open_at(&address, &options).await {
        Ok(store) => store,
        Err(error) => return report.failed("database", &obstacles::of_database(&address, &error)),
    };
    let looked = in_database(&address, &store, deep, report).await;
    store.close().await;
    looked
}

async fn in_database(
    address: &usher_postgres::DatabaseAddress,
    store: &PostgresStore,
    deep: bool,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    report.fine("database", &words!("{address} answers", "{address} 正常应答"))?;
    clock(None, report)?;
    if !deep {
        return Ok(());
    }
    let mut checked = Checked::default();
    verify(store, None, &mut checked).await?;
    let mut after = None;
    loop {
        let tenants = store.tenants(after, TENANTS_AT_ONCE).await?;
        for tenant in &tenants {
            verify(store, Some(tenant.tenant_id), &mut checked).await?;
        }
        match tenants.into_iter().last() {
            Some(last) => after = Some(last.tenant_key),
            None => break,
        }
    }
    tell(Check::AuditLogs, &checked, report)
}

async fn verify(
    store: &PostgresStore,
    tenant_id: Option<usher_seats::TenantId>,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let mut verifier = Verifier::new(tenant_id);
    loop {
        let slice = store
            .audit_slice(tenant_id, verifier.sequence(), AUDIT_SLICE_ROWS_MAX)
            .await?;
        verifier.take(&slice);
        if slice.records.len() < AUDIT_SLICE_ROWS_MAX {
            break;
        }
    }
    let verdict = verifier.finish();
    checked.looked_at += verdict.records;
    checked.faults_unnamed += verdict.faults_unnamed;
    let tenant_id = tenant_id.map(|tenant_id| tenant_id.0);
    let faults = verdict.faults.into_iter();
    checked
        .faults
        .extend(faults.map(|fault| Fault::Audit { tenant_id, fault }));
    Ok(())
}
