//! `usher bench`: what Usher does on this machine, measured.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use indicatif::{ProgressBar, ProgressStyle};
use tracing::level_filters::LevelFilter;

use super::{Context, signals::StopSignals};
use crate::{
    arguments::bench::BenchArguments,
    failure::Failure,
    language::{Language, Words},
    logging,
    measuring::{self, Watcher, choice::Choice},
    open_files,
    output::{Exit, Output},
    settings::LogFormat,
    words,
};

/// Measures, and prints what came out. A machine too unsteady for a conclusion is no failure: the report says so.
pub(super) fn run(context: &Context<'_>, arguments: BenchArguments) -> Result<Exit, Failure> {
    logging::start(LogFormat::Human, LevelFilter::WARN, context.output);
    // A crowd is a connection for everybody, and so an open file.
    open_files::raise_limit();
    let choice = Choice::read(arguments)?;
    let bar = Bar::begin(context.output, listen()?);
    let measured = measuring::measure(&choice, &bar);
    bar.progress.finish_and_clear();
    let report = measured?;
    context.output.result(&report.words(), &report)?;
    Ok(Exit::Done)
}

/// Hears the order to stop: the measurement then ends before its next step, and leaves nothing. A second one ends it at once.
fn listen() -> Result<Arc<AtomicBool>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::failed(words!("cannot start: {error}", "无法启动：{error}")))?;
    let signals = {
        let _inside = runtime.enter();
        StopSignals::listen()?
    };
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    std::thread::spawn(move || {
        runtime.block_on(async {
            signals.first().await;
            heard.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        });
    });
    Ok(stop)
}

/// A bar where somebody watches, nothing elsewhere.
struct Bar {
    stop: Arc<AtomicBool>,
    progress: ProgressBar,
    language: Language,
}

impl Bar {
    fn begin(output: &Output, stop: Arc<AtomicBool>) -> Self {
        let progress = if output.shows_progress() {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self {
            stop,
            progress,
            language: output.language,
        }
    }
}

impl Watcher for Bar {
    fn expect(&self, steps: u64) {
        self.progress.set_length(steps);
    }

    fn step(&self, words: &Words) -> Result<(), Failure> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Failure::failed(words!(
                "stopped before the end",
                "在结束前被停止"
            )));
        }
        self.progress.inc(1);
        self.progress.set_message(words.text(self.language).to_owned());
        Ok(())
    }
}
