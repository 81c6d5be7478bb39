//! The arguments of `usher report` and `usher user leave`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ledger::WishArguments, manage::PlaceArguments};

/// `usher report ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// List seats that lie idle, the longest idle first, with what says so.
    Idle(ReportIdleArguments),
    /// Count active people, day by day, week by week or month by month.
    Usage(ReportUsageArguments),
}

/// `usher report usage`.
#[derive(Debug, Args)]
pub(crate) struct ReportUsageArguments {
    /// The first day [default: 29 days before the last].
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// The last day [default: today in the tenant's time zone].
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Over which days a person counts once: day, seven_days, thirty_days, week or month [default: day].
    #[arg(long, value_name = "WINDOW")]
    pub(crate) window: Option<String>,
    /// Only through this kind of seat: per_user or per_user_per_app.
    #[arg(long, value_name = "SEAT_TYPE")]
    pub(crate) seat_type: Option<String>,
    /// Only in this app.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) app: Option<String>,
    /// Print a table for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Write the report into a new file that shows itself in any browser, to be mailed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["csv", "json"])]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// `usher report idle`.
#[derive(Debug, Args)]
pub(crate) struct ReportIdleArguments {
    /// Idle for so many days or more; 0 lists every seat in order of user [default: 90, or 0 with --never-used].
    #[arg(long, value_name = "DAYS")]
    pub(crate) idle_days: Option<u32>,
    /// Only seats that nobody ever came through.
    #[arg(long)]
    pub(crate) never_used: bool,
    /// Only this kind of seat: per_user or per_user_per_app.
    #[arg(long, value_name = "SEAT_TYPE")]
    pub(crate) seat_type: Option<String>,
    /// Only app seats of this app.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) app: Option<String>,
    /// Only seats of people in this group.
    #[arg(long, value_name = "KEY")]
    pub(crate) group: Option<String>,
    /// Only seats with one of these verdicts, separated by commas: protected, on_leave, new, redundant, never_used, idle, in_use.
    #[arg(long, value_name = "VERDICTS")]
    pub(crate) verdict: Option<String>,
    /// Print a table for spreadsheets.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Write the report into a new file that shows itself in any browser, to be mailed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["csv", "json"])]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// `usher user leave ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum LeaveCommand {
    /// List when a person is or was on leave.
    List(LeaveListArguments),
    /// Note a leave; time on leave is not idle time.
    Add(LeaveAddArguments),
    /// Take a leave away.
    Remove(LeaveRemoveArguments),
}

/// `usher user leave list`.
#[derive(Debug, Args)]
pub(crate) struct LeaveListArguments {
    /// The person's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) user_id: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// `usher user leave add`.
#[derive(Debug, Args)]
pub(crate) struct LeaveAddArguments {
    /// The person's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) user_id: String,
    /// When it begins: a date, a moment such as 2026-12-31T08:00:00Z, or milliseconds.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) from: String,
    /// When they are back, in the same forms; a date means its beginning.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) until: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// `usher user leave remove`.
#[derive(Debug, Args)]
pub(crate) struct LeaveRemoveArguments {
    /// The person's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) user_id: String,
    /// When it begins: a date, a moment such as 2026-12-31T08:00:00Z, or milliseconds.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) from: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}
