//! Tales of clients: where they are installed, their secrets, how they may be reached.

use usher_seats::Enablement;
use usher_store::{Effect, IdentityChange as I, Rejection, identity::ClientRegistration};

use super::identity::{acme, client_id, family, hash, is_revoked, make};
use crate::{
    Home,
    ledger::{Ledger, START_MS},
};

/// A store client acts where it is installed; taking it out ends its tokens there, and a later install begins anew.
pub async fn a_store_client_acts_only_where_it_is_installed(home: &mut dyn Home) {
    let owner = acme(home).await;
    let other = Ledger::found(home.store(), "other").await;
    other.people_and_apps(&[1], &[]).await;
    let install = |client: &str| I::InstallClient {
        tenant_id: other.tenant_id,
        client_id: client_id(client),
    };
    let uninstall = || I::UninstallClient {
        tenant_id: other.tenant_id,
        client_id: client_id("cli_store"),
    };
    let rejected = make(&other, install("cli_own"), START_MS).await.unwrap_err();
    assert_eq!(
        rejected.rejection(),
        Some(Rejection::ClientUnknown),
        "not a store client"
    );

    assert_eq!(
        make(&other, install("cli_store"), START_MS).await,
        Ok(Effect::Created)
    );
    assert_eq!(
        make(&other, install("cli_store"), START_MS).await,
        Ok(Effect::Unchanged)
    );
    family(&other, "cli_store").await;
    let store = home.store();
    let client = store.token(hash(100)).await.unwrap().unwrap().client;
    assert_eq!(client.map(|client| client.tenant_id), Some(owner.tenant_id));
    assert!(store.refresh_token(hash(200)).await.unwrap().unwrap().installed);

    assert_eq!(make(&other, uninstall(), START_MS).await, Ok(Effect::Updated));
    assert_eq!(make(&other, uninstall(), START_MS).await, Ok(Effect::Unchanged));
    let standing = store.token(hash(100)).await.unwrap().unwrap();
    assert!(standing.token.revoked && standing.client.is_none());
    let standing = store.refresh_token(hash(200)).await.unwrap().unwrap();
    assert!(standing.what.revoked && !standing.installed);
    make(&other, install("cli_store"), START_MS).await.unwrap();
    assert!(is_revoked(&*store, 0).await, "nothing comes back");
    for (tenant_id, expected) in [(owner.tenant_id, true), (other.tenant_id, true)] {
        let installed = store.client_installed(tenant_id, &client_id("cli_store")).await;
        assert_eq!(installed, Ok(expected));
    }
    let foreign = store
        .client_installed(other.tenant_id, &client_id("cli_own"))
        .await;
    assert_eq!(foreign, Ok(false));
}

/// Two secrets overlap while one replaces the other; those that have ended are forgotten when the next is made.
pub async fn secrets_overlap_while_one_replaces_the_other(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let add = |byte, older_expire_at_ms| I::AddClientSecret {
        tenant_id: ledger.tenant_id,
        client_id: client_id("cli_own"),
        secret_hash: hash(byte),
        older_expire_at_ms,
    };
    make(&ledger, add(1, START_MS), START_MS).await.unwrap();
    make(&ledger, add(2, START_MS + 100), START_MS + 10)
        .await
        .unwrap();
    home.restart().await;
    let ledger = Ledger {
        store: home.store(),
        ..ledger.clone()
    };
    let ends = async || -> Vec<(u8, Option<i64>)> {
        let standing = ledger.store.client_standing(&client_id("cli_own")).await;
        let secrets = standing.unwrap().unwrap().secrets;
        secrets
            .iter()
            .map(|secret| (secret.secret_hash.0[0], secret.expires_at_ms))
            .collect()
    };
    assert_eq!(ends().await, [(2, None), (1, Some(START_MS + 100))]);
    // A later rotation may end an older secret sooner, but never later.
    make(&ledger, add(3, START_MS + 500), START_MS + 20)
        .await
        .unwrap();
    assert_eq!(
        ends().await,
        [(3, None), (2, Some(START_MS + 500)), (1, Some(START_MS + 100))]
    );
    make(&ledger, add(4, START_MS + 600), START_MS + 100)
        .await
        .unwrap();
    assert_eq!(
        ends().await,
        [(4, None), (3, Some(START_MS + 600)), (2, Some(START_MS + 500))]
    );
}

/// How a client may be reached comes back as it was said.
pub async fn a_registration_is_kept_as_it_was_said(home: &mut dyn Home) {
    let ledger = acme(home).await;
    let registration = ClientRegistration {
        redirect_uris: vec![
            "https://a.example/x".to_owned(),
            "http://127.0.0.1:1/y".to_owned(),
        ],
        refresh_allowed: true,
        ticket_url: Some("https://a.example/tickets".to_owned()),
    };
    let register = |client: &str| I::RegisterClient {
        tenant_id: ledger.tenant_id,
        client_id: client_id(client),
        registration: registration.clone(),
    };
    assert_eq!(
        make(&ledger, register("cli_own"), START_MS).await,
        Ok(Effect::Updated)
    );
    assert_eq!(
        make(&ledger, register("cli_own"), START_MS).await,
        Ok(Effect::Unchanged)
    );
    let unknown = make(&ledger, register("cli_unknown"), START_MS)
        .await
        .unwrap_err();
    assert_eq!(unknown.rejection(), Some(Rejection::ClientUnknown));
    home.restart().await;
    let store = home.store();
    let standing = store
        .client_standing(&client_id("cli_own"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(standing.registration, registration);
    assert_eq!(standing.tenant, Enablement::Enabled);
    assert_eq!(store.client_standing(&client_id("cli_unknown")).await, Ok(None));
}
