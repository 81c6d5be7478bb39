//! `/usher/v1/apps`: what people open, and where gateways serve it.
//!
//! Routes (a host and the beginning of a path) are unique over all tenants, because a gateway's request carries nothing
//! else to tell them apart. Whoever may set one could take a host that another tenant needs, or find out by trying which
//! hosts others have. So only an operator, who runs the gateways, sets them; an administrator sees their own.

use std::collections::BTreeMap;

use axum::response::Response;
use serde::{Deserialize, Serialize};
use usher_seats::{LanguageTag, LocalizedNames, Namespace, TenantId};
use usher_store::{App, AppRoute, Change};
use utoipa::ToSchema;

use super::{
    asked::Asked,
    caller::Caller,
    lists::{Listed, Place},
    once::{Creation, Once},
    refusals,
    schemas::{
        AppPath, HostText, KeyHeader, NameText, NamesByLanguage, NamesByLanguagePatch, NamespaceText,
        PageQuery, PathPrefixText, Refusals, TenantQuery,
    },
    values::{DisplayName, yes},
};
use crate::{
    access::{RouteTextError, canonical_route},
    wire::{FieldViolation, WireCode, WireError, envelope::SuccessBody, success},
};

/// Most routes of an app: some dozens of hosts with some paths each.
const ROUTES_MAX: usize = 100;

/// Where a gateway serves an app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteData {
    #[schema(value_type = HostText)]
    host: String,
    #[serde(default = "root")]
    #[schema(value_type = PathPrefixText)]
    path_prefix: String,
}

fn root() -> String {
    "/".to_owned()
}

/// An app.
#[derive(Serialize, ToSchema)]
pub(super) struct AppData {
    #[schema(value_type = NamespaceText)]
    namespace: Namespace,
    /// For people whose language has no name among `names`.
    name: String,
    /// For people, by the tag of their language.
    #[schema(value_type = NamesByLanguage)]
    names: LocalizedNames,
    /// False locks everybody out of it.
    enabled: bool,
    /// Where gateways serve it.
    routes: Vec<RouteData>,
}

/// A new app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    #[schema(value_type = NamespaceText)]
    namespace: Namespace,
    /// The namespace where it is missing.
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    /// For people, by the tag of their language.
    #[serde(default)]
    #[schema(value_type = NamesByLanguage)]
    names: LocalizedNames,
    #[serde(default = "yes")]
    enabled: bool,
    /// Only an operator may say where gateways serve an app.
    #[serde(default)]
    #[schema(max_items = 100)]
    routes: Vec<RouteData>,
}

/// An app that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct AppCreated {
    #[serde(flatten)]
    app: AppData,
    /// True when this answer was given before.
    replayed: bool,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppPatch {
    #[schema(value_type = Option<NameText>)]
    name: Option<DisplayName>,
    /// Names by language to set, or with null to take away; languages that are not named stay.
    #[serde(default)]
    #[schema(value_type = NamesByLanguagePatch)]
    names: BTreeMap<LanguageTag, Option<DisplayName>>,
    enabled: Option<bool>,
    /// All routes; those that are not in the list are taken away. Only for an operator.
    #[schema(max_items = 100)]
    routes: Option<Vec<RouteData>>,
}

/// List apps, in order of their namespace.
#[utoipa::path(get, path = "/usher/v1/apps", tag = "apps", operation_id = "list_managed_apps",
    params(TenantQuery, PageQuery),
    responses((status = 200, description = "A page of apps.", body = SuccessBody<Listed<AppData>>), Refusals))]
pub(super) async fn list(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let tenant_id = tenant.tenant_id;
    let place = Place::<Namespace>::read(&asked, "apps", tenant.tenant_key.as_str())?;
    let store = &asked.edge.store;
    let apps = store
        .apps(tenant_id, place.after.clone(), place.rows_asked())
        .await?;
    let page = place.page(apps);
    let routes = match (page.rows.first(), page.rows.last()) {
        (Some(first), Some(last)) => {
            store
                .app_routes_between(tenant_id, &first.namespace, &last.namespace)
                .await?
        }
        _ => Vec::new(),
    };
    let item = |app: App| {
        let own = routes.iter().filter(|route| route.namespace == app.namespace);
        data(&app, own)
    };
    place.answer(&asked, page, |app| app.namespace.to_string(), item)
}

/// Make an app.
#[utoipa::path(post, path = "/usher/v1/apps", tag = "apps", operation_id = "create_app",
    params(TenantQuery, KeyHeader), request_body = NewApp,
    responses((status = 200, description = "The app.", body = SuccessBody<AppCreated>), Refusals))]
pub(super) async fn create(asked: Asked) -> Result<Response, WireError> {
    let tenant = asked.tenant().await?;
    let new: NewApp = asked.body()?;
    let app = App {
        tenant_id: tenant.tenant_id,
        name: new.name.map_or_else(|| new.namespace.to_string(), |name| name.0),
        names: new.names,
        namespace: new.namespace,
        enabled: new.enabled,
    };
    let routes = read_routes(&asked, &app, new.routes)?;
    let once = Once::read(&asked, (Some(tenant.tenant_id), tenant.tenant_key.as_str()))?;
    if let Some(answer) = once.replay(&asked).await? {
        return Ok(answer);
    }
    let mut changes = vec![Change::CreateApp(app.clone())];
    changes.extend(routes.iter().cloned().map(Change::PutAppRoute));
    let creation = Creation {
        changes,
        data: data(&app, routes.iter()),
        secrets: Vec::new(),
    };
    once.commit(&asked, creation).await
}

