//! `GET` and `POST /console/seats/{seat}`: one seat with its evidence, and changes of it.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Field, FieldKind, Form, Link, Section, texts::fill};
use usher_store::{Change, Effect, LedgerChange, Manner, Rejection, SeatName, SeatRow};

use super::{
    action::{Action, ActionKind},
    evidence,
    filter::{SEATS_PATH, SeatFilter},
    undo::effect_word,
};
use crate::{
    console::{
        address::{address, under},
        app_names::AppNames,
        desk::Desk,
        refused,
    },
    sign_in::{page::see_other, problem::Problem},
};

/// A seat that this organisation has or had.
struct Subject {
    name: SeatName,
    row: SeatRow,
    person: String,
    /// The kind of seat, and for an app seat its app.
    what: String,
}

impl Subject {
    async fn find(desk: &Desk, name: &str) -> Result<Option<Self>, Problem> {
        let Ok(name) = SeatName::parse(desk.tenant_id(), name) else {
            return Ok(None);
        };
        let Some(row) = desk.store().seat(name.clone()).await? else {
            return Ok(None);
        };
        let user = desk.store().user(desk.tenant_id(), name.user_id).await?;
        let person = user.map_or_else(|| name.user_id.to_string(), |user| user.name);
        let names = AppNames::of(desk, [name.pool.namespace.as_ref()]).await?;
        let what = names.pool(desk, &name.pool);
        Ok(Some(Self {
            name,
            row,
            person,
            what,
        }))
    }

    fn path(&self) -> String {
        under(SEATS_PATH, &self.name.to_string())
    }

    fn heading(&self, desk: &Desk) -> (String, Option<Link>) {
        let title = fill(desk.seats().seat_title, &[&self.person, &self.what]);
        let up = Link::new(desk.seats().back_to_list, SEATS_PATH);
        (title, Some(up))
    }
}

/// Answers the page of a seat.
pub(crate) async fn show(desk: &Desk, name: &str) -> Result<Response, Problem> {
    match Subject::find(desk, name).await? {
        Some(subject) => page(desk, &subject, StatusCode::OK, notice(desk)?).await,
        None => Ok(desk.missing(Section::Seats).await),
    }
}

/// What was just done.
fn notice(desk: &Desk) -> Result<Option<Block>, Problem> {
    let seats = desk.seats();
    let text = match desk.asked("done")? {
        Some("release") => seats.done_release,
        Some("transfer") => seats.done_transfer,
        Some("protect") => seats.done_protect,
        Some("unprotect") => seats.done_unprotect,
        Some("extend") => seats.done_extend,
        Some("assign") => seats.done_assign,
        Some("restore") => seats.done_restore,
        Some("waiting") => return Ok(Some(Block::information(seats.done_in_line))),
        _ => return Ok(None),
    };
    Ok(Some(Block::done(text)))
}

async fn page(
    desk: &Desk,
    subject: &Subject,
    status: StatusCode,
    notice: Option<Block>,
) -> Result<Response, Problem> {
    let judged = evidence::judged(desk, &subject.name).await?;
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    blocks.extend(evidence::blocks(desk, &subject.row, judged.as_ref()).await?);
    blocks.push(Block::Heading(desk.seats().actions.to_owned()));
    blocks.push(Block::Beside(forms(desk, subject, judged.is_some())));
    let person = under(Section::People.path(), &subject.name.user_id.to_string());
    let of_person = SeatFilter::of_pool(subject.name.pool.seat_type, subject.name.pool.namespace.as_ref());
    blocks.push(Block::Links(vec![
        Link::new(&subject.person, person),
        Link::new(desk.directory().pool_seats, of_person.address()),
    ]));
    Ok(desk
        .page_under(status, Section::Seats, subject.heading(desk), blocks)
        .await)
}

/// What may be done with the seat as it is.
fn forms(desk: &Desk, subject: &Subject, in_use: bool) -> Vec<Form> {
    let seats = desk.seats();
    let form = |id, kind: &str, title: &str, lead: &str| {
        let mut form = Form::new(id, subject.path(), &desk.form_token, title)
            .titled(title)
            .lead(lead)
            .hidden("action", kind);
        form.narrow = true;
        form
    };
    if !in_use {
        let wait = Field::new("wait", seats.assign_wait, FieldKind::Check(false));
        let assign = form("assign", "assign", seats.assign, seats.assign_lead).field(wait);
        let kept = evidence::kept_until_ms(desk, &subject.row);
        let restore = kept.map(|_| form("restore", "restore", seats.undo_single, seats.undo_single_lead));
        return restore.into_iter().chain([assign]).collect();
    }
    let is_protected = subject.row.protected_reason.is_some();
    let mut release = form(
        "release",
        ActionKind::Release.word(),
        seats.release,
        seats.release_lead,
    );
    if is_protected {
        let even = Field::new("even_protected", seats.release_even, FieldKind::Check(false));
        release = release.field(even);
    }
    let protection = if is_protected {
        let (title, lead) = (seats.unprotect, seats.unprotect_lead);
        form("unprotect", ActionKind::Unprotect.word(), title, lead)
    } else {
        let reason = Field::new("reason", seats.protect_reason, FieldKind::Text).required();
        form(
            "protect",
            ActionKind::Protect.word(),
            seats.protect,
            seats.protect_lead,
        )
        .field(reason)
    };
    let to = Field::new("to", seats.transfer_to, FieldKind::Text).required();
    let transfer = form(
        "transfer",
        ActionKind::Transfer.word(),
        seats.transfer,
        seats.transfer_lead,
    )
    .field(to);
    let end = subject
        .row
        .expires_at_ms
        .map(|end_ms| desk.day(end_ms).to_string());
    let end = Field::new("end", seats.extend_date, FieldKind::Date).with(end.unwrap_or_default());
    let extend = form(
        "extend",
        ActionKind::Extend.word(),
        seats.extend,
        seats.extend_lead,
    )
    .field(end);
    vec![release, protection, transfer, extend]
}

