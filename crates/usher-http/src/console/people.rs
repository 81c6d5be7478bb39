//! `GET` and `POST /console/people`: everybody in the organisation.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Cell, Column, Field, FieldKind, Filters, Form, Link, Row, Section, Tone};
use usher_seats::{UserId, check_external_id, check_name, identifiers::USER_ID_MAX, search::SearchText};
use usher_store::{Change, User, search::UserSearch};

use super::{
    address::{address, under},
    desk::Desk,
    listing::{CSV_ROWS_AT_ONCE, Listing, ROWS, Stretch, wants_csv},
    refused,
};
use crate::{
    edge::draw,
    sign_in::{page::see_other, problem::Problem},
};

/// Answers the list.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    list(desk, StatusCode::OK, None).await
}

async fn list(desk: &Desk, status: StatusCode, notice: Option<Block>) -> Result<Response, Problem> {
    let directory = desk.directory();
    let wanted = desk.asked("q")?.unwrap_or_default().trim().to_owned();
    let pairs = [("q", wanted.as_str())];
    let listing = Listing {
        path: Section::People.path(),
        pairs: &pairs,
        caption: directory.people_caption,
        nothing: desk.shell().nothing_fits,
        file: "people",
        columns: columns(desk),
    };
    if wants_csv(desk)? {
        let wanted = &wanted;
        return listing
            .download(desk, async |after| {
                stretch(desk, wanted, after, CSV_ROWS_AT_ONCE - 1).await
            })
            .await;
    }
    let after = desk.asked("after")?.map(str::to_owned);
    let later = after.is_some();
    let found = stretch(desk, &wanted, after, ROWS).await?;
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    blocks.push(Block::Text(directory.people_lead.to_owned()));
    blocks.push(search(desk, &wanted));
    blocks.push(listing.table(desk, later, found));
    blocks.push(Block::Form(new_form(desk)));
    let heading = (directory.people_title.to_owned(), None);
    Ok(desk.page_under(status, Section::People, heading, blocks).await)
}

fn search(desk: &Desk, wanted: &str) -> Block {
    let (shell, directory) = (desk.shell(), desk.directory());
    let path = Section::People.path();
    Block::Filters(Filters {
        id: "search",
        action: path.to_owned(),
        fields: vec![Field::new("q", directory.people_search, FieldKind::Search).with(wanted)],
        reset: (!wanted.is_empty()).then(|| Link::new(shell.reset, path)),
        button: shell.filter.to_owned(),
    })
}

fn columns(desk: &Desk) -> Vec<Column> {
    let directory = desk.directory();
    let names = [
        directory.name,
        directory.number,
        directory.external_id,
        directory.role,
        directory.state,
    ];
    names.map(Column::new).into()
}

/// Some people: all, or those whom somebody may mean who typed a text.
async fn stretch(
    desk: &Desk,
    wanted: &str,
    after: Option<String>,
    rows_max: usize,
) -> Result<Stretch, Problem> {
    let after: Option<UserId> = after.and_then(|text| text.parse().ok());
    if let Some(text) = SearchText::parse(wanted) {
        let search = UserSearch {
            tenant_id: desk.tenant_id(),
            text,
            after,
            rows_max,
        };
        let page = desk.store().users_matching(search).await?;
        return Ok(Stretch {
            rows: page.users.iter().map(|user| row(desk, user)).collect(),
            next: page.next.map(|user_id| user_id.to_string()),
        });
    }
    let users = desk.store().users(desk.tenant_id(), after, rows_max + 1).await?;
    let key = |user: &User| user.user_id.to_string();
    Ok(Stretch::of(users, rows_max, key, |user| row(desk, user)))
}

fn row(desk: &Desk, user: &User) -> Row {
    let number = user.user_id.to_string();
    let name = if user.name.is_empty() { &number } else { &user.name };
    Row {
        cells: vec![
            Cell::link(name, under(Section::People.path(), &number)),
            Cell::code(&number),
            user.external_id
                .as_deref()
                .map_or_else(|| Cell::quiet(desk.shell().none), Cell::text),
            role(desk, user),
            state(desk, user),
        ],
    }
}

