//! `GET` and `POST /console/groups`, `/console/groups/{group_key}`: people who are treated alike.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Cell, Choice, Column, Fact, Field, FieldKind, Form, Link, Row, Section};
use usher_seats::{GroupKey, UserId, check_name};
use usher_store::{Change, Group, LedgerChange, PoolName, page::PAGE_ROWS_MAX};

use super::{
    address::{address, under},
    app_names::AppNames,
    desk::Desk,
    listing::{Listed, Listing, ROWS, Stretch},
    refused,
};
use crate::sign_in::{page::see_other, problem::Problem};

/// Answers the list.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let gone = desk.asked("done")? == Some("deleted");
    let notice = gone.then(|| Block::done(desk.directory().group_deleted));
    list(desk, StatusCode::OK, notice).await
}

async fn list(desk: &Desk, status: StatusCode, notice: Option<Block>) -> Result<Response, Problem> {
    let directory = desk.directory();
    let names = [directory.group_name, directory.group_key];
    let mut columns: Vec<Column> = names.map(Column::new).into();
    columns.push(Column::numeric(directory.group_members));
    columns.push(Column::new(directory.group_gives));
    let listing = Listing {
        path: Section::Groups.path(),
        pairs: &[],
        caption: directory.groups_caption,
        nothing: desk.shell().nothing_fits,
        file: "groups",
        columns,
    };
    let empty = Block::Empty {
        title: directory.groups_empty_title.to_owned(),
        text: directory.groups_empty.to_owned(),
        steps: Vec::new(),
    };
    let read = async |after, rows_max| stretch(desk, after, rows_max).await;
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    match listing.answer(desk, directory.groups_lead, empty, read).await? {
        Listed::File(file) => return Ok(file),
        Listed::Page(page) => blocks.extend(page),
    }
    let key = Field::new("key", directory.group_key, FieldKind::Text)
        .hint(directory.group_key_hint)
        .required();
    let name = Field::new("name", directory.group_name, FieldKind::Text).required();
    blocks.push(Block::Form(
        Form::new(
            "group",
            Section::Groups.path(),
            &desk.form_token,
            directory.group_new,
        )
        .titled(directory.group_new)
        .field(name)
        .field(key),
    ));
    let heading = (directory.groups_title.to_owned(), None);
    Ok(desk.page_under(status, Section::Groups, heading, blocks).await)
}

async fn stretch(desk: &Desk, after: Option<String>, rows_max: usize) -> Result<Stretch, Problem> {
    let after: Option<GroupKey> = after.and_then(|text| text.parse().ok());
    let groups = desk.store().groups(desk.tenant_id(), after, rows_max + 1).await?;
    let pools = groups.iter().flat_map(|group| &group.standing_assignments);
    let names = AppNames::of(desk, pools.map(|pool| pool.namespace.as_ref())).await?;
    let key = |group: &Group| group.group_key.to_string();
    Ok(Stretch::of(groups, rows_max, key, |group| Row {
        cells: vec![
            Cell::link(
                &group.name,
                under(Section::Groups.path(), group.group_key.as_str()),
            ),
            Cell::code(group.group_key.as_str()),
            Cell::count(group.members),
            gives(desk, &names, group),
        ],
    }))
}

fn gives(desk: &Desk, names: &AppNames, group: &Group) -> Cell {
    let pools = group.standing_assignments.iter();
    let pools: Vec<Cell> = pools.map(|pool| Cell::text(names.pool(desk, pool))).collect();
    if pools.is_empty() {
        Cell::quiet(desk.shell().none)
    } else {
        Cell::Several(pools)
    }
}

