//! The command line.
//!
//! The English help is the doc comments here; the Chinese help is the table in [`texts`], which also holds the
//! examples; [`localize`] puts them onto the parser, and a test there proves that nothing lacks either language.
//! What a value *means* is not decided here: values stay text until a command parses them, so that a wrong one is
//! explained in the reader's language.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod bulk;
pub(crate) mod identity_provider;
pub(crate) mod keeping;
pub(crate) mod ledger;
pub(crate) mod localize;
pub(crate) mod manage;
pub(crate) mod mistakes;
pub(crate) mod report;
pub(crate) mod sign_in;
pub(crate) mod store;
mod texts;
pub(crate) mod torture;

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand};

use crate::language::Language;

/// Usher, a seat ledger with a door: who holds which seat, and who uses what is paid for.
#[derive(Debug, Parser)]
#[command(
    name = "usher",
    version,
    disable_help_flag = true,
    disable_version_flag = true
)]
#[command(
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: CommonArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print the version.
    #[arg(short = 'V', long, display_order = 1004, action = ArgAction::Version)]
    version: (),
}

/// Arguments every command takes.
#[derive(Debug, Args)]
pub(crate) struct CommonArguments {
    /// The language of everything a person reads [environment: USHER_LANGUAGE, else the locale].
    #[arg(long, global = true, display_order = 1000, value_name = "LANGUAGE")]
    pub(crate) language: Option<Language>,
    /// Print JSON, one object per line, wherever a text for a person is printed.
    #[arg(long, global = true, display_order = 1001)]
    pub(crate) json: bool,
    /// The settings file [environment: USHER_CONFIG; default: DATA/usher.toml if it is there].
    #[arg(long, global = true, display_order = 1002, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print help.
    #[arg(short = 'h', long, global = true, display_order = 1003, action = ArgAction::HelpShort)]
    help: (),
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: the door, the lists and health, on one address.
    Serve(SettingArguments),
    /// Run a server with a sample organisation in a temporary folder, deleted at the end.
    Demo(DemoArguments),
    /// Bring in what happened elsewhere, and tables that are kept elsewhere.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Give out what the ledger holds.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Make users, apps, app routes, seats, tenants and clients from a file of JSON lines.
    Apply(ApplyArguments),
    /// Issue, list and revoke tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look after tenants: the organisations on this server.
    #[command(subcommand)]
    Tenant(manage::TenantCommand),
    /// Look after people.
    #[command(subcommand)]
    User(UserCommand),
    /// Look after apps: what people open, and where gateways serve it.
    #[command(subcommand)]
    App(manage::AppCommand),
    /// Look after clients: programs that call the API.
    #[command(subcommand)]
    Client(manage::ClientCommand),
    /// Look after pools: how many seats were bought, how many are in use, who waits.
    #[command(subcommand)]
    Pool(ledger::PoolCommand),
    /// Give, take and look at seats, one or thousands.
    #[command(subcommand)]
    Seat(ledger::SeatCommand),
    /// Look after groups of people, and the seats that a group gives.
    #[command(subcommand)]
    Group(ledger::GroupCommand),
    /// Look at reports.
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Look at the audit log, and prove that nobody has touched it.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Look after the store: the place where the ledger is.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Say whether everything is as it must be: folder, files, disk, clock, server; with --deep every page and count of the store.
    Doctor(keeping::DoctorArguments),
    /// Write a whole ledger into one file, with its key, while the server goes on.
    Backup(keeping::BackupArguments),
    /// Bring a backup into a data folder that has no ledger; nothing is overwritten.
    Restore(keeping::RestoreArguments),
    /// Let people sign in through their organisation's own identity provider.
    #[command(subcommand)]
    IdentityProvider(identity_provider::IdentityProviderCommand),
    /// Measure what Usher does on this machine: durable accesses per second, waits, pages, import, what is written, memory, start.
    Bench(bench::BenchArguments),
    /// Kill a server of one's own again and again, and prove that nothing acknowledged is lost on this disk or in this database.
    Torture(torture::TortureArguments),
    /// Sign in to a server with your browser, and keep the tokens for the next commands.
    Login(sign_in::LoginArguments),
    /// Say who is signed in, where, and what the token may do.
    Whoami(sign_in::WhoamiArguments),
    /// Sign out: give the tokens back and forget them.
    Logout(sign_in::LogoutArguments),
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a script that completes commands in a shell.
    Completions(CompletionsArguments),
}

/// Where the ledger is; taken by every command that works on one.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArguments {
    /// The data folder [environment: USHER_DATA; default: ./usher-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// Where the ledger is: sqlite:PATH or postgres://USER@HOST/DATABASE [environment: USHER_STORE; default: usher.db in the data folder].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) store: Option<String>,
    /// A file with the password of the database [environment: USHER_STORE_PASSWORD_FILE, or the password itself in USHER_STORE_PASSWORD].
    #[arg(long, value_name = "FILE")]
    pub(crate) store_password_file: Option<String>,
}

