//! `usher store`: looking after the place where a ledger is.

mod copy;
mod distribute;
mod instances;

use super::Context;
use crate::{arguments::store::StoreCommand, failure::Failure, output::Exit};

/// Runs the command.
///
/// # Errors
/// Why it was not done.
pub(super) async fn run(context: &Context<'_>, command: StoreCommand) -> Result<Exit, Failure> {
    match command {
        StoreCommand::Instances(arguments) => instances::run(context, arguments).await,
        StoreCommand::Copy(arguments) => copy::run(context, arguments).await,
        StoreCommand::Distribute(arguments) => distribute::run(context, arguments).await,
    }
}
