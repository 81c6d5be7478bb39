//! The keys under which people are found as somebody types, kept beside their rows.
//!
//! They follow from name and sign-in name (the rule is [`usher_seats::search`]), so they are written wherever a person is:
//! when one is made or changed, when one leaves, when a copy arrives, and once for everybody who was there before
//! there were keys.

use rusqlite::{Connection, Row};
use usher_seats::{TenantId, UserId, search};

use crate::{numbers::StoredUserId, reads::limit};

/// What people are called; their keys follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Called<'a> {
    pub(crate) name: &'a str,
    pub(crate) external_id: Option<&'a str>,
}

/// Writes the keys of a person who was called so before, or was not there, and is called so now, or is gone.
pub(crate) fn keep(
    connection: &Connection,
    (tenant_id, user_id): (TenantId, UserId),
    before: Option<Called<'_>>,
    after: Option<Called<'_>>,
) -> rusqlite::Result<()> {
    let keys = |called: Option<Called<'_>>| {
        called.map_or_else(Vec::new, |called| search::keys(called.name, called.external_id))
    };
    let (before, after) = (keys(before), keys(after));
    for key in before.iter().filter(|key| !after.contains(key)) {
        connection
            .prepare_cached(
                "DELETE FROM user_search_keys WHERE tenant_id = ?1 AND search_key = ?2 AND user_id = ?3",
            )?
            .execute((tenant_id.0, key, user_id.get()))?;
    }
    for key in after.iter().filter(|key| !before.contains(key)) {
        connection
            .prepare_cached(
                "INSERT INTO user_search_keys (tenant_id, search_key, user_id) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((tenant_id.0, key, user_id.get()))?;
    }
    Ok(())
}

/// Brings a person's keys from what they are called now to something else, or takes them away; to be called before their
/// row changes.
pub(crate) fn rewrite(
    connection: &Connection,
    (tenant_id, user_id): (TenantId, UserId),
    after: Option<Called<'_>>,
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT name, external_id FROM users WHERE tenant_id = ?1 AND user_id = ?2")?;
    let mut rows = statement.query((tenant_id.0, user_id.get()))?;
    let before = rows.next()?.map(called).transpose()?;
    let before = before.as_ref().map(|(name, external_id)| Called {
        name,
        external_id: external_id.as_deref(),
    });
    keep(connection, (tenant_id, user_id), before, after)
}

/// Writes the keys of everybody who is there and has none yet.
pub(crate) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT name, external_id, tenant_id, user_id FROM users")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, external_id) = called(row)?;
        let StoredUserId(user_id) = row.get(3)?;
        let after = Called {
            name: &name,
            external_id: external_id.as_deref(),
        };
        keep(connection, (TenantId(row.get(2)?), user_id), None, Some(after))?;
    }
    Ok(())
}

fn called(row: &Row<'_>) -> rusqlite::Result<(String, Option<String>)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// Who is kept under keys that begin with `prefix`.
pub(crate) fn users_under(
    connection: &Connection,
    tenant_id: TenantId,
    prefix: &str,
    rows_max: usize,
) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached(
            "SELECT user_id FROM user_search_keys
             WHERE tenant_id = ?1 AND search_key >= ?2 AND search_key < ?2 || char(1114111) LIMIT ?3",
        )?
        .query_map((tenant_id.0, prefix, limit(rows_max)), |row| {
            row.get::<_, StoredUserId>(0).map(|StoredUserId(user_id)| user_id)
        })?
        .collect()
}