/// Answers the forms of the page: first what would happen, then the change.
pub(crate) async fn change(desk: &Desk, name: &str) -> Result<Response, Problem> {
    let Some(subject) = Subject::find(desk, name).await? else {
        return Ok(desk.missing(Section::Seats).await);
    };
    match desk.sent("action")? {
        "assign" => return assign(desk, &subject).await,
        "restore" => return restore(desk, &subject).await,
        _ => {}
    }
    let decided_at_ms = desk.sent("decided_at")?.parse().unwrap_or(desk.now_ms());
    let action = match Action::read(desk, decided_at_ms)? {
        Ok(action) => action,
        Err(sentence) => {
            let alert = Some(Block::alert(sentence));
            return page(desk, &subject, StatusCode::BAD_REQUEST, alert).await;
        }
    };
    let confirmed = desk.sent("step")? == "go";
    let reason = Some(desk.sent("why")?.to_owned()).filter(|reason| !reason.is_empty());
    let changes = vec![action.change(desk, subject.name.clone())];
    let outcome = desk.make(changes, Manner::Each, reason, !confirmed).await?;
    match outcome.results.first() {
        Some(Err(rejection)) => refuse(desk, &subject, *rejection).await,
        _ if confirmed => done(&subject, &action),
        _ => confirm(desk, &subject, &action, decided_at_ms).await,
    }
}

async fn refuse(desk: &Desk, subject: &Subject, rejection: Rejection) -> Result<Response, Problem> {
    let alert = Block::alert(refused::sentence(desk.words(), rejection));
    page(desk, subject, StatusCode::CONFLICT, Some(alert)).await
}

/// A transferred seat is shown where it is now.
fn done(subject: &Subject, action: &Action) -> Result<Response, Problem> {
    let path = match action {
        Action::Transfer(to) => {
            let pool = subject.name.pool.clone();
            under(SEATS_PATH, &SeatName { pool, user_id: *to }.to_string())
        }
        _ => subject.path(),
    };
    see_other(&address(&path, &[("done", action.kind().word())]))
}

/// Gives a seat that somebody took back to its last holder as it was.
async fn restore(desk: &Desk, subject: &Subject) -> Result<Response, Problem> {
    let seat = subject.name.clone();
    match desk.change(vec![LedgerChange::Restore { seat }.into()]).await {
        Ok(_) => see_other(&address(&subject.path(), &[("done", "restore")])),
        Err(error) => match error.rejection() {
            Some(rejection) => refuse(desk, subject, rejection).await,
            None => Err(error.into()),
        },
    }
}

/// Gives a seat that nobody holds to its last holder anew.
async fn assign(desk: &Desk, subject: &Subject) -> Result<Response, Problem> {
    let wait = desk.sent("wait")? == "yes";
    match give(desk, subject.name.clone(), wait).await? {
        Ok(effect) => see_other(&address(
            &subject.path(),
            &[("done", effect_word(effect.as_ref()))],
        )),
        Err(rejection) => refuse(desk, subject, rejection).await,
    }
}

/// Gives a seat, or a place in line.
pub(crate) async fn give(
    desk: &Desk,
    seat: SeatName,
    wait: bool,
) -> Result<Result<Option<Effect>, Rejection>, Problem> {
    let change: Change = LedgerChange::RequestSeat {
        seat,
        expires_at_ms: None,
        wait,
    }
    .into();
    match desk.change(vec![change]).await {
        Ok(effects) => Ok(Ok(effects.into_iter().next())),
        Err(error) => match error.rejection() {
            Some(rejection) => Ok(Err(rejection)),
            None => Err(error.into()),
        },
    }
}

/// Asks whether the change is meant.
async fn confirm(
    desk: &Desk,
    subject: &Subject,
    action: &Action,
    decided_at_ms: i64,
) -> Result<Response, Problem> {
    let seats = desk.seats();
    let person = &subject.person;
    let (lead, button) = match action {
        Action::Release { .. } => (fill(seats.confirm_lead_release, &[person]), seats.release),
        Action::Protect(_) => (fill(seats.confirm_lead_protect, &[person]), seats.protect),
        Action::Unprotect => (fill(seats.confirm_lead_unprotect, &[person]), seats.unprotect),
        Action::Extend(day) => {
            let day = day.map_or_else(|| seats.no_end.to_owned(), |day| day.to_string());
            (fill(seats.confirm_lead_extend, &[person, &day]), seats.extend)
        }
        Action::Transfer(to) => {
            let heir = desk.store().user(desk.tenant_id(), *to).await?;
            let heir = heir.map_or_else(|| to.to_string(), |user| user.name);
            (
                fill(seats.confirm_lead_transfer, &[person, &heir]),
                seats.transfer,
            )
        }
    };
    let mut form = Form::new("go", subject.path(), &desk.form_token, button)
        .lead(lead)
        .hidden("step", "go")
        .hidden("decided_at", decided_at_ms.to_string());
    for (name, value) in action.fields() {
        form = form.hidden(name, value);
    }
    form.grave = matches!(action, Action::Release { .. });
    form.cancel = Some(Link::new(desk.shell().cancel, subject.path()));
    let form = form.field(Field::new("why", seats.bulk_reason, FieldKind::Text));
    let (title, _) = subject.heading(desk);
    let up = Some(Link::new(title, subject.path()));
    let heading = (seats.confirm_title.to_owned(), up);
    Ok(desk
        .page_under(StatusCode::OK, Section::Seats, heading, vec![Block::Form(form)])
        .await)
}
