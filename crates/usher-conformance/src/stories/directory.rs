//! Tales of tenants, users, apps and clients.

use usher_seats::{LocalizedNames, Refusal, SeatType::PerUser, TenantId, TimeZoneName};
use usher_store::{App, AppRoute, Change, Client, ClientKind, Effect, Rejection, Tenant, User};

use crate::{
    Home,
    ledger::{Ledger, START_MS, admitted, namespace, refused, user_id},
};

fn client(ledger: &Ledger) -> Client {
    Client {
        tenant_id: ledger.tenant_id,
        client_id: "cli_0123456789abcdef".parse().unwrap(),
        name: "reports".to_owned(),
        kind: ClientKind::SelfBuilt,
        scopes: vec!["app_engine:seat_activities:read".to_owned()],
        enabled: true,
    }
}

/// Made, the same, different; and read back as put.
pub async fn putting_a_thing_twice_is_putting_it_once(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let user = ledger.user(1);
    let renamed = User {
        name: "Ada".to_owned(),
        system_administrator: true,
        ..user.clone()
    };
    let app = ledger.app("crm");
    let disabled = App {
        enabled: false,
        ..app.clone()
    };
    let client = client(&ledger);
    let closed = Client {
        scopes: Vec::new(),
        ..client.clone()
    };
    for (change, effect) in [
        (Change::PutUser(user.clone()), Effect::Created),
        (Change::PutUser(user), Effect::Unchanged),
        (Change::PutUser(renamed.clone()), Effect::Updated),
        (Change::PutApp(app.clone()), Effect::Created),
        (Change::PutApp(app), Effect::Unchanged),
        (Change::PutApp(disabled.clone()), Effect::Updated),
        (Change::PutClient(client.clone()), Effect::Created),
        (Change::PutClient(client.clone()), Effect::Unchanged),
        (Change::PutClient(closed.clone()), Effect::Updated),
    ] {
        assert_eq!(ledger.change(change, START_MS).await, Ok(effect));
    }
    let (store, tenant_id) = (&ledger.store, ledger.tenant_id);
    assert_eq!(store.user(tenant_id, user_id(1)).await, Ok(Some(renamed)));
    assert_eq!(store.apps(tenant_id, None, 10).await, Ok(vec![disabled]));
    assert_eq!(store.clients(tenant_id, None, 10).await, Ok(vec![closed.clone()]));
    assert_eq!(store.client(tenant_id, &client.client_id).await, Ok(Some(closed)));
    let tenant = store.tenant(&"acme".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((tenant.tenant_id, tenant.enabled), (tenant_id, true));
    assert_eq!(store.tenants(None, 10).await, Ok(vec![tenant]));
    let again = Change::CreateTenant {
        tenant_key: "acme".parse().unwrap(),
        name: String::new(),
        time_zone: TimeZoneName::utc(),
    };
    let error = ledger.change(again, START_MS).await.unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::TenantKeyTaken));
}

/// An import makes what is missing and leaves what people have named and switched.
pub async fn ensured_things_keep_what_they_are(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let named = User {
        name: "Ada".to_owned(),
        enabled: false,
        ..ledger.user(1)
    };
    let switched = App {
        enabled: false,
        ..ledger.app("crm")
    };
    for (change, effect) in [
        (Change::PutUser(named.clone()), Effect::Created),
        (Change::EnsureUser(ledger.user(1)), Effect::Unchanged),
        (Change::EnsureUser(ledger.user(2)), Effect::Created),
        (Change::PutApp(switched.clone()), Effect::Created),
        (Change::EnsureApp(ledger.app("crm")), Effect::Unchanged),
        (Change::EnsureApp(ledger.app("wiki")), Effect::Created),
    ] {
        assert_eq!(ledger.change(change, START_MS).await, Ok(effect));
    }
    assert_eq!(
        ledger.store.user(ledger.tenant_id, user_id(1)).await,
        Ok(Some(named))
    );
    assert_eq!(
        ledger
            .store
            .apps(ledger.tenant_id, Some(namespace("crm")), 10)
            .await,
        Ok(vec![ledger.app("wiki")])
    );
}

