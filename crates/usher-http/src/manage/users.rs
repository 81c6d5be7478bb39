//! `/usher/v1/users`: people, what they sign in with, and whether they are system administrators.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use usher_identity::{Secret, make_secret};
use usher_seats::{
    SearchText, TenantId, UserId, check_external_id, identifiers::USER_ID_MAX,
    search::TEXT_ALLOWED as SEARCH_ALLOWED,
};
use usher_store::{
    Change, Effect, IdentityChange, Tenant, TokenHash, User, UserPage, UserSearch,
    identity::{Link, LinkPurpose},
};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    lists::{Listed, Place},
    once::{Creation, Once},
    refusals,
    schemas::{
        ExternalIdQuery, ExternalIdText, KeyHeader, Moment, NameText, PageQuery, Refusals, SearchQuery,
        TenantQuery, UserNumber, UserPath,
    },
    values::{DisplayName, ExternalId, absent_or_null, yes},
};
use crate::{
    edge::draw,
    open_apis::parameters,
    sign_in::LINK_LIFE_MS,
    wire::{WireCode, WireError, envelope::SuccessBody, success},
};

/// A person.
#[derive(Serialize, ToSchema)]
pub(super) struct UserData {
    #[schema(value_type = UserNumber)]
    user_id: UserId,
    /// For people.
    name: String,
    /// The name by which the person signs in; null when there is none.
    #[schema(required = true)]
    external_id: Option<String>,
    /// False locks the person out.
    enabled: bool,
    /// May read the seat lists and manage the tenant.
    system_administrator: bool,
}

impl From<User> for UserData {
    fn from(user: User) -> Self {
        Self {
            user_id: user.user_id,
            name: user.name,
            external_id: user.external_id,
            enabled: user.enabled,
            system_administrator: user.system_administrator,
        }
    }
}

/// A new person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// A free number is drawn where it is missing.
    #[schema(value_type = Option<UserNumber>)]
    user_id: Option<UserId>,
    #[schema(value_type = NameText)]
    name: DisplayName,
    #[schema(value_type = Option<ExternalIdText>)]
    external_id: Option<ExternalId>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    system_administrator: bool,
}

/// A person who was made.
#[derive(Serialize, ToSchema)]
pub(super) struct UserCreated {
    #[serde(flatten)]
    user: UserData,
    /// True when this answer was given before.
    replayed: bool,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatch {
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "absent_or_null")]
    #[schema(value_type = Option<ExternalIdText>)]
    external_id: Option<Option<ExternalId>>,
    enabled: Option<bool>,
    system_administrator: Option<bool>,
}

impl UserPatch {
    fn onto(self, user: User) -> User {
        User {
            name: self.name.map_or(user.name, |name| name.0),
            external_id: match self.external_id {
                None => user.external_id,
                Some(external_id) => external_id.map(|external_id| external_id.0),
            },
            enabled: self.enabled.unwrap_or(user.enabled),
            system_administrator: self.system_administrator.unwrap_or(user.system_administrator),
            ..user
        }
    }
}

/// A link by which a person chooses a password.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkCreated {
    /// The path of the link on this server; absent in a repeated answer.
    #[schema(value_type = String, required = false)]
    link: Option<String>,
    /// The first moment at which it no longer works.
    #[schema(value_type = Moment)]
    expires_at_ms: i64,
    /// True when this answer was given before.
    replayed: bool,
}

/// Nothing more to say.
#[derive(Serialize, ToSchema)]
pub(super) struct Nothing {}