/// Whether somebody is switched on, as a badge.
pub(super) fn state(desk: &Desk, user: &User) -> Cell {
    let words = desk.words();
    if user.enabled {
        Cell::badge(Tone::Good, words.enabled)
    } else {
        Cell::badge(Tone::Attention, words.disabled)
    }
}

/// Whether somebody is a system administrator.
pub(super) fn role(desk: &Desk, user: &User) -> Cell {
    if user.system_administrator {
        Cell::text(desk.words().administrator)
    } else {
        Cell::text(desk.words().member)
    }
}

/// What is asked of a person, filled in as they are.
pub(super) fn fields(desk: &Desk, user: Option<&User>) -> Vec<Field> {
    let directory = desk.directory();
    let external_id = user.and_then(|user| user.external_id.clone());
    vec![
        Field::new("name", directory.name, FieldKind::Text)
            .with(user.map_or("", |user| user.name.as_str()))
            .required(),
        Field::new("external_id", directory.external_id, FieldKind::Text)
            .hint(directory.external_id_hint)
            .with(external_id.unwrap_or_default()),
        Field::new(
            "enabled",
            directory.is_enabled,
            FieldKind::Check(user.is_none_or(|user| user.enabled)),
        ),
        Field::new(
            "administrator",
            directory.is_administrator,
            FieldKind::Check(user.is_some_and(|user| user.system_administrator)),
        ),
    ]
}

fn new_form(desk: &Desk) -> Form {
    let directory = desk.directory();
    let number = Field::new("number", directory.number, FieldKind::Text).hint(directory.number_hint);
    let mut form = Form::new(
        "person",
        Section::People.path(),
        &desk.form_token,
        directory.people_new,
    )
    .titled(directory.people_new);
    form.fields = fields(desk, None);
    form.fields.insert(1, number);
    form
}

/// Reads a person from a form; what does not fit as a sentence.
pub(super) fn read(desk: &Desk, user_id: UserId) -> Result<Result<User, String>, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let (name, external_id) = (desk.sent("name")?, desk.sent("external_id")?);
    if check_name(name).is_err() {
        return Ok(Err(refused::field(words, directory.name, words.allowed_name)));
    }
    if !external_id.is_empty() && check_external_id(external_id).is_err() {
        let sentence = refused::field(words, directory.external_id, words.allowed_external_id);
        return Ok(Err(sentence));
    }
    Ok(Ok(User {
        tenant_id: desk.tenant_id(),
        user_id,
        name: name.to_owned(),
        external_id: Some(external_id.to_owned()).filter(|text| !text.is_empty()),
        enabled: desk.sent("enabled")? == "yes",
        system_administrator: desk.sent("administrator")? == "yes",
    }))
}

/// Answers the form of the list.
pub(super) async fn create(desk: &Desk) -> Result<Response, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let number = match desk.sent("number")? {
        "" => drawn_number(desk),
        text => text.parse().ok(),
    };
    let wrong =
        async |sentence: String| list(desk, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await;
    let Some(user_id) = number else {
        return wrong(refused::field(words, directory.number, words.allowed_user)).await;
    };
    let user = match read(desk, user_id)? {
        Ok(user) => user,
        Err(sentence) => return wrong(sentence).await,
    };
    match desk.change(vec![Change::CreateUser(user)]).await {
        Ok(_) => {
            let path = under(Section::People.path(), &user_id.to_string());
            see_other(&address(&path, &[("done", "made")]))
        }
        Err(error) => {
            let notice = refused::notice(words, error)?;
            list(desk, StatusCode::CONFLICT, Some(notice)).await
        }
    }
}

/// A number out of nine quadrillion: that it is taken is as good as impossible, and would be said.
fn drawn_number(desk: &Desk) -> Option<UserId> {
    let number = u64::from_be_bytes(draw(desk.edge.chance.as_ref())) % USER_ID_MAX.unsigned_abs();
    UserId::new(i64::try_from(number).ok()? + 1).ok()
}
