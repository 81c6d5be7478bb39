//! The contract of `usher-store`, fulfilled.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use tokio::task::JoinHandle;
use usher_seats::{ClientId, Day, GroupKey, Leave, Namespace, TenantId, TenantKey, UserId};
use usher_store::{
    Access, ActiveDaysQuery, ActivePeople, ActivePeopleQuery, ActivityRow, AdmittedAccess, App, AppRoute,
    AssignmentRow, AuditEntry, AuditHead, AuditQuery, AuditSlice, Change, ChangeOutcome, ChangeRequest,
    Client, Group, IdlePage, IdleQuery, KeptAnswer, KeptQuery, Page, PageQuery, PoolName, PoolRow, Recorded,
    Refusals, SeatName, SeatQuery, SeatRow, Store, StoreError, StoreHealth, Tenant, Token, TokenHash,
    TokenStanding, User, WaitingRow,
    identity::{
        AuthorizationCode, ClientStanding, Credential, Grant, IdentityProvider, Link, RefreshToken,
        SessionStanding, Standing,
    },
};

use crate::{
    address::DatabaseAddress,
    announcements, book,
    calendars::Calendars,
    change_request::ChangeFailure,
    connection::{self, OpenError, PostgresOptions},
    copy,
    counters::Counters,
    instances::Entered,
    keeping_key::{self, KeptKey},
    migrations, once,
    reach::Connections,
    reads,
    record::{self, Batch},
    remembered::Remembered,
    replay,
    shared_clock::SharedClock,
    sql::{Answered, Failure, Sql},
    tending,
};

/// How often it is looked whether another instance has changed the configuration: twice within the second in which a change
/// must be known everywhere.
const WATCH_EVERY: Duration = Duration::from_millis(400);
/// How long that may take before what the edge remembers is given up; together with the pause it is less than that second.
const WATCH_PATIENCE: Duration = Duration::from_millis(500);

/// Connections for each batch that may be under way: it takes one of them, and changes and reads have the others. With sixteen
/// connections four batches are under way, which keeps the processors of the database busy while others wait for its disk.
const CONNECTIONS_PER_BATCH: usize = 4;

/// The engine.
pub struct PostgresStore {
    connections: Connections,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: SharedClock,
    /// This instance, once it has entered. A plain lock, held for a copy.
    pub(crate) entered: Mutex<Option<Entered>>,
    calendars: Calendars,
    remembered: Remembered,
    batches_in_flight: usize,
    refusals: Refusals,
    watching: JoinHandle<()>,
}

