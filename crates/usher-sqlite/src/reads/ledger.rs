//! Pools, seats, waiting lists and groups as they are now.

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use usher_seats::{GroupKey, Namespace, Pool, SeatType, TenantId, UserId};
use usher_store::{Group, KeptQuery, PoolName, PoolRow, SeatName, SeatQuery, SeatRow, WaitingRow};

use super::limit;
use crate::{
    book::{self, holding_row},
    numbers::{
        Count, Parsed, SeatNamespace, SeatTypeNumber, StoredPrice, StoredSeatType, StoredUserId, pool_key,
        seat_namespace,
    },
};

/// A pool's columns; `in_use` leaves out seats that have run out by ?1 although that is not written down yet. The last
/// column counts kept seats, at most `KEPT_SEATS_COUNTED_MAX`.
macro_rules! select_pools {
    () => {
        "SELECT seat_type, namespace, bought,
                held - (SELECT count(*) FROM seats INDEXED BY seats_expiring
                        WHERE seats.tenant_id = pools.tenant_id AND seats.seat_type = pools.seat_type
                          AND seats.namespace = pools.namespace AND seats.held = 1
                          AND seats.expires_at_ms IS NOT NULL AND seats.expires_at_ms <= ?1),
                valid_from_ms, valid_until_ms, overdraft_allowed,
                (SELECT count(*) FROM waiting_places AS place
                 WHERE place.tenant_id = pools.tenant_id AND place.seat_type = pools.seat_type
                   AND place.namespace = pools.namespace),
                price_minor_units, price_currency, price_period,
                (SELECT count(*) FROM (SELECT 1 FROM seats INDEXED BY seats_kept
                                       WHERE seats.tenant_id = pools.tenant_id AND seats.seat_type = pools.seat_type
                                         AND seats.namespace = pools.namespace AND seats.kept_until_ms IS NOT NULL
                                         AND seats.kept_until_ms > ?1 LIMIT 1000) AS kept)
         FROM pools "
    };
}

macro_rules! select_groups {
    () => {
        "SELECT group_key, name,
                (SELECT count(*) FROM group_members AS member
                 WHERE member.tenant_id = groups.tenant_id AND member.group_key = groups.group_key)
         FROM groups "
    };
}

/// Finds a pool.
pub(crate) fn pool(
    connection: &Connection,
    name: &PoolName,
    now_ms: i64,
) -> rusqlite::Result<Option<PoolRow>> {
    let (tenant_id, seat_type, namespace) = pool_key(name);
    connection
        .prepare_cached(concat!(
            select_pools!(),
            "WHERE tenant_id = ?2 AND seat_type = ?3 AND namespace = ?4"
        ))?
        .query_row((now_ms, tenant_id, seat_type, namespace), |row| {
            pool_row(row, now_ms)
        })
        .optional()
}

/// Lists pools in key order.
pub(crate) fn pools(
    connection: &Connection,
    tenant_id: TenantId,
    after: Option<&PoolName>,
    rows_max: usize,
    now_ms: i64,
) -> rusqlite::Result<Vec<PoolRow>> {
    // No pool stands at number -1, so that it means "from the beginning".
    let (seat_type, namespace) = after.map_or((-1, ""), |after| {
        let namespace = seat_namespace(after.namespace.as_ref());
        (i64::from(SeatTypeNumber(after.seat_type).number()), namespace)
    });
    connection
        .prepare_cached(concat!(
            select_pools!(),
            "WHERE tenant_id = ?2 AND (seat_type, namespace) > (?3, ?4)
             ORDER BY seat_type, namespace LIMIT ?5"
        ))?
        .query_map(
            (now_ms, tenant_id.0, seat_type, namespace, limit(rows_max)),
            |row| pool_row(row, now_ms),
        )?
        .collect()
}

fn pool_row(row: &Row<'_>, now_ms: i64) -> rusqlite::Result<PoolRow> {
    let pool = Pool {
        bought: row.get::<_, Option<Count>>(2)?.map(|Count(bought)| bought),
        in_use: row.get::<_, Count>(3)?.0,
        valid_from_ms: row.get(4)?,
        valid_until_ms: row.get(5)?,
        overdraft_allowed: row.get(6)?,
    };
    Ok(PoolRow {
        seat_type: row.get::<_, StoredSeatType>(0)?.0,
        namespace: row.get::<_, SeatNamespace>(1)?.0,
        pool,
        waiting: row.get::<_, Count>(7)?.0,
        price: StoredPrice::from_row(row, 8)?.0,
        kept: pool.keeps(row.get::<_, Count>(11)?.0, now_ms),
    })
}

