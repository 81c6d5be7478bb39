//! The contract, fulfilled: hands changes to the writer and reads to the readers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::Ordering,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use tokio::sync::{Semaphore, oneshot};
use usher_seats::{ClientId, Day, GroupKey, Leave, Namespace, TenantId, TenantKey, UserId};
use usher_store::{
    Access, ActiveDaysQuery, ActivePeople, ActivePeopleQuery, ActivityRow, AdmittedAccess, App, AppRoute,
    AssignmentRow, AuditEntry, AuditHead, AuditQuery, AuditSlice, ChangeOutcome, ChangeRequest, Client,
    Group, IdlePage, IdleQuery, KeptAnswer, KeptQuery, Page, PageQuery, PoolName, PoolRow, Recorded,
    SeatName, SeatQuery, SeatRow, Store, StoreError, StoreHealth, Tenant, Token, TokenHash, TokenStanding,
    User, WaitingRow,
    identity::{
        AuthorizationCode, ClientStanding, Credential, Grant, IdentityProvider, Link, RefreshToken,
        SessionStanding, Standing,
    },
};

use crate::{
    alone::Alone,
    book, copy,
    file::OpenError,
    lock::{DataLock, Holder},
    options::SqliteOptions,
    overlay::Overlay,
    readers::{Readers, closed},
    reads, recovery, reports,
    tending::Tended,
    writer::{Counters, Job, Work, Writer},
};

