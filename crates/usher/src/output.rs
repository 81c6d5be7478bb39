//! What a person or a program reads from a command.
//!
//! Results go to standard output, explanations and complaints to standard error, so that `$(usher token issue ...)`
//! is a token and nothing else. With `--json` each text becomes one JSON object on one line, on the same stream.
//! Colour only where a person watches: never into a file or a pipe, never when `NO_COLOR` is set.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::{
    failure::Failure,
    language::{Language, Words},
};

/// How a command ends. Scripts depend on these numbers; they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// It was not done, for a reason none of the others names.
    Failed = 1,
    /// The command line or a setting is wrong; nothing was begun.
    Usage = 2,
    /// The work was done, but some lines of the input were refused or malformed.
    LinesRefused = 3,
    /// Another Usher holds the data folder and did not let go in time.
    Held = 4,
    /// The server or the store cannot serve just now; the same command may succeed later.
    Unavailable = 5,
}

impl Exit {
    /// Every way, for the manual's test.
    pub(crate) const ALL: [Self; 6] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::LinesRefused,
        Self::Held,
        Self::Unavailable,
    ];

    /// The number the shell sees.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The way with this number, if there is one.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.number() == number)
    }

    /// The name in `--json` complaints.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::LinesRefused => "lines_refused",
            Self::Held => "held",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Where texts go and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// The reader's language.
    pub(crate) language: Language,
    /// True when a program reads.
    pub(crate) json: bool,
    colour: bool,
    progress: bool,
}

impl Output {
    /// Looks at the terminal and at `NO_COLOR`, once.
    pub(crate) fn new(language: Language, json: bool, environment: impl Fn(&str) -> Option<String>) -> Self {
        let person_watches = io::stderr().is_terminal();
        let no_colour = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            language,
            json,
            colour: person_watches && !no_colour && !json,
            progress: person_watches && !json,
        }
    }

    /// True when moving pictures such as progress bars have somebody to watch them.
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress
    }

    /// True when standard error may be coloured.
    pub(crate) fn colours(&self) -> bool {
        self.colour
    }

    /// Gives a result: words for a person, `machine` for a program.
    ///
    /// # Errors
    /// A [`Failure`] when standard output cannot be written.
    pub(crate) fn result(&self, words: &Words, machine: &impl Serialize) -> Result<(), Failure> {
        self.line(&mut io::stdout().lock(), words, machine)
            .map_err(|error| Failure::standard_output(&error))
    }

    /// Gives a result that is the same for everybody, such as a token, as one line.
    ///
    /// # Errors
    /// A [`Failure`] when standard output cannot be written.
    pub(crate) fn plain(&self, text: &str, machine: &impl Serialize) -> Result<(), Failure> {
        self.result(&Words::same(text), machine)
    }

    /// Prints a text whose form is the same for everybody, such as help.
    ///
    /// # Errors
    /// A [`Failure`] when standard output cannot be written.
    pub(crate) fn document(&self, text: &str) -> Result<(), Failure> {
        writeln!(io::stdout().lock(), "{text}").map_err(|error| Failure::standard_output(&error))
    }

    /// Explains, on standard error. An explanation nobody can read is no reason to fail.
    pub(crate) fn explain(&self, words: &Words, machine: &impl Serialize) {
        let _ = self.line(&mut io::stderr().lock(), words, machine);
    }

    /// Complains about a failure, on standard error.
    pub(crate) fn complain(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        let mut stream = io::stderr().lock();
        let _ = if self.json {
            json_line(&mut stream, &failure.machine(self.language))
        } else {
            self.complaint(&mut stream, failure)
        };
    }

    fn complaint(&self, stream: &mut impl Write, failure: &Failure) -> io::Result<()> {
        let (begin, end) = if self.colour {
            ("\u{1b}[1;31m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        let title = match self.language {
            Language::English => "error:",
            Language::Chinese => "错误：",
        };
        let space = match self.language {
            Language::English => " ",
            Language::Chinese => "",
        };
        let text = failure.words.text(self.language);
        writeln!(stream, "{begin}{title}{end}{space}{text}")?;
        if let Some(next) = &failure.next {
            let title = match self.language {
                Language::English => "next: ",
                Language::Chinese => "下一步：",
            };
            writeln!(stream, "{title}{}", next.text(self.language))?;
        }
        Ok(())
    }

    fn line(&self, stream: &mut impl Write, words: &Words, machine: &impl Serialize) -> io::Result<()> {
        if self.json {
            json_line(stream, machine)
        } else {
            writeln!(stream, "{}", words.text(self.language))?;
            stream.flush()
        }
    }
}

/// Writes one JSON value as one line.
fn json_line(stream: &mut impl Write, machine: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(machine).map_err(io::Error::other)?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_keep_their_numbers() {
        let numbers: Vec<_> = Exit::ALL
            .into_iter()
            .map(|exit| (exit.number(), exit.name()))
            .collect();
        assert_eq!(
            numbers,
            [
                (0, "done"),
                (1, "failed"),
                (2, "usage"),
                (3, "lines_refused"),
                (4, "held"),
                (5, "unavailable")
            ]
        );
        assert!(
            Exit::ALL
                .into_iter()
                .all(|exit| Exit::from_number(exit.number()) == Some(exit))
        );
    }

    #[test]
    fn the_manual_names_every_way_to_end() {
        for manual in [
            include_str!("../../../docs/commands.md"),
            include_str!("../../../docs/commands.zh-CN.md"),
        ] {
            for exit in Exit::ALL {
                let row = format!("| {} | `{}` |", exit.number(), exit.name());
                assert!(manual.contains(&row), "{row}");
            }
        }
    }

    #[test]
    fn a_complaint_names_the_next_step_in_the_language_of_its_reader() {
        let failure = Failure::new(Exit::Failed, crate::words!("it broke", "出错了"))
            .next(crate::words!("usher serve", "usher serve"));
        for (language, expected) in [
            (Language::English, "error: it broke\nnext: usher serve\n"),
            (Language::Chinese, "错误：出错了\n下一步：usher serve\n"),
        ] {
            let output = Output {
                language,
                json: false,
                colour: false,
                progress: false,
            };
            let mut stream = Vec::new();
            output.complaint(&mut stream, &failure).unwrap();
            assert_eq!(String::from_utf8(stream).unwrap(), expected);
        }
    }
}