/// Switching off acts on the next access, switching on again too.
pub async fn disabled_things_lock_their_people_out(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger.people_and_apps(&[1], &["crm"]).await;
    ledger.assign(1, None, None, START_MS).await;
    let tenant = |enabled| Change::SetTenantEnabled {
        tenant_id: ledger.tenant_id,
        enabled,
    };
    let user = |enabled| {
        Change::PutUser(User {
            enabled,
            ..ledger.user(1)
        })
    };
    let app = |enabled| {
        Change::PutApp(App {
            enabled,
            ..ledger.app("crm")
        })
    };
    for (round, (off, on, reason)) in [
        (tenant(false), tenant(true), Refusal::TenantUnknown),
        (user(false), user(true), Refusal::UserDisabled),
        (app(false), app(true), Refusal::AppDisabled),
    ]
    .into_iter()
    .enumerate()
    {
        let at_ms = START_MS + i64::try_from(round).unwrap() * 10;
        assert_eq!(
            ledger.open(1, "crm", at_ms + 1).await,
            admitted(PerUser, at_ms + 1)
        );
        assert_eq!(ledger.change(off, at_ms).await, Ok(Effect::Updated));
        assert_eq!(ledger.open(1, "crm", at_ms + 2).await, refused(reason));
        assert_eq!(ledger.change(on, at_ms).await, Ok(Effect::Updated));
    }
    assert_eq!(
        ledger.open(1, "crm", START_MS + 100).await,
        admitted(PerUser, START_MS + 100)
    );
}

/// Commands act for this person.
pub async fn the_first_administrator_is_the_enabled_one_with_the_smallest_number(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    assert_eq!(ledger.store.first_administrator(ledger.tenant_id).await, Ok(None));
    let administrator = |number, enabled| User {
        enabled,
        system_administrator: true,
        ..ledger.user(number)
    };
    for user in [
        ledger.user(1),
        administrator(2, false),
        administrator(4, true),
        administrator(3, true),
    ] {
        ledger.change(Change::PutUser(user), START_MS).await.unwrap();
    }
    assert_eq!(
        ledger.store.first_administrator(ledger.tenant_id).await,
        Ok(Some(administrator(3, true)))
    );
}

/// A host and prefix mean one app, over all tenants.
pub async fn a_route_belongs_to_one_app(home: &mut dyn Home) {
    let acme = Ledger::found(home.store(), "acme").await;
    let other = Ledger::found(home.store(), "other").await;
    acme.people_and_apps(&[], &["crm", "wiki"]).await;
    other.people_and_apps(&[], &["crm"]).await;
    let route = |ledger: &Ledger, app| AppRoute {
        host: "crm.example.com".to_owned(),
        path_prefix: "/".to_owned(),
        tenant_id: ledger.tenant_id,
        namespace: namespace(app),
    };
    assert_eq!(
        acme.change(Change::PutAppRoute(route(&acme, "crm")), START_MS)
            .await,
        Ok(Effect::Created)
    );
    assert_eq!(
        acme.change(Change::PutAppRoute(route(&acme, "crm")), START_MS)
            .await,
        Ok(Effect::Unchanged)
    );
    for (taken, rejection) in [
        (route(&acme, "wiki"), Rejection::RouteTaken),
        (route(&other, "crm"), Rejection::RouteTaken),
        (route(&acme, "erp"), Rejection::AppUnknown),
    ] {
        let error = acme
            .change(Change::PutAppRoute(taken), START_MS)
            .await
            .unwrap_err();
        assert_eq!(error.rejection(), Some(rejection));
    }
    assert_eq!(acme.store.app_routes().await, Ok(vec![route(&acme, "crm")]));
    let remove = || Change::RemoveAppRoute {
        host: "crm.example.com".to_owned(),
        path_prefix: "/".to_owned(),
    };
    assert_eq!(acme.change(remove(), START_MS).await, Ok(Effect::Updated));
    assert_eq!(acme.change(remove(), START_MS).await, Ok(Effect::Unchanged));
    assert_eq!(
        other
            .change(Change::PutAppRoute(route(&other, "crm")), START_MS)
            .await,
        Ok(Effect::Created)
    );
}

