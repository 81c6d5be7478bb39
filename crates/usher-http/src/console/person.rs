//! `GET` and `POST /console/people/{user_id}`: one person, their seats, groups and leaves.

use axum::{http::StatusCode, response::Response};
use usher_console::{
    Block, Cell, Choice, Column, Fact, Field, FieldKind, Form, Link, Row, Section, Table, Tone,
};
use usher_seats::{Leave, SeatType, UserId};
use usher_store::{
    Change, IdentityChange, LeaveChange, PageQuery, PoolName, SeatName, SeatQuery, TokenHash, User,
    identity::{Link as OneTimeLink, LinkPurpose},
    page::PAGE_ROWS_MAX,
};

use super::{
    address::{address, under},
    app_names::AppNames,
    desk::Desk,
    people, pools, refused,
    seats::{filter::SEATS_PATH, list::held_badge, one::give, span},
    words,
};
use crate::{
    edge::draw,
    sign_in::{LINK_LIFE_MS, page::see_other, problem::Problem},
};

/// Most groups of a person that are shown by their names, each of which is looked up.
const GROUPS_NAMED_MAX: usize = 20;

/// Answers the page of a person.
pub(super) async fn show(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let directory = desk.directory();
    let done = match desk.asked("done")? {
        Some("made") => Some(directory.person_made),
        Some("changed") => Some(directory.person_changed),
        Some("leave") => Some(directory.leave_added),
        Some("no-leave") => Some(directory.leave_removed),
        Some("assign") => Some(desk.seats().done_assign),
        _ => None,
    };
    page(
        desk,
        name,
        StatusCode::OK,
        done.map(Block::done).into_iter().collect(),
    )
    .await
}

async fn find(desk: &Desk, name: &str) -> Result<Option<User>, Problem> {
    let Ok(user_id) = name.parse::<UserId>() else {
        return Ok(None);
    };
    Ok(desk.store().user(desk.tenant_id(), user_id).await?)
}

async fn page(
    desk: &Desk,
    name: &str,
    status: StatusCode,
    mut blocks: Vec<Block>,
) -> Result<Response, Problem> {
    let Some(user) = find(desk, name).await? else {
        return Ok(desk.missing(Section::People).await);
    };
    let directory = desk.directory();
    let path = under(Section::People.path(), name);
    let leaves = desk.store().leaves(desk.tenant_id(), user.user_id).await?;
    blocks.push(Block::Facts(facts(desk, &user, &leaves).await?));
    blocks.push(seats(desk, &user).await?);
    blocks.extend(apps(desk, &user).await?);
    blocks.extend(leave_cards(desk, &leaves, &path));
    blocks.push(Block::Beside(vec![
        give_form(desk, &path).await?,
        leave_form(desk, &path),
        link_form(desk, &path),
    ]));
    let mut edit = Form::new("person", path, &desk.form_token, desk.shell().save)
        .titled(directory.person_edit)
        .hidden("action", "change");
    edit.fields = people::fields(desk, Some(&user));
    blocks.push(Block::Form(edit));
    let up = Link::new(directory.people_title, Section::People.path());
    let title = if user.name.is_empty() {
        name.to_owned()
    } else {
        user.name
    };
    Ok(desk
        .page_under(status, Section::People, (title, Some(up)), blocks)
        .await)
}

async fn facts(desk: &Desk, user: &User, leaves: &[Leave]) -> Result<Vec<Fact>, Problem> {
    let (directory, words) = (desk.directory(), desk.words());
    let groups = groups(desk, user).await?;
    let mut facts = vec![
        Fact::new(directory.number, Cell::code(user.user_id.to_string())),
        Fact::new(
            directory.external_id,
            user.external_id
                .as_deref()
                .map_or_else(|| Cell::quiet(desk.shell().none), Cell::text),
        ),
        Fact::new(directory.role, people::role(desk, user)),
        Fact::new(directory.state, people::state(desk, user)),
    ];
    let now_ms = desk.now_ms();
    let is_on = |leave: &&Leave| (leave.from_ms..leave.until_ms).contains(&now_ms);
    if let Some(leave) = leaves.iter().find(is_on) {
        let badge = Cell::badge(Tone::Plain, words.on_leave);
        let days = Cell::text(span(desk, leave));
        facts.push(Fact::new(desk.seats().leaves, Cell::Several(vec![badge, days])));
    }
    if !groups.is_empty() {
        facts.push(Fact::new(directory.person_groups, Cell::Several(groups)));
    }
    Ok(facts)
}

