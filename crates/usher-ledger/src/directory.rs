//! Tenants, people, apps and routes.

use usher_seats::{Namespace, TenantId, TenantKey, TimeZoneName, UserId};
use usher_store::{App, AppRoute, Effect, Rejection, Tenant, User};

use crate::{
    book::{Book, Directory, Engine, Outcome},
    changing::Changing,
    seating,
};

/// What becomes of a thing that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Refused,
    Kept,
    Overwritten,
}

/// What a write that may have touched nothing comes to.
fn updated(touched: bool) -> Effect {
    if touched {
        Effect::Updated
    } else {
        Effect::Unchanged
    }
}

pub(crate) async fn require_tenant<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
) -> Result<(), <B as Engine>::Unchanged> {
    if book.has_tenant(tenant_id).await? {
        Ok(())
    } else {
        Err(Rejection::TenantUnknown.into())
    }
}

pub(crate) async fn require_app<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
    namespace: &Namespace,
) -> Result<(), <B as Engine>::Unchanged> {
    if book.has_app(tenant_id, namespace).await? {
        Ok(())
    } else {
        Err(Rejection::AppUnknown.into())
    }
}

pub(crate) async fn require_user<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
    user_id: UserId,
) -> Result<(), <B as Engine>::Unchanged> {
    if book.has_user(tenant_id, user_id).await? {
        Ok(())
    } else {
        Err(Rejection::UserUnknown.into())
    }
}

pub(crate) async fn create_tenant<B: Directory>(
    book: &mut B,
    tenant_key: &TenantKey,
    name: &str,
    time_zone: &TimeZoneName,
) -> Outcome<B> {
    if book.tenant_named(tenant_key).await?.is_some() {
        return Err(Rejection::TenantKeyTaken.into());
    }
    let tenant_id = book.add_tenant(tenant_key, name, time_zone).await?;
    Ok(Effect::TenantCreated(tenant_id))
}

/// Gives a tenant another name or time zone; what is none stays.
pub(crate) async fn describe_tenant<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
    name: Option<&String>,
    time_zone: Option<&TimeZoneName>,
) -> Outcome<B> {
    let describe = |tenant: &mut Tenant| {
        if let Some(name) = name {
            tenant.name.clone_from(name);
        }
        if let Some(time_zone) = time_zone {
            tenant.time_zone.clone_from(time_zone);
        }
    };
    change_tenant(book, tenant_id, describe).await
}

/// Says for how many days a tenant's history is kept.
pub(crate) async fn keep_history<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
    days: Option<u32>,
) -> Outcome<B> {
    change_tenant(book, tenant_id, |tenant| tenant.history_days = days).await
}

/// Switches a tenant on or off.
pub(crate) async fn switch_tenant<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
    enabled: bool,
) -> Outcome<B> {
    change_tenant(book, tenant_id, |tenant| tenant.enabled = enabled).await
}

async fn change_tenant<B: Directory>(
    book: &mut B,
    tenant_id: TenantId,
    change: impl FnOnce(&mut Tenant) + Send,
) -> Outcome<B> {
    let before = book.tenant(tenant_id).await?.ok_or(Rejection::TenantUnknown)?;
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return Ok(Effect::Unchanged);
    }
    book.write_tenant(&after).await?;
    Ok(Effect::Updated)
}

/// Makes a person or brings them to the given state.
pub(crate) async fn put_user<B: Directory>(book: &mut B, user: &User, existing: Existing) -> Outcome<B> {
    require_tenant(book, user.tenant_id).await?;
    let found = book.has_user(user.tenant_id, user.user_id).await?;
    match existing {
        Existing::Refused if found => return Err(Rejection::UserIdTaken.into()),
        Existing::Kept if found => return Ok(Effect::Unchanged),
        _ => {}
    }
    if let Some(external_id) = &user.external_id {
        let owner = book.user_of_external_id(user.tenant_id, external_id).await?;
        if owner.is_some_and(|owner| owner != user.user_id) {
            return Err(Rejection::ExternalIdTaken.into());
        }
    }
    if found {
        return Ok(updated(book.write_user(user).await?));
    }
    book.add_user(user).await?;
    Ok(Effect::Created)
}

/// Takes a person out: first of every pool, list and group, then with everything that lets them or a client of theirs act.
pub(crate) async fn delete_user<B: Book>(
    changing: &mut Changing<'_, B>,
    tenant_id: TenantId,
    user_id: UserId,
) -> Outcome<B> {
    seating::vacate(changing, tenant_id, user_id).await?;
    Ok(updated(changing.book.remove_user(tenant_id, user_id).await?))
}

/// Makes an app or brings it to the given state.
pub(crate) async fn put_app<B: Directory>(book: &mut B, app: &App, existing: Existing) -> Outcome<B> {
    require_tenant(book, app.tenant_id).await?;
    let found = book.has_app(app.tenant_id, &app.namespace).await?;
    match existing {
        Existing::Refused if found => return Err(Rejection::NamespaceTaken.into()),
        Existing::Kept if found => return Ok(Effect::Unchanged),
        _ => {}
    }
    if found {
        return Ok(updated(book.write_app(app).await?));
    }
    book.add_app(app).await?;
    Ok(Effect::Created)
}

/// Lets a host and a path prefix mean an app; what they mean already, they keep.
pub(crate) async fn put_route<B: Directory>(book: &mut B, route: &AppRoute) -> Outcome<B> {
    require_app(book, route.tenant_id, &route.namespace).await?;
    match book.routed_app(&route.host, &route.path_prefix).await? {
        Some((tenant_id, namespace)) if (tenant_id, &namespace) == (route.tenant_id, &route.namespace) => {
            Ok(Effect::Unchanged)
        }
        Some(_) => Err(Rejection::RouteTaken.into()),
        None => {
            book.add_route(route).await?;
            Ok(Effect::Created)
        }
    }
}

/// Takes such a meaning away.
pub(crate) async fn remove_route<B: Directory>(book: &mut B, host: &str, path_prefix: &str) -> Outcome<B> {
    Ok(updated(book.remove_route(host, path_prefix).await?))
}
