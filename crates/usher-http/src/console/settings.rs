//! `GET` and `POST /console/settings`: what the organisation has chosen.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Cell, Fact, Field, FieldKind, Form, Section, texts::fill};
use usher_seats::{
    TimeZoneName, check_name,
    idle::{IDLE_AFTER_DAYS, NEW_FOR_DAYS},
};
use usher_store::{
    Change,
    history::{HISTORY_DAYS_MAX, HISTORY_DAYS_MIN},
};

use super::{address::address, desk::Desk, refused};
use crate::sign_in::{page::see_other, problem::Problem};

/// Answers the page.
pub(super) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let saved = desk.asked("done")?.is_some();
    let notice = saved.then(|| Block::done(desk.acts().settings_saved));
    Ok(page(desk, StatusCode::OK, notice).await)
}

async fn page(desk: &Desk, status: StatusCode, notice: Option<Block>) -> Response {
    let acts = desk.acts();
    let tenant = &desk.tenant;
    let days = tenant.history_days.map_or(String::new(), |days| days.to_string());
    let hint = fill(
        acts.settings_history_hint,
        &[&HISTORY_DAYS_MIN, &HISTORY_DAYS_MAX],
    );
    let form = Form::new(
        "settings",
        Section::Settings.path(),
        &desk.form_token,
        desk.shell().save,
    )
    .field(
        Field::new("name", acts.settings_name, FieldKind::Text)
            .with(&tenant.name)
            .required(),
    )
    .field(
        Field::new("time_zone", acts.settings_time_zone, FieldKind::Text)
            .hint(acts.settings_time_zone_hint)
            .with(tenant.time_zone.as_str())
            .required(),
    )
    .field(
        Field::new("history_days", acts.settings_history, FieldKind::Number)
            .hint(hint)
            .with(days),
    );
    let mut blocks: Vec<Block> = notice.into_iter().collect();
    blocks.push(Block::Form(form));
    blocks.push(Block::Heading(acts.settings_about.to_owned()));
    blocks.push(Block::Facts(vec![
        Fact::new(acts.settings_key, Cell::code(tenant.tenant_key.as_str())),
        Fact::new(acts.settings_version, Cell::code(env!("CARGO_PKG_VERSION"))),
    ]));
    blocks.push(Block::Heading(acts.settings_policy.to_owned()));
    blocks.push(Block::Facts(vec![
        Fact::new(acts.settings_idle_after, Cell::count(IDLE_AFTER_DAYS.into())),
        Fact::new(acts.settings_new_for, Cell::count(NEW_FOR_DAYS.into())),
    ]));
    let heading = (acts.settings_title.to_owned(), None);
    desk.page_under(status, Section::Settings, heading, blocks).await
}

/// Answers the form.
pub(super) async fn save(desk: &Desk) -> Result<Response, Problem> {
    let changes = match wanted(desk)? {
        Ok(changes) => changes,
        Err(sentence) => {
            return Ok(page(desk, StatusCode::BAD_REQUEST, Some(Block::alert(sentence))).await);
        }
    };
    match desk.change(changes).await {
        Ok(_) => see_other(&address(Section::Settings.path(), &[("done", "saved")])),
        Err(error) => {
            let notice = refused::notice(desk.words(), error)?;
            Ok(page(desk, StatusCode::CONFLICT, Some(notice)).await)
        }
    }
}

/// The changes that the form asks for; what does not fit as a sentence.
fn wanted(desk: &Desk) -> Result<Result<Vec<Change>, String>, Problem> {
    let (words, acts) = (desk.words(), desk.acts());
    let name = desk.sent("name")?.to_owned();
    if check_name(&name).is_err() {
        return Ok(Err(refused::field(words, acts.settings_name, words.allowed_name)));
    }
    let Ok(time_zone) = desk.sent("time_zone")?.parse::<TimeZoneName>() else {
        let sentence = refused::field(words, acts.settings_time_zone, words.allowed_time_zone);
        return Ok(Err(sentence));
    };
    let days = match desk.sent("history_days")? {
        "" => None,
        text => match text
            .parse()
            .ok()
            .filter(|days| (HISTORY_DAYS_MIN..=HISTORY_DAYS_MAX).contains(days))
        {
            Some(days) => Some(days),
            None => {
                let allowed = fill(words.allowed_days, &[&HISTORY_DAYS_MIN, &HISTORY_DAYS_MAX]);
                return Ok(Err(refused::field(words, acts.settings_history, &allowed)));
            }
        },
    };
    let tenant_id = desk.tenant_id();
    let mut changes = vec![Change::DescribeTenant {
        tenant_id,
        name: Some(name).filter(|name| *name != desk.tenant.name),
        time_zone: Some(time_zone).filter(|zone| *zone != desk.tenant.time_zone),
    }];
    if days != desk.tenant.history_days {
        changes.push(Change::KeepHistory { tenant_id, days });
    }
    Ok(Ok(changes))
}
