//! Moving house between the two engines, on a real server and real files.

mod breaking;
pub(crate) mod houses;
mod moving;
mod sample;
mod schema;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use usher_conformance::{
    Home,
    ledger::{Ledger, START_MS},
};
use usher_postgres::OpenError;
use usher_seats::SeatType;
use usher_sqlite::SqliteStore;
use usher_store::{
    InstanceWord, Store,
    portable::{CopyError, CopyReport, Digest, SECTIONS, Source, Target, copy, house::digest},
};

use self::{
    breaking::Breaking,
    houses::{File, holder, options, source_database, target_database},
};
use crate::home::PostgresHome;

/// The digest of every section.
async fn digests(house: &mut dyn Source) -> BTreeMap<&'static str, Digest> {
    let mut digests = BTreeMap::new();
    for section in SECTIONS {
        digests.insert(section.name, digest(house, section, |_| {}).await.unwrap());
    }
    digests
}

async fn moved(source: &mut dyn Source, target: &mut dyn Target) -> Result<CopyReport, CopyError> {
    copy(source, target, &mut |_| {}).await
}

#[tokio::test]
async fn everything_goes_there_and_back_and_on() {
    let (first, second, third) = (File::new(), File::new(), File::new());
    sample::fill(&mut first.target()).await;
    let expected = digests(&mut first.source().await).await;
    for (section, digest) in &expected {
        assert!(digest.rows > 0, "the sample has nothing of {section}");
    }
    let (one, two) = (
        PostgresHome::database_of_its_own().await,
        PostgresHome::database_of_its_own().await,
    );
    let report = moved(&mut first.source().await, &mut target_database(&one).await)
        .await
        .unwrap();
    assert!(!report.resumed);
    let reported: BTreeMap<_, _> = report
        .sections
        .iter()
        .map(|section| (section.section, section.target))
        .collect();
    assert_eq!(reported, expected);
    moved(&mut source_database(&one).await, &mut target_database(&two).await)
        .await
        .unwrap();
    assert_eq!(digests(&mut source_database(&two).await).await, expected);
    moved(&mut source_database(&two).await, &mut second.target())
        .await
        .unwrap();
    moved(&mut second.source().await, &mut third.target())
        .await
        .unwrap();
    assert_eq!(digests(&mut third.source().await).await, expected);
    assert_eq!(
        sample::content(&mut third.source().await).await,
        sample::content(&mut first.source().await).await
    );
}

#[tokio::test]
async fn numbers_go_on_after_those_that_arrived() {
    let file = File::new();
    sample::fill(&mut file.target()).await;
    let database = PostgresHome::database_of_its_own().await;
    moved(&mut file.source().await, &mut target_database(&database).await)
        .await
        .unwrap();
    let back = File::new();
    moved(&mut source_database(&database).await, &mut back.target())
        .await
        .unwrap();
    let homes: [Arc<dyn Store>; 2] = [
        PostgresHome::found(&database).await.store(),
        Arc::new(SqliteStore::open(&back.path(), &holder()).unwrap()),
    ];
    for store in homes {
        let ledger = Ledger::found(store, "a-new-tenant").await;
        assert!(
            ledger.tenant_id.0 > sample::TENANTS_MAX,
            "tenant {}",
            ledger.tenant_id.0
        );
        ledger.people_and_apps(&[1, 2], &["crm"]).await;
        let waiting = sample::wait_for_a_seat(&ledger).await;
        assert!(waiting > sample::LAST_TICKET, "ticket {waiting}");
    }
}

/// What an administrator sees of an organisation.
async fn seen(store: Arc<dyn Store>, tenant_key: &str) -> String {
    let tenant = store.tenant(&tenant_key.parse().unwrap()).await.unwrap().unwrap();
    let ledger = Ledger {
        store,
        tenant_id: tenant.tenant_id,
    };
    let mut seen = format!("{tenant:?}\n");
    for seat_type in [SeatType::PerUser, SeatType::PerUserPerApp] {
        seen += &format!(
            "{:?}\n",
            ledger.activities(seat_type, 100, START_MS + 5_000).await
        );
        seen += &format!(
            "{:?}\n",
            ledger.assignments(seat_type, 100, START_MS + 5_000).await
        );
    }
    seen += &format!(
        "{:?}\n",
        ledger
            .idle_seats(usher_conformance::idle::question(&ledger, 0, START_MS + 5_000))
            .await
    );
    seen
}