/// Finds a seat.
pub(crate) fn seat(connection: &Connection, name: SeatName) -> rusqlite::Result<Option<SeatRow>> {
    Ok(book::seat(connection, &name)?.map(|holding| holding.into_row(name)))
}

/// Lists seats in key order. Which index helps depends on what is asked, so each question has a statement of its own.
pub(crate) fn seats(connection: &Connection, query: &SeatQuery) -> rusqlite::Result<Vec<SeatRow>> {
    let (after_user, after_namespace) = query.after.as_ref().map_or((0, ""), |after| {
        (after.user_id.get(), seat_namespace(after.namespace.as_ref()))
    });
    let user_id = query.user_id.map(UserId::get);
    let namespace = query.namespace.as_ref().map(Namespace::as_str);
    let group_key = query.group_key.as_ref().map(GroupKey::as_str);
    connection
        .prepare_cached(&statement(query))?
        .query_map(
            named_params! {
                ":tenant_id": query.tenant_id.0,
                ":seat_type": SeatTypeNumber(query.seat_type),
                ":after_user": after_user,
                ":after_namespace": after_namespace,
                ":user_id": user_id,
                ":namespace": namespace,
                ":group_key": group_key,
                ":rows_max": limit(query.rows_max),
            },
            |row| {
                let StoredUserId(user_id) = row.get(0)?;
                let SeatNamespace(namespace) = row.get(1)?;
                let pool = PoolName {
                    tenant_id: query.tenant_id,
                    seat_type: query.seat_type,
                    namespace,
                };
                Ok(holding_row(row, 2)?.into_row(SeatName { pool, user_id }))
            },
        )?
        .collect()
}

/// The statement of a question. Every parameter stands in each of them, so that all are given in the same way.
fn statement(query: &SeatQuery) -> String {
    // The people of a group are walked in order of their number, each with their few seats; without CROSS the planner
    // may turn that around and walk every seat.
    let (from, of_group) = if query.group_key.is_some() {
        (
            "group_members AS member CROSS JOIN seats
             ON seats.tenant_id = member.tenant_id AND seats.user_id = member.user_id",
            "member.tenant_id = :tenant_id AND member.group_key = :group_key AND member.user_id >= :after_user",
        )
    } else {
        ("seats", ":group_key IS NULL")
    };
    let of_user = if query.user_id.is_some() {
        "seats.user_id = :user_id"
    } else {
        ":user_id IS NULL"
    };
    // The index of an app's seats leaves out platform seats, and is used only where the statement does so in plain sight.
    let of_app = match (&query.namespace, query.seat_type) {
        (None, _) => ":namespace IS NULL",
        (Some(_), SeatType::PerUser) => "seats.namespace = :namespace",
        (Some(_), SeatType::PerUserPerApp) => "seats.namespace = :namespace AND seats.seat_type = 1",
    };
    format!(
        "SELECT seats.user_id, seats.namespace, held, assigned_at_ms, released_at_ms, expires_at_ms,
                protected_reason, given_directly, kept_until_ms, kept_protected_reason
         FROM {from}
         WHERE seats.tenant_id = :tenant_id AND seats.seat_type = :seat_type
           AND (seats.user_id, seats.namespace) > (:after_user, :after_namespace)
           AND {of_group} AND {of_user} AND {of_app}
         ORDER BY seats.user_id, seats.namespace LIMIT :rows_max"
    )
}

/// Lists the seats of a pool that are kept for whoever had them, those given back last first.
pub(crate) fn kept_seats(connection: &Connection, query: &KeptQuery) -> rusqlite::Result<Vec<SeatRow>> {
    let (tenant_id, seat_type, namespace) = pool_key(&query.pool);
    let (before_ms, before_user) = query
        .after
        .map_or((i64::MAX, i64::MAX), |(until_ms, user)| (until_ms, user.get()));
    connection
        .prepare_cached(
            "SELECT user_id, held, assigned_at_ms, released_at_ms, expires_at_ms, protected_reason, given_directly,
                    kept_until_ms, kept_protected_reason
             FROM seats INDEXED BY seats_kept
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND kept_until_ms IS NOT NULL
               AND kept_until_ms > ?4 AND (kept_until_ms, user_id) < (?5, ?6)
             ORDER BY kept_until_ms DESC, user_id DESC LIMIT ?7",
        )?
        .query_map(
            (tenant_id, seat_type, namespace, query.now_ms, before_ms, before_user, limit(query.rows_max)),
            |row| {
                let StoredUserId(user_id) = row.get(0)?;
                let pool = query.pool.clone();
                Ok(holding_row(row, 1)?.into_row(SeatName { pool, user_id }))
            },
        )?
        .collect()
}

