//! Ending and halting a server without a word, as a power cut and a stopped machine do.

use rustix::process::{Pid, Signal, kill_process};

use super::Server;

impl Server {
    /// `kill -9` of the server and everything that belongs to it. What it was about to say it does not say.
    pub fn kill(&self) {
        // The first process comes first, so that it starts nobody anew.
        self.signal(Signal::KILL);
    }

    /// Halts the server: it neither answers nor hangs up, until [`Self::go_on`].
    pub fn halt(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a halted server go on. Must come before the end of a test, for a halted server does not end either.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let first = self.process_id();
        for process in std::iter::once(first).chain(children(first)) {
            let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
            // A child may have ended by itself meanwhile.
            let _ = kill_process(process, signal);
        }
    }
}

fn children(process: u32) -> Vec<u32> {
    let file = format!("/proc/{process}/task/{process}/children");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect()
}
