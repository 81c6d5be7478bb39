//! What an engine can be asked and told.
//!
//! One trait per kind of thing, so that an engine has a file for each; [`Book`] is all of them. A question is answered as of
//! this moment within the transaction, everything told before included. Something told may be kept back until the next
//! question or the end of the transaction, whichever comes first; where it fails, that is when it is heard.

use usher_seats::{
    ClientId, GroupKey, Leave, Namespace, Pool, Price, TenantId, TenantKey, TimeZoneName, UserId,
};
use usher_store::{
    App, AppRoute, AuditHash, AuditHead, AuditRecord, Change, Client, Effect, IdentityChange, KeptAnswer,
    PoolName, Rejection, SeatName, Tenant, Token, TokenHash, User,
    identity::{ClientStanding, Grant, IdentityProvider, Link},
};

use crate::seating::{Holding, Place, Terms};

/// An engine's answer.
pub type Answer<B, T> = Result<T, <B as Engine>::Failure>;

/// What a change did, or why it did nothing.
pub type Outcome<B> = Result<Effect, <B as Engine>::Unchanged>;

/// Names a group.
pub type GroupName<'a> = (TenantId, &'a GroupKey);

/// How an engine fails.
pub trait Engine {
    /// Why a statement was not carried out.
    type Failure: Send;
    /// Why a change was not made: it does not fit, or a statement failed.
    type Unchanged: From<Rejection> + From<Self::Failure> + Send;

    /// Tells what did not fit from what failed.
    ///
    /// # Errors
    /// The failure, where it was one.
    fn sorted<T>(outcome: Result<T, Self::Unchanged>) -> Answer<Self, Result<T, Rejection>>;

    /// Something that cannot be written as JSON.
    fn unwritable(error: &serde_json::Error) -> Self::Failure;
}

/// Everything that an engine can be asked and told.
pub trait Book:
    Savepoints
    + AuditLog
    + Directory
    + Credentials
    + LeaveCalendar
    + SignIn
    + Seats
    + Pools
    + WaitingLists
    + Groups
{
    /// Hears of a change that has had an effect, to forget what is no longer true.
    fn was_made(&mut self, _change: &Change) {}
}

/// Changes of which some may come to nothing while others stay.
pub trait Savepoints: Engine {
    /// Marks the place to which [`Savepoints::undo_one_change`] goes back.
    fn begin_one_change(&mut self) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Goes back there.
    fn undo_one_change(&mut self) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Forgets the place.
    fn keep_one_change(&mut self) -> impl Future<Output = Answer<Self, ()>> + Send;
}

/// The audit log.
pub trait AuditLog: Engine {
    /// The end of a log; none before its first record. Nobody else appends to it until the transaction ends.
    fn log_end(
        &mut self,
        tenant_id: Option<TenantId>,
    ) -> impl Future<Output = Answer<Self, Option<AuditHead>>> + Send;

    /// Keeps records with their hashes, in the same order.
    fn keep_records(
        &mut self,
        records: &[AuditRecord],
        hashes: &[AuditHash],
    ) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Moves the end of a log.
    fn move_log_end(
        &mut self,
        tenant_id: Option<TenantId>,
        end: AuditHead,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;
}

/// Tenants, people, apps and routes.
pub trait Directory: Engine {
    /// Finds a tenant by its name outside.
    fn tenant_named(
        &mut self,
        tenant_key: &TenantKey,
    ) -> impl Future<Output = Answer<Self, Option<Tenant>>> + Send;

    /// Finds a tenant.
    fn tenant(&mut self, tenant_id: TenantId) -> impl Future<Output = Answer<Self, Option<Tenant>>> + Send;

    /// Whether a tenant is there.
    fn has_tenant(&mut self, tenant_id: TenantId) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Makes a tenant, switched on; gives its number.
    fn add_tenant(
        &mut self,
        tenant_key: &TenantKey,
        name: &str,
        time_zone: &TimeZoneName,
    ) -> impl Future<Output = Answer<Self, TenantId>> + Send;

