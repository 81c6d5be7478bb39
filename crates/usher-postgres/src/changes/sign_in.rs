//! Passwords, second factors, sessions and one-time links.

use crate::sql::Sql;
use usher_seats::{TenantId, UserId};
use usher_store::{
    Effect, Rejection, TokenHash,
    identity::{Link, Session},
};

use usher_ledger::{sweeping::Expiring, words::link_purpose};

use crate::book::has_user;

use super::{Outcome, Unchanged, execute, sweep::sweep};

/// Makes sure that there is a row for what the person signs in with.
async fn require_credential(connection: &Sql, tenant_id: TenantId, user_id: UserId) -> Result<(), Unchanged> {
    if !has_user(connection, tenant_id, user_id).await? {
        return Err(Rejection::UserUnknown.into());
    }
    connection
        .execute(
            "INSERT INTO credentials (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (tenant_id.0, user_id.get()),
        )
        .await?;
    Ok(())
}

/// Sets or takes away a password; whoever was signed in with the old one is no longer.
pub(super) async fn set_password(
    connection: &Sql,
    (tenant_id, user_id): (TenantId, UserId),
    password_hash: Option<&str>,
) -> Outcome {
    require_credential(connection, tenant_id, user_id).await?;
    connection
        .execute(
            "DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2",
            (tenant_id.0, user_id.get()),
        )
        .await?;
    execute(
        connection,
        "UPDATE credentials SET password_hash = $3 WHERE tenant_id = $1 AND user_id = $2",
        (tenant_id.0, user_id.get(), password_hash),
    )
    .await
}

/// Sets or takes away the second factor. Steps spent stay spent: a new key has other one-time passwords anyway.
pub(super) async fn set_totp(
    connection: &Sql,
    (tenant_id, user_id): (TenantId, UserId),
    totp_sealed: Option<&[u8]>,
) -> Outcome {
    require_credential(connection, tenant_id, user_id).await?;
    execute(
        connection,
        "UPDATE credentials SET totp_sealed = $3 WHERE tenant_id = $1 AND user_id = $2",
        (tenant_id.0, user_id.get(), totp_sealed),
    )
    .await
}

/// Spends the step of a one-time password.
pub(super) async fn spend_totp_step(
    connection: &Sql,
    (tenant_id, user_id): (TenantId, UserId),
    step: i64,
) -> Outcome {
    let effect = execute(
        connection,
        "UPDATE credentials SET totp_step = $3 WHERE tenant_id = $1 AND user_id = $2 AND totp_step < $3",
        (tenant_id.0, user_id.get(), step),
    )
    .await?;
    if effect == Effect::Unchanged {
        Err(Rejection::Spent.into())
    } else {
        Ok(effect)
    }
}

/// Remembers a signed-in browser.
pub(super) async fn open_session(connection: &Sql, session: &Session, at_ms: i64) -> Outcome {
    if !has_user(connection, session.tenant_id, session.user_id).await? {
        return Err(Rejection::UserUnknown.into());
    }
    sweep(connection, Expiring::Sessions, at_ms).await?;
    connection
        .execute(
            "INSERT INTO sessions (session_hash, tenant_id, user_id, created_at_ms, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5)",
            (
                session.session_hash.0.as_slice(),
                session.tenant_id.0,
                session.user_id.get(),
                session.created_at_ms,
                session.expires_at_ms,
            ),
        )
        .await?;
    Ok(Effect::Created)
}

/// Forgets a signed-in browser.
pub(super) async fn end_session(connection: &Sql, session_hash: TokenHash) -> Outcome {
    execute(
        connection,
        "DELETE FROM sessions WHERE session_hash = $1",
        [session_hash.0.as_slice()],
    )
    .await
}

/// Makes a link that works once.
pub(super) async fn make_link(connection: &Sql, link: &Link, at_ms: i64) -> Outcome {
    if !has_user(connection, link.tenant_id, link.user_id).await? {
        return Err(Rejection::UserUnknown.into());
    }
    sweep(connection, Expiring::Links, at_ms).await?;
    let purpose = link_purpose(link.purpose);
    connection.execute("INSERT INTO links (link_hash, purpose, tenant_id, user_id, expires_at_ms) VALUES ($1, $2, $3, $4, $5)", list![link.link_hash.0.as_slice(), purpose, link.tenant_id.0, link.user_id.get(), link.expires_at_ms]).await?;
    Ok(Effect::Created)
}

/// Spends a link: it works once and in time, or not at all.
pub(super) async fn spend_link(connection: &Sql, link_hash: TokenHash, at_ms: i64) -> Outcome {
    let effect = execute(
        connection,
        "DELETE FROM links WHERE link_hash = $1 AND expires_at_ms > $2",
        (link_hash.0.as_slice(), at_ms),
    )
    .await?;
    if effect == Effect::Unchanged {
        Err(Rejection::Spent.into())
    } else {
        Ok(effect)
    }
}