/// Lists a waiting list, first in line first.
pub(crate) fn waiting(
    connection: &Connection,
    name: &PoolName,
    after_ticket: Option<i64>,
    rows_max: usize,
) -> rusqlite::Result<Vec<WaitingRow>> {
    let (tenant_id, seat_type, namespace) = pool_key(name);
    let after_ticket = after_ticket.unwrap_or(0);
    let Count(before) = connection
        .prepare_cached(
            "SELECT count(*) FROM waiting_places
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND ticket <= ?4",
        )?
        .query_row((tenant_id, seat_type, namespace, after_ticket), |row| row.get(0))?;
    let mut rows: Vec<WaitingRow> = connection
        .prepare_cached(
            "SELECT user_id, ticket, waiting_since_ms, expires_at_ms FROM waiting_places
             WHERE tenant_id = ?1 AND seat_type = ?2 AND namespace = ?3 AND ticket > ?4
             ORDER BY ticket LIMIT ?5",
        )?
        .query_map(
            (tenant_id, seat_type, namespace, after_ticket, limit(rows_max)),
            |row| {
                Ok(WaitingRow {
                    user_id: row.get::<_, StoredUserId>(0)?.0,
                    position: 0,
                    ticket: row.get(1)?,
                    waiting_since_ms: row.get(2)?,
                    expires_at_ms: row.get(3)?,
                })
            },
        )?
        .collect::<rusqlite::Result<_>>()?;
    for (place, row) in (before + 1..).zip(&mut rows) {
        row.position = place;
    }
    Ok(rows)
}

/// Finds a group.
pub(crate) fn group(
    connection: &Connection,
    tenant_id: TenantId,
    group_key: &GroupKey,
) -> rusqlite::Result<Option<Group>> {
    let found = connection
        .prepare_cached(concat!(
            select_groups!(),
            "WHERE tenant_id = ?1 AND group_key = ?2"
        ))?
        .query_row((tenant_id.0, group_key.as_str()), |row| group_row(row, tenant_id))
        .optional()?;
    found.map(|group| with_standing(connection, group)).transpose()
}

/// Lists groups in order of their key.
pub(crate) fn groups(
    connection: &Connection,
    tenant_id: TenantId,
    after: Option<&GroupKey>,
    rows_max: usize,
) -> rusqlite::Result<Vec<Group>> {
    let groups: Vec<Group> = connection
        .prepare_cached(concat!(
            select_groups!(),
            "WHERE tenant_id = ?1 AND group_key > ?2 ORDER BY group_key LIMIT ?3"
        ))?
        .query_map(
            (tenant_id.0, after.map_or("", GroupKey::as_str), limit(rows_max)),
            |row| group_row(row, tenant_id),
        )?
        .collect::<rusqlite::Result<_>>()?;
    groups
        .into_iter()
        .map(|group| with_standing(connection, group))
        .collect()
}

fn group_row(row: &Row<'_>, tenant_id: TenantId) -> rusqlite::Result<Group> {
    Ok(Group {
        tenant_id,
        group_key: row.get::<_, Parsed<GroupKey>>(0)?.0,
        name: row.get(1)?,
        members: row.get::<_, Count>(2)?.0,
        standing_assignments: Vec::new(),
    })
}

fn with_standing(connection: &Connection, group: Group) -> rusqlite::Result<Group> {
    let standing_assignments = book::standing(connection, (group.tenant_id, &group.group_key))?;
    Ok(Group {
        standing_assignments,
        ..group
    })
}

/// Lists who is in a group.
pub(crate) fn group_members(
    connection: &Connection,
    (tenant_id, group_key): (TenantId, &GroupKey),
    after: Option<UserId>,
    rows_max: usize,
) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached(
            "SELECT user_id FROM group_members
             WHERE tenant_id = ?1 AND group_key = ?2 AND user_id > ?3 ORDER BY user_id LIMIT ?4",
        )?
        .query_map(
            (
                tenant_id.0,
                group_key.as_str(),
                after.map_or(0, UserId::get),
                limit(rows_max),
            ),
            |row| row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id),
        )?
        .collect()
}
