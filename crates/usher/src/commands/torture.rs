//! `usher torture`: kill a server of one's own again and again, and prove that it loses nothing.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use usher_http::edge::draw;
use usher_postgres::is_database;

use super::{Context, signals::StopSignals};
use crate::{
    arguments::{SettingArguments, torture::TortureArguments},
    chance::SystemChance,
    clock::Stopwatch,
    failure::Failure,
    output::Exit,
    settings::store::{StoreChoice, StoreSettings},
    torture::{Figures, Outcome, Run, TorturePlace, machine, shown},
    words,
};

/// Most rounds; nobody waits for more.
const ROUNDS_MAX: u64 = 1_000_000;
/// Violations that are shown; whoever finds one has found enough.
const VIOLATIONS_SHOWN_MAX: usize = 20;

/// Runs the rounds, stops at the first that shows something wrong.
pub(super) async fn run(context: &Context<'_>, arguments: TortureArguments) -> Result<Exit, Failure> {
    let rounds = number(&arguments.rounds, "--rounds", ROUNDS_MAX)?.max(1);
    let seed = match &arguments.seed {
        Some(seed) => number(seed, "--seed", u64::MAX)?,
        None => u64::from(u32::from_be_bytes(draw(&SystemChance))),
    };
    let signals = StopSignals::listen()?;
    let place = place(context, &arguments).await?;
    let at = place.words();
    context.output.explain(
        &words!(
            "{rounds} rounds with seed {seed} on ",
            "{rounds} 轮，种子 {seed}，位置："
        )
        .then(&at),
        &json!({"rounds": rounds, "seed": seed}),
    );
    let watch = Stopwatch::start();
    let mut run = Run::begin(place, seed).await?;
    let ended = tokio::select! {
        ended = play(context, &mut run, rounds) => ended,
        () = signals.first() => Err(Failure::failed(words!("stopped before the end", "在结束前被停止"))),
    };
    let figures = run.figures;
    let place = run.end();
    match ended {
        Ok(Outcome::Well) => {
            let seconds = watch.elapsed().as_secs();
            report(context, &figures, seed, seconds)
        }
        Ok(Outcome::Wrong {
            violations,
            surprises,
        }) => {
            for violation in violations.iter().take(VIOLATIONS_SHOWN_MAX) {
                context.output.explain(&shown(violation), &machine(violation));
            }
            for surprise in surprises.iter().take(VIOLATIONS_SHOWN_MAX) {
                context.output.explain(
                    &words!(
                        "an answer that nobody should get: {surprise}",
                        "不应出现的应答：{surprise}"
                    ),
                    &json!({"surprise": surprise}),
                );
            }
            let kept = place.keep();
            let (kept, round) = (kept.display(), figures.rounds);
            Err(Failure::failed(words!(
                "round {round} with seed {seed} shows something wrong; the server's files and log are kept in {kept}",
                "第 {round} 轮（种子 {seed}）发现错误；服务器的文件与日志保留在 {kept}"
            )))
        }
        Err(failure) => Err(failure),
    }
}

async fn play(context: &Context<'_>, run: &mut Run, rounds: u64) -> Result<Outcome, Failure> {
    let bar = if context.output.shows_progress() {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {eta}");
        ProgressBar::new(rounds).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    } else {
        ProgressBar::hidden()
    };
    for round in 1..=rounds {
        let outcome = run.round(round == rounds).await;
        bar.inc(1);
        if !matches!(outcome, Ok(Outcome::Well)) {
            bar.finish_and_clear();
            return outcome;
        }
    }
    bar.finish_and_clear();
    Ok(Outcome::Well)
}

fn report(context: &Context<'_>, figures: &Figures, seed: u64, seconds: u64) -> Result<Exit, Failure> {
    let Figures {
        rounds,
        calls_answered,
        calls_unanswered,
        accesses_admitted,
        accesses_refused,
        seat_changes,
        lists_beside,
        rows_compared,
    } = *figures;
    let words = words!(
        "{rounds} kills in {seconds} s, and nothing acknowledged was lost (seed {seed}).",
        "{seconds} 秒内终止 {rounds} 次，已确认的内容无一丢失（种子 {seed}）。"
    )
    .line(&words!(
        "  {accesses_admitted} accesses admitted, {accesses_refused} refused, {seat_changes} changes of seats acknowledged",
        "  放行 {accesses_admitted} 次访问，拒绝 {accesses_refused} 次，确认 {seat_changes} 次席位更改"
    ))
    .line(&words!(
        "  {calls_answered} calls answered, {calls_unanswered} cut off by a kill",
        "  应答 {calls_answered} 次调用，因终止而中断 {calls_unanswered} 次"
    ))
    .line(&words!(
        "  {rows_compared} rows compared, {lists_beside} lists read while others worked",
        "  比较 {rows_compared} 行，在他人工作时读取 {lists_beside} 个列表"
    ));
    context.output.result(
        &words,
        &json!({"violations": 0, "seed": seed, "seconds": seconds, "figures": figures}),
    )?;
    Ok(Exit::Done)
}

/// Only what is named on the command line: a store from the environment or a settings file is one that is in use.
async fn place(context: &Context<'_>, arguments: &TortureArguments) -> Result<TorturePlace, Failure> {
    let store = arguments.store.as_deref().unwrap_or(".");
    if !is_database(store) {
        return TorturePlace::in_folder(Path::new(store));
    }
    let layers = context.layers(SettingArguments {
        store: Some(store.to_owned()),
        store_password_file: arguments.store_password_file.clone(),
        ..SettingArguments::default()
    })?;
    match StoreSettings::read(&layers)?.choice {
        StoreChoice::Database(address) => {
            let file = arguments.store_password_file.clone();
            TorturePlace::in_database(store, &address, file).await
        }
        StoreChoice::Folder(_) | StoreChoice::File(_) => TorturePlace::in_folder(Path::new(store)),
    }
}

fn number(text: &str, flag: &str, most: u64) -> Result<u64, Failure> {
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| {
        Failure::usage(words!(
            "{flag} must be a number up to {most}, not \"{text}\"",
            "{flag} 应为不超过 {most} 的数字，而不是“{text}”"
        ))
    })
}
