//! `GET` and `POST /console/seats/undo`: seats that were released together are given back to the people who had them.
//!
//! Which seats these are stands in the audit log and nowhere else: each record of a release over a list bears the mark of its
//! round. So undoing needs no second book, and is itself on record. The log leads here as well, so nobody has to keep a page open.

use axum::{http::StatusCode, response::Response};
use usher_console::{Block, Form, Link, Section, grouped, texts::fill};
use usher_seats::seat::KEPT_MS;
use usher_store::{
    Actor, AuditEntry, AuditObject, AuditOrder, AuditQuery, AuditRecord, Change, Effect, LedgerChange,
    Manner, SeatName, audit::AUDIT_ROWS_MAX,
};

use super::{
    bulk::left_out,
    filter::SEATS_PATH,
    round::{ROUND_SEATS_MAX, Tally},
};
use crate::{
    console::{address::address, desk::Desk},
    sign_in::{fields::Fields, problem::Problem},
};

/// What stands before the mark in a reason.
const MARK: &str = "#bulk-";
/// What the audit log calls a release.
const RELEASED: &str = "seat.released";
/// A round is over before so long, in milliseconds: a day, after which whoever makes it has signed in anew.
const ROUND_LASTS_MS: i64 = 24 * 60 * 60 * 1_000;
/// Where a round is undone.
const UNDO_PATH: &str = "/console/seats/undo";

/// A reason with the mark of its round.
pub(super) fn marked(reason: Option<&str>, mark: &str) -> String {
    let reason = reason.unwrap_or_default();
    let gap = if reason.is_empty() { "" } else { " " };
    format!("{reason}{gap}{MARK}{mark}")
}

/// Which round is to be undone, as addresses and forms have it.
pub(crate) struct Undoing {
    /// What its records are marked with.
    pub(crate) mark: String,
    /// Its records are not older, in milliseconds.
    pub(crate) from_ms: i64,
    /// Nor younger, in milliseconds.
    pub(crate) until_ms: i64,
    /// Who made it.
    pub(crate) actor: Actor,
}

impl Undoing {
    /// Reads it from an address or a form.
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let text = |name| Ok::<_, Problem>(fields.text(name)?.unwrap_or_default().trim());
        let moment = |text: &str| text.parse().map_err(|_| Problem::malformed("from and until"));
        let mark = text("mark")?.chars().take(16);
        Ok(Self {
            mark: mark.filter(char::is_ascii_hexdigit).collect(),
            from_ms: moment(text("from")?)?,
            until_ms: moment(text("until")?)?,
            actor: read_actor(text("actor")?).ok_or_else(|| Problem::malformed("actor"))?,
        })
    }

    /// The round that a record of the audit log belongs to, while it can be undone.
    pub(crate) fn of_record(record: &AuditRecord, now_ms: i64) -> Option<Self> {
        let (before, mark) = record.author.reason.as_deref()?.rsplit_once(MARK)?;
        let can_be = record.action == RELEASED && !before.starts_with("undo ");
        (can_be && record.at_ms > now_ms.saturating_sub(KEPT_MS)).then(|| Self {
            mark: mark.to_owned(),
            from_ms: record.at_ms.saturating_sub(ROUND_LASTS_MS),
            until_ms: record.at_ms.saturating_add(ROUND_LASTS_MS),
            actor: record.author.actor.clone(),
        })
    }

    fn pairs(&self) -> [(&'static str, String); 4] {
        [
            ("mark", self.mark.clone()),
            ("from", self.from_ms.to_string()),
            ("until", self.until_ms.to_string()),
            ("actor", written(&self.actor)),
        ]
    }

    /// The page that undoes it.
    pub(crate) fn address(&self) -> String {
        let pairs = self.pairs();
        address(
            UNDO_PATH,
            &pairs.each_ref().map(|(name, value)| (*name, value.as_str())),
        )
    }

    /// The form that undoes it.
    pub(super) fn form(&self, desk: &Desk) -> Form {
        let seats = desk.seats();
        let form = Form::new("undo", UNDO_PATH, &desk.form_token, seats.undo).lead(seats.undo_lead);
        let pairs = self.pairs().into_iter();
        pairs.fold(form, |form, (name, value)| form.hidden(name, value))
    }
}