impl PostgresStore {
    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] when the address cannot be read, or the database does not answer.
    pub async fn open(address: &str, options: &PostgresOptions) -> Result<Self, OpenError> {
        Self::open_at(&address.parse()?, options).await
    }

    /// Opens the database at an address that was read before.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn open_at(address: &DatabaseAddress, options: &PostgresOptions) -> Result<Self, OpenError> {
        let (connections, sql) = connection::reached(address, options).await?;
        let broken = |failure: Failure| OpenError::Database(failure.to_string());
        if migrations::are_missing(&sql).await.map_err(broken)? {
            let patient = copy::patient(address, options).await?;
            migrations::run(&patient).await.map_err(broken)?;
        }
        if let Some(mark) = copy::mark(&sql).await.map_err(broken)? {
            return Err(OpenError::BeingCopied {
                source_address: mark.source,
            });
        }
        let heard = announcements::heard(&sql).await.map_err(broken)?;
        let counters = Arc::new(Counters::new());
        let watching = tokio::spawn(watch(connections.clone(), Arc::clone(&counters), heard));
        Ok(Self {
            connections,
            counters,
            clock: options.clock,
            entered: Mutex::default(),
            calendars: Calendars::default(),
            remembered: Remembered::of(options.people_remembered),
            batches_in_flight: (options.connections_max / CONNECTIONS_PER_BATCH).max(1),
            refusals: Refusals::default(),
            watching,
        })
    }

    /// Keeps a key for all instances, unless there is one already; gives the one that is kept.
    ///
    /// # Errors
    /// As every call of the store.
    pub async fn keep_key(&self, offered: &KeptKey) -> Result<KeptKey, StoreError> {
        Ok(keeping_key::keep(&self.sql().await?, offered).await?)
    }

    /// Forgets the key that is kept, but not what it is recognized by: from now on every instance brings it itself.
    ///
    /// # Errors
    /// As every call of the store.
    pub async fn forget_key(&self, kept: &KeptKey) -> Result<(), StoreError> {
        Ok(keeping_key::forget(&self.sql().await?, kept).await?)
    }

    /// A connection for a read.
    pub(crate) async fn sql(&self) -> Result<Sql, StoreError> {
        self.counters.reads_begun.fetch_add(1, Ordering::Relaxed);
        Ok(self.connections.sql().await?)
    }

    async fn recorded(&self, accesses: &[Access]) -> Result<Vec<Recorded>, StoreError> {
        let outcome = once::repeated(self.connections.reach(), || self.try_record(accesses)).await;
        match &outcome {
            Ok(batch) => self.counters.count_batch(accesses, batch),
            Err(failure) => {
                if self.connections.reach().is_here() {
                    tracing::error!(%failure, "a batch of accesses was not recorded");
                }
                self.counters.commits_failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(outcome?.recorded)
    }

    async fn try_record(&self, accesses: &[Access]) -> Answered<Batch> {
        let sql = self.connections.sql().await?;
        let version = self.counters.configuration_version.load(Ordering::Acquire);
        let days = self.calendars.days(&sql, accesses, version).await?;
        let batch = record::record(&sql, accesses, &days, &self.remembered).await?;
        for (access, recorded) in accesses.iter().zip(&batch.recorded) {
            if let usher_seats::Verdict::Refused { reason } = recorded.verdict {
                self.refusals.note(access, reason);
            }
        }
        Ok(batch)
    }

    async fn changed(&self, request: &ChangeRequest) -> Result<ChangeOutcome, StoreError> {
        self.counters.changes_begun.fetch_add(1, Ordering::Relaxed);
        match once::make(&self.connections, request).await {
            Ok(outcome) => {
                if !request.rehearsal && request.changes.iter().any(Change::is_configuration) {
                    self.counters
                        .configuration_version
                        .fetch_add(1, Ordering::Release);
                }
                Ok(outcome)
            }
            Err(ChangeFailure::Rejected(rejected)) => Err(rejected),
            Err(ChangeFailure::Failed(failure) | ChangeFailure::Unsettled(_, failure)) => {
                if self.connections.reach().is_here() {
                    tracing::error!(%failure, "a request for changes was not carried out");
                }
                Err(failure.into())
            }
        }
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Looks again and again whether another instance has changed something; a change of our own counts twice, which costs the
/// edge a look and nothing else. Where it takes long to find out, the edge forgets all the same: what it remembers is never
/// older than a second while there is a database to ask.
async fn watch(connections: Connections, counters: Arc<Counters>, mut known: i64) {
    let forget = || counters.configuration_version.fetch_add(1, Ordering::Release);
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let look = async { announcements::heard(&connections.sql().await?).await };
        match tokio::time::timeout(WATCH_PATIENCE, look).await {
            Ok(Ok(heard)) => {
                counters.ready.store(true, Ordering::Relaxed);
                if heard != known {
                    known = heard;
                    forget();
                }
            }
            Ok(Err(failure)) => {
                counters.ready.store(false, Ordering::Relaxed);
                tracing::debug!(%failure, "the database does not answer");
            }
            Err(_) if connections.reach().is_here() => {
                forget();
            }
            Err(_) => {}
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Recorded>, StoreError> {
        self.recorded(&accesses).await
    }

    fn batches_in_flight(&self) -> usize {
        self.batches_in_flight
    }

    async fn replay(&self, accesses: Vec<AdmittedAccess>) -> Result<(), StoreError> {
        let version = self.counters.configuration_version.load(Ordering::Acquire);
        let again = async || {
            let sql = self.connections.sql().await?;
            replay::replay(&sql, &accesses, &self.calendars, version).await
        };
        Ok(once::repeated(self.connections.reach(), again).await?)
    }

    async fn make(&self, request: ChangeRequest) -> Result<ChangeOutcome, StoreError> {
        self.changed(&request).await
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::audit_records(&sql, &query).await?)
    }

    async fn audit_head(&self, tenant_id: Option<TenantId>) -> Result<Option<AuditHead>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::audit_head(&sql, tenant_id).await?)
    }

    async fn audit_slice(
        &self,
        tenant_id: Option<TenantId>,
        after_sequence: i64,
        rows_max: usize,
    ) -> Result<AuditSlice, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::audit_slice(&sql, tenant_id, after_sequence, rows_max).await?)
    }

    async fn pool(&self, pool: PoolName, now_ms: i64) -> Result<Option<PoolRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::pool(&sql, &pool, now_ms).await?)
    }

    async fn pools(
        &self,
        tenant_id: TenantId,
        after: Option<PoolName>,
        rows_max: usize,
        now_ms: i64,
    ) -> Result<Vec<PoolRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::pools(&sql, tenant_id, after.as_ref(), rows_max, now_ms).await?)
    }

    async fn seat(&self, seat: SeatName) -> Result<Option<SeatRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::seat(&sql, seat).await?)
    }

    async fn seats_where(&self, query: SeatQuery) -> Result<Vec<SeatRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::seats(&sql, &query).await?)
    }

    async fn kept_seats(&self, query: KeptQuery) -> Result<Vec<SeatRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::kept_seats(&sql, &query).await?)
    }

    async fn waiting(
        &self,
        pool: PoolName,
        after_ticket: Option<i64>,
        rows_max: usize,
    ) -> Result<Vec<WaitingRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::waiting(&sql, &pool, after_ticket, rows_max).await?)
    }

    async fn group(&self, tenant_id: TenantId, group_key: &GroupKey) -> Result<Option<Group>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::group(&sql, tenant_id, group_key).await?)
    }

    async fn groups(
        &self,
        tenant_id: TenantId,
        after: Option<GroupKey>,
        rows_max: usize,
    ) -> Result<Vec<Group>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::groups(&sql, tenant_id, after.as_ref(), rows_max).await?)
    }

    async fn group_members(
        &self,
        tenant_id: TenantId,
        group_key: &GroupKey,
        after: Option<UserId>,
        rows_max: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::group_members(&sql, (tenant_id, group_key), after, rows_max).await?)
    }

    async fn groups_of(&self, tenant_id: TenantId, user_id: UserId) -> Result<Vec<GroupKey>, StoreError> {
        let sql = self.sql().await?;
        Ok(book::groups_of(&sql, tenant_id, user_id).await?)
    }

    async fn active_people(&self, query: ActivePeopleQuery) -> Result<Vec<ActivePeople>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::active_people(&sql, &query).await?)
    }

    async fn active_days(&self, query: ActiveDaysQuery) -> Result<Vec<Day>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::active_days(&sql, &query).await?)
    }

    async fn idle_seats(&self, query: IdleQuery) -> Result<IdlePage, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::idle_seats(&sql, &self.refusals, &query).await?)
    }

    async fn leaves(&self, tenant_id: TenantId, user_id: UserId) -> Result<Vec<Leave>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::leaves(&sql, tenant_id, user_id).await?)
    }

    async fn tend(&self, now_ms: i64) -> Result<(), StoreError> {
        let sql = self.sql().await?;
        once::sweep(&sql).await?;
        Ok(tending::tend(&sql, now_ms, self.clock).await?)
    }

    async fn activities(&self, query: PageQuery) -> Result<Page<ActivityRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::activities(&sql, &query).await?)
    }

    async fn assignments(&self, query: PageQuery) -> Result<Page<AssignmentRow>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::assignments(&sql, &query).await?)
    }

    async fn token(&self, token_hash: TokenHash) -> Result<Option<TokenStanding>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::token(&sql, token_hash).await?)
    }

    async fn tokens(
        &self,
        tenant_id: Option<TenantId>,
        now_ms: i64,
        rows_max: usize,
    ) -> Result<Vec<Token>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::tokens(&sql, tenant_id, now_ms, rows_max).await?)
    }

    async fn service_tokens(
        &self,
        tenant_id: TenantId,
        after: Option<TokenHash>,
        now_ms: i64,
        rows_max: usize,
    ) -> Result<Vec<Token>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::service_tokens(&sql, tenant_id, after, now_ms, rows_max).await?)
    }

    async fn kept_answer(
        &self,
        tenant_id: Option<TenantId>,
        key_hash: TokenHash,
        now_ms: i64,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::kept_answer(&sql, tenant_id, key_hash, now_ms).await?)
    }

    async fn tenant(&self, tenant_key: &TenantKey) -> Result<Option<Tenant>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::tenant(&sql, tenant_key).await?)
    }

    async fn tenant_by_id(&self, tenant_id: TenantId) -> Result<Option<Tenant>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::tenant_by_id(&sql, tenant_id).await?)
    }

    async fn tenants(&self, after: Option<TenantKey>, rows_max: usize) -> Result<Vec<Tenant>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::tenants(&sql, after.as_ref(), rows_max).await?)
    }

    async fn user(&self, tenant_id: TenantId, user_id: UserId) -> Result<Option<User>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::user(&sql, tenant_id, user_id).await?)
    }

    async fn first_administrator(&self, tenant_id: TenantId) -> Result<Option<User>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::first_administrator(&sql, tenant_id).await?)
    }

    async fn apps(
        &self,
        tenant_id: TenantId,
        after: Option<Namespace>,
        rows_max: usize,
    ) -> Result<Vec<App>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::apps(&sql, tenant_id, after.as_ref(), rows_max).await?)
    }

    async fn app_routes(&self) -> Result<Vec<AppRoute>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::app_routes(&sql).await?)
    }

    async fn app_routes_between(
        &self,
        tenant_id: TenantId,
        first: &Namespace,
        last: &Namespace,
    ) -> Result<Vec<AppRoute>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::app_routes_between(&sql, tenant_id, first, last).await?)
    }

    async fn clients(
        &self,
        tenant_id: TenantId,
        after: Option<ClientId>,
        rows_max: usize,
    ) -> Result<Vec<Client>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::clients(&sql, tenant_id, after.as_ref(), rows_max).await?)
    }

    async fn client(&self, tenant_id: TenantId, client_id: &ClientId) -> Result<Option<Client>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::client(&sql, tenant_id, client_id).await?)
    }

    async fn users(
        &self,
        tenant_id: TenantId,
        after: Option<UserId>,
        rows_max: usize,
    ) -> Result<Vec<User>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::users(&sql, tenant_id, after, rows_max).await?)
    }

    async fn app(&self, tenant_id: TenantId, namespace: &Namespace) -> Result<Option<App>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::app(&sql, tenant_id, namespace).await?)
    }

    async fn installed_clients(
        &self,
        tenant_id: TenantId,
        after: Option<ClientId>,
        rows_max: usize,
    ) -> Result<Vec<Client>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::installed_clients(&sql, tenant_id, after.as_ref(), rows_max).await?)
    }

    async fn client_installed(&self, tenant_id: TenantId, client_id: &ClientId) -> Result<bool, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::client_installed(&sql, tenant_id, client_id).await?)
    }

    async fn client_standing(&self, client_id: &ClientId) -> Result<Option<ClientStanding>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::client_standing(&sql, client_id).await?)
    }

    async fn credential(&self, tenant_id: TenantId, login: &str) -> Result<Option<Credential>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::credential(&sql, tenant_id, login).await?)
    }

    async fn credential_of(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> Result<Option<Credential>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::credential_of(&sql, tenant_id, user_id).await?)
    }

    async fn passwords_exist(&self) -> Result<bool, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::passwords_exist(&sql).await?)
    }

    async fn session(&self, session_hash: TokenHash) -> Result<Option<SessionStanding>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::session(&sql, session_hash).await?)
    }

    async fn link(&self, link_hash: TokenHash) -> Result<Option<Link>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::link(&sql, link_hash).await?)
    }

    async fn identity_provider(&self, tenant_id: TenantId) -> Result<Option<IdentityProvider>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::identity_provider(&sql, tenant_id).await?)
    }

    async fn linked_person(
        &self,
        tenant_id: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Credential>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::linked_person(&sql, tenant_id, issuer, subject).await?)
    }

    async fn linked_subject(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        issuer: &str,
    ) -> Result<Option<String>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::linked_subject(&sql, tenant_id, user_id, issuer).await?)
    }

    async fn grant(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        client_id: &ClientId,
    ) -> Result<Option<Grant>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::grant(&sql, tenant_id, user_id, client_id).await?)
    }

    async fn authorization_code(
        &self,
        code_hash: TokenHash,
    ) -> Result<Option<Standing<AuthorizationCode>>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::authorization_code(&sql, code_hash).await?)
    }

    async fn refresh_token(
        &self,
        token_hash: TokenHash,
    ) -> Result<Option<Standing<RefreshToken>>, StoreError> {
        let sql = self.sql().await?;
        Ok(reads::refresh_token(&sql, token_hash).await?)
    }

    fn configuration_version(&self) -> u64 {
        self.counters.configuration_version.load(Ordering::Acquire)
    }

    fn health(&self) -> StoreHealth {
        let health = self.counters.health();
        StoreHealth {
            ready: health.ready && self.connections.reach().is_here(),
            ..health
        }
    }

    async fn close(&self) {
        self.watching.abort();
        self.counters.ready.store(false, Ordering::Relaxed);
        self.connections.close();
    }
}
