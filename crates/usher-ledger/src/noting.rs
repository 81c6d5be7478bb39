//! What a change leaves in the audit log.
//!
//! There is one way for all of them, so that none can be forgotten: what a change is about is looked at before and after
//! it ([`pictures`]), and where the two differ a note is left. [`watched`] names what each change is about; it has no
//! wildcard, so a new change is not compiled until somebody has decided. Changes of seats, pools, waiting lists and groups
//! touch more than they name, so `seating` leaves its notes itself, at the one place that writes a seat.
//!
//! Not in the log is what happens at every sign-in and every call: sessions, codes, access and refresh tokens, one-time
//! passwords, and answers kept for repeated calls. They change nothing that somebody decided.

mod pictures;

use usher_seats::{ClientId, Namespace, TenantId, TenantKey, UserId};
use usher_store::{AppRoute, AuditObject, Change, IdentityChange, Token, TokenHash, TokenKind};

use crate::{
    book::{Answer, Credentials, Directory},
    changing::{Changing, Note},
};
use pictures::Picture;

/// A thing that is looked at.
#[derive(Debug, Clone)]
enum Thing<'a> {
    TenantNamed(&'a TenantKey),
    Tenant(TenantId),
    HistoryDays(TenantId),
    User(TenantId, UserId),
    App(TenantId, &'a Namespace),
    Route(Route<'a>),
    Client(TenantId, &'a ClientId),
    Install(TenantId, &'a ClientId),
    Grant(TenantId, UserId, &'a ClientId),
    Token(TokenHash),
    SignIn(TenantId, UserId),
    /// A one-time link.
    Link(TokenHash),
    IdentityProvider(TenantId),
}

/// A route and whose it is, which is looked up before it is gone.
#[derive(Debug, Clone)]
struct Route<'a> {
    tenant_id: TenantId,
    namespace: Namespace,
    host: &'a str,
    path_prefix: &'a str,
}

/// What is said when a thing came to be, became different, or is gone.
#[derive(Debug, Clone, Copy)]
struct Actions {
    made: &'static str,
    changed: &'static str,
    gone: &'static str,
}

impl Actions {
    /// One word for whatever became of it.
    fn always(action: &'static str) -> Self {
        Self::new(action, action, action)
    }

    fn new(made: &'static str, changed: &'static str, gone: &'static str) -> Self {
        Self { made, changed, gone }
    }
}

/// A thing that a change is about, and how it was before.
pub(crate) struct Watched<'a> {
    thing: Thing<'a>,
    object: AuditObject,
    actions: Actions,
    before: Option<Picture>,
}

/// Looks at what a change is about, before it is made.
pub(crate) async fn before<'a, B: Directory + Credentials>(
    book: &mut B,
    change: &'a Change,
) -> Answer<B, Vec<Watched<'a>>> {
    let mut watched = watched(book, change).await?;
    if !makes_or_keeps(change) {
        for watched in &mut watched {
            watched.before = pictures::take(book, &watched.thing).await?;
        }
    }
    Ok(watched)
}

/// Looks again, and notes what is different. Called only when the change has had an effect.
pub(crate) async fn after<B: Directory + Credentials>(
    changing: &mut Changing<'_, B>,
    watched: Vec<Watched<'_>>,
) -> Answer<B, ()> {
    for Watched {
        thing,
        object,
        actions,
        before,
    } in watched
    {
        let after = pictures::take(changing.book, &thing).await?;
        let action = match (&before, &after) {
            (None, None) => continue,
            (Some(before), Some(after)) if before == after => continue,
            (None, Some(_)) => actions.made,
            (Some(_), Some(_)) => actions.changed,
            (Some(_), None) => actions.gone,
        };
        let Some(Picture { tenant_id, name, .. }) = after.as_ref().or(before.as_ref()) else {
            continue;
        };
        let note = Note {
            tenant_id: *tenant_id,
            action,
            object,
            object_name: name.clone(),
            before: before.as_ref().map(|picture| picture.shown.clone()),
            after: after.as_ref().map(|picture| picture.shown.clone()),
        };
        changing.notes.push(note);
    }
    Ok(())
}

/// True for a change that has an effect only where there was nothing before. An import makes thousands of these, and need
/// not look at what it will leave as it is.
fn makes_or_keeps(change: &Change) -> bool {
    matches!(
        change,
        Change::CreateTenant { .. }
            | Change::CreateUser(_)
            | Change::EnsureUser(_)
            | Change::CreateApp(_)
            | Change::EnsureApp(_)
            | Change::PutAppRoute(_)
            | Change::IssueToken(_)
    )
}

async fn watched<'a, B: Directory>(book: &mut B, change: &'a Change) -> Answer<B, Vec<Watched<'a>>> {
    let watched = match change {
        Change::CreateTenant { tenant_key, .. } => vec![tenant(Thing::TenantNamed(tenant_key))],
        Change::DescribeTenant { tenant_id, .. } | Change::SetTenantEnabled { tenant_id, .. } => {
            vec![tenant(Thing::Tenant(*tenant_id))]
        }
        Change::KeepHistory { tenant_id, .. } => vec![watch(
            Thing::HistoryDays(*tenant_id),
            AuditObject::Setting,
            Actions::always("setting.changed"),
        )],
        Change::CreateUser(known) | Change::PutUser(known) | Change::EnsureUser(known) => {
            vec![user(known.tenant_id, known.user_id)]
        }
        Change::DeleteUser { tenant_id, user_id } => vec![
            sign_in(*tenant_id, *user_id, "sign_in.removed"),
            user(*tenant_id, *user_id),
        ],
        Change::CreateApp(app) | Change::PutApp(app) | Change::EnsureApp(app) => vec![watch(
            Thing::App(app.tenant_id, &app.namespace),
            AuditObject::App,
            Actions::new("app.created", "app.changed", "app.deleted"),
        )],
        Change::PutAppRoute(known) => vec![route(Route::of(known))],
        Change::RemoveAppRoute { host, path_prefix } => Route::find(book, host, path_prefix)
            .await?
            .map(route)
            .into_iter()
            .collect(),
        Change::PutClient(known) => vec![client(known.tenant_id, &known.client_id, "client.changed")],
        Change::IssueToken(Token { kind, token_hash, .. }) if is_given_by_hand(*kind) => {
            vec![token(*token_hash)]
        }
        Change::RevokeToken { token_hash, .. } => vec![token(*token_hash)],
        Change::Identity(change) => watched_of_identity(change),
        // An access token; and an answer, which says only what the changes beside it have done.
        Change::IssueToken(_) | Change::KeepAnswer(_) => Vec::new(),
        // These leave their notes themselves (seating).
        Change::AssignSeat { .. }
        | Change::EnsureSeat { .. }
        | Change::ReleaseSeat { .. }
        | Change::Leave(_)
        | Change::Ledger(_) => Vec::new(),
    };
    Ok(watched)
}

