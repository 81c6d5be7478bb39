//! Tales of what people sign in with, and how it is found.

use usher_store::{Actor, AuditObject, AuditQuery, Change, IdentityChange, User};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

/// A name that looks like another person's number is somebody's own choice; who is known is found by number alone.
pub async fn a_known_person_is_found_whatever_others_are_called(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    let called_seven = User {
        external_id: Some("7".to_owned()),
        ..ledger.user(5)
    };
    for user in [called_seven, ledger.user(7)] {
        ledger.change(Change::PutUser(user), START_MS).await.unwrap();
    }
    let (store, tenant_id) = (&ledger.store, ledger.tenant_id);
    let typed = store.credential(tenant_id, "7").await.unwrap().unwrap();
    assert_eq!(typed.user.user_id, user_id(5));
    let known = store.credential_of(tenant_id, user_id(7)).await.unwrap().unwrap();
    assert_eq!(known.user.user_id, user_id(7));
    assert_eq!((known.password_hash, known.totp_sealed), (None, None));
    assert_eq!(store.credential_of(tenant_id, user_id(8)).await, Ok(None));
    for nobody in ["7\0", "\0", ""] {
        assert_eq!(store.credential(tenant_id, nobody).await, Ok(None), "{nobody:?}");
        let about = AuditQuery {
            object: Some((AuditObject::User, nobody.to_owned())),
            actor: Some(Actor::CommandLine(nobody.to_owned())),
            ..AuditQuery::of(Some(tenant_id))
        };
        assert_eq!(store.audit_records(about).await, Ok(Vec::new()), "{nobody:?}");
    }
    let other = Ledger::found(home.store(), "zeta").await;
    assert_eq!(
        other.store.credential_of(other.tenant_id, user_id(7)).await,
        Ok(None)
    );
}

/// The first password anybody chooses is noticed, in whichever tenant; a second factor alone is none.
pub async fn the_first_password_of_all_is_noticed(home: &mut dyn Home) {
    let ledger = Ledger::found(home.store(), "acme").await;
    ledger
        .change(Change::PutUser(ledger.user(1)), START_MS)
        .await
        .unwrap();
    let (tenant_id, user_id) = (ledger.tenant_id, user_id(1));
    assert_eq!(ledger.store.passwords_exist().await, Ok(false));
    let second_factor = IdentityChange::SetTotp {
        tenant_id,
        user_id,
        totp_sealed: Some(vec![1]),
    };
    ledger.change(second_factor.into(), START_MS).await.unwrap();
    assert_eq!(ledger.store.passwords_exist().await, Ok(false));
    for (password_hash, expected) in [(Some("$argon2id$x".to_owned()), true), (None, false)] {
        let set = IdentityChange::SetPassword {
            tenant_id,
            user_id,
            password_hash,
        };
        ledger.change(set.into(), START_MS).await.unwrap();
        assert_eq!(ledger.store.passwords_exist().await, Ok(expected));
    }
}
