//! `/usher/v1/seats/{assign,release,restore,transfer,extend,protect,unprotect}`: seats change hands, one or ten thousand at once.
//!
//! A body names the seats line by line in `items`, or names a group whose people are meant. What is wrong with the body
//! itself refuses the whole call; what does not fit the ledger is the affair of the line and of `manner`.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{GroupKey, Namespace, SeatType, TenantId, UserId};
use usher_store::{Change, KeptAnswer, LedgerChange, PoolName, SeatName};
use utoipa::ToSchema;

use super::{
    super::{
        asked::{Asked, AskedInBulk},
        once::Once,
        schemas::{
            GroupKeyText, KeyHeader, MannerText, MomentNumber, NamespaceText, ReasonText, Refusals, SeatText,
            SeatTypeText, TenantQuery, UserNumber,
        },
        values::{MomentMs, Reason, present_or_null},
    },
    lines::{self, LineManner, Lines, Subject, Terms, Verdicts},
};
use crate::wire::{FieldViolation, WireError, envelope::SuccessBody};

const EITHER: &str = "either items or group_key must be given, and only one of them";
const GROUP_POOL: &str = "seat_type must be given with group_key, and only with it";
const GROUP_NAMESPACE: &str = "namespace goes with group_key, or stands in each line of items";
const END_NEEDED: &str = "expires_at must be given with group_key; null takes the end away";
const END_IN_LINES: &str = "expires_at goes with group_key, or stands in each line of items";
const REASON_NEEDED: &str = "a reason must be given, in the line or for the whole call";

/// A seat in a verdict.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct SeatNamed {
    /// Its name.
    #[schema(value_type = SeatText)]
    seat: String,
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    #[schema(value_type = SeatTypeText)]
    seat_type: SeatType,
    /// The app; null for a platform seat.
    #[schema(value_type = Option<NamespaceText>, required = true)]
    namespace: Option<Namespace>,
}

/// One seat to be changed.
struct SeatLine {
    seat: SeatName,
    change: Change,
}

impl Subject for SeatLine {
    type Shown = SeatNamed;

    fn change(&self) -> Change {
        self.change.clone()
    }

    fn name(&self) -> String {
        self.seat.to_string()
    }

    fn shown(self) -> SeatNamed {
        SeatNamed {
            seat: self.seat.to_string(),
            user_id: self.seat.user_id,
            seat_type: self.seat.pool.seat_type,
            namespace: self.seat.pool.namespace,
        }
    }
}