/// List people, in order of their number; those whom somebody may mean who typed a text; or the one with a sign-in name.
/// A page of a search may hold fewer people than asked for, or none, although `has_more` is true.
#[utoipa::path(get, path = "/usher/v1/users", tag = "users", operation_id = "list_users",
    params(TenantQuery, ExternalIdQuery, SearchQuery, PageQuery),
    responses((status = 200, description = "A page of people.", body = SuccessBody<Listed<UserData>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let (external_id, search) = (external_id(&asked)?, search(&asked)?);
    if let Some((typed, text)) = search {
        if external_id.is_some() {
            let violation = parameters::violation("search", "search or external_id, not both", Some(&typed));
            return Err(WireError::bad_request(vec![violation]));
        }
        return found_as_typed(&asked, &tenant, (&typed, text)).await;
    }
    let place = Place::<UserId>::read(&asked, "users", tenant.tenant_key.as_str())?;
    let store = &asked.edge.store;
    let users = match external_id {
        Some(external_id) => found(&asked, tenant.tenant_id, &external_id).await?,
        None => {
            store
                .users(tenant.tenant_id, place.after, place.rows_asked())
                .await?
        }
    };
    let page = place.page(users);
    place.answer(&asked, page, |user| user.user_id.to_string(), UserData::from)
}

/// The text to search for, as typed and as understood.
fn search(asked: &Asked) -> Result<Option<(String, SearchText)>, WireError> {
    let refused = |violation| WireError::bad_request(vec![violation]);
    let Some(typed) = parameters::once(asked.query(), "search").map_err(refused)? else {
        return Ok(None);
    };
    let text = SearchText::parse(&typed)
        .ok_or_else(|| refused(parameters::violation("search", SEARCH_ALLOWED, Some(&typed))))?;
    Ok(Some((typed.into_owned(), text)))
}

async fn found_as_typed(
    asked: &Asked,
    tenant: &Tenant,
    (typed, text): (&str, SearchText),
) -> Result<Response, WireError> {
    let list = format!("users matching {typed}");
    let place = Place::<UserId>::read(asked, &list, tenant.tenant_key.as_str())?;
    let search = UserSearch {
        tenant_id: tenant.tenant_id,
        text,
        after: place.after,
        rows_max: place.rows_max,
    };
    let UserPage { users, next } = asked.edge.store.users_matching(search).await?;
    let next = next.map(|user_id| user_id.to_string());
    place.answer_until(asked, users, next.as_deref(), UserData::from)
}

fn external_id(asked: &Asked) -> Result<Option<String>, WireError> {
    let refused = |violation| WireError::bad_request(vec![violation]);
    let Some(text) = parameters::once(asked.query(), "external_id").map_err(refused)? else {
        return Ok(None);
    };
    check_external_id(&text)
        .map_err(|error| refused(refusals::violation("external_id", &error).with_value(&text)))?;
    Ok(Some(text.into_owned()))
}

/// The one person with a sign-in name; the store also finds people by their number, which is not asked for here.
async fn found(asked: &Asked, tenant_id: TenantId, external_id: &str) -> Result<Vec<User>, WireError> {
    let credential = asked.edge.store.credential(tenant_id, external_id).await?;
    let user = credential.map(|credential| credential.user);
    let user = user.filter(|user| user.external_id.as_deref() == Some(external_id));
    Ok(user.into_iter().collect())
}

/// Make a person.
#[utoipa::path(post, path = "/usher/v1/users", tag = "users", operation_id = "create_user",
    params(TenantQuery, KeyHeader), request_body = NewUser,
    responses((status = 200, description = "The person.", body = SuccessBody<UserCreated>), Refusals))]
pub(super) async fn create(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let new: NewUser = asked.body()?;
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let user = User {
        tenant_id: tenant.tenant_id,
        user_id: match new.user_id {
            Some(user_id) => user_id,
            None => draw_user_id(&asked)?,
        },
        name: new.name.0,
        external_id: new.external_id.map(|external_id| external_id.0),
        enabled: new.enabled,
        system_administrator: new.system_administrator,
    };
    let creation = Creation {
        changes: vec![Change::CreateUser(user.clone())],
        data: UserData::from(user),
        secrets: Vec::new(),
    };
    once.commit(&asked, creation).await
}

/// A number out of nine quadrillion: that it is taken is as good as impossible, and would be said.
fn draw_user_id(asked: &Asked) -> Result<UserId, WireError> {
    let number = u64::from_be_bytes(draw(asked.edge.chance.as_ref())) % USER_ID_MAX.unsigned_abs();
    let number = i64::try_from(number).map_err(WireError::internal)?;
    UserId::new(number + 1).map_err(WireError::internal)
}

/// Show a person.
#[utoipa::path(get, path = "/usher/v1/users/{user_id}", tag = "users", operation_id = "get_user",
    params(UserPath, TenantQuery),
    responses((status = 200, description = "The person.", body = SuccessBody<UserData>), Refusals))]