/// Jobs that may wait for the writer; the door has at most one batch under way, so this bounds changes and imports.
const JOBS_WAITING_MAX: usize = 256;

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    /// None only while dropping.
    jobs: Option<Sender<Job>>,
    permits: Arc<Semaphore>,
    pub(crate) readers: Readers,
    pub(crate) overlay: Arc<Overlay>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) alone: Alone,
    /// Joined at the end, so that the lock is free when the store is gone. A plain lock, taken once.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens or makes the file at `path`, whose folder must exist, and holds the folder for `holder`.
    ///
    /// # Errors
    /// [`OpenError`] says whether somebody holds the folder, the file is of a newer Usher, or it cannot be used.
    pub fn open(path: &Path, holder: &Holder) -> Result<Self, OpenError> {
        Self::open_with(path, holder, SqliteOptions::default())
    }

    /// The same with chosen options.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: &Path, holder: &Holder, options: SqliteOptions) -> Result<Self, OpenError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let lock = DataLock::acquire(folder.unwrap_or(Path::new(".")), holder)?;
        let overlay = Arc::new(Overlay::default());
        let counters = Arc::new(Counters::default());
        let place = recovery::find_place(path, &overlay)?;
        if let Some(mark) = copy::mark(&place.connection)? {
            return Err(OpenError::BeingCopied {
                source_address: mark.source,
            });
        }
        let shared = (Arc::clone(&overlay), Arc::clone(&counters));
        let writer = Writer::new(PathBuf::from(path), options, shared, place, lock);
        let (jobs, waiting) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("usher-writer".to_owned())
            .spawn(move || writer.run(&waiting))?;
        Ok(Self {
            jobs: Some(jobs),
            permits: Arc::new(Semaphore::new(JOBS_WAITING_MAX)),
            readers: Readers::new(path),
            overlay,
            counters,
            alone: Alone::default(),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands work to the writer and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        work: impl FnOnce(oneshot::Sender<T>) -> Work,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let (sender, answer) = oneshot::channel();
        let job = Job {
            work: work(sender),
            _permit: Some(permit),
        };
        self.jobs
            .as_ref()
            .ok_or_else(closed)?
            .send(job)
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())
    }

    fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the writer ended by a panic; the journal has everything that was acknowledged");
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.readers.close();
        self.jobs = None;
        self.join();
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Recorded>, StoreError> {
        self.ask(|answer| Work::Record { accesses, answer }).await?
    }

    async fn replay(&self, accesses: Vec<AdmittedAccess>) -> Result<(), StoreError> {
        self.ask(|answer| Work::Replay { accesses, answer }).await?
    }

    async fn make(&self, request: ChangeRequest) -> Result<ChangeOutcome, StoreError> {
        self.counters.changes_begun.fetch_add(1, Ordering::Relaxed);
        self.alone.check(&request)?;
        self.ask(|answer| Work::Change { request, answer }).await?
    }

    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        self.readers
            .read(move |connection| reads::audit_records(connection, &query))
            .await
    }

    async fn audit_head(&self, tenant_id: Option<TenantId>) -> Result<Option<AuditHead>, StoreError> {
        self.readers
            .read(move |connection| reads::audit_head(connection, tenant_id))
            .await
    }

    async fn audit_slice(
        &self,
        tenant_id: Option<TenantId>,
        after_sequence: i64,
        rows_max: usize,
    ) -> Result<AuditSlice, StoreError> {
        self.readers
            .read(move |connection| reads::audit_slice(connection, tenant_id, after_sequence, rows_max))
            .await
    }

    async fn pool(&self, pool: PoolName, now_ms: i64) -> Result<Option<PoolRow>, StoreError> {
        self.readers
            .read(move |connection| reads::pool(connection, &pool, now_ms))
            .await
    }

    async fn pools(
        &self,
        tenant_id: TenantId,
        after: Option<PoolName>,
        rows_max: usize,
        now_ms: i64,
    ) -> Result<Vec<PoolRow>, StoreError> {
        self.readers
            .read(move |connection| reads::pools(connection, tenant_id, after.as_ref(), rows_max, now_ms))
            .await
    }

    async fn seat(&self, seat: SeatName) -> Result<Option<SeatRow>, StoreError> {
        self.readers
            .read(move |connection| reads::seat(connection, seat))
            .await
    }

    async fn seats_where(&self, query: SeatQuery) -> Result<Vec<SeatRow>, StoreError> {
        self.readers
            .read(move |connection| reads::seats(connection, &query))
            .await
    }

    async fn kept_seats(&self, query: KeptQuery) -> Result<Vec<SeatRow>, StoreError> {
        self.readers
            .read(move |connection| reads::kept_seats(connection, &query))
            .await
    }

    async fn waiting(
        &self,
        pool: PoolName,
        after_ticket: Option<i64>,
        rows_max: usize,
    ) -> Result<Vec<WaitingRow>, StoreError> {
        self.readers
            .read(move |connection| reads::waiting(connection, &pool, after_ticket, rows_max))
            .await
    }

    async fn group(&self, tenant_id: TenantId, group_key: &GroupKey) -> Result<Option<Group>, StoreError> {
        let group_key = group_key.clone();
        self.readers
            .read(move |connection| reads::group(connection, tenant_id, &group_key))
            .await
    }

    async fn groups(
        &self,
        tenant_id: TenantId,
        after: Option<GroupKey>,
        rows_max: usize,
    ) -> Result<Vec<Group>, StoreError> {
        self.readers
            .read(move |connection| reads::groups(connection, tenant_id, after.as_ref(), rows_max))
            .await
    }

    async fn group_members(
        &self,
        tenant_id: TenantId,
        group_key: &GroupKey,
        after: Option<UserId>,
        rows_max: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let group_key = group_key.clone();
        self.readers
            .read(move |connection| {
                reads::group_members(connection, (tenant_id, &group_key), after, rows_max)
            })
            .await
    }

    async fn groups_of(&self, tenant_id: TenantId, user_id: UserId) -> Result<Vec<GroupKey>, StoreError> {
        self.readers
            .read(move |connection| book::groups_of(connection, tenant_id, user_id))
            .await
    }

    async fn active_people(&self, query: ActivePeopleQuery) -> Result<Vec<ActivePeople>, StoreError> {
        let overlay = Arc::clone(&self.overlay);
        self.readers
            .read(move |connection| reads::active_people(connection, &overlay, &query))
            .await
    }

    async fn active_days(&self, query: ActiveDaysQuery) -> Result<Vec<Day>, StoreError> {
        let overlay = Arc::clone(&self.overlay);
        self.readers
            .read(move |connection| reads::active_days(connection, &overlay, &query))
            .await
    }

    async fn idle_seats(&self, query: IdleQuery) -> Result<IdlePage, StoreError> {
        reports::idle_seats(self, query).await
    }

    async fn leaves(&self, tenant_id: TenantId, user_id: UserId) -> Result<Vec<Leave>, StoreError> {
        self.readers
            .read(move |connection| reads::leaves(connection, tenant_id, user_id))
            .await
    }

    async fn tend(&self, now_ms: i64) -> Result<(), StoreError> {
        // One step at a time, so that whoever waits for the writer goes in between.
        while self.ask(|answer| Work::Tend { now_ms, answer }).await?? == Tended::MoreIsDue {}
        Ok(())
    }

    async fn activities(&self, query: PageQuery) -> Result<Page<ActivityRow>, StoreError> {
        let overlay = Arc::clone(&self.overlay);
        self.readers
            .read(move |connection| reads::activities(connection, &overlay, &query))
            .await
    }

    async fn assignments(&self, query: PageQuery) -> Result<Page<AssignmentRow>, StoreError> {
        self.readers
            .read(move |connection| reads::assignments(connection, &query))
            .await
    }

    async fn token(&self, token_hash: TokenHash) -> Result<Option<TokenStanding>, StoreError> {
        self.readers
            .read(move |connection| reads::token(connection, token_hash))
            .await
    }

    async fn tokens(
        &self,
        tenant_id: Option<TenantId>,
        now_ms: i64,
        rows_max: usize,
    ) -> Result<Vec<Token>, StoreError> {
        self.readers
            .read(move |connection| reads::tokens(connection, tenant_id, now_ms, rows_max))
            .await
    }

    async fn service_tokens(
        &self,
        tenant_id: TenantId,
        after: Option<TokenHash>,
        now_ms: i64,
        rows_max: usize,
    ) -> Result<Vec<Token>, StoreError> {
        self.readers
            .read(move |connection| reads::service_tokens(connection, tenant_id, after, now_ms, rows_max))
            .await
    }

    async fn kept_answer(
        &self,
        tenant_id: Option<TenantId>,
        key_hash: TokenHash,
        now_ms: i64,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        self.readers
            .read(move |connection| reads::kept_answer(connection, tenant_id, key_hash, now_ms))
            .await
    }

    async fn tenant(&self, tenant_key: &TenantKey) -> Result<Option<Tenant>, StoreError> {
        let tenant_key = tenant_key.clone();
        self.readers
            .read(move |connection| reads::tenant(connection, &tenant_key))
            .await
    }

    async fn tenant_by_id(&self, tenant_id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.readers
            .read(move |connection| reads::tenant_by_id(connection, tenant_id))
            .await
    }

    async fn tenants(&self, after: Option<TenantKey>, rows_max: usize) -> Result<Vec<Tenant>, StoreError> {
        self.readers
            .read(move |connection| reads::tenants(connection, after.as_ref(), rows_max))
            .await
    }

    async fn user(&self, tenant_id: TenantId, user_id: UserId) -> Result<Option<User>, StoreError> {
        self.readers
            .read(move |connection| reads::user(connection, tenant_id, user_id))
            .await
    }

    async fn first_administrator(&self, tenant_id: TenantId) -> Result<Option<User>, StoreError> {
        self.readers
            .read(move |connection| reads::first_administrator(connection, tenant_id))
            .await
    }

    async fn apps(
        &self,
        tenant_id: TenantId,
        after: Option<Namespace>,
        rows_max: usize,
    ) -> Result<Vec<App>, StoreError> {
        self.readers
            .read(move |connection| reads::apps(connection, tenant_id, after.as_ref(), rows_max))
            .await
    }

    async fn app_routes(&self) -> Result<Vec<AppRoute>, StoreError> {
        self.readers.read(reads::app_routes).await
    }

    async fn app_routes_between(
        &self,
        tenant_id: TenantId,
        first: &Namespace,
        last: &Namespace,
    ) -> Result<Vec<AppRoute>, StoreError> {
        let (first, last) = (first.clone(), last.clone());
        self.readers
            .read(move |connection| reads::app_routes_between(connection, tenant_id, &first, &last))
            .await
    }

    async fn clients(
        &self,
        tenant_id: TenantId,
        after: Option<ClientId>,
        rows_max: usize,
    ) -> Result<Vec<Client>, StoreError> {
        self.readers
            .read(move |connection| reads::clients(connection, tenant_id, after.as_ref(), rows_max))
            .await
    }

    async fn client(&self, tenant_id: TenantId, client_id: &ClientId) -> Result<Option<Client>, StoreError> {
        let client_id = client_id.clone();
        self.readers
            .read(move |connection| reads::client(connection, tenant_id, &client_id))
            .await
    }

    async fn users(
        &self,
        tenant_id: TenantId,
        after: Option<UserId>,
        rows_max: usize,
    ) -> Result<Vec<User>, StoreError> {
        self.readers
            .read(move |connection| reads::users(connection, tenant_id, after, rows_max))
            .await
    }

    async fn app(&self, tenant_id: TenantId, namespace: &Namespace) -> Result<Option<App>, StoreError> {
        let namespace = namespace.clone();
        self.readers
            .read(move |connection| reads::app(connection, tenant_id, &namespace))
            .await
    }

    async fn installed_clients(
        &self,
        tenant_id: TenantId,
        after: Option<ClientId>,
        rows_max: usize,
    ) -> Result<Vec<Client>, StoreError> {
        self.readers
            .read(move |connection| reads::installed_clients(connection, tenant_id, after.as_ref(), rows_max))
            .await
    }

    async fn client_installed(&self, tenant_id: TenantId, client_id: &ClientId) -> Result<bool, StoreError> {
        let client_id = client_id.clone();
        self.readers
            .read(move |connection| reads::client_installed(connection, tenant_id, &client_id))
            .await
    }

    async fn client_standing(&self, client_id: &ClientId) -> Result<Option<ClientStanding>, StoreError> {
        let client_id = client_id.clone();
        self.readers
            .read(move |connection| reads::client_standing(connection, &client_id))
            .await
    }

    async fn credential(&self, tenant_id: TenantId, login: &str) -> Result<Option<Credential>, StoreError> {
        let login = login.to_owned();
        self.readers
            .read(move |connection| reads::credential(connection, tenant_id, &login))
            .await
    }

    async fn credential_of(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> Result<Option<Credential>, StoreError> {
        self.readers
            .read(move |connection| reads::credential_of(connection, tenant_id, user_id))
            .await
    }

    async fn passwords_exist(&self) -> Result<bool, StoreError> {
        self.readers.read(reads::passwords_exist).await
    }

    async fn session(&self, session_hash: TokenHash) -> Result<Option<SessionStanding>, StoreError> {
        self.readers
            .read(move |connection| reads::session(connection, session_hash))
            .await
    }

    async fn link(&self, link_hash: TokenHash) -> Result<Option<Link>, StoreError> {
        self.readers
            .read(move |connection| reads::link(connection, link_hash))
            .await
    }

    async fn identity_provider(&self, tenant_id: TenantId) -> Result<Option<IdentityProvider>, StoreError> {
        self.readers
            .read(move |connection| reads::identity_provider(connection, tenant_id))
            .await
    }

    async fn linked_person(
        &self,
        tenant_id: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Credential>, StoreError> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.readers
            .read(move |connection| reads::linked_person(connection, tenant_id, &issuer, &subject))
            .await
    }

    async fn linked_subject(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        issuer: &str,
    ) -> Result<Option<String>, StoreError> {
        let issuer = issuer.to_owned();
        self.readers
            .read(move |connection| reads::linked_subject(connection, tenant_id, user_id, &issuer))
            .await
    }

    async fn grant(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        client_id: &ClientId,
    ) -> Result<Option<Grant>, StoreError> {
        let client_id = client_id.clone();
        self.readers
            .read(move |connection| reads::grant(connection, tenant_id, user_id, &client_id))
            .await
    }

    async fn authorization_code(
        &self,
        code_hash: TokenHash,
    ) -> Result<Option<Standing<AuthorizationCode>>, StoreError> {
        self.readers
            .read(move |connection| reads::authorization_code(connection, code_hash))
            .await
    }

    async fn refresh_token(
        &self,
        token_hash: TokenHash,
    ) -> Result<Option<Standing<RefreshToken>>, StoreError> {
        self.readers
            .read(move |connection| reads::refresh_token(connection, token_hash))
            .await
    }

    fn configuration_version(&self) -> u64 {
        self.counters.configuration_version.load(Ordering::Acquire)
    }

    fn health(&self) -> StoreHealth {
        let counters = &self.counters;
        StoreHealth {
            ready: counters.ready.load(Ordering::Relaxed),
            journal_accesses: counters.journal_accesses.load(Ordering::Relaxed),
            overlay_rows: self.overlay.rows() as u64,
            overlay_day_sets: self.overlay.day_sets() as u64,
            batches_committed: counters.batches_committed.load(Ordering::Relaxed),
            accesses_moved: counters.accesses_moved.load(Ordering::Relaxed),
            folds_completed: counters.folds_completed.load(Ordering::Relaxed),
            commits_failed: counters.commits_failed.load(Ordering::Relaxed),
            reads_begun: self.readers.begun(),
            changes_begun: counters.changes_begun.load(Ordering::Relaxed),
            newest_access_ms: self.overlay.newest_ms(),
            instances_living: 1,
            others_watermark_ms: None,
        }
    }

    async fn close(&self) {
        self.readers.close();
        let closing = self.ask(|answer| Work::Close { answer }).await;
        self.permits.close();
        if closing.is_ok() {
            self.join();
        }
    }
}
