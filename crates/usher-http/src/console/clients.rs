//! `GET` and `POST /console/clients`: programs that call the API, and service tokens.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Cell, Choice, Column, Field, FieldKind, Form, Link, Row, Section, Table, Tone};
use usher_identity::{RedirectUri, Secret, TokenForm, make_secret, make_token, token::hash_token};
use usher_seats::{ClientId, check_name};
use usher_store::{
    Change, Client, ClientKind, IdentityChange, Token, TokenHash, TokenKind, identity::ClientRegistration,
    page::PAGE_ROWS_MAX,
};

use super::{
    address::{address, under},
    client_pages,
    desk::Desk,
    listing::{Listed, Listing, Stretch},
    refused,
};
use crate::{
    edge::draw,
    manage::scopes::KNOWN_SCOPES,
    sign_in::{page::see_other, problem::Problem},
};

/// Most addresses of a client, as for the API.
const REDIRECT_URIS_MAX: usize = 50;
/// How long a service token is good unless somebody says otherwise, in days: a quarter of a year, as for the API.
const TOKEN_DAYS_DEFAULT: u16 = 90;
/// How long it may be good, in days, as for the API.
const TOKEN_DAYS_MAX: u16 = 400;

/// Answers the list.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let revoked = desk.asked("done")? == Some("revoked");
    let notice = revoked.then(|| Block::done(desk.directory().token_revoked));
    list(desk, StatusCode::OK, notice.into_iter().collect()).await
}

async fn list(desk: &Desk, status: StatusCode, mut blocks: Vec<Block>) -> Result<Response, Problem> {
    let directory = desk.directory();
    let names = [
        directory.client_name,
        directory.client_id,
        directory.client_scopes,
        directory.state,
    ];
    let listing = Listing {
        path: Section::Clients.path(),
        pairs: &[],
        caption: directory.clients_caption,
        nothing: desk.shell().nothing_fits,
        file: "clients",
        columns: names.map(Column::new).into(),
    };
    let empty = Block::Empty {
        title: directory.clients_empty_title.to_owned(),
        text: directory.clients_empty.to_owned(),
        steps: Vec::new(),
    };
    let read = async |after, rows_max| stretch(desk, after, rows_max).await;
    match listing.answer(desk, directory.clients_lead, empty, read).await? {
        Listed::File(file) => return Ok(file),
        Listed::Page(page) => blocks.extend(page),
    }
    let mut form = Form::new(
        "client",
        Section::Clients.path(),
        &desk.form_token,
        directory.client_new,
    )
    .titled(directory.client_new)
    .hidden("action", "client");
    form.fields = fields(desk, None);
    blocks.push(Block::Form(form));
    blocks.push(Block::Heading(directory.tokens_title.to_owned()));
    blocks.extend(tokens(desk).await?);
    let heading = (directory.clients_title.to_owned(), None);
    Ok(desk.page_under(status, Section::Clients, heading, blocks).await)
}

async fn stretch(desk: &Desk, after: Option<String>, rows_max: usize) -> Result<Stretch, Problem> {
    let after: Option<ClientId> = after.and_then(|text| text.parse().ok());
    let clients = desk
        .store()
        .clients(desk.tenant_id(), after, rows_max + 1)
        .await?;
    let key = |client: &Client| client.client_id.to_string();
    Ok(Stretch::of(clients, rows_max, key, |client| Row {
        cells: vec![
            Cell::link(
                &client.name,
                under(Section::Clients.path(), client.client_id.as_str()),
            ),
            Cell::code(client.client_id.as_str()),
            Cell::Several(client.scopes.iter().map(Cell::code).collect()),
            state(desk, client),
        ],
    }))
}

/// Whether a client may act.
pub(super) fn state(desk: &Desk, client: &Client) -> Cell {
    if client.enabled {
        Cell::badge(Tone::Good, desk.words().enabled)
    } else {
        Cell::badge(Tone::Attention, desk.words().disabled)
    }
}