pub(super) async fn show(asked: Asked) -> Result<Response, WireError> {
    success(UserData::from(named(&asked).await?))
}

/// Change a person: name, sign-in name, on or off, system administrator or not.
#[utoipa::path(patch, path = "/usher/v1/users/{user_id}", tag = "users", operation_id = "update_user",
    params(UserPath, TenantQuery), request_body = UserPatch,
    responses((status = 200, description = "The person.", body = SuccessBody<UserData>), Refusals))]
pub(super) async fn update(asked: Asked) -> Result<Response, WireError> {
    let _turn = asked.edge.management.lock().await;
    let user = named(&asked).await?;
    let patch: UserPatch = asked.body()?;
    let user = patch.onto(user);
    asked.change(vec![Change::PutUser(user.clone())]).await?;
    success(UserData::from(user))
}

/// Delete a person with their seats, sessions, tokens and grants. Their activity stays: it is history.
#[utoipa::path(delete, path = "/usher/v1/users/{user_id}", tag = "users", operation_id = "delete_user",
    params(UserPath, TenantQuery),
    responses((status = 200, description = "The person is gone.", body = SuccessBody<Nothing>), Refusals))]
pub(super) async fn delete(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = place(&asked).await?;
    let effects = asked
        .change(vec![Change::DeleteUser { tenant_id, user_id }])
        .await?;
    if effects.contains(&Effect::Unchanged) {
        return Err(WireCode::UserUnknown.into());
    }
    success(Nothing {})
}

/// Make a link by which a person chooses a password. It works once, for half an hour; older ones end.
#[utoipa::path(post, path = "/usher/v1/users/{user_id}/sign-in-link", tag = "users",
    operation_id = "create_sign_in_link", params(UserPath, TenantQuery, KeyHeader),
    responses((status = 200, description = "The link.", body = SuccessBody<LinkCreated>), Refusals))]
pub(super) async fn make_sign_in_link(asked: Asked) -> Result<Response, WireError> {
    let user = named(&asked).await?;
    let once = Once::read(&asked, (Some(user.tenant_id), &user.tenant_id.0.to_string()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let secret = make_secret(&draw(asked.edge.chance.as_ref()));
    let expires_at_ms = asked.now_ms.saturating_add(LINK_LIFE_MS);
    let link = Link {
        link_hash: TokenHash(usher_identity::token::hash_token(&secret)),
        purpose: LinkPurpose::ChoosePassword,
        tenant_id: user.tenant_id,
        user_id: user.user_id,
        expires_at_ms,
    };
    let path = format!("{}{}", super::SIGN_IN_LINK_PATH, secret.expose());
    let creation = Creation {
        changes: vec![IdentityChange::MakeLink(link).into()],
        data: json!({ "expires_at_ms": expires_at_ms }),
        secrets: vec![("link", Secret::new(path))],
    };
    once.commit(&asked, creation).await
}

/// Take a person's second factor away, for somebody who lost their telephone.
#[utoipa::path(delete, path = "/usher/v1/users/{user_id}/second-factor", tag = "users",
    operation_id = "delete_second_factor", params(UserPath, TenantQuery),
    responses((status = 200, description = "There is no second factor.", body = SuccessBody<Nothing>), Refusals))]
pub(super) async fn remove_second_factor(asked: Asked) -> Result<Response, WireError> {
    let (tenant_id, user_id) = place(&asked).await?;
    let change = IdentityChange::SetTotp {
        tenant_id,
        user_id,
        totp_sealed: None,
    };
    asked.change(vec![change.into()]).await?;
    success(Nothing {})
}

async fn place(asked: &Asked) -> Result<(TenantId, UserId), WireError> {
    let tenant = asked.tenant().await?;
    Ok((tenant.tenant_id, asked.path("user_id")?))
}

async fn named(asked: &Asked) -> Result<User, WireError> {
    let (tenant_id, user_id) = place(asked).await?;
    let user = asked.edge.store.user(tenant_id, user_id).await?;
    user.ok_or(WireCode::UserUnknown.into())
}