/// Answers the form of the list.
pub(super) async fn create(desk: &Desk) -> Result<Response, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let Ok(group_key) = desk.sent("key")?.parse::<GroupKey>() else {
        let sentence = refused::field(words, directory.group_key, words.allowed_group_key);
        return list(desk, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await;
    };
    let name = desk.sent("name")?.to_owned();
    if check_name(&name).is_err() {
        let sentence = refused::field(words, directory.group_name, words.allowed_name);
        return list(desk, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await;
    }
    let path = under(Section::Groups.path(), group_key.as_str());
    let change = LedgerChange::CreateGroup {
        tenant_id: desk.tenant_id(),
        group_key,
        name,
    };
    match desk.change(vec![change.into()]).await {
        Ok(_) => see_other(&address(&path, &[("done", "made")])),
        Err(error) => {
            let notice = refused::notice(words, error)?;
            list(desk, StatusCode::CONFLICT, Some(notice)).await
        }
    }
}

/// Answers the page of a group.
pub(super) async fn one(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let directory = desk.directory();
    let done = match desk.asked("done")? {
        Some("made") => Some(directory.group_made),
        Some("changed") => Some(directory.group_changed),
        _ => None,
    };
    page(desk, name, StatusCode::OK, done.map(Block::done)).await
}

async fn find(desk: &Desk, name: &str) -> Result<Option<Group>, Problem> {
    let Ok(group_key) = name.parse::<GroupKey>() else {
        return Ok(None);
    };
    Ok(desk.store().group(desk.tenant_id(), &group_key).await?)
}

async fn page(
    desk: &Desk,
    name: &str,
    status: StatusCode,
    notice: Option<Block>,
) -> Result<Response, Problem> {
    let Some(group) = find(desk, name).await? else {
        return Ok(desk.missing(Section::Groups).await);
    };
    let directory = desk.directory();
    let pools = group.standing_assignments.iter();
    let names = AppNames::of(desk, pools.map(|pool| pool.namespace.as_ref())).await?;
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    blocks.push(Block::Facts(vec![
        Fact::new(directory.group_key, Cell::code(group.group_key.as_str())),
        Fact::new(directory.group_members, Cell::count(group.members)),
        Fact::new(directory.group_gives, gives(desk, &names, &group)),
    ]));
    blocks.push(members(desk, &group).await?);
    blocks.push(Block::Beside(forms(desk, &names, &group).await?));
    let up = Link::new(directory.groups_title, Section::Groups.path());
    let heading = (group.name.clone(), Some(up));
    Ok(desk.page_under(status, Section::Groups, heading, blocks).await)
}

/// A page of the members.
async fn members(desk: &Desk, group: &Group) -> Result<Block, Problem> {
    let directory = desk.directory();
    let path = under(Section::Groups.path(), group.group_key.as_str());
    let listing = Listing {
        path: &path,
        pairs: &[],
        caption: directory.group_members,
        nothing: directory.group_no_members,
        file: "members",
        columns: vec![Column::new(directory.name), Column::new(directory.number)],
    };
    let after = desk.asked("after")?;
    let place: Option<UserId> = after.and_then(|text| text.parse().ok());
    let store = desk.store();
    let mut found = store
        .group_members(desk.tenant_id(), &group.group_key, place, ROWS + 1)
        .await?;
    let next = found
        .get(ROWS - 1)
        .filter(|_| found.len() > ROWS)
        .map(ToString::to_string);
    found.truncate(ROWS);
    let mut rows = Vec::with_capacity(found.len());
    for user_id in found {
        let user = store.user(desk.tenant_id(), user_id).await?;
        let number = user_id.to_string();
        let name = user.map_or_else(|| number.clone(), |user| user.name);
        rows.push(Row {
            cells: vec![
                Cell::link(name, under(Section::People.path(), &number)),
                Cell::code(number),
            ],
        });
    }
    let mut block = listing.table(desk, after.is_some(), Stretch { rows, next });
    if let Block::Table(table) = &mut block {
        // The people are listed as a whole on their own page; this one has no file.
        table.csv = None;
    }
    Ok(block)
}

async fn forms(desk: &Desk, names: &AppNames, group: &Group) -> Result<Vec<Form>, Problem> {
    let directory = desk.directory();
    let path = under(Section::Groups.path(), group.group_key.as_str());
    let form = |id, title: &str| {
        let mut form = Form::new(id, &path, &desk.form_token, title)
            .titled(title)
            .hidden("action", id);
        form.narrow = true;
        form
    };
    let number = || Field::new("number", directory.number, FieldKind::Text).required();
    let mut pools = vec![Choice::new("per_user", desk.words().platform_seat)];
    let apps = desk.store().apps(desk.tenant_id(), None, PAGE_ROWS_MAX).await?;
    pools.extend(apps.iter().map(|app| {
        let pool = format!("per_user_per_app:{}", app.namespace);
        let name = app.name_for(desk.shell().tag);
        Choice::new(pool, format!("{} · {name}", desk.words().app_seat))
    }));
    let pools = Field::new("pool", directory.pool, FieldKind::Select(pools));
    let mut leave = form("leave", directory.group_leave).field(number());
    leave.grave = true;
    let mut forms = vec![
        form("join", directory.group_join).field(number()),
        leave,
        form("gives", directory.group_gives_add)
            .lead(directory.group_gives_add_lead)
            .field(pools),
    ];
    if !group.standing_assignments.is_empty() {
        let given = group.standing_assignments.iter();
        let given = given.map(|pool| Choice::new(pool.to_string(), names.pool(desk, pool)));
        let given = Field::new("pool", directory.pool, FieldKind::Select(given.collect()));
        let mut remove = form("gives-not", directory.group_gives_remove).field(given);
        remove.grave = true;
        forms.push(remove);
    }
    let name = Field::new("name", directory.group_name, FieldKind::Text)
        .with(&group.name)
        .required();
    forms.push(form("rename", directory.group_rename).field(name));
    let sure = Field::new("sure", directory.group_delete_sure, FieldKind::Check(false)).required();
    let mut delete = form("delete", directory.group_delete)
        .lead(directory.group_delete_lead)
        .field(sure);
    delete.grave = true;
    forms.push(delete);
    Ok(forms)
}

/// Answers the forms of that page.
pub(super) async fn change(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let Some(group) = find(desk, name).await? else {
        return Ok(desk.missing(Section::Groups).await);
    };
    let change = match wanted(desk, &group)? {
        Ok(change) => change,
        Err(sentence) => {
            return page(desk, name, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await;
        }
    };
    let deleted = matches!(change, LedgerChange::DeleteGroup { .. });
    match desk.change(vec![Change::from(change)]).await {
        Ok(_) if deleted => see_other(&address(Section::Groups.path(), &[("done", "deleted")])),
        Ok(_) => {
            let path = under(Section::Groups.path(), name);
            see_other(&address(&path, &[("done", "changed")]))
        }
        Err(error) => {
            let notice = refused::notice(desk.words(), error)?;
            page(desk, name, StatusCode::CONFLICT, Some(notice)).await
        }
    }
}

/// The change that a form asks for; what does not fit as a sentence.
fn wanted(desk: &Desk, group: &Group) -> Result<Result<LedgerChange, String>, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let (tenant_id, group_key) = (desk.tenant_id(), group.group_key.clone());
    let action = desk.sent("action")?;
    Ok(Ok(match action {
        "join" | "leave" => {
            let Ok(user_id) = desk.sent("number")?.parse() else {
                return Ok(Err(refused::field(words, directory.number, words.allowed_user)));
            };
            if action == "join" {
                LedgerChange::JoinGroup {
                    tenant_id,
                    group_key,
                    user_id,
                }
            } else {
                LedgerChange::LeaveGroup {
                    tenant_id,
                    group_key,
                    user_id,
                }
            }
        }
        "gives" | "gives-not" => {
            let Ok(pool) = PoolName::parse(tenant_id, desk.sent("pool")?) else {
                return Ok(Err(words.refused_app_unknown.to_owned()));
            };
            if action == "gives" {
                LedgerChange::PutStandingAssignment { group_key, pool }
            } else {
                LedgerChange::RemoveStandingAssignment { group_key, pool }
            }
        }
        "rename" => {
            let name = desk.sent("name")?.to_owned();
            if check_name(&name).is_err() {
                return Ok(Err(refused::field(
                    words,
                    directory.group_name,
                    words.allowed_name,
                )));
            }
            LedgerChange::PutGroup {
                tenant_id,
                group_key,
                name,
            }
        }
        "delete" if desk.sent("sure")? == "yes" => LedgerChange::DeleteGroup { tenant_id, group_key },
        _ => return Err(Problem::ParameterMissing { name: "action" }),
    }))
}
