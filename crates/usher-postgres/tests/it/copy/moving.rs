//! A home that moves to the other engine whenever a tale restarts its engine. So everything that the suite says of a restart is
//! said of moving house, and random organisations must give the same answers after it.

use std::sync::Arc;

use async_trait::async_trait;
use usher_conformance::{Home, model};
use usher_sqlite::SqliteStore;
use usher_store::{Store, portable::copy};

use super::houses::{File, holder, source_database, target_database};
use crate::home::PostgresHome;

/// Random sequences; half of them move at least once.
const SEQUENCES: u32 = 60;
/// Organisations in which the report on idle seats is worked out by hand.
const ORGANISATIONS: u32 = 40;

mod tales {
    usher_conformance::stories!(super::super::MovingHome::new);
}

#[test]
fn random_sequences_agree_with_the_model_across_both_engines() {
    model::run(SEQUENCES, 3, MovingHome::new);
}

#[test]
fn idle_seats_are_those_counted_by_hand_across_both_engines() {
    usher_conformance::idle::run(ORGANISATIONS, 3, MovingHome::new);
}

struct MovingHome {
    place: Place,
    store: Option<Arc<dyn Store>>,
}

enum Place {
    File(File),
    Database(String),
}

impl Place {
    async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::File(file) => Arc::new(SqliteStore::open(&file.path(), &holder()).unwrap()),
            Self::Database(database) => PostgresHome::found(database).await.store(),
        }
    }
}

impl MovingHome {
    async fn new() -> Self {
        let place = Place::File(File::new());
        let store = Some(place.open().await);
        Self { place, store }
    }
}

#[async_trait]
impl Home for MovingHome {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }

    async fn restart(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().await;
        }
        let next = match &self.place {
            Place::File(file) => {
                let database = PostgresHome::database_of_its_own().await;
                let (mut source, mut target) = (file.source().await, target_database(&database).await);
                copy(&mut source, &mut target, &mut |_| {}).await.unwrap();
                Place::Database(database)
            }
            Place::Database(database) => {
                let file = File::new();
                let (mut source, mut target) = (source_database(database).await, file.target());
                copy(&mut source, &mut target, &mut |_| {}).await.unwrap();
                Place::File(file)
            }
        };
        self.store = Some(next.open().await);
        self.place = next;
    }
}
