//! What a person sees while an import runs.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use usher_seats::AccessTimeError;

use super::summary::Problem;
use crate::{
    control::refusals,
    csv_line::{LINE_BYTES_MAX, LineProblem},
    identifiers,
    language::{Language, Words},
    output::Output,
};

/// A bar where somebody watches, nothing elsewhere; and the reports of single lines above it.
pub(super) struct Progress<'a> {
    bar: ProgressBar,
    output: &'a Output,
}

impl<'a> Progress<'a> {
    /// Begins; `bytes` is the length of the file where it is known.
    pub(super) fn begin(output: &'a Output, bytes: Option<u64>) -> Self {
        let bar = match bytes {
            _ if !output.shows_progress() => ProgressBar::hidden(),
            Some(bytes) => {
                ProgressBar::new(bytes).with_style(style("{bar:40} {percent:>3} %  {binary_bytes_per_sec}"))
            }
            None => ProgressBar::new_spinner()
                .with_style(style("{spinner} {binary_bytes}  {binary_bytes_per_sec}")),
        };
        Self { bar, output }
    }

    /// Some bytes were read.
    pub(super) fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Reports a line.
    pub(super) fn report(&self, number: u64, problem: &Problem) {
        let (kind, reason) = match problem {
            Problem::Line(problem) => (kind(problem), problem.to_string()),
            Problem::Refused(refusal) => ("refused", refusal.wire_name().to_owned()),
        };
        self.report_line(number, &why(problem), (kind, &reason));
    }

    /// Reports a line with its words, and with what kind of problem it has and which for programs.
    pub(super) fn report_line(&self, number: u64, why: &Words, (kind, reason): (&str, &str)) {
        let words = Words::new(
            format!("line {number}: {}", why.text(Language::English)),
            format!("第 {number} 行：{}", why.text(Language::Chinese)),
        );
        let machine = json!({ "line": number, "problem": kind, "reason": reason });
        self.bar.suspend(|| self.output.explain(&words, &machine));
    }

    /// Ends.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn kind(problem: &LineProblem) -> &'static str {
    match problem {
        LineProblem::Time(AccessTimeError::Future) => "future",
        _ => "malformed",
    }
}

/// Why a line was not admitted, in both languages.
fn why(problem: &Problem) -> Words {
    let problem = match problem {
        Problem::Refused(refusal) => return refusals::of_door_refusal(*refusal),
        Problem::Line(problem) => problem,
    };
    let chinese = match problem {
        LineProblem::TooLong => format!("该行超过 {LINE_BYTES_MAX} 字节"),
        LineProblem::NotText => "该行不是 UTF-8 文本".to_owned(),
        LineProblem::Columns { found } => format!("该行有 {found} 列，应为 3 列"),
        LineProblem::Time(AccessTimeError::Malformed) => {
            "time_ms 应为 1 至 9999999999999 的整数毫秒，或带时区的时刻，如 2026-11-22T08:00:00Z".to_owned()
        }
        LineProblem::Time(AccessTimeError::Future) => "time_ms 在将来".to_owned(),
        LineProblem::Identifier(error) => return identifiers::words_of(error),
    };
    Words::new(problem.to_string(), chinese)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_words_in_both_languages() {
        for problem in [
            LineProblem::TooLong,
            LineProblem::NotText,
            LineProblem::Columns { found: 2 },
            LineProblem::Time(AccessTimeError::Malformed),
            LineProblem::Time(AccessTimeError::Future),
            LineProblem::Identifier("x".parse::<usher_seats::UserId>().unwrap_err()),
        ] {
            let words = why(&Problem::Line(problem));
            assert!(words.text(Language::English).is_ascii());
            assert!(!words.text(Language::Chinese).is_ascii());
        }
    }

    #[test]
    fn the_bars_are_well_formed() {
        for template in [
            "{bar:40} {percent:>3} %  {binary_bytes_per_sec}",
            "{spinner} {binary_bytes}  {binary_bytes_per_sec}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