/// The groups that the person is in, by their names; where there are very many, the others by their keys.
async fn groups(desk: &Desk, user: &User) -> Result<Vec<Cell>, Problem> {
    let keys = desk.store().groups_of(desk.tenant_id(), user.user_id).await?;
    let mut cells = Vec::with_capacity(keys.len());
    for (place, key) in keys.iter().enumerate() {
        let group = if place < GROUPS_NAMED_MAX {
            desk.store().group(desk.tenant_id(), key).await?
        } else {
            None
        };
        let name = group.map_or_else(|| key.to_string(), |group| group.name);
        cells.push(Cell::link(name, under(Section::Groups.path(), key.as_str())));
    }
    Ok(cells)
}

/// Every seat that the person has or had.
async fn seats(desk: &Desk, user: &User) -> Result<Block, Problem> {
    let (seats, directory) = (desk.seats(), desk.directory());
    let mut found = Vec::new();
    for seat_type in SeatType::ALL {
        let query = SeatQuery {
            tenant_id: desk.tenant_id(),
            seat_type,
            user_id: Some(user.user_id),
            namespace: None,
            group_key: None,
            after: None,
            rows_max: PAGE_ROWS_MAX,
        };
        found.extend(desk.store().seats_where(query).await?);
    }
    let names = AppNames::of(desk, found.iter().map(|seat| seat.seat.pool.namespace.as_ref())).await?;
    let rows = found.iter().map(|seat| {
        let pool = &seat.seat.pool;
        let path = under(SEATS_PATH, &seat.seat.to_string());
        let end = seat.expires_at_ms;
        Row {
            cells: vec![
                names.link(names.pool(desk, pool), path, pool.namespace.as_ref()),
                held_badge(desk, seat),
                Cell::moment(desk.moment(seat.assigned_at_ms)),
                end.map_or_else(
                    || Cell::quiet(seats.no_end),
                    |end_ms| Cell::moment(desk.moment(end_ms)),
                ),
            ],
        }
    });
    let columns = [
        seats.column_seat,
        seats.column_status,
        seats.column_given,
        seats.column_expires,
    ];
    let columns = columns.map(Column::new).into();
    let mut table = Table::whole(directory.person_seats, columns, rows.collect());
    table.nothing = directory.person_no_seats.to_owned();
    Ok(Block::Table(table))
}

/// When the person last opened which app.
async fn apps(desk: &Desk, user: &User) -> Result<Option<Block>, Problem> {
    let directory = desk.directory();
    let mut found = Vec::new();
    let before = UserId::new(user.user_id.get() - 1).ok();
    for seat_type in SeatType::ALL {
        let page = desk
            .store()
            .activities(PageQuery {
                tenant_id: desk.tenant_id(),
                seat_type,
                after: before.map(|user_id| usher_store::PageKey {
                    user_id,
                    namespace: super::seats::filter::greatest_namespace(),
                }),
                rows_max: PAGE_ROWS_MAX,
                now_ms: desk.now_ms(),
            })
            .await?;
        let own = page
            .rows
            .into_iter()
            .take_while(|row| row.user_id == user.user_id);
        found.extend(own.map(|row| (seat_type, row.namespace, row.active_time_ms)));
    }
    let names = AppNames::of(desk, found.iter().map(|(_, namespace, _)| Some(namespace))).await?;
    let rows = found.iter().map(|(seat_type, namespace, active_time_ms)| {
        let path = under(Section::Apps.path(), namespace.as_str());
        Row {
            cells: vec![
                names.link(names.name(namespace), path, Some(namespace)),
                Cell::text(words::seat_type(desk.words(), *seat_type)),
                Cell::moment(desk.moment(*active_time_ms)),
            ],
        }
    });
    let columns = [
        desk.seats().column_app,
        desk.seats().column_seat,
        directory.last_opened,
    ];
    let columns = columns.map(Column::new).into();
    let table = Table::whole(directory.person_apps, columns, rows.collect());
    Ok((!table.rows.is_empty()).then_some(Block::Table(table)))
}

