//! The control channel: one way to work on a ledger, with a server running or without.
//!
//! Only one process may write a data folder, yet `usher token issue` must work at any time. Two ways out would be a
//! second code path ("if a server runs, ask it, else do it here") or commands that refuse while a server runs; the
//! first doubles every bug and the second is a nuisance. Instead there is one set of calls, an HTTP router. A
//! server serves it on a Unix socket in its data folder; a command without a server takes the folder's lock, opens the
//! store and calls the very same router inside its own process. What a call does is written once, and tests run
//! every command both ways.
//!
//! The socket is for the operator alone: it lies in a folder of mode 0700, has mode 0600 itself, and the server looks
//! at the user of the process at the other end. So the calls ask for no token, and one of them makes tokens.
//!
//! Every call of its own is a POST with a JSON question and a JSON answer, because the callers are programs of this very
//! version and nothing is gained from verbs. A failure travels as its words in both languages ([`refusals`]).
//!
//! | Route | What it does |
//! | --- | --- |
//! | `/control/v1/status` | who holds the folder, where it listens, how the store is doing |
//! | `/control/v1/changes` | makes users, apps, routes, seats, tenants, clients ([`changes`]) |
//! | `/control/v1/accesses` | plays past accesses through the door ([`accesses`]) |
//! | `/control/v1/activities` | reads a page of activities ([`activities`]) |
//! | `/control/v1/import` | takes rows of a table ([`bulk`]) |
//! | `/control/v1/export` | reads a page of a table ([`bulk`]) |
//! | `/usher/v1/...` | the management API, as operator ([`usher_http::manage`]) |
//! | `/control/v1/tokens/issue` | makes a token ([`tokens`]) |
//! | `/control/v1/tokens/list` | lists good tokens |
//! | `/control/v1/tokens/revoke` | takes a token back |
//! | `/control/v1/links/make` | makes a link with which somebody chooses a password ([`links`]) |
//! | `/control/v1/audit/verify` | walks along an audit log and says what is wrong with it ([`audit`]) |

pub(crate) mod accesses;
pub(crate) mod activities;
pub(crate) mod audit;
pub(crate) mod bulk;
pub(crate) mod change_line;
pub(crate) mod changes;
pub(crate) mod channel;
mod instances;
pub(crate) mod links;
pub(crate) mod managed;
pub(crate) mod refusals;
pub(crate) mod server;
pub(crate) mod status;
pub(crate) mod tokens;
pub(crate) mod wire;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use usher_door::Door;
use usher_http::{Chance, Clock, Edge, manage::operator_routes};
use usher_seats::TenantKey;
use usher_sqlite::Holder;
use usher_store::{Actor, Author, Change, Effect, Store, StoreError, Tenant};

pub(crate) use channel::Channel;

use crate::{failure::Failure, words};

/// Largest question in bytes. A chunk of an import or of changes is below 1 MiB; larger ones are mistakes.
pub(crate) const QUESTION_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest answer in bytes; a page of 500 rows and an answer to a chunk are far below.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the calls work on.
pub(crate) struct Control {
    /// The ledger.
    pub(crate) store: Arc<dyn Store>,
    /// Where accesses go.
    pub(crate) door: Door,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) chance: Arc<dyn Chance>,
    /// The account of the machine that owns the folder: only it reaches the channel, and this process runs under it.
    pub(crate) account: String,
    /// This process, as others see it.
    pub(crate) holder: Holder,
    /// Where it is, when it is a server.
    pub(crate) place: Option<Place>,
}

/// Where a server is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The address it listens on.
    pub(crate) listening: String,
    /// Where people and programs find it: the same, unless the operator says otherwise.
    pub(crate) base: String,
}

impl Control {
    /// Who makes the changes of this channel, for the audit log.
    pub(crate) fn author(&self) -> Author {
        Author {
            actor: Actor::CommandLine(self.account.clone()),
            ..Author::default()
        }
    }

    /// Makes changes that somebody at the command line wants, all or none, now.
    ///
    /// # Errors
    /// As [`Store::make`].
    pub(crate) async fn change(&self, changes: Vec<Change>) -> Result<Vec<Effect>, StoreError> {
        self.store
            .change_by(self.author(), changes, self.clock.now_ms())
            .await
    }

    /// The tenant with this key.
    ///
    /// # Errors
    /// A failure when there is none, or as the store.
    pub(crate) async fn tenant(&self, tenant_key: &TenantKey) -> Result<Tenant, Failure> {
        let tenant = self.store.tenant(tenant_key).await?;
        tenant.ok_or_else(|| {
            Failure::failed(words!(
                "there is no tenant \"{tenant_key}\"",
                "没有租户“{tenant_key}”"
            ))
            .next(words!(
                r#"echo '{{"change":"tenant","tenant_key":"{tenant_key}","name":"{tenant_key}"}}' | usher apply -"#,
                r#"echo '{{"change":"tenant","tenant_key":"{tenant_key}","name":"{tenant_key}"}}' | usher apply -"#
            ))
        })
    }
}

/// All calls. Whoever reaches this router is the operator, so the management API asks for no token here.
pub(crate) fn router(control: Arc<Control>, edge: Arc<Edge>) -> Router {
    let calls = Router::new()
        .route(wire::STATUS, post(status::answer))
        .route(wire::CHANGES, post(changes::answer))
        .route(wire::ACCESSES, post(accesses::answer))
        .route(wire::ACTIVITIES, post(activities::answer))
        .route(wire::TOKENS_ISSUE, post(tokens::answer_issue))
        .route(wire::TOKENS_LIST, post(tokens::answer_list))
        .route(wire::TOKENS_REVOKE, post(tokens::answer_revoke))
        .route(wire::LINKS_MAKE, post(links::answer_make))
        .route(wire::AUDIT_VERIFY, post(audit::answer_verify))
        .route(wire::INSTANCES_LIST, post(instances::answer_list))
        .route(wire::INSTANCES_RETIRE, post(instances::answer_retire))
        .layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX))
        .with_state(Arc::clone(&control));
    let account = control.account.clone();
    let calls = calls.merge(bulk::routes(control, Arc::clone(&edge)));
    calls.merge(operator_routes(edge, &account))
}
