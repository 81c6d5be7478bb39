//! The arguments of `usher torture`.

use clap::Args;

/// `usher torture`.
#[derive(Debug, Args)]
pub(crate) struct TortureArguments {
    /// How often the server is killed.
    #[arg(long, value_name = "NUMBER", default_value = "100")]
    pub(crate) rounds: String,
    /// Draws the same choices again: who asks for what, and when the server is killed [default: a new one, which is printed].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<String>,
    /// The folder on whose disk a fresh folder is made, or an empty database: postgres://USER@HOST/DATABASE [default: the present folder]. The environment and settings files are not asked: they name a ledger that is in use.
    #[arg(long, value_name = "PLACE")]
    pub(crate) store: Option<String>,
    /// A file with the password of the database [environment: the password itself in USHER_STORE_PASSWORD].
    #[arg(long, value_name = "FILE")]
    pub(crate) store_password_file: Option<String>,
}
