//! Tales of an organisation's own identity provider: who is who there, and that nobody else is.

use usher_store::{
    Change, Effect, IdentityChange as I, Rejection, StoreError,
    identity::{IdentityLink, IdentityProvider},
};

use crate::{
    Home,
    ledger::{Ledger, START_MS, user_id},
};

const ISSUER: &str = "https://login.acme.example";
const OTHER_ISSUER: &str = "https://login.acme.example/";
/// How many try at once.
const RUNNERS: i64 = 8;

fn provider(ledger: &Ledger) -> IdentityProvider {
    IdentityProvider {
        tenant_id: ledger.tenant_id,
        name: "Acme".to_owned(),
        name_chinese: Some("顶峰".to_owned()),
        issuer: ISSUER.to_owned(),
        client_id: "usher".to_owned(),
        client_secret_sealed: vec![1, 2, 3],
        enabled: true,
    }
}

/// A tenant with people (1 to [`RUNNERS`]) and a provider.
async fn acme(home: &dyn Home, tenant_key: &str) -> Ledger {
    let ledger = Ledger::found(home.store(), tenant_key).await;
    let people: Vec<i64> = (1..=RUNNERS).collect();
    ledger.people_and_apps(&people, &[]).await;
    assert_eq!(
        make(&ledger, I::PutIdentityProvider(provider(&ledger))).await,
        Ok(Effect::Created)
    );
    ledger
}

async fn make(ledger: &Ledger, change: I) -> Result<Effect, StoreError> {
    ledger.change(Change::from(change), START_MS).await
}

fn link(ledger: &Ledger, subject: &str, person: i64) -> I {
    I::LinkIdentity(IdentityLink {
        tenant_id: ledger.tenant_id,
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        user_id: user_id(person),
    })
}

/// The number of whoever has this account.
async fn person(ledger: &Ledger, issuer: &str, subject: &str) -> Option<i64> {
    let found = ledger
        .store
        .linked_person(ledger.tenant_id, issuer, subject)
        .await
        .unwrap();
    found.map(|found| found.user.user_id.get())
}

async fn subject(ledger: &Ledger, person: i64) -> Option<String> {
    let store = &ledger.store;
    store
        .linked_subject(ledger.tenant_id, user_id(person), ISSUER)
        .await
        .unwrap()
}

fn rejected(rejection: Rejection) -> Result<Effect, StoreError> {
    Err(StoreError::Rejected { index: 0, rejection })
}

/// A provider is found as it was set, by its own tenant alone; setting it again replaces it.
pub async fn a_provider_is_kept_as_it_was_said(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    let stranger = Ledger::found(home.store(), "stranger").await;
    let store = &ledger.store;
    assert_eq!(
        store.identity_provider(ledger.tenant_id).await,
        Ok(Some(provider(&ledger)))
    );
    assert_eq!(store.identity_provider(stranger.tenant_id).await, Ok(None));
    assert_eq!(
        make(&ledger, I::PutIdentityProvider(provider(&ledger))).await,
        Ok(Effect::Unchanged)
    );
    let other = IdentityProvider {
        name_chinese: None,
        enabled: false,
        ..provider(&ledger)
    };
    assert_eq!(
        make(&ledger, I::PutIdentityProvider(other.clone())).await,
        Ok(Effect::Updated)
    );
    assert_eq!(store.identity_provider(ledger.tenant_id).await, Ok(Some(other)));
}

/// Neither another issuer (however alike), nor another subject, nor another tenant finds the person.
pub async fn a_person_is_found_by_issuer_and_subject_and_nothing_else(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    let stranger = acme(home, "stranger").await;
    assert_eq!(make(&ledger, link(&ledger, "ann", 1)).await, Ok(Effect::Created));
    assert_eq!(person(&ledger, ISSUER, "ann").await, Some(1));
    assert_eq!(subject(&ledger, 1).await.as_deref(), Some("ann"));
    assert_eq!(person(&ledger, OTHER_ISSUER, "ann").await, None);
    assert_eq!(person(&ledger, ISSUER, "Ann").await, None);
    assert_eq!(person(&ledger, ISSUER, "1").await, None);
    assert_eq!(person(&stranger, ISSUER, "ann").await, None);
    assert_eq!(subject(&stranger, 1).await, None);
    let unlink = I::UnlinkIdentity {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
    };
    assert_eq!(make(&ledger, unlink.clone()).await, Ok(Effect::Updated));
    assert_eq!(make(&ledger, unlink).await, Ok(Effect::Unchanged));
    assert_eq!(person(&ledger, ISSUER, "ann").await, None);
}

