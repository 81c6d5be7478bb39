//! The client that `usher login` is.
//!
//! It has one id on every server, because a command that knows nothing but an address must be able to name it. One per
//! tenant would need an id that tells which tenants there are; so it is a store client: the default tenant owns it, and
//! another tenant's people may use it once it is installed there (`usher client install cli_usher_login --tenant KEY`),
//! which leaves the choice to whoever looks after that tenant. It has no secret and never gets one here.

use usher_http::manage::scopes::KNOWN_SCOPES;
use usher_seats::{ClientId, TenantId};
use usher_store::{Change, Client, ClientKind, IdentityChange, Store, identity::ClientRegistration};

use crate::{failure::Failure, identifiers};

/// Its id.
pub(crate) const LOGIN_CLIENT_ID: &str = "cli_usher_login";
/// Its name, as the consent page shows it.
const LOGIN_CLIENT_NAME: &str = "usher login";
/// Where browsers come back to; without a port, so that any will do (RFC 8252, section 7.3).
pub(crate) const LOGIN_REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// Makes it when it is not there. One that is there stays as somebody may have changed it.
///
/// # Errors
/// As the store.
pub(crate) async fn ensure(store: &dyn Store, owner: TenantId, now_ms: i64) -> Result<(), Failure> {
    let client_id: ClientId = identifiers::parse(LOGIN_CLIENT_ID)?;
    if store.client_standing(&client_id).await?.is_some() {
        return Ok(());
    }
    let client = Client {
        tenant_id: owner,
        client_id: client_id.clone(),
        name: LOGIN_CLIENT_NAME.to_owned(),
        kind: ClientKind::Store,
        scopes: KNOWN_SCOPES.map(str::to_owned).to_vec(),
        enabled: true,
    };
    let registration = ClientRegistration {
        redirect_uris: vec![LOGIN_REDIRECT_URI.to_owned()],
        refresh_allowed: true,
        ticket_url: None,
    };
    let register = IdentityChange::RegisterClient {
        tenant_id: owner,
        client_id,
        registration,
    };
    store
        .change(vec![Change::PutClient(client), register.into()], now_ms)
        .await?;
    Ok(())
}
