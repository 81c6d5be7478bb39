//! `GET` and `POST /console/apps`, `/console/apps/{namespace}`: what people open, and where gateways serve it.

use axum::{http::StatusCode, response::Response};
use usher_console::{
    Block, Cell, Column, Fact, Field, FieldKind, Form, Link, Row, Section, Step, Table, Tone,
};
use usher_seats::{LocalizedNames, Namespace, SeatType, check_name};
use usher_store::{App, AppRoute, Change};

use super::{
    address::{address, under},
    desk::Desk,
    listing::{Listed, Listing, Stretch, wants_csv},
    overview::{active_each_day, daily_chart, daily_table},
    refused,
    seats::filter::SeatFilter,
};
use crate::{
    access::canonical_route,
    sign_in::{page::see_other, problem::Problem},
};

/// Answers the list.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    list(desk, StatusCode::OK, None).await
}

async fn list(desk: &Desk, status: StatusCode, notice: Option<Block>) -> Result<Response, Problem> {
    let directory = desk.directory();
    let names = [directory.app_name, directory.app_namespace, directory.state];
    let listing = Listing {
        path: Section::Apps.path(),
        pairs: &[],
        caption: directory.apps_caption,
        nothing: desk.shell().nothing_fits,
        file: "apps",
        columns: names.map(Column::new).into(),
    };
    let empty = Block::Empty {
        title: directory.apps_empty_title.to_owned(),
        text: directory.apps_empty.to_owned(),
        steps: vec![Step {
            link: Link::new(desk.acts().step_import, Section::Import.path()),
            detail: desk.acts().step_import_detail.to_owned(),
        }],
    };
    let read = async |after, rows_max| stretch(desk, after, rows_max).await;
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    match listing.answer(desk, directory.apps_lead, empty, read).await? {
        Listed::File(file) => return Ok(file),
        Listed::Page(page) => blocks.extend(page),
    }
    let namespace = Field::new("namespace", directory.app_namespace, FieldKind::Text)
        .hint(directory.app_namespace_hint)
        .required();
    let name = Field::new("name", directory.app_name, FieldKind::Text).required();
    blocks.push(Block::Form(
        Form::new("app", Section::Apps.path(), &desk.form_token, directory.app_new)
            .titled(directory.app_new)
            .field(name)
            .field(namespace),
    ));
    let heading = (directory.apps_title.to_owned(), None);
    Ok(desk.page_under(status, Section::Apps, heading, blocks).await)
}

async fn stretch(desk: &Desk, after: Option<String>, rows_max: usize) -> Result<Stretch, Problem> {
    let after: Option<Namespace> = after.and_then(|text| text.parse().ok());
    let apps = desk.store().apps(desk.tenant_id(), after, rows_max + 1).await?;
    let key = |app: &App| app.namespace.to_string();
    Ok(Stretch::of(apps, rows_max, key, |app| Row {
        cells: vec![
            Cell::link(
                app.name_for(desk.shell().tag),
                under(Section::Apps.path(), app.namespace.as_str()),
            ),
            Cell::code(app.namespace.as_str()),
            state(desk, app),
        ],
    }))
}

fn state(desk: &Desk, app: &App) -> Cell {
    if app.enabled {
        Cell::badge(Tone::Good, desk.words().enabled)
    } else {
        Cell::badge(Tone::Attention, desk.words().disabled)
    }
}

/// Answers the form of the list.
pub(super) async fn create(desk: &Desk) -> Result<Response, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let name = desk.sent("name")?.to_owned();
    let wrong = async |label: &str, allowed: &str| {
        let sentence = refused::field(words, label, allowed);
        list(desk, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await
    };
    let Ok(namespace) = desk.sent("namespace")?.parse::<Namespace>() else {
        return wrong(directory.app_namespace, words.allowed_namespace).await;
    };
    if check_name(&name).is_err() {
        return wrong(directory.app_name, words.allowed_name).await;
    }
    let path = under(Section::Apps.path(), namespace.as_str());
    let app = App {
        tenant_id: desk.tenant_id(),
        namespace,
        name,
        names: LocalizedNames::NONE,
        enabled: true,
    };
    match desk.change(vec![Change::CreateApp(app)]).await {
        Ok(_) => see_other(&address(&path, &[("done", "made")])),
        Err(error) => {
            let notice = refused::notice(words, error)?;
            list(desk, StatusCode::CONFLICT, Some(notice)).await
        }
    }
}

/// Answers the page of an app.
pub(super) async fn one(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let directory = desk.directory();
    let done = match desk.asked("done")? {
        Some("made") => Some(directory.app_made),
        Some("changed") => Some(directory.app_changed),
        Some("route") => Some(directory.app_route_added),
        Some("no-route") => Some(directory.app_route_removed),
        _ => None,
    };
    page(desk, name, StatusCode::OK, done.map(Block::done)).await
}

async fn find(desk: &Desk, name: &str) -> Result<Option<App>, Problem> {
    let Ok(namespace) = name.parse::<Namespace>() else {
        return Ok(None);
    };
    Ok(desk.store().app(desk.tenant_id(), &namespace).await?)
}