fn watched_of_identity(change: &IdentityChange) -> Vec<Watched<'_>> {
    use IdentityChange as I;
    let one = match change {
        I::RegisterClient {
            tenant_id, client_id, ..
        } => client(*tenant_id, client_id, "client.changed"),
        I::AddClientSecret {
            tenant_id, client_id, ..
        } => client(*tenant_id, client_id, "client.secret_added"),
        I::InstallClient { tenant_id, client_id } | I::UninstallClient { tenant_id, client_id } => watch(
            Thing::Install(*tenant_id, client_id),
            AuditObject::Client,
            Actions::new("client.installed", "client.installed", "client.uninstalled"),
        ),
        I::GrantScopes {
            tenant_id,
            user_id,
            client_id,
            ..
        } => watch(
            Thing::Grant(*tenant_id, *user_id, client_id),
            AuditObject::Client,
            Actions::always("client.scopes_granted"),
        ),
        I::SetPassword {
            tenant_id,
            user_id,
            password_hash,
        } => {
            let set = password_hash.is_some();
            sign_in(
                *tenant_id,
                *user_id,
                if set {
                    "sign_in.password_set"
                } else {
                    "sign_in.password_removed"
                },
            )
        }
        I::SetTotp {
            tenant_id,
            user_id,
            totp_sealed,
        } => {
            let set = totp_sealed.is_some();
            let action = if set {
                "sign_in.second_factor_set"
            } else {
                "sign_in.second_factor_removed"
            };
            sign_in(*tenant_id, *user_id, action)
        }
        I::MakeLink(link) => one_time_link(link.link_hash),
        I::SpendLink { link_hash } => one_time_link(*link_hash),
        I::PutIdentityProvider(provider) => identity_provider(provider.tenant_id),
        I::RemoveIdentityProvider { tenant_id } => identity_provider(*tenant_id),
        I::LinkIdentity(link) => sign_in(link.tenant_id, link.user_id, "sign_in.account_linked"),
        I::UnlinkIdentity { tenant_id, user_id } => sign_in(*tenant_id, *user_id, "sign_in.account_unlinked"),
        I::SpendTotpStep { .. }
        | I::OpenSession(_)
        | I::EndSession { .. }
        | I::IssueCode(_)
        | I::RedeemCode { .. }
        | I::RotateRefreshToken { .. }
        | I::RevokeFamily { .. } => return Vec::new(),
    };
    vec![one]
}

