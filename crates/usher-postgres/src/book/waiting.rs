//! Waiting lists.

use usher_ledger::{Place, WaitingLists};
use usher_seats::{TenantId, UserId};
use usher_store::{PoolName, SeatName};

use super::DatabaseBook;
use crate::{
    numbers::{Count, StoredUserId, pool_key, seat_key},
    pipeline::OwnedValue,
    sql::{Answered, Row},
};

/// Reads a place from three columns, beginning at `first`.
fn place_row(row: &Row, first: usize) -> Answered<Place> {
    Ok(Place {
        waiting_since_ms: row.get(first)?,
        expires_at_ms: row.get(first + 1)?,
        requested_directly: row.get(first + 2)?,
    })
}

fn owned_key(seat: &SeatName) -> Vec<OwnedValue> {
    let (tenant_id, seat_type, user_id, namespace) = seat_key(seat);
    owned![tenant_id, seat_type, user_id, namespace.to_owned()]
}

impl WaitingLists for DatabaseBook<'_> {
    async fn place(&mut self, seat: &SeatName) -> Answered<Option<Place>> {
        self.sql
            .optional(
                "SELECT waiting_since_ms, expires_at_ms, requested_directly FROM waiting_places
                 WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND namespace = $4",
                seat_key(seat),
                |row| place_row(row, 0),
            )
            .await
    }

    async fn add_place(&mut self, seat: &SeatName, place: &Place) -> Answered<()> {
        let mut values = owned_key(seat);
        values.extend(owned![
            place.waiting_since_ms,
            place.expires_at_ms,
            place.requested_directly
        ]);
        self.sql.later(
            "INSERT INTO waiting_places (tenant_id, seat_type, user_id, namespace, waiting_since_ms,
                                         expires_at_ms, requested_directly)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values,
        );
        Ok(())
    }

    async fn request_place_directly(&mut self, seat: &SeatName) -> Answered<()> {
        self.sql.later(
            "UPDATE waiting_places SET requested_directly = TRUE
             WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND namespace = $4",
            owned_key(seat),
        );
        Ok(())
    }

    async fn remove_place(&mut self, seat: &SeatName) -> Answered<()> {
        self.sql.later(
            "DELETE FROM waiting_places
             WHERE tenant_id = $1 AND seat_type = $2 AND user_id = $3 AND namespace = $4",
            owned_key(seat),
        );
        Ok(())
    }

    async fn remove_places_of(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<()> {
        self.sql.later(
            "DELETE FROM waiting_places WHERE tenant_id = $1 AND user_id = $2",
            owned![tenant_id.0, user_id.get()],
        );
        Ok(())
    }

    async fn position(&mut self, seat: &SeatName) -> Answered<u64> {
        self.sql
            .one(
                "SELECT count(*) FROM waiting_places
                 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $4
                   AND ticket <= (SELECT ticket FROM waiting_places
                                  WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $4 AND user_id = $3)",
                seat_key(seat),
                |row| row.get::<Count>(0).map(|Count(position)| position),
            )
            .await
    }

    async fn first_waiting(&mut self, pool: &PoolName) -> Answered<Option<(SeatName, Place)>> {
        self.sql
            .optional(
                "SELECT user_id, waiting_since_ms, expires_at_ms, requested_directly FROM waiting_places
                 WHERE tenant_id = $1 AND seat_type = $2 AND namespace = $3 ORDER BY ticket LIMIT 1",
                pool_key(pool),
                |row| {
                    let StoredUserId(user_id) = row.get(0)?;
                    let seat = SeatName {
                        pool: pool.clone(),
                        user_id,
                    };
                    Ok((seat, place_row(row, 1)?))
                },
            )
            .await
    }
}