async fn give_form(desk: &Desk, path: &str) -> Result<Form, Problem> {
    let (seats, words) = (desk.seats(), desk.words());
    let mut kinds = vec![Choice::new("", words.platform_seat)];
    let apps = desk.store().apps(desk.tenant_id(), None, PAGE_ROWS_MAX).await?;
    kinds.extend(apps.iter().map(|app| {
        let name = app.name_for(desk.shell().tag);
        Choice::new(app.namespace.as_str(), format!("{} · {name}", words.app_seat))
    }));
    let mut form = Form::new("give", path, &desk.form_token, seats.assign)
        .titled(seats.assign)
        .lead(seats.assign_lead)
        .hidden("action", "give")
        .field(Field::new("app", seats.column_seat, FieldKind::Select(kinds)))
        .field(Field::new("wait", seats.assign_wait, FieldKind::Check(false)));
    form.narrow = true;
    Ok(form)
}

fn leave_form(desk: &Desk, path: &str) -> Form {
    let directory = desk.directory();
    let mut form = Form::new("leave", path, &desk.form_token, directory.leave_add)
        .titled(directory.leave_add)
        .hidden("action", "leave")
        .field(Field::new("from", directory.leave_from, FieldKind::Date).required())
        .field(Field::new("until", directory.leave_until, FieldKind::Date).required());
    form.narrow = true;
    form
}

fn link_form(desk: &Desk, path: &str) -> Form {
    let directory = desk.directory();
    let mut form = Form::new("link", path, &desk.form_token, directory.person_link)
        .titled(directory.person_link)
        .lead(directory.person_link_lead)
        .hidden("action", "link");
    form.narrow = true;
    form
}

/// The leaves of the person, each with the form that takes it away.
fn leave_cards(desk: &Desk, leaves: &[Leave], path: &str) -> Vec<Block> {
    let directory = desk.directory();
    if leaves.is_empty() {
        return Vec::new();
    }
    let forms = leaves.iter().map(|leave| {
        let mut form = Form::new("no-leave", path, &desk.form_token, directory.leave_remove)
            .titled(span(desk, leave))
            .hidden("action", "no-leave")
            .hidden("from", leave.from_ms.to_string());
        form.narrow = true;
        form.grave = true;
        form
    });
    vec![
        Block::Heading(directory.leaves_title.to_owned()),
        Block::Beside(forms.collect()),
    ]
}

/// Answers the forms of the page.
pub(super) async fn change(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let Some(user) = find(desk, name).await? else {
        return Ok(desk.missing(Section::People).await);
    };
    let outcome = match desk.sent("action")? {
        "change" => edit(desk, &user).await?,
        "give" => give_seat(desk, &user).await?,
        "leave" => add_leave(desk, &user).await?,
        "no-leave" => remove_leave(desk, &user).await?,
        "link" => return make_link(desk, name, &user).await,
        _ => return Err(Problem::ParameterMissing { name: "action" }),
    };
    match outcome {
        Ok(done) => {
            let path = under(Section::People.path(), name);
            see_other(&address(&path, &[("done", done)]))
        }
        Err(notice) => page(desk, name, StatusCode::BAD_REQUEST, vec![notice]).await,
    }
}

/// What was done, or what did not fit.
type Outcome = Result<&'static str, Block>;

