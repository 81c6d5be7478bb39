//! Clients, tokens and what else sign-in and OAuth need; the statements are in `changes`.

use usher_ledger::SignIn;
use usher_seats::TenantId;
use usher_store::{Client, IdentityChange, KeptAnswer, Token, TokenHash};

use super::DatabaseBook;
use crate::changes::{Outcome, clients, identity, kept_answers, tokens};

impl SignIn for DatabaseBook<'_> {
    async fn put_client(&mut self, client: &Client) -> Outcome {
        clients::put(self.sql, client).await
    }

    async fn issue_token(&mut self, token: &Token, at_ms: i64) -> Outcome {
        tokens::issue(self.sql, token, None, at_ms).await
    }

    async fn revoke_token(&mut self, tenant_id: Option<TenantId>, token_hash: TokenHash) -> Outcome {
        tokens::revoke(self.sql, tenant_id, token_hash).await
    }

    async fn keep_answer(&mut self, kept: &KeptAnswer, at_ms: i64) -> Outcome {
        kept_answers::keep(self.sql, kept, at_ms).await
    }

    async fn change_identity(&mut self, change: &IdentityChange, at_ms: i64) -> Outcome {
        identity::make(self.sql, change, at_ms).await
    }
}
