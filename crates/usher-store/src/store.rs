//! The calls of an engine.

use async_trait::async_trait;
use usher_seats::{ClientId, Day, GroupKey, Leave, Namespace, SeatType, TenantId, TenantKey, UserId};

use crate::{
    access::{Access, AdmittedAccess, Recorded},
    audit::{AuditEntry, AuditHead, AuditQuery, AuditSlice},
    change::{Change, Effect},
    coordination::Coordination,
    directory::{App, AppRoute, Client, Tenant, Token, TokenHash, TokenStanding, User},
    error::StoreError,
    history::{ActiveDaysQuery, ActivePeople, ActivePeopleQuery},
    identity::{
        AuthorizationCode, ClientStanding, Credential, Grant, IdentityProvider, Link, RefreshToken,
        SessionStanding, Standing,
    },
    idle::{IdlePage, IdleQuery},
    kept_answer::KeptAnswer,
    ledger::{Group, KeptQuery, PoolName, PoolRow, SeatName, SeatQuery, SeatRow, WaitingRow},
    page::{ActivityRow, AssignmentRow, Page, PageKey, PageQuery},
    reports::Reports,
    request::{Author, ChangeOutcome, ChangeRequest},
    search::{UserPage, UserSearch},
};

/// How an engine is doing; for `/readyz`, `/metrics` and `usher doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreHealth {
    /// False while it cannot admit anybody and works on that.
    pub ready: bool,
    /// Accesses kept in the journal and not yet folded into the activity table.
    pub journal_accesses: u64,
    /// Distinct activity rows that only the overlay has.
    pub overlay_rows: u64,
    /// Sets of active days that only the overlay has, or has more of.
    pub overlay_day_sets: u64,
    /// Batches made durable since start.
    pub batches_committed: u64,
    /// Accesses that moved `active_time` since start.
    pub accesses_moved: u64,
    /// Folds completed since start.
    pub folds_completed: u64,
    /// Commits that failed since start.
    pub commits_failed: u64,
    /// Reads begun since start.
    pub reads_begun: u64,
    /// Requests for changes begun since start.
    pub changes_begun: u64,
    /// The time of the newest access that the engine has admitted since start, or found in its journal at start, in
    /// milliseconds. A clock that shows less has stepped back.
    pub newest_access_ms: Option<i64>,
    /// The instances that were alive when this one last spoke, itself among them.
    pub instances_living: u64,
    /// What [`Coordination::others_watermark_ms`] was when this instance last spoke.
    pub others_watermark_ms: Option<i64>,
}