/// Who made a round, as addresses and forms have it.
fn written(actor: &Actor) -> String {
    format!("{}:{}", actor.kind(), actor.name().unwrap_or_default())
}

fn read_actor(text: &str) -> Option<Actor> {
    let (kind, name) = text.split_once(':')?;
    Actor::from_parts(kind, Some(name.to_owned()).filter(|name| !name.is_empty()))
}

/// `GET /console/seats/undo`: asks whether a round is to be undone.
pub(crate) async fn show(desk: &Desk) -> Result<Response, Problem> {
    let form = Undoing::read(&desk.visit.asked)?.form(desk);
    let up = Link::new(Section::Audit.name(desk.language()), Section::Audit.path());
    let heading = (desk.seats().undo_title.to_owned(), Some(up));
    let blocks = vec![Block::Form(form)];
    Ok(desk
        .page_under(StatusCode::OK, Section::Seats, heading, blocks)
        .await)
}

/// Gives the seats of a round back.
pub(crate) async fn answer(desk: &Desk) -> Result<Response, Problem> {
    let undoing = Undoing::read(&desk.visit.form)?;
    let mark = format!("{MARK}{}", undoing.mark);
    let released = released(desk, &undoing, &mark).await?;
    let mut tally = Tally::default();
    for records in released.chunks(usher_store::page::PAGE_ROWS_MAX) {
        let changes: Vec<Change> = records
            .iter()
            .filter_map(|entry| given_back(desk, entry))
            .collect();
        let reason = Some(format!("undo {mark}"));
        let outcome = desk.make(changes, Manner::Each, reason, false).await?;
        for result in &outcome.results {
            tally.count(result);
        }
    }
    let seats = desk.seats();
    let mut blocks = vec![Block::done(fill(
        seats.result_restore,
        &[&grouped(tally.changed)],
    ))];
    blocks.extend(left_out(desk, &tally, seats.result_left_out));
    blocks.push(Block::Links(vec![
        Link::new(seats.back_to_list, SEATS_PATH),
        Link::new(seats.see_audit, Section::Audit.path()),
    ]));
    Ok(desk.page(Section::Seats, seats.result_title, blocks).await)
}

/// The records of a round's releases.
async fn released(desk: &Desk, undoing: &Undoing, mark: &str) -> Result<Vec<AuditEntry>, Problem> {
    let mut query = AuditQuery {
        actor: Some(undoing.actor.clone()),
        from_ms: Some(undoing.from_ms.max(desk.now_ms().saturating_sub(KEPT_MS))),
        until_ms: Some(undoing.until_ms.saturating_add(1)),
        order: AuditOrder::OldestFirst,
        ..AuditQuery::of(Some(desk.tenant_id()))
    };
    let mut found = Vec::new();
    // Other records of the same person may lie between; the bound is for whoever writes the form by hand.
    for _ in 0..4 * ROUND_SEATS_MAX / AUDIT_ROWS_MAX {
        let entries = desk.store().audit_records(query.clone()).await?;
        query.after = entries.last().map(AuditEntry::place);
        let last = entries.len() < AUDIT_ROWS_MAX;
        found.extend(entries.into_iter().filter(|entry| is_release(entry, mark)));
        if last || found.len() >= ROUND_SEATS_MAX {
            break;
        }
    }
    Ok(found)
}

fn is_release(entry: &AuditEntry, mark: &str) -> bool {
    let record = &entry.record;
    let reason = record.author.reason.as_deref().unwrap_or_default();
    record.object == AuditObject::Seat
        && record.action == RELEASED
        && reason.ends_with(mark)
        && !reason.starts_with("undo ")
}

/// The change that gives a released seat back as it was.
fn given_back(desk: &Desk, entry: &AuditEntry) -> Option<Change> {
    let seat = SeatName::parse(desk.tenant_id(), &entry.record.object_name).ok()?;
    Some(LedgerChange::Restore { seat }.into())
}

/// What a single seat's page says after it was given back: whether it waits instead.
pub(super) fn effect_word(effect: Option<&Effect>) -> &'static str {
    match effect {
        Some(Effect::Waiting(_)) => "waiting",
        _ => "assign",
    }
}
