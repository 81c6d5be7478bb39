//! `GET /console/gateway`: the lines for a gateway, and what it last asked.

use axum::response::Response;
use usher_console::{Block, Cell, Column, Link, Row, Section, Table, Tone, texts::fill};
use usher_store::page::PAGE_ROWS_MAX;

use super::{address::under, app_names::AppNames, desk::Desk};
use crate::{access::gateway_visits::GatewayVisit, sign_in::problem::Problem};

/// Visits that are shown.
const VISITS_SHOWN: usize = 20;

/// Begins a line that is only shown where the server asks gateways for a secret.
const SECRET_ONLY: &str = "SECRET_ONLY";

/// A gateway with its files.
type Gateway = (&'static str, &'static [(&'static str, &'static str)]);

/// The gateways in the order of the page, each with the names of its files and the lines for them.
const GATEWAYS: [Gateway; 5] = [
    (
        "nginx",
        &[("nginx.conf", include_str!("../../snippets/nginx.conf"))],
    ),
    (
        "Caddy",
        &[("Caddyfile", include_str!("../../snippets/Caddyfile"))],
    ),
    (
        "Traefik",
        &[("usher.yaml", include_str!("../../snippets/traefik.yaml"))],
    ),
    (
        "HAProxy",
        &[
            ("haproxy.cfg", include_str!("../../snippets/haproxy.cfg")),
            ("usher.lua", include_str!("../../snippets/usher.lua")),
        ],
    ),
    (
        "Envoy",
        &[("envoy.yaml", include_str!("../../snippets/envoy.yaml"))],
    ),
];

/// Answers the page.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let gateway = desk.gateway();
    let settings = &desk.edge.settings;
    let trusted: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    let mut blocks = vec![
        Block::Text(gateway.lead.to_owned()),
        Block::Heading(gateway.step_routes.to_owned()),
    ];
    blocks.extend(routes(desk).await?);
    blocks.push(Block::Heading(gateway.step_lines.to_owned()));
    blocks.push(Block::Text(fill(gateway.lines_lead, &[&settings.user_header])));
    blocks.push(Block::Text(fill(gateway.trusted, &[&trusted.join("`, `")])));
    if settings.gateway_secret.is_some() {
        blocks.push(Block::information(gateway.secret_needed));
    }
    blocks.extend(GATEWAYS.map(|(name, files)| {
        Block::Details {
            summary: name.to_owned(),
            blocks: files
                .iter()
                .map(|(file, lines)| snippet(desk, file, lines))
                .collect(),
        }
    }));
    blocks.push(Block::Heading(gateway.step_check.to_owned()));
    blocks.extend(visits(desk).await?);
    Ok(desk.page(Section::Gateway, gateway.title, blocks).await)
}

/// The lines of a file for this very server.
fn snippet(desk: &Desk, file: &str, lines: &str) -> Block {
    let settings = &desk.edge.settings;
    let base = desk.visit.reached.base.clone().unwrap_or_default();
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    let asks_secret = settings.gateway_secret.is_some();
    let lines = lines
        .lines()
        .filter_map(|line| match line.strip_prefix(SECRET_ONLY) {
            Some(line) => asks_secret.then_some(line),
            None => Some(line),
        });
    let code = lines.collect::<Vec<_>>().join("\n");
    Block::Snippet {
        title: file.to_owned(),
        code: code
            .replace(
                "LOWER_CASE_USER_HEADER",
                &settings.user_header.to_ascii_lowercase(),
            )
            .replace("USER_HEADER", &settings.user_header)
            .replace("BASE", &base)
            .replace("HOST", host),
    }
}

async fn routes(desk: &Desk) -> Result<Vec<Block>, Problem> {
    let (gateway, directory) = (desk.gateway(), desk.directory());
    let apps = desk.store().apps(desk.tenant_id(), None, PAGE_ROWS_MAX).await?;
    let routes = match (apps.first(), apps.last()) {
        (Some(first), Some(last)) => {
            let store = desk.store();
            store
                .app_routes_between(desk.tenant_id(), &first.namespace, &last.namespace)
                .await?
        }
        _ => Vec::new(),
    };
    if routes.is_empty() {
        let apps = Link::new(directory.apps_title, Section::Apps.path());
        return Ok(vec![
            Block::information(gateway.no_routes),
            Block::Links(vec![apps]),
        ]);
    }
    let names = AppNames::known(desk, apps);
    let rows = routes.iter().map(|route| {
        let path = under(Section::Apps.path(), route.namespace.as_str());
        Row {
            cells: vec![
                Cell::code(&route.host),
                Cell::code(&route.path_prefix),
                names.link(names.name(&route.namespace), path, Some(&route.namespace)),
            ],
        }
    });
    let columns = [gateway.host, gateway.path, gateway.app].map(Column::new).into();
    Ok(vec![Block::Table(Table::whole(
        directory.app_routes,
        columns,
        rows.collect(),
    ))])
}

/// The last visits. What did not come as far as an app is nobody's, and is shown where there is only one organisation.
async fn visits(desk: &Desk) -> Result<Vec<Block>, Problem> {
    let gateway = desk.gateway();
    let alone = desk.store().tenants(None, 2).await?.len() == 1;
    let own = |visit: &GatewayVisit| match visit.tenant_id {
        Some(tenant_id) => tenant_id == desk.tenant_id(),
        None => alone,
    };
    let visits = desk.edge.gateway_visits.newest(VISITS_SHOWN, own);
    let reload = Block::Links(vec![Link::new(gateway.reload, Section::Gateway.path())]);
    if visits.is_empty() {
        return Ok(vec![Block::information(gateway.nothing_yet), reload]);
    }
    let columns = [
        gateway.when,
        gateway.verdict,
        gateway.person,
        gateway.app,
        gateway.host,
        gateway.path,
    ];
    let names = AppNames::of(desk, visits.iter().map(|visit| visit.namespace.as_ref())).await?;
    let rows = visits.iter().map(|visit| row(desk, &names, visit)).collect();
    let table = Table::whole(gateway.last_caption, columns.map(Column::new).into(), rows);
    Ok(vec![Block::Table(table), reload])
}

fn row(desk: &Desk, names: &AppNames, visit: &GatewayVisit) -> Row {
    let nothing = || Cell::quiet(desk.shell().none);
    let verdict = match visit.denial {
        None => Cell::badge(Tone::Good, desk.gateway().admitted),
        Some(denial) => Cell::Several(vec![
            Cell::badge(Tone::Bad, desk.gateway().refused),
            Cell::quiet(denial.message(desk.language())),
            Cell::code(denial.reason()),
        ]),
    };
    let person = visit.user_id.map(|user_id| user_id.to_string());
    Row {
        cells: vec![
            Cell::moment(desk.moment(visit.at_ms)),
            verdict,
            person.map_or_else(nothing, |number| {
                let path = under(Section::People.path(), &number);
                Cell::link(number, path)
            }),
            visit.namespace.as_ref().map_or_else(nothing, |namespace| {
                let path = under(Section::Apps.path(), namespace.as_str());
                names.link(names.name(namespace), path, Some(namespace))
            }),
            Cell::code(&visit.host),
            Cell::code(&visit.path),
        ],
    }
}