/// Show an app.
#[utoipa::path(get, path = "/usher/v1/apps/{namespace}", tag = "apps", operation_id = "get_app",
    params(AppPath, TenantQuery),
    responses((status = 200, description = "The app.", body = SuccessBody<AppData>), Refusals))]
pub(super) async fn show(asked: Asked) -> Result<Response, WireError> {
    let (app, routes) = named(&asked).await?;
    success(data(&app, routes.iter()))
}

/// Change an app: names, on or off, and where gateways serve it.
#[utoipa::path(patch, path = "/usher/v1/apps/{namespace}", tag = "apps", operation_id = "update_app",
    params(AppPath, TenantQuery), request_body = AppPatch,
    responses((status = 200, description = "The app.", body = SuccessBody<AppData>), Refusals))]
pub(super) async fn update(asked: Asked) -> Result<Response, WireError> {
    let _turn = asked.edge.management.lock().await;
    let (app, old) = named(&asked).await?;
    let patch: AppPatch = asked.body()?;
    let names = patch.names.into_iter();
    let names = names.map(|(language, name)| (language, name.map(|name| name.0)));
    let names = app
        .names
        .clone()
        .patched(names)
        .map_err(|error| WireError::bad_request(vec![refusals::violation("names", &error)]))?;
    let app = App {
        names,
        name: patch.name.map_or(app.name, |name| name.0),
        enabled: patch.enabled.unwrap_or(app.enabled),
        ..app
    };
    let mut changes = vec![Change::PutApp(app.clone())];
    let mut routes = old;
    if let Some(wanted) = patch.routes {
        only_operator_routes(&asked)?;
        let wanted = read_routes(&asked, &app, wanted)?;
        changes.extend(replace(&routes, &wanted));
        routes = wanted;
    }
    asked.change(changes).await?;
    success(data(&app, routes.iter()))
}

/// What makes the old routes the wanted ones. Taking away comes first, so that a route may move within the list.
fn replace(old: &[AppRoute], wanted: &[AppRoute]) -> Vec<Change> {
    let gone = old.iter().filter(|route| !wanted.contains(route));
    let gone = gone.map(|route| Change::RemoveAppRoute {
        host: route.host.clone(),
        path_prefix: route.path_prefix.clone(),
    });
    let new = wanted.iter().filter(|route| !old.contains(route));
    gone.chain(new.cloned().map(Change::PutAppRoute)).collect()
}

fn only_operator_routes(asked: &Asked) -> Result<(), WireError> {
    match asked.caller {
        Caller::Operator(_) => Ok(()),
        Caller::Administrator { .. } => Err(WireError::from(WireCode::NotAllowed)
            .with_message("Only an operator says where gateways serve an app.")),
    }
}

/// Routes in the one form in which the door compares them.
fn read_routes(asked: &Asked, app: &App, routes: Vec<RouteData>) -> Result<Vec<AppRoute>, WireError> {
    if routes.is_empty() {
        return Ok(Vec::new());
    }
    only_operator_routes(asked)?;
    if routes.len() > ROUTES_MAX {
        let allowed = format!("routes must be at most {ROUTES_MAX}");
        return Err(WireError::bad_request(vec![FieldViolation::new(
            "routes", allowed,
        )]));
    }
    let mut read = Vec::with_capacity(routes.len());
    let mut violations = Vec::new();
    for (index, route) in routes.into_iter().enumerate() {
        match canonical_route(&route.host, &route.path_prefix) {
            Ok((host, path_prefix)) => read.push(AppRoute {
                host,
                path_prefix,
                tenant_id: app.tenant_id,
                namespace: app.namespace.clone(),
            }),
            Err(error) => {
                let field = match error {
                    RouteTextError::Host(_) => "host",
                    _ => "path_prefix",
                };
                violations.push(FieldViolation::new(
                    format!("routes[{index}].{field}"),
                    error.to_string(),
                ));
            }
        }
    }
    if !violations.is_empty() {
        return Err(WireError::bad_request(violations));
    }
    read.sort_unstable();
    read.dedup();
    Ok(read)
}

async fn named(asked: &Asked) -> Result<(App, Vec<AppRoute>), WireError> {
    let tenant_id: TenantId = asked.tenant().await?.tenant_id;
    let namespace: Namespace = asked.path("namespace")?;
    let store = &asked.edge.store;
    let app = store.app(tenant_id, &namespace).await?;
    let app = app.ok_or(WireCode::AppUnknown)?;
    let routes = store
        .app_routes_between(tenant_id, &namespace, &namespace)
        .await?;
    Ok((app, routes))
}

fn data<'a>(app: &App, routes: impl Iterator<Item = &'a AppRoute>) -> AppData {
    let routes = routes.map(|route| RouteData {
        host: route.host.clone(),
        path_prefix: route.path_prefix.clone(),
    });
    AppData {
        namespace: app.namespace.clone(),
        name: app.name.clone(),
        names: app.names.clone(),
        enabled: app.enabled,
        routes: routes.collect(),
    }
}