/// A small organisation whose newest accesses are in the journal only.
async fn organisation(path: &Path) -> String {
    let store = Arc::new(SqliteStore::open(path, &holder()).unwrap());
    let ledger = Ledger::found(store.clone(), "acme").await;
    ledger.people_and_apps(&[1, 2, 3], &["crm", "wiki"]).await;
    for user in 1..=3 {
        ledger.assign(user, None, None, START_MS).await;
    }
    for step in 0..20 {
        ledger
            .open(
                step % 3 + 1,
                if step % 2 == 0 { "crm" } else { "wiki" },
                START_MS + step,
            )
            .await;
    }
    let seen = seen(store.clone(), "acme").await;
    assert!(store.health().journal_accesses > 0, "nothing is in the journal");
    drop(ledger);
    store.close().await;
    seen
}

#[tokio::test]
async fn what_is_only_in_the_journal_arrives_too() {
    let file = File::new();
    let expected = organisation(&file.path()).await;
    let database = PostgresHome::database_of_its_own().await;
    moved(&mut file.source().await, &mut target_database(&database).await)
        .await
        .unwrap();
    let home = PostgresHome::found(&database).await;
    assert_eq!(seen(home.store(), "acme").await, expected);
}

#[tokio::test]
async fn a_copy_that_is_broken_off_anywhere_goes_on_and_is_served_only_when_it_is_whole() {
    let file = File::new();
    sample::fill(&mut file.target()).await;
    sample::crowd(&mut file.target()).await;
    let expected = digests(&mut file.source().await).await;
    let database = PostgresHome::database_of_its_own().await;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut target = Breaking::after(1, target_database(&database).await);
        let copied = moved(&mut file.source().await, &mut target).await;
        if copied.is_ok() {
            break;
        }
        assert!(matches!(
            houses::open_error(&database).await,
            Some(OpenError::BeingCopied { .. })
        ));
    }
    assert!(attempts > SECTIONS.len() + 3, "{attempts} attempts");
    assert!(houses::open_error(&database).await.is_none());
    assert_eq!(digests(&mut source_database(&database).await).await, expected);
    let back = File::new();
    while moved(
        &mut source_database(&database).await,
        &mut Breaking::after(1, back.target()),
    )
    .await
    .is_err()
    {
        assert!(matches!(
            SqliteStore::open(&back.path(), &holder()).err(),
            Some(usher_sqlite::OpenError::BeingCopied { .. })
        ));
    }
    assert_eq!(digests(&mut back.source().await).await, expected);
}

#[tokio::test]
async fn a_source_that_changed_between_two_attempts_is_copied_from_the_beginning() {
    let file = File::new();
    organisation(&file.path()).await;
    let database = PostgresHome::database_of_its_own().await;
    let begin = async |pages| {
        let mut target = Breaking::after(pages, target_database(&database).await);
        moved(&mut file.source().await, &mut target).await
    };
    assert!(begin(14).await.is_err());
    // A change leaves its trace in the audit log.
    let store = Arc::new(SqliteStore::open(&file.path(), &holder()).unwrap());
    let tenant = store.tenant(&"acme".parse().unwrap()).await.unwrap().unwrap();
    let ledger = Ledger {
        store: store.clone(),
        tenant_id: tenant.tenant_id,
    };
    ledger.people_and_apps(&[4], &[]).await;
    store.close().await;
    assert!(begin(20).await.is_err());
    // Accesses leave none; they are found out by the sums in the end.
    let store = Arc::new(SqliteStore::open(&file.path(), &holder()).unwrap());
    let ledger = Ledger {
        store: store.clone(),
        ..ledger
    };
    ledger.open(1, "crm", START_MS + 4_000).await;
    let expected = seen(store.clone(), "acme").await;
    store.close().await;
    match begin(usize::MAX).await {
        Err(CopyError::Differs(report)) => assert_eq!(report.section, "activity"),
        other => panic!("{other:?}"),
    }
    assert!(houses::open_error(&database).await.is_some());
    let report = begin(usize::MAX).await.unwrap();
    assert!(!report.resumed);
    assert_eq!(
        seen(PostgresHome::found(&database).await.store(), "acme").await,
        expected
    );
}