/// True for tokens that somebody asks for, other than those that OAuth gives by the thousand.
fn is_given_by_hand(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Service | TokenKind::Operator => true,
        TokenKind::User | TokenKind::Tenant => false,
    }
}

fn watch(thing: Thing<'_>, object: AuditObject, actions: Actions) -> Watched<'_> {
    Watched {
        thing,
        object,
        actions,
        before: None,
    }
}

fn tenant(thing: Thing<'_>) -> Watched<'_> {
    let actions = Actions::new("tenant.created", "tenant.changed", "tenant.deleted");
    watch(thing, AuditObject::Tenant, actions)
}

fn user<'a>(tenant_id: TenantId, user_id: UserId) -> Watched<'a> {
    let actions = Actions::new("user.created", "user.changed", "user.deleted");
    watch(Thing::User(tenant_id, user_id), AuditObject::User, actions)
}

fn route(route: Route<'_>) -> Watched<'_> {
    let actions = Actions::new("app.route_added", "app.route_added", "app.route_removed");
    watch(Thing::Route(route), AuditObject::App, actions)
}

fn client<'a>(tenant_id: TenantId, client_id: &'a ClientId, changed: &'static str) -> Watched<'a> {
    let actions = Actions::new("client.created", changed, "client.deleted");
    watch(Thing::Client(tenant_id, client_id), AuditObject::Client, actions)
}

fn token<'a>(token_hash: TokenHash) -> Watched<'a> {
    let actions = Actions::new("token.issued", "token.revoked", "token.revoked");
    watch(Thing::Token(token_hash), AuditObject::Token, actions)
}

fn sign_in<'a>(tenant_id: TenantId, user_id: UserId, action: &'static str) -> Watched<'a> {
    watch(
        Thing::SignIn(tenant_id, user_id),
        AuditObject::SignIn,
        Actions::always(action),
    )
}

fn one_time_link<'a>(link_hash: TokenHash) -> Watched<'a> {
    let actions = Actions::new("sign_in.link_made", "sign_in.link_made", "sign_in.link_spent");
    watch(Thing::Link(link_hash), AuditObject::SignIn, actions)
}

fn identity_provider<'a>(tenant_id: TenantId) -> Watched<'a> {
    let actions = Actions::new(
        "sign_in.identity_provider_set",
        "sign_in.identity_provider_changed",
        "sign_in.identity_provider_removed",
    );
    watch(Thing::IdentityProvider(tenant_id), AuditObject::SignIn, actions)
}

impl<'a> Route<'a> {
    fn of(route: &'a AppRoute) -> Self {
        Self {
            tenant_id: route.tenant_id,
            namespace: route.namespace.clone(),
            host: &route.host,
            path_prefix: &route.path_prefix,
        }
    }

    async fn find<B: Directory>(
        book: &mut B,
        host: &'a str,
        path_prefix: &'a str,
    ) -> Answer<B, Option<Self>> {
        let found = book.routed_app(host, path_prefix).await?;
        Ok(found.map(|(tenant_id, namespace)| Self {
            tenant_id,
            namespace,
            host,
            path_prefix,
        }))
    }
}
