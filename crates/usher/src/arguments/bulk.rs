//! Arguments of the commands that take tables in and give them out.

use std::path::PathBuf;

use clap::Args;

use super::DataArguments;

/// `usher import apps`.
#[derive(Debug, Args)]
pub(crate) struct ImportPlainArguments {
    /// The table as CSV, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    /// Try every line, show what would happen, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher import users`, `groups`, `pools`.
#[derive(Debug, Args)]
pub(crate) struct ImportTableArguments {
    #[command(flatten)]
    pub(crate) plain: ImportPlainArguments,
    /// Make the people, apps and groups that a line names and that are missing.
    #[arg(long)]
    pub(crate) create_missing: bool,
}

/// `usher import seats`.
#[derive(Debug, Args)]
pub(crate) struct ImportSeatsArguments {
    #[command(flatten)]
    pub(crate) table: ImportTableArguments,
    /// Put people for whom no seat is free on the waiting list.
    #[arg(long)]
    pub(crate) wait: bool,
}

/// `usher export ...` of a table.
#[derive(Debug, Args)]
pub(crate) struct ExportTableArguments {
    /// The form of the rows: csv or jsonl (JSON lines) [default: csv].
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}