#[tokio::test]
async fn a_house_that_is_lived_in_is_left_alone() {
    let (file, other) = (File::new(), File::new());
    organisation(&file.path()).await;
    organisation(&other.path()).await;
    let home = PostgresHome::new().await;
    Ledger::found(home.store(), "neighbour").await;
    let database = home.database().to_owned();
    let refused = moved(&mut file.source().await, &mut target_database(&database).await).await;
    assert!(
        matches!(refused, Err(CopyError::TargetNotEmpty { section: "tenants" })),
        "{refused:?}"
    );
    assert!(
        houses::open_error(&database).await.is_none(),
        "it is served as before"
    );
    // Nor is the beginning of a copy of something else touched.
    let database = PostgresHome::database_of_its_own().await;
    let mut target = Breaking::after(3, target_database(&database).await);
    assert!(moved(&mut file.source().await, &mut target).await.is_err());
    let refused = moved(&mut other.source().await, &mut target_database(&database).await).await;
    assert!(
        matches!(refused, Err(CopyError::CopyOfAnother { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn nobody_moves_while_somebody_works() {
    let home = PostgresHome::new().await;
    Ledger::found(home.store(), "acme").await;
    let word = InstanceWord {
        watermark_ms: START_MS,
        may_spool: false,
    };
    let store = home.store();
    store
        .enter("usher-1".parse().unwrap(), word, START_MS)
        .await
        .unwrap();
    let (as_source, as_target) = (
        houses::try_source(home.database()).await.err(),
        houses::try_target(home.database()).await.err(),
    );
    for refused in [as_source, as_target] {
        assert!(
            matches!(&refused, Some(OpenError::InUse { instance }) if instance == "usher-1"),
            "{refused:?}"
        );
    }
    store.leave().await.unwrap();
    let file = File::new();
    let mut source = source_database(home.database()).await;
    // Whoever begins to work meanwhile is noticed in the end.
    store
        .enter("usher-2".parse().unwrap(), word, START_MS)
        .await
        .unwrap();
    let refused = moved(&mut source, &mut file.target()).await;
    assert!(matches!(refused, Err(CopyError::Source(_))), "{refused:?}");
    store.leave().await.unwrap();
    assert!(
        moved(&mut source_database(home.database()).await, &mut file.target())
            .await
            .unwrap()
            .resumed
    );
    // Of a file the folder is held.
    let store = SqliteStore::open(&file.path(), &holder()).unwrap();
    assert!(matches!(
        usher_sqlite::SqliteSource::open(&file.path(), &holder())
            .await
            .err(),
        Some(usher_sqlite::OpenError::Held(_))
    ));
    store.close().await;
}

#[tokio::test]
async fn a_database_without_a_ledger_is_no_source_and_is_left_as_it_is() {
    let database = houses::empty_database().await;
    assert!(matches!(
        houses::try_source(&database).await.err(),
        Some(OpenError::NotAStore)
    ));
    let tables = usher_testbed::postgres::Server::shared()
        .connect(&database)
        .await
        .query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", &[])
        .await
        .unwrap();
    assert!(tables.is_empty());
    let missing = File::new();
    assert!(
        usher_sqlite::SqliteSource::open(&missing.path(), &holder())
            .await
            .is_err()
    );
    assert!(!missing.path().exists());
    let _ = options();
}