/// What is asked of a client, filled in as it is. Each scope has a box of its own, under its name.
pub(super) fn fields(desk: &Desk, known: Option<(&Client, &ClientRegistration)>) -> Vec<Field> {
    let directory = desk.directory();
    let name = known.map_or("", |(client, _)| client.name.as_str());
    let redirects = known.map_or(String::new(), |(_, registration)| {
        registration.redirect_uris.join("\n")
    });
    let mut fields = vec![
        Field::new("name", directory.client_name, FieldKind::Text)
            .with(name)
            .required(),
    ];
    let scopes = KNOWN_SCOPES.into_iter().map(|scope| {
        let open = known.is_some_and(|(client, _)| client.scopes.iter().any(|known| known == scope));
        Field::new(scope, scope, FieldKind::Check(open))
    });
    let scopes = FieldKind::Boxes(scopes.collect());
    fields.push(Field::new("scopes", directory.client_scopes, scopes).hint(directory.client_scopes_hint));
    fields.push(
        Field::new("redirects", directory.client_redirects, FieldKind::Area(3))
            .hint(directory.client_redirects_hint)
            .with(redirects),
    );
    if let Some((client, _)) = known {
        let enabled = FieldKind::Check(client.enabled);
        fields.push(Field::new("enabled", directory.client_is_enabled, enabled));
    }
    fields
}

/// Name, scopes and addresses as a form has them.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uris: Vec<String>,
}

impl Described {
    /// Reads them; what does not fit as a sentence.
    pub(super) fn read(desk: &Desk) -> Result<Result<Self, String>, Problem> {
        let (words, directory) = (desk.words(), desk.directory());
        let name = desk.sent("name")?.to_owned();
        if check_name(&name).is_err() {
            return Ok(Err(refused::field(
                words,
                directory.client_name,
                words.allowed_name,
            )));
        }
        let mut scopes = Vec::new();
        for scope in KNOWN_SCOPES {
            if desk.sent(scope)? == "yes" {
                scopes.push(scope.to_owned());
            }
        }
        scopes.sort_unstable();
        let redirects = desk.sent("redirects")?.lines().map(str::trim);
        let redirects: Vec<String> = redirects
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        let fit = redirects
            .iter()
            .all(|address| RedirectUri::parse_registration(address).is_ok());
        if !fit || redirects.len() > REDIRECT_URIS_MAX {
            let sentence = refused::field(words, directory.client_redirects, directory.allowed_redirects);
            return Ok(Err(sentence));
        }
        Ok(Ok(Self {
            name,
            scopes,
            redirect_uris: redirects,
        }))
    }
}

/// Answers the forms of the list.
pub(super) async fn create(desk: &Desk) -> Result<Response, Problem> {
    match desk.sent("action")? {
        "client" => new_client(desk).await,
        "token" => new_token(desk).await,
        "revoke" => revoke(desk).await,
        _ => Err(Problem::ParameterMissing { name: "action" }),
    }
}

/// Makes a client and shows its secret, this once.
async fn new_client(desk: &Desk) -> Result<Response, Problem> {
    let described = match Described::read(desk)? {
        Ok(described) => described,
        Err(sentence) => {
            return list(desk, StatusCode::BAD_REQUEST, vec![Block::alert(sentence)]).await;
        }
    };
    // 64 random bits: nobody meets another's.
    let number = u64::from_be_bytes(draw(desk.edge.chance.as_ref()));
    let client_id: ClientId = format!("cli_{number:016x}").parse().map_err(Problem::internal)?;
    let client = Client {
        tenant_id: desk.tenant_id(),
        client_id: client_id.clone(),
        name: described.name,
        kind: ClientKind::SelfBuilt,
        scopes: described.scopes,
        enabled: true,
    };
    let secret = make_secret(&draw(desk.edge.chance.as_ref()));
    let registration = ClientRegistration {
        redirect_uris: described.redirect_uris,
        refresh_allowed: true,
        ticket_url: None,
    };
    let changes = vec![
        Change::PutClient(client),
        IdentityChange::RegisterClient {
            tenant_id: desk.tenant_id(),
            client_id: client_id.clone(),
            registration,
        }
        .into(),
        add_secret(desk, &client_id, &secret, desk.now_ms()),
    ];
    desk.change(changes).await?;
    let shown = secret_shown(desk, &secret);
    client_pages::page(desk, client_id.as_str(), StatusCode::OK, shown).await
}

/// The change that gives a client another secret.
pub(super) fn add_secret(
    desk: &Desk,
    client_id: &ClientId,
    secret: &Secret,
    older_expire_at_ms: i64,
) -> Change {
    IdentityChange::AddClientSecret {
        tenant_id: desk.tenant_id(),
        client_id: client_id.clone(),
        secret_hash: TokenHash(hash_token(secret)),
        older_expire_at_ms,
    }
    .into()
}

