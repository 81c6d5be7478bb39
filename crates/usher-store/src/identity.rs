//! What a store keeps so that people can sign in and clients can act for them.
//!
//! Every secret arrives here as a hash or sealed (invariant 7). Things that work once (codes, refresh tokens, links,
//! one-time passwords) are spent by a [`Change`](crate::Change) that is rejected when somebody was faster, so that
//! "once" holds over all callers and instances.

use serde::{Deserialize, Serialize};
use usher_seats::{ClientId, Enablement, TenantId, UserId};

use crate::directory::{Client, Token, TokenHash, User};

/// How a client may be reached and what it may do; kept beside the [`Client`] because only sign-in needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientRegistration {
    /// Where people are sent back to, compared exactly.
    pub redirect_uris: Vec<String>,
    /// Whether refresh tokens may be used.
    pub refresh_allowed: bool,
    /// Where a store client hears of its tickets.
    pub ticket_url: Option<String>,
}

/// One of a client's secrets; two overlap while one is being replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientSecret {
    /// SHA-256 of the secret, which carries 256 random bits.
    pub secret_hash: TokenHash,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
    /// The first moment at which it is no longer good; none while it is the newest.
    pub expires_at_ms: Option<i64>,
}

/// A client with everything that decides whether it may act, read in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientStanding {
    /// The client.
    pub client: Client,
    /// How it may be reached.
    pub registration: ClientRegistration,
    /// Its secrets, newest first, expired ones included until the next is made.
    pub secrets: Vec<ClientSecret>,
    /// The tenant that owns it.
    pub tenant: Enablement,
}

/// What proves that a person is who they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The person.
    pub user: User,
    /// Their tenant.
    pub tenant: Enablement,
    /// argon2id in PHC form; none for who never chose a password.
    pub password_hash: Option<String>,
    /// The second factor's key, sealed; none when there is no second factor.
    pub totp_sealed: Option<Vec<u8>>,
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of what the cookie holds.
    pub session_hash: TokenHash,
    /// Whose.
    pub tenant_id: TenantId,
    /// Whose.
    pub user_id: UserId,
    /// When the person signed in, in milliseconds.
    pub created_at_ms: i64,
    /// The first moment at which it is over, in milliseconds.
    pub expires_at_ms: i64,
}

/// A session with the person behind it as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStanding {
    /// The session.
    pub session: Session,
    /// Its tenant.
    pub tenant: Enablement,
    /// Its person; none when gone.
    pub user: Option<User>,
}

/// An organisation's own identity provider, which says by OpenID Connect who somebody is. A tenant has one or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Whose.
    pub tenant_id: TenantId,
    /// For people, in English or in any language.
    pub name: String,
    /// For people who read Chinese, where it differs.
    pub name_chinese: Option<String>,
    /// Its name among providers: an address, compared byte for byte.
    pub issuer: String,
    /// Under which name we are known there.
    pub client_id: String,
    /// Our secret there, sealed.
    pub client_secret_sealed: Vec<u8>,
    /// False lets nobody sign in through it; links stay.
    pub enabled: bool,
}

/// That a person of the provider is a person of the tenant. The provider's person is known by the issuer and the
/// subject, never by an address or a name: those change hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityLink {
    /// Whose provider.
    pub tenant_id: TenantId,
    /// The provider.
    pub issuer: String,
    /// Its name for the person, which it never gives to anybody else.
    pub subject: String,
    /// The person here.
    pub user_id: UserId,
}

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Choose a password for the person the link names.
    ChoosePassword,
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// SHA-256 of its secret part.
    pub link_hash: TokenHash,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// For whom.
    pub tenant_id: TenantId,
    /// For whom.
    pub user_id: UserId,
    /// The first moment at which it no longer works, in milliseconds.
    pub expires_at_ms: i64,
}

/// What a user has granted a client so far; grants only add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub tenant_id: TenantId,
    /// By whom.
    pub user_id: UserId,
    /// To whom.
    pub client_id: ClientId,
    /// All scopes granted so far.
    pub scopes: Vec<String>,
    /// When a scope was last granted, in milliseconds; refreshing ends a year later.
    pub granted_at_ms: i64,
}

/// Everything that came from one authorization: the tokens that a replay revokes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FamilyId(pub [u8; 16]);

/// An authorization code on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// SHA-256 of the code.
    pub code_hash: TokenHash,
    /// What its tokens will belong to.
    pub family_id: FamilyId,
    /// For which client.
    pub client_id: ClientId,
    /// Of whose tenant.
    pub tenant_id: TenantId,
    /// By whom.
    pub user_id: UserId,
    /// The address it was sent to, whole.
    pub redirect_uri: String,
    /// What the tokens may do.
    pub scopes: Vec<String>,
    /// The challenge and whether it is an S256 one.
    pub challenge: Option<(String, ChallengeMethod)>,
    /// The first moment at which it is too late, in milliseconds.
    pub expires_at_ms: i64,
    /// True once it was redeemed.
    pub spent: bool,
}

