//! One change of every kind that leaves a record, in an order in which all of them fit, and what each leaves.

use usher_seats::{Price, PricePeriod};
use usher_store::{
    App, AppRoute, AuditObject as O, Change, Client, ClientKind, IdentityChange as I, LedgerChange as L,
    TokenKind, User,
    identity::{ClientRegistration, IdentityLink, IdentityProvider, Link, LinkPurpose},
};

use super::{PASSWORD_HASH, SEALED, SECRET, client_id, token};
use crate::ledger::{Ledger, START_MS, namespace, user_id};

/// What a change leaves: action, kind and name of the thing, and whether it was there before and after.
pub(super) type Left = (&'static str, O, &'static str, bool, bool);

/// Made anew, changed, or taken away.
const NEW: (bool, bool) = (false, true);
const CHANGED: (bool, bool) = (true, true);
const GONE: (bool, bool) = (true, false);

/// A change and what it leaves.
pub(super) struct Deed {
    pub(super) change: Change,
    pub(super) left: Vec<Left>,
}

fn deed(
    change: impl Into<Change>,
    (action, object, name): (&'static str, O, &'static str),
    (before, after): (bool, bool),
) -> Deed {
    Deed {
        change: change.into(),
        left: vec![(action, object, name, before, after)],
    }
}

pub(super) fn every_kind(ledger: &Ledger) -> Vec<Deed> {
    let of_all = [
        directory,
        clients,
        installs_and_tokens,
        passwords,
        accounts,
        seats,
        groups,
    ];
    let mut deeds: Vec<Deed> = of_all.into_iter().flat_map(|of| of(ledger)).collect();
    let mut deleted = deed(
        Change::DeleteUser {
            tenant_id: ledger.tenant_id,
            user_id: user_id(1),
        },
        ("user.deleted", O::User, "1"),
        GONE,
    );
    deleted
        .left
        .insert(0, ("sign_in.removed", O::SignIn, "1", true, false));
    deleted
        .left
        .insert(0, ("seat.released", O::Seat, "per_user:1", true, true));
    deeds.push(deleted);
    deeds
}

fn directory(ledger: &Ledger) -> Vec<Deed> {
    let tenant_id = ledger.tenant_id;
    let route = AppRoute {
        host: "crm.example.com".to_owned(),
        path_prefix: "/".to_owned(),
        tenant_id,
        namespace: namespace("crm"),
    };
    let removed = Change::RemoveAppRoute {
        host: route.host.clone(),
        path_prefix: route.path_prefix.clone(),
    };
    let administrator = User {
        system_administrator: true,
        ..ledger.user(1)
    };
    let described = Change::DescribeTenant {
        tenant_id,
        name: Some("Acme & Sons".to_owned()),
        time_zone: None,
    };
    let history = Change::KeepHistory {
        tenant_id,
        days: Some(400),
    };
    let switched_off = Change::PutApp(App {
        enabled: false,
        ..ledger.app("wiki")
    });
    vec![
        deed(described, ("tenant.changed", O::Tenant, "acme"), CHANGED),
        deed(history, ("setting.changed", O::Setting, "history_days"), CHANGED),
        deed(
            Change::CreateUser(ledger.user(1)),
            ("user.created", O::User, "1"),
            NEW,
        ),
        deed(
            Change::EnsureUser(ledger.user(2)),
            ("user.created", O::User, "2"),
            NEW,
        ),
        deed(
            Change::PutUser(administrator),
            ("user.changed", O::User, "1"),
            CHANGED,
        ),
        deed(
            Change::CreateApp(ledger.app("crm")),
            ("app.created", O::App, "crm"),
            NEW,
        ),
        deed(
            Change::EnsureApp(ledger.app("wiki")),
            ("app.created", O::App, "wiki"),
            NEW,
        ),
        deed(switched_off, ("app.changed", O::App, "wiki"), CHANGED),
        deed(
            Change::PutAppRoute(route),
            ("app.route_added", O::App, "crm"),
            NEW,
        ),
        deed(removed, ("app.route_removed", O::App, "crm"), GONE),
    ]
}

