//! The arguments of `usher identity-provider`.

use clap::{Args, Subcommand};

use super::DataArguments;

/// `usher identity-provider ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentityProviderCommand {
    /// Set the identity provider of a tenant. The client secret is read from standard input or a file.
    Set(ProviderSetArguments),
    /// Show the identity provider of a tenant, without its secret.
    Show(ProviderArguments),
    /// Take the identity provider of a tenant away, with every link.
    Remove(ProviderArguments),
    /// Link a person with their account at the identity provider.
    Link(ProviderLinkArguments),
    /// Take a person's link away.
    Unlink(ProviderUnlinkArguments),
}

/// `usher identity-provider set`.
#[derive(Debug, Args)]
pub(crate) struct ProviderSetArguments {
    /// The provider's issuer: an https address, byte for byte as the provider writes it.
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: String,
    /// The name under which the provider knows this server.
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: String,
    /// A file with the client secret, or - for standard input [default: -].
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<std::path::PathBuf>,
    /// What people read on the sign-in page [default: the host of the issuer].
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What people read who read Chinese [default: the same].
    #[arg(long, value_name = "NAME")]
    pub(crate) name_zh: Option<String>,
    /// Let nobody sign in through it for now; links stay.
    #[arg(long)]
    pub(crate) disabled: bool,
    #[command(flatten)]
    pub(crate) tenant: ProviderArguments,
}

/// Which tenant's.
#[derive(Debug, Args)]
pub(crate) struct ProviderArguments {
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// `usher identity-provider link`.
#[derive(Debug, Args)]
pub(crate) struct ProviderLinkArguments {
    /// The person's sign-in name or number here.
    #[arg(value_name = "USER")]
    pub(crate) login: String,
    /// The provider's name for the account: the claim `sub` of its ID tokens.
    #[arg(value_name = "SUBJECT")]
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) tenant: ProviderArguments,
}

/// `usher identity-provider unlink`.
#[derive(Debug, Args)]
pub(crate) struct ProviderUnlinkArguments {
    /// The person's sign-in name or number here.
    #[arg(value_name = "USER")]
    pub(crate) login: String,
    #[command(flatten)]
    pub(crate) tenant: ProviderArguments,
}
