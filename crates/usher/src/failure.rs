//! Why a command did not do what it was asked, for a person in two languages and for a script as an exit code.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    language::{Language, Words},
    output::Exit,
    words,
};

/// A failure with its exit code and, where there is one, the next useful command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the command ends.
    pub(crate) exit: Exit,
    /// What happened.
    pub(crate) words: Words,
    /// What to do now.
    pub(crate) next: Option<Words>,
    silent: bool,
}

/// A failure on its way from a running server to a command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireFailure {
    exit: u8,
    words: Words,
    next: Option<Words>,
}

impl Failure {
    /// Makes a failure.
    pub(crate) fn new(exit: Exit, words: Words) -> Self {
        Self {
            exit,
            words,
            next: None,
            silent: false,
        }
    }

    /// A command line or setting that is wrong.
    pub(crate) fn usage(words: Words) -> Self {
        Self::new(Exit::Usage, words)
    }

    /// Something that could not be done.
    pub(crate) fn failed(words: Words) -> Self {
        Self::new(Exit::Failed, words)
    }

    /// Adds the next useful command.
    #[must_use]
    pub(crate) fn next(mut self, next: Words) -> Self {
        self.next = Some(next);
        self
    }

    /// Standard output cannot be written. When its reader has simply gone (`| head`), that is the reader's wish and
    /// not a failure: the command ends quietly and well.
    pub(crate) fn standard_output(error: &io::Error) -> Self {
        let mut failure = Self::failed(words!(
            "cannot write to standard output: {error}",
            "无法写入标准输出：{error}"
        ));
        if error.kind() == io::ErrorKind::BrokenPipe {
            failure.exit = Exit::Done;
            failure.silent = true;
        }
        failure
    }

    /// A command line that names no command: the help was printed and says everything.
    pub(crate) fn help_was_enough() -> Self {
        let mut failure = Self::usage(words!("no command was given", "未给出命令"));
        failure.silent = true;
        failure
    }

    /// True when nobody wants to hear of it.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    /// The failure as `--json` prints it.
    pub(crate) fn machine(&self, language: Language) -> serde_json::Value {
        json!({"error": {
            "exit_code": self.exit.number(),
            "reason": self.exit.name(),
            "message": self.words.text(language),
            "next": self.next.as_ref().map(|next| next.text(language)),
        }})
    }
}

impl From<Failure> for WireFailure {
    fn from(failure: Failure) -> Self {
        Self {
            exit: failure.exit.number(),
            words: failure.words,
            next: failure.next,
        }
    }
}

impl From<WireFailure> for Failure {
    fn from(wire: WireFailure) -> Self {
        Self {
            exit: Exit::from_number(wire.exit).unwrap_or(Exit::Failed),
            words: wire.words,
            next: wire.next,
            silent: false,
        }
    }
}
