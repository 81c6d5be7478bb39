//! Which rule makes which change. There is no wildcard: a new change is not compiled until somebody has decided.

use usher_seats::{Namespace, SeatType, TenantId, UserId};
use usher_store::{Change, Effect, PoolName, SeatName};

use crate::{
    book::{Book, Outcome},
    changing::Changing,
    directory::{
        Existing, create_tenant, delete_user, describe_tenant, keep_history, put_app, put_route, put_user,
        remove_route, switch_tenant,
    },
    leaves, noting,
    seating::{self, By, give, take},
};

/// Makes one change within the transaction that is under way, notes what it did, and lets the engine forget what it makes
/// untrue.
pub(crate) async fn apply<B: Book>(changing: &mut Changing<'_, B>, change: &Change) -> Outcome<B> {
    let watched = noting::before(changing.book, change).await?;
    let effect = make(changing, change).await?;
    if effect != Effect::Unchanged {
        noting::after(changing, watched).await?;
        changing.book.was_made(change);
    }
    Ok(effect)
}

async fn make<B: Book>(changing: &mut Changing<'_, B>, change: &Change) -> Outcome<B> {
    match change {
        Change::CreateTenant {
            tenant_key,
            name,
            time_zone,
        } => create_tenant(changing.book, tenant_key, name, time_zone).await,
        Change::DescribeTenant {
            tenant_id,
            name,
            time_zone,
        } => describe_tenant(changing.book, *tenant_id, name.as_ref(), time_zone.as_ref()).await,
        Change::KeepHistory { tenant_id, days } => keep_history(changing.book, *tenant_id, *days).await,
        Change::SetTenantEnabled { tenant_id, enabled } => {
            switch_tenant(changing.book, *tenant_id, *enabled).await
        }
        Change::CreateUser(user) => put_user(changing.book, user, Existing::Refused).await,
        Change::PutUser(user) => put_user(changing.book, user, Existing::Overwritten).await,
        Change::EnsureUser(user) => put_user(changing.book, user, Existing::Kept).await,
        Change::DeleteUser { tenant_id, user_id } => delete_user(changing, *tenant_id, *user_id).await,
        Change::CreateApp(app) => put_app(changing.book, app, Existing::Refused).await,
        Change::PutApp(app) => put_app(changing.book, app, Existing::Overwritten).await,
        Change::EnsureApp(app) => put_app(changing.book, app, Existing::Kept).await,
        Change::PutAppRoute(route) => put_route(changing.book, route).await,
        Change::RemoveAppRoute { host, path_prefix } => remove_route(changing.book, host, path_prefix).await,
        Change::AssignSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            expires_at_ms,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            give::assign(changing, &seat, *expires_at_ms, By::Hand).await
        }
        Change::EnsureSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
            assigned_at_ms,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            give::ensure(changing, &seat, *assigned_at_ms).await
        }
        Change::ReleaseSeat {
            tenant_id,
            seat_type,
            user_id,
            namespace,
        } => {
            let seat = seat_name(*tenant_id, *seat_type, *user_id, namespace.as_ref());
            take::release(changing, &seat, true, None).await
        }
        Change::Ledger(change) => seating::make(changing, change).await,
        Change::Leave(change) => leaves::make(changing, change).await,
        Change::PutClient(client) => changing.book.put_client(client).await,
        Change::IssueToken(token) => changing.book.issue_token(token, changing.at_ms).await,
        Change::RevokeToken {
            tenant_id,
            token_hash,
        } => changing.book.revoke_token(*tenant_id, *token_hash).await,
        Change::KeepAnswer(kept) => changing.book.keep_answer(kept, changing.at_ms).await,
        Change::Identity(change) => changing.book.change_identity(change, changing.at_ms).await,
    }
}

fn seat_name(
    tenant_id: TenantId,
    seat_type: SeatType,
    user_id: UserId,
    namespace: Option<&Namespace>,
) -> SeatName {
    let pool = PoolName {
        tenant_id,
        seat_type,
        namespace: namespace.cloned(),
    };
    SeatName { pool, user_id }
}
