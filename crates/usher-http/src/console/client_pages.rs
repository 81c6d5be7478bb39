//! `GET` and `POST /console/clients/{client_id}`: one program, its secrets, and the lines with which it reads seats.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Cell, Column, Fact, Form, Row, Section, Table};
use usher_identity::{TokenForm, make_secret, make_token, token::hash_token};
use usher_seats::ClientId;
use usher_store::{
    Change, Client, IdentityChange, Token, TokenHash, TokenKind,
    identity::{ClientRegistration, ClientStanding},
};

use super::{
    address::{address, under},
    clients::{Described, add_secret, fields, secret_shown, state, up},
    desk::Desk,
    refused,
};
use crate::{
    edge::draw,
    sign_in::{page::see_other, problem::Problem},
};

/// How long older secrets stay good after a new one is made, in milliseconds: a day for a roll-out, as for the API.
const OVERLAP_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a token made here is good, in milliseconds: Feishu's two hours.
const TOKEN_LIFE_MS: i64 = 2 * 60 * 60 * 1_000;
/// Most secrets that are good at once, as for the API.
const SECRETS_MAX: usize = 5;

/// Answers the page of a client.
pub(super) async fn show(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let changed = desk.asked("done")? == Some("changed");
    let notice = changed.then(|| Block::done(desk.directory().client_changed));
    page(desk, name, StatusCode::OK, notice.into_iter().collect()).await
}

/// A client of this organisation. It is looked for there, so a foreign one is not found.
async fn find(desk: &Desk, name: &str) -> Result<Option<ClientStanding>, Problem> {
    let Ok(client_id) = name.parse::<ClientId>() else {
        return Ok(None);
    };
    if desk.store().client(desk.tenant_id(), &client_id).await?.is_none() {
        return Ok(None);
    }
    let standing = desk.store().client_standing(&client_id).await?;
    Ok(standing.filter(|standing| standing.client.tenant_id == desk.tenant_id()))
}

/// The page, with something above it.
pub(super) async fn page(
    desk: &Desk,
    name: &str,
    status: StatusCode,
    mut blocks: Vec<Block>,
) -> Result<Response, Problem> {
    let Some(standing) = find(desk, name).await? else {
        return Ok(desk.missing(Section::Clients).await);
    };
    let directory = desk.directory();
    let (client, registration) = (&standing.client, &standing.registration);
    let scopes = if client.scopes.is_empty() {
        Cell::quiet(desk.shell().none)
    } else {
        Cell::Several(client.scopes.iter().map(Cell::code).collect())
    };
    blocks.push(Block::Facts(vec![
        Fact::new(directory.client_id, Cell::code(client.client_id.as_str())),
        Fact::new(directory.client_scopes, scopes),
        Fact::new(directory.state, state(desk, client)),
    ]));
    blocks.push(Block::Heading(directory.client_try.to_owned()));
    blocks.push(Block::Text(directory.client_try_lead.to_owned()));
    blocks.extend(snippets(desk, client));
    let path = under(Section::Clients.path(), name);
    let token = Form::new("token", &path, &desk.form_token, directory.client_token)
        .titled(directory.client_token)
        .lead(directory.client_token_lead)
        .hidden("action", "token");
    blocks.push(Block::Form(token));
    blocks.push(secrets(desk, &standing));
    let rotate = Form::new("rotate", &path, &desk.form_token, directory.client_rotate)
        .titled(directory.client_rotate)
        .lead(directory.client_rotate_lead)
        .hidden("action", "rotate");
    blocks.push(Block::Form(rotate));
    let mut edit = Form::new("client", &path, &desk.form_token, desk.shell().save)
        .titled(directory.client_edit)
        .hidden("action", "change");
    edit.fields = fields(desk, Some((client, registration)));
    blocks.push(Block::Form(edit));
    let heading = (client.name.clone(), Some(up(desk)));
    Ok(desk.page_under(status, Section::Clients, heading, blocks).await)
}

fn secrets(desk: &Desk, standing: &ClientStanding) -> Block {
    let directory = desk.directory();
    let rows = standing.secrets.iter().map(|secret| Row {
        cells: vec![
            Cell::moment(desk.moment(secret.created_at_ms)),
            secret.expires_at_ms.map_or_else(
                || Cell::quiet(desk.seats().no_end),
                |end_ms| Cell::moment(desk.moment(end_ms)),
            ),
        ],
    });
    let columns = [directory.client_secret_made, directory.client_secret_ends];
    let columns = columns.map(Column::new).into();
    Block::Table(Table::whole(directory.client_secrets, columns, rows.collect()))
}

