//! What `usher login`, `usher whoami` and `usher logout` are told.

use std::path::PathBuf;

use clap::Args;

/// Which server.
#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// The server, such as https://usher.example.com [environment: USHER_SERVER; default: the one you are signed in to, else http://127.0.0.1:8787].
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) server: Option<String>,
}

/// `usher login`.
#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    pub(crate) place: ServerArguments,
    /// The client to sign in as; it must be without a secret and have http://127.0.0.1/callback among its addresses [default: cli_usher_login].
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// What to ask for, separated by commas [default: reading seats and apps, and staying signed in].
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// Print the link and open nothing.
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// How long to wait for you, such as 90s or 15m, at most 1h [default: 10m].
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait: Option<String>,
    /// A PEM file of authorities to trust for this server, beside those of the system.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// `usher whoami`.
#[derive(Debug, Args)]
pub(crate) struct WhoamiArguments {
    #[command(flatten)]
    pub(crate) place: ServerArguments,
}

/// `usher logout`.
#[derive(Debug, Args)]
pub(crate) struct LogoutArguments {
    #[command(flatten)]
    pub(crate) place: ServerArguments,
}
