//! Where log entries go: to standard error, in the chosen form.

use std::io;

use tracing::level_filters::LevelFilter;

use crate::{output::Output, settings::LogFormat};

/// Starts the log of this process. A second start in one process is ignored.
pub(crate) fn start(format: LogFormat, level: LevelFilter, output: &Output) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        // Whoever reads the log may go away. The library would then complain on the same closed stream, which
        // panics, and a thread that serves people would die of a lost log line.
        .log_internal_errors(false)
        .with_max_level(level);
    let _ = match format {
        LogFormat::Human => subscriber
            .with_ansi(output.colours())
            .with_target(false)
            .try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
}
