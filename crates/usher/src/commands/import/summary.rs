//! What an import did, truthfully.

use std::{collections::BTreeMap, fmt::Display};

use serde_json::json;
use usher_seats::Refusal;

use crate::{
    control::wire::{Created, Outcome},
    csv_line::LineProblem,
    failure::Failure,
    language::Words,
    output::{Exit, Output},
    words,
};

/// Most single lines that are reported; all are counted. Whoever has more problems has one problem many times.
pub(super) const REPORTED_MAX: u64 = 20;

/// How many lines were refused, and why.
pub(super) fn refused_words<Reason: Display>(by_reason: &BTreeMap<Reason, u64>, refused: u64) -> Words {
    let reasons: Vec<String> = by_reason
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    if reasons.is_empty() {
        return words!("0 refused", "拒绝 0 行");
    }
    let (english, chinese) = (reasons.join(", "), reasons.join("，"));
    words!("{refused} refused ({english})", "拒绝 {refused} 行（{chinese}）")
}

/// Why a line was not admitted.
#[derive(Debug)]
pub(super) enum Problem {
    /// It is no past access.
    Line(LineProblem),
    /// The door refused it.
    Refused(Refusal),
}

/// Counts of one import.
#[derive(Debug, Default)]
pub(super) struct Summary {
    dry_run: bool,
    /// Lines read after the header, without empty ones.
    pub(super) lines: u64,
    /// Good lines of a dry run.
    pub(super) checked: u64,
    moved: u64,
    kept: u64,
    refused: BTreeMap<&'static str, u64>,
    /// Lines that are no past access.
    pub(super) malformed: u64,
    /// Lines whose time lies in the future.
    pub(super) future: u64,
    created: Created,
    /// How long it took.
    pub(super) seconds: f64,
    reported: u64,
}

impl Summary {
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

    /// Counts what became of one access.
    pub(super) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Moved => self.moved += 1,
            Outcome::Kept => self.kept += 1,
            Outcome::Refused(refusal) => *self.refused.entry(refusal.wire_name()).or_default() += 1,
        }
    }

    /// Counts what was made.
    pub(super) fn add_created(&mut self, created: Created) {
        self.created.users += created.users;
        self.created.apps += created.apps;
        self.created.seats += created.seats;
    }

    fn refused_in_all(&self) -> u64 {
        self.refused.values().sum()
    }

    fn lines_per_second(&self) -> u64 {
        if self.seconds <= 0.0 {
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rate for people; counts stay far below 2^53"
        )]
        let rate = (self.lines as f64 / self.seconds) as u64;
        rate
    }

    /// Prints the counts of a whole import and tells how the command ends.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(super) fn print(&self, output: &Output) -> Result<Exit, Failure> {
        self.explain_unreported(output);
        output.result(&self.words(), &self.machine())?;
        if self.malformed + self.future + self.refused_in_all() == 0 {
            Ok(Exit::Done)
        } else {
            Ok(Exit::LinesRefused)
        }
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

    fn words(&self) -> Words {
        let Self {
            lines,
            moved,
            checked,
            malformed,
            future,
            seconds,
            ..
        } = self;
        let rate = self.lines_per_second();
        let time = words!(
            "{seconds:.2} s, {rate} lines per second",
            "用时 {seconds:.2} 秒，每秒 {rate} 行"
        );
        let bad = words!(
            "{malformed} malformed, {future} in the future",
            "格式错误 {malformed}，时间在将来 {future}"
        );
        if self.dry_run {
            return words!(
                "{lines} lines read, {checked} good; nothing was changed and the door was not asked",
                "读取 {lines} 行，其中 {checked} 行可用；未做任何更改，也未询问门"
            )
            .line(&bad)
            .line(&time);
        }
        let admitted = self.moved + self.kept;
        let Created { users, apps, seats } = self.created;
        words!(
            "{lines} lines read, {admitted} admitted, {moved} of them newer than what was known",
            "读取 {lines} 行，获准 {admitted} 行，其中 {moved} 行比已知的更新"
        )
        .line(&bad)
        .line(&refused_words(&self.refused, self.refused_in_all()))
        .line(&words!(
            "created: {users} users, {apps} apps, {seats} seats",
            "新建：{users} 个用户，{apps} 个应用，{seats} 个席位"
        ))
        .line(&time)
    }

    fn machine(&self) -> serde_json::Value {
        json!({
            "dry_run": self.dry_run,
            "lines": self.lines,
            "checked": self.checked,
            "admitted": self.moved + self.kept,
            "moved": self.moved,
            "refused": self.refused_in_all(),
            "refused_by_reason": self.refused,
            "malformed": self.malformed,
            "future": self.future,
            "created": self.created,
            "seconds": self.seconds,
            "lines_per_second": self.lines_per_second(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn the_summary_adds_up() {
        let mut summary = Summary::new(false);
        for outcome in [
            Outcome::Moved,
            Outcome::Kept,
            Outcome::Refused(Refusal::NoSeat),
            Outcome::Refused(Refusal::NoSeat),
            Outcome::Refused(Refusal::SeatReleased),
        ] {
            summary.lines += 1;
            summary.count(outcome);
        }
        summary.lines += 1;
        summary.malformed += 1;
        let english = summary.words().text(Language::English).to_owned();
        assert!(
            english.contains("6 lines read, 2 admitted, 1 of them newer"),
            "{english}"
        );
        assert!(
            english.contains("3 refused (no_seat 2, seat_released 1)"),
            "{english}"
        );
        let machine = summary.machine();
        assert_eq!(machine["admitted"], 2);
        assert_eq!(machine["refused_by_reason"]["no_seat"], 2);
    }

    #[test]
    fn reports_are_bounded_and_counts_are_not() {
        let mut summary = Summary::new(false);
        let reported = (0..100).filter(|_| summary.may_report()).count();
        assert_eq!(reported as u64, REPORTED_MAX);
        assert_eq!(summary.reported, 100);
    }
}