fn client(ledger: &Ledger, id: &str, kind: ClientKind) -> Client {
    Client {
        tenant_id: ledger.tenant_id,
        client_id: client_id(id),
        name: "reports".to_owned(),
        kind,
        scopes: vec!["seats".to_owned()],
        enabled: true,
    }
}

fn clients(ledger: &Ledger) -> Vec<Deed> {
    let tenant_id = ledger.tenant_id;
    let own = || client(ledger, "cli_own", ClientKind::SelfBuilt);
    let registered = I::RegisterClient {
        tenant_id,
        client_id: client_id("cli_own"),
        registration: ClientRegistration {
            redirect_uris: vec!["https://client.example/callback".to_owned()],
            ..ClientRegistration::default()
        },
    };
    let secret = I::AddClientSecret {
        tenant_id,
        client_id: client_id("cli_own"),
        secret_hash: SECRET,
        older_expire_at_ms: START_MS,
    };
    let granted = I::GrantScopes {
        tenant_id,
        user_id: user_id(1),
        client_id: client_id("cli_own"),
        scopes: vec!["seats".to_owned()],
    };
    let of_own = |action| (action, O::Client, "cli_own");
    vec![
        deed(Change::PutClient(own()), of_own("client.created"), NEW),
        deed(
            Change::PutClient(Client {
                enabled: false,
                ..own()
            }),
            of_own("client.changed"),
            CHANGED,
        ),
        deed(registered, of_own("client.changed"), CHANGED),
        deed(secret, of_own("client.secret_added"), CHANGED),
        deed(granted, of_own("client.scopes_granted"), NEW),
    ]
}

fn installs_and_tokens(ledger: &Ledger) -> Vec<Deed> {
    let tenant_id = ledger.tenant_id;
    let store = client(ledger, "cli_store", ClientKind::Store);
    let installed = I::InstallClient {
        tenant_id,
        client_id: client_id("cli_store"),
    };
    let uninstalled = I::UninstallClient {
        tenant_id,
        client_id: client_id("cli_store"),
    };
    let service = token(Some(tenant_id), TokenKind::Service, 0xa1);
    let revoked = Change::RevokeToken {
        tenant_id: Some(tenant_id),
        token_hash: service.token_hash,
    };
    let of_store = |action| (action, O::Client, "cli_store");
    let of_token = |action| (action, O::Token, "a1a1a1a1a1a1a1a1");
    vec![
        deed(Change::PutClient(store), of_store("client.created"), NEW),
        deed(installed, of_store("client.installed"), NEW),
        deed(uninstalled, of_store("client.uninstalled"), GONE),
        deed(Change::IssueToken(service), of_token("token.issued"), NEW),
        deed(revoked, of_token("token.revoked"), CHANGED),
    ]
}

fn passwords(ledger: &Ledger) -> Vec<Deed> {
    let (tenant_id, user_id) = (ledger.tenant_id, user_id(1));
    let password = |hash: &str| I::SetPassword {
        tenant_id,
        user_id,
        password_hash: Some(hash.to_owned()),
    };
    let totp = |sealed: Option<&[u8]>| I::SetTotp {
        tenant_id,
        user_id,
        totp_sealed: sealed.map(<[u8]>::to_vec),
    };
    let link = Link {
        link_hash: SECRET,
        purpose: LinkPurpose::ChoosePassword,
        tenant_id,
        user_id,
        expires_at_ms: START_MS + 1_000,
    };
    let spent = I::SpendLink { link_hash: SECRET };
    let of = |action| (action, O::SignIn, "1");
    vec![
        deed(I::MakeLink(link), of("sign_in.link_made"), NEW),
        deed(spent, of("sign_in.link_spent"), GONE),
        deed(password("$argon2id$older"), of("sign_in.password_set"), NEW),
        deed(password(PASSWORD_HASH), of("sign_in.password_set"), CHANGED),
        deed(totp(Some(SEALED)), of("sign_in.second_factor_set"), CHANGED),
        deed(totp(None), of("sign_in.second_factor_removed"), CHANGED),
    ]
}

