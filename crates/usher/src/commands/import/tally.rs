//! What the import of a table did, or would do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::summary::{REPORTED_MAX, refused_words};
use crate::{
    control::bulk::wire::{ImportAnswer, Made, Remedy, RowVerdict},
    failure::Failure,
    language::Words,
    output::{Exit, Output},
    words,
};

/// Counts of one import.
#[derive(Debug, Default)]
pub(super) struct Tally {
    dry_run: bool,
    /// Lines read after the header, without empty ones.
    pub(super) lines: u64,
    /// Lines that say nothing that can be understood.
    pub(super) malformed: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    waiting: u64,
    refused: BTreeMap<String, u64>,
    remedies: BTreeSet<Remedy>,
    made: Made,
    /// Questions whose answer was that something is different.
    changed: bool,
    parts: u64,
    /// How long it took.
    pub(super) seconds: f64,
    reported: u64,
}

impl Tally {
    /// Begins to count.
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            ..Self::default()
        }
    }

    /// True while single lines are still reported; counts the asking.
    pub(super) fn may_report(&mut self) -> bool {
        self.reported += 1;
        self.reported <= REPORTED_MAX
    }

    /// Counts what is said of a part as a whole.
    pub(super) fn add(&mut self, answer: &ImportAnswer) {
        self.parts += 1;
        self.made.users += answer.made.users;
        self.made.apps += answer.made.apps;
        self.made.groups += answer.made.groups;
        self.changed |= !answer.all_as_before;
    }

    /// Counts what became of one line.
    pub(super) fn count(&mut self, verdict: &RowVerdict) {
        match verdict {
            RowVerdict::Created => self.created += 1,
            RowVerdict::Updated => self.updated += 1,
            RowVerdict::Unchanged => self.unchanged += 1,
            RowVerdict::Waiting { .. } => self.waiting += 1,
            RowVerdict::Refused(refusal) => {
                *self.refused.entry(refusal.reason.clone()).or_default() += 1;
                self.remedies.extend(refusal.remedy);
            }
        }
    }

    fn refused_in_all(&self) -> u64 {
        self.refused.values().sum()
    }

    fn changed(&self) -> bool {
        self.changed || self.created + self.updated > 0 || self.made != Made::default()
    }

    /// Prints the counts and tells how the command ends; `again` is the command as it was given.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn print(&self, output: &Output, again: &str) -> Result<Exit, Failure> {
        self.explain_unreported(output);
        output.result(&self.words(), &self.machine())?;
        self.explain_next(output, again);
        Ok(if self.malformed + self.refused_in_all() == 0 {
            Exit::Done
        } else {
            Exit::LinesRefused
        })
    }

    /// Explains how far an import came that was cut off.
    pub(super) fn explain_partial(&self, output: &Output) {
        let words = words!("the import was cut off; until then:", "导入中断；在此之前：")
            .line(&self.words())
            .line(&words!(
                "Importing the same file again changes nothing twice.",
                "再次导入同一文件不会重复更改任何内容。"
            ));
        output.explain(&words, &json!({ "cut_off": true, "until_then": self.machine() }));
    }

    fn explain_unreported(&self, output: &Output) {
        let unreported = self.reported.saturating_sub(REPORTED_MAX);
        if unreported > 0 {
            output.explain(
                &words!(
                    "and {unreported} more lines, counted below",
                    "另有 {unreported} 行，计入下方统计"
                ),
                &json!({ "unreported_lines": unreported }),
            );
        }
    }

    /// Names the command that would let the refused lines in.
    fn explain_next(&self, output: &Output, again: &str) {
        let mut command = again.to_owned();
        for remedy in &self.remedies {
            command.push_str(match remedy {
                Remedy::CreateMissing => " --create-missing",
                Remedy::Wait => " --wait",
            });
        }
        if !self.remedies.is_empty() {
            let words = words!("next: {command}", "下一步：{command}");
            output.explain(&words, &json!({ "next": command }));
        }
    }

    fn words(&self) -> Words {
        let Self {
            lines,
            created,
            updated,
            unchanged,
            waiting,
            malformed,
            ..
        } = self;
        let mut words = if self.dry_run {
            words!(
                "{lines} lines read: {created} would be new, {updated} different, {unchanged} as they are, {waiting} waiting for a seat",
                "读取 {lines} 行：将新建 {created}，更改 {updated}，不变 {unchanged}，排队等候 {waiting}"
            )
        } else {
            words!(
                "{lines} lines read: {created} new, {updated} different, {unchanged} as they were, {waiting} waiting for a seat",
                "读取 {lines} 行：新建 {created}，更改 {updated}，不变 {unchanged}，排队等候 {waiting}"
            )
        };
        words = words
            .line(&words!("{malformed} malformed", "格式错误 {malformed} 行"))
            .line(&refused_words(&self.refused, self.refused_in_all()));
        if self.made != Made::default() {
            let Made { users, apps, groups } = self.made;
            words = words.line(&words!(
                "made because they were missing: {users} users, {apps} apps, {groups} groups",
                "因缺失而创建：{users} 个用户，{apps} 个应用，{groups} 个用户组"
            ));
        }
        let seconds = self.seconds;
        words
            .line(&self.conclusion())
            .line(&words!("{seconds:.2} s", "用时 {seconds:.2} 秒"))
    }

    fn conclusion(&self) -> Words {
        let parts = self.parts;
        match (self.dry_run, self.changed()) {
            (true, _) if parts > 1 => words!(
                "nothing was changed; the file was tried in {parts} parts that do not see each other",
                "未做任何更改；文件分 {parts} 部分试行，各部分互不可见"
            ),
            (true, _) => words!("nothing was changed", "未做任何更改"),
            (false, false) if self.malformed + self.refused_in_all() > 0 => {
                words!("nothing was changed", "未做任何更改")
            }
            (false, false) => words!(
                "nothing was changed: all of that was so already",
                "未做任何更改：以上内容原本如此"
            ),
            (false, true) => words!("done", "完成"),
        }
    }

    fn machine(&self) -> serde_json::Value {
        json!({
            "dry_run": self.dry_run,
            "lines": self.lines,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "waiting": self.waiting,
            "refused": self.refused_in_all(),
            "refused_by_reason": self.refused,
            "malformed": self.malformed,
            "made": self.made,
            "changed": self.changed() && !self.dry_run,
            "parts": self.parts,
            "seconds": self.seconds,
        })
    }
}
