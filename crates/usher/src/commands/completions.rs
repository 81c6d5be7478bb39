//! `usher completions`: a script that completes commands in a shell.

use super::Context;
use crate::{
    arguments::{CompletionsArguments, localize},
    failure::Failure,
    output::Exit,
};

/// Prints the script; its descriptions are in the reader's language.
pub(super) fn print(context: &Context<'_>, arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut parser = localize::parser(context.output.language);
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut parser, "usher", &mut script);
    context
        .output
        .document(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Done)
}
