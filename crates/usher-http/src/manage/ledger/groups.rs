//! `/usher/v1/groups`: people whom an organisation treats alike.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::GroupKey;
use usher_store::{Group, LedgerChange, PoolName, Tenant};
use utoipa::ToSchema;

use super::{
    super::{
        asked::Asked,
        lists::{Listed, Place},
        once::{Creation, Once},
        schemas::{
            ChangeQuery, GroupKeyText, GroupPath, KeyHeader, NameText, PageQuery, PoolText, Refusals,
            TenantQuery,
        },
        values::DisplayName,
    },
    shown::{Changed, Gone, Wish},
};
use crate::wire::{WireCode, WireError, envelope::SuccessBody, success};

/// A group.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct GroupData {
    #[schema(value_type = GroupKeyText)]
    group_key: GroupKey,
    /// For people.
    name: String,
    /// How many people are in it.
    members: u64,
    /// The pools of which it gives its people seats.
    #[schema(value_type = Vec<PoolText>)]
    standing_assignments: Vec<String>,
}

impl From<Group> for GroupData {
    fn from(group: Group) -> Self {
        Self {
            group_key: group.group_key,
            name: group.name,
            members: group.members,
            standing_assignments: group
                .standing_assignments
                .iter()
                .map(PoolName::to_string)
                .collect(),
        }
    }
}

/// A new group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewGroup {
    #[schema(value_type = GroupKeyText)]
    group_key: GroupKey,
    /// For people; the key where it is missing.
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
}

/// A group that was made.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct GroupCreated {
    #[serde(flatten)]
    changed: Changed<GroupData>,
    /// True when this answer was given before.
    replayed: bool,
}

/// What is to be different.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct GroupPatch {
    /// For people.
    #[schema(value_type = NameText)]
    name: DisplayName,
}

/// List groups, in order of their key.
#[utoipa::path(get, path = "/usher/v1/groups", tag = "groups", operation_id = "list_groups",
    params(TenantQuery, PageQuery),
    responses((status = 200, description = "A page of groups.", body = SuccessBody<Listed<GroupData>>), Refusals))]
pub(in super::super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let place = Place::<GroupKey>::read(&asked, "groups", tenant.tenant_key.as_str())?;
    let store = &asked.edge.store;
    let groups = store
        .groups(tenant.tenant_id, place.after.clone(), place.rows_asked())
        .await?;
    let page = place.page(groups);
    place.answer(&asked, page, |group| group.group_key.to_string(), GroupData::from)
}

/// Make a group.
#[utoipa::path(post, path = "/usher/v1/groups", tag = "groups", operation_id = "create_group",
    params(TenantQuery, ChangeQuery, KeyHeader), request_body = NewGroup,
    responses((status = 200, description = "The group.", body = SuccessBody<GroupCreated>), Refusals))]
pub(in super::super) async fn create(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let wish = Wish::read(&asked)?;
    let NewGroup { group_key, name } = asked.body()?;
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    let group = Group {
        tenant_id: tenant.tenant_id,
        name: name.map_or_else(|| group_key.to_string(), |name| name.0),
        group_key,
        members: 0,
        standing_assignments: Vec::new(),
    };
    let change = LedgerChange::CreateGroup {
        tenant_id: group.tenant_id,
        group_key: group.group_key.clone(),
        name: group.name.clone(),
    };
    if wish.dry_run {
        let done = wish.make(&asked, change).await?;
        return success(GroupCreated {
            changed: done.shown()?,
            replayed: false,
        });
    }
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let creation = Creation {
        changes: vec![change.into()],
        data: Changed::created(GroupData::from(group)),
        secrets: Vec::new(),
    };
    once.commit_because(&asked, creation, wish.reason()).await
}

/// Show a group.
#[utoipa::path(get, path = "/usher/v1/groups/{group_key}", tag = "groups", operation_id = "get_group",
    params(GroupPath, TenantQuery),
    responses((status = 200, description = "The group.", body = SuccessBody<GroupData>), Refusals))]
pub(in super::super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let (_, group) = named(&asked).await?;
    success(GroupData::from(group))
}

/// Rename a group.
#[utoipa::path(patch, path = "/usher/v1/groups/{group_key}", tag = "groups", operation_id = "update_group",
    params(GroupPath, TenantQuery, ChangeQuery), request_body = GroupPatch,
    responses((status = 200, description = "The group.", body = SuccessBody<Changed<GroupData>>), Refusals))]
pub(in super::super) async fn update(asked: Asked) -> Result<Response, WireError> {
    let _turn = asked.edge.management.lock().await;
    let (tenant, group) = named(&asked).await?;
    let wish = Wish::read(&asked)?;
    let GroupPatch { name } = asked.body()?;
    let change = LedgerChange::PutGroup {
        tenant_id: tenant.tenant_id,
        group_key: group.group_key,
        name: name.0,
    };
    let done = wish.make(&asked, change).await?;
    done.answer(async { named(&asked).await.map(|(_, group)| GroupData::from(group)) })
        .await
}

/// Delete a group; its people lose the seats that only it gave them.
#[utoipa::path(delete, path = "/usher/v1/groups/{group_key}", tag = "groups", operation_id = "delete_group",
    params(GroupPath, TenantQuery, ChangeQuery),
    responses((status = 200, description = "The group is gone.", body = SuccessBody<Changed<Gone>>), Refusals))]
pub(in super::super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    let _turn = asked.edge.management.lock().await;
    let tenant_id = asked.tenant().await?.tenant_id;
    let group_key = asked.path("group_key")?;
    let wish = Wish::read(&asked)?;
    let change = LedgerChange::DeleteGroup { tenant_id, group_key };
    wish.make(&asked, change)
        .await?
        .answer_gone(WireCode::GroupUnknown)
}

/// The group that the path means, which must be there.
pub(super) async fn named(asked: &Asked) -> Result<(Tenant, Group), WireError> {
    let tenant = asked.tenant().await?;
    let group_key: GroupKey = asked.path("group_key")?;
    let group = asked.edge.store.group(tenant.tenant_id, &group_key).await?;
    group
        .map(|group| (tenant, group))
        .ok_or(WireCode::GroupUnknown.into())
}
