//! The keys under which people are found as somebody types, kept beside their rows.
//!
//! They follow from name and sign-in name (the rule is [`usher_seats::search`]), so they are written wherever a person is:
//! when one is made or changed, when one leaves, when a copy arrives, and once for everybody who was there before
//! there were keys.

use usher_seats::{TenantId, UserId, search};

use crate::{
    numbers::StoredUserId,
    reads::limit,
    sql::{Answered, Row, Sql},
};

/// What people are called; their keys follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Called<'a> {
    pub(crate) name: &'a str,
    pub(crate) external_id: Option<&'a str>,
}

/// People whose keys are written in one go when there were none before.
const PEOPLE_PER_STEP: i64 = 2_000;

fn keys(called: Called<'_>) -> Vec<String> {
    search::keys(called.name, called.external_id)
}

/// Brings a person's keys from what they are called now to something else, or takes them away; to be called before their
/// row changes.
pub(crate) async fn rewrite(
    connection: &Sql,
    (tenant_id, user_id): (TenantId, UserId),
    after: Option<Called<'_>>,
) -> Answered<()> {
    let before = connection
        .optional(
            "SELECT name, external_id FROM users WHERE tenant_id = $1 AND user_id = $2",
            (tenant_id.0, user_id.get()),
            |row| keys_of(row, 0),
        )
        .await?
        .unwrap_or_default();
    let after = after.map_or_else(Vec::new, keys);
    let gone: Vec<&String> = before.iter().filter(|key| !after.contains(key)).collect();
    if !gone.is_empty() {
        connection
            .execute(
                "DELETE FROM user_search_keys
                 WHERE tenant_id = $1 AND search_key = ANY($2::text[]) AND user_id = $3",
                (tenant_id.0, gone, user_id.get()),
            )
            .await?;
    }
    let new: Vec<String> = after.into_iter().filter(|key| !before.contains(key)).collect();
    add(
        connection,
        vec![tenant_id.0; new.len()],
        vec![user_id.get(); new.len()],
        new,
    )
    .await
}

async fn add(connection: &Sql, tenants: Vec<i64>, users: Vec<i64>, keys: Vec<String>) -> Answered<()> {
    if !keys.is_empty() {
        connection
            .execute(
                "INSERT INTO user_search_keys (tenant_id, search_key, user_id)
                 SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[]) ON CONFLICT DO NOTHING",
                (tenants, keys, users),
            )
            .await?;
    }
    Ok(())
}

fn keys_of(row: &Row, first: usize) -> Answered<Vec<String>> {
    let (name, external_id): (String, Option<String>) = (row.get(first)?, row.get(first + 1)?);
    Ok(keys(Called {
        name: &name,
        external_id: external_id.as_deref(),
    }))
}

/// Writes the keys of everybody who is there.
pub(crate) async fn fill(connection: &Sql) -> Answered<()> {
    let (mut tenant_id, mut user_id) = (0_i64, 0_i64);
    loop {
        let people = connection
            .rows(
                "SELECT tenant_id, user_id, name, external_id FROM users WHERE (tenant_id, user_id) > ($1, $2)
                 ORDER BY tenant_id, user_id LIMIT $3",
                (tenant_id, user_id, PEOPLE_PER_STEP),
                |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, keys_of(row, 2)?)),
            )
            .await?;
        let Some((last_tenant, last_user, _)) = people.last() else {
            return Ok(());
        };
        (tenant_id, user_id) = (*last_tenant, *last_user);
        let (mut tenants, mut users, mut all_keys) = (Vec::new(), Vec::new(), Vec::new());
        for (tenant_id, user_id, keys) in people {
            for key in keys {
                tenants.push(tenant_id);
                users.push(user_id);
                all_keys.push(key);
            }
        }
        add(connection, tenants, users, all_keys).await?;
    }
}

/// Who is kept under keys that begin with `prefix`.
pub(crate) async fn users_under(
    connection: &Sql,
    tenant_id: TenantId,
    prefix: &str,
    rows_max: usize,
) -> Answered<Vec<UserId>> {
    connection
        .rows(
            "SELECT user_id FROM user_search_keys
             WHERE tenant_id = $1 AND search_key >= $2 AND search_key < $2 || chr(1114111) LIMIT $3",
            (tenant_id.0, prefix, limit(rows_max)),
            |row| row.get::<StoredUserId>(0).map(|StoredUserId(user_id)| user_id),
        )
        .await
}
