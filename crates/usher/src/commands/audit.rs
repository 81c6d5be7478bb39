//! `usher audit`: records are printed by [`manage::audit`](super::manage::audit); here the log is verified.

use hyper::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use usher_seats::TenantKey;
use usher_store::{
    AuditHead,
    audit::{AuditFault, AuditVerdict},
};

use super::{Context, manage};
use crate::{
    arguments::audit::{AuditCommand, AuditVerifyArguments},
    control::{
        Channel,
        wire::{self, AuditVerifyAnswer, AuditVerifyQuestion, AuditWalk},
    },
    failure::Failure,
    identifiers,
    language::Words,
    output::Exit,
    words,
};

/// Rows of a page of tenants: the most the API gives at once.
const PAGE_ROWS: usize = 500;

/// Does one of them.
pub(super) async fn run(context: &Context<'_>, command: AuditCommand) -> Result<Exit, Failure> {
    match command {
        AuditCommand::List(arguments) => manage::audit::list(context, arguments).await,
        AuditCommand::Export(arguments) => manage::audit::export(context, arguments).await,
        AuditCommand::Verify(arguments) => verify(context, arguments).await,
    }
}

/// Walks along one log or all of them. A fault is a failure of the command, so that a script notices it.
async fn verify(context: &Context<'_>, arguments: AuditVerifyArguments) -> Result<Exit, Failure> {
    let expected = arguments.expect.as_deref().map(read_head).transpose()?;
    let tenant_key = identifiers::tenant_key(arguments.log.tenant.as_deref())?;
    let place = context.existing_ledger(arguments.log.data)?;
    let mut channel = Channel::reach(&place, "usher audit verify").await?;
    let verified = if arguments.all {
        verify_all(context, &mut channel).await
    } else {
        let log = (!arguments.log.no_tenant).then_some(tenant_key);
        verify_one(context, &mut channel, log, expected).await
    };
    channel.close().await;
    Ok(if verified? { Exit::Done } else { Exit::Failed })
}

fn read_head(text: &str) -> Result<AuditHead, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(words!(
            "--expect must be SEQUENCE:HASH as `usher audit verify` prints it, not \"{text}\"",
            "--expect 应为 `usher audit verify` 所打印的 SEQUENCE:HASH，而不是“{text}”"
        ))
    })
}

async fn verify_all(context: &Context<'_>, channel: &mut Channel) -> Result<bool, Failure> {
    let mut whole = verify_one(context, channel, None, None).await?;
    let mut more = String::new();
    loop {
        let target = format!("/usher/v1/tenants?page_size={PAGE_ROWS}{more}");
        let page = channel.manage(Method::GET, &target, None).await?;
        for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
            let tenant_key = item.get("tenant_key").and_then(Value::as_str).unwrap_or_default();
            let tenant_key: TenantKey = identifiers::parse(tenant_key)?;
            whole &= verify_one(context, channel, Some(tenant_key), None).await?;
        }
        let Some(page_token) = page.get("page_token").and_then(Value::as_str) else {
            return Ok(whole);
        };
        more = format!("&page_token={page_token}");
    }
}

/// Walks along one log and says what was found; true when it is whole.
async fn verify_one(
    context: &Context<'_>,
    channel: &mut Channel,
    tenant_key: Option<TenantKey>,
    expected: Option<AuditHead>,
) -> Result<bool, Failure> {
    let bar = if context.output.shows_progress() {
        ProgressBar::new(0).with_style(style())
    } else {
        ProgressBar::hidden()
    };
    let mut walk = AuditWalk::Begin {
        tenant_key: tenant_key.clone(),
        expected,
    };
    let verdict = loop {
        match channel
            .call(wire::AUDIT_VERIFY, &AuditVerifyQuestion { walk })
            .await?
        {
            AuditVerifyAnswer::Stretch {
                records,
                records_expected,
                walk: next,
            } => {
                bar.set_length(records_expected.unsigned_abs());
                bar.set_position(records);
                walk = AuditWalk::GoOn(next);
            }
            AuditVerifyAnswer::Verdict(verdict) => break verdict,
        }
    };
    bar.finish_and_clear();
    context.output.result(
        &told(tenant_key.as_ref(), &verdict),
        &machine(tenant_key.as_ref(), &verdict),
    )?;
    Ok(verdict.is_whole())
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {per_sec}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn machine(tenant_key: Option<&TenantKey>, verdict: &AuditVerdict) -> Value {
    json!({
        "tenant_key": tenant_key,
        "whole": verdict.is_whole(),
        "records": verdict.records,
        "head": verdict.head.map(|head| head.to_string()),
        "faults": verdict.faults,
        "faults_unnamed": verdict.faults_unnamed,
    })
}

/// What was found, a line each.
fn told(tenant_key: Option<&TenantKey>, verdict: &AuditVerdict) -> Words {
    let log = tenant_key.map_or_else(
        || words!("(no tenant)", "（无租户）"),
        |tenant_key| Words::same(tenant_key.as_str()),
    );
    let records = verdict.records;
    let mut told = joined(&log, &words!(": {records} records", "：{records} 条记录"));
    if verdict.is_whole() {
        told = joined(&told, &words!(", whole", "，完整"));
    } else {
        told = joined(&told, &words!(", NOT WHOLE", "，不完整"));
    }
    if let Some(head) = verdict.head {
        told = joined(&told, &words!(", ends with {head}", "，末尾为 {head}"));
    }
    for fault in &verdict.faults {
        told = joined(&told, &of_fault(fault));
    }
    if verdict.faults_unnamed > 0 {
        let unnamed = verdict.faults_unnamed;
        told = joined(
            &told,
            &words!(
                "\n  {unnamed} more records do not follow from the ones before",
                "\n  另有 {unnamed} 条记录与其前一条不衔接"
            ),
        );
    }
    told
}

fn joined(first: &Words, second: &Words) -> Words {
    use crate::language::Language::{Chinese, English};
    Words::new(
        format!("{}{}", first.text(English), second.text(English)),
        format!("{}{}", first.text(Chinese), second.text(Chinese)),
    )
}

fn of_fault(fault: &AuditFault) -> Words {
    match *fault {
        AuditFault::Changed { sequence } => words!(
            "\n  record {sequence} was changed: it does not follow from the one before",
            "\n  记录 {sequence} 已被更改：与其前一条不衔接"
        ),
        AuditFault::Missing { first, last } if first == last => {
            words!("\n  record {first} is missing", "\n  记录 {first} 缺失")
        }
        AuditFault::Missing { first, last } => words!(
            "\n  records {first} to {last} are missing",
            "\n  记录 {first} 至 {last} 缺失"
        ),
        AuditFault::Moved { sequence, found_at } => words!(
            "\n  record {sequence} was moved: it stands at {found_at}",
            "\n  记录 {sequence} 已被移动：现位于 {found_at}"
        ),
        AuditFault::BeyondTheEnd { first, last } => words!(
            "\n  records {first} to {last} stand after the end that is on record",
            "\n  记录 {first} 至 {last} 位于所登记的末尾之后"
        ),
        AuditFault::EndDiffers { sequence } => words!(
            "\n  record {sequence} is not the one that is on record as the end",
            "\n  记录 {sequence} 与所登记的末尾不符"
        ),
        AuditFault::NotAsExpected { sequence } => words!(
            "\n  record {sequence} is not as expected",
            "\n  记录 {sequence} 与预期不符"
        ),
    }
}
