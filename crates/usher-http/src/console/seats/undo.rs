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
/// Longest mark in letters: sixteen and eight hexadecimal digits and what is between them.
const MARK_LETTERS_MAX: usize = 25;
/// Records of the log that one request looks through. Those of a round stand together unless whoever made it did much else
/// meanwhile; then the next request goes on from there.
const RECORDS_LOOKED_AT_MAX: usize = 4 * ROUND_SEATS_MAX;
/// Where a round is undone.
const UNDO_PATH: &str = "/console/seats/undo";

/// The mark of a round that begins at a moment: the moment, so that whoever undoes the round knows where in the log to begin
/// however long it took, and a number that no other round of that millisecond has.
pub(super) fn mark(began_ms: i64, number: u32) -> String {
    format!("{began_ms:x}-{number:08x}")
}

/// A mark as a form or an address has it; what is none of ours finds nothing.
pub(super) fn read_mark(text: &str) -> String {
    let letters = text.chars().take(MARK_LETTERS_MAX);
    letters
        .filter(|letter| letter.is_ascii_hexdigit() || *letter == '-')
        .collect()
}

/// When the round of a mark began, in milliseconds.
fn began_ms(mark: &str) -> Option<i64> {
    let (began, _) = mark.split_once('-')?;
    i64::from_str_radix(began, 16).ok()
}

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
    /// Where in the log to begin, in milliseconds: where the round did, or where the request before has ended.
    pub(crate) from_ms: i64,
    /// Who made it.
    pub(crate) actor: Actor,
}

impl Undoing {
    /// Reads it from an address or a form.
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let text = |name| Ok::<_, Problem>(fields.text(name)?.unwrap_or_default().trim());
        let mark = read_mark(text("mark")?);
        let from_ms = match text("from")? {
            "" => began_ms(&mark),
            text => text.parse().ok(),
        };
        Ok(Self {
            from_ms: from_ms.ok_or_else(|| Problem::malformed("mark and from"))?,
            mark,
            actor: read_actor(text("actor")?).ok_or_else(|| Problem::malformed("actor"))?,
        })
    }

    /// The round that a record of the audit log belongs to, while it can be undone.
    pub(crate) fn of_record(record: &AuditRecord, now_ms: i64) -> Option<Self> {
        let (before, mark) = record.author.reason.as_deref()?.rsplit_once(MARK)?;
        let can_be = record.action == RELEASED && !before.starts_with("undo ");
        let from_ms = began_ms(mark).filter(|_| can_be && record.at_ms > now_ms.saturating_sub(KEPT_MS))?;
        Some(Self {
            mark: mark.to_owned(),
            from_ms,
            actor: record.author.actor.clone(),
        })
    }

    fn pairs(&self) -> [(&'static str, String); 3] {
        let from = if began_ms(&self.mark) == Some(self.from_ms) {
            String::new()
        } else {
            self.from_ms.to_string()
        };
        [
            ("mark", self.mark.clone()),
            ("actor", written(&self.actor)),
            ("from", from),
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

/// The form that undoes a round which whoever is at the desk has just made, and the address at which it can be undone later.
pub(super) fn offered(desk: &Desk, mark: &str) -> Vec<Block> {
    let Some(from_ms) = began_ms(mark) else {
        return Vec::new();
    };
    let undoing = Undoing {
        mark: mark.to_owned(),
        from_ms,
        actor: desk.actor(),
    };
    let later = Link::new(desk.seats().undo_later, undoing.address());
    vec![Block::Form(undoing.form(desk)), Block::Links(vec![later])]
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
    let mut undoing = Undoing::read(&desk.visit.form)?;
    let mark = format!("{MARK}{}", undoing.mark);
    let (released, next_ms) = released(desk, &undoing, &mark).await?;
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
    let sentence = fill(seats.result_restore, &[&grouped(tally.changed)]);
    let mut blocks = vec![Block::done_wholly(tally.left_out.is_empty(), sentence)];
    blocks.extend(left_out(desk, &tally, seats.result_not_restored));
    if let Some(next_ms) = next_ms {
        undoing.from_ms = next_ms;
        let mut form = undoing.form(desk).lead(seats.undo_more);
        seats.progress_go_on.clone_into(&mut form.button);
        blocks.push(Block::Form(form));
    }
    blocks.push(Block::Links(vec![
        Link::new(seats.back_to_list, SEATS_PATH),
        Link::new(seats.see_audit, Section::Audit.path()),
    ]));
    Ok(desk.page(Section::Seats, seats.result_title, blocks).await)
}

/// The records of a round's releases, and where to go on looking for more; nowhere at the end of the log.
async fn released(
    desk: &Desk,
    undoing: &Undoing,
    mark: &str,
) -> Result<(Vec<AuditEntry>, Option<i64>), Problem> {
    let mut query = AuditQuery {
        actor: Some(undoing.actor.clone()),
        from_ms: Some(undoing.from_ms.max(desk.now_ms().saturating_sub(KEPT_MS))),
        order: AuditOrder::OldestFirst,
        ..AuditQuery::of(Some(desk.tenant_id()))
    };
    let mut found = Vec::new();
    for _ in 0..RECORDS_LOOKED_AT_MAX / AUDIT_ROWS_MAX {
        let entries = desk.store().audit_records(query.clone()).await?;
        query.after = entries.last().map(AuditEntry::place);
        let last = entries.len() < AUDIT_ROWS_MAX;
        found.extend(entries.into_iter().filter(|entry| is_release(entry, mark)));
        if last || found.len() >= ROUND_SEATS_MAX {
            return Ok((found, None));
        }
    }
    Ok((found, query.after.map(|place| place.at_ms)))
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
