//! The arguments of `usher audit`.

use clap::{Args, Subcommand};

use super::DataArguments;

/// `usher audit ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print records of the audit log, newest first: who changed what, when, from where and why.
    List(AuditListArguments),
    /// Print records as a table, oldest first.
    Export(AuditExportArguments),
    /// Prove that no record was changed, removed or moved, or name those that were.
    Verify(AuditVerifyArguments),
}

/// Which log.
#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    /// The tenant whose log it is [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    /// The log of what concerns no tenant, such as operator tokens.
    #[arg(long, conflicts_with = "tenant")]
    pub(crate) no_tenant: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// Which records.
#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// Only about one thing, such as seat:per_user:42, user:42 or client:cli_a1b2.
    #[arg(long, value_name = "KIND:NAME")]
    pub(crate) object: Option<String>,
    /// Only by one actor, such as user:42, operator:0123456789abcdef, command_line:root or system.
    #[arg(long, value_name = "KIND:NAME")]
    pub(crate) actor: Option<String>,
    /// Only from this moment on: a date (UTC), a moment such as 2026-12-31T08:00:00+08:00, or milliseconds.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) from: Option<String>,
    /// Only before this moment, in the same forms.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) until: Option<String>,
}

/// `usher audit list`.
#[derive(Debug, Args)]
pub(crate) struct AuditListArguments {
    #[command(flatten)]
    pub(crate) records: RecordArguments,
    /// Print the oldest first.
    #[arg(long)]
    pub(crate) oldest_first: bool,
    #[command(flatten)]
    pub(crate) log: LogArguments,
}

/// `usher audit export`.
#[derive(Debug, Args)]
pub(crate) struct AuditExportArguments {
    /// The form of the rows: csv or jsonl (JSON lines).
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: String,
    #[command(flatten)]
    pub(crate) records: RecordArguments,
    #[command(flatten)]
    pub(crate) log: LogArguments,
}

/// `usher audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArguments {
    /// Every log: each tenant's, and that of what concerns no tenant.
    #[arg(long, conflicts_with_all = ["tenant", "no_tenant", "expect"])]
    pub(crate) all: bool,
    /// A record that you noted earlier; it must be there unchanged. Without it, an end cut off with its mark is not noticed.
    #[arg(long, value_name = "SEQUENCE:HASH")]
    pub(crate) expect: Option<String>,
    #[command(flatten)]
    pub(crate) log: LogArguments,
}
