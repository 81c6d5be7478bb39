//! How people and clients come in.

use usher_ledger::{Credentials, WaysIn};
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{
    Token, TokenHash,
    identity::{ClientStanding, Grant, IdentityProvider, Link},
};

use super::DatabaseBook;
use crate::{numbers::Count, reads, sql::Answered};

impl Credentials for DatabaseBook<'_> {
    async fn client_standing(&mut self, client_id: &ClientId) -> Answered<Option<ClientStanding>> {
        reads::client_standing(self.sql, client_id).await
    }

    async fn has_install(&mut self, tenant_id: TenantId, client_id: &ClientId) -> Answered<bool> {
        self.sql
            .exists(
                "SELECT 1 FROM installs WHERE tenant_id = $1 AND client_id = $2",
                (tenant_id.0, client_id.as_str()),
            )
            .await
    }

    async fn grant(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        client_id: &ClientId,
    ) -> Answered<Option<Grant>> {
        reads::grant(self.sql, tenant_id, user_id, client_id).await
    }

    async fn token(&mut self, token_hash: TokenHash) -> Answered<Option<Token>> {
        reads::token_within(self.sql, token_hash).await
    }

    async fn ways_in(&mut self, tenant_id: TenantId, user_id: UserId) -> Answered<WaysIn> {
        let person = (tenant_id.0, user_id.get());
        let (password_hash, totp_sealed) = self
            .sql
            .optional(
                "SELECT convert_to(password_hash, 'UTF8'), totp_sealed FROM credentials
                 WHERE tenant_id = $1 AND user_id = $2",
                person,
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .await?
            .unwrap_or_default();
        let accounts = self
            .sql
            .rows(
                "SELECT issuer, subject FROM identity_links WHERE tenant_id = $1 AND user_id = $2 ORDER BY issuer",
                person,
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .await?;
        Ok(WaysIn {
            password_hash,
            totp_sealed,
            accounts,
        })
    }

    async fn link(&mut self, link_hash: TokenHash) -> Answered<Option<Link>> {
        reads::link(self.sql, link_hash).await
    }

    async fn identity_provider(&mut self, tenant_id: TenantId) -> Answered<Option<(IdentityProvider, u64)>> {
        let Some(provider) = reads::identity_provider(self.sql, tenant_id).await? else {
            return Ok(None);
        };
        let Count(linked) = self
            .sql
            .one(
                "SELECT count(*) FROM identity_links WHERE tenant_id = $1",
                [tenant_id.0],
                |row| row.get(0),
            )
            .await?;
        Ok(Some((provider, linked)))
    }
}
