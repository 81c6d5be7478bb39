//! `grant_type=authorization_code`: a code becomes tokens, once.
//!
//! ```text
//! known? -> this client's? -> person there, client installed? -> unspent? -> in time? -> person enabled?
//!        -> same address? -> verifier fits? -> scopes within the grant? -> spend it and keep the tokens, in one step
//! ```
//!
//! A code that comes a second time was read by somebody else on its way, or is being tried by a client that lost the
//! answer; nobody can say which, so everything that came from it is revoked at once (RFC 9700, section 4.2.4, RFC 6749,
//! section 4.1.2). A call that fails for another reason leaves the code as it is: its five minutes are short.

use usher_identity::pkce;
use usher_store::{
    Change, IdentityChange, Rejection, StoreError,
    identity::{AuthorizationCode, ChallengeMethod, FamilyId},
};

use crate::{
    edge::Edge,
    oauth::{
        client_auth::{Caller, Proof},
        dialect::{Dialect, StrayVerifier},
        fields::Fields,
        pair::{Order, Texts, Told, code_hash, in_good_standing, issue, narrowed, reachable},
        refusal::{OauthCode, OauthRefusal},
    },
};

/// Redeems a code.
///
/// # Errors
/// 20001, 20003, 20024, 20008, 20009, 20010, 20065, 20004, 20066, 20071, 20049, 20067, 20068, 20063.
pub(super) async fn redeem(
    edge: &Edge,
    dialect: Dialect,
    caller: &Caller,
    fields: &Fields,
) -> Result<Told, OauthRefusal> {
    let hash = code_hash(fields.required("code")?).ok_or(OauthCode::CodeUnknown)?;
    let standing = edge.store.authorization_code(hash).await?;
    let standing = standing.ok_or(OauthCode::CodeUnknown)?;
    let code = &standing.what;
    if code.client_id != *caller.client_id() {
        return Err(OauthCode::ClientMismatch.into());
    }
    let user = reachable(&standing, caller)?;
    if code.spent {
        return Err(replayed(edge, code.family_id).await);
    }
    let now_ms = edge.clock.now_ms();
    if now_ms >= code.expires_at_ms {
        return Err(OauthCode::CodeExpired.into());
    }
    in_good_standing(user, standing.tenant)?;
    same_address(code, fields)?;
    challenge_met(code, dialect, caller.proof, fields.optional("code_verifier")?)?;
    let asked = narrowed(&code.scopes, fields.optional("scope")?)?;

    let order = Order {
        family_id: code.family_id,
        client_id: code.client_id.clone(),
        tenant_id: code.tenant_id,
        user_id: code.user_id,
        granted: code.scopes.clone(),
        asked,
        refresh_expires_at_ms: now_ms.saturating_add(dialect.refresh_life_ms()),
    };
    let (pair, told) = issue(Texts::drawn(edge, dialect), order, now_ms)?;
    let change = IdentityChange::RedeemCode {
        code_hash: hash,
        pair,
    };
    match edge.store.change(vec![Change::from(change)], now_ms).await {
        Ok(_) => Ok(told),
        // Somebody was faster.
        Err(error) if error.rejection() == Some(Rejection::Spent) => {
            Err(replayed(edge, code.family_id).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Revokes everything that came from a code and refuses it. When even that fails, the refusal says so instead: the
/// caller will come again, and so will the revocation.
async fn replayed(edge: &Edge, family_id: FamilyId) -> OauthRefusal {
    match revoke_family(edge, family_id).await {
        Ok(()) => OauthRefusal::noted(
            OauthCode::CodeUsed,
            "a code was used twice; its tokens are revoked",
        ),
        Err(error) => error.into(),
    }
}

/// Revokes every token of a family.
pub(super) async fn revoke_family(edge: &Edge, family_id: FamilyId) -> Result<(), StoreError> {
    let change = IdentityChange::RevokeFamily { family_id };
    edge.store
        .change(vec![Change::from(change)], edge.clock.now_ms())
        .await
        .map(|_| ())
}

/// The address may be left out, as one SDK does, but not be another than the code was sent to.
fn same_address(code: &AuthorizationCode, fields: &Fields) -> Result<(), OauthRefusal> {
    match fields.optional("redirect_uri")? {
        Some(redirect_uri) if redirect_uri != code.redirect_uri => Err(OauthCode::RedirectMismatch.into()),
        _ => Ok(()),
    }
}

fn challenge_met(
    code: &AuthorizationCode,
    dialect: Dialect,
    proof: Proof,
    verifier: Option<&str>,
) -> Result<(), OauthRefusal> {
    let method = code.challenge.as_ref().map(|(_, method)| *method);
    let met = match (&code.challenge, verifier) {
        // Nothing else proves a public client.
        _ if proof == Proof::None && method != Some(ChallengeMethod::S256) => false,
        (Some((challenge, ChallengeMethod::S256)), Some(verifier)) => pkce::s256_matches(verifier, challenge),
        (Some((challenge, ChallengeMethod::Plain)), Some(verifier)) => {
            pkce::plain_matches(verifier, challenge)
        }
        (Some(_), None) => false,
        (None, Some(_)) => dialect.stray_verifier() == StrayVerifier::Ignored,
        (None, None) => true,
    };
    if met {
        Ok(())
    } else {
        Err(OauthCode::ChallengeFailed.into())
    }
}
