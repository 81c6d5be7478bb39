//! What a person sees while a ledger moves.

use indicatif::{ProgressBar, ProgressStyle};
use usher_store::portable::CopyStep;

use crate::{language::Language, output::Output};

/// How often every row is handled: written, and added up at both ends.
const TIMES: u64 = 3;
const TEMPLATE: &str = "{bar:40} {percent:>3} %  {msg}";

/// A bar where somebody watches, nothing elsewhere.
pub(super) struct Watcher {
    bar: ProgressBar,
    language: Language,
}

impl Watcher {
    pub(super) fn begin(output: &Output) -> Self {
        let bar = if output.shows_progress() {
            let style = ProgressStyle::with_template(TEMPLATE);
            ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            language: output.language,
        }
    }

    /// Notes a step.
    pub(super) fn see(&self, step: CopyStep) {
        let (written, verified) = match self.language {
            Language::English => ("copying", "verifying"),
            Language::Chinese => ("复制", "校验"),
        };
        match step {
            CopyStep::Begun { rows, rows_before } => {
                self.bar.set_length(rows * TIMES);
                self.bar.set_position(rows_before);
            }
            CopyStep::Written(section, rows) => self.on(written, section, rows),
            CopyStep::Verified(section, rows) => self.on(verified, section, rows),
        }
    }

    fn on(&self, what: &str, section: &str, rows: u64) {
        self.bar.set_message(format!("{what} {section}"));
        self.bar.inc(rows);
    }

    /// Ends.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_well_formed() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