/// Makes the type of a line: a seat, and what else the call needs to know of it.
macro_rules! line {
    ($(#[$documentation:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$documentation])*
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(in super::super) struct $name {
            #[schema(value_type = UserNumber)]
            user_id: UserId,
            #[schema(value_type = SeatTypeText)]
            seat_type: SeatType,
            /// The app of an app seat.
            #[schema(value_type = Option<NamespaceText>)]
            namespace: Option<Namespace>,
            $($(#[$about])* $field: $kind),*
        }

        impl NamesSeat for $name {
            fn seat(&self, tenant_id: TenantId) -> SeatName {
                let pool = PoolName {
                    tenant_id,
                    seat_type: self.seat_type,
                    namespace: self.namespace.clone(),
                };
                SeatName { pool, user_id: self.user_id }
            }
        }
    };
}

trait NamesSeat {
    fn seat(&self, tenant_id: TenantId) -> SeatName;
}

line!(
    /// A seat to be given.
    AssignLine {
        /// When it ends by itself; that of the whole call where it is missing.
        #[schema(value_type = Option<MomentNumber>)]
        expires_at: Option<MomentMs>,
    }
);
line!(
    /// A seat.
    PlainLine {}
);
line!(
    /// A seat and whose it is to be.
    TransferLine {
        /// Who gets it.
        #[schema(value_type = UserNumber)]
        to_user_id: UserId,
    }
);
line!(
    /// A seat and its new end.
    ExtendLine {
        /// The new end; null takes the end away.
        #[serde(deserialize_with = "present_or_null")]
        #[schema(value_type = Option<MomentNumber>, required = true)]
        expires_at: Option<MomentMs>,
    }
);
line!(
    /// A seat and why it is to be kept.
    ProtectLine {
        /// Why; that of the whole call where it is missing.
        #[schema(value_type = Option<ReasonText>)]
        reason: Option<Reason>,
    }
);

/// Makes the type of a body: lines or a group, how they are to be carried out, and what else goes for all of them.
macro_rules! order {
    ($(#[$documentation:meta])* $name:ident of $line:ident
     { $($(#[$about:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$documentation])*
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(in super::super) struct $name {
            /// The seats, line by line; or name a group.
            #[schema(min_items = 1, max_items = 10_000)]
            items: Option<Vec<$line>>,
            /// Everybody who is in this group now, in place of items.
            #[schema(value_type = Option<GroupKeyText>)]
            group_key: Option<GroupKey>,
            /// Which kind of seat of everybody in the group.
            #[schema(value_type = Option<SeatTypeText>)]
            seat_type: Option<SeatType>,
            /// The app of the app seats of everybody in the group.
            #[schema(value_type = Option<NamespaceText>)]
            namespace: Option<Namespace>,
            #[serde(default)]
            #[schema(value_type = Option<MannerText>)]
            manner: LineManner,
            /// Shows what would happen and keeps nothing.
            #[serde(default)]
            dry_run: bool,
            #[schema(value_type = Option<ReasonText>)]
            reason: Option<Reason>,
            $($(#[$about])* $field: $kind),*
        }

        impl $name {
            fn terms(&self) -> Terms {
                Terms { manner: self.manner, dry_run: self.dry_run, reason: self.reason.clone() }
            }

            fn whom(&mut self) -> Whom<$line> {
                Whom {
                    items: self.items.take(),
                    group_key: self.group_key.take(),
                    seat_type: self.seat_type,
                    namespace: self.namespace.take(),
                }
            }
        }
    };
}

order!(
    /// Seats to be given.
    AssignOrder of AssignLine {
        /// When they end by themselves, where their line does not say otherwise.
        #[schema(value_type = Option<MomentNumber>)]
        expires_at: Option<MomentMs>,
        /// Puts whoever finds no free seat into the waiting list.
        #[serde(default)]
        wait: bool,
    }
);
order!(
    /// Seats to be taken back.
    ReleaseOrder of PlainLine {
        /// Takes protected seats too.
        #[serde(default)]
        even_protected: bool,
        /// Leaves a seat that admitted somebody at this moment or later: whoever reclaims idle seats says until when they
        /// were seen idle.
        #[schema(value_type = Option<MomentNumber>)]
        unless_admitted_since: Option<MomentMs>,
    }
);
order!(
    /// Seats to be given back to whoever had them.
    RestoreOrder of PlainLine {}
);
order!(
    /// Seats whose end is to be moved.
    ExtendOrder of ExtendLine {
        /// The new end for everybody in the group; null takes the end away.
        #[serde(default, deserialize_with = "super::super::values::absent_or_null")]
        #[schema(value_type = Option<MomentNumber>)]
        expires_at: Option<Option<MomentMs>>,
    }
);
order!(
    /// Seats to be kept from being taken as idle.
    ProtectOrder of ProtectLine {}
);
order!(
    /// Seats that need no longer be kept.
    UnprotectOrder of PlainLine {}
);

/// Seats to be handed on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TransferOrder {
    /// The seats, line by line.
    #[schema(min_items = 1, max_items = 10_000)]
    items: Vec<TransferLine>,
    #[serde(default)]
    #[schema(value_type = Option<MannerText>)]
    manner: LineManner,
    /// Shows what would happen and keeps nothing.
    #[serde(default)]
    dry_run: bool,
    #[schema(value_type = Option<ReasonText>)]
    reason: Option<Reason>,
}

/// Whose seats are meant.
struct Whom<Line> {
    items: Option<Vec<Line>>,
    group_key: Option<GroupKey>,
    seat_type: Option<SeatType>,
    namespace: Option<Namespace>,
}

/// What has to be kept of a call for a group: who was in it.
#[derive(Default, Serialize, Deserialize)]
struct KeptPeople {
    #[serde(default)]
    user_ids: Vec<UserId>,
}

fn refused(field: &str, allowed: &str) -> WireError {
    WireError::bad_request(vec![FieldViolation::new(field, allowed)])
}

/// The people and the pool of a call for a group.
struct OfGroup {
    group_key: GroupKey,
    seat_type: SeatType,
    namespace: Option<Namespace>,
}

impl<Line: NamesSeat> Whom<Line> {
    fn check(self) -> Result<Result<Vec<Line>, OfGroup>, WireError> {
        match (self.items, self.group_key, self.seat_type) {
            (Some(_), Some(_), _) | (None, None, _) => Err(refused("items", EITHER)),
            (Some(_), None, Some(_)) | (None, Some(_), None) => Err(refused("seat_type", GROUP_POOL)),
            (Some(items), None, None) => {
                if self.namespace.is_some() {
                    return Err(refused("namespace", GROUP_NAMESPACE));
                }
                lines::check_count("items", items.len()).map(|()| Ok(items))
            }
            (None, Some(group_key), Some(seat_type)) => Ok(Err(OfGroup {
                group_key,
                seat_type,
                namespace: self.namespace,
            })),
        }
    }
}

/// Carries a call out: `change` says what a seat needs, by its line if it has one.
async fn carry_out<Line: NamesSeat>(
    asked: &Asked,
    whom: Whom<Line>,
    terms: Terms,
    change: impl Fn(SeatName, Option<&Line>) -> Result<Change, &'static str>,
) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let whom = whom.check()?;
    let once = Once::read(asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    let kept = if terms.dry_run {
        None
    } else {
        once.kept(asked).await?
    };
    let lines = match whom {
        Ok(items) => of_items(tenant.tenant_id, &items, change)?,
        Err(group) => {
            let people = match &kept {
                Some(kept) => people_kept(kept)?,
                None => lines::everybody(asked, tenant.tenant_id, &group.group_key).await?,
            };
            of_group(tenant.tenant_id, &group, people, change)?
        }
    };
    match kept {
        Some(kept) => lines.answer(kept.results, None, true),
        None => lines.carry_out(asked, &once, terms).await,
    }
}

fn of_items<Line: NamesSeat>(
    tenant_id: TenantId,
    items: &[Line],
    change: impl Fn(SeatName, Option<&Line>) -> Result<Change, &'static str>,
) -> Result<Lines<SeatLine>, WireError> {
    let line = |(index, item): (usize, &Line)| {
        let seat = item.seat(tenant_id);
        let change = change(seat.clone(), Some(item));
        let change = change.map_err(|needed| refused(&format!("items[{index}]"), needed))?;
        Ok(SeatLine { seat, change })
    };
    Ok(Lines {
        lines: items
            .iter()
            .enumerate()
            .map(line)
            .collect::<Result<_, WireError>>()?,
        field: Some("items"),
        kept: "{}".to_owned(),
    })
}

fn of_group<Line: NamesSeat>(
    tenant_id: TenantId,
    group: &OfGroup,
    people: Vec<UserId>,
    change: impl Fn(SeatName, Option<&Line>) -> Result<Change, &'static str>,
) -> Result<Lines<SeatLine>, WireError> {
    let pool = PoolName {
        tenant_id,
        seat_type: group.seat_type,
        namespace: group.namespace.clone(),
    };
    let line = |user_id: &UserId| {
        let seat = SeatName {
            pool: pool.clone(),
            user_id: *user_id,
        };
        let change = change(seat.clone(), None).map_err(|needed| refused("group_key", needed))?;
        Ok(SeatLine { seat, change })
    };
    Ok(Lines {
        lines: people.iter().map(line).collect::<Result<_, WireError>>()?,
        field: None,
        kept: serde_json::to_string(&KeptPeople { user_ids: people }).map_err(WireError::internal)?,
    })
}

fn people_kept(kept: &KeptAnswer) -> Result<Vec<UserId>, WireError> {
    let people: KeptPeople = serde_json::from_str(&kept.answer).map_err(WireError::internal)?;
    Ok(people.user_ids)
}

fn ms(moment: Option<MomentMs>) -> Option<i64> {
    moment.map(|moment| moment.0)
}

/// Give seats. Whoever has one keeps it, with the new end.
#[utoipa::path(post, path = "/usher/v1/seats/assign", tag = "seats", operation_id = "assign_seats",
    params(TenantQuery, KeyHeader), request_body = AssignOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn assign(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let mut order: AssignOrder = asked.body()?;
    let (terms, whom) = (order.terms(), order.whom());
    let change = |seat, line: Option<&AssignLine>| {
        let own = line.and_then(|line| line.expires_at);
        Ok(LedgerChange::RequestSeat {
            seat,
            expires_at_ms: ms(own.or(order.expires_at)),
            wait: order.wait,
        }
        .into())
    };
    carry_out(&asked, whom, terms, change).await
}

/// Take seats back. Who waits gets them.
#[utoipa::path(post, path = "/usher/v1/seats/release", tag = "seats", operation_id = "release_seats",
    params(TenantQuery, KeyHeader), request_body = ReleaseOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn release(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let mut order: ReleaseOrder = asked.body()?;
    let (terms, whom) = (order.terms(), order.whom());
    let change = |seat, _: Option<&PlainLine>| {
        Ok(LedgerChange::Release {
            seat,
            even_protected: order.even_protected,
            unless_admitted_since_ms: ms(order.unless_admitted_since),
        }
        .into())
    };
    carry_out(&asked, whom, terms, change).await
}

/// Give seats that were taken back to whoever had them, as they were: with their beginning, their end and their protection, for
/// thirty days and while their pool has one free.
#[utoipa::path(post, path = "/usher/v1/seats/restore", tag = "seats", operation_id = "restore_seats",
    params(TenantQuery, KeyHeader), request_body = RestoreOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn restore(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let mut order: RestoreOrder = asked.body()?;
    let (terms, whom) = (order.terms(), order.whom());
    let change = |seat, _: Option<&PlainLine>| Ok(LedgerChange::Restore { seat }.into());
    carry_out(&asked, whom, terms, change).await
}

/// Hand seats on to others in one step: at no moment two have one, or none.
#[utoipa::path(post, path = "/usher/v1/seats/transfer", tag = "seats", operation_id = "transfer_seats",
    params(TenantQuery, KeyHeader), request_body = TransferOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn transfer(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let order: TransferOrder = asked.body()?;
    let terms = Terms {
        manner: order.manner,
        dry_run: order.dry_run,
        reason: order.reason,
    };
    let whom = Whom {
        items: Some(order.items),
        group_key: None,
        seat_type: None,
        namespace: None,
    };
    let change = |from, line: Option<&TransferLine>| {
        let to = line.map(|line| line.to_user_id).ok_or(EITHER)?;
        Ok(LedgerChange::Transfer { from, to }.into())
    };
    carry_out(&asked, whom, terms, change).await
}

/// Move the end of seats in use.
#[utoipa::path(post, path = "/usher/v1/seats/extend", tag = "seats", operation_id = "extend_seats",
    params(TenantQuery, KeyHeader), request_body = ExtendOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn extend(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let mut order: ExtendOrder = asked.body()?;
    match (order.items.is_some(), order.expires_at.is_some()) {
        (true, true) => return Err(refused("expires_at", END_IN_LINES)),
        (false, false) if order.group_key.is_some() => return Err(refused("expires_at", END_NEEDED)),
        _ => {}
    }
    let (terms, whom) = (order.terms(), order.whom());
    let change = |seat, line: Option<&ExtendLine>| {
        let own = line.map(|line| line.expires_at);
        Ok(LedgerChange::Extend {
            seat,
            expires_at_ms: ms(own.or(order.expires_at).flatten()),
        }
        .into())
    };
    carry_out(&asked, whom, terms, change).await
}

/// Keep seats in use from being taken as idle.
#[utoipa::path(post, path = "/usher/v1/seats/protect", tag = "seats", operation_id = "protect_seats",
    params(TenantQuery, KeyHeader), request_body = ProtectOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn protect(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let mut order: ProtectOrder = asked.body()?;
    let (terms, whom) = (order.terms(), order.whom());
    let change = |seat, line: Option<&ProtectLine>| {
        let own = line.and_then(|line| line.reason.clone());
        let reason = own.or_else(|| order.reason.clone()).ok_or(REASON_NEEDED)?;
        Ok(LedgerChange::Protect {
            seat,
            reason: Some(reason.0),
        }
        .into())
    };
    carry_out(&asked, whom, terms, change).await
}

/// Let seats be taken as idle again.
#[utoipa::path(post, path = "/usher/v1/seats/unprotect", tag = "seats", operation_id = "unprotect_seats",
    params(TenantQuery, KeyHeader), request_body = UnprotectOrder,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<SeatNamed>>), Refusals))]
pub(in super::super) async fn unprotect(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let mut order: UnprotectOrder = asked.body()?;
    let (terms, whom) = (order.terms(), order.whom());
    let change = |seat, _: Option<&PlainLine>| Ok(LedgerChange::Protect { seat, reason: None }.into());
    carry_out(&asked, whom, terms, change).await
}
