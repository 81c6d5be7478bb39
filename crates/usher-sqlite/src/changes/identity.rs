//! Which room makes which change of sign-in, clients and OAuth.

use rusqlite::Connection;
use usher_store::IdentityChange;

use super::{Outcome, clients, identity_provider, oauth, sign_in};

/// Makes one change within the transaction that `connection` is in, at `at_ms`.
pub(crate) fn make(connection: &Connection, change: &IdentityChange, at_ms: i64) -> Outcome {
    use IdentityChange as I;
    match change {
        I::RegisterClient {
            tenant_id,
            client_id,
            registration,
        } => clients::register(connection, *tenant_id, client_id, registration),
        I::AddClientSecret {
            tenant_id,
            client_id,
            secret_hash,
            older_expire_at_ms,
        } => clients::add_secret(
            connection,
            (*tenant_id, client_id),
            *secret_hash,
            *older_expire_at_ms,
            at_ms,
        ),
        I::InstallClient { tenant_id, client_id } => clients::install(connection, *tenant_id, client_id),
        I::UninstallClient { tenant_id, client_id } => clients::uninstall(connection, *tenant_id, client_id),
        I::SetPassword {
            tenant_id,
            user_id,
            password_hash,
        } => sign_in::set_password(connection, (*tenant_id, *user_id), password_hash.as_deref()),
        I::SetTotp {
            tenant_id,
            user_id,
            totp_sealed,
        } => sign_in::set_totp(connection, (*tenant_id, *user_id), totp_sealed.as_deref()),
        I::SpendTotpStep {
            tenant_id,
            user_id,
            step,
        } => sign_in::spend_totp_step(connection, (*tenant_id, *user_id), *step),
        I::OpenSession(session) => sign_in::open_session(connection, session, at_ms),
        I::EndSession { session_hash } => sign_in::end_session(connection, *session_hash),
        I::MakeLink(link) => sign_in::make_link(connection, link, at_ms),
        I::SpendLink { link_hash } => sign_in::spend_link(connection, *link_hash, at_ms),
        I::GrantScopes {
            tenant_id,
            user_id,
            client_id,
            scopes,
        } => oauth::grant(connection, (*tenant_id, *user_id, client_id), scopes, at_ms),
        I::IssueCode(code) => oauth::issue_code(connection, code, at_ms),
        I::RedeemCode { code_hash, pair } => oauth::redeem_code(connection, *code_hash, pair, at_ms),
        I::RotateRefreshToken {
            token_hash,
            key_hash,
            pair,
        } => oauth::rotate(connection, *token_hash, *key_hash, pair, at_ms),
        I::RevokeFamily { family_id } => oauth::revoke_family(connection, *family_id),
        I::PutIdentityProvider(provider) => identity_provider::put(connection, provider),
        I::RemoveIdentityProvider { tenant_id } => identity_provider::remove(connection, *tenant_id),
        I::LinkIdentity(link) => identity_provider::link(connection, link, at_ms),
        I::UnlinkIdentity { tenant_id, user_id } => {
            identity_provider::unlink(connection, *tenant_id, *user_id)
        }
    }
}
