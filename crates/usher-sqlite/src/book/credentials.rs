//! How people and clients come in.

use rusqlite::{Connection, OptionalExtension};
use usher_ledger::{Credentials, WaysIn};
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{
    Token, TokenHash,
    identity::{ClientStanding, Grant, IdentityProvider, Link},
};

use super::{FileBook, now};
use crate::{numbers::Count, reads};

fn ways_in(connection: &Connection, person: (i64, i64)) -> rusqlite::Result<WaysIn> {
    let (password_hash, totp_sealed) = connection
        .prepare_cached(
            "SELECT CAST(password_hash AS BLOB), totp_sealed FROM credentials WHERE tenant_id = ?1 AND user_id = ?2",
        )?
        .query_row(person, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default();
    let accounts = connection
        .prepare_cached(
            "SELECT issuer, subject FROM identity_links WHERE tenant_id = ?1 AND user_id = ?2 ORDER BY issuer",
        )?
        .query_map(person, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(WaysIn {
        password_hash,
        totp_sealed,
        accounts,
    })
}

fn identity_provider(
    connection: &Connection,
    tenant_id: TenantId,
) -> rusqlite::Result<Option<(IdentityProvider, u64)>> {
    let Some(provider) = reads::identity_provider(connection, tenant_id)? else {
        return Ok(None);
    };
    let Count(linked) = connection
        .prepare_cached("SELECT count(*) FROM identity_links WHERE tenant_id = ?1")?
        .query_row([tenant_id.0], |row| row.get(0))?;
    Ok(Some((provider, linked)))
}

impl Credentials for FileBook<'_> {
    fn client_standing(
        &mut self,
        client_id: &ClientId,
    ) -> impl Future<Output = rusqlite::Result<Option<ClientStanding>>> + Send {
        now(|| reads::client_standing_within(self.connection, client_id))
    }

    fn has_install(
        &mut self,
        tenant_id: TenantId,
        client_id: &ClientId,
    ) -> impl Future<Output = rusqlite::Result<bool>> + Send {
        now(|| {
            self.connection
                .prepare_cached("SELECT 1 FROM installs WHERE tenant_id = ?1 AND client_id = ?2")?
                .exists((tenant_id.0, client_id.as_str()))
        })
    }

    fn grant(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        client_id: &ClientId,
    ) -> impl Future<Output = rusqlite::Result<Option<Grant>>> + Send {
        now(|| reads::grant(self.connection, tenant_id, user_id, client_id))
    }

    fn token(
        &mut self,
        token_hash: TokenHash,
    ) -> impl Future<Output = rusqlite::Result<Option<Token>>> + Send {
        now(|| reads::token_within(self.connection, token_hash))
    }

    fn ways_in(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = rusqlite::Result<WaysIn>> + Send {
        now(|| ways_in(self.connection, (tenant_id.0, user_id.get())))
    }

    fn link(&mut self, link_hash: TokenHash) -> impl Future<Output = rusqlite::Result<Option<Link>>> + Send {
        now(|| reads::link(self.connection, link_hash))
    }

    fn identity_provider(
        &mut self,
        tenant_id: TenantId,
    ) -> impl Future<Output = rusqlite::Result<Option<(IdentityProvider, u64)>>> + Send {
        now(|| identity_provider(self.connection, tenant_id))
    }
}