/// A new secret, this once.
pub(super) fn secret_shown(desk: &Desk, secret: &Secret) -> Vec<Block> {
    let directory = desk.directory();
    vec![
        Block::done(directory.client_made),
        Block::Snippet {
            title: directory.client_secret.to_owned(),
            code: secret.expose().to_owned(),
        },
    ]
}

/// The service tokens that are good now, and how to make or end one.
async fn tokens(desk: &Desk) -> Result<Vec<Block>, Problem> {
    let directory = desk.directory();
    let tokens = desk
        .store()
        .service_tokens(desk.tenant_id(), None, desk.now_ms(), PAGE_ROWS_MAX)
        .await?;
    let rows = tokens.iter().map(|token| Row {
        cells: vec![
            Cell::code(token.token_hash.token_id()),
            Cell::moment(desk.moment(token.issued_at_ms)),
            Cell::moment(desk.moment(token.expires_at_ms)),
        ],
    });
    let columns = [directory.token_id, directory.token_made, directory.token_ends];
    let mut table = Table::whole(
        directory.tokens_caption,
        columns.map(Column::new).into(),
        rows.collect(),
    );
    table.nothing = directory.tokens_none.to_owned();
    let path = Section::Clients.path();
    let days = Field::new("days", directory.token_days, FieldKind::Number)
        .with(TOKEN_DAYS_DEFAULT.to_string())
        .required();
    let mut make = Form::new("token", path, &desk.form_token, directory.token_new)
        .titled(directory.token_new)
        .hidden("action", "token")
        .field(days);
    make.narrow = true;
    let mut forms = vec![make];
    if !tokens.is_empty() {
        let known = tokens.iter().map(|token| token.token_hash.token_id());
        let known = known.map(|token_id| Choice::new(token_id.clone(), token_id));
        let mut end = Form::new("revoke", path, &desk.form_token, directory.token_revoke)
            .titled(directory.token_revoke)
            .hidden("action", "revoke")
            .field(Field::new(
                "token_id",
                directory.token_id,
                FieldKind::Select(known.collect()),
            ));
        end.grave = true;
        end.narrow = true;
        forms.push(end);
    }
    Ok(vec![
        Block::Text(directory.tokens_lead.to_owned()),
        Block::Table(table),
        Block::Beside(forms),
    ])
}

async fn new_token(desk: &Desk) -> Result<Response, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let days: Option<u16> = desk.sent("days")?.parse().ok();
    let Some(days) = days.filter(|days| (1..=TOKEN_DAYS_MAX).contains(days)) else {
        let allowed = usher_console::texts::fill(words.allowed_days, &[&1, &TOKEN_DAYS_MAX]);
        let sentence = refused::field(words, directory.token_days, &allowed);
        return list(desk, StatusCode::BAD_REQUEST, vec![Block::alert(sentence)]).await;
    };
    let secret = make_token(TokenForm::Service, &draw(desk.edge.chance.as_ref()));
    let token = Token {
        token_hash: TokenHash(hash_token(&secret)),
        kind: TokenKind::Service,
        tenant_id: Some(desk.tenant_id()),
        client_id: None,
        user_id: None,
        scopes: Vec::new(),
        issued_at_ms: desk.now_ms(),
        expires_at_ms: desk
            .now_ms()
            .saturating_add(i64::from(days) * usher_seats::idle::DAY_MS),
        revoked: false,
    };
    desk.change(vec![Change::IssueToken(token)]).await?;
    let base = desk.visit.reached.base.clone().unwrap_or_default();
    let shown = vec![
        Block::Snippet {
            title: directory.token_made_once.to_owned(),
            code: secret.expose().to_owned(),
        },
        Block::Snippet {
            title: "curl".to_owned(),
            code: client_pages::access_snippet(&base),
        },
    ];
    list(desk, StatusCode::OK, shown).await
}

async fn revoke(desk: &Desk) -> Result<Response, Problem> {
    let wanted = desk.sent("token_id")?;
    let tokens = desk
        .store()
        .service_tokens(desk.tenant_id(), None, desk.now_ms(), PAGE_ROWS_MAX)
        .await?;
    let found = tokens.iter().find(|token| token.token_hash.token_id() == wanted);
    if let Some(token) = found {
        let change = Change::RevokeToken {
            tenant_id: Some(desk.tenant_id()),
            token_hash: token.token_hash,
        };
        desk.change(vec![change]).await?;
    }
    see_other(&address(Section::Clients.path(), &[("done", "revoked")]))
}

/// The way back to the list.
pub(super) fn up(desk: &Desk) -> Link {
    Link::new(desk.directory().clients_title, Section::Clients.path())
}
