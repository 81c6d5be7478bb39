//! Lists and look-ups. One file per kind of thing.

mod activities;
mod assignments;
mod audit;
mod clients;
#[cfg(test)]
mod cost;
mod directory;
mod history;
mod identity_provider;
mod idle;
mod kept_answers;
mod leaves;
mod ledger;
mod oauth;
mod overview;
mod sign_in;
mod tokens;

pub(crate) use activities::activities;
pub(crate) use assignments::assignments;
pub(crate) use audit::{audit_head, audit_records, audit_slice};
pub(crate) use clients::{
    client, client_installed, client_standing, client_standing_within, clients, installed_clients,
};
pub(crate) use directory::{
    app, app_routes, app_routes_between, apps, first_administrator, tenant, tenant_by_id, tenants, user,
    users, users_numbered,
};
pub(crate) use history::{active_days, active_people};
pub(crate) use identity_provider::{identity_provider, linked_person, linked_subject};
pub(crate) use idle::{Attempt as IdleAttempt, Memory, idle_seats};
pub(crate) use kept_answers::kept_answer;
pub(crate) use leaves::leaves;
pub(crate) use ledger::{group, group_members, groups, kept_seats, pool, pools, seat, seats, waiting};
pub(crate) use oauth::{authorization_code, grant, refresh_token};
pub(crate) use overview::{Attempt as OverviewAttempt, overview};
pub(crate) use sign_in::{credential, credential_of, link, passwords_exist, session};
pub(crate) use tokens::{service_tokens, token, token_within, tokens};

/// A limit as SQLite takes it.
pub(crate) fn limit(rows_max: usize) -> i64 {
    i64::try_from(rows_max).unwrap_or(i64::MAX)
}