/// Every setting as a flag. The fields are named like the settings (see `settings`).
#[derive(Debug, Default, Args)]
pub(crate) struct SettingArguments {
    /// The data folder, made when it is missing [environment: USHER_DATA; default: ./usher-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// Where the ledger is: sqlite:PATH or postgres://USER@HOST/DATABASE [environment: USHER_STORE; default: usher.db in the data folder].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) store: Option<String>,
    /// A file with the password of the database [environment: USHER_STORE_PASSWORD_FILE, or the password itself in USHER_STORE_PASSWORD].
    #[arg(long, value_name = "FILE")]
    pub(crate) store_password_file: Option<String>,
    /// Most connections to the database, 2 to 500 [environment: USHER_STORE_CONNECTIONS; default: 16].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) store_connections: Option<String>,
    /// How long one server of the database may take to answer, 1 to 3600 [environment: USHER_STORE_CONNECT_TIMEOUT_SECONDS; default: 3].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) store_connect_timeout_seconds: Option<String>,
    /// How long a statement may take in the database, 1 to 3600 [environment: USHER_STORE_STATEMENT_TIMEOUT_SECONDS; default: 30].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) store_statement_timeout_seconds: Option<String>,
    /// How long a statement may wait for a lock in the database, 1 to 3600 [environment: USHER_STORE_LOCK_TIMEOUT_SECONDS; default: 10].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) store_lock_timeout_seconds: Option<String>,
    /// A file with the 32 bytes of the key that all servers of a database share [environment: USHER_KEY_FILE; default: the database keeps it].
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<String>,
    /// The address to listen on; port 0 takes a free one [environment: USHER_LISTEN; default: 127.0.0.1:8787].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// The name of this server among those on one database, kept over restarts [environment: USHER_INSTANCE; default: the machine's name and some letters].
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// What the door does while the database is away: closed (everybody waits outside) or spool (whoever was seen recently is admitted, and their accesses wait in the data folder) [environment: USHER_WHILE_STORE_IS_AWAY; default: closed].
    #[arg(long, value_name = "closed|spool")]
    pub(crate) while_store_is_away: Option<String>,
    /// For how many hours somebody counts as seen recently, 1 to 168 [environment: USHER_SPOOL_SEEN_WITHIN_HOURS; default: 24].
    #[arg(long, value_name = "HOURS")]
    pub(crate) spool_seen_within_hours: Option<String>,
    /// Most bytes of accesses that wait in the data folder, at least 1048576 [environment: USHER_SPOOL_BYTES_MAX; default: 67108864].
    #[arg(long, value_name = "BYTES")]
    pub(crate) spool_bytes_max: Option<String>,
    /// Where people and programs find this server, such as https://usher.example.com, when a gateway with TLS is before it [environment: USHER_PUBLIC_ORIGIN; default: what each request says].
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) public_origin: Option<String>,
    /// Networks whose gateways may name users, separated by commas [environment: USHER_TRUSTED_PROXIES; default: 127.0.0.0/8,::1/128].
    #[arg(long, value_name = "NETWORKS")]
    pub(crate) trusted_proxies: Option<String>,
    /// The header in which a gateway names the user [environment: USHER_USER_HEADER; default: X-Forwarded-User].
    #[arg(long, value_name = "NAME")]
    pub(crate) user_header: Option<String>,
    /// A file with the secret that gateways must send [environment: USHER_GATEWAY_SECRET_FILE, or the secret itself in USHER_GATEWAY_SECRET].
    #[arg(long, value_name = "FILE")]
    pub(crate) gateway_secret_file: Option<String>,
    /// Networks that may read /metrics, separated by commas [environment: USHER_METRICS_NETWORKS; default: 127.0.0.0/8,::1/128].
    #[arg(long, value_name = "NETWORKS")]
    pub(crate) metrics_networks: Option<String>,
    /// The form of the log: human or json [environment: USHER_LOG_FORMAT; default: human].
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// The least important entry to log: error, warn, info, debug or trace [environment: USHER_LOG_LEVEL; default: info].
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

/// `usher demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// The address to listen on; port 0 takes a free one [environment: USHER_LISTEN; default: 127.0.0.1:8787].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
}

/// `usher import ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Play past accesses through the door from a CSV file with the header time_ms,user_id,namespace.
    Accesses(ImportAccessesArguments),
    /// Give seats from a table (CSV) as people keep it: who has which seat, until when.
    Seats(bulk::ImportSeatsArguments),
    /// Make people or change them from a table (CSV).
    Users(bulk::ImportTableArguments),
    /// Make apps or change them from a table (CSV).
    Apps(bulk::ImportPlainArguments),
    /// Make groups, take people into them and let them give seats, from a table (CSV).
    Groups(bulk::ImportTableArguments),
    /// Say what was bought, from a table (CSV).
    Pools(bulk::ImportTableArguments),
}

