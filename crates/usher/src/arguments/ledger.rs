//! The arguments of `usher pool`, `usher seat` and `usher group`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::manage::{ListArguments, PlaceArguments};

/// `usher pool ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// List pools: what was bought, how much of it is in use, how many wait.
    List(ListArguments),
    /// Show a pool.
    Show(PoolArguments),
    /// Say how many seats were bought.
    Set(PoolSetArguments),
    /// List who waits for a seat of a pool, first in line first.
    Waiting(PoolArguments),
    /// Take a person out of a waiting list.
    StopWaiting(PoolPersonArguments),
}

/// `usher seat ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum SeatCommand {
    /// List seats of a kind, held or not.
    List(SeatListArguments),
    /// Show a seat.
    Show(SeatArguments),
    /// Give seats.
    Assign(SeatAssignArguments),
    /// Take seats back.
    Release(SeatReleaseArguments),
    /// Give seats that were taken back to whoever had them, as they were.
    Restore(SeatRestoreArguments),
    /// Hand a seat on to somebody else, in one step.
    Transfer(SeatTransferArguments),
    /// Move the end of seats in use.
    Extend(SeatExtendArguments),
    /// Keep seats from being taken as idle.
    Protect(SeatProtectArguments),
    /// Let seats be taken as idle again.
    Unprotect(SeatUnprotectArguments),
}

/// `usher group ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// List groups, in order of their key.
    List(ListArguments),
    /// Show a group.
    Show(GroupArguments),
    /// List who is in a group.
    Members(GroupArguments),
    /// Make a group.
    Create(GroupCreateArguments),
    /// Rename a group.
    Rename(GroupRenameArguments),
    /// Delete a group; its people lose the seats that only it gave them.
    Delete(GroupChangeArguments),
    /// Take people into a group; it gives them its seats.
    Add(GroupPeopleArguments),
    /// Take people out of a group, with the seats that only it gave them.
    Remove(GroupPeopleArguments),
    /// Let a group give its people seats of a pool.
    Give(GroupPoolArguments),
    /// End that; people lose the seats that only it gave them.
    StopGiving(GroupPoolArguments),
}