/// Whoever remembers configuration is told before the change is answered.
pub async fn every_configuration_change_is_announced(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let mut before = ledger.store.configuration_version();
    for change in [
        Change::PutUser(ledger.user(1)),
        Change::PutApp(ledger.app("crm")),
        Change::PutClient(client(&ledger)),
        Change::SetTenantEnabled {
            tenant_id: ledger.tenant_id,
            enabled: false,
        },
    ] {
        ledger.change(change, START_MS).await.unwrap();
        let after = ledger.store.configuration_version();
        assert!(after > before, "{before} then {after}");
        before = after;
    }
    ledger.assign(1, None, None, START_MS).await;
    ledger.release(1, None, START_MS).await;
    assert_eq!(
        ledger.store.configuration_version(),
        before,
        "seats change all day, and nobody outside remembers them"
    );
}

/// An app has a name for everybody and one for each language; a restart keeps them, another app has its own.
pub async fn an_app_keeps_its_names_by_language(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let tenant_id = ledger.tenant_id;
    let names = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        LocalizedNames::new(pairs.map(|(language, name)| (language.parse().unwrap(), (*name).to_owned())))
            .unwrap()
    };
    let crm = |pairs| App {
        names: names(pairs),
        ..ledger.app("crm")
    };
    let both = crm(&[("en", "Sales"), ("zh-CN", "\u{9500}\u{552e} \"'{}")]);
    let wiki = ledger.app("wiki");
    let one = crm(&[("zh-CN", "\u{9500}\u{552e}")]);
    for (app, effect) in [
        (wiki.clone(), Effect::Created),
        (both.clone(), Effect::Created),
        (both.clone(), Effect::Unchanged),
        (one.clone(), Effect::Updated),
        (both.clone(), Effect::Updated),
    ] {
        assert_eq!(ledger.change(Change::PutApp(app), START_MS).await, Ok(effect));
    }
    drop(ledger);
    home.restart().await;
    let store = home.store();
    assert_eq!(
        store.app(tenant_id, &both.namespace).await,
        Ok(Some(both.clone()))
    );
    let all = store.apps(tenant_id, None, 10).await;
    assert_eq!(all, Ok(vec![both, wiki]));
}

/// A tenant has a name and a time zone, and either may change without the other.
pub async fn a_tenant_is_described_anew_part_by_part(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let tenant_id = ledger.tenant_id;
    let store = &ledger.store;
    let found = store.tenant_by_id(tenant_id).await.unwrap().unwrap();
    assert_eq!(found.time_zone, TimeZoneName::utc());
    let describe = |name: Option<&str>, time_zone: Option<&str>| Change::DescribeTenant {
        tenant_id,
        name: name.map(str::to_owned),
        time_zone: time_zone.map(|name| name.parse().unwrap()),
    };
    for (change, effect) in [
        (describe(None, None), Effect::Unchanged),
        (describe(Some("acme"), Some("UTC")), Effect::Unchanged),
        (describe(Some("Acme Ltd"), None), Effect::Updated),
        (describe(None, Some("Asia/Shanghai")), Effect::Updated),
    ] {
        assert_eq!(ledger.change(change, START_MS).await, Ok(effect));
    }
    let expected = Tenant {
        name: "Acme Ltd".to_owned(),
        time_zone: "Asia/Shanghai".parse().unwrap(),
        ..found
    };
    assert_eq!(
        store.tenant(&expected.tenant_key).await,
        Ok(Some(expected.clone()))
    );
    assert_eq!(store.tenants(None, 10).await, Ok(vec![expected]));
    let nobody = Change::DescribeTenant {
        tenant_id: TenantId(tenant_id.0 + 1),
        name: Some("x".to_owned()),
        time_zone: None,
    };
    let error = ledger.change(nobody, START_MS).await.unwrap_err();
    assert_eq!(error.rejection(), Some(Rejection::TenantUnknown));
}
