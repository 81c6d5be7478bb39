//! Usher: a seat ledger with a door.
//!
//! The binary: what is typed, and how the rooms below are put together.
//!
//! - `arguments`, `settings`: what is asked, and how it is set
//! - `language`, `output`, `failure`, `moments`, `identifiers`: what is said, in English and Chinese
//! - `clock`, `chance`: the only places that read time and draw randomness
//! - `data_folder`, `ledger_place`, `first_run`, `keys`, `ledger`: a ledger opened by this process, in a file or a database
//! - `control`: how commands work beside or through a running server
//! - `sign_in`: being signed in to a server, from here or afar
//! - `server`, `instances`, `tending`, `logging`, `open_files`: a running server
//! - `commands`: one file per command
//! - `sample`: the organisation of the demo
//! - `measuring`: what `usher bench` does
//! - `torture`: killing a server of one's own, and what it must not lose
//! - [`lines`], [`csv_line`], [`spreadsheet`]: reading files that others wrote; public for the fuzz targets

pub use usher_http::access::csv_line;
pub mod lines;
pub mod spreadsheet;

mod account;
mod arguments;
mod chance;
mod clock;
mod commands;
mod control;
mod data_folder;
mod failure;
mod first_run;
mod identifiers;
mod instances;
mod keys;
mod language;
mod ledger;
mod ledger_place;
mod logging;
mod measuring;
mod moments;
mod open_files;
mod output;
mod sample;
mod server;
mod settings;
mod sign_in;
mod tending;
mod torture;

use std::{ffi::OsString, process::ExitCode};

use clap::FromArgMatches;

use arguments::{Arguments, localize, mistakes};
use failure::Failure;
use language::{Language, Words};
use output::{Exit, Output};

/// The environment, read at this edge and handed down.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does what the command line asks and gives the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let language = Language::before_parsing(&words, environment);
    let json = words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json");
    let output = Output::new(language, json, environment);
    let exit = match parse(&words, &output) {
        Ok(Some(arguments)) => commands::run(arguments, &output),
        Ok(None) => Ok(Exit::Done),
        Err(failure) => Err(failure),
    };
    let exit = exit.unwrap_or_else(|failure| {
        output.complain(&failure);
        failure.exit
    });
    ExitCode::from(exit.number())
}

/// Parses the command line; none when it asked for help or the version, which then has been printed.
fn parse(words: &[OsString], output: &Output) -> Result<Option<Arguments>, Failure> {
    use clap::error::ErrorKind;
    let parsed = localize::parser(output.language)
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let error = match parsed {
        Ok(arguments) => return Ok(Some(arguments)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render().to_string();
            output.document(text.trim_end())?;
            Ok(None)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !output.json => {
            let help = error.render().to_string();
            output.explain(&Words::same(help.trim_end()), &());
            Err(Failure::help_was_enough())
        }
        _ => Err(mistakes::explained(&error)),
    }
}