/// `usher import accesses`.
#[derive(Debug, Args)]
pub(crate) struct ImportAccessesArguments {
    /// The CSV file, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Make the users, apps and seats that are missing, then ask the door again.
    #[arg(long)]
    pub(crate) create_missing: bool,
    /// The kind of seat that --create-missing makes: per_user or per_user_per_app [default: per_user].
    #[arg(long, value_name = "SEAT_TYPE", requires = "create_missing")]
    pub(crate) seat_type: Option<String>,
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    /// Check every line and change nothing; the door is not asked.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher export ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Print the newest admitted access of every (seat type, user, app).
    Activities(ExportActivitiesArguments),
    /// Print who holds or held which seat.
    Seats(bulk::ExportTableArguments),
    /// Print the people.
    Users(bulk::ExportTableArguments),
    /// Print the apps.
    Apps(bulk::ExportTableArguments),
    /// Print the groups, who is in them and which seats they give.
    Groups(bulk::ExportTableArguments),
    /// Print what was bought, and how much of it is in use.
    Pools(bulk::ExportTableArguments),
}

/// `usher export activities`.
#[derive(Debug, Args)]
pub(crate) struct ExportActivitiesArguments {
    /// The form of the rows: csv or jsonl (JSON lines).
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: String,
    /// Only this kind of seat: per_user or per_user_per_app [default: both].
    #[arg(long, value_name = "SEAT_TYPE")]
    pub(crate) seat_type: Option<String>,
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// The file of changes, one JSON object per line, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The tenant of changes that name none [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    /// Check the form of every line and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher token ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a token and print it, alone, on standard output. It is shown this once.
    Issue(TokenIssueArguments),
    /// List the tokens that are good now. The tokens themselves are nowhere to be had.
    List(TokenListArguments),
    /// Take a token back; it ends at once.
    Revoke(TokenRevokeArguments),
}

/// `usher token issue`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("bearer").required(true).args(["administrator", "user", "service", "operator"])))]
pub(crate) struct TokenIssueArguments {
    /// A user token for the tenant's first system administrator.
    #[arg(long)]
    pub(crate) administrator: bool,
    /// A user token for this user.
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// A service token: for a back end that reports accesses.
    #[arg(long)]
    pub(crate) service: bool,
    /// An operator token: for whoever manages tenants through the API.
    #[arg(long, conflicts_with_all = ["tenant", "client"])]
    pub(crate) operator: bool,
    /// The scopes the user grants, separated by commas; required for a user token.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY", conflicts_with = "all_tenants")]
    pub(crate) tenant: Option<String>,
    /// The client the token is given to [default: the built-in one].
    #[arg(long, value_name = "ID", conflicts_with = "service")]
    pub(crate) client: Option<String>,
    /// How long it is good, such as 90s, 15m, 2h or 30d, at most 400d [default: 2h].
    #[arg(long, value_name = "DURATION")]
    pub(crate) expires_in: Option<String>,
    /// A service token good for every tenant.
    #[arg(long, requires = "service")]
    pub(crate) all_tenants: bool,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher token list`.
#[derive(Debug, Args)]
pub(crate) struct TokenListArguments {
    /// Only this tenant's tokens [default: every tenant's].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher token revoke`.
#[derive(Debug, Args)]
pub(crate) struct TokenRevokeArguments {
    /// The id from `usher token list`, or the token itself.
    #[arg(value_name = "ID_OR_TOKEN")]
    pub(crate) token: String,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher user ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a link, good once and for 30 minutes, with which somebody chooses a password, and print it alone on standard output.
    Link(UserLinkArguments),
    /// List people, in order of their number, or those whom a text finds.
    List(manage::UserListArguments),
    /// Show a person.
    Show(manage::UserArguments),
    /// Make a person.
    Create(manage::UserCreateArguments),
    /// Change a person.
    Update(manage::UserUpdateArguments),
    /// Let a person in again.
    Enable(manage::UserArguments),
    /// Lock a person out, at once.
    Disable(manage::UserArguments),
    /// Delete a person with their seats, sessions, tokens and grants; their activity stays.
    Delete(manage::UserArguments),
    /// Take a lost second factor away.
    RemoveSecondFactor(manage::UserArguments),
    /// Note when a person is on leave.
    #[command(subcommand)]
    Leave(report::LeaveCommand),
}

/// `usher user link`.
#[derive(Debug, Args)]
pub(crate) struct UserLinkArguments {
    /// The person's sign-in name or number [default: the first system administrator].
    #[arg(value_name = "USER")]
    pub(crate) user: Option<String>,
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher config ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting, its value and where the value came from. Secrets are shown as set or not set.
    Show(SettingArguments),
}

/// `usher completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
