//! `POST /console/seats/undo`: seats that were released together are given back to the people who had them.
//!
//! Which seats these are stands in the audit log and nowhere else: each record of a release over a list bears the mark of its
//! round. So undoing needs no second book, works for as long as the log is kept, and is itself on record.

use axum::response::Response;
use serde_json::Value;
use usher_console::{Block, Form, Link, Section, grouped, texts::fill};
use usher_store::{
    Actor, AuditEntry, AuditObject, AuditOrder, AuditQuery, Change, Effect, LedgerChange, Manner, SeatName,
    WrittenSeat, audit::AUDIT_ROWS_MAX,
};

use super::{
    bulk::left_out,
    filter::SEATS_PATH,
    round::{ROUND_SEATS_MAX, Tally},
};
use crate::{console::desk::Desk, sign_in::problem::Problem};

/// What stands before the mark in a reason.
const MARK: &str = "#bulk-";
/// For how long a release can be undone, in milliseconds: thirty days.
const UNDO_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// A reason with the mark of its round.
pub(super) fn marked(reason: Option<&str>, mark: &str) -> String {
    let reason = reason.unwrap_or_default();
    let gap = if reason.is_empty() { "" } else { " " };
    format!("{reason}{gap}{MARK}{mark}")
}

/// The form that undoes a round between two moments.
pub(super) fn form(desk: &Desk, mark: &str, (from_ms, until_ms): (i64, i64)) -> Form {
    let seats = desk.seats();
    Form::new("undo", "/console/seats/undo", &desk.form_token, seats.undo)
        .lead(seats.undo_lead)
        .hidden("mark", mark)
        .hidden("from", from_ms.to_string())
        .hidden("until", until_ms.to_string())
        .hidden("actor", desk.user.user_id.to_string())
}

/// Gives the seats of a round back.
pub(crate) async fn answer(desk: &Desk) -> Result<Response, Problem> {
    let mark = format!("{MARK}{}", desk.sent("mark")?);
    let released = released(desk, &mark).await?;
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
async fn released(desk: &Desk, mark: &str) -> Result<Vec<AuditEntry>, Problem> {
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| Problem::malformed("from and until"))
    };
    let (from_ms, until_ms) = (number(desk.sent("from")?)?, number(desk.sent("until")?)?);
    let actor = desk
        .sent("actor")?
        .parse()
        .map_err(|_| Problem::malformed("actor"))?;
    let mut query = AuditQuery {
        actor: Some(Actor::User(actor)),
        from_ms: Some(from_ms.max(desk.now_ms().saturating_sub(UNDO_LIFE_MS))),
        until_ms: Some(until_ms.saturating_add(1)),
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
        && record.action == "seat.released"
        && reason.ends_with(mark)
        && !reason.starts_with("undo ")
}

/// The change that gives a released seat back, with the beginning and the end it had.
fn given_back(desk: &Desk, entry: &AuditEntry) -> Option<Change> {
    let seat = SeatName::parse(desk.tenant_id(), &entry.record.object_name).ok()?;
    let before: Option<Value> = entry
        .record
        .before
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let moment = |name: &str| before.as_ref().and_then(|before| before.get(name)?.as_i64());
    let by_hand = before
        .as_ref()
        .and_then(|before| before.get("given_directly")?.as_bool());
    let written = WrittenSeat {
        seat,
        // The holding begins where it began, so that the seat is judged as if nothing had happened.
        assigned_at_ms: moment("assigned_at_ms"),
        expires_at_ms: moment("expires_at_ms").map(Some),
        released_at_ms: None,
        protected_reason: None,
        given_by_group: by_hand == Some(false),
        may_wait: false,
    };
    Some(LedgerChange::PutSeat(written).into())
}

/// What a single seat's page says after it was given back: whether it waits instead.
pub(super) fn effect_word(effect: Option<&Effect>) -> &'static str {
    match effect {
        Some(Effect::Waiting(_)) => "waiting",
        _ => "assign",
    }
}
