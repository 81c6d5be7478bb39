//! Lists and look-ups. One file per kind of thing.

mod activities;
mod assignments;
mod directory;
mod tokens;

pub(crate) use activities::activities;
pub(crate) use assignments::assignments;
pub(crate) use directory::{app_routes, apps, client, clients, first_administrator, tenant, tenants, user};
pub(crate) use tokens::{token, tokens};

/// A limit as SQLite takes it.
fn limit(rows_max: usize) -> i64 {
    i64::try_from(rows_max).unwrap_or(i64::MAX)
}

/// Scopes as their column has them: separated by one space.
fn split_scopes(scopes: &str) -> Vec<String> {
    scopes
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}