/// The lines with which the program gets a token for itself and reads the seats, in four languages.
fn snippets(desk: &Desk, client: &Client) -> Vec<Block> {
    let base = desk.visit.reached.base.clone().unwrap_or_default();
    let templates = [
        ("curl", include_str!("../../snippets/client.sh")),
        ("Python", include_str!("../../snippets/client.py")),
        ("Node", include_str!("../../snippets/client.mjs")),
        ("Go", include_str!("../../snippets/client.go")),
    ];
    let shown = templates.into_iter().map(|(language, template)| Block::Details {
        summary: language.to_owned(),
        blocks: vec![Block::Snippet {
            title: language.to_owned(),
            code: template
                .replace("BASE", &base)
                .replace("CLIENT_ID", client.client_id.as_str()),
        }],
    });
    shown.collect()
}

/// The line with which a back end reports an access.
pub(super) fn access_snippet(base: &str) -> String {
    include_str!("../../snippets/access.sh").replace("BASE", base)
}

/// Answers the forms of the page.
pub(super) async fn change(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let Some(standing) = find(desk, name).await? else {
        return Ok(desk.missing(Section::Clients).await);
    };
    match desk.sent("action")? {
        "token" => token(desk, name, &standing).await,
        "rotate" => rotate(desk, name, &standing).await,
        "change" => edit(desk, name, standing).await,
        _ => Err(Problem::ParameterMissing { name: "action" }),
    }
}

/// Makes a token with which the program acts for this administrator, and shows it this once.
async fn token(desk: &Desk, name: &str, standing: &ClientStanding) -> Result<Response, Problem> {
    // Such a token acts for a person of the organisation, and an operator is none.
    let Some(user_id) = desk.user_id() else {
        return Err(Problem::NotAdministrator { sign_out: None });
    };
    let secret = make_token(TokenForm::User, &draw(desk.edge.chance.as_ref()));
    let token = Token {
        token_hash: TokenHash(hash_token(&secret)),
        kind: TokenKind::User,
        tenant_id: Some(desk.tenant_id()),
        client_id: Some(standing.client.client_id.clone()),
        user_id: Some(user_id),
        scopes: standing.client.scopes.clone(),
        issued_at_ms: desk.now_ms(),
        expires_at_ms: desk.now_ms().saturating_add(TOKEN_LIFE_MS),
        revoked: false,
    };
    desk.change(vec![Change::IssueToken(token)]).await?;
    let base = desk.visit.reached.base.clone().unwrap_or_default();
    let line = include_str!("../../snippets/client.sh")
        .replace("BASE", &base)
        .replace("ACCESS_TOKEN", secret.expose());
    let shown = vec![
        Block::done(desk.directory().client_token_made),
        Block::Snippet {
            title: desk.directory().client_token_shown.to_owned(),
            code: secret.expose().to_owned(),
        },
        Block::Snippet {
            title: "curl".to_owned(),
            code: line,
        },
    ];
    page(desk, name, StatusCode::OK, shown).await
}

async fn rotate(desk: &Desk, name: &str, standing: &ClientStanding) -> Result<Response, Problem> {
    let now_ms = desk.now_ms();
    let good = |end_ms: Option<i64>| end_ms.is_none_or(|end_ms| now_ms < end_ms);
    let count = standing
        .secrets
        .iter()
        .filter(|secret| good(secret.expires_at_ms))
        .count();
    if count >= SECRETS_MAX {
        let alert = vec![Block::alert(desk.directory().client_secrets_full)];
        return page(desk, name, StatusCode::CONFLICT, alert).await;
    }
    let secret = make_secret(&draw(desk.edge.chance.as_ref()));
    let older_expire_at_ms = now_ms.saturating_add(OVERLAP_MS);
    let change = add_secret(desk, &standing.client.client_id, &secret, older_expire_at_ms);
    desk.change(vec![change]).await?;
    page(desk, name, StatusCode::OK, secret_shown(desk, &secret)).await
}

async fn edit(desk: &Desk, name: &str, standing: ClientStanding) -> Result<Response, Problem> {
    let described = match Described::read(desk)? {
        Ok(described) => described,
        Err(sentence) => {
            return page(desk, name, StatusCode::BAD_REQUEST, vec![Block::alert(sentence)]).await;
        }
    };
    let _turn = desk.edge.management.lock().await;
    let client = Client {
        name: described.name,
        scopes: described.scopes,
        enabled: desk.sent("enabled")? == "yes",
        ..standing.client
    };
    let registration = ClientRegistration {
        redirect_uris: described.redirect_uris,
        ..standing.registration
    };
    let register = IdentityChange::RegisterClient {
        tenant_id: desk.tenant_id(),
        client_id: client.client_id.clone(),
        registration,
    };
    match desk
        .change(vec![Change::PutClient(client), register.into()])
        .await
    {
        Ok(_) => {
            let path = under(Section::Clients.path(), name);
            see_other(&address(&path, &[("done", "changed")]))
        }
        Err(error) => {
            let notice = refused::notice(desk.words(), error)?;
            page(desk, name, StatusCode::CONFLICT, vec![notice]).await
        }
    }
}
