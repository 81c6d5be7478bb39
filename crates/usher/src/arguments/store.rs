//! The arguments of `usher store`.

use clap::{Args, Subcommand};

use super::DataArguments;

/// `usher store ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// List the servers that work on the ledger, and up to when each has written down whom it let in.
    Instances(InstancesArguments),
    /// Copy a whole ledger from a file or database to another; nobody may work on either meanwhile.
    Copy(CopyArguments),
    /// Spread the tables of a database over the Citus cluster whose coordinator it is.
    Distribute(DistributeArguments),
}

/// `usher store instances`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct InstancesArguments {
    #[command(subcommand)]
    pub(crate) command: Option<InstancesCommand>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher store instances ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum InstancesCommand {
    /// Forget a server that will not come back: reports no longer wait for what it may still have.
    Retire(RetireArguments),
}

/// `usher store instances retire`.
#[derive(Debug, Args)]
pub(crate) struct RetireArguments {
    /// The name, as listed.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher store copy`.
#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// Where the ledger is: sqlite:PATH or postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: String,
    /// Where it is to be: an empty file or database, or the same one as before when the copy was broken off.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: String,
    /// A file with the password of the database to copy from [environment: the password itself in USHER_FROM_PASSWORD].
    #[arg(long, value_name = "FILE")]
    pub(crate) from_password_file: Option<String>,
    /// A file with the password of the database to copy to [environment: the password itself in USHER_TO_PASSWORD].
    #[arg(long, value_name = "FILE")]
    pub(crate) to_password_file: Option<String>,
    /// The key file of the database to copy from, where it does not keep its key.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_key_file: Option<String>,
    /// The key file of the database to copy to, where it is not to keep its key; it must have the key of the ledger.
    #[arg(long, value_name = "FILE")]
    pub(crate) to_key_file: Option<String>,
}

/// `usher store distribute`.
#[derive(Debug, Args)]
pub(crate) struct DistributeArguments {
    /// Say what would be done and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}