async fn page(
    desk: &Desk,
    name: &str,
    status: StatusCode,
    notice: Option<Block>,
) -> Result<Response, Problem> {
    let Some(app) = find(desk, name).await? else {
        return Ok(desk.missing(Section::Apps).await);
    };
    let directory = desk.directory();
    let path = under(Section::Apps.path(), name);
    let days = active_each_day(desk, Some(app.namespace.clone())).await?;
    if wants_csv(desk)? {
        let table = daily_table(desk, &days);
        let content = usher_console::table::csv(&table.columns, &table.rows).map_err(Problem::internal)?;
        return Ok(desk.csv("active-people", content));
    }
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    blocks.push(Block::Facts(vec![
        Fact::new(directory.app_namespace, Cell::code(app.namespace.as_str())),
        Fact::new(directory.state, state(desk, &app)),
    ]));
    let of_app = SeatFilter::of_pool(SeatType::PerUserPerApp, Some(&app.namespace));
    blocks.push(Block::Links(vec![Link::new(
        directory.app_seats,
        of_app.address(),
    )]));
    let csv = address(&path, &[("format", "csv")]);
    blocks.push(daily_chart(desk, directory.app_active, &days, &csv));
    let routes = desk
        .store()
        .app_routes_between(desk.tenant_id(), &app.namespace, &app.namespace)
        .await?;
    blocks.push(route_table(desk, &routes));
    blocks.push(Block::Beside(forms(desk, &app, &path, &routes)));
    let up = Link::new(directory.apps_title, Section::Apps.path());
    let heading = (app.name_for(desk.shell().tag).to_owned(), Some(up));
    Ok(desk.page_under(status, Section::Apps, heading, blocks).await)
}

fn route_table(desk: &Desk, routes: &[AppRoute]) -> Block {
    let directory = desk.directory();
    let rows = routes.iter().map(|route| Row {
        cells: vec![Cell::code(&route.host), Cell::code(&route.path_prefix)],
    });
    let columns = [directory.app_host, directory.app_path].map(Column::new);
    let mut table = Table::whole(directory.app_routes, columns.into(), rows.collect());
    table.nothing = directory.app_no_routes.to_owned();
    Block::Table(table)
}

fn forms(desk: &Desk, app: &App, path: &str, routes: &[AppRoute]) -> Vec<Form> {
    let directory = desk.directory();
    let form = |id, title: &str| {
        let mut form = Form::new(id, path, &desk.form_token, title)
            .titled(title)
            .hidden("action", id);
        form.narrow = true;
        form
    };
    let host = Field::new("host", directory.app_host, FieldKind::Text).required();
    let prefix = Field::new("prefix", directory.app_path, FieldKind::Text)
        .with("/")
        .required();
    let mut forms = vec![
        form("route", directory.app_route_add)
            .lead(directory.app_route_lead)
            .field(host)
            .field(prefix),
    ];
    if !routes.is_empty() {
        let known = routes.iter().map(|route| {
            let text = format!("{}{}", route.host, route.path_prefix);
            usher_console::Choice::new(format!("{} {}", route.host, route.path_prefix), text)
        });
        let known = FieldKind::Select(known.collect());
        let route = Field::new("route", directory.app_routes, known);
        let mut remove = form("no-route", directory.app_route_remove).field(route);
        remove.grave = true;
        forms.push(remove);
    }
    let mut edit = form("change", directory.app_edit)
        .field(
            Field::new("name", directory.app_name, FieldKind::Text)
                .with(&app.name)
                .required(),
        )
        .field(Field::new(
            "enabled",
            directory.is_enabled,
            FieldKind::Check(app.enabled),
        ));
    desk.shell().save.clone_into(&mut edit.button);
    forms.push(edit);
    forms
}

/// Answers the forms of that page.
pub(super) async fn change(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let Some(app) = find(desk, name).await? else {
        return Ok(desk.missing(Section::Apps).await);
    };
    let _turn = desk.edge.management.lock().await;
    let routes = desk
        .store()
        .app_routes_between(desk.tenant_id(), &app.namespace, &app.namespace)
        .await?;
    let (done, change) = match wanted(desk, app, &routes)? {
        Ok(wanted) => wanted,
        Err(sentence) => {
            return page(desk, name, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await;
        }
    };
    match desk.change(vec![change]).await {
        Ok(_) => {
            let path = under(Section::Apps.path(), name);
            see_other(&address(&path, &[("done", done)]))
        }
        Err(error) => {
            let notice = refused::notice(desk.words(), error)?;
            page(desk, name, StatusCode::CONFLICT, Some(notice)).await
        }
    }
}

/// The change that a form asks for; what does not fit as a sentence.
fn wanted(
    desk: &Desk,
    app: App,
    routes: &[AppRoute],
) -> Result<Result<(&'static str, Change), String>, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    match desk.sent("action")? {
        "route" => {
            let Ok((host, path_prefix)) = canonical_route(desk.sent("host")?, desk.sent("prefix")?) else {
                let sentence = refused::field(words, directory.app_routes, words.allowed_host);
                return Ok(Err(sentence));
            };
            let route = AppRoute {
                host,
                path_prefix,
                tenant_id: desk.tenant_id(),
                namespace: app.namespace,
            };
            Ok(Ok(("route", Change::PutAppRoute(route))))
        }
        "no-route" => {
            // Whose route it is the change does not say, so only one of this very app is taken away.
            let meant = desk.sent("route")?;
            let own = routes
                .iter()
                .find(|route| format!("{} {}", route.host, route.path_prefix) == meant);
            let Some(AppRoute {
                host, path_prefix, ..
            }) = own.cloned()
            else {
                return Ok(Err(words.refused_other.to_owned()));
            };
            Ok(Ok(("no-route", Change::RemoveAppRoute { host, path_prefix })))
        }
        "change" => {
            let name = desk.sent("name")?.to_owned();
            if check_name(&name).is_err() {
                return Ok(Err(refused::field(words, directory.app_name, words.allowed_name)));
            }
            let enabled = desk.sent("enabled")? == "yes";
            Ok(Ok(("changed", Change::PutApp(App { name, enabled, ..app }))))
        }
        _ => Err(Problem::ParameterMissing { name: "action" }),
    }
}