/// A second account replaces a person's first one; another person's account is refused.
pub async fn an_account_belongs_to_one_person_and_a_person_has_one_account(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    assert_eq!(make(&ledger, link(&ledger, "ann", 1)).await, Ok(Effect::Created));
    assert_eq!(
        make(&ledger, link(&ledger, "ann", 1)).await,
        Ok(Effect::Unchanged)
    );
    assert_eq!(
        make(&ledger, link(&ledger, "ann", 2)).await,
        rejected(Rejection::SubjectTaken)
    );
    assert_eq!(make(&ledger, link(&ledger, "bob", 1)).await, Ok(Effect::Updated));
    assert_eq!(person(&ledger, ISSUER, "ann").await, None, "given up");
    assert_eq!(make(&ledger, link(&ledger, "ann", 2)).await, Ok(Effect::Created));
    assert_eq!(person(&ledger, ISSUER, "bob").await, Some(1));
    assert_eq!(
        make(&ledger, link(&ledger, "eve", RUNNERS + 1)).await,
        rejected(Rejection::UserUnknown)
    );
}

/// Many people claim one account at the same time; one gets it, the others hear that it is taken.
pub async fn one_account_is_linked_once_however_many_try(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    let mut tasks = tokio::task::JoinSet::new();
    for runner in 1..=RUNNERS {
        let ledger = ledger.clone();
        tasks.spawn(async move { make(&ledger, link(&ledger, "ann", runner)).await });
    }
    let answers = tasks.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won, [Ok(Effect::Created)]);
    for answer in lost {
        assert_eq!(answer, rejected(Rejection::SubjectTaken));
    }
}

/// A link to another issuer than the one that is set is refused; links of an earlier issuer mean something again when
/// it comes back.
pub async fn a_link_needs_the_provider_that_is_set_now(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    make(&ledger, link(&ledger, "ann", 1)).await.unwrap();
    let moved = IdentityProvider {
        issuer: OTHER_ISSUER.to_owned(),
        ..provider(&ledger)
    };
    make(&ledger, I::PutIdentityProvider(moved)).await.unwrap();
    assert_eq!(
        make(&ledger, link(&ledger, "bob", 2)).await,
        rejected(Rejection::IdentityProviderUnknown)
    );
    assert_eq!(person(&ledger, OTHER_ISSUER, "ann").await, None);
    assert_eq!(person(&ledger, ISSUER, "ann").await, Some(1));
}

/// Whoever sets a provider after a removal begins without links.
pub async fn a_removed_provider_leaves_no_link_behind(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    make(&ledger, link(&ledger, "ann", 1)).await.unwrap();
    let remove = I::RemoveIdentityProvider {
        tenant_id: ledger.tenant_id,
    };
    assert_eq!(make(&ledger, remove.clone()).await, Ok(Effect::Updated));
    assert_eq!(make(&ledger, remove).await, Ok(Effect::Unchanged));
    assert_eq!(ledger.store.identity_provider(ledger.tenant_id).await, Ok(None));
    assert_eq!(person(&ledger, ISSUER, "ann").await, None);
    make(&ledger, I::PutIdentityProvider(provider(&ledger)))
        .await
        .unwrap();
    assert_eq!(person(&ledger, ISSUER, "ann").await, None);
}

/// A number given to a new person later does not come with the old one's account.
pub async fn a_deleted_person_leaves_no_link_behind(home: &mut dyn Home) {
    let ledger = acme(home, "acme").await;
    make(&ledger, link(&ledger, "ann", 1)).await.unwrap();
    let delete = Change::DeleteUser {
        tenant_id: ledger.tenant_id,
        user_id: user_id(1),
    };
    ledger.change(delete, START_MS).await.unwrap();
    ledger.people_and_apps(&[1], &[]).await;
    assert_eq!(person(&ledger, ISSUER, "ann").await, None);
    assert_eq!(subject(&ledger, 1).await, None);
}