async fn make(desk: &Desk, change: Change, done: &'static str) -> Result<Outcome, Problem> {
    match desk.change(vec![change]).await {
        Ok(_) => Ok(Ok(done)),
        Err(error) => Ok(Err(refused::notice(desk.words(), error)?)),
    }
}

async fn edit(desk: &Desk, user: &User) -> Result<Outcome, Problem> {
    let _turn = desk.edge.management.lock().await;
    match people::read(desk, user.user_id)? {
        Ok(user) => make(desk, Change::PutUser(user), "changed").await,
        Err(sentence) => Ok(Err(Block::alert(sentence))),
    }
}

async fn give_seat(desk: &Desk, user: &User) -> Result<Outcome, Problem> {
    let words = desk.words();
    let namespace = match desk.sent("app")? {
        "" => None,
        text => match text.parse() {
            Ok(namespace) => Some(namespace),
            Err(_) => return Ok(Err(Block::alert(words.refused_app_unknown))),
        },
    };
    let pool = PoolName {
        tenant_id: desk.tenant_id(),
        seat_type: namespace
            .as_ref()
            .map_or(SeatType::PerUser, |_| SeatType::PerUserPerApp),
        namespace,
    };
    let seat = SeatName {
        pool,
        user_id: user.user_id,
    };
    match give(desk, seat, desk.sent("wait")? == "yes").await? {
        Ok(Some(usher_store::Effect::Waiting(position))) => {
            let sentence = usher_console::texts::fill(desk.seats().done_waiting, &[&position]);
            Ok(Err(Block::information(sentence)))
        }
        Ok(_) => Ok(Ok("assign")),
        Err(rejection) => Ok(Err(Block::alert(refused::sentence(words, rejection)))),
    }
}

async fn add_leave(desk: &Desk, user: &User) -> Result<Outcome, Problem> {
    let (words, directory) = (desk.words(), desk.directory());
    let Ok(Some(from_ms)) = pools::day_sent(desk, "from")? else {
        let sentence = refused::field(words, directory.leave_from, words.allowed_date);
        return Ok(Err(Block::alert(sentence)));
    };
    let Ok(Some(last_ms)) = pools::day_sent(desk, "until")? else {
        let sentence = refused::field(words, directory.leave_until, words.allowed_date);
        return Ok(Err(Block::alert(sentence)));
    };
    // The last day belongs to the leave.
    let until_ms = desk.day(last_ms).plus(1).begins_ms(&desk.tenant.time_zone);
    let change = LeaveChange::Put {
        tenant_id: desk.tenant_id(),
        user_id: user.user_id,
        leave: Leave { from_ms, until_ms },
    };
    make(desk, change.into(), "leave").await
}

async fn remove_leave(desk: &Desk, user: &User) -> Result<Outcome, Problem> {
    let from_ms = desk
        .sent("from")?
        .parse()
        .map_err(|_| Problem::malformed("from"))?;
    let change = LeaveChange::Remove {
        tenant_id: desk.tenant_id(),
        user_id: user.user_id,
        from_ms,
    };
    make(desk, change.into(), "no-leave").await
}

/// Makes a link by which the person chooses a password, and shows it this once.
async fn make_link(desk: &Desk, name: &str, user: &User) -> Result<Response, Problem> {
    let secret = usher_identity::make_secret(&draw(desk.edge.chance.as_ref()));
    let link = OneTimeLink {
        link_hash: TokenHash(usher_identity::token::hash_token(&secret)),
        purpose: LinkPurpose::ChoosePassword,
        tenant_id: desk.tenant_id(),
        user_id: user.user_id,
        expires_at_ms: desk.now_ms().saturating_add(LINK_LIFE_MS),
    };
    desk.change(vec![IdentityChange::MakeLink(link).into()]).await?;
    let base = desk.visit.reached.base.clone().unwrap_or_default();
    let shown = Block::Snippet {
        title: desk.directory().person_link_made.to_owned(),
        code: format!("{base}/link/{}", secret.expose()),
    };
    page(desk, name, StatusCode::OK, vec![shown]).await
}
