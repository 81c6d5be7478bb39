//! Who may manage.
//!
//! An operator (`o-` token, or the control channel) manages every tenant and names the one meant. A system administrator
//! manages their own through a client that has opened [`MANAGEMENT_SCOPE`] and was granted it. Nobody else manages
//! anything, and each is refused in the words of the Feishu calls, check by check in their order: token, client, kind,
//! scope, grant, tenant, user, administrator.

use axum::http::request::Parts;
use usher_identity::TokenForm;
use usher_seats::{ClientId, TenantId, UserId};
use usher_store::{Actor, TokenKind, TokenStanding};

use super::service_tokens::token_id;
use crate::{
    edge::Edge,
    open_apis::gateway,
    rate_limit::LEVEL_4,
    wire::{WireCode, WireError},
};

/// The scope by which an administrator lets a client manage.
pub const MANAGEMENT_SCOPE: &str = "usher:management";
/// All management calls of a client for a tenant are counted together. Operators are not: the server is theirs.
const RATE_API: &str = "management";

/// Marks a request that came over the control channel, with the account that owns it. Only this folder can make one.
#[derive(Debug, Clone)]
pub(super) struct OperatorChannel(pub(super) String);

/// Somebody who may manage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Every tenant. Who it is, for the audit log alone.
    Operator(Actor),
    /// Their own tenant.
    Administrator {
        /// Theirs.
        tenant_id: TenantId,
        /// Through which client.
        client_id: ClientId,
        /// Who.
        user_id: UserId,
    },
}

impl Caller {
    /// Lets somebody in or says why not.
    pub(super) async fn admit(edge: &Edge, parts: &Parts) -> Result<Self, WireError> {
        if let Some(OperatorChannel(account)) = parts.extensions.get() {
            return Ok(Self::Operator(Actor::CommandLine(account.clone())));
        }
        let bearer = gateway::bearer(&parts.headers)?;
        let standing = gateway::known(edge, bearer, edge.clock.now_ms()).await?;
        match standing.token.kind {
            TokenKind::Operator => Ok(Self::Operator(Actor::Operator(token_id(
                &standing.token.token_hash,
            )))),
            TokenKind::User => Self::administrator(edge, &standing).await,
            TokenKind::Tenant => Err(unfit(WireCode::TenantTokenInvalid)),
            TokenKind::Service => Err(unfit(WireCode::TokenInvalid)),
        }
    }

    async fn administrator(edge: &Edge, standing: &TokenStanding) -> Result<Self, WireError> {
        let client = gateway::enabled_client(standing)?.ok_or(WireCode::ClientDisabled)?;
        gateway::scope(MANAGEMENT_SCOPE, client, &standing.token)?;
        let tenant_id = standing.token.tenant_id.ok_or(WireCode::TenantUnknown)?;
        let (api, who) = ((RATE_API, LEVEL_4), (&client.client_id, tenant_id));
        gateway::rate(edge, api, who, edge.clock.now_ms()).await?;
        gateway::enabled_tenant(standing.tenant)?;
        gateway::administrator(standing.user.as_ref())?;
        let user = standing.user.as_ref().ok_or(WireCode::UserUnknown)?;
        Ok(Self::Administrator {
            tenant_id,
            client_id: client.client_id.clone(),
            user_id: user.user_id,
        })
    }

    /// Refuses everybody but an operator.
    pub(super) fn operator_only(&self) -> Result<(), WireError> {
        match self {
            Self::Operator(_) => Ok(()),
            Self::Administrator { .. } => Err(WireError::from(WireCode::NotAllowed).with_message(format!(
                "This needs an operator token ({}...).",
                TokenForm::Operator.prefix()
            ))),
        }
    }

    /// Who walks a list: pages of one are not pages of another.
    pub(super) fn walker(&self) -> &str {
        match self {
            Self::Operator(_) => "operator",
            Self::Administrator { client_id, .. } => client_id.as_str(),
        }
    }

    /// Whose idempotency keys these are.
    pub(super) fn key_owner(&self) -> String {
        match self {
            Self::Operator(_) => "operator".to_owned(),
            Self::Administrator {
                tenant_id,
                client_id,
                user_id,
            } => format!("{} {client_id} {user_id}", tenant_id.0),
        }
    }
}

fn unfit(code: WireCode) -> WireError {
    WireError::from(code).with_message(
        "Managing needs an operator token (o-...) or a system administrator's user access token (u-...).",
    )
}
