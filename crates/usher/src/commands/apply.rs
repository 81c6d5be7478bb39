//! `usher apply`: users, apps, app routes, seats, tenants and clients from a file of JSON lines.
//!
//! Lines are applied in order. The first wrong one ends the work; what stands before it stays, and because every
//! line says a state and not a step, the mended file can be applied again from its beginning.

use serde_json::json;
use usher_seats::TenantKey;

use super::{
    Context,
    input::{self, Input},
};
use crate::{
    arguments::ApplyArguments,
    control::{
        Channel,
        change_line::ChangeLine,
        wire::{self, ChangesAnswer, ChangesQuestion},
    },
    failure::Failure,
    identifiers,
    language::Words,
    lines::LineReader,
    output::{Exit, Output},
    words,
};

/// Longest line in bytes: far longer than any change, whose longest part is a name.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// Lines sent at once: one commit each time, and a question far below its limit.
const LINES_AT_ONCE: usize = 1_000;

/// What became of the file so far.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
}

/// Applies the file, or only looks at it.
pub(super) async fn run(context: &Context<'_>, arguments: ApplyArguments) -> Result<Exit, Failure> {
    let tenant_key = identifiers::tenant_key(arguments.tenant.as_deref())?;
    let input = Input::open(&arguments.file)?;
    let mut reader = LineReader::new(input.source, LINE_BYTES_MAX);
    let mut channel = if arguments.dry_run {
        None
    } else {
        let place = context.ledger(arguments.data)?;
        Some(Channel::reach(&place, "usher apply").await?)
    };
    let mut tally = Tally::default();
    let refused = loop {
        let group = read_group(&mut reader).map_err(|error| input::unreadable(&arguments.file, &error))?;
        let is_last = group.is_last;
        match take(channel.as_mut(), &tenant_key, group, &mut tally).await {
            Ok(None) if is_last => break Ok(None),
            Ok(None) => {}
            other => break other,
        }
    };
    if let Some(channel) = channel {
        channel.close().await;
    }
    finish(context.output, &tally, refused?, arguments.dry_run)
}

/// Some lines, up to the first that is no change.
struct Group {
    changes: Vec<(u64, ChangeLine)>,
    wrong: Option<(u64, Words)>,
    is_last: bool,
}

fn read_group(reader: &mut LineReader<impl std::io::BufRead>) -> std::io::Result<Group> {
    let mut group = Group {
        changes: Vec::new(),
        wrong: None,
        is_last: false,
    };
    while group.changes.len() < LINES_AT_ONCE {
        let Some(line) = reader.next_line()? else {
            group.is_last = true;
            break;
        };
        match parse(line.bytes) {
            Ok(change) => group.changes.push((line.number, change)),
            Err(words) => {
                group.wrong = Some((line.number, words));
                break;
            }
        }
    }
    Ok(group)
}

/// Reads one line.
fn parse(line: &[u8]) -> Result<ChangeLine, Words> {
    if line.len() > LINE_BYTES_MAX {
        return Err(words!(
            "the line is longer than {LINE_BYTES_MAX} bytes",
            "该行超过 {LINE_BYTES_MAX} 字节"
        ));
    }
    let change: ChangeLine = serde_json::from_slice(line)
        .map_err(|error| words!("the line is not a change: {error}", "该行不是一项变更：{error}"))?;
    change.check()?;
    Ok(change)
}

/// Sends a group; gives the line that ended the work, if one did.
async fn take(
    channel: Option<&mut Channel>,
    tenant_key: &TenantKey,
    group: Group,
    tally: &mut Tally,
) -> Result<Option<(u64, Words)>, Failure> {
    let (numbers, changes): (Vec<u64>, Vec<ChangeLine>) = group.changes.into_iter().unzip();
    tally.lines += numbers.len() as u64;
    if let Some(channel) = channel {
        let question = ChangesQuestion {
            tenant_key: tenant_key.clone(),
            changes,
        };
        let answer: ChangesAnswer = channel.call(wire::CHANGES, &question).await?;
        tally.created += answer.created;
        tally.updated += answer.updated;
        tally.unchanged += answer.unchanged;
        if let Some(refused) = answer.refused {
            let number = numbers.get(refused.index).copied().unwrap_or_default();
            return Ok(Some((number, refused.words)));
        }
    }
    Ok(group.wrong)
}

