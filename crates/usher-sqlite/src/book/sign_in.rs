//! Clients, tokens and what else sign-in and OAuth need; the statements are in `changes`.

use usher_ledger::SignIn;
use usher_seats::TenantId;
use usher_store::{Client, IdentityChange, KeptAnswer, Token, TokenHash};

use super::{FileBook, now};
use crate::changes::{Outcome, clients, identity, kept_answers, tokens};

impl SignIn for FileBook<'_> {
    fn put_client(&mut self, client: &Client) -> impl Future<Output = Outcome> + Send {
        now(|| clients::put(self.connection, client))
    }

    fn issue_token(&mut self, token: &Token, at_ms: i64) -> impl Future<Output = Outcome> + Send {
        now(|| tokens::issue(self.connection, token, None, at_ms))
    }

    fn revoke_token(
        &mut self,
        tenant_id: Option<TenantId>,
        token_hash: TokenHash,
    ) -> impl Future<Output = Outcome> + Send {
        now(|| tokens::revoke(self.connection, tenant_id, token_hash))
    }

    fn keep_answer(&mut self, kept: &KeptAnswer, at_ms: i64) -> impl Future<Output = Outcome> + Send {
        now(|| kept_answers::keep(self.connection, kept, at_ms))
    }

    fn change_identity(
        &mut self,
        change: &IdentityChange,
        at_ms: i64,
    ) -> impl Future<Output = Outcome> + Send {
        now(|| identity::make(self.connection, change, at_ms))
    }
}
