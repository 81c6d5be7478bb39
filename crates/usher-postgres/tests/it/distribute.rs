//! Spreading the schema over a cluster. Debian has no Citus, so here stands what can be shown without one; the schema itself is
//! held against the rules of Citus in `copy::schema`.

use usher_postgres::{DistributeError, distribute};
use usher_testbed::postgres::Server;

use crate::{copy::houses, home::PostgresHome};

#[tokio::test]
async fn a_database_without_citus_is_told_so_and_left_as_it_is() {
    let database = PostgresHome::database_of_its_own().await;
    let address = Server::shared().address(&database).parse().unwrap();
    for rehearsal in [true, false] {
        let refused = distribute(&address, &houses::options(), rehearsal).await;
        assert!(matches!(refused, Err(DistributeError::NoCitus)), "{refused:?}");
    }
    assert!(houses::open_error(&database).await.is_none());
}
