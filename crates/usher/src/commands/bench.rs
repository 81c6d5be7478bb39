//! `usher bench`: what Usher does on this machine, measured.

use indicatif::{ProgressBar, ProgressStyle};
use tracing::level_filters::LevelFilter;

use super::Context;
use crate::{
    arguments::bench::BenchArguments,
    failure::Failure,
    language::{Language, Words},
    logging,
    measuring::{self, Watcher, choice::Choice},
    open_files,
    output::{Exit, Output},
    settings::LogFormat,
};

/// Measures, and prints what came out. A machine too unsteady for a conclusion is no failure: the report says so.
pub(super) fn run(context: &Context<'_>, arguments: BenchArguments) -> Result<Exit, Failure> {
    logging::start(LogFormat::Human, LevelFilter::WARN, context.output);
    // A crowd is a connection for everybody, and so an open file.
    open_files::raise_limit();
    let choice = Choice::read(arguments)?;
    let bar = Bar::begin(context.output);
    let measured = measuring::measure(&choice, &bar);
    bar.progress.finish_and_clear();
    let report = measured?;
    context.output.result(&report.words(), &report)?;
    Ok(Exit::Done)
}

/// A bar where somebody watches, nothing elsewhere.
struct Bar {
    progress: ProgressBar,
    language: Language,
}

impl Bar {
    fn begin(output: &Output) -> Self {
        let progress = if output.shows_progress() {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self {
            progress,
            language: output.language,
        }
    }
}

impl Watcher for Bar {
    fn expect(&self, steps: u64) {
        self.progress.set_length(steps);
    }

    fn step(&self, words: &Words) {
        self.progress.inc(1);
        self.progress.set_message(words.text(self.language).to_owned());
    }
}