fn accounts(ledger: &Ledger) -> Vec<Deed> {
    let (tenant_id, user_id) = (ledger.tenant_id, user_id(1));
    let issuer = "https://id.example".to_owned();
    let provider = |name: &str| {
        I::PutIdentityProvider(IdentityProvider {
            tenant_id,
            name: name.to_owned(),
            name_chinese: None,
            issuer: issuer.clone(),
            client_id: "usher".to_owned(),
            client_secret_sealed: SEALED.to_vec(),
            enabled: true,
        })
    };
    let linked = I::LinkIdentity(IdentityLink {
        tenant_id,
        issuer: issuer.clone(),
        subject: "248289761001".to_owned(),
        user_id,
    });
    let unlinked = I::UnlinkIdentity { tenant_id, user_id };
    let removed = I::RemoveIdentityProvider { tenant_id };
    let of = |action| (action, O::SignIn, "1");
    let of_provider = |action| (action, O::SignIn, "identity_provider");
    vec![
        deed(
            provider("Company account"),
            of_provider("sign_in.identity_provider_set"),
            NEW,
        ),
        deed(
            provider("Work account"),
            of_provider("sign_in.identity_provider_changed"),
            CHANGED,
        ),
        deed(linked, of("sign_in.account_linked"), CHANGED),
        deed(unlinked, of("sign_in.account_unlinked"), CHANGED),
        deed(removed, of_provider("sign_in.identity_provider_removed"), GONE),
    ]
}

fn seats(ledger: &Ledger) -> Vec<Deed> {
    let seat = |user| ledger.seat_name(user, None);
    let pool = L::PutPool {
        pool: ledger.pool_name(None),
        bought: Some(1),
        valid_from_ms: None,
        valid_until_ms: None,
        overdraft_allowed: false,
    };
    let price = L::PutPrice {
        pool: ledger.pool_name(None),
        price: Price::parse("30", "CNY".parse().unwrap(), PricePeriod::Month).ok(),
    };
    let request = |user| L::RequestSeat {
        seat: seat(user),
        expires_at_ms: None,
        wait: true,
    };
    let protect = |reason: Option<&str>| L::Protect {
        seat: seat(1),
        reason: reason.map(str::to_owned),
    };
    let extend = L::Extend {
        seat: seat(1),
        expires_at_ms: Some(START_MS + 5),
    };
    let leave = L::LeaveWaitingList { seat: seat(2) };
    let of = |action| (action, O::Seat, "per_user:1");
    let of_place = |action| (action, O::WaitingPlace, "per_user:2");
    vec![
        deed(pool, ("pool.set", O::Pool, "per_user"), NEW),
        deed(price, ("pool.price_changed", O::Pool, "per_user"), NEW),
        deed(request(1), of("seat.assigned"), NEW),
        deed(request(2), of_place("waiting_place.taken"), NEW),
        deed(leave, of_place("waiting_place.left"), GONE),
        deed(protect(Some("on a long journey")), of("seat.protected"), CHANGED),
        deed(protect(None), of("seat.unprotected"), CHANGED),
        deed(extend, of("seat.extended"), CHANGED),
    ]
}

fn groups(ledger: &Ledger) -> Vec<Deed> {
    let tenant_id = ledger.tenant_id;
    let (group_key, user_id) = (|| "sales".parse().unwrap(), user_id(2));
    let put = L::PutGroup {
        tenant_id,
        group_key: group_key(),
        name: "Sales".to_owned(),
    };
    let join = L::JoinGroup {
        tenant_id,
        group_key: group_key(),
        user_id,
    };
    let leave = L::LeaveGroup {
        tenant_id,
        group_key: group_key(),
        user_id,
    };
    let of = |action| (action, O::Group, "sales");
    vec![
        deed(put, of("group.set"), NEW),
        deed(join, of("group.joined"), NEW),
        deed(leave, of("group.left"), GONE),
    ]
}