fn finish(
    output: &Output,
    tally: &Tally,
    refused: Option<(u64, Words)>,
    dry_run: bool,
) -> Result<Exit, Failure> {
    let Tally {
        lines,
        created,
        updated,
        unchanged,
    } = tally;
    let words = if dry_run {
        words!(
            "{lines} lines are changes; nothing was changed",
            "{lines} 行是变更；未做任何更改"
        )
    } else {
        words!(
            "{created} created, {updated} updated, {unchanged} unchanged",
            "新建 {created}，更新 {updated}，未变 {unchanged}"
        )
    };
    let line = refused.as_ref().map(|(number, _)| *number);
    output.result(
        &words,
        &json!({
            "lines": lines,
            "created": created,
            "updated": updated,
            "unchanged": unchanged,
            "dry_run": dry_run,
            "refused_line": line,
        }),
    )?;
    let Some((number, why)) = refused else {
        return Ok(Exit::Done);
    };
    let english = why.text(crate::language::Language::English).to_owned();
    let chinese = why.text(crate::language::Language::Chinese).to_owned();
    Err(Failure::new(
        Exit::LinesRefused,
        Words::new(
            format!("line {number}: {english}; the lines before it were taken, none after it"),
            format!("第 {number} 行：{chinese}；此前各行已生效，此后各行未处理"),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn every_kind_of_change_has_its_line() {
        for line in [
            r#"{"change":"tenant","tenant_key":"acme","name":"Acme"}"#,
            r#"{"change":"user","user_id":7}"#,
            r#"{"change":"user","tenant_key":"acme","user_id":7,"name":"李雷","enabled":false,"system_administrator":true}"#,
            r#"{"change":"app","namespace":"crm","name":"CRM"}"#,
            r#"{"change":"app_route","namespace":"crm","host":"crm.example.com","path_prefix":"/"}"#,
            r#"{"change":"remove_app_route","host":"crm.example.com"}"#,
            r#"{"change":"seat","seat_type":"per_user","user_id":7}"#,
            r#"{"change":"seat","seat_type":"per_user_per_app","user_id":7,"namespace":"crm","expires_at_ms":1900000000000}"#,
            r#"{"change":"release_seat","seat_type":"per_user","user_id":7}"#,
            r#"{"change":"client","client_id":"cli_a","scopes":["app_engine:seat_activities:read"]}"#,
        ] {
            parse(line.as_bytes()).unwrap_or_else(|words| panic!("{line}: {words:?}"));
        }
    }

    #[test]
    fn what_is_wrong_in_a_line_is_named() {
        for (line, expected) in [
            ("", "the line is not a change"),
            (r#"{"change":"user"}"#, "missing field `user_id`"),
            (
                r#"{"change":"user","user_id":7,"nam":"x"}"#,
                "unknown field `nam`",
            ),
            (r#"{"change":"user","user_id":"7"}"#, "invalid type"),
            (r#"{"change":"frobnicate"}"#, "unknown variant"),
            (
                r#"{"change":"seat","seat_type":"per_user","user_id":7,"namespace":"crm"}"#,
                "a platform seat takes none",
            ),
            (
                r#"{"change":"seat","seat_type":"per_user_per_app","user_id":7}"#,
                "an app seat needs a namespace",
            ),
            (
                r#"{"change":"seat","seat_type":"per_user","user_id":7,"expires_at_ms":-1}"#,
                "expires_at_ms must be",
            ),
            (
                r#"{"change":"client","client_id":"cli_a","scopes":["x"]}"#,
                "no scope is called \"x\"",
            ),
        ] {
            let words = parse(line.as_bytes()).unwrap_err();
            let text = words.text(Language::English);
            assert!(text.contains(expected), "{line}: {text}");
        }
    }
}
