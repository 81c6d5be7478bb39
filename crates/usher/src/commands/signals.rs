//! Being told to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{failure::Failure, output::Exit, words};

/// Listens for SIGTERM (service managers) and SIGINT (Ctrl-C). Made before the server says that it listens, so that
/// whoever reads that may stop it at once.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Begins to listen.
    ///
    /// # Errors
    /// A failure when the system does not allow it.
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::failed(words!(
                    "cannot listen for signals: {error}",
                    "无法监听信号：{error}"
                ))
            })
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for the first signal. A second one means that its sender does not want to wait for an orderly end.
    pub(super) async fn first(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(i32::from(Exit::Failed.number()));
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