/// One storage engine.
///
/// All methods may be called from many tasks at once. A method that changes something returns only after the change
/// would survive a power cut (invariant 1).
#[async_trait]
pub trait Store: Coordination + Reports + Send + Sync + 'static {
    /// Decides each access and makes the admitted ones durable, all with one commit; answers in the same order.
    ///
    /// # Errors
    /// Any error means that nothing may be called admitted; some of it may still have become durable.
    async fn record(&self, accesses: Vec<Access>) -> Result<Vec<Recorded>, StoreError>;

    /// How many calls of [`Store::record`] the engine serves better at once than one after the other; 1 where there is a
    /// single writer.
    fn batches_in_flight(&self) -> usize {
        1
    }

    /// Makes accesses durable that were admitted before, all with one commit. They are not judged again: whatever became of their
    /// seats since, they were let in. May be repeated at will. Accesses of people and to apps that are no longer there
    /// are passed over.
    ///
    /// # Errors
    /// Any error means that all of it must be repeated; some of it may still have become durable.
    async fn replay(&self, accesses: Vec<AdmittedAccess>) -> Result<(), StoreError>;

    /// Makes changes in one transaction, in order; says what each did and what the audit log has gained.
    ///
    /// # Errors
    /// In the whole manner [`StoreError::Rejected`] names the first change that does not fit. A taken idempotency key is
    /// such an error in every manner, because then another call has made the changes.
    async fn make(&self, request: ChangeRequest) -> Result<ChangeOutcome, StoreError>;

    /// Makes all changes or none, by Usher itself; `at_ms` is the time they carry. Whatever somebody wants is
    /// [`Store::change_by`] them.
    ///
    /// # Errors
    /// As [`Store::make`].
    async fn change(&self, changes: Vec<Change>, at_ms: i64) -> Result<Vec<Effect>, StoreError> {
        self.change_by(Author::default(), changes, at_ms).await
    }

    /// Makes all changes or none, by somebody.
    ///
    /// # Errors
    /// As [`Store::make`].
    async fn change_by(
        &self,
        author: Author,
        changes: Vec<Change>,
        at_ms: i64,
    ) -> Result<Vec<Effect>, StoreError> {
        let outcome = self.make(ChangeRequest::new(changes, at_ms).by(author)).await?;
        // In the whole manner a change that was rejected is the error above, so every result is an effect.
        Ok(outcome.results.into_iter().flatten().collect())
    }

    /// Lists records of an audit log by time, and by number where times are the same.
    async fn audit_records(&self, query: AuditQuery) -> Result<Vec<AuditEntry>, StoreError>;

    /// Finds the end of a tenant's audit log, or of that for what concerns no tenant; none while it has no records.
    async fn audit_head(&self, tenant_id: Option<TenantId>) -> Result<Option<AuditHead>, StoreError>;

    /// Reads an audit log as bare as it is kept, in order of number, after a number, at most `rows_max` and
    /// [`AUDIT_SLICE_ROWS_MAX`](crate::audit::AUDIT_SLICE_ROWS_MAX) records, with its end at the same moment. For
    /// [`Verifier`](crate::audit::Verifier).
    async fn audit_slice(
        &self,
        tenant_id: Option<TenantId>,
        after_sequence: i64,
        rows_max: usize,
    ) -> Result<AuditSlice, StoreError>;

    /// Finds a pool as it is at `now_ms`; none when nothing was ever said or given of it.
    async fn pool(&self, pool: PoolName, now_ms: i64) -> Result<Option<PoolRow>, StoreError>;

    /// Lists a tenant's pools in order of seat type and namespace, after one, at most `rows_max`.
    async fn pools(
        &self,
        tenant_id: TenantId,
        after: Option<PoolName>,
        rows_max: usize,
        now_ms: i64,
    ) -> Result<Vec<PoolRow>, StoreError>;

    /// Finds a seat, held or not; none when the person never had it.
    async fn seat(&self, seat: SeatName) -> Result<Option<SeatRow>, StoreError>;

    /// Lists a tenant's seats of a type, held or not, in order of user and namespace, after a key, at most `rows_max`.
    async fn seats(
        &self,
        tenant_id: TenantId,
        seat_type: SeatType,
        after: Option<PageKey>,
        rows_max: usize,
    ) -> Result<Vec<SeatRow>, StoreError> {
        self.seats_where(SeatQuery {
            tenant_id,
            seat_type,
            user_id: None,
            namespace: None,
            group_key: None,
            after,
            rows_max,
        })
        .await
    }

    /// Lists some of a tenant's seats, held or not.
    async fn seats_where(&self, query: SeatQuery) -> Result<Vec<SeatRow>, StoreError>;

    /// Lists the seats of a pool that were given back and are kept for whoever had them, those given back last first. As many of
    /// them as the pool has free can be given back ([`Pool::keeps`](usher_seats::Pool::keeps)).
    async fn kept_seats(&self, query: KeptQuery) -> Result<Vec<SeatRow>, StoreError>;

    /// Lists who waits for a seat of a pool, first in line first, after a ticket, at most `rows_max`.
    async fn waiting(
        &self,
        pool: PoolName,
        after_ticket: Option<i64>,
        rows_max: usize,
    ) -> Result<Vec<WaitingRow>, StoreError>;

    /// Finds a group.
    async fn group(&self, tenant_id: TenantId, group_key: &GroupKey) -> Result<Option<Group>, StoreError>;

    /// Lists a tenant's groups in order of their key, after one, at most `rows_max`.
    async fn groups(
        &self,
        tenant_id: TenantId,
        after: Option<GroupKey>,
        rows_max: usize,
    ) -> Result<Vec<Group>, StoreError>;

    /// Lists who is in a group, in order of their number, after one, at most `rows_max`.
    async fn group_members(
        &self,
        tenant_id: TenantId,
        group_key: &GroupKey,
        after: Option<UserId>,
        rows_max: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Lists the groups that a person is in, in order of their key.
    async fn groups_of(&self, tenant_id: TenantId, user_id: UserId) -> Result<Vec<GroupKey>, StoreError>;

    /// Counts active people, one figure after the other in order of days. Accesses count from the moment at which they
    /// are acknowledged; an app that is not there has none.
    async fn active_people(&self, query: ActivePeopleQuery) -> Result<Vec<ActivePeople>, StoreError>;

    /// Lists the days on which a person was active, in order.
    async fn active_days(&self, query: ActiveDaysQuery) -> Result<Vec<Day>, StoreError>;

    /// Lists seats in use with a judgement of how idle they are, exactly as of the moment of reading. Looks at no more
    /// than [`IDLE_SEATS_READ_MAX`](crate::idle::IDLE_SEATS_READ_MAX) seats. In order of idleness it may first have to
    /// bring what an import has just left in memory into its tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] too while accesses of the past keep arriving, which move seats in that order faster
    /// than it can be read.
    async fn idle_seats(&self, query: IdleQuery) -> Result<IdlePage, StoreError>;

    /// Lists when a person is or was on leave, in order of the beginning.
    async fn leaves(&self, tenant_id: TenantId, user_id: UserId) -> Result<Vec<Leave>, StoreError>;

    /// Does what time alone makes due: takes away history that is no longer to be kept, and lets what was recorded some
    /// hours ago reach its tables. Whoever runs an engine for long calls it every minute or so with the present time;
    /// when nothing is due it costs next to nothing. No promise of any other call depends on it.
    async fn tend(&self, now_ms: i64) -> Result<(), StoreError>;

    /// Reads a page of `seat_activities`.
    async fn activities(&self, query: PageQuery) -> Result<Page<ActivityRow>, StoreError>;

    /// Reads a page of `seat_assignments`.
    async fn assignments(&self, query: PageQuery) -> Result<Page<AssignmentRow>, StoreError>;

    /// Finds a token with everything around it.
    async fn token(&self, token_hash: TokenHash) -> Result<Option<TokenStanding>, StoreError>;

    /// Lists tokens that are neither expired at `now_ms` nor revoked, newest first, at most `rows_max`; of one tenant or of all.
    async fn tokens(
        &self,
        tenant_id: Option<TenantId>,
        now_ms: i64,
        rows_max: usize,
    ) -> Result<Vec<Token>, StoreError>;

    /// Lists a tenant's service tokens that are neither expired at `now_ms` nor revoked, in order of their hash, after a
    /// hash, at most `rows_max`.
    async fn service_tokens(
        &self,
        tenant_id: TenantId,
        after: Option<TokenHash>,
        now_ms: i64,
        rows_max: usize,
    ) -> Result<Vec<Token>, StoreError>;

    /// Finds an answer kept for a tenant under an idempotency key; none once it has expired at `now_ms`.
    async fn kept_answer(
        &self,
        tenant_id: Option<TenantId>,
        key_hash: TokenHash,
        now_ms: i64,
    ) -> Result<Option<KeptAnswer>, StoreError>;

    /// Finds a tenant by its outside name.
    async fn tenant(&self, tenant_key: &TenantKey) -> Result<Option<Tenant>, StoreError>;

    /// Finds a tenant by its number.
    async fn tenant_by_id(&self, tenant_id: TenantId) -> Result<Option<Tenant>, StoreError>;

    /// Lists tenants in order of their key, after a key, at most `rows_max`.
    async fn tenants(&self, after: Option<TenantKey>, rows_max: usize) -> Result<Vec<Tenant>, StoreError>;

    /// Finds a user.
    async fn user(&self, tenant_id: TenantId, user_id: UserId) -> Result<Option<User>, StoreError>;

    /// Finds the enabled system administrator of a tenant with the smallest number.
    async fn first_administrator(&self, tenant_id: TenantId) -> Result<Option<User>, StoreError>;

    /// Lists every app of a tenant in order of namespace, after a namespace, at most `rows_max`.
    async fn apps(
        &self,
        tenant_id: TenantId,
        after: Option<Namespace>,
        rows_max: usize,
    ) -> Result<Vec<App>, StoreError>;

    /// Lists every app route; the caller keeps them until [`Store::configuration_version`] moves.
    async fn app_routes(&self) -> Result<Vec<AppRoute>, StoreError>;

    /// Lists the routes of a tenant's apps from one namespace to another, both included, in order of namespace, host
    /// and prefix.
    async fn app_routes_between(
        &self,
        tenant_id: TenantId,
        first: &Namespace,
        last: &Namespace,
    ) -> Result<Vec<AppRoute>, StoreError>;

    /// Lists a tenant's clients in order of their id, after an id, at most `rows_max`.
    async fn clients(
        &self,
        tenant_id: TenantId,
        after: Option<ClientId>,
        rows_max: usize,
    ) -> Result<Vec<Client>, StoreError>;

    /// Finds a client.
    async fn client(&self, tenant_id: TenantId, client_id: &ClientId) -> Result<Option<Client>, StoreError>;

    /// Lists a tenant's users in order of their number, after a number, at most `rows_max`.
    async fn users(
        &self,
        tenant_id: TenantId,
        after: Option<UserId>,
        rows_max: usize,
    ) -> Result<Vec<User>, StoreError>;

    /// Lists a tenant's users whom somebody may mean who typed a text, in order of their number. Looks at no more than
    /// [`USERS_LOOKED_AT_MAX`](crate::search::USERS_LOOKED_AT_MAX) of them.
    async fn users_matching(&self, search: UserSearch) -> Result<UserPage, StoreError> {
        crate::search::users_matching(self, &search).await
    }

    /// Finds an app.
    async fn app(&self, tenant_id: TenantId, namespace: &Namespace) -> Result<Option<App>, StoreError>;

    /// Lists the store clients installed in a tenant, in order of their id, after an id, at most `rows_max`.
    async fn installed_clients(
        &self,
        tenant_id: TenantId,
        after: Option<ClientId>,
        rows_max: usize,
    ) -> Result<Vec<Client>, StoreError>;

    /// True when a client may act in a tenant: it is the tenant's own, or a store client installed there.
    async fn client_installed(&self, tenant_id: TenantId, client_id: &ClientId) -> Result<bool, StoreError>;

    /// Finds a client of any tenant with everything that decides whether it may act.
    async fn client_standing(&self, client_id: &ClientId) -> Result<Option<ClientStanding>, StoreError>;

    /// Finds what a person signs in with, by external id or by number.
    async fn credential(&self, tenant_id: TenantId, login: &str) -> Result<Option<Credential>, StoreError>;

    /// Finds what a known person signs in with.
    async fn credential_of(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> Result<Option<Credential>, StoreError>;

    /// Whether anybody of any tenant has chosen a password yet.
    async fn passwords_exist(&self) -> Result<bool, StoreError>;

    /// Finds a session; an expired one too.
    async fn session(&self, session_hash: TokenHash) -> Result<Option<SessionStanding>, StoreError>;

    /// Finds a link that was neither spent nor swept away.
    async fn link(&self, link_hash: TokenHash) -> Result<Option<Link>, StoreError>;

    /// Finds a tenant's identity provider; a switched-off one too.
    async fn identity_provider(&self, tenant_id: TenantId) -> Result<Option<IdentityProvider>, StoreError>;

    /// Finds the person of a tenant who is linked with a subject of an issuer.
    async fn linked_person(
        &self,
        tenant_id: TenantId,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Credential>, StoreError>;

    /// Finds the subject of an issuer with which a person is linked.
    async fn linked_subject(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        issuer: &str,
    ) -> Result<Option<String>, StoreError>;

    /// Finds what a user has granted a client.
    async fn grant(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        client_id: &ClientId,
    ) -> Result<Option<Grant>, StoreError>;

    /// Finds an authorization code; a spent or expired one too, until it is swept away.
    async fn authorization_code(
        &self,
        code_hash: TokenHash,
    ) -> Result<Option<Standing<AuthorizationCode>>, StoreError>;

    /// Finds a refresh token; a spent, revoked or expired one too, until it is swept away.
    async fn refresh_token(
        &self,
        token_hash: TokenHash,
    ) -> Result<Option<Standing<RefreshToken>>, StoreError>;

    /// Moves whenever a tenant, user, app, route, client or token changes, before the change is acknowledged. Whatever the
    /// edge has remembered from an older version it must read again.
    fn configuration_version(&self) -> u64;

    /// How the engine is doing; never waits.
    fn health(&self) -> StoreHealth;

    /// Lets the engine finish what it has begun and close its files. Calls after this answer `Unavailable`.
    async fn close(&self);
}
