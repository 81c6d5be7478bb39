//! One file per command, and the way from the command line to them.

mod apply;
mod audit;
mod bench;
mod completions;
mod config;
mod demo;
mod export;
mod identity_provider;
mod import;
mod input;
mod keeping;
mod manage;
mod serve;
mod sign_in;
mod signals;
mod store;
mod token;
mod torture;
mod user;

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

use crate::{
    arguments::{
        Arguments, Command, ConfigCommand, DataArguments, ExportCommand, ImportCommand, SettingArguments,
        report::ReportCommand,
    },
    environment,
    failure::Failure,
    ledger_place::LedgerPlace,
    logging,
    output::{Exit, Output},
    settings::{Layers, LogFormat, store::StoreSettings},
    words,
};

/// What every command is given.
pub(crate) struct Context<'a> {
    /// Where texts go.
    pub(crate) output: &'a Output,
    /// The value of `--config`.
    pub(crate) config: Option<PathBuf>,
}

impl Context<'_> {
    /// The layers of settings under some flags.
    fn layers(
        &self,
        flags: SettingArguments,
    ) -> Result<Layers<impl Fn(&str) -> Option<String> + use<>>, Failure> {
        Layers::new(flags, self.config.clone(), environment)
    }

    /// Where the ledger of a command is; a folder that is missing is made.
    fn ledger(&self, arguments: DataArguments) -> Result<LedgerPlace, Failure> {
        LedgerPlace::make(&StoreSettings::read(&self.layers(arguments.into())?)?)
    }

    /// Where the ledger of a command is that only reads, so that a folder must be there.
    fn existing_ledger(&self, arguments: DataArguments) -> Result<LedgerPlace, Failure> {
        LedgerPlace::existing(&StoreSettings::read(&self.layers(arguments.into())?)?)
    }
}

/// Runs the command.
///
/// # Errors
/// Why it was not done.
pub(crate) fn run(arguments: Arguments, output: &Output) -> Result<Exit, Failure> {
    let context = Context {
        output,
        config: arguments.common.config,
    };
    match arguments.command {
        Command::Config(ConfigCommand::Show(flags)) => config::show(&context, flags),
        Command::Completions(arguments) => completions::print(&context, &arguments),
        Command::Serve(flags) => wait_for(serve::run(&context, flags)),
        Command::Bench(arguments) => bench::run(&context, arguments),
        Command::Demo(arguments) => wait_for(demo::run(&context, arguments)),
        Command::Login(arguments) => wait_for(sign_in::login(&context, arguments)),
        Command::Whoami(arguments) => wait_for(sign_in::whoami(&context, arguments)),
        Command::Logout(arguments) => wait_for(sign_in::logout(&context, arguments)),
        command => {
            // A command has a person at its end, who wants to know only what goes wrong.
            logging::start(LogFormat::Human, LevelFilter::WARN, output);
            wait_for(work(&context, command))
        }
    }
}

/// The commands that work on a ledger through the control channel.
async fn work(context: &Context<'_>, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Import(ImportCommand::Accesses(arguments)) => import::run(context, arguments).await,
        Command::Import(command) => import::tables::run(context, command).await,
        Command::Export(ExportCommand::Activities(arguments)) => export::run(context, arguments).await,
        Command::Export(command) => export::tables::run(context, command).await,
        Command::Apply(arguments) => apply::run(context, arguments).await,
        Command::Token(command) => token::run(context, command).await,
        Command::Tenant(command) => manage::tenants::run(context, command).await,
        Command::User(command) => user::run(context, command).await,
        Command::App(command) => manage::apps::run(context, command).await,
        Command::Client(command) => manage::clients::run(context, command).await,
        Command::Pool(command) => manage::pools::run(context, command).await,
        Command::Seat(command) => manage::seats::run(context, command).await,
        Command::Group(command) => manage::groups::run(context, command).await,
        Command::Report(ReportCommand::Idle(arguments)) => manage::idle_seats::run(context, arguments).await,
        Command::Report(ReportCommand::Usage(arguments)) => manage::usage::run(context, arguments).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Store(command) => store::run(context, command).await,
        Command::Doctor(arguments) => keeping::doctor::run(context, arguments).await,
        Command::Backup(arguments) => keeping::backup::run(context, arguments).await,
        Command::Restore(arguments) => keeping::restore::run(context, arguments).await,
        Command::Torture(arguments) => torture::run(context, arguments).await,
        Command::IdentityProvider(command) => identity_provider::run(context, command).await,
        Command::Serve(_)
        | Command::Bench(_)
        | Command::Demo(_)
        | Command::Login(_)
        | Command::Whoami(_)
        | Command::Logout(_)
        | Command::Config(_)
        | Command::Completions(_) => Ok(Exit::Done),
    }
}

/// Runs a command to its end on a runtime of its own.
fn wait_for(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(words!("cannot start: {error}", "无法启动：{error}")))?
        .block_on(command)
}
