//! `/usher/v1/groups/{group_key}/members`: who is in a group. Joining gives the seats that the group gives; leaving takes
//! those that only this group gave.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{GroupKey, TenantId, UserId};
use usher_store::{Change, LedgerChange};
use utoipa::ToSchema;

use super::{
    super::{
        asked::{Asked, AskedInBulk},
        lists::{Listed, Place},
        once::Once,
        schemas::{
            ChangeQuery, GroupPath, KeyHeader, MannerText, PageQuery, ReasonText, Refusals, TenantQuery,
            UserNumber, UserPath,
        },
        values::Reason,
    },
    groups::named,
    lines::{self, LineManner, Lines, Subject, Terms, Verdicts},
    shown::{Changed, Gone, Wish},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody};

/// A person in a group.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct MemberData {
    #[schema(value_type = UserNumber)]
    user_id: UserId,
}

/// People who are to join a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewMembers {
    #[schema(value_type = Vec<UserNumber>, min_items = 1, max_items = 10_000)]
    user_ids: Vec<UserId>,
    #[serde(default)]
    #[schema(value_type = Option<MannerText>)]
    manner: LineManner,
    /// Shows what would happen and keeps nothing.
    #[serde(default)]
    dry_run: bool,
    #[schema(value_type = Option<ReasonText>)]
    reason: Option<Reason>,
}

/// One person to join.
struct Joining {
    tenant_id: TenantId,
    group_key: GroupKey,
    user_id: UserId,
}

impl Subject for Joining {
    type Shown = MemberData;

    fn change(&self) -> Change {
        LedgerChange::JoinGroup {
            tenant_id: self.tenant_id,
            group_key: self.group_key.clone(),
            user_id: self.user_id,
        }
        .into()
    }

    fn name(&self) -> String {
        self.user_id.to_string()
    }

    fn shown(self) -> MemberData {
        MemberData {
            user_id: self.user_id,
        }
    }
}

/// List who is in a group, in order of their number.
#[utoipa::path(get, path = "/usher/v1/groups/{group_key}/members", tag = "groups", operation_id = "list_members",
    params(GroupPath, TenantQuery, PageQuery),
    responses((status = 200, description = "A page of people.", body = SuccessBody<Listed<MemberData>>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let (tenant, group) = named(&asked).await?;
    let list = format!("members {}", group.group_key);
    let place = Place::<UserId>::read(&asked, &list, tenant.tenant_key.as_str())?;
    let store = &asked.edge.store;
    let people = store
        .group_members(
            tenant.tenant_id,
            &group.group_key,
            place.after,
            place.rows_asked(),
        )
        .await?;
    let page = place.page(people);
    place.answer(&asked, page, UserId::to_string, |user_id| MemberData { user_id })
}

/// Take people into a group. Its standing assignments give them seats, or places in the waiting lists.
#[utoipa::path(post, path = "/usher/v1/groups/{group_key}/members", tag = "groups", operation_id = "add_members",
    params(GroupPath, TenantQuery, KeyHeader), request_body = NewMembers,
    responses((status = 200, description = "What became of each.", body = SuccessBody<Verdicts<MemberData>>), Refusals))]
pub(in super::super) async fn add(AskedInBulk(asked): AskedInBulk) -> Result<Response, WireError> {
    let (tenant, group) = named(&asked).await?;
    let new: NewMembers = asked.body()?;
    lines::check_count("user_ids", new.user_ids.len())?;
    let joining = |user_id| Joining {
        tenant_id: tenant.tenant_id,
        group_key: group.group_key.clone(),
        user_id,
    };
    let lines = Lines {
        lines: new.user_ids.into_iter().map(joining).collect(),
        field: Some("user_ids"),
        kept: "{}".to_owned(),
    };
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    let terms = Terms {
        manner: new.manner,
        dry_run: new.dry_run,
        reason: new.reason,
    };
    if !terms.dry_run
        && let Some(kept) = once.kept(&asked).await?
    {
        return lines.answer(kept.results, None, true);
    }
    lines.carry_out(&asked, &once, terms).await
}

/// Take a person out of a group, with the seats that only this group gave them.
#[utoipa::path(delete, path = "/usher/v1/groups/{group_key}/members/{user_id}", tag = "groups",
    operation_id = "remove_member", params(GroupPath, UserPath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "They are not in the group.", body = SuccessBody<Changed<Gone>>), Refusals))]
pub(in super::super) async fn remove(asked: Asked) -> Result<Response, WireError> {
    let (tenant, group) = named(&asked).await?;
    let user_id = asked.path("user_id")?;
    let wish = Wish::read(&asked)?;
    let change = LedgerChange::LeaveGroup {
        tenant_id: tenant.tenant_id,
        group_key: group.group_key,
        user_id,
    };
    let done = wish.make(&asked, change).await?;
    done.answer_gone(WireError::from(WireCode::UserUnknown).with_message("The user is not in this group."))
}
