//! Which changes wait for which.
//!
//! The rules of pools, waiting lists and groups are written as if nobody else were changing the same tenant, as they are for the
//! SQLite engine, whose one writer sees to that. Here the end of the tenant's audit log does: whoever changes something of a
//! tenant locks its row first, and holds it to the end of the transaction. So changes of one tenant follow each other over all
//! instances, and those of different tenants do not meet. What concerns no tenant, and names that are unique over all of
//! them, have the row of number 0. Rows are locked in order of their number, so nobody waits in a ring.
//!
//! What happens at every sign-in and every call (codes, tokens, sessions, one-time passwords) takes no such lock: those are
//! decided by a single statement that touches only what is still good.

use std::collections::BTreeSet;

use usher_seats::TenantId;
use usher_store::{
    Change, ChangeRequest, IdentityChange, LeaveChange, LedgerChange, Token, TokenKind,
    audit::chain::log_number,
};

use crate::{
    announcements, leases,
    record::DOOR_LOCK,
    sql::{Answered, Sql},
};

/// The log of what concerns no tenant.
const NO_TENANT: Option<TenantId> = None;

/// Locks what the changes of a request are about, together with its first question.
pub(crate) async fn take(sql: &Sql, request: &ChangeRequest) -> Answered<()> {
    let logs: BTreeSet<i64> = request.changes.iter().filter_map(whose).map(log_number).collect();
    if let Some(lease) = request.under {
        leases::hold(sql, lease).await?;
    }
    for log in logs {
        lock(sql, log);
    }
    // Rejected and rehearsed changes are rolled back, and so announce nothing.
    let is_heard = |change: &Change| change.is_configuration() && whose(change).is_some();
    if request.changes.iter().any(is_heard) {
        announcements::announce(sql);
    }
    let doors: BTreeSet<i64> = request
        .changes
        .iter()
        .filter_map(shut_door)
        .map(|door| door.0)
        .collect();
    for door in doors {
        sql.later(
            "SELECT pg_advisory_xact_lock($1, ($2::int8 % 2147483647)::int4)",
            owned![DOOR_LOCK, door],
        );
    }
    Ok(())
}

/// The first of the logs that a request is about; that of no tenant when it locks none.
pub(crate) fn first_log(request: &ChangeRequest) -> i64 {
    let logs = request.changes.iter().filter_map(whose).map(log_number);
    logs.min().unwrap_or(log_number(NO_TENANT))
}

/// Locks one log, and moves its tenant's version: what any instance remembers of the tenant (`remembered`) is good no more. A
/// lock that is held already costs a write.
pub(crate) fn lock(sql: &Sql, log: i64) {
    sql.later(
        "INSERT INTO audit_heads AS head (tenant_id, sequence, hash, version) VALUES ($1, 0, '', 1)
         ON CONFLICT (tenant_id) DO UPDATE SET version = head.version + 1",
        owned![log],
    );
}

/// A release that depends on whether somebody came meanwhile.
fn shut_door(change: &Change) -> Option<TenantId> {
    match change {
        Change::Ledger(ledger) => match ledger.as_ref() {
            LedgerChange::Release {
                seat,
                unless_admitted_since_ms: Some(_),
                ..
            } => Some(seat.pool.tenant_id),
            _ => None,
        },
        _ => None,
    }
}

/// Whose log a change goes into, or who else may not change anything meanwhile; the outer none for a change that needs nobody
/// to wait.
fn whose(change: &Change) -> Option<Option<TenantId>> {
    match change {
        Change::CreateTenant { .. }
        | Change::PutAppRoute(_)
        | Change::RemoveAppRoute { .. }
        | Change::PutClient(_) => Some(NO_TENANT),
        Change::DescribeTenant { tenant_id, .. }
        | Change::KeepHistory { tenant_id, .. }
        | Change::SetTenantEnabled { tenant_id, .. }
        | Change::AssignSeat { tenant_id, .. }
        | Change::EnsureSeat { tenant_id, .. }
        | Change::ReleaseSeat { tenant_id, .. }
        | Change::DeleteUser { tenant_id, .. } => Some(Some(*tenant_id)),
        Change::CreateUser(user) | Change::PutUser(user) | Change::EnsureUser(user) => {
            Some(Some(user.tenant_id))
        }
        Change::CreateApp(app) | Change::PutApp(app) | Change::EnsureApp(app) => Some(Some(app.tenant_id)),
        Change::IssueToken(Token { kind, tenant_id, .. }) => match kind {
            TokenKind::Service | TokenKind::Operator => Some(*tenant_id),
            TokenKind::User | TokenKind::Tenant => None,
        },
        Change::RevokeToken { tenant_id, .. } => Some(*tenant_id),
        Change::KeepAnswer(_) => None,
        Change::Identity(change) => of_identity(change),
        Change::Leave(LeaveChange::Put { tenant_id, .. } | LeaveChange::Remove { tenant_id, .. }) => {
            Some(Some(*tenant_id))
        }
        Change::Ledger(change) => of_ledger(change),
    }
}

fn of_identity(change: &IdentityChange) -> Option<Option<TenantId>> {
    use IdentityChange as I;
    match change {
        I::RegisterClient { tenant_id, .. }
        | I::AddClientSecret { tenant_id, .. }
        | I::InstallClient { tenant_id, .. }
        | I::UninstallClient { tenant_id, .. }
        | I::SetPassword { tenant_id, .. }
        | I::SetTotp { tenant_id, .. }
        | I::GrantScopes { tenant_id, .. }
        | I::RemoveIdentityProvider { tenant_id }
        | I::UnlinkIdentity { tenant_id, .. } => Some(Some(*tenant_id)),
        I::MakeLink(link) => Some(Some(link.tenant_id)),
        I::PutIdentityProvider(provider) => Some(Some(provider.tenant_id)),
        I::LinkIdentity(link) => Some(Some(link.tenant_id)),
        // Other instances must hear of these, and their tenant is not said.
        I::EndSession { .. } | I::RevokeFamily { .. } | I::SpendLink { .. } => Some(NO_TENANT),
        I::SpendTotpStep { .. }
        | I::OpenSession(_)
        | I::IssueCode(_)
        | I::RedeemCode { .. }
        | I::RotateRefreshToken { .. } => None,
    }
}

fn of_ledger(change: &LedgerChange) -> Option<Option<TenantId>> {
    use LedgerChange as L;
    let tenant_id = match change {
        L::PutPool { pool, .. } | L::PutPrice { pool, .. } => pool.tenant_id,
        L::PutStandingAssignment { pool, .. } | L::RemoveStandingAssignment { pool, .. } => pool.tenant_id,
        L::RequestSeat { seat, .. }
        | L::LeaveWaitingList { seat }
        | L::Release { seat, .. }
        | L::Restore { seat }
        | L::Extend { seat, .. }
        | L::Protect { seat, .. } => seat.pool.tenant_id,
        L::PutSeat(written) => written.seat.pool.tenant_id,
        L::Transfer { from, .. } => from.pool.tenant_id,
        L::CreateGroup { tenant_id, .. }
        | L::PutGroup { tenant_id, .. }
        | L::DeleteGroup { tenant_id, .. }
        | L::JoinGroup { tenant_id, .. }
        | L::LeaveGroup { tenant_id, .. } => *tenant_id,
        // Locks each tenant when it comes to it.
        L::SettleExpired { .. } => return Some(NO_TENANT),
    };
    Some(Some(tenant_id))
}
