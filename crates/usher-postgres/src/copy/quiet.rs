//! Whether anybody works on a database.

use usher_store::{Coordination, InstanceStanding, StoreError};

use crate::PostgresStore;

/// Who works on the database, or may still have something for it; none when it is quiet.
pub(super) async fn disturber(store: &PostgresStore, now_ms: i64) -> Result<Option<String>, StoreError> {
    let instances = store.instances(now_ms).await?;
    Ok(instances
        .into_iter()
        .find(|instance| instance.standing() != InstanceStanding::Gone)
        .map(|instance| instance.name.to_string()))
}
