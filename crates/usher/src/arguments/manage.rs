//! The arguments of `usher tenant`, `usher user`, `usher app` and `usher client`.

use clap::{Args, Subcommand};

use super::DataArguments;

/// `usher tenant ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// List tenants, in order of their key.
    List(TenantListArguments),
    /// Show a tenant.
    Show(TenantArguments),
    /// Make a tenant.
    Create(TenantCreateArguments),
    /// Change a tenant: its name, its time zone, for how long its history is kept.
    Update(TenantUpdateArguments),
    /// Switch a tenant on again.
    Enable(TenantArguments),
    /// Switch a tenant off; everything of it ends at once.
    Disable(TenantArguments),
}

/// `usher app ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// List apps, in order of their namespace.
    List(ListArguments),
    /// Show an app.
    Show(AppArguments),
    /// Make an app.
    Create(AppCreateArguments),
    /// Change an app.
    Update(AppUpdateArguments),
    /// Switch an app on again.
    Enable(AppArguments),
    /// Switch an app off; nobody can open it.
    Disable(AppArguments),
}

/// `usher client ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// List a tenant's own clients, in order of their id.
    List(ListArguments),
    /// Show a client.
    Show(ClientArguments),
    /// Make a client and print its id and secret. The secret is shown this once.
    Create(ClientCreateArguments),
    /// Change a client.
    Update(ClientUpdateArguments),
    /// Switch a client on again.
    Enable(ClientArguments),
    /// Switch a client off; its tokens end at once.
    Disable(ClientArguments),
    /// Make a new secret and print it, alone. The older ones stay good for a while.
    RotateSecret(ClientRotateArguments),
    /// Let a store client act in a tenant.
    Install(ClientArguments),
    /// End that; the client's tokens in the tenant end at once.
    Uninstall(ClientArguments),
    /// List the store clients installed in a tenant.
    Installed(ListArguments),
}

/// A whole list.
#[derive(Debug, Args)]
pub(crate) struct TenantListArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// A tenant.
#[derive(Debug, Args)]
pub(crate) struct TenantArguments {
    /// The tenant's key.
    #[arg(value_name = "KEY")]
    pub(crate) tenant_key: String,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// A new tenant.
#[derive(Debug, Args)]
pub(crate) struct TenantCreateArguments {
    /// The tenant's key.
    #[arg(value_name = "KEY")]
    pub(crate) tenant_key: String,
    /// The name for people [default: the key].
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Where the tenant's days begin, such as Asia/Shanghai [default: UTC].
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// What is to be different of a tenant.
#[derive(Debug, Args)]
pub(crate) struct TenantUpdateArguments {
    /// The tenant's key.
    #[arg(value_name = "KEY")]
    pub(crate) tenant_key: String,
    /// The new name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Where the tenant's days begin, such as Asia/Shanghai.
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// For how many days it is kept who was active when, 31 to 36500; all keeps it for good. What is older goes.
    #[arg(long, value_name = "DAYS")]
    pub(crate) history_days: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// Where things are managed.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// The tenant [default: default].
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
}

/// A list of a tenant.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A list of people.
#[derive(Debug, Args)]
pub(crate) struct UserListArguments {
    /// Only people with a name of which a word begins so, or a sign-in name that does, or with this number.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A person.
#[derive(Debug, Args)]
pub(crate) struct UserArguments {
    /// The person's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) user_id: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A new person.
#[derive(Debug, Args)]
pub(crate) struct UserCreateArguments {
    /// The person's name.
    #[arg(value_name = "NAME")]
    pub(crate) person_name: String,
    /// The person's number [default: a free one is drawn].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) number: Option<String>,
    /// The name by which the person signs in.
    #[arg(long, value_name = "TEXT")]
    pub(crate) external_id: Option<String>,
    /// Makes the person a system administrator.
    #[arg(long)]
    pub(crate) system_administrator: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What is to be different of a person.
#[derive(Debug, Args)]
pub(crate) struct UserUpdateArguments {
    /// The person's number.
    #[arg(value_name = "NUMBER")]
    pub(crate) user_id: String,
    /// The new name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The name by which the person signs in; an empty text takes it away.
    #[arg(long, value_name = "TEXT")]
    pub(crate) external_id: Option<String>,
    /// Whether the person is a system administrator: true or false.
    #[arg(long, value_name = "BOOL")]
    pub(crate) system_administrator: Option<bool>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// An app.
#[derive(Debug, Args)]
pub(crate) struct AppArguments {
    /// The app's namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A new app.
#[derive(Debug, Args)]
pub(crate) struct AppCreateArguments {
    /// The app's namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,
    /// The name for people [default: the namespace].
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The name in a language, such as de=Kunden; may be repeated.
    #[arg(long, value_name = "LANGUAGE=NAME")]
    pub(crate) name_in: Vec<String>,
    /// Where a gateway serves it, such as crm.example.com or www.example.com/crm; may be repeated.
    #[arg(long, value_name = "HOST/PATH")]
    pub(crate) route: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What is to be different of an app.
#[derive(Debug, Args)]
pub(crate) struct AppUpdateArguments {
    /// The app's namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,
    /// The new name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The name in a language, such as de=Kunden, or de= to take it away; may be repeated.
    #[arg(long, value_name = "LANGUAGE=NAME")]
    pub(crate) name_in: Vec<String>,
    /// Where a gateway serves it; may be repeated. All other routes of the app are taken away.
    #[arg(long, value_name = "HOST/PATH", conflicts_with = "no_routes")]
    pub(crate) route: Vec<String>,
    /// Takes every route of the app away.
    #[arg(long)]
    pub(crate) no_routes: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A client.
#[derive(Debug, Args)]
pub(crate) struct ClientArguments {
    /// The client's id.
    #[arg(value_name = "ID")]
    pub(crate) client_id: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A new client.
#[derive(Debug, Args)]
pub(crate) struct ClientCreateArguments {
    /// The client's name.
    #[arg(value_name = "NAME")]
    pub(crate) client_name: String,
    /// A store client, which other tenants may install.
    #[arg(long)]
    pub(crate) installable: bool,
    /// The scopes it opens, separated by commas.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) open: Option<String>,
    /// An address to which people are sent back; may be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) redirect_uri: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What is to be different of a client.
#[derive(Debug, Args)]
pub(crate) struct ClientUpdateArguments {
    /// The client's id.
    #[arg(value_name = "ID")]
    pub(crate) client_id: String,
    /// The new name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The scopes it opens, separated by commas; all others are closed.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) open: Option<String>,
    /// An address to which people are sent back; may be repeated. All others are taken away.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) redirect_uri: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// A rotation.
#[derive(Debug, Args)]
pub(crate) struct ClientRotateArguments {
    /// The client's id.
    #[arg(value_name = "ID")]
    pub(crate) client_id: String,
    /// How long the older secrets stay good, such as 0s, 1h or 7d, at most 30d [default: 1d].
    #[arg(long, value_name = "DURATION")]
    pub(crate) overlap: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}
