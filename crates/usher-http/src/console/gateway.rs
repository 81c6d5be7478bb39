//! `GET /console/gateway`: the lines for a gateway, and what it last asked.

use axum::response::Response;
use usher_console::{Block, Cell, Column, Link, Row, Section, Table, Tone, texts::fill};
use usher_store::page::PAGE_ROWS_MAX;

use super::{address::under, desk::Desk};
use crate::{access::gateway_visits::GatewayVisit, sign_in::problem::Problem};

/// Visits that are shown.
const VISITS_SHOWN: usize = 20;

/// A gateway with the lines for it, and the line that shows the secret where the server asks for one.
const GATEWAYS: [(&str, &str, &str); 5] = [
    (
        "nginx",
        include_str!("../../snippets/nginx.conf"),
        "\n    proxy_set_header X-Usher-Gateway-Secret \"GATEWAY_SECRET\";",
    ),
    (
        "Caddy",
        include_str!("../../snippets/Caddyfile"),
        "\n        header_up X-Usher-Gateway-Secret \"GATEWAY_SECRET\"",
    ),
    (
        "Traefik",
        include_str!("../../snippets/traefik.yaml"),
        ", and X-Usher-Gateway-Secret",
    ),
    (
        "HAProxy",
        include_str!("../../snippets/haproxy.cfg"),
        "\n    http-request set-header X-Usher-Gateway-Secret GATEWAY_SECRET",
    ),
    (
        "Envoy",
        include_str!("../../snippets/envoy.yaml"),
        "\n            [\"x-usher-gateway-secret\"] = \"GATEWAY_SECRET\",",
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
    blocks.push(Block::Text(fill(gateway.trusted, &[&trusted.join(", ")])));
    if settings.gateway_secret.is_some() {
        blocks.push(Block::information(gateway.secret_needed));
    }
    blocks.extend(GATEWAYS.map(|(name, lines, secret)| Block::Details {
        summary: name.to_owned(),
        blocks: vec![Block::Snippet {
            title: fill(gateway.snippet_for, &[&name]),
            code: filled(desk, lines, secret),
        }],
    }));
    blocks.push(Block::Heading(gateway.step_check.to_owned()));
    blocks.extend(visits(desk).await?);
    Ok(desk.page(Section::Gateway, gateway.title, blocks).await)
}

/// The lines for this very server.
fn filled(desk: &Desk, lines: &str, secret: &str) -> String {
    let settings = &desk.edge.settings;
    let base = desk.visit.reached.base.clone().unwrap_or_default();
    let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
    let secret = if settings.gateway_secret.is_some() {
        secret
    } else {
        ""
    };
    lines
        .replace("SECRET_LINE", secret)
        .replace("USER_HEADER", &settings.user_header)
        .replace("BASE", &base)
        .replace("HOST", host)
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
    let rows = routes.iter().map(|route| Row {
        cells: vec![
            Cell::code(&route.host),
            Cell::code(&route.path_prefix),
            Cell::link(
                route.namespace.as_str(),
                under(Section::Apps.path(), route.namespace.as_str()),
            ),
        ],
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
    let rows = visits.iter().map(|visit| row(desk, visit)).collect();
    let table = Table::whole(gateway.last_caption, columns.map(Column::new).into(), rows);
    Ok(vec![Block::Table(table), reload])
}

fn row(desk: &Desk, visit: &GatewayVisit) -> Row {
    let nothing = || Cell::quiet(desk.shell().none);
    let verdict = match visit.denial {
        None => Cell::badge(Tone::Good, desk.gateway().admitted),
        Some(denial) => Cell::Several(vec![
            Cell::badge(Tone::Bad, denial.reason()),
            Cell::quiet(denial.message(desk.language())),
        ]),
    };
    let person = visit.user_id.map(|user_id| user_id.to_string());
    Row {
        cells: vec![
            Cell::text(desk.moment(visit.at_ms)),
            verdict,
            person.map_or_else(nothing, |number| {
                let path = under(Section::People.path(), &number);
                Cell::link(number, path)
            }),
            visit
                .namespace
                .as_ref()
                .map_or_else(nothing, |app| Cell::code(app.as_str())),
            Cell::code(&visit.host),
            Cell::code(&visit.path),
        ],
    }
}
