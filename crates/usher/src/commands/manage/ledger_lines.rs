//! What the commands for pools, seats and groups have in common: how a change is asked for, and how what it did is told.

use serde::Deserialize;
use serde_json::{Value, json};
use usher_seats::TenantId;
use usher_store::{PoolName, Rejection, SeatName};

use super::Desk;
use crate::{
    arguments::ledger::WishArguments,
    control::refusals,
    failure::Failure,
    identifiers,
    language::{Language, Words},
    moments,
    output::{Exit, Output},
    words,
};

/// Names are only looked at here, whatever the tenant is.
const ANY_TENANT: TenantId = TenantId(0);

/// Reads the name of a pool.
pub(super) fn pool(text: &str) -> Result<PoolName, Failure> {
    PoolName::parse(ANY_TENANT, text).map_err(|error| Failure::usage(identifiers::words_of(&error)))
}

/// Reads the name of a seat.
pub(super) fn seat(text: &str) -> Result<SeatName, Failure> {
    SeatName::parse(ANY_TENANT, text).map_err(|error| Failure::usage(identifiers::words_of(&error)))
}

/// Reads a moment, if one is given.
pub(super) fn moment(option: &str, text: Option<&str>) -> Result<Option<Value>, Failure> {
    let read = |text: &str| {
        moments::parse_moment_ms(text).map(Value::from).ok_or_else(|| {
            Failure::usage(words!(
                "{option} must be a date such as 2026-12-31, a moment such as 2026-12-31T08:00:00Z, or milliseconds since 1970, not \"{text}\"",
                "{option} 应为日期（如 2026-12-31）、时刻（如 2026-12-31T08:00:00Z）或 1970 年以来的毫秒数，而不是“{text}”"
            ))
        })
    };
    text.map(read).transpose()
}

impl Desk<'_> {
    /// Asks for changes as wished.
    pub(super) fn wishing(self, wish: &WishArguments) -> Self {
        let desk = if wish.dry_run {
            self.with("dry_run", "true")
        } else {
            self
        };
        match &wish.reason {
            Some(reason) => desk.with("reason", reason),
            None => desk,
        }
    }
}

/// Tells what a change of one thing did: the thing as it is now, or what would be changed.
pub(super) fn tell_change(
    output: &Output,
    answer: &Value,
    name: &str,
    line: impl Fn(&Value) -> Words,
) -> Result<(), Failure> {
    if flag(answer, "dry_run") {
        return tell_rehearsal(output, answer);
    }
    match answer.get("item") {
        Some(item) => output.result(&line(item), item),
        None => output.result(
            &effect_words(name, text(answer, "effect"), None),
            &json!({
                "name": name, "effect": answer.get("effect"),
            }),
        ),
    }
}

/// Tells what became of each line, and how many ended how.
pub(super) fn tell_verdicts(output: &Output, answer: &Value, name: &str) -> Result<Exit, Failure> {
    for verdict in list(answer, "items") {
        let thing = verdict.get(name).map(|thing| match thing {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let detail = detail(verdict);
        let words = effect_words(
            &thing.unwrap_or_default(),
            text(verdict, "effect"),
            detail.as_ref(),
        );
        output.result(&words, verdict)?;
    }
    if flag(answer, "dry_run") {
        tell_rehearsal(output, answer)?;
    }
    let rejected = answer
        .get("counts")
        .and_then(|counts| counts.get("rejected"))
        .and_then(Value::as_u64);
    Ok(if rejected == Some(0) {
        Exit::Done
    } else {
        Exit::LinesRefused
    })
}

/// The place of whoever waits, or why a line was rejected.
fn detail(verdict: &Value) -> Option<Words> {
    if let Some(position) = verdict.get("position") {
        return Some(Words::same(position.to_string()));
    }
    let reason = verdict.get("reason")?;
    let rejection = Rejection::deserialize(reason).ok();
    Some(rejection.map_or_else(|| Words::same(text(verdict, "message")), refusals::of_rejection))
}

fn tell_rehearsal(output: &Output, answer: &Value) -> Result<(), Failure> {
    let Some(changes) = answer.get("changes") else {
        return Ok(());
    };
    let shown = list(changes, "items");
    for change in shown {
        let (action, thing) = (text(change, "action"), text(change, "object_name"));
        let [before, after] = ["before", "after"].map(|side| change.get(side).unwrap_or(&Value::Null));
        let words = words!(
            "would change: {thing}  {action}  {before} -> {after}",
            "将会更改：{thing}  {action}  {before} -> {after}"
        );
        output.result(&words, change)?;
    }
    let total = changes.get("total").and_then(Value::as_u64).unwrap_or_default();
    if !output.json {
        let shown = shown.len();
        let words = words!(
            "{total} changes, {shown} of them shown; nothing was kept",
            "共 {total} 项更改，已显示 {shown} 项；未保留任何更改"
        );
        output.explain(&words, &());
    }
    Ok(())
}

fn effect_words(thing: &str, effect: &str, detail: Option<&Words>) -> Words {
    let chinese = match effect {
        "created" => "已创建",
        "updated" => "已更改",
        "unchanged" => "无需更改",
        "waiting" => "等候中",
        "rejected" => "未执行",
        other => other,
    };
    let detail = |language| detail.map_or_else(String::new, |words| format!("  {}", words.text(language)));
    Words::new(
        format!("{thing}  {effect}{}", detail(Language::English)),
        format!("{thing}  {chinese}{}", detail(Language::Chinese)),
    )
}

/// A line of a name and figures: English word, Chinese word, field.
pub(super) fn figures(thing: &Value, name: &str, figures: &[(&str, &str, &str)]) -> Words {
    let line = |language| {
        figures.iter().fold(
            text(thing, name).to_owned(),
            |mut line, (english, chinese, field)| {
                let word = match language {
                    Language::English => english,
                    Language::Chinese => chinese,
                };
                match thing.get(*field) {
                    None | Some(Value::Null | Value::Bool(false)) => {}
                    Some(Value::Bool(true)) => line.push_str(&format!("  {word}")),
                    Some(Value::Number(number)) if is_moment(field) => {
                        let moment = number.as_i64().map(moments::shown).unwrap_or_default();
                        line.push_str(&format!("  {word} {moment}"));
                    }
                    Some(Value::String(text)) => line.push_str(&format!("  {word} {text}")),
                    Some(other) => line.push_str(&format!("  {word} {other}")),
                }
                line
            },
        )
    };
    Words::new(line(Language::English), line(Language::Chinese))
}

fn is_moment(field: &str) -> bool {
    field.ends_with("_at") || field.ends_with("_since") || field.starts_with("valid_")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn flag(value: &Value, field: &str) -> bool {
    value.get(field).and_then(Value::as_bool).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_say_what_is_there() {
        let pool = json!({"pool": "per_user", "bought": null, "in_use": 3, "valid_until": 1_767_225_600_000_i64,
            "allow_overdraft": true, "valid": false});
        let words = figures(
            &pool,
            "pool",
            &[
                ("bought", "购买", "bought"),
                ("in use", "已用", "in_use"),
                ("until", "有效至", "valid_until"),
                ("overdraft allowed", "允许透支", "allow_overdraft"),
            ],
        );
        assert_eq!(
            words.text(Language::English),
            "per_user  in use 3  until 2026-01-01 00:00:00 UTC  overdraft allowed"
        );
        assert_eq!(
            words.text(Language::Chinese),
            "per_user  已用 3  有效至 2026-01-01 00:00:00 UTC  允许透支"
        );
    }
}