/// Whether in earnest, and why.
#[derive(Debug, Args)]
pub(crate) struct WishArguments {
    /// Show exactly what would happen and keep nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// A pool.
#[derive(Debug, Args)]
pub(crate) struct PoolArguments {
    /// The pool: `per_user`, or `per_user_per_app:NAMESPACE`.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What was bought.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("size").args(["bought", "no_limit"])))]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args(["bought", "no_limit", "price", "no_price"])))]
pub(crate) struct PoolSetArguments {
    /// The pool: `per_user`, or `per_user_per_app:NAMESPACE`.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// How many seats were bought.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) bought: Option<u64>,
    /// Take the limit away.
    #[arg(long)]
    pub(crate) no_limit: bool,
    /// When seats may first be given: a date, a moment such as 2026-12-31T08:00:00Z, or milliseconds [default: always].
    #[arg(long, value_name = "MOMENT")]
    pub(crate) valid_from: Option<String>,
    /// When they no longer may, in the same forms [default: never].
    #[arg(long, value_name = "MOMENT")]
    pub(crate) valid_until: Option<String>,
    /// Accept that more seats are in use than bought; nothing is taken from anybody.
    #[arg(long)]
    pub(crate) allow_overdraft: bool,
    /// What a seat costs, such as 30.00; for reports.
    #[arg(long, value_name = "AMOUNT", requires_all = ["currency", "per"])]
    pub(crate) price: Option<String>,
    /// In which currency: three capital letters, such as CNY.
    #[arg(long, value_name = "CODE", requires = "price")]
    pub(crate) currency: Option<String>,
    /// For how long that is paid: `month` or `year`.
    #[arg(long, value_name = "PERIOD", requires = "price")]
    pub(crate) per: Option<String>,
    /// Take the price away.
    #[arg(long, conflicts_with = "price")]
    pub(crate) no_price: bool,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A person in a waiting list.
#[derive(Debug, Args)]
pub(crate) struct PoolPersonArguments {
    /// The pool: `per_user`, or `per_user_per_app:NAMESPACE`.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    /// The person's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) user_id: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Some seats.
#[derive(Debug, Args)]
pub(crate) struct SeatListArguments {
    /// Which kind of seat: per_user or per_user_per_app.
    #[arg(value_name = "SEAT_TYPE")]
    pub(crate) kind: String,
    /// Only this person's.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) user: Option<String>,
    /// Only of this app.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) app: Option<String>,
    /// Only of people in this group.
    #[arg(long, value_name = "KEY")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A seat.
#[derive(Debug, Args)]
pub(crate) struct SeatArguments {
    /// The seat: `per_user:NUMBER`, or `per_user_per_app:NUMBER:NAMESPACE`.
    #[arg(value_name = "SEAT")]
    pub(crate) seat: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Whose seats, and how.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["seats", "file", "group"])))]
pub(crate) struct SeatsArguments {
    /// The seats, each `per_user:NUMBER` or `per_user_per_app:NUMBER:NAMESPACE`.
    #[arg(value_name = "SEAT")]
    pub(crate) seats: Vec<String>,
    /// A file with one seat per line, at most 10,000, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Everybody who is in this group.
    #[arg(long, value_name = "KEY", requires = "pool")]
    pub(crate) group: Option<String>,
    /// The pool of the group's seats: `per_user`, or `per_user_per_app:NAMESPACE`.
    #[arg(long, value_name = "POOL", requires = "group")]
    pub(crate) pool: Option<String>,
    /// Do whatever fits, with a verdict for each seat; without, one that does not fit stops all.
    #[arg(long)]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Seats to be given.
#[derive(Debug, Args)]
pub(crate) struct SeatAssignArguments {
    #[command(flatten)]
    pub(crate) seats: SeatsArguments,
    /// When they end: a date, a moment such as 2026-12-31T08:00:00Z, or milliseconds [default: never].
    #[arg(long, value_name = "MOMENT")]
    pub(crate) expires_at: Option<String>,
    /// Put whoever finds no free seat into the waiting list.
    #[arg(long)]
    pub(crate) wait: bool,
}

/// Seats to be taken back.
#[derive(Debug, Args)]
pub(crate) struct SeatReleaseArguments {
    #[command(flatten)]
    pub(crate) seats: SeatsArguments,
    /// Take protected seats too.
    #[arg(long)]
    pub(crate) even_protected: bool,
    /// Leave a seat that let somebody in at this moment or later: a date, a moment, or milliseconds.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) unless_admitted_since: Option<String>,
}

/// Seats to be given back to whoever had them.
#[derive(Debug, Args)]
pub(crate) struct SeatRestoreArguments {
    #[command(flatten)]
    pub(crate) seats: SeatsArguments,
}

/// A seat to be handed on.
#[derive(Debug, Args)]
pub(crate) struct SeatTransferArguments {
    /// The seat: `per_user:NUMBER`, or `per_user_per_app:NUMBER:NAMESPACE`.
    #[arg(value_name = "SEAT")]
    pub(crate) seat: String,
    /// The number of the person who gets it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Seats whose end is to be moved.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("end").required(true).args(["expires_at", "no_end"])))]
pub(crate) struct SeatExtendArguments {
    #[command(flatten)]
    pub(crate) seats: SeatsArguments,
    /// The new end: a date, a moment such as 2026-12-31T08:00:00Z, or milliseconds.
    #[arg(long, value_name = "MOMENT")]
    pub(crate) expires_at: Option<String>,
    /// Take the end away.
    #[arg(long)]
    pub(crate) no_end: bool,
}

/// Seats to be kept.
#[derive(Debug, Args)]
pub(crate) struct SeatProtectArguments {
    #[command(flatten)]
    pub(crate) seats: SeatsArguments,
}

/// Seats that need no longer be kept.
#[derive(Debug, Args)]
pub(crate) struct SeatUnprotectArguments {
    #[command(flatten)]
    pub(crate) seats: SeatsArguments,
}

/// A group.
#[derive(Debug, Args)]
pub(crate) struct GroupArguments {
    /// The group's key.
    #[arg(value_name = "KEY")]
    pub(crate) group_key: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A new group.
#[derive(Debug, Args)]
pub(crate) struct GroupCreateArguments {
    /// The group's key.
    #[arg(value_name = "KEY")]
    pub(crate) group_key: String,
    /// The name for people [default: the key].
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Another name.
#[derive(Debug, Args)]
pub(crate) struct GroupRenameArguments {
    /// The group's key.
    #[arg(value_name = "KEY")]
    pub(crate) group_key: String,
    /// The new name.
    #[arg(value_name = "NAME")]
    pub(crate) group_name: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A group to be changed.
#[derive(Debug, Args)]
pub(crate) struct GroupChangeArguments {
    /// The group's key.
    #[arg(value_name = "KEY")]
    pub(crate) group_key: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// People of a group.
#[derive(Debug, Args)]
pub(crate) struct GroupPeopleArguments {
    /// The group's key.
    #[arg(value_name = "KEY")]
    pub(crate) group_key: String,
    /// The people's numbers.
    #[arg(value_name = "NUMBER", required = true)]
    pub(crate) user_ids: Vec<String>,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A pool of which a group gives seats.
#[derive(Debug, Args)]
pub(crate) struct GroupPoolArguments {
    /// The group's key.
    #[arg(value_name = "KEY")]
    pub(crate) group_key: String,
    /// The pool: `per_user`, or `per_user_per_app:NAMESPACE`.
    #[arg(value_name = "POOL")]
    pub(crate) pool: String,
    #[command(flatten)]
    pub(crate) wish: WishArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}