/// How a PKCE challenge was made from its verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChallengeMethod {
    /// The verifier itself.
    Plain,
    /// base64url of its SHA-256.
    S256,
}

/// A refresh token as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub token_hash: TokenHash,
    /// What it belongs to.
    pub family_id: FamilyId,
    /// Whose client.
    pub client_id: ClientId,
    /// Whose tenant.
    pub tenant_id: TenantId,
    /// For whom.
    pub user_id: UserId,
    /// What its access tokens may do.
    pub scopes: Vec<String>,
    /// The first moment at which it is over, in milliseconds.
    pub expires_at_ms: i64,
    /// When it was exchanged, in milliseconds; none while it is the newest of its family.
    pub spent_at_ms: Option<i64>,
    /// SHA-256 of the idempotency key it was exchanged under, if there was one.
    pub spent_key_hash: Option<TokenHash>,
    /// True once the family was revoked.
    pub revoked: bool,
}

/// A refresh token or code with the person and the tenant behind it as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<T> {
    /// The thing.
    pub what: T,
    /// Its tenant.
    pub tenant: Enablement,
    /// Its person; none when gone.
    pub user: Option<User>,
    /// Whether its client is the tenant's own or installed there.
    pub installed: bool,
}

/// The tokens that one exchange yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedPair {
    /// The access token.
    pub access: Token,
    /// The refresh token, where offline access was granted.
    pub refresh: Option<RefreshToken>,
}

/// A change of what sign-in, clients and OAuth need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityChange {
    /// Says how a client may be reached.
    RegisterClient {
        /// Whose.
        tenant_id: TenantId,
        /// Which.
        client_id: ClientId,
        /// How.
        registration: ClientRegistration,
    },
    /// Adds a secret; the older ones end at `older_expire_at_ms`.
    AddClientSecret {
        /// Whose.
        tenant_id: TenantId,
        /// Which.
        client_id: ClientId,
        /// SHA-256 of the new secret.
        secret_hash: TokenHash,
        /// When the others end, in milliseconds.
        older_expire_at_ms: i64,
    },
    /// Lets a store client act in a tenant.
    InstallClient {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        client_id: ClientId,
    },
    /// Ends that, and with it the client's tokens there.
    UninstallClient {
        /// Where.
        tenant_id: TenantId,
        /// Which.
        client_id: ClientId,
    },
    /// Sets or takes away a password, and ends the person's sessions.
    SetPassword {
        /// Where.
        tenant_id: TenantId,
        /// Whose.
        user_id: UserId,
        /// argon2id in PHC form.
        password_hash: Option<String>,
    },
    /// Sets or takes away the second factor.
    SetTotp {
        /// Where.
        tenant_id: TenantId,
        /// Whose.
        user_id: UserId,
        /// The key, sealed.
        totp_sealed: Option<Vec<u8>>,
    },
    /// Spends a one-time password's step; rejected when it or a later one was spent.
    SpendTotpStep {
        /// Where.
        tenant_id: TenantId,
        /// Whose.
        user_id: UserId,
        /// Number of the half minute.
        step: i64,
    },
    /// Remembers a signed-in browser.
    OpenSession(Session),
    /// Forgets one.
    EndSession {
        /// Which.
        session_hash: TokenHash,
    },
    /// Makes a link that works once.
    MakeLink(Link),
    /// Spends it; rejected when it was spent or is too old.
    SpendLink {
        /// Which.
        link_hash: TokenHash,
    },
    /// Adds to what a user has granted a client.
    GrantScopes {
        /// Where.
        tenant_id: TenantId,
        /// By whom.
        user_id: UserId,
        /// To whom.
        client_id: ClientId,
        /// What is added.
        scopes: Vec<String>,
    },
    /// Keeps an authorization code.
    IssueCode(AuthorizationCode),
    /// Spends a code and keeps its tokens; rejected when it was spent.
    RedeemCode {
        /// Which.
        code_hash: TokenHash,
        /// What it yields.
        pair: IssuedPair,
    },
    /// Spends a refresh token and keeps its successors; rejected when it was spent or revoked.
    RotateRefreshToken {
        /// Which.
        token_hash: TokenHash,
        /// SHA-256 of the idempotency key of the call, if it had one.
        key_hash: Option<TokenHash>,
        /// What it yields.
        pair: IssuedPair,
    },
    /// Revokes every token of a family.
    RevokeFamily {
        /// Which.
        family_id: FamilyId,
    },
    /// Sets a tenant's identity provider. Links of another issuer stay and mean nothing until it is set again.
    PutIdentityProvider(IdentityProvider),
    /// Takes a tenant's identity provider away, with every link.
    RemoveIdentityProvider {
        /// Whose.
        tenant_id: TenantId,
    },
    /// Links a person with their one account at the provider, in place of an earlier one; rejected when the tenant's
    /// provider is another, and when the account is somebody else's.
    LinkIdentity(IdentityLink),
    /// Takes every such link of a person away.
    UnlinkIdentity {
        /// Where.
        tenant_id: TenantId,
        /// Whose.
        user_id: UserId,
    },
}
