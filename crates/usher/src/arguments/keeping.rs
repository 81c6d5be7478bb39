//! The arguments of `usher doctor`, `usher backup` and `usher restore`.

use clap::Args;

use super::DataArguments;

/// `usher doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Read everything: every page against its checksum, every count, every audit log. It takes seconds for each gigabyte.
    #[arg(long)]
    pub(crate) deep: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file to make; it must not be there yet.
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}
