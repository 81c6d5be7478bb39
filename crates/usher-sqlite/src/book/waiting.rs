//! Waiting lists.

use rusqlite::OptionalExtension;
use usher_ledger::{Place, WaitingLists};
use usher_seats::{TenantId, UserId};
use usher_store::{PoolName, SeatName};

use super::{FileBook, now, run};
use crate::numbers::{Count, StoredUserId, pool_key, seat_key};

impl WaitingLists for FileBook<'_> {
    fn place(&mut self, seat: &SeatName) -> impl Future<Output = rusqlite::Result<Option<Place>>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT waiting_since_ms, expires_at_ms, requested_directly FROM waiting_places
                     WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
                )?
                .query_row(seat_key(seat), |row| {
                    Ok(Place {
                        waiting_since_ms: row.get(0)?,
                        expires_at_ms: row.get(1)?,
                        requested_directly: row.get(2)?,
                    })
                })
                .optional()
        })
    }

    fn add_place(
        &mut self,
        seat: &SeatName,
        place: &Place,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        let (tenant_id, seat_type, user_id, namespace) = seat_key(seat);
        now(|| {
            run(
                self.connection,
                "INSERT INTO waiting_places (tenant_id, seat_type, namespace, user_id, waiting_since_ms,
                                             expires_at_ms, requested_directly)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    tenant_id,
                    seat_type,
                    namespace,
                    user_id,
                    place.waiting_since_ms,
                    place.expires_at_ms,
                    place.requested_directly,
                ),
            )
        })
    }

    fn request_place_directly(
        &mut self,
        seat: &SeatName,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "UPDATE waiting_places SET requested_directly = 1
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
                seat_key(seat),
            )
        })
    }

    fn remove_place(&mut self, seat: &SeatName) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "DELETE FROM waiting_places
                 WHERE tenant_id = ?1 AND seat_type = ?2 AND user_id = ?3 AND namespace = ?4",
                seat_key(seat),
            )
        })
    }

    fn remove_places_of(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<()>> + Send {
        now(|| {
            run(
                self.connection,
                "DELETE FROM waiting_places WHERE tenant_id = ?1 AND user_id = ?2",
                (tenant_id.0, user_id.get()),
            )
        })
    }

    fn position(&mut self, seat: &SeatName) -> impl Future<Output = rusqlite::Result<u64>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT count(*) FROM waiting_places
                     WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?4
                       AND ticket <= (SELECT ticket FROM waiting_places
                                      WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?4 AND user_id = ?3)",
                )?
                .query_row(seat_key(seat), |row| {
                    row.get::<_, Count>(0).map(|Count(position)| position)
                })
        })
    }

    fn first_waiting(
        &mut self,
        pool: &PoolName,
    ) -> impl Future<Output = rusqlite::Result<Option<(SeatName, Place)>>> + Send {
        now(|| {
            self.connection
                .prepare_cached(
                    "SELECT user_id, waiting_since_ms, expires_at_ms, requested_directly FROM waiting_places
                     WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 ORDER BY ticket LIMIT 1",
                )?
                .query_row(pool_key(pool), |row| {
                    let StoredUserId(user_id) = row.get(0)?;
                    let seat = SeatName {
                        pool: pool.clone(),
                        user_id,
                    };
                    let place = Place {
                        waiting_since_ms: row.get(1)?,
                        expires_at_ms: row.get(2)?,
                        requested_directly: row.get(3)?,
                    };
                    Ok((seat, place))
                })
                .optional()
        })
    }
}