    /// Brings a tenant that is there to this state.
    fn write_tenant(&mut self, tenant: &Tenant) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Finds a person.
    fn user(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, Option<User>>> + Send;

    /// Whether a person is there.
    fn has_user(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Whose an external id is.
    fn user_of_external_id(
        &mut self,
        tenant_id: TenantId,
        external_id: &str,
    ) -> impl Future<Output = Answer<Self, Option<UserId>>> + Send;

    /// Makes a person.
    fn add_user(&mut self, user: &User) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Brings a person who is there to this state; false when they were in it.
    fn write_user(&mut self, user: &User) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Takes a person out who has no seat in use, with everything that lets them or a client of theirs act; false when there
    /// is no such person. Activity stays: it is history.
    fn remove_user(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Finds an app.
    fn app(
        &mut self,
        tenant_id: TenantId,
        namespace: &Namespace,
    ) -> impl Future<Output = Answer<Self, Option<App>>> + Send;

    /// Whether an app is there.
    fn has_app(
        &mut self,
        tenant_id: TenantId,
        namespace: &Namespace,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Makes an app.
    fn add_app(&mut self, app: &App) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Brings an app that is there to this state; false when it was in it.
    fn write_app(&mut self, app: &App) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Which app a host and a path prefix mean.
    fn routed_app(
        &mut self,
        host: &str,
        path_prefix: &str,
    ) -> impl Future<Output = Answer<Self, Option<(TenantId, Namespace)>>> + Send;

    /// Lets a host and a path prefix that mean nothing yet mean an app.
    fn add_route(&mut self, route: &AppRoute) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Takes such a meaning away; false when there is none.
    fn remove_route(
        &mut self,
        host: &str,
        path_prefix: &str,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;
}

/// How a person may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WaysIn {
    /// The hash of their password.
    pub password_hash: Option<Vec<u8>>,
    /// The key of their second factor, sealed.
    pub totp_sealed: Option<Vec<u8>>,
    /// Their accounts at identity providers, issuer and subject, in order of the issuer.
    pub accounts: Vec<(String, String)>,
}

/// How people and clients come in.
pub trait Credentials: Engine {
    /// Finds a client with what decides whether it may act.
    fn client_standing(
        &mut self,
        client_id: &ClientId,
    ) -> impl Future<Output = Answer<Self, Option<ClientStanding>>> + Send;

    /// Whether a store client was installed in a tenant.
    fn has_install(
        &mut self,
        tenant_id: TenantId,
        client_id: &ClientId,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Finds what a person has granted a client.
    fn grant(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        client_id: &ClientId,
    ) -> impl Future<Output = Answer<Self, Option<Grant>>> + Send;

    /// Finds a token.
    fn token(&mut self, token_hash: TokenHash) -> impl Future<Output = Answer<Self, Option<Token>>> + Send;

    /// Finds how a person may sign in.
    fn ways_in(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, WaysIn>> + Send;

    /// Finds a one-time link.
    fn link(&mut self, link_hash: TokenHash) -> impl Future<Output = Answer<Self, Option<Link>>> + Send;

    /// Finds a tenant's identity provider, and how many people are linked with it.
    fn identity_provider(
        &mut self,
        tenant_id: TenantId,
    ) -> impl Future<Output = Answer<Self, Option<(IdentityProvider, u64)>>> + Send;
}

/// Who is not expected to come, and when.
pub trait LeaveCalendar: Engine {
    /// Finds the leave that begins at a moment.
    fn leave(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        from_ms: i64,
    ) -> impl Future<Output = Answer<Self, Option<Leave>>> + Send;

    /// How many leaves a person has.
    fn count_leaves(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, u64>> + Send;

    /// Keeps a leave in place of one that begins at the same moment.
    fn write_leave(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        leave: Leave,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Takes a leave away.
    fn remove_leave(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
        from_ms: i64,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;
}

/// Clients, tokens and what else sign-in and OAuth need: changes that a statement or two make and that decide "once" by
/// touching only what is still good, so that they are the engine's own.
pub trait SignIn: Engine {
    /// Makes a client or brings it to this state.
    fn put_client(&mut self, client: &Client) -> impl Future<Output = Outcome<Self>> + Send;

    /// Keeps a token's hash unless it is kept already.
    fn issue_token(&mut self, token: &Token, at_ms: i64) -> impl Future<Output = Outcome<Self>> + Send;

    /// Takes a token back, if it is the tenant's own.
    fn revoke_token(
        &mut self,
        tenant_id: Option<TenantId>,
        token_hash: TokenHash,
    ) -> impl Future<Output = Outcome<Self>> + Send;

    /// Keeps an answer; rejected while its key is taken.
    fn keep_answer(&mut self, kept: &KeptAnswer, at_ms: i64) -> impl Future<Output = Outcome<Self>> + Send;

    /// Makes a change of what sign-in, clients and OAuth need.
    fn change_identity(
        &mut self,
        change: &IdentityChange,
        at_ms: i64,
    ) -> impl Future<Output = Outcome<Self>> + Send;
}

/// Everything that a rule looks at before it decides about a seat. Where something is missing, what comes after it may be left
/// out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// Whether the tenant is there.
    pub has_tenant: bool,
    /// Whether the app is there; true for a platform seat.
    pub has_app: bool,
    /// Whether the person is there.
    pub has_user: bool,
    /// The seat.
    pub holding: Option<Holding>,
    /// Its pool, as [`Pools::pool`] gives it; the outer none where a look at it would cost more than asking when it matters.
    pub pool: Option<Option<Pool>>,
}

/// Seats.
pub trait Seats: Engine {
    /// Looks at a seat and what it names.
    fn survey(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, Survey>> + Send;

    /// Finds a seat.
    fn seat(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, Option<Holding>>> + Send;

    /// Brings a seat from one state to another, and with it the count of its pool and what the door remembers.
    fn write_seat(
        &mut self,
        seat: &SeatName,
        before: Option<&Holding>,
        after: &Holding,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// The seats of a pool that are held and have run out by `at_ms`, those that ran out first before others, at most
    /// `seats_max`.
    fn seats_run_out(
        &mut self,
        pool: &PoolName,
        at_ms: i64,
        seats_max: usize,
    ) -> impl Future<Output = Answer<Self, Vec<(SeatName, Holding)>>> + Send;

    /// The seats that a person holds.
    fn seats_held_by(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, Vec<SeatName>>> + Send;

    /// The newest access that a seat has admitted, for a platform seat over all apps. No access that was acknowledged is
    /// missing.
    fn newest_admitted_ms(
        &mut self,
        seat: &SeatName,
    ) -> impl Future<Output = Answer<Self, Option<i64>>> + Send;
}

/// Pools.
pub trait Pools: Engine {
    /// Finds a pool; `in_use` counts every seat that is held, expired or not.
    fn pool(&mut self, pool: &PoolName) -> impl Future<Output = Answer<Self, Option<Pool>>> + Send;

    /// Says what was bought; the count of what is held stays.
    fn write_pool(&mut self, pool: &PoolName, terms: &Terms)
    -> impl Future<Output = Answer<Self, ()>> + Send;

    /// What a seat of a pool costs.
    fn price(&mut self, pool: &PoolName) -> impl Future<Output = Answer<Self, Option<Price>>> + Send;

    /// Says what a seat of a pool costs, of which nothing else need have been said.
    fn write_price(
        &mut self,
        pool: &PoolName,
        price: Option<Price>,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// The pools of all tenants that have a seat run out by `at_ms` or somebody waiting, in order of the tenant.
    fn pools_to_settle(&mut self, at_ms: i64) -> impl Future<Output = Answer<Self, Vec<PoolName>>> + Send;

    /// Sees to it that nobody else changes a tenant's seats until the transaction ends.
    fn hold_tenant(&mut self, tenant_id: TenantId) -> impl Future<Output = Answer<Self, ()>> + Send;
}

/// Waiting lists.
pub trait WaitingLists: Engine {
    /// Finds somebody's place.
    fn place(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, Option<Place>>> + Send;

    /// Puts somebody who is not in the list at its end.
    fn add_place(&mut self, seat: &SeatName, place: &Place) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Notes that a place was asked for by name.
    fn request_place_directly(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Takes somebody out of the list; nothing when they are not in it.
    fn remove_place(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Takes a person out of every list.
    fn remove_places_of(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// The place of somebody in the list, from 1.
    fn position(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, u64>> + Send;

    /// Who is first in line.
    fn first_waiting(
        &mut self,
        pool: &PoolName,
    ) -> impl Future<Output = Answer<Self, Option<(SeatName, Place)>>> + Send;
}

/// Groups and their standing assignments.
pub trait Groups: Engine {
    /// Finds what a group is called; none when there is no such group.
    fn group_called(
        &mut self,
        group: GroupName<'_>,
    ) -> impl Future<Output = Answer<Self, Option<String>>> + Send;

    /// Makes a group or renames it.
    fn write_group(
        &mut self,
        group: GroupName<'_>,
        name: &str,
    ) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// Takes a group without members away, with its standing assignments.
    fn remove_group(&mut self, group: GroupName<'_>) -> impl Future<Output = Answer<Self, ()>> + Send;

    /// The people in a group, in order.
    fn members(&mut self, group: GroupName<'_>) -> impl Future<Output = Answer<Self, Vec<UserId>>> + Send;

    /// The groups that a person is in, in order.
    fn groups_of(
        &mut self,
        tenant_id: TenantId,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, Vec<GroupKey>>> + Send;

    /// Takes a person into a group; false when they are in it.
    fn add_member(
        &mut self,
        group: GroupName<'_>,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Takes a person out of a group; false when they are not in it.
    fn remove_member(
        &mut self,
        group: GroupName<'_>,
        user_id: UserId,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// The pools of which a group gives seats, in order.
    fn standing(&mut self, group: GroupName<'_>) -> impl Future<Output = Answer<Self, Vec<PoolName>>> + Send;

    /// Lets a group give seats of a pool; false when it does.
    fn add_standing(
        &mut self,
        group: GroupName<'_>,
        pool: &PoolName,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Ends that; false when it does not.
    fn remove_standing(
        &mut self,
        group: GroupName<'_>,
        pool: &PoolName,
    ) -> impl Future<Output = Answer<Self, bool>> + Send;

    /// Whether a group that the person is in gives this seat.
    fn is_given_by_group(&mut self, seat: &SeatName) -> impl Future<Output = Answer<Self, bool>> + Send;
}
