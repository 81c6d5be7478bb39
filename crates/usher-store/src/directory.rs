//! Tenants, users, apps, clients and tokens, as an engine gives them back.

use std::fmt;

use serde::{Deserialize, Serialize};
use usher_seats::{
    ClientId, Enablement, LocalizedNames, Namespace, TenantId, TenantKey, TimeZoneName, UserId,
};

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Inside number.
    pub tenant_id: TenantId,
    /// Outside name.
    pub tenant_key: TenantKey,
    /// For people.
    pub name: String,
    /// False locks out everything of it.
    pub enabled: bool,
    /// Where its days begin and end.
    pub time_zone: TimeZoneName,
    /// For how many days its history is kept, today included; none for good.
    pub history_days: Option<u32>,
}

/// A person in a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The number.
    pub user_id: UserId,
    /// For people.
    pub name: String,
    /// The name by which the organisation's other systems know the person, and by which they sign in; unique in
    /// the tenant.
    pub external_id: Option<String>,
    /// False locks the person out.
    pub enabled: bool,
    /// May read the seat lists (DESIGN section 1).
    pub system_administrator: bool,
}

/// An application people open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its name on the wire.
    pub namespace: Namespace,
    /// For people whose language has no name among `names`.
    pub name: String,
    /// For people, by language.
    pub names: LocalizedNames,
    /// False locks everybody out of it.
    pub enabled: bool,
}

impl App {
    /// The name for a reader of a language, given by its tag.
    #[must_use]
    pub fn name_for(&self, reader: &str) -> &str {
        self.names.for_reader(reader).unwrap_or(&self.name)
    }
}

/// Where a gateway serves an app: a canonical host and the beginning of a canonical path.
///
/// Hosts and prefixes are unique over all tenants, because a request carries nothing else to tell them apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppRoute {
    /// Lower case, no port, no trailing dot.
    pub host: String,
    /// Begins with `/`; matches at segment boundaries; `/` matches all.
    pub path_prefix: String,
    /// The tenant of the app.
    pub tenant_id: TenantId,
    /// The app.
    pub namespace: Namespace,
}

/// Who may install a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Belongs to one tenant.
    SelfBuilt,
    /// Installed by many.
    Store,
}

/// A program that calls the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// Its name on the wire.
    pub client_id: ClientId,
    /// For people.
    pub name: String,
    /// Who may install it.
    pub kind: ClientKind,
    /// The scopes it has opened.
    pub scopes: Vec<String>,
    /// False ends its tokens at once.
    pub enabled: bool,
}

/// SHA-256 of a token. Tokens carry 256 random bits, so a plain hash cannot be searched backwards, and the store
/// never learns the token itself (invariant 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Bytes of a token's hash that name the token: 64 bits, so that no two in a ledger ever share a name.
pub const TOKEN_ID_BYTES: usize = 8;

impl TokenHash {
    /// The name of the token in lists and records, 16 hexadecimal digits. It tells nothing of the token: it is part of a
    /// hash of 256 random bits.
    #[must_use]
    pub fn token_id(&self) -> String {
        self.0
            .iter()
            .take(TOKEN_ID_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenHash")
    }
}

/// What a token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// `u-`: a client acting for a user.
    User,
    /// `t-`: a client acting for a tenant.
    Tenant,
    /// `s-`: a back end that reports accesses.
    Service,
    /// `o-`: an operator, who manages tenants.
    Operator,
}

/// A token as kept: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Names the token in lists; the token itself is nowhere.
    pub token_hash: TokenHash,
    /// What it proves.
    pub kind: TokenKind,
    /// The tenant it acts in; for a service token none means every tenant.
    pub tenant_id: Option<TenantId>,
    /// The client it was given to; none for a service token.
    pub client_id: Option<ClientId>,
    /// The user it acts for; only for a user token.
    pub user_id: Option<UserId>,
    /// The scopes the user granted.
    pub scopes: Vec<String>,
    /// When it was issued, in milliseconds.
    pub issued_at_ms: i64,
    /// The first moment at which it is no longer good, in milliseconds.
    pub expires_at_ms: i64,
    /// True once it was taken back.
    pub revoked: bool,
}

/// A token with everything around it that decides whether its bearer may ask, read in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStanding {
    /// The token.
    pub token: Token,
    /// Its tenant; `Unknown` also for a service token of every tenant.
    pub tenant: Enablement,
    /// Its client as it is now; none when it has none, it is gone, or it is a store client that is not installed in
    /// the token's tenant.
    pub client: Option<Client>,
    /// Its user as it is now; none when it has none or it is gone.
    pub user: Option<User>,
}
