//! `usher store instances`: who works on the ledger, and forgetting who will not come back.

use serde_json::json;

use super::super::Context;
use crate::{
    arguments::store::{InstancesArguments, InstancesCommand, RetireArguments},
    control::{
        channel::Channel,
        wire::{
            self, InstanceLine, InstanceState, InstancesAnswer, InstancesQuestion, RetireAnswer,
            RetireQuestion,
        },
    },
    failure::Failure,
    language::{Language, Words},
    moments,
    output::Exit,
    words,
};

/// Lists the instances, or retires one.
///
/// # Errors
/// Why it was not done.
pub(super) async fn run(context: &Context<'_>, arguments: InstancesArguments) -> Result<Exit, Failure> {
    match arguments.command {
        Some(InstancesCommand::Retire(arguments)) => retire(context, arguments).await,
        None => list(context, arguments).await,
    }
}

async fn list(context: &Context<'_>, arguments: InstancesArguments) -> Result<Exit, Failure> {
    let place = context.existing_ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher store instances").await?;
    let answer = channel
        .call::<InstancesAnswer>(wire::INSTANCES_LIST, &InstancesQuestion {})
        .await;
    channel.close().await;
    let answer = answer?;
    for line in &answer.instances {
        let words = Words::new(shown(line, Language::English), shown(line, Language::Chinese));
        context.output.result(&words, line)?;
    }
    if answer.instances.is_empty() && !context.output.json {
        let nobody = words!("no server works on this ledger", "没有服务器在此账本上工作");
        context.output.explain(&nobody, &());
    }
    Ok(Exit::Done)
}

/// An instance as one line.
fn shown(line: &InstanceLine, language: Language) -> String {
    let InstanceLine {
        name,
        since_ms,
        silent_ms,
        watermark_ms,
        may_spool,
        state,
    } = line;
    let (since, watermark) = (moments::shown(*since_ms), moments::shown(*watermark_ms));
    let seconds = silent_ms / 1_000;
    let state = match state {
        InstanceState::Living => words!("alive", "在线"),
        InstanceState::HoldingBack => words!(
            "silent, reports wait for it; it returns, or: usher store instances retire {name}",
            "无声，报告正等待它；待其恢复，或执行：usher store instances retire {name}"
        ),
        InstanceState::Gone => words!("gone", "已离开"),
    };
    let spool = if *may_spool {
        words!("may spool", "可暂存")
    } else {
        words!("does not spool", "不暂存")
    };
    let line = words!(
        "since {since}  last word {seconds} s ago  complete up to {watermark}",
        "自 {since} 起  {seconds} 秒前最后发声  完整至 {watermark}"
    );
    [
        name.as_str(),
        line.text(language),
        spool.text(language),
        state.text(language),
    ]
    .join("  ")
}

async fn retire(context: &Context<'_>, arguments: RetireArguments) -> Result<Exit, Failure> {
    let place = context.existing_ledger(arguments.data)?;
    let mut channel = Channel::reach(&place, "usher store instances retire").await?;
    let question = RetireQuestion { name: arguments.name };
    let answer = channel
        .call::<RetireAnswer>(wire::INSTANCES_RETIRE, &question)
        .await;
    channel.close().await;
    let RetireAnswer { name } = answer?;
    context.output.result(
        &words!("reports wait for {name} no more", "报告不再等待 {name}"),
        &json!({ "retired": name }),
    )?;
    Ok(Exit::Done)
}
